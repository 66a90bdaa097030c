//! Cutting texts into the passages that are searched: at paragraphs, and never across a page or a heading.

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Characters of a passage.
pub const LONGEST: usize = 1200;
/// Characters that a passage repeats of the one before it.
pub const OVERLAP: usize = 150;
/// Characters of a document.
pub const MOST_CHARACTERS: usize = 5_000_000;
/// Passages of a document: as many as a knowledge base holds.
const MOST_PIECES: usize = 20_000;
/// Characters of a heading.
const LONGEST_HEADING: usize = 200;

/// A piece of a document's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The page that it stands on; the first is 1. None where the document has none.
    pub page: Option<i32>,
    /// What it stands under.
    pub heading: Option<String>,
    /// Its words.
    pub text: String,
}

/// Takes a document's paragraphs one after the other.
#[derive(Debug, Default)]
pub struct Cutter {
    pieces: Vec<Piece>,
    page: Option<i32>,
    heading: Option<String>,
    /// The passage that is being filled, and how many characters it has.
    text: String,
    length: usize,
    /// Whether it holds nothing but what it repeats.
    is_repeat: bool,
    characters: usize,
    has_words: bool,
}

impl Cutter {
    /// A new page begins.
    pub fn page(&mut self, page: i32) {
        self.close(false);
        self.page = Some(page);
    }

    /// What follows stands under another heading. The heading is text, too.
    ///
    /// # Errors
    /// `TOO_LARGE` for too many characters.
    pub fn heading(&mut self, text: &str) -> Result<(), Refusal> {
        let heading = tidy(text);
        if heading.is_empty() {
            return Ok(());
        }
        self.close(false);
        self.heading = Some(heading.chars().take(LONGEST_HEADING).collect());
        self.paragraph(&heading)
    }

    /// A paragraph.
    ///
    /// # Errors
    /// `TOO_LARGE` for too many characters.
    pub fn paragraph(&mut self, text: &str) -> Result<(), Refusal> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        let length = text.chars().count();
        self.characters += length;
        if self.characters > MOST_CHARACTERS || self.pieces.len() > MOST_PIECES {
            return Err(Refusal::TooLarge);
        }
        self.has_words |= text.chars().any(char::is_alphanumeric);
        if self.length > 0 && self.length + 2 + length > LONGEST {
            self.close(true);
        }
        if self.length + 2 + length <= LONGEST {
            self.add(&text, length);
            return Ok(());
        }
        // Longer than a passage by itself: at the ends of its sentences and words.
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let room = LONGEST - if self.length > 0 { self.length + 2 } else { 0 };
            let (part, behind) = split(rest, room);
            self.add(part, part.chars().count());
            rest = behind;
            if !rest.is_empty() {
                self.close(true);
            }
        }
        Ok(())
    }

    /// What was cut, and how many characters the document has.
    ///
    /// # Errors
    /// `NO_TEXT` where nothing of it is a letter or a digit, `TOO_LARGE` for too many passages.
    pub fn end(mut self) -> Result<(Vec<Piece>, usize), Refusal> {
        self.close(false);
        match self.pieces.len() {
            0..=MOST_PIECES if self.has_words => Ok((self.pieces, self.characters)),
            0..=MOST_PIECES => Err(Refusal::NoText),
            _ => Err(Refusal::TooLarge),
        }
    }

    fn add(&mut self, text: &str, length: usize) {
        if self.length > 0 {
            self.text.push_str("\n\n");
            self.length += 2;
        }
        self.text.push_str(text);
        self.length += length;
        self.is_repeat = false;
    }

    /// Ends the passage; the next one begins with the end of it, where it goes on.
    fn close(&mut self, goes_on: bool) {
        if self.length > 0 && !self.is_repeat {
            let text = std::mem::take(&mut self.text);
            if goes_on {
                self.text = tail(&text).to_owned();
            }
            self.pieces.push(Piece { page: self.page, heading: self.heading.clone(), text });
        } else {
            self.text.clear();
        }
        self.length = self.text.chars().count();
        self.is_repeat = true;
    }
}

/// A text without what nobody sees, and with one blank where there were several.
pub fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        let word: String =
            word.chars().filter(|letter| !matches!(letter, '\u{AD}' | '\u{200B}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')).collect();
        if !word.is_empty() {
            if !tidied.is_empty() {
                tidied.push(' ');
            }
            tidied.push_str(&word);
        }
    }
    lectern_kernel::text::composed(&tidied).into_owned()
}

/// The end of a passage that the next one repeats: whole words.
fn tail(text: &str) -> &str {
    let Some((from, _)) = text.char_indices().rev().nth(OVERLAP - 1) else { return "" };
    let end = &text[from..];
    end.find(char::is_whitespace).map_or("", |at| end[at..].trim_start())
}

/// As much of a text as there is room for, and the rest: after a sentence where one ends in the second half, else between words, else anywhere.
fn split(text: &str, room: usize) -> (&str, &str) {
    let Some((end, _)) = text.char_indices().nth(room) else { return (text, "") };
    let head = &text[..end];
    let half = head.char_indices().nth(room / 2).map_or(0, |(at, _)| at);
    let sentence = head.rmatch_indices(['.', '!', '?', '。']).map(|(at, mark)| at + mark.len());
    let sentence =
        sentence.take_while(|at| *at > half).find(|at| text[*at..].starts_with(char::is_whitespace) || text[..*at].ends_with('。'));
    let at = sentence.or_else(|| head.rfind(char::is_whitespace).filter(|at| *at > half)).unwrap_or(end);
    (text[..at].trim_end(), text[at..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(paragraphs: &[&str]) -> Vec<Piece> {
        let mut cutter = Cutter::default();
        paragraphs.iter().for_each(|text| cutter.paragraph(text).unwrap());
        cutter.end().unwrap().0
    }

    #[test]
    fn short_paragraphs_share_a_passage() {
        let pieces = cut(&["One  and\nanother.", " ", "Two\u{0}."]);
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0].text, "One and another.\n\nTwo .");
    }

    #[test]
    fn no_passage_is_longer_and_each_goes_on_from_the_one_before() {
        let sentence = "The wind across the runway decides. ";
        for text in [sentence.repeat(200), "x".repeat(5000), "wort ".repeat(1000), "風".repeat(3000)] {
            let pieces = cut(&[&text]);
            assert!(pieces.len() > 1);
            assert!(pieces.iter().all(|piece| (1..=LONGEST).contains(&piece.text.chars().count())), "{}", &text[..20]);
            let all: usize = pieces.iter().map(|piece| piece.text.chars().count()).sum();
            assert!(all + pieces.len() * 4 >= tidy(&text).chars().count());
        }
        let pieces = cut(&[&sentence.repeat(100), "The end."]);
        for pair in pieces.windows(2) {
            let begin: String = pair[1].text.chars().take(20).collect();
            assert!(pair[0].text.contains(&begin), "{pair:?}");
        }
        assert!(pieces.last().unwrap().text.ends_with("The end."));
    }

    #[test]
    fn pages_and_headings_part_passages() {
        let mut cutter = Cutter::default();
        cutter.page(1);
        cutter.heading("Wind").unwrap();
        cutter.paragraph("Crosswind.").unwrap();
        cutter.page(2);
        cutter.paragraph("Tailwind.").unwrap();
        let (pieces, characters) = cutter.end().unwrap();
        assert_eq!(characters, 23);
        let said: Vec<_> = pieces.iter().map(|piece| (piece.page, piece.heading.as_deref(), piece.text.as_str())).collect();
        assert_eq!(said, [(Some(1), Some("Wind"), "Wind\n\nCrosswind."), (Some(2), Some("Wind"), "Tailwind.")]);
    }

    #[test]
    fn what_says_nothing_has_no_text() {
        for paragraphs in [&[][..], &[" \n"], &["— …", "***"]] {
            let mut cutter = Cutter::default();
            paragraphs.iter().for_each(|text| cutter.paragraph(text).unwrap());
            assert_eq!(cutter.end().unwrap_err(), Refusal::NoText);
        }
        let mut cutter = Cutter::default();
        let long = "a ".repeat(500_000);
        assert_eq!((0..6).find_map(|_| cutter.paragraph(&long).err()), Some(Refusal::TooLarge));
        let mut cutter = Cutter::default();
        assert_eq!((0..30_000).find_map(|_| cutter.heading("a").err()), Some(Refusal::TooLarge));
    }
}
