//! An answer that comes as events (text/event-stream), or all at once as JSON: its pieces, whatever way it is cut.

use serde_json::Value;

use super::Piece;

/// It is not what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong;

/// Reads an answer as it comes.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// Whether the last line ended with a carriage return, so that a line feed after it is no line.
    was_return: bool,
    /// It is plain JSON, and no stream; not known before the first character.
    is_plain: Option<bool>,
    /// `[DONE]` has come.
    pub is_done: bool,
}

impl Lines {
    /// Takes what has come, and answers the pieces in it.
    ///
    /// # Errors
    /// When a line is no JSON.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, Wrong> {
        let mut pieces = Vec::new();
        if self.is_plain.is_none() {
            let begin =
                self.held.iter().chain(bytes).copied().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
            self.is_plain = begin.map(|byte| byte == b'{');
        }
        if self.is_plain == Some(true) {
            self.held.extend_from_slice(bytes);
            return Ok(pieces);
        }
        for &byte in bytes {
            match byte {
                b'\n' if self.was_return => self.was_return = false,
                b'\n' | b'\r' => {
                    self.was_return = byte == b'\r';
                    let line = std::mem::take(&mut self.held);
                    pieces.extend(self.line(&line)?);
                }
                _ => {
                    self.was_return = false;
                    self.held.push(byte);
                }
            }
        }
        Ok(pieces)
    }

    /// What is left when nothing more comes.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn finish(&mut self) -> Result<Vec<Piece>, Wrong> {
        let left = std::mem::take(&mut self.held);
        if self.is_plain == Some(true) {
            let text = String::from_utf8_lossy(&left);
            let whole: Value = serde_json::from_str(text.trim().trim_start_matches('\u{feff}')).map_err(|_| Wrong)?;
            self.is_done = true;
            return Ok(vec![Piece::of_whole(&whole)]);
        }
        match self.line(&left) {
            Ok(piece) => Ok(piece.into_iter().collect()),
            // A line of data that was cut off in the middle is not wrong: it is cut off.
            Err(Wrong) if left.starts_with(b"data") || b"data:".starts_with(&left) => Ok(Vec::new()),
            Err(Wrong) => Err(Wrong),
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
        let value: Value = serde_json::from_str(data).map_err(|_| Wrong)?;
        Ok(Some(Piece::of_stream(&value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn read(bytes: &[u8], size: usize) -> Result<(String, bool), Wrong> {
        let mut lines = Lines::default();
        let mut pieces = Vec::new();
        for part in bytes.chunks(size) {
            pieces.extend(lines.push(part)?);
        }
        pieces.extend(lines.finish()?);
        Ok((text(&pieces), lines.is_done))
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
    fn a_line_that_is_no_json_is_wrong_and_one_that_is_cut_off_is_not() {
        for wrong in ["data: {\"a\":\n\n", "<html>\n", "data: hello\n", "{\"choices\":", "not json", "<html>"] {
            assert_eq!(read(wrong.as_bytes(), 4), Err(Wrong), "{wrong}");
        }
        assert_eq!(read(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choi", 9), Ok(("a".to_owned(), false)));
        assert_eq!(read(b"", 1), Ok((String::new(), false)));
    }
}
