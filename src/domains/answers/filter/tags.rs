//! Tags of HTML.

use super::Step;

/// Tags that load something, run something, or change how what follows is read.
const NEVER: [&str; 30] = [
    "img",
    "iframe",
    "script",
    "style",
    "link",
    "object",
    "embed",
    "video",
    "audio",
    "source",
    "svg",
    "form",
    "base",
    "meta", // and their like:
    "image",
    "picture",
    "input",
    "frame",
    "frameset",
    "applet",
    "bgsound",
    "body",
    "math",
    "noscript",
    "plaintext",
    "portal",
    "pre",
    "template",
    "textarea",
    "track",
];
/// Attributes that load nothing.
const HARMLESS: [&str; 26] = [
    "abbr", "align", "alt", "cite", "class", "colspan", "datetime", "dir", "headers", "height", "href", "hreflang", "id", "lang", "name",
    "open", "rel", "reversed", "role", "rowspan", "scope", "start", "target", "title", "value", "width",
];
/// Characters of a tag's name.
const LONGEST: usize = 40;

/// What `<` begins.
pub(super) fn tag(rest: &[char]) -> Step {
    let escape = || Step::Become(1, "&lt;".to_owned());
    let Some(next) = rest.get(1) else { return Step::Wait };
    match next {
        // Comments, declarations and the like would hide where what follows ends.
        '!' | '?' => return escape(),
        '/' => {}
        letter if letter.is_ascii_alphabetic() => {}
        _ => return Step::Pass(1),
    }
    let begin = if *next == '/' { 2 } else { 1 };
    let length = rest[begin..].iter().take_while(|letter| letter.is_ascii_alphanumeric() || **letter == '-').take(LONGEST + 1).count();
    let Some(after) = rest.get(begin + length) else {
        return if length > LONGEST { escape() } else { Step::Wait };
    };
    if length == 0 || length > LONGEST {
        return escape();
    }
    let name: String = rest[begin..begin + length].iter().map(char::to_ascii_lowercase).collect();
    if NEVER.contains(&name.as_str()) {
        return escape();
    }
    if matches!(after, ':' | '@' | '.' | '+') {
        return address(rest);
    }
    attributes(rest, begin + length)
}

/// `<https://…>` and `<somebody@…>`, which are links.
fn address(rest: &[char]) -> Step {
    for (at, letter) in rest.iter().enumerate().skip(1) {
        match letter {
            '>' => return Step::Pass(at + 1),
            letter
                if letter.is_whitespace()
                    || letter.is_control()
                    || matches!(letter, '<' | '"' | '\'' | '`' | '=' | '!') && !is_in_query(rest, at) =>
            {
                return Step::Become(1, "&lt;".to_owned());
            }
            _ => {}
        }
    }
    Step::Wait
}

/// An equals sign after a question mark.
fn is_in_query(rest: &[char], at: usize) -> bool {
    rest[at] == '=' && rest[..at].contains(&'?')
}

/// A tag with attributes that load nothing is given on, whole.
fn attributes(rest: &[char], begin: usize) -> Step {
    let escape = || Step::Become(1, "&lt;".to_owned());
    let mut at = begin;
    loop {
        while rest.get(at).is_some_and(|letter| matches!(letter, ' ' | '\n' | '\t')) {
            if rest[at] == '\n' && rest.get(at + 1) == Some(&'\n') {
                return escape();
            }
            at += 1;
        }
        match rest.get(at) {
            None => return Step::Wait,
            Some('>') => return Step::Pass(at + 1),
            Some('/') => match rest.get(at + 1) {
                None => return Step::Wait,
                Some('>') => return Step::Pass(at + 2),
                Some(_) => return escape(),
            },
            Some(letter) if letter.is_ascii_alphabetic() => {}
            Some(_) => return escape(),
        }
        let length = rest[at..].iter().take_while(|letter| letter.is_ascii_alphabetic() || **letter == '-').take(LONGEST + 1).count();
        let Some(after) = rest.get(at + length) else {
            return if length > LONGEST { escape() } else { Step::Wait };
        };
        let name: String = rest[at..at + length].iter().map(char::to_ascii_lowercase).collect();
        if !HARMLESS.contains(&name.as_str()) {
            return escape();
        }
        at += length;
        if *after != '=' {
            if !matches!(after, ' ' | '\n' | '\t' | '>' | '/') {
                return escape();
            }
            continue;
        }
        let Some(quote) = rest.get(at + 1) else { return Step::Wait };
        if !matches!(quote, '"' | '\'') {
            return escape();
        }
        let Some(length) = rest[at + 2..].iter().position(|letter| letter == quote) else { return Step::Wait };
        let value = &rest[at + 2..at + 2 + length];
        if value.iter().any(|letter| matches!(letter, '<' | '>' | '\n' | '`' | '!' | '[' | '\\' | '$'))
            || (name == "href" && !is_harmless_link(value))
        {
            return escape();
        }
        at += length + 3;
        match rest.get(at) {
            None => return Step::Wait,
            Some(' ' | '\n' | '\t' | '>' | '/') => {}
            Some(_) => return escape(),
        }
    }
}

/// A link to somewhere, which is followed where somebody clicks, and runs nothing.
fn is_harmless_link(value: &[char]) -> bool {
    let address: String = value.iter().collect::<String>().trim().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "#", "/"].iter().any(|begin| address.starts_with(begin))
}
