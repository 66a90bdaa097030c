//! Whether bytes are what they were declared to be, looked at as they pass.

use std::str;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

use super::types::{Signature, signature};

/// As many bytes as any signature reaches: that of an EBML document lies somewhere in its header, which takes some forty.
const HEAD: usize = 128;

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
            Some(Signature::Iso(brands)) => {
                self.head.get(4..8) == Some(b"ftyp") && brands.iter().any(|brand| self.head.get(8..12) == Some(brand.as_slice()))
            }
            Some(Signature::Ebml(kind)) => document_type(&self.head) == Some(kind),
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

/// The type that an EBML document names in its header (RFC 8794), where that lies in these bytes.
fn document_type(head: &[u8]) -> Option<&[u8]> {
    const DOC_TYPE: &[u8] = b"\x42\x82";
    let (_, mut rest) = number(head.strip_prefix(b"\x1A\x45\xDF\xA3")?)?;
    loop {
        let (id, after) = rest.split_at_checked(width(rest)?)?;
        let (size, after) = number(after)?;
        let (content, after) = after.split_at_checked(size)?;
        if id == DOC_TYPE {
            // It may be filled up.
            return content.split(|byte| *byte == 0).next();
        }
        rest = after;
    }
}

/// How many bytes a number of EBML takes.
fn width(bytes: &[u8]) -> Option<usize> {
    Some(bytes.first()?.leading_zeros() as usize + 1).filter(|width| *width <= 8)
}

/// A number of EBML, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let width = width(bytes)?;
    let (own, rest) = bytes.split_at_checked(width)?;
    let first = u64::from(own[0]) & ((1 << (8 - width)) - 1);
    let value = own[1..].iter().fold(first, |value, byte| value << 8 | u64::from(*byte));
    Some((usize::try_from(value).ok()?, rest))
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
            ("video/mp4", b"\0\0\0\x20ftypmp42"),
            ("audio/mp4", b"\0\0\0\x20ftypM4A "),
            ("audio/mp4", b"\0\0\0\x20ftypisom"),
            ("video/webm", b"\x1A\x45\xDF\xA3\x87\x42\x82\x84webm"),
            // As recorders and converters write it: sizes of eight bytes, other elements first, filled up with NUL.
            ("audio/webm", b"\x1A\x45\xDF\xA3\x01\0\0\0\0\0\0\x1F\x42\x86\x81\x01\x42\xF7\x81\x01\x42\xF2\x81\x04\x42\xF3\x81\x08\x42\x82\x86webm\0\0\x42\x87"),
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
            ("video/mp4", b"\0\0\0\x18ftypheic"),
            ("video/mp4", b"\0\0\0\x18ftypavif"),
            ("video/mp4", b"\0\0\0\x14ftypqt  "),
            ("video/mp4", b"\0\0\0\x20ftypM4A "),
            ("audio/mp4", b"\0\0\0\x20ftypM4V "),
            ("video/mp4", b"\0\0\0\x20ftypi"),
            ("video/webm", b"\x1A\x45\xDF\xA3"),
            ("video/webm", b"\x1A\x45\xDF\xA3\x8B\x42\x82\x88matroska"),
            ("video/webm", b"\x1A\x45\xDF\xA3\x87\x42\x82\xFFwebm"),
            ("video/webm", b"\x1A\x45\xDF\xA3\0\0\0\0\0\0\0\0\0"),
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
