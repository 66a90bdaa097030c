//! What of the cause of an error may leave for somebody else's service: no address, no value that the database quoted, nothing that looks like a
//! secret. Ids stay: they say nothing by themselves, and whoever looks into an error needs them.

/// In place of what is left out.
const REDACTED: &str = "[redacted]";
/// A word of letters and digits that is longer may be a key or a token. A UUID has 36, with its hyphens.
const LONGEST: usize = 40;
/// How keys begin of those who take money and who keep models, and secrets of webhooks, however short they are.
const KEYS: [&str; 4] = ["sk-", "sk_", "rk_", "whsec_"];

/// The same text without all that.
pub(super) fn scrub(text: &str) -> String {
    let unquoted = without_quoted(&without_values(text));
    unquoted.split_inclusive(char::is_whitespace).map(word).collect()
}

/// `Key (email)=(ada@x.example)` of PostgreSQL, and rows that it shows (`Failing row contains (…)`), without the values.
fn without_values(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = [")=(", "contains ("].iter().filter_map(|mark| rest.find(mark).map(|at| at + mark.len())).min() {
        kept.push_str(&rest[..at]);
        kept.push_str(REDACTED);
        // Values may have parentheses of their own: to the last one of the line.
        let line = rest[at..].find('\n').map_or(rest.len(), |end| at + end);
        rest = match rest[at..line].rfind(')') {
            Some(end) => &rest[at + end..],
            None => &rest[line..],
        };
    }
    kept.push_str(rest);
    kept
}

/// Without what stands between quotation marks: names of constraints and columns with it, but also whatever somebody typed.
fn without_quoted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut parts = text.split('"');
    kept.push_str(parts.next().unwrap_or_default());
    let mut is_inside = true;
    for part in parts {
        // A name of the database is one word of its letters.
        let is_name = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        kept.push('"');
        kept.push_str(if is_inside && !is_name { REDACTED } else { part });
        is_inside = !is_inside;
    }
    if text.matches('"').count().is_multiple_of(2) {
        return kept;
    }
    kept.push('"');
    kept
}

fn word(word: &str) -> String {
    let bare = word.trim_end();
    let looks_secret =
        bare.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '-' && letter != '.').any(|part| {
            KEYS.iter().any(|key| part.starts_with(key)) || (part.len() > LONGEST && part.bytes().any(|byte| byte.is_ascii_digit()))
        });
    if bare.contains('@') || looks_secret { format!("{REDACTED}{}", &word[bare.len()..]) } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn nothing_leaves_that_somebody_typed() {
        for (text, kept) in [
            ("the document took longer than 30s and was stopped", "the document took longer than 30s and was stopped"),
            (
                "duplicate key value violates unique constraint \"user_email_key\"",
                "duplicate key value violates unique constraint \"user_email_key\"",
            ),
            ("Key (tenant_id, email)=(0197, ada (a)@x.example) already exists.", "Key (tenant_id, email)=([redacted]) already exists."),
            ("Failing row contains (1, Ada Lovelace, secret).", "Failing row contains ([redacted])."),
            ("invalid input syntax for type uuid: \"Ada Lovelace\"", "invalid input syntax for type uuid: \"[redacted]\""),
            ("could not send to ada@x.example now", "could not send to [redacted] now"),
            ("postgres://lectern_app:pw@db/lectern failed", "[redacted] failed"),
            ("job 0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "job 0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
            ("token eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyXzAxIn0.c2lnbmF0dXJl was", "token [redacted] was"),
            ("Invalid API key: sk_test_51Ab, or sk-ours.", "Invalid API key: [redacted] or [redacted]"),
            ("cut off \"here and there", "cut off \"[redacted]\""),
        ] {
            assert_eq!(scrub(text), kept);
        }
    }
}
