//! What documents say: text, Markdown, HTML, PDF and DOCX. Foreign bytes are read in a process of their own ([`reader`]), which has no network, little memory and
//! little time; everything else here runs inside it.

mod child;
mod docx;
mod html;
mod markdown;
mod passages;
mod pdf;
mod reader;

use serde::{Deserialize, Serialize};

use self::passages::Cutter;
pub use self::{child::run_as_child, passages::Piece, reader::Extractor};

/// Media types that can be read, the first three from `text` as well.
pub const MEDIA_TYPES: [&str; 5] = ["text/plain", "text/markdown", "text/html", "application/pdf", DOCX];
/// What word processors write.
pub const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Why a document can't be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// It says nothing: pictures of pages, mostly.
    NoText,
    /// It opens by a password alone.
    Encrypted,
    /// It says or holds too much.
    TooLarge,
    /// It is no document of its type, or its reader gave up.
    Unreadable,
}

impl Refusal {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Refusal::NoText => "NO_TEXT",
            Refusal::Encrypted => "ENCRYPTED",
            Refusal::TooLarge => "TOO_LARGE",
            Refusal::Unreadable => "UNREADABLE",
        }
    }
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// How many pages it has; none where its type has none.
    pub pages: Option<i32>,
    /// How many characters it has.
    pub characters: i32,
    /// Its passages, in their order.
    pub pieces: Vec<Piece>,
}

/// Reads a document, in this process.
fn extract(media_type: &str, bytes: &[u8]) -> Result<Extracted, Refusal> {
    let mut cutter = Cutter::default();
    let pages = match media_type {
        "text/plain" => plain(&mut cutter, text_of(bytes)?).map(|()| None)?,
        "text/markdown" => markdown::read(&mut cutter, text_of(bytes)?).map(|()| None)?,
        "text/html" => html::read(&mut cutter, text_of(bytes)?).map(|()| None)?,
        "application/pdf" => Some(pdf::read(&mut cutter, bytes)?),
        DOCX => docx::read(&mut cutter, bytes).map(|()| None)?,
        _ => return Err(Refusal::Unreadable),
    };
    let (pieces, characters) = cutter.end()?;
    Ok(Extracted { pages, characters: i32::try_from(characters).map_err(|_| Refusal::TooLarge)?, pieces })
}

fn text_of(bytes: &[u8]) -> Result<&str, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Unreadable)?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Paragraphs between empty lines.
fn plain(cutter: &mut Cutter, text: &str) -> Result<(), Refusal> {
    let mut paragraph = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            cutter.paragraph(&paragraph)?;
            paragraph.clear();
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    cutter.paragraph(&paragraph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_paragraphs() {
        let read = extract("text/plain", "\u{FEFF}One\nline.\r\n\r\nTwo.".as_bytes()).unwrap();
        assert_eq!(read.pieces[0].text, "One line.\n\nTwo.");
        assert_eq!((read.pages, read.characters), (None, 13));
        assert_eq!(extract("text/plain", b"\xFF\xFE").unwrap_err(), Refusal::Unreadable);
        assert_eq!(extract("text/plain", b"\n\n").unwrap_err(), Refusal::NoText);
        assert_eq!(extract("image/png", b"x").unwrap_err(), Refusal::Unreadable);
    }
}
