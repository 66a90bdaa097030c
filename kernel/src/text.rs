//! Text from people, in the form in which it is kept and compared.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// Text in Unicode's form C, in which the same text has the same characters however it was typed.
pub fn composed(text: &str) -> Cow<'_, str> {
    match unicode_normalization::is_nfc_quick(text.chars()) {
        unicode_normalization::IsNormalized::Yes => text.into(),
        _ => text.nfc().collect::<String>().into(),
    }
}

/// Characters that nobody sees, but that make two names of what looks like one, or turn the direction of what stands around them.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The first character of a name that nobody sees. Those that join or part letters (U+200C, U+200D) are none: Persian and emoji need them.
pub fn unseen_in_name(text: &str) -> Option<char> {
    text.chars().find(|letter| is_unseen(*letter))
}

/// The first character of an email address that nobody sees.
pub fn unseen_in_email(text: &str) -> Option<char> {
    text.chars().find(|letter| is_unseen(*letter) || matches!(letter, '\u{200C}' | '\u{200D}'))
}

/// Whether a text in JSON, or a name of a field, holds the character U+0000, which the database keeps nowhere.
pub fn holds_nul(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An email address as it is compared: the part before the `@` in lower case, the domain as DNS has it (`bücher.example` and
/// `xn--bcher-kva.example` are one). None where the domain can't be one.
pub fn email_key(address: &str) -> Option<String> {
    let address = composed(address.trim());
    let (local, domain) = address.rsplit_once('@')?;
    let domain = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore).ok()?;
    Some(format!("{}@{domain}", local.to_lowercase()))
}

/// Whether a text is an email address: one `@`, before it at most 64 bytes of dot-separated words, after it a domain of two labels or
/// more, each of which DNS takes.
pub fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let is_quotable =
        |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '[' | ']' | '"' | '\\');
    let local_fits = local.len() <= 64 && local.split('.').all(|word| !word.is_empty()) && !local.contains(is_quotable);
    let domain = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    local_fits && domain.is_ok_and(|domain| domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_a_nul_where_a_text_or_a_name_does_and_not_where_it_is_only_written_out() {
        use serde_json::json;
        for with in [json!("a\0"), json!([1, ["\0"]]), json!({ "a": { "b": "\0" } }), json!({ "\0": 1 })] {
            assert!(holds_nul(&with), "{with}");
        }
        for without in [json!(null), json!(0), json!(true), json!("\\u0000"), json!({ "\\u0000": ["\\\\u0000", {}] })] {
            assert!(!holds_nul(&without), "{without}");
        }
    }

    #[test]
    fn an_address_is_one_however_its_domain_is_written() {
        let key = "jörg@xn--bcher-kva.example";
        for address in [
            "jörg@bücher.example",
            "JÖRG@BÜCHER.example",
            " jo\u{308}rg@bu\u{308}cher.example ",
            "Jörg@xn--BCHER-kva.example",
            "jörg@bücher。example",
        ] {
            assert_eq!(email_key(address).as_deref(), Some(key), "{address}");
        }
        assert_eq!(email_key("Ada.L+x@Oak.Example").as_deref(), Some("ada.l+x@oak.example"));
        assert_eq!(email_key("ada@fa\u{df}.example").as_deref(), Some("ada@xn--fa-hia.example"));
        assert_eq!(email_key("ada"), None);
    }

    #[test]
    fn what_is_no_address_is_none() {
        for address in
            ["a@b.c", "a.b-c+d_e@sub.example.org", "ü@bücher.example", "o'neil@x-y.example", "a@xn--bcher-kva.example", "a@1.example"]
        {
            assert!(is_email(address), "{address}");
        }
        for address in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a@@b.example",
            "a@b@c.example",
            "a..b@x.example",
            ".a@x.example",
            "a.@x.example",
            "a b@x.example",
            "a@-x.example",
            "a@x-.example",
            "a@x..example",
            "a@.example",
            "a@x.example.",
            "a@x_y.example",
            "a@x y.example",
            "a@[127.0.0.1]",
            "a\"b@x.example",
            "a@xn--a.example",
            "a@xn--.example",
        ] {
            assert!(!is_email(address), "{address}");
        }
        assert!(!is_email(&format!("{}@x.example", "a".repeat(65))) && !is_email(&format!("a@{}.example", "x".repeat(64))));
    }
}
