//! Phrases that a school wants nobody to write: compared without case, between words, whatever stands for a space. A text is given on up to the first.

/// Looks for phrases in a text that comes in pieces.
#[derive(Debug, Clone)]
pub struct Phrases {
    phrases: Vec<Vec<char>>,
    held: Vec<char>,
    /// Whether what was given on ends inside of a word.
    is_in_word: bool,
}

/// What comes of a piece.
#[derive(Debug, PartialEq, Eq)]
pub enum Passed {
    /// This holds none.
    On(String),
    /// Before this begins one.
    Blocked(String),
}

fn folded(letter: char) -> char {
    if letter.is_whitespace() { ' ' } else { letter.to_lowercase().next().unwrap_or(letter) }
}

impl Phrases {
    /// These.
    pub fn new(phrases: &[String]) -> Self {
        let phrases =
            phrases.iter().map(|phrase| phrase.trim().chars().map(folded).collect::<Vec<_>>()).filter(|phrase| !phrase.is_empty());
        Phrases { phrases: phrases.collect(), held: Vec::new(), is_in_word: false }
    }

    /// Takes a piece; gives on what can hold none.
    pub fn push(&mut self, text: &str) -> Passed {
        if self.phrases.is_empty() {
            return Passed::On(text.to_owned());
        }
        self.held.extend(text.chars());
        self.run(false)
    }

    /// The rest: nothing more comes.
    pub fn finish(&mut self) -> Passed {
        self.run(true)
    }

    fn run(&mut self, is_end: bool) -> Passed {
        let mut given = String::new();
        let mut at = 0;
        while at < self.held.len() {
            if !self.is_in_word || !self.held[at].is_alphanumeric() {
                match self.at(at, is_end) {
                    Found::Phrase => {
                        self.held.clear();
                        return Passed::Blocked(given);
                    }
                    Found::Perhaps => break,
                    Found::None => {}
                }
            }
            self.is_in_word = self.held[at].is_alphanumeric();
            given.push(self.held[at]);
            at += 1;
        }
        self.held.drain(..at);
        Passed::On(given)
    }

    fn at(&self, at: usize, is_end: bool) -> Found {
        let rest = &self.held[at..];
        let mut found = Found::None;
        for phrase in &self.phrases {
            let same = phrase.iter().zip(rest).take_while(|(wanted, letter)| **wanted == folded(**letter)).count();
            if same == phrase.len() {
                let ends_in_word = phrase.last().is_some_and(|letter| letter.is_alphanumeric());
                match rest.get(same) {
                    Some(next) if ends_in_word && next.is_alphanumeric() => {}
                    None if ends_in_word && !is_end => found = Found::Perhaps,
                    _ => return Found::Phrase,
                }
            } else if same == rest.len() && !is_end {
                found = Found::Perhaps;
            }
        }
        found
    }
}

enum Found {
    None,
    Perhaps,
    Phrase,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(phrases: &[&str], pieces: &[&str]) -> (String, bool) {
        let phrases: Vec<String> = phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
        let mut reader = Phrases::new(&phrases);
        let mut out = String::new();
        for piece in pieces {
            match reader.push(piece) {
                Passed::On(text) => out.push_str(&text),
                Passed::Blocked(text) => return (out + &text, true),
            }
        }
        match reader.finish() {
            Passed::On(text) => (out + &text, false),
            Passed::Blocked(text) => (out + &text, true),
        }
    }

    #[test]
    fn a_phrase_ends_the_text_before_it() {
        assert_eq!(read(&["secret plan"], &["Here is the Sec", "RET\nPlan!"]), ("Here is the ".to_owned(), true));
        assert_eq!(read(&["plan"], &["planet", " plane pl", "an"]), ("planet plane ".to_owned(), true));
        assert_eq!(read(&["plan"], &["replan, plans, pla"]), ("replan, plans, pla".to_owned(), false));
        assert_eq!(read(&["ÄRGER"], &["kein ärger"]), ("kein ".to_owned(), true));
        assert_eq!(read(&[], &["any", "thing"]), ("anything".to_owned(), false));
        assert_eq!(read(&[" ", "a.b"], &["a.", "bc"]), ("a.bc".to_owned(), false));
    }

    #[test]
    fn what_can_begin_no_phrase_is_not_held_back() {
        let mut reader = Phrases::new(&["secret".to_owned()]);
        assert_eq!(reader.push("Hello s"), Passed::On("Hello ".to_owned()));
        assert_eq!(reader.push("un"), Passed::On("sun".to_owned()));
    }
}
