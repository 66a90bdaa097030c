//! Markdown of people, as HTML that may be shown to others: what was written as HTML is dropped, and what is left is cleaned once more by
//! a sanitiser, which knows what browsers make of it.

use std::{borrow::Cow, sync::LazyLock};

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// What Markdown makes, and nothing else.
const TAGS: [&str; 25] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(TAGS.into())
        .clean_content_tags(["script", "style"].into())
        .tag_attributes(
            [
                ("a", ["href", "title"].into()),
                ("img", ["src", "alt", "title"].into()),
                ("ol", ["start"].into()),
                ("code", ["class"].into()),
                ("td", ["style"].into()),
                ("th", ["style"].into()),
            ]
            .into(),
        )
        .url_schemes(["https", "mailto"].into())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|_, attribute, value| match attribute {
            "href" | "src" if leaves_the_page(value) => None,
            "class" if !is_language(value) => None,
            "style" if !matches!(value, "text-align: left" | "text-align: center" | "text-align: right") => None,
            _ => Some(Cow::Borrowed(value)),
        });
    cleaner
});

/// An address that looks relative and names another host.
fn leaves_the_page(value: &str) -> bool {
    let slash = |letter: char| letter == '/' || letter == '\\';
    let mut letters = value.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control()).chars();
    letters.next().is_some_and(slash) && letters.next().is_some_and(slash)
}

/// The language of a block of code.
fn is_language(class: &str) -> bool {
    class
        .strip_prefix("language-")
        .is_some_and(|name| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-#._".contains(letter)))
}

/// Markdown (CommonMark with tables) as clean HTML.
pub fn to_html(markdown: &str) -> String {
    let mut in_html = false;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter(move |event| match event {
        Event::Start(Tag::HtmlBlock) => {
            in_html = true;
            false
        }
        Event::End(TagEnd::HtmlBlock) => {
            in_html = false;
            false
        }
        Event::Html(_) | Event::InlineHtml(_) => false,
        _ => !in_html,
    });
    let mut written = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut written, events);
    CLEANER.clean(&written).to_string()
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn what_markdown_says_is_kept() {
        assert_eq!(
            to_html("# Sets\n\n*One* **two** `three`\n\n1. a\n2. b\n\n> said\n\n![A set](pictures/set.png \"Set\")"),
            "<h1>Sets</h1>\n<p><em>One</em> <strong>two</strong> <code>three</code></p>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n<blockquote>\n<p>said</p>\n\
             </blockquote>\n<p><img src=\"pictures/set.png\" alt=\"A set\" title=\"Set\"></p>\n"
        );
        assert_eq!(
            to_html("| a | b |\n| - | -: |\n| 1 | 2 |"),
            "<table><thead><tr><th>a</th><th style=\"text-align: right\">b</th></tr></thead><tbody>\n<tr><td>1</td><td style=\"text-align: right\">2</td></tr>\n\
             </tbody></table>\n"
        );
        assert_eq!(to_html("```rust\nfn main() {}\n```"), "<pre><code class=\"language-rust\">fn main() {}\n</code></pre>\n");
        assert!(to_html("[more](/courses) [mail](mailto:a@example.org) [out](https://example.org)").matches("href").count() == 3);
    }

    /// The insides of a page's tags: a text between them may say anything.
    fn tags(html: &str) -> String {
        html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect::<Vec<_>>().join(" ").to_lowercase()
    }

    /// Whether no tag of a page holds what could run or lead where no address may.
    fn is_harmless(html: &str) -> bool {
        let tags = tags(html);
        ![
            "script",
            "data:",
            "vbscript:",
            "onerror",
            "onclick",
            "onload",
            "iframe",
            "svg",
            "style",
            "form",
            "input",
            "object",
            "math",
            "http:",
            "\"//",
            "\"\\",
            "\"/\\",
        ]
        .iter()
        .any(|found| tags.contains(found))
    }

    #[test]
    fn raw_html_and_other_addresses_are_dropped() {
        for attack in [
            "<script>alert(1)</script>",
            "a <script>alert(1)</script> b",
            "<img src=x onerror=alert(1)>",
            "a <b onclick=\"alert(1)\">b</b>",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<svg/onload=alert(1)>",
            "<div>\n\n*a*\n\n</div>",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt:alert(1))",
            "[a](&#106;avascript:alert(1))",
            "[a](java\tscript:alert(1))",
            "<javascript:alert(1)>",
            "![a](data:image/svg+xml;base64,PHN2Zz4=)",
            "[a](data:text/html,x)",
            "[a](vbscript:x)",
            "[a](http://example.org)",
            "[a](//evil.example/x)",
            "[a](/\\evil.example/x)",
            "[a](\\\\\\\\evil.example/x)",
            "[a]: javascript:alert(1)\n\n[a]",
            "<style>p { color: red }</style>",
            "<math><mi xlink:href=\"data:x,<script>alert(1)</script>\">",
            "| <img src=x onerror=alert(1)> |\n| - |\n| a |",
            "```x\" onclick=\"alert(1)\na\n```",
            "<form action=\"https://evil.example\"><input name=a></form>",
        ] {
            let html = to_html(attack);
            assert!(is_harmless(&html), "{attack}\n{html}");
        }
        assert_eq!(to_html("a <b>b</b> c"), "<p>a b c</p>\n");
        assert_eq!(to_html("<script>alert(1)</script>").trim(), "");
        assert!(!to_html("[a](javascript:alert(1))").contains("href"));
    }

    #[test]
    fn whatever_is_written_comes_back_without_what_could_run() {
        // Pieces of attacks in every order of three.
        let pieces = [
            "<script>",
            "](javascript:x)",
            "[a",
            "`",
            "<img src=x ",
            "onerror=x>",
            "\n\n",
            "&lt;script&gt;",
            "![b](data:x)",
            "<!--",
            "-->",
            "*",
        ];
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    let html = to_html(&format!("{one}{two}{three}"));
                    assert!(is_harmless(&html), "{one}{two}{three}\n{html}");
                }
            }
        }
    }
}
