//! DOCX: the paragraphs of what a word processor writes. No entity of a document is resolved, and nothing that it points at is fetched.

use std::{
    collections::HashSet,
    io::{Cursor, Read as _},
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{Refusal, passages::Cutter};

/// Bytes that an archive may have unpacked.
const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// Files that an archive may hold.
const MOST_ENTRIES: usize = 1000;
/// How deep elements may lie in one another.
const DEEPEST: usize = 1000;
/// What a file begins with that holds an encrypted one, and the name of that one in it.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const ENCRYPTED: &str = "EncryptedPackage";

/// Reads a document.
///
/// # Errors
/// `ENCRYPTED`, `TOO_LARGE` or `UNREADABLE`.
pub fn read(cutter: &mut Cutter, bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.starts_with(COMPOUND) {
        let name: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_encrypted = bytes.windows(name.len()).any(|window| window == name);
        return Err(if is_encrypted { Refusal::Encrypted } else { Refusal::Unreadable });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::Unreadable)?;
    if archive.len() > MOST_ENTRIES {
        return Err(Refusal::TooLarge);
    }
    let mut declared = 0u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| Refusal::Unreadable)?;
        if entry.encrypted() {
            return Err(Refusal::Encrypted);
        }
        declared = declared.saturating_add(entry.size());
    }
    if declared > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let styles = part(&mut archive, "word/styles.xml")?;
    let headings = styles.map(|styles| headings(&styles)).transpose()?.unwrap_or_default();
    let text = part(&mut archive, "word/document.xml")?.ok_or(Refusal::Unreadable)?;
    body(cutter, &text, &headings)
}

/// A part of the archive. What it says of its size is not believed.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(index) = archive.index_for_name(name) else { return Ok(None) };
    let entry = archive.by_index(index).map_err(|_| Refusal::Unreadable)?;
    let mut bytes = Vec::new();
    entry.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|_| Refusal::Unreadable)?;
    if bytes.len() as u64 > MOST_BYTES { Err(Refusal::TooLarge) } else { Ok(Some(bytes)) }
}

/// The next event; a document type is refused, with whatever it defines.
fn next<'a>(reader: &mut Reader<&'a [u8]>, depth: &mut usize) -> Result<Option<Event<'a>>, Refusal> {
    let event = reader.read_event().map_err(|_| Refusal::Unreadable)?;
    match &event {
        Event::DocType(_) => Err(Refusal::Unreadable),
        Event::Eof => Ok(None),
        Event::Start(_) => {
            *depth += 1;
            if *depth > DEEPEST { Err(Refusal::Unreadable) } else { Ok(Some(event)) }
        }
        Event::End(_) => {
            *depth = depth.saturating_sub(1);
            Ok(Some(event))
        }
        _ => Ok(Some(event)),
    }
}

fn value(element: &BytesStart<'_>) -> Option<String> {
    let attribute = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == b"val")?;
    String::from_utf8(attribute.value.into_owned()).ok()
}

/// The ids of the styles that make headings: by their names, which every language of a word processor keeps in English.
fn headings(styles: &[u8]) -> Result<HashSet<String>, Refusal> {
    let (mut reader, mut depth) = (Reader::from_reader(styles), 0);
    let (mut found, mut style) = (HashSet::new(), None);
    while let Some(event) = next(&mut reader, &mut depth)? {
        let (Event::Start(element) | Event::Empty(element)) = &event else { continue };
        match element.local_name().as_ref() {
            b"style" => {
                let id = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == b"styleId");
                style = id.and_then(|id| String::from_utf8(id.value.into_owned()).ok());
            }
            b"name" => {
                let name = value(element).unwrap_or_default().to_lowercase();
                if name == "title" || name.starts_with("heading ") {
                    found.extend(style.take());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// What is being read of a document.
#[derive(Default)]
struct Body {
    /// The paragraph, and the cells before it in its row.
    words: String,
    row: String,
    /// How deep in tables, and inside of text, of a run's properties, and of what is not shown.
    tables: usize,
    is_text: bool,
    is_heading: bool,
    is_run_properties: bool,
    is_hidden_run: bool,
    skipped: usize,
}

fn body(cutter: &mut Cutter, text: &[u8], headings: &HashSet<String>) -> Result<(), Refusal> {
    let (mut reader, mut depth, mut body) = (Reader::from_reader(text), 0, Body::default());
    while let Some(event) = next(&mut reader, &mut depth)? {
        match event {
            Event::Start(element) => body.open(&element, headings),
            Event::Empty(element) => {
                // Deleted text has no element of this kind around it.
                let skipped = body.skipped;
                body.open(&element, headings);
                body.skipped = skipped;
                body.close_empty(element.local_name().as_ref());
            }
            Event::Text(said) if body.is_read() => body.words.push_str(&said.decode().map_err(|_| Refusal::Unreadable)?),
            Event::CData(said) if body.is_read() => body.words.push_str(&said.decode().map_err(|_| Refusal::Unreadable)?),
            Event::GeneralRef(named) if body.is_read() => {
                let letter = named.resolve_char_ref().map_err(|_| Refusal::Unreadable)?;
                let name = named.decode().map_err(|_| Refusal::Unreadable)?;
                match (letter, &*name) {
                    (Some(letter), _) => body.words.push(letter),
                    (None, "amp") => body.words.push('&'),
                    (None, "lt") => body.words.push('<'),
                    (None, "gt") => body.words.push('>'),
                    (None, "quot") => body.words.push('"'),
                    (None, "apos") => body.words.push('\''),
                    _ => return Err(Refusal::Unreadable),
                }
            }
            Event::End(element) => body.close(element.local_name().as_ref(), cutter)?,
            _ => {}
        }
    }
    if depth > 0 { Err(Refusal::Unreadable) } else { Ok(()) }
}

impl Body {
    fn is_read(&self) -> bool {
        self.is_text && self.skipped == 0 && !self.is_hidden_run
    }

    fn open(&mut self, element: &BytesStart<'_>, headings: &HashSet<String>) {
        match element.local_name().as_ref() {
            b"t" => self.is_text = true,
            b"tab" | b"br" | b"cr" => self.words.push(' '),
            b"noBreakHyphen" => self.words.push('-'),
            b"tbl" => self.tables += 1,
            b"pStyle" => self.is_heading = value(element).is_some_and(|style| headings.contains(&style)),
            b"rPr" => self.is_run_properties = true,
            b"vanish" | b"specVanish" if self.is_run_properties => {
                self.is_hidden_run = !value(element).is_some_and(|value| matches!(value.as_str(), "0" | "false" | "off"));
            }
            b"r" => self.is_hidden_run = false,
            // What was deleted or moved away, field codes, and the second of two ways to show the same.
            b"del" | b"moveFrom" | b"instrText" | b"Fallback" => self.skipped += 1,
            _ => {}
        }
    }

    fn close_empty(&mut self, name: &[u8]) {
        match name {
            b"t" => self.is_text = false,
            b"tbl" => self.tables = self.tables.saturating_sub(1),
            b"rPr" => self.is_run_properties = false,
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8], cutter: &mut Cutter) -> Result<(), Refusal> {
        match name {
            b"t" => self.is_text = false,
            b"rPr" => self.is_run_properties = false,
            b"r" => self.is_hidden_run = false,
            b"del" | b"moveFrom" | b"instrText" | b"Fallback" => self.skipped = self.skipped.saturating_sub(1),
            b"p" => {
                let words = std::mem::take(&mut self.words);
                let is_heading = std::mem::take(&mut self.is_heading);
                if self.tables > 0 {
                    self.row.push_str(&words);
                    self.row.push(' ');
                } else if is_heading {
                    cutter.heading(&words)?;
                } else {
                    cutter.paragraph(&words)?;
                }
            }
            b"tc" => self.row.push_str("| "),
            b"tr" => {
                let row = std::mem::take(&mut self.row);
                cutter.paragraph(row.trim_end().trim_end_matches('|'))?;
            }
            b"tbl" => self.tables = self.tables.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn said(parts: &[(&str, &[u8])]) -> Result<String, Refusal> {
        let mut cutter = Cutter::default();
        read(&mut cutter, &archive(parts))?;
        Ok(cutter
            .end()?
            .0
            .into_iter()
            .map(|piece| format!("[{}] {}", piece.heading.unwrap_or_default(), piece.text))
            .collect::<Vec<_>>()
            .join(" / "))
    }

    const STYLES: &[u8] = br#"<w:styles xmlns:w="w"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>"#;

    #[test]
    fn paragraphs_headings_and_tables_are_read() {
        let document = br#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>
            <w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Wind</w:t></w:r></w:p>
            <w:p><w:r><w:t xml:space="preserve">Cross </w:t></w:r><w:r><w:t>&amp; gusts&#33;</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>
            <w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
            </w:body></w:document>"#;
        let read = said(&[("word/document.xml", document), ("word/styles.xml", STYLES)]).unwrap();
        assert_eq!(read, "[Wind] Wind\n\nCross & gusts!\n\nnew\n\n1 | 2");
    }

    #[test]
    fn entities_are_not_resolved() {
        let document = br#"<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:document>"#;
        assert_eq!(said(&[("word/document.xml", document)]).unwrap_err(), Refusal::Unreadable);
        let document = br#"<w:document xmlns:w="w"><w:p><w:r><w:t>a &e; b</w:t></w:r></w:p></w:document>"#;
        assert_eq!(said(&[("word/document.xml", document)]).unwrap_err(), Refusal::Unreadable);
    }

    #[test]
    fn bombs_are_too_large() {
        let zeros = vec![b' '; 101 * 1024 * 1024];
        assert_eq!(said(&[("word/document.xml", b"<d/>"), ("word/media/a", &zeros)]).unwrap_err(), Refusal::TooLarge);
        assert_eq!(said(&[("word/document.xml", &zeros)]).unwrap_err(), Refusal::TooLarge);
        let names: Vec<String> = (0..1001).map(|place| format!("word/{place}.xml")).collect();
        let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        assert_eq!(said(&parts).unwrap_err(), Refusal::TooLarge);
        let deep = "<a>".repeat(2000);
        assert_eq!(said(&[("word/document.xml", deep.as_bytes())]).unwrap_err(), Refusal::Unreadable);
    }

    #[test]
    fn other_files_are_none() {
        let mut cutter = Cutter::default();
        assert_eq!(read(&mut cutter, b"PK\x03\x04 and more").unwrap_err(), Refusal::Unreadable);
        assert_eq!(said(&[("other.xml", b"<d/>")]).unwrap_err(), Refusal::Unreadable);
        let mut compound = COMPOUND.to_vec();
        assert_eq!(read(&mut cutter, &compound).unwrap_err(), Refusal::Unreadable);
        compound.extend(ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(read(&mut cutter, &compound).unwrap_err(), Refusal::Encrypted);
    }
}
