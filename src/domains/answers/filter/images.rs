//! Images of Markdown.

use url::Url;

use super::Step;

/// What `![` begins: an image that may stay is of the plainest form, and leads by https to a listed host; any other goes.
pub(super) fn image(rest: &[char], allowed: &[String], last: Option<char>) -> Step {
    // The text that stands for it, with brackets inside.
    let mut depth = 0;
    let mut at = 1;
    let close = loop {
        match rest.get(at) {
            None => return Step::Wait,
            Some('\\') => at += 1,
            Some('[') => depth += 1,
            Some(']') => {
                depth -= 1;
                if depth == 0 {
                    break at;
                }
            }
            // A paragraph ends here: no image can go on.
            Some('\n') if rest.get(at + 1) == Some(&'\n') => return Step::Become(2, "\\!\\[".to_owned()),
            Some(_) => {}
        }
        at += 1;
    };
    match rest.get(close + 1) {
        None => Step::Wait,
        Some('(') => destination(rest, close, allowed, last),
        Some('[') => match rest[close + 1..].iter().position(|letter| *letter == ']') {
            Some(length) => Step::Become(close + 2 + length, removed(None, last)),
            None => Step::Wait,
        },
        // A mark of a citation after an exclamation mark.
        Some(_) if rest[2..close].iter().all(char::is_ascii_digit) && close > 2 => Step::Become(1, mark(last).to_owned()),
        Some(_) => Step::Become(close + 1, removed(None, last)),
    }
}

fn destination(rest: &[char], close: usize, allowed: &[String], last: Option<char>) -> Step {
    let begin = close + 2;
    let mut depth = 1;
    let mut at = begin;
    let end = loop {
        match rest.get(at) {
            None => return Step::Wait,
            Some('\\') => at += 1,
            Some('(') => depth += 1,
            Some(')') => {
                depth -= 1;
                if depth == 0 {
                    break at;
                }
            }
            Some('\n') if rest.get(at + 1) == Some(&'\n') => return Step::Become(2, "\\!\\[".to_owned()),
            Some(_) => {}
        }
        at += 1;
    };
    let text: String = rest[2..close].iter().collect();
    let target: String = rest[begin..end].iter().collect();
    if is_plain_text(&text) && is_allowed(&target, allowed) && last != Some('!') {
        return Step::Pass(end + 1);
    }
    let host = first_word(&target).and_then(|word| Url::parse(word).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    Step::Become(end + 1, removed(host.as_ref().and_then(Url::host_str), last))
}

/// No mark of Markdown that could change where the image ends.
fn is_plain_text(text: &str) -> bool {
    !text.contains(['[', ']', '`', '<', '>', '\\', '\n', '!', '$', '&'])
}

fn is_allowed(target: &str, allowed: &[String]) -> bool {
    let (address, title) = match target.split_once(' ') {
        Some((address, title)) => (address, Some(title.trim())),
        None => (target, None),
    };
    let is_title = |title: &str| {
        title.len() >= 2
            && title.starts_with('"')
            && title.ends_with('"')
            && !title[1..title.len() - 1].contains(['"', '\\', '`', '<', '\n', '&', '[', ']'])
    };
    if title.is_some_and(|title| !is_title(title)) {
        return false;
    }
    if !address.is_ascii() || address.contains(['<', '>', '(', ')', '[', ']', '\\', '`', '"', '\n', '\t', '|', '$']) {
        return false;
    }
    let Ok(url) = Url::parse(address) else { return false };
    url.scheme() == "https"
        && address.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case("https://"))
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.host_str().is_some_and(|host| allowed.iter().any(|allowed| allowed == host))
}

fn first_word(target: &str) -> Option<&str> {
    target.trim_start().trim_start_matches('<').split([' ', '\n', '>']).next()
}

/// What stands in place of an image. After an exclamation mark it must not become one again.
fn removed(host: Option<&str>, last: Option<char>) -> String {
    let open = if last == Some('!') { "\\[" } else { "[" };
    match host {
        Some(host) => format!("{open}image removed: {}]", host.replace(['[', ']'], "")),
        None => format!("{open}image removed]"),
    }
}

/// An exclamation mark that begins no image. A backslash before it would be what is escaped.
pub(super) fn mark(last: Option<char>) -> &'static str {
    if last == Some('\\') { "&#33;" } else { "\\!" }
}
