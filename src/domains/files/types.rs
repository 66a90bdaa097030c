//! Which media types may be uploaded, and how the bytes of each begin.

/// What the bytes of a type are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// They hold one of these, each at its place.
    Bytes(&'static [(usize, &'static [u8])]),
    /// The ISO base media format, of one of these brands.
    Iso(&'static [&'static [u8; 4]]),
    /// An EBML document of this type.
    Ebml(&'static [u8]),
    /// RIFF of this kind.
    Riff(&'static [u8; 4]),
    /// An MPEG audio frame, or the tag before one.
    Mpeg,
    /// UTF-8 without NUL.
    Text,
}

use Signature::{Bytes, Ebml, Iso, Mpeg, Riff, Text};

const ZIP: Signature = Bytes(&[(0, b"PK\x03\x04"), (0, b"PK\x05\x06")]);
/// The container of Office before 2007.
const COMPOUND: Signature = Bytes(&[(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")]);
/// Pictures (HEIC, AVIF), QuickTime and others have the same container: which it is says the brand that a file names first.
const MP4_VIDEO: Signature = Iso(&[
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"mp71", b"avc1", b"hvc1", b"hev1",
    b"av01", b"dash", b"cmfc", b"cmf2", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"F4V ",
]);
const MP4_AUDIO: Signature = Iso(&[
    b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41",
    b"mp42", b"mp71", b"dash", b"cmfc", b"cmf2",
]);
const WEBM: Signature = Ebml(b"webm");

/// Every type whose bytes are known, as `type/subtype`.
const KNOWN: [(&str, Signature); 29] = [
    ("image/png", Bytes(&[(0, b"\x89PNG\r\n\x1A\n")])),
    ("image/jpeg", Bytes(&[(0, b"\xFF\xD8\xFF")])),
    ("image/gif", Bytes(&[(0, b"GIF87a"), (0, b"GIF89a")])),
    ("image/webp", Riff(b"WEBP")),
    ("application/pdf", Bytes(&[(0, b"%PDF-")])),
    ("text/plain", Text),
    ("text/csv", Text),
    ("text/markdown", Text),
    ("application/json", Text),
    ("application/zip", ZIP),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ZIP),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ZIP),
    ("application/msword", COMPOUND),
    ("application/vnd.ms-excel", COMPOUND),
    ("application/vnd.ms-powerpoint", COMPOUND),
    ("application/vnd.oasis.opendocument.text", ZIP),
    ("application/vnd.oasis.opendocument.spreadsheet", ZIP),
    ("application/vnd.oasis.opendocument.presentation", ZIP),
    ("audio/mpeg", Mpeg),
    ("audio/mp4", MP4_AUDIO),
    ("audio/x-m4a", MP4_AUDIO),
    ("audio/wav", Riff(b"WAVE")),
    ("audio/x-wav", Riff(b"WAVE")),
    ("audio/ogg", Bytes(&[(0, b"OggS")])),
    ("audio/webm", WEBM),
    ("video/mp4", MP4_VIDEO),
    ("video/webm", WEBM),
    ("video/ogg", Bytes(&[(0, b"OggS")])),
];

/// The types that may be uploaded unless the operator says otherwise, separated by commas.
pub const USUAL: &str = "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,text/csv,text/markdown,application/json,\
    application/zip,application/vnd.openxmlformats-officedocument.wordprocessingml.document,\
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,\
    application/vnd.openxmlformats-officedocument.presentationml.presentation,application/msword,application/vnd.ms-excel,\
    application/vnd.ms-powerpoint,application/vnd.oasis.opendocument.text,application/vnd.oasis.opendocument.spreadsheet,\
    application/vnd.oasis.opendocument.presentation,audio/mpeg,audio/mp4,audio/x-m4a,audio/wav,audio/x-wav,audio/ogg,audio/webm,video/mp4,\
    video/webm";

/// Types that a browser may show in its place; everything else it saves.
const SHOWN: [&str; 7] = ["image/png", "image/jpeg", "image/gif", "image/webp", "audio/mpeg", "video/mp4", "video/webm"];

/// Whether a browser may show it.
pub fn is_shown(content_type: &str) -> bool {
    SHOWN.contains(&content_type)
}

/// A media type without its parameters, in lower case.
pub fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What the bytes of a type must look like; nothing where the operator added a type that is not known here.
pub fn signature(content_type: &str) -> Option<Signature> {
    let known = KNOWN.iter().find(|(name, _)| *name == content_type).map(|(_, signature)| *signature);
    let is_text = content_type.starts_with("text/") || content_type.ends_with("+json") || content_type.ends_with("+xml");
    known.or_else(|| is_text.then_some(Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_type_has_its_signature_and_nothing_that_runs_is_among_them() {
        let usual: Vec<&str> = USUAL.split(',').collect();
        for name in &usual {
            assert!(KNOWN.iter().any(|(known, _)| known == name), "{name}");
        }
        for name in ["text/html", "image/svg+xml", "application/xml", "text/xml", "text/javascript", "application/x-msdownload"] {
            assert!(!usual.contains(&name), "{name}");
        }
        for name in SHOWN {
            assert!(usual.contains(&name) && signature(name) != Some(Text), "{name}");
        }
    }

    #[test]
    fn parameters_and_case_are_dropped() {
        assert_eq!(essence(" Text/CSV ; charset=utf-8"), "text/csv");
        assert_eq!(essence("image/png"), "image/png");
        assert_eq!(essence(""), "");
    }
}
