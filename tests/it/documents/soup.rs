//! Random documents. Whatever the check passes must be parsed, or refused, in bounded time and on the stack of a worker; and what
//! is within the limits must never be refused for them.

use std::time::{Duration, Instant};

use async_graphql::{Variables, parser::parse_query};
use futures_util::FutureExt as _;
use lectern::{domains::registry, schema};
use lectern_kernel::{
    error::Code,
    request::{Document, Limits},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// Half of what tokio gives its workers.
const STACK: usize = 1 << 20;

/// What reading one document may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn read(text: &str, limits: &Limits) -> Option<Code> {
    Document::read(text, None, &Variables::default(), limits, registry()).err().map(|error| error.code())
}

/// Runs a property on a small stack; an overflow would end the whole process.
fn on_a_small_stack(property: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(property).unwrap().join().unwrap();
}

fn check<S: Strategy>(
    cases: u32,
    strategy: impl FnOnce() -> S + Send + 'static,
    test: impl Fn(S::Value) -> Result<(), TestCaseError> + Send + 'static,
) {
    on_a_small_stack(move || {
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        runner.run(&strategy(), test).unwrap();
    });
}

/// Pieces of which documents are made, and pieces that break them.
const PIECES: [&str; 64] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{{{{",
    "}}}}",
    "[[[[",
    "]]]]",
    "...",
    "... on ",
    "@",
    "@skip(if: true)",
    "$",
    "$v",
    "!",
    ":",
    "=",
    "|",
    "&",
    ",",
    " ",
    "\n",
    "\r",
    "\t",
    "#",
    "# {[(\n",
    "\"",
    "\"\"",
    "\"\"\"",
    "\\",
    "\\\"",
    "\\\"\"\"",
    "\\u0041",
    "\"s\"",
    "\"\"\"b\"\"\"",
    "\u{feff}",
    "é",
    "\0",
    "query",
    "query Q",
    "mutation",
    "subscription",
    "fragment",
    "fragment F on Q",
    "on",
    "true",
    "false",
    "null",
    "ENUM",
    "a",
    "b:",
    "a: b",
    "_",
    "0",
    "-0",
    "1.5e3",
    "99999999999999999999",
    "1e999",
    "a(b: ",
    "a { ",
    "...F",
    "__typename",
];

#[test]
fn random_text_is_read_or_refused() {
    let limits = Limits::default();
    check(
        1500,
        || vec(prop::sample::select(&PIECES[..]), 0..200),
        move |pieces| {
            let text = pieces.concat();
            let started = Instant::now();
            let refused = read(&text, &limits);
            prop_assert!(started.elapsed() < PATIENCE, "{text}");
            // What the parser takes is refused for its meaning at most: nothing here comes near a limit but the nesting.
            if parse_query(&text).is_ok() && refused == Some(Code::QueryTooComplex) {
                prop_assert!(text.matches(['{', '[', '(']).count() > limits.nesting, "{text}");
            }
            Ok(())
        },
    );
    check(
        1500,
        || "(?s).{0,300}",
        |text: String| {
            prop_assert!(read(&text, &Limits::default()) != Some(Code::QueryTooComplex));
            Ok(())
        },
    );
}

/// A valid selection: its text, and what a naive count finds in it.
#[derive(Debug, Clone, Default)]
struct Grown {
    text: String,
    tokens: usize,
    fields: usize,
    aliases: usize,
    directives: usize,
    levels: usize,
    nesting: usize,
}

fn leaf() -> impl Strategy<Value = Grown> {
    (any::<bool>(), 0..3usize, 0..6u8, 0..4usize).prop_map(|(alias, directives, value, depth)| {
        let mut grown = Grown { fields: 1, levels: 1, tokens: 1, ..Grown::default() };
        if alias {
            grown.text.push_str("x:");
            (grown.aliases, grown.tokens) = (1, grown.tokens + 2);
        }
        grown.text.push_str("__typename");
        let (text, tokens) = match value {
            0 => ("", 0),
            1 => ("\"{[(#\\\"\"", 1),
            2 => ("\"\"\"\n{[( \\\"\"\" #\"\"\"", 1),
            3 => ("-1.5e-3", 1),
            4 => ("{a:1,b:[$v]}", 11),
            _ => ("ENUM # {[(\n", 1),
        };
        if tokens > 0 {
            grown.text.push_str(&format!("(a:{}{text}{})", "[".repeat(depth), "]".repeat(depth)));
            grown.tokens += 4 + tokens + 2 * depth;
            grown.nesting = 1 + depth + if value == 4 { 2 } else { 0 };
        }
        for _ in 0..directives {
            grown.text.push_str("@d");
        }
        grown.directives = directives;
        grown.tokens += 2 * directives;
        grown
    })
}

fn selections() -> impl Strategy<Value = Grown> {
    let set = |items: Vec<Grown>| {
        let mut set = Grown { text: "{".to_owned(), tokens: 2, ..Grown::default() };
        for item in items {
            set.text.push_str(&format!(" {}", item.text));
            set.tokens += item.tokens;
            set.fields += item.fields;
            set.aliases += item.aliases;
            set.directives += item.directives;
            set.levels = set.levels.max(item.levels);
            set.nesting = set.nesting.max(item.nesting);
        }
        set.text.push('}');
        set.nesting += 1;
        set
    };
    let nested = leaf().prop_recursive(8, 120, 6, move |inner| {
        (vec(inner, 1..6).prop_map(set), any::<bool>()).prop_map(|(mut set, is_field)| {
            set.text.insert_str(0, if is_field { "a" } else { "... on Q" });
            set.tokens += if is_field { 1 } else { 3 };
            set.fields += 1;
            set.levels += 1;
            set
        })
    });
    vec(nested, 1..8).prop_map(set)
}

#[test]
fn a_document_at_its_limits_is_read_and_one_beyond_any_is_not() {
    check(50, selections, |grown| {
        let text = format!("query($v:Int){}", grown.text);
        prop_assert!(parse_query(&text).is_ok(), "{text}");
        let exact = Limits {
            bytes: text.len(),
            tokens: grown.tokens + 7,
            nesting: grown.nesting,
            fields: grown.fields,
            levels: grown.levels,
            aliases: grown.aliases,
            directives: grown.directives,
            directives_in_place: grown.directives.min(2),
            fragments: 0,
            ..Limits::default()
        };
        prop_assert_eq!(read(&text, &exact), None, "{}", &text);
        let tighter: [fn(&mut Limits); 7] = [
            |limits| limits.bytes -= 1,
            |limits| limits.tokens -= 1,
            |limits| limits.nesting -= 1,
            |limits| limits.fields -= 1,
            |limits| limits.levels -= 1,
            |limits| limits.aliases = limits.aliases.wrapping_sub(1),
            |limits| limits.directives = limits.directives.wrapping_sub(1),
        ];
        for (at, tighten) in tighter.into_iter().enumerate() {
            let mut limits = exact.clone();
            tighten(&mut limits);
            let is_tighter = limits.aliases != usize::MAX && limits.directives != usize::MAX;
            prop_assert_eq!(read(&text, &limits), is_tighter.then_some(Code::QueryTooComplex), "{} {}", at, &text);
        }
        Ok(())
    });
}

/// The shapes that are known to hurt parsers, each near what a setting may be raised to.
fn shapes() -> Vec<(String, String, String)> {
    [
        ("{a(x:", "[", "]"),
        ("{a(x:", "{a:", "}"),
        ("{a(x:{a:", "[{a:", "}]"),
        ("", "{a", "}"),
        ("", "{... ", "}"),
        ("", "{...on Q", "}"),
        ("", "{a(x:[1])", "}"),
        ("query($a:", "[", "]"),
        ("query($a:[Int]=", "[", "]"),
        ("{a@d(x:", "[", "]"),
        ("query@d(x:", "{b:", "}"),
        ("{", "a(x:\"(\")@d{b ", "}"),
        ("{", "a:b{", "}"),
    ]
    .into_iter()
    .map(|(head, open, close)| (head.to_owned(), open.to_owned(), close.to_owned()))
    .collect()
}

#[test]
fn what_nests_as_deep_as_any_setting_allows_is_read_on_the_stack_of_a_worker() {
    on_a_small_stack(|| {
        let limits = Limits { nesting: 100, levels: 60, tokens: 1_000_000, bytes: 10_000_000, fields: 100_000, ..Limits::default() };
        let mut read_whole = 0;
        for (head, open, close) in shapes() {
            for depth in [1, 3, 29, 30, 49, 50, 59, 60, 98, 99, 100, 101, 1000] {
                for tail in ["}", ")}", "){a}", "{a}"] {
                    let text = format!("{head}{}1{}{tail}", open.repeat(depth), close.repeat(depth));
                    read_whole += usize::from(read(&text, &limits).is_none());
                    let text = format!("{head}{}{tail}", open.repeat(depth));
                    assert!(depth < 4 || read(&text, &limits).is_some(), "{text}");
                }
            }
        }
        assert!(read_whole > 40, "{read_whole}");
    });
}

#[test]
fn wide_documents_cost_no_more_than_their_length() {
    on_a_small_stack(|| {
        let limits = Limits { tokens: 1_000_000, ..Limits::default() };
        let many = |piece: &str| piece.repeat(20_000 / piece.len());
        for text in [
            format!("{{ {} }}", many("a ")),
            format!("{{ {} }}", many("a:b ")),
            format!("{{ a {} }}", many("@b ")),
            format!("{{ {} }}", many("...F ")),
            format!("{{ {} }}", many("...{a} ")),
            format!("{{ a(x: [{}]) }}", many("1 ")),
            format!("{{ a(x: [{}]) }}", many("-1")),
            format!("{{ a(x: {{{}}}) }}", many("a:1 ")),
            format!("{{ a({}) }}", many("x:1 ")),
            format!("query({}) {{ a }}", many("$a:I ")),
            format!("{{ a }} {}", many("fragment F on Q{a} ")),
            format!("{{ a(x: \"{}\") }}", many("\\u0041")),
            format!("{{ a(x: \"\"\"{}\"\"\") }}", many("\n ")),
            format!("{{ a }} {}", many("#\n")),
            format!("{{ a {} }}", many(",")),
            format!("{{ a(x: {}) }}", many("9")),
            format!("{{ {} }}", many("a")),
            many("query Q{a} "),
            many("\""),
            many("\"\"\""),
            many("\\"),
            many("."),
            many("-"),
        ] {
            let started = Instant::now();
            let _ = read(&text, &limits);
            assert!(started.elapsed() < PATIENCE, "{} took {:?}", &text[..40], started.elapsed());
        }
    });
}

/// What reading a document and judging it may take: all that a client can make the service do before anything is spent.
#[test]
fn hostile_documents_are_judged_in_bounded_time_and_on_the_stack_of_a_worker() {
    let limits = Limits { nesting: 100, levels: 60, ..Limits::default() };
    let checker = schema::build(&limits).checker();
    on_a_small_stack(move || {
        let numbered = |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
        let deep = |open: &str, close: &str| format!("{}__typename{}", open.repeat(55), close.repeat(55));
        let values = "[1 2] ".repeat(400);
        for text in [
            // Variables, each used and none of a type that fits.
            format!(
                "query({}) {{ {} }}",
                numbered(1400, &|n| format!("$v{n}: Int ")),
                numbered(490, &|n| format!("a{n}: course(id: $v{n}) {{ id }} "))
            ),
            // Operations that share a fragment full of values.
            format!(
                "{} fragment F on Query {{ courses(filter: {{ statuses: [{values}] }}) {{ totalCount }} }}",
                numbered(120, &|n| format!("query Q{n} {{ ...F }} "))
            ),
            // Fields of one name with long arguments.
            numbered(2, &|_| format!("courses(filter: {{ {} }}) {{ totalCount }} ", numbered(1600, &|n| format!("f{n}: 1 ")))),
            format!("{{ {} }}", "courses(first: 1) { nodes { id } } ".repeat(1200)),
            format!("{{ {} }}", "__typename ".repeat(4990)),
            format!("{{ node(id: 1) {{ {} }} }}", "... on Course { id ... on Node { id } } ".repeat(1200)),
            format!("{{ {} }}", deep("... { ", "} ")),
            format!("{{ {} }}", deep("viewer { ", "} ")),
            format!("{{ courses(filter: {}{}) {{ totalCount }} }}", "{ statuses: [".repeat(45), "] }".repeat(45)),
            // Fragments that spread one another, all at one place.
            format!(
                "{{ {} }} {}",
                "...F0 ".repeat(20),
                numbered(190, &|n| format!(
                    "fragment F{n} on Query {{ __typename {} }} ",
                    if n % 20 < 19 && n < 189 { format!("...F{}", n + 1) } else { String::new() }
                ))
            ),
            format!("{{ {} }}", numbered(4900, &|n| format!("nope{n} "))),
            format!("{{ __typename {} }}", "@nope ".repeat(8)),
        ] {
            let text = if text.starts_with(['{', 'q']) { text } else { format!("{{ {text} }}") };
            let started = Instant::now();
            if let Ok(mut document) = Document::read(&text, text.contains("Q0").then_some("Q0"), &Variables::default(), &limits, registry())
            {
                let judged = checker.check(&mut document, &limits).now_or_never().expect("nothing in it waits");
                assert!(judged.as_ref().err().is_none_or(|errors| errors.len() <= 20), "{}", &text[..40]);
            }
            assert!(started.elapsed() < PATIENCE, "{} took {:?}", &text[..40], started.elapsed());
        }
    });
}
