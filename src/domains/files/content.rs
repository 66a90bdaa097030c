//! Whether bytes are what they were declared to be, looked at as they pass.

use std::str;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

use super::types::{Signature, signature};

/// As many bytes as any signature reaches.
const HEAD: usize = 16;

/// What has passed so far.
pub struct Content {
    signature: Option<Signature>,
    head: Vec<u8>,
    /// The beginning of a character whose end has not come.
    cut: Vec<u8>,
    is_text: bool,
    hash: Context,
    size: u64,
}

impl Content {
    /// Of a media type.
    pub fn of(content_type: &str) -> Self {
        let signature = signature(content_type);
        Content { signature, head: Vec::new(), cut: Vec::new(), is_text: true, hash: Context::new(&SHA256), size: 0 }
    }

    /// Looks at the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hash.update(bytes);
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if self.signature == Some(Signature::Text) && self.is_text {
            self.is_text = !bytes.contains(&0) && self.goes_on_as_text(bytes);
        }
    }

    /// Whether these bytes go on a text in UTF-8, as far as that can be said of their last three.
    fn goes_on_as_text(&mut self, mut bytes: &[u8]) -> bool {
        while !self.cut.is_empty() {
            let Some((next, rest)) = bytes.split_first() else { return true };
            self.cut.push(*next);
            bytes = rest;
            match str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        match str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => {
                self.cut.extend_from_slice(&bytes[error.valid_up_to()..]);
                true
            }
        }
    }

    /// How many there were.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether they are of their type; and their SHA-256 in hex.
    pub fn end(self) -> (bool, String) {
        let fits = match self.signature {
            None => true,
            Some(Signature::Text) => self.is_text && self.cut.is_empty(),
            Some(Signature::Bytes(places)) => {
                places.iter().any(|(at, bytes)| self.head.get(*at..).is_some_and(|head| head.starts_with(bytes)))
            }
            Some(Signature::Riff(kind)) => self.head.starts_with(b"RIFF") && self.head.get(8..12) == Some(kind.as_slice()),
            Some(Signature::Mpeg) => self.head.starts_with(b"ID3") || is_mpeg_audio(&self.head),
        };
        (fits, HEXLOWER.encode(self.hash.finish().as_ref()))
    }
}

/// A frame's eleven bits of synchronization, and no reserved value of version, layer, bit rate and sampling rate.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let &[0xFF, second, third, ..] = head else { return false };
    second & 0xE0 == 0xE0 && second & 0x18 != 0x08 && second & 0x06 == 0x02 && third & 0xF0 != 0xF0 && third & 0x0C != 0x0C
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(content_type: &str, bytes: &[u8]) -> bool {
        let answers = [1, 3, 1000].map(|size| {
            let mut content = Content::of(content_type);
            bytes.chunks(size).for_each(|chunk| content.take(chunk));
            assert_eq!(content.size(), bytes.len() as u64);
            content.end().0
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{content_type} in pieces");
        answers[0]
    }

    #[test]
    fn bytes_begin_as_their_type_does() {
        for (content_type, bytes) in [
            ("image/png", &b"\x89PNG\r\n\x1A\n more"[..]),
            ("image/jpeg", b"\xFF\xD8\xFF\xE0"),
            ("image/gif", b"GIF89a\x01"),
            ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 "),
            ("application/pdf", b"%PDF-1.7"),
            ("application/zip", b"PK\x03\x04"),
            ("application/zip", b"PK\x05\x06\0\0"),
            ("application/vnd.oasis.opendocument.text", b"PK\x03\x04"),
            ("application/msword", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
            ("audio/mpeg", b"ID3\x04"),
            ("audio/mpeg", b"\xFF\xFB\x90\x64"),
            ("audio/mpeg", b"\xFF\xF3\x40\xC4"),
            ("audio/wav", b"RIFF\x10\0\0\0WAVEfmt "),
            ("audio/ogg", b"OggS"),
            ("video/mp4", b"\0\0\0\x20ftypisom"),
            ("audio/mp4", b"\0\0\0\x20ftypM4A "),
            ("video/webm", b"\x1A\x45\xDF\xA3"),
            ("application/x-of-the-operator", b"whatever"),
        ] {
            assert!(fits(content_type, bytes), "{content_type}");
        }
        for (content_type, bytes) in [
            ("image/png", &b"<html><script>alert(1)</script>"[..]),
            ("image/png", b"\x89PN"),
            ("image/jpeg", b"GIF89a"),
            ("image/webp", b"RIFF\x10\0\0\0WAVEfmt "),
            ("application/pdf", b" %PDF-1.7"),
            ("application/zip", b"MZ"),
            ("audio/mpeg", b"\xFF\xD8\xFF\xE0"),
            ("audio/mpeg", b"\xFF\xFB"),
            ("video/mp4", b"ftypisom"),
        ] {
            assert!(!fits(content_type, bytes), "{content_type}");
        }
    }

    #[test]
    fn a_text_is_utf_8_without_nul_wherever_it_is_cut() {
        for text in ["", "plain", "ä€😀 und so weiter", "\u{FEFF}a;b\r\n"] {
            assert!(fits("text/csv", text.as_bytes()), "{text}");
        }
        for bytes in [&b"a\0b"[..], b"\xFF\xFEa\0", b"a\xC3", b"\xF0\x9F\x98", b"\xC3(", b"\xED\xA0\x80"] {
            assert!(!fits("text/plain", bytes), "{bytes:?}");
        }
    }

    #[test]
    fn the_hash_is_that_of_all_bytes() {
        let mut content = Content::of("text/plain");
        content.take(b"a");
        content.take(b"bc");
        assert_eq!(content.end(), (true, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned()));
    }
}
