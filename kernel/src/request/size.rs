//! How big a document is, counted before anything else walks it: the parser and the validation are recursive, and what they walk
//! can be exponentially bigger than its text.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value as DocumentValue;

use crate::error::{Error, Result};

/// What a scan of the text finds, outside strings and comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scan {
    /// Names, numbers, strings and punctuators.
    pub tokens: usize,
    /// How deep braces, brackets and parentheses stand within one another.
    pub nesting: usize,
    /// How often a variable is named.
    pub variables: usize,
}

/// Scans the text exactly as the parser's grammar cuts it into strings, comments and all else; otherwise brackets could
/// hide in what only one of the two takes for a string. Without it a document of a few kilobytes overflows the parser's
/// stack and ends the process.
pub fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let (mut found, mut depth, mut at) = (Scan::default(), 0usize, 0);
    while let Some(byte) = bytes.get(at) {
        found.tokens += usize::from(!matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'#'));
        at += match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                found.nesting = found.nesting.max(depth);
                1
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'$' => {
                found.variables += 1;
                1
            }
            b'#' => bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len() - at),
            b'"' => block_string(&bytes[at..]).unwrap_or_else(|| string(&bytes[at..])),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => run(&bytes[at..], |byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            b'0'..=b'9' | b'-' => number(&bytes[at..]),
            b'.' if bytes[at..].starts_with(b"...") => 3,
            _ if bytes[at..].starts_with(BYTE_ORDER_MARK) => {
                found.tokens -= 1;
                BYTE_ORDER_MARK.len()
            }
            _ => 1,
        };
    }
    found
}

/// White space like any other.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How many bytes from here on are alike.
fn run(text: &[u8], alike: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !alike(*byte)).unwrap_or(text.len())
}

/// The length of the number that stands here; one, where it is none.
fn number(text: &[u8]) -> usize {
    let digits = |at: usize| at + run(&text[at..], |byte| byte.is_ascii_digit());
    let sign = usize::from(text[0] == b'-');
    // To the parser, what follows a leading zero is another number.
    let mut at = if text.get(sign) == Some(&b'0') { sign + 1 } else { digits(sign) };
    if text.get(at) == Some(&b'.') && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at = digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at = digits(at + 1 + sign);
    }
    at
}

/// The length of the block string that stands here; none where it never ends, and the quotes mean something else.
pub fn block_string(text: &[u8]) -> Option<usize> {
    let mut at = text.starts_with(br#"""""#).then_some(3)?;
    while at < text.len() {
        match &text[at..] {
            rest if rest.starts_with(br#"""""#) => return Some(at + 3),
            rest if rest.starts_with(br#"\""""#) => at += 4,
            _ => at += 1,
        }
    }
    None
}

/// The length of the string that stands here, up to the end of the line where it never ends.
pub fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// How big a document is once its fragments stand where they are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Fields, spreads and inline fragments, of all operations.
    pub selections: usize,
    /// How deep selections stand within one another.
    pub levels: usize,
    /// How many fields have an alias.
    pub aliases: usize,
    /// Directives of whatever they stand at.
    pub directives: usize,
    /// The most of them that stand at one place.
    pub directives_in_place: usize,
    /// Arguments, and what stands in them.
    pub values: usize,
    /// Whether it asks for `__schema` or `__type`.
    pub introspects: bool,
}

impl Size {
    /// Adds the size of a sibling.
    fn add(&mut self, other: Size) {
        self.selections = self.selections.saturating_add(other.selections);
        self.levels = self.levels.max(other.levels);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.directives_in_place = self.directives_in_place.max(other.directives_in_place);
        self.values = self.values.saturating_add(other.values);
        self.introspects |= other.introspects;
    }

    fn add_directives(&mut self, directives: &[Positioned<Directive>]) {
        let (count, values) = (directives.len(), directives.iter().map(|directive| values(&directive.node.arguments)).sum());
        self.add(Size { directives: count, directives_in_place: count, values, ..Size::default() });
    }
}

/// Arguments and what stands in them.
fn values(arguments: &[(Positioned<Name>, Positioned<DocumentValue>)]) -> usize {
    fn of(value: &DocumentValue) -> usize {
        1 + match value {
            DocumentValue::List(items) => items.iter().map(of).sum(),
            DocumentValue::Object(fields) => fields.values().map(of).sum(),
            _ => 0,
        }
    }
    arguments.iter().map(|(_, value)| of(&value.node)).sum()
}

/// The walk itself goes no deeper than this: a chain of fragments needs no brackets.
const DEEPEST: usize = 100;

/// Measures a document in time linear to its text: every fragment once.
///
/// # Errors
/// `BAD_USER_INPUT` for a cycle of fragments, `QUERY_TOO_COMPLEX` for a chain of them that is too long to walk.
pub fn size(document: &ExecutableDocument) -> Result<Size> {
    let mut walk = Walk { document, known: HashMap::new() };
    let mut whole = Size::default();
    // Fragments that no operation spreads are validated, too, and so must not be endless either.
    for name in document.fragments.keys() {
        whole.introspects |= walk.fragment(name, 0)?.introspects;
    }
    for (_, operation) in document.operations.iter() {
        whole.add(walk.set(&operation.node.selection_set.node, 0)?);
        whole.add_directives(&operation.node.directives);
        for definition in &operation.node.variable_definitions {
            whole.add_directives(&definition.node.directives);
        }
    }
    Ok(whole)
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being walked.
    known: HashMap<&'a str, Option<Size>>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size> {
        if level > DEEPEST {
            return Err(
                Error::too_complex(format!("The document's fragments and fields nest deeper than {DEEPEST} levels.")).limit(DEEPEST, level)
            );
        }
        let mut whole = Size::default();
        for selection in &set.items {
            let mut part = match &selection.node {
                Selection::Field(field) => {
                    let mut part = self.set(&field.node.selection_set.node, level + 1)?;
                    part.aliases = part.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    part.introspects |= matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    part.add_directives(&field.node.directives);
                    part.values = part.values.saturating_add(values(&field.node.arguments));
                    part
                }
                Selection::InlineFragment(fragment) => {
                    let mut part = self.set(&fragment.node.selection_set.node, level + 1)?;
                    part.add_directives(&fragment.node.directives);
                    part
                }
                Selection::FragmentSpread(spread) => {
                    let mut part = self.fragment(spread.node.fragment_name.node.as_str(), level + 1)?;
                    part.add_directives(&spread.node.directives);
                    part
                }
            };
            part.selections = part.selections.saturating_add(1);
            part.levels += 1;
            whole.add(part);
        }
        Ok(whole)
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Size> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Error::bad_request(format!("The fragment `{name}` spreads itself."))),
            None => {}
        }
        // A fragment that is not there is left to validation.
        let Some(fragment) = self.document.fragments.get(&Name::new(name)) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        let mut size = self.set(&fragment.node.selection_set.node, level)?;
        size.add_directives(&fragment.node.directives);
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

/// What copying the values of variables takes, in bytes, estimated: every use of a variable copies it whole.
pub fn weight(variables: &Variables) -> usize {
    fn of(value: &Value) -> usize {
        16 + match value {
            Value::String(text) => text.len(),
            Value::List(items) => items.iter().map(of).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum(),
            _ => 0,
        }
    }
    variables.values().map(of).sum()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn nesting(text: &str) -> usize {
        scan(text).nesting
    }

    #[test]
    fn nesting_counts_brackets_but_not_those_in_strings_and_comments() {
        assert_eq!(nesting("{ a { b(c: [[1]]) } }"), 5);
        assert_eq!(nesting(r#"{ a(b: "{{{[[[\"((") # ((((("#), 2);
        assert_eq!(nesting("{ a(b: \"\"\" {{{ \\\"\"\" [[[ \"\"\") }"), 2);
        assert_eq!(nesting(&"[".repeat(5000)), 5000);
        assert_eq!(scan(r#"query($a: Int) { b(c: $a, d: "$e") # $f"#).variables, 2);
    }

    /// How deep the lists of the only argument stand within one another, as the parser sees it.
    fn lists(text: &str) -> Option<usize> {
        fn of(value: &Value) -> usize {
            match value {
                Value::List(items) => 1 + items.iter().map(of).max().unwrap_or(0),
                _ => 0,
            }
        }
        let document = parse_query(text).ok()?;
        let (_, operation) = document.operations.iter().next()?;
        match &operation.node.selection_set.node.items.first()?.node {
            Selection::Field(field) => Some(of(&field.node.arguments.first()?.1.node.clone().into_const()?)),
            _ => None,
        }
    }

    /// Whatever the parser takes for a bracket must have been counted, or else the parser's stack is not safe.
    #[test]
    fn brackets_can_not_hide_behind_quotes() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        let pieces = ["\"", "\"\"\"", "\"\"\"s\"", "\\\"", "\\", "\\\\", "\"\"", "#", "\n", "\r", " ", &deep];
        let mut nested = 0;
        // Every row of four pieces, the deep list among them.
        for row in 0..pieces.len().pow(4) {
            let middle: String = (0..4).map(|place| pieces[row / pieces.len().pow(place) % pieces.len()]).collect();
            if !middle.contains(&deep) {
                continue;
            }
            let text = format!("{{ a(x: [{middle}\n]) }}");
            if let Some(lists) = lists(&text) {
                nested += usize::from(lists > 40);
                assert!(nesting(&text) > lists + 1, "{text}");
            }
        }
        assert!(nested > 500, "{nested}");
        assert_eq!(nesting("{ a(x: [\"\"\"s\" [[[[ ]]]]]) }"), 7);
    }

    fn size_of(text: &str) -> Result<Size> {
        size(&parse_query(text).unwrap())
    }

    #[test]
    fn fragments_count_where_they_are_spread() {
        let chain: String = (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
        let bomb = size_of(&format!("{{ ...F0 }} {chain} fragment F40 on Query {{ __typename }}")).unwrap();
        assert!(bomb.selections > 1 << 40, "{bomb:?}");
        assert_eq!(bomb.levels, 42);
        let size = |text| {
            let Size { selections, levels, aliases, directives, directives_in_place, introspects, .. } = size_of(text).unwrap();
            (selections, levels, aliases, directives, directives_in_place, introspects)
        };
        assert_eq!(size("{ a { b } ...F } fragment F on Query { c ... { d } }"), (6, 3, 0, 0, 0, false));
        let twice = "query @a { ...F @b @c ...F x: a @d } fragment F on Query @e { y: b @f ... @g { z: __type } }";
        assert_eq!(size(twice), (9, 3, 5, 10, 2, true));
    }

    #[test]
    fn tokens_are_counted_as_the_specification_cuts_them() {
        for (text, tokens) in [
            ("", 0),
            (" ,\n\t\r# { a }", 0),
            ("\u{feff}{ a }", 3),
            ("{a(b:1)...F ... on Q{c}}", 16),
            ("query($a:[Int!]!=[1-2,-3.5e+7 .5]@b){d}", 24),
            ("\"a b { c\" \"\"\"\n d \"\"\" \"\"", 3),
            ("1.5e3 1e5 -0 0x1", 5),
            ("é§", 4),
            ("000 -00 0.50", 6),
        ] {
            assert_eq!(scan(text).tokens, tokens, "{text}");
        }
    }

    #[test]
    fn endless_documents_are_refused() {
        assert!(size_of("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }").is_err());
        assert!(size_of("{ a } fragment A on Query { ...A ...A }").is_err());
        let chain: String = (0..4000).map(|n| format!("fragment F{n} on Q{{...F{}}}", n + 1)).collect();
        assert!(size_of(&format!("{{a}} {chain}")).is_err());
    }
}
