//! The text of a document: where its lines begin, and descriptions, which the parser can't read yet.

use apollo_compiler::parser::Parser;
use async_graphql::Pos;

use super::size::{block_string, string};

/// Finds lines and columns in a text; fast where it is asked for places in the order of the text.
pub struct Places<'a> {
    text: &'a str,
    /// Where it stands, and the line and column of that.
    at: usize,
    place: Pos,
}

impl<'a> Places<'a> {
    /// In this text.
    pub fn new(text: &'a str) -> Self {
        Places { text, at: 0, place: Pos { line: 1, column: 1 } }
    }

    /// The line and column of a byte of the text, both from one; columns count characters.
    pub fn of(&mut self, offset: usize) -> Pos {
        let offset = (0..=offset.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        if offset < self.at {
            *self = Places::new(self.text);
        }
        let mut passed = self.text[self.at..offset].chars().peekable();
        while let Some(letter) = passed.next() {
            let is_break = match letter {
                '\n' => true,
                // `\r\n` is one line break.
                '\r' => !(passed.peek() == Some(&'\n') || passed.peek().is_none() && self.text[offset..].starts_with('\n')),
                _ => false,
            };
            if is_break {
                self.place = Pos { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.at = offset;
        self.place
    }
}

/// Blanks the descriptions of operations, fragments and variables (September 2025 edition of the specification). Every byte
/// that stays keeps its place. Answers how many there were.
pub fn without_descriptions(text: &str) -> (String, usize) {
    let mut blanked = text.as_bytes().to_vec();
    let mut count = 0;
    if text.contains('"') {
        let tokens = Tokens::of(text.as_bytes());
        for (at, token) in tokens.found.iter().enumerate().filter(|(_, token)| token.kind == b'"') {
            let before = at.checked_sub(1).map(|before| &tokens.found[before]);
            let Some(next) = tokens.found.get(at + 1) else { continue };
            let word = &text.as_bytes()[next.start..next.end];
            let is_of_definition = token.braces == 0
                && token.parentheses == 0
                && before.is_none_or(|before| before.kind == b'}' && before.braces == 0)
                && matches!(word, b"query" | b"mutation" | b"subscription" | b"fragment");
            let is_of_variable = token.braces == 0
                && token.parentheses == 1
                && next.kind == b'$'
                && before.is_some_and(|before| !matches!(before.kind, b'=' | b':'));
            if (is_of_definition || is_of_variable) && is_string(&text[token.start..token.end]) {
                count += 1;
                for byte in blanked[token.start..token.end].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
                    *byte = b' ';
                }
            }
        }
    }
    (String::from_utf8(blanked).expect("strings end where characters do"), count)
}

/// Whether the parser reads a text as one string, its escapes among it.
fn is_string(text: &str) -> bool {
    Parser::new().parse_ast(format!("{{a(b:{text}\n)}}"), "description").is_ok()
}

/// A token: its kind (`a` for a name, its first byte for anything else), where it stands, and how deep. The opening and the
/// closing bracket stand where their surroundings do.
struct Token {
    kind: u8,
    start: usize,
    end: usize,
    /// Braces and brackets around it.
    braces: usize,
    /// Parentheses around it.
    parentheses: usize,
}

struct Tokens {
    found: Vec<Token>,
}

impl Tokens {
    fn of(text: &[u8]) -> Self {
        let (mut found, mut at) = (Vec::new(), 0);
        let (mut braces, mut parentheses) = (0usize, 0usize);
        while let Some(&byte) = text.get(at) {
            let rest = &text[at..];
            let (kind, length) = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xef | 0xbb | 0xbf => (0, 1),
                b'#' => (0, rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())),
                b'"' => (b'"', block_string(rest).unwrap_or_else(|| string(rest)).min(rest.len())),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                    (b'a', rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(rest.len()))
                }
                other => (other, 1),
            };
            match byte {
                b'}' | b']' => braces = braces.saturating_sub(1),
                b')' => parentheses = parentheses.saturating_sub(1),
                _ => {}
            }
            if kind != 0 {
                found.push(Token { kind, start: at, end: at + length, braces, parentheses });
            }
            match byte {
                b'{' | b'[' => braces += 1,
                b'(' => parentheses += 1,
                _ => {}
            }
            at += length;
        }
        Tokens { found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_blanked_and_nothing_else_is() {
        for (text, left, count) in [
            ("\"What\" query Q { a }", "       query Q { a }", 1),
            ("\"\"\"\nWh\u{e4}t\n\"\"\"\nfragment F on Q { a }", "   \n     \n   \nfragment F on Q { a }", 1),
            ("{ a } \"x\" fragment F on Q { a }", "{ a }     fragment F on Q { a }", 1),
            (
                "query(\"x\" $a: Int = 1 \"y\" $b: String = \"z\" $c: Int) { a }",
                "query(    $a: Int = 1     $b: String = \"z\" $c: Int) { a }",
                2,
            ),
            ("\"x\" { a }", "\"x\" { a }", 0),
            (r#""\u{1F600}" query { a }"#, "            query { a }", 1),
            (r#""\uD83D" query { a }"#, r#""\uD83D" query { a }"#, 0),
            (r#""\x" query { a }"#, r#""\x" query { a }"#, 0),
            ("\"\"\"\\uD83D\"\"\" query { a }", "             query { a }", 1),
            ("\"x\" \"y\" query { a }", "\"x\" \"y\" query { a }", 0),
            ("query \"x\" { a }", "query \"x\" { a }", 0),
            ("query @d(a: \"x\" $b) { a }", "query @d(a: \"x\" $b) { a }", 0),
            ("query($a: [String] = [\"x\"]) { a(b: \"query\") }", "query($a: [String] = [\"x\"]) { a(b: \"query\") }", 0),
            ("\"x\"query{a(b:\"\u{e4}\")}", "   query{a(b:\"\u{e4}\")}", 1),
        ] {
            assert_eq!(without_descriptions(text), (left.to_owned(), count));
            assert_eq!(left.len(), text.len());
        }
    }

    #[test]
    fn places_are_lines_and_characters() {
        let text = "a\u{e4}b\nc\r\nd\re";
        let mut places = Places::new(text);
        for (offset, line, column) in [(0, 1, 1), (3, 1, 3), (4, 1, 4), (5, 2, 1), (8, 3, 1), (10, 4, 1), (11, 4, 2), (3, 1, 3)] {
            assert_eq!(places.of(offset), Pos { line, column }, "{offset}");
        }
    }
}
