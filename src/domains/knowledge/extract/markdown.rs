//! Markdown: its words, without marks and addresses.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Refusal, html, passages::Cutter};

/// Reads CommonMark with tables.
///
/// # Errors
/// `TOO_LARGE` for too many characters.
pub fn read(cutter: &mut Cutter, text: &str) -> Result<(), Refusal> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let (mut words, mut markup) = (String::new(), String::new());
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push('\n'),
            // Markup among the words is dropped; a block of it is read as a page would be.
            Event::Html(text) => markup.push_str(&text),
            Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
            Event::Rule => flush(cutter, &mut words)?,
            Event::Start(tag) => match tag {
                Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Item | Tag::HtmlBlock | Tag::TableHead | Tag::TableRow => {
                    flush(cutter, &mut words)?;
                }
                _ => {}
            },
            Event::End(tag) => match tag {
                TagEnd::Heading(_) => {
                    cutter.heading(&words)?;
                    words.clear();
                }
                TagEnd::HtmlBlock => html::read(cutter, &std::mem::take(&mut markup))?,
                TagEnd::TableCell => words.push_str(" | "),
                TagEnd::TableHead | TagEnd::TableRow => {
                    let row = words.trim_end().trim_end_matches('|').trim_end().to_owned();
                    words.clear();
                    cutter.paragraph(&row)?;
                }
                TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Item => flush(cutter, &mut words)?,
                _ => {}
            },
        }
    }
    flush(cutter, &mut words)
}

fn flush(cutter: &mut Cutter, words: &mut String) -> Result<(), Refusal> {
    cutter.paragraph(words)?;
    words.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        let mut cutter = Cutter::default();
        let text = "# Wind *limits*\n\nAt [15 kt](https://example.org/x) we **stop**.<b>!</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>evil()</script>\n\n<p>seen <span hidden>not</span></p>\n\n- one\n- two";
        read(&mut cutter, text).unwrap();
        let (pieces, _) = cutter.end().unwrap();
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0].heading.as_deref(), Some("Wind limits"));
        assert_eq!(pieces[0].text, "Wind limits\n\nAt 15 kt we stop.!\n\na | b\n\n1 | 2\n\nseen\n\none\n\ntwo");
    }
}
