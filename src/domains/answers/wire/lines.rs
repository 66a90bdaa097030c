//! An answer that comes as events (text/event-stream), or all at once as JSON: its pieces, whatever way it is cut.

use serde_json::Value;

use super::Piece;

/// It is not what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wrong;

/// Reads an answer as it comes.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// Whether the last line ended with a carriage return, so that a line feed after it is no line.
    was_return: bool,
    /// It is plain JSON, and no stream; not known before the first character.
    is_plain: Option<bool>,
    /// Half of a character that ended a text: its other half begins the next.
    half: Option<char>,
    /// `[DONE]` has come: what comes after it says nothing.
    pub is_done: bool,
    /// A line was not what was agreed: nothing after it is read.
    pub is_wrong: bool,
}

impl Lines {
    /// Takes what has come, and answers the pieces in it, up to a line that is no JSON.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.is_plain.is_none() {
            let begin =
                self.held.iter().chain(bytes).copied().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
            self.is_plain = begin.map(|byte| byte == b'{');
        }
        if self.is_plain == Some(true) {
            self.held.extend_from_slice(bytes);
            return pieces;
        }
        for &byte in bytes {
            if self.is_done || self.is_wrong {
                break;
            }
            match byte {
                b'\n' if self.was_return => self.was_return = false,
                b'\n' | b'\r' => {
                    self.was_return = byte == b'\r';
                    let line = std::mem::take(&mut self.held);
                    match self.line(&line) {
                        Ok(piece) => pieces.extend(piece),
                        Err(Wrong) => self.is_wrong = true,
                    }
                }
                _ => {
                    self.was_return = false;
                    self.held.push(byte);
                }
            }
        }
        pieces
    }

    /// What is left when nothing more comes.
    pub fn finish(&mut self) -> Vec<Piece> {
        let left = std::mem::take(&mut self.held);
        if self.is_plain == Some(true) {
            let text = String::from_utf8_lossy(&left);
            let Ok(whole) = read(text.trim().trim_start_matches('\u{feff}')) else {
                self.is_wrong = true;
                return Vec::new();
            };
            let piece = Piece::of_whole(&whole);
            // JSON of somebody who answers something else.
            if !piece.is_error && whole.get("choices").and_then(|choices| choices.get(0)).is_none() {
                self.is_wrong = true;
                return Vec::new();
            }
            self.is_done = true;
            return vec![self.mended(piece)];
        }
        match self.line(&left) {
            Ok(piece) => piece.into_iter().collect(),
            // A line of data that was cut off in the middle is not wrong: it is cut off.
            Err(Wrong) => {
                self.is_wrong = !(left.starts_with(b"data") || b"data:".starts_with(&left));
                Vec::new()
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Piece>, Wrong> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}');
        let data = match text.split_once(':') {
            _ if text.trim().is_empty() => return Ok(None),
            Some(("data", data)) => data.trim(),
            // Comments, and fields that say nothing here.
            Some(("" | "event" | "id" | "retry", _)) => return Ok(None),
            _ => return Err(Wrong),
        };
        if data.is_empty() {
            return Ok(None);
        }
        if data == "[DONE]" {
            self.is_done = true;
            return Ok(None);
        }
        let piece = Piece::of_stream(&read(data)?);
        Ok(Some(self.mended(piece)))
    }

    /// Puts halves of characters together, also those of two pieces.
    fn mended(&mut self, mut piece: Piece) -> Piece {
        if piece.text.is_empty() || self.half.is_none() && !piece.text.contains(is_half) {
            return piece;
        }
        let text = std::mem::take(&mut piece.text);
        for letter in text.chars() {
            let before = self.half.take();
            match (before.and_then(unit), unit(letter)) {
                (Some(high), Some(low)) if is_high(high) && !is_high(low) => {
                    piece.text.extend(char::decode_utf16([high, low]).map(|whole| whole.unwrap_or(char::REPLACEMENT_CHARACTER)));
                }
                (before, now) => {
                    piece.text.extend(before.map(|_| char::REPLACEMENT_CHARACTER));
                    match now {
                        Some(now) if is_high(now) => self.half = Some(letter),
                        Some(_) => piece.text.push(char::REPLACEMENT_CHARACTER),
                        None => piece.text.push(letter),
                    }
                }
            }
        }
        piece
    }
}

/// Characters that stand for halves, one for each of the 2,048: of the last plane of private use, where no model writes.
const HALVES: u32 = 0x10_F000;

/// The half that a character stands for.
fn unit(letter: char) -> Option<u16> {
    u32::from(letter).checked_sub(HALVES).filter(|at| *at < 0x800).and_then(|at| u16::try_from(0xD800 + at).ok())
}

fn is_half(letter: char) -> bool {
    unit(letter).is_some()
}

fn is_high(half: u16) -> bool {
    half < 0xDC00
}

/// Reads JSON; a half of a character, which some servers write (`\ud83d` alone), becomes what stands for it.
fn read(text: &str) -> Result<Value, Wrong> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let code = |from: usize| {
            let digits = escape.get(from..from + 6)?.strip_prefix("\\u")?;
            u32::from_str_radix(digits, 16).ok().filter(|code| (0xD800..0xE000).contains(code))
        };
        let length = match (code(0), code(6)) {
            (Some(high), Some(low)) if high < 0xDC00 && low >= 0xDC00 => 12,
            (Some(half), _) => {
                whole.extend(char::from_u32(HALVES + half - 0xD800));
                rest = &escape[6..];
                continue;
            }
            // What is escaped is no beginning of another escape.
            _ => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    whole.push_str(rest);
    serde_json::from_str(&whole).map_err(|_| Wrong)
}

#[cfg(test)]
mod tests {
    use super::{Lines, Piece, Wrong};

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn read(bytes: &[u8], size: usize) -> Result<(String, bool), Wrong> {
        let mut lines = Lines::default();
        let mut pieces = Vec::new();
        for part in bytes.chunks(size) {
            pieces.extend(lines.push(part));
        }
        pieces.extend(lines.finish());
        if lines.is_wrong { Err(Wrong) } else { Ok((text(&pieces), lines.is_done)) }
    }

    #[test]
    fn it_reads_leniently_and_however_it_is_cut() {
        let streams = [
            "data: {\"choices\":[{\"delta\":{\"content\":\"Grüße \"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"🌍\"},\"finish_reason\":\"\"}]}\n\ndata: [DONE]\n\n",
            ": a comment\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"Grüße \"}}],\"usage\":{}}\r\n\r\nevent: x\r\nid: 7\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"🌍\"}}],\"usage\":null}\r\rdata:[DONE]\r\n",
            "data: {}\n\ndata: {\"choices\":[]}\n\ndata: {\"choices\":[{}]}\n\ndata: {\"choices\":[{\"delta\":null}]}\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\ndata: {\"unknown\":1,\"choices\":[{\"delta\":{\"content\":\"Grüße 🌍\"}}]}\n\ndata: [DONE]",
            "\n {\"choices\":[{\"message\":{\"content\":\"Grüße 🌍\"},\"finish_reason\":\"stop\"}]}\n",
        ];
        for stream in streams {
            for size in [1, 2, 3, 5, 1000] {
                assert_eq!(read(stream.as_bytes(), size), Ok(("Grüße 🌍".to_owned(), true)), "{stream} by {size}");
            }
        }
    }

    #[test]
    fn halves_of_characters_are_put_together_and_what_comes_after_the_end_is_not_read() {
        let piece = |content: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n");
        let stream =
            [piece(r"a\ud83d"), piece(r"\ude00b"), piece(r"\udc00\ud83d"), piece("c"), "data: [DONE]\n\n".to_owned(), piece("d")].concat();
        for size in [1, 7, 1000] {
            assert_eq!(read(stream.as_bytes(), size), Ok(("a😀b\u{fffd}\u{fffd}c".to_owned(), true)));
        }
        // What came before a wrong line is said.
        let mut lines = Lines::default();
        assert_eq!((text(&lines.push(format!("{}data: {{no\n", piece("good ")).as_bytes())), lines.is_wrong), ("good ".to_owned(), true));
    }

    #[test]
    fn a_line_that_is_no_json_is_wrong_and_one_that_is_cut_off_is_not() {
        for wrong in ["data: {\"a\":\n\n", "<html>\n", "data: hello\n", "{\"choices\":", "not json", "<html>", "{}", "{\"detail\":\"x\"}"] {
            assert_eq!(read(wrong.as_bytes(), 4), Err(Wrong), "{wrong}");
        }
        assert_eq!(read(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choi", 9), Ok(("a".to_owned(), false)));
        assert_eq!(read(b"", 1), Ok((String::new(), false)));
    }
}
