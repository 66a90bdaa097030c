//! PDF: the text of its pages. Each page that the first reader gives up on is left to the second.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Document, PlainTextOutput, output_doc_page};

use super::{Refusal, passages::Cutter};

/// Pages that are read.
const MOST_PAGES: usize = 2000;

/// Reads a document; answers how many pages it has.
///
/// # Errors
/// `ENCRYPTED` where it opens by a password, `TOO_LARGE` for too many pages, else `UNREADABLE`.
pub fn read(cutter: &mut Cutter, bytes: &[u8]) -> Result<i32, Refusal> {
    let document = attempt(|| Document::load_mem(bytes).ok()).ok_or(Refusal::Unreadable)?;
    // What opens without a password is open by now, and says nothing of it any more.
    if document.trailer.get(b"Encrypt").is_ok() {
        return Err(Refusal::Encrypted);
    }
    let pages = attempt(|| Some(document.get_pages().len())).ok_or(Refusal::Unreadable)?;
    if pages > MOST_PAGES {
        return Err(Refusal::TooLarge);
    }
    for page in 1..=u32::try_from(pages).unwrap_or(u32::MAX) {
        cutter.page(i32::try_from(page).unwrap_or(i32::MAX));
        let text = attempt(|| positioned(&document, page)).or_else(|| attempt(|| document.extract_text(&[page]).ok()));
        paragraphs(cutter, &text.ok_or(Refusal::Unreadable)?)?;
    }
    i32::try_from(pages).map_err(|_| Refusal::TooLarge)
}

/// A reader that gives up may panic.
fn attempt<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn positioned(document: &Document, page: u32) -> Option<String> {
    let mut text = String::new();
    output_doc_page(document, &mut PlainTextOutput::new(&mut text), page).ok()?;
    Some(text)
}

/// Puts the lines of paragraphs together, and the words that were parted at their ends.
fn paragraphs(cutter: &mut Cutter, text: &str) -> Result<(), Refusal> {
    let mut paragraph = String::new();
    for line in text.lines().map(str::trim).chain([""]) {
        if line.is_empty() {
            cutter.paragraph(&paragraph)?;
            paragraph.clear();
            continue;
        }
        let is_parted = paragraph.ends_with('-')
            && paragraph.chars().rev().nth(1).is_some_and(char::is_alphabetic)
            && line.starts_with(char::is_lowercase);
        if is_parted {
            paragraph.pop();
        } else if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

    use super::*;

    /// A document of pages that say these lines.
    fn written(pages: &[&[&str]]) -> Vec<u8> {
        let mut pdf = Pdf::new();
        let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
        let ids: Vec<(Ref, Ref)> =
            (0..pages.len()).map(|place| (Ref::new(10 + 2 * place as i32), Ref::new(11 + 2 * place as i32))).collect();
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).kids(ids.iter().map(|ids| ids.0)).count(ids.len() as i32);
        for (lines, (page, content)) in pages.iter().zip(&ids) {
            let mut written = pdf.page(*page);
            written.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(*content);
            written.resources().fonts().pair(Name(b"F1"), font);
            written.finish();
            let mut said = Content::new();
            for (place, line) in lines.iter().enumerate() {
                said.begin_text()
                    .set_font(Name(b"F1"), 12.0)
                    .next_line(72.0, 760.0 - 14.0 * place as f32)
                    .show(Str(line.as_bytes()))
                    .end_text();
            }
            pdf.stream(*content, &said.finish());
        }
        pdf.type1_font(font).base_font(Name(b"Helvetica"));
        pdf.finish()
    }

    #[test]
    fn pages_are_read_with_their_numbers() {
        let mut cutter = Cutter::default();
        assert_eq!(read(&mut cutter, &written(&[&["The cross-", "wind limit"], &["is 15 kt."]])).unwrap(), 2);
        let (pieces, _) = cutter.end().unwrap();
        let said: Vec<_> = pieces.iter().map(|piece| (piece.page, piece.text.as_str())).collect();
        assert_eq!(said, [(Some(1), "The crosswind limit"), (Some(2), "is 15 kt.")]);
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        let mut cutter = Cutter::default();
        assert_eq!(read(&mut cutter, b"%PDF-1.7 and nothing else").unwrap_err(), Refusal::Unreadable);
        read(&mut cutter, &written(&[&[]])).unwrap();
        assert_eq!(cutter.end().unwrap_err(), Refusal::NoText);
        let many = vec![&["x"][..]; 2001];
        assert_eq!(read(&mut Cutter::default(), &written(&many)).unwrap_err(), Refusal::TooLarge);
    }

    #[test]
    fn what_opens_by_a_password_is_encrypted() {
        let plain = written(&[&["Hidden"]]);
        let mark = b"trailer\n<<";
        let at = plain.windows(mark.len()).rposition(|window| window == mark).unwrap() + mark.len();
        let key = "0".repeat(64);
        let encrypt = format!("\n/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{key}> /U <{key}> >>\n/ID [<00> <00>]");
        let locked = [&plain[..at], encrypt.as_bytes(), &plain[at..]].concat();
        assert_eq!(read(&mut Cutter::default(), &locked).unwrap_err(), Refusal::Encrypted);
    }
}
