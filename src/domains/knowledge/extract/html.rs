//! HTML: what a reader of the page would see. Nothing is fetched, and no script runs.

use scraper::{ElementRef, Html, Node};

use super::{Refusal, passages::Cutter};

/// Elements whose content is nothing to read.
const UNREAD: [&str; 16] = [
    "script", "style", "template", "head", "iframe", "object", "embed", "svg", "math", "canvas", "audio", "video", "noscript", "select",
    "datalist", "title",
];
/// Elements that stand by themselves.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "thead",
    "tr",
    "ul",
];

enum Step<'a> {
    In(ego_tree::NodeRef<'a, Node>),
    Out(ElementRef<'a>),
}

/// Reads a page, or a part of one.
///
/// # Errors
/// `TOO_LARGE` for too many characters.
pub fn read(cutter: &mut Cutter, text: &str) -> Result<(), Refusal> {
    let page = Html::parse_document(text);
    let mut words = String::new();
    // Not by recursion: pages may be nested deeper than any stack is.
    let mut steps = vec![Step::In(page.tree.root())];
    while let Some(step) = steps.pop() {
        match step {
            Step::In(node) => match node.value() {
                Node::Text(text) => words.push_str(text),
                Node::Element(_) => {
                    let Some(element) = ElementRef::wrap(node) else { continue };
                    if is_unread(element) {
                        continue;
                    }
                    let name = element.value().name();
                    if BLOCKS.contains(&name) || is_heading(name) {
                        flush(cutter, &mut words)?;
                    }
                    steps.push(Step::Out(element));
                    steps.extend(node.children().rev().map(Step::In));
                }
                Node::Document | Node::Fragment => steps.extend(node.children().rev().map(Step::In)),
                Node::Doctype(_) | Node::Comment(_) | Node::ProcessingInstruction(_) => {}
            },
            Step::Out(element) => {
                let name = element.value().name();
                if is_heading(name) {
                    cutter.heading(&words)?;
                    words.clear();
                } else if BLOCKS.contains(&name) {
                    flush(cutter, &mut words)?;
                } else if name == "td" || name == "th" {
                    words.push_str(" | ");
                }
            }
        }
    }
    flush(cutter, &mut words)
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Whether an element is hidden by itself, or of a kind that says nothing.
fn is_unread(element: ElementRef<'_>) -> bool {
    let element = element.value();
    if UNREAD.contains(&element.name())
        || element.attr("hidden").is_some()
        || element.attr("aria-hidden").is_some_and(|value| value.trim() == "true")
    {
        return true;
    }
    let Some(style) = element.attr("style") else { return false };
    let style: String = style.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_lowercase();
    style.split(';').any(|rule| {
        let rule = rule.strip_suffix("!important").unwrap_or(rule);
        matches!(rule, "display:none" | "visibility:hidden" | "visibility:collapse" | "opacity:0" | "font-size:0" | "font-size:0px")
    })
}

fn flush(cutter: &mut Cutter, words: &mut String) -> Result<(), Refusal> {
    cutter.paragraph(words.trim_end().trim_end_matches('|'))?;
    words.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(page: &str) -> Result<String, Refusal> {
        let mut cutter = Cutter::default();
        read(&mut cutter, page)?;
        Ok(cutter.end()?.0.into_iter().map(|piece| piece.text).collect::<Vec<_>>().join(" / "))
    }

    #[test]
    fn what_is_seen_is_read_and_nothing_else() {
        let page = "<!doctype html><html><head><title>t</title><style>p{}</style><script>one()</script></head><body><!-- two --><h1>Wind</h1>\
            <p>Cross<b>wind</b> &amp; gusts<br>next <span hidden>three</span><span style='display : none'>four</span><i aria-hidden=true>five</i></p>\
            <template><p>six</p></template><table><tr><td>1</td><td>2</td></tr></table><iframe src='https://example.org'>seven</iframe></body></html>";
        assert_eq!(said(page).unwrap(), "Wind\n\nCrosswind & gusts\n\nnext\n\n1 | 2");
        assert_eq!(said("<p>open <b>ended").unwrap(), "open ended");
        assert_eq!(said("<script>alert(1)</script>").unwrap_err(), Refusal::NoText);
    }

    #[test]
    fn a_page_may_be_nested_deeply() {
        let page = format!("{}deep{}", "<div>".repeat(2_000), "</div>".repeat(2_000));
        assert_eq!(said(&page).unwrap(), "deep");
    }
}
