//! A sheet as it is read: its lines, each under the number that an editor shows for it.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, Read},
};

use csv::StringRecord;

use super::archive::Broken;

/// Bytes that a record has at most, with that before it: a quote that nobody closes reads the rest of the file into one cell.
const RECORD: u64 = 4 << 20;

/// Bytes on their way to the reader of CSV. Of a record that one only says where the one before has ended: halves of line ends and blank lines lie
/// between the two.
struct Watched<R> {
    inner: R,
    /// Where the next byte lies, and in which line.
    at: u64,
    line: i32,
    /// Nothing of this line was seen yet.
    is_new: bool,
    /// The byte before was a carriage return: a line feed after it ends no other line.
    has_returned: bool,
    /// Where lines begin that are not blank, as far as nobody has asked beyond them.
    begun: VecDeque<(u64, i32)>,
    /// Where the record begins that was asked for last.
    asked: u64,
}

impl<R> Watched<R> {
    fn new(inner: R) -> Self {
        Watched { inner, at: 0, line: 1, is_new: true, has_returned: false, begun: VecDeque::new(), asked: 0 }
    }

    /// The line of the first record that begins here or later.
    fn line_from(&mut self, byte: u64) -> i32 {
        self.asked = self.asked.max(byte);
        while self.begun.front().is_some_and(|(begin, _)| *begin < byte) {
            self.begun.pop_front();
        }
        self.begun.front().map_or(self.line, |(_, line)| *line)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if self.at.saturating_sub(self.asked) > RECORD {
            return Err(io::Error::other("a record is too long"));
        }
        for byte in &buffer[..read] {
            match byte {
                b'\n' if self.has_returned => {}
                b'\n' | b'\r' => {
                    self.line = self.line.saturating_add(1);
                    self.is_new = true;
                }
                _ if self.is_new => {
                    self.is_new = false;
                    self.begun.push_back((self.at, self.line));
                }
                _ => {}
            }
            self.has_returned = *byte == b'\r';
            self.at += 1;
        }
        Ok(read)
    }
}

/// Which columns a sheet has.
struct Columns(HashMap<String, usize>);

/// A sheet under way.
pub struct Sheet<'a> {
    file: &'a str,
    lines: csv::Reader<Watched<&'a mut dyn Read>>,
    columns: Columns,
    record: StringRecord,
}

/// A line of it.
pub struct Row<'r> {
    /// Its number; the first line of the file is 1.
    pub line: i32,
    columns: &'r Columns,
    record: &'r StringRecord,
}

impl Row<'_> {
    /// A cell, without the blanks around it; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        let at = self.columns.0.get(&name.to_ascii_lowercase());
        at.and_then(|at| self.record.get(*at)).unwrap_or_default().trim()
    }
}

fn broken(file: &str, error: &csv::Error) -> Broken {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Broken::Encoding(file.to_owned()),
        _ => Broken::Archive,
    }
}

impl<'a> Sheet<'a> {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// `Broken::MissingColumn` where one of these is not there; others where it is no CSV.
    pub fn open(file: &'a str, bytes: &'a mut dyn Read, required: &[&str]) -> Result<Self, Broken> {
        let mut lines = csv::ReaderBuilder::new().flexible(true).from_reader(Watched::new(bytes));
        let header = lines.headers().map_err(|error| broken(file, &error))?;
        let known: HashMap<String, usize> = header.iter().enumerate().map(|(at, name)| (name.trim().to_ascii_lowercase(), at)).collect();
        if let Some(missing) = required.iter().find(|name| !known.contains_key(&name.to_ascii_lowercase())) {
            return Err(Broken::MissingColumn(file.to_owned(), (*missing).to_owned()));
        }
        Ok(Sheet { file, lines, columns: Columns(known), record: StringRecord::new() })
    }

    /// The next line, if there is one.
    ///
    /// # Errors
    /// Where it is no CSV, or not UTF-8.
    pub fn line(&mut self) -> Result<Option<Row<'_>>, Broken> {
        if !self.lines.read_record(&mut self.record).map_err(|error| broken(self.file, &error))? {
            return Ok(None);
        }
        let after = self.record.position().map_or(0, csv::Position::byte);
        let line = self.lines.get_mut().line_from(after);
        Ok(Some(Row { line, columns: &self.columns, record: &self.record }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(i32, String)> {
        let mut bytes = text.as_bytes();
        let mut sheet = Sheet::open("a.csv", &mut bytes, &["id"]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = sheet.line().unwrap() {
            lines.push((row.line, row.get("ID").to_owned()));
        }
        lines
    }

    #[test]
    fn a_quote_that_nobody_closes_does_not_read_the_whole_file() {
        let text = format!("id\n1\n\"{}", "a\n".repeat(5 << 20));
        let mut bytes = text.as_bytes();
        let mut sheet = Sheet::open("a.csv", &mut bytes, &["id"]).unwrap();
        assert_eq!(sheet.line().unwrap().unwrap().get("id"), "1");
        assert!(matches!(sheet.line(), Err(Broken::Archive)));
        assert!(bytes.len() > 5 << 20, "{}", bytes.len());
        let long = "a\n".repeat(1 << 20);
        assert_eq!(lines(&format!("id\n\"{long}\"\n2")).len(), 2);
    }

    #[test]
    fn lines_are_numbered_as_they_stand_in_the_file() {
        let text = "\nid,b\na,1\n\n\nb,\"two\n\nlines\"\nc\n  \nd";
        let expected = [(3, "a"), (6, "b"), (9, "c"), (10, ""), (11, "d")].map(|(line, id)| (line, id.to_owned()));
        for marked in [text.to_owned(), format!("\u{feff}{}", &text[1..])] {
            let off = i32::from(!marked.starts_with('\n'));
            for ends in ["\n", "\r\n", "\r"] {
                let found: Vec<_> = lines(&marked.replace('\n', ends)).into_iter().map(|(line, id)| (line + off, id)).collect();
                assert_eq!(found, expected, "{marked:?} {ends:?}");
            }
        }
    }
}
