//! How a file is called where its bytes leave: in a header, and in the key of its object.

use std::fmt::Write as _;

/// Characters of a name in keys and addresses.
const REDUCED: usize = 80;

/// A name out of `[A-Za-z0-9._-]` alone, 80 at most, with its ending; `file` where nothing is left.
pub fn reduced(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-') { letter } else { '_' };
    let letters: Vec<char> = name.chars().map(plain).collect();
    let kept: String = match letters.iter().rposition(|letter| *letter == '.') {
        // What it is says the ending: of a long name the middle is left out.
        Some(dot) if letters.len() > REDUCED && letters.len() - dot <= 10 => {
            letters[..REDUCED - (letters.len() - dot)].iter().chain(&letters[dot..]).collect()
        }
        _ => letters.into_iter().take(REDUCED).collect(),
    };
    let kept = kept.trim_start_matches('.');
    if kept.is_empty() { "file".to_owned() } else { kept.to_owned() }
}

/// A `Content-Disposition` by RFC 6266: a name in ASCII for those that read no other, and the whole name.
pub fn disposition(name: &str, inline: bool) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let ascii: String =
        name.chars().map(|letter| if matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' }).collect();
    let mut whole = String::with_capacity(name.len());
    for byte in name.bytes() {
        // What RFC 8187 lets stand for itself.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_plain_letters_reaches_a_key() {
        for (name, key) in [
            ("report.pdf", "report.pdf"),
            ("Prüfung 1/2\\3.pdf", "Pr_fung_1_2_3.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("...", "file"),
            ("\u{202E}gpj.exe", "_gpj.exe"),
            ("a\r\nb\"c", "a__b_c"),
            ("日本語", "___"),
        ] {
            assert_eq!(reduced(name), key, "{name:?}");
        }
        let long = format!("{}.docx", "x".repeat(196));
        assert_eq!(reduced(&long), format!("{}.docx", "x".repeat(75)));
        assert_eq!(reduced(&"y".repeat(200)).len(), 80);
    }

    #[test]
    fn a_name_can_neither_end_a_header_nor_begin_another() {
        assert_eq!(disposition("a.png", true), "inline; filename=\"a.png\"; filename*=UTF-8''a.png");
        assert_eq!(
            disposition("say \"hi\"; x=\\.txt", false),
            "attachment; filename=\"say _hi_; x=_.txt\"; filename*=UTF-8''say%20%22hi%22%3B%20x%3D%5C.txt"
        );
        assert_eq!(
            disposition("a\r\nset-cookie: x", false),
            "attachment; filename=\"a__set-cookie: x\"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20x"
        );
        assert_eq!(disposition("שלום.pdf", false), "attachment; filename=\"____.pdf\"; filename*=UTF-8''%D7%A9%D7%9C%D7%95%D7%9D.pdf");
        assert_eq!(disposition("50%.csv", false), "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv");
    }
}
