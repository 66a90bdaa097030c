//! A file that the service writes, from its first byte to its row: in constant memory.

use std::borrow::Cow;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use lectern_kernel::{
    error::{Error, Result},
    store::{Kept, Store, Writer, admitted},
};
use uuid::Uuid;

/// Bytes that are held before they are handed on.
const CHUNK: usize = 64 << 10;

/// Bytes on their way into the store.
pub struct Output {
    object: String,
    writer: Writer,
    digest: Context,
    size: i64,
}

/// What has been written.
pub struct Written {
    /// The key of its bytes.
    pub object: String,
    /// How many.
    pub size: i64,
    /// Their SHA-256.
    pub sha256: String,
}

impl Output {
    /// Begins the file of a run. Its key is made of the run's id: another attempt writes the same.
    pub fn begin(store: &Store, tenant: Uuid, run: Uuid, name: &str, content_type: &str) -> Output {
        let object = admitted(tenant, "exports", run, name);
        let writer = store.objects().write(&object, Some(Kept { name, content_type }));
        Output { object, writer, digest: Context::new(&SHA256), size: 0 }
    }

    /// Writes on.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.digest.update(&bytes);
        self.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.writer.push(bytes.into()).await
    }

    /// The bytes are there from now on.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn finish(self) -> Result<Written> {
        self.writer.finish().await?;
        Ok(Written { object: self.object, size: self.size, sha256: HEXLOWER.encode(self.digest.finish().as_ref()) })
    }

    /// Nothing of it stays.
    pub async fn abort(self) {
        self.writer.abort().await;
    }
}

/// Lines of CSV: UTF-8, as RFC 4180 says.
pub struct Sheet {
    lines: csv::Writer<Vec<u8>>,
    /// Whether people open it in a spreadsheet, which takes some texts for formulas.
    is_for_people: bool,
    rows: i32,
}

impl Sheet {
    /// A sheet with its first line.
    ///
    /// # Errors
    /// Never, but that the crate may.
    pub fn new(header: &[&str], is_for_people: bool) -> Result<Sheet> {
        let lines = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut sheet = Sheet { lines, is_for_people, rows: -1 };
        sheet.line(header)?;
        Ok(sheet)
    }

    /// One more line.
    ///
    /// # Errors
    /// As [`Sheet::new`].
    pub fn line<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<()> {
        self.rows += 1;
        let is_for_people = self.is_for_people;
        let cells = cells.iter().map(|cell| if is_for_people { harmless(cell.as_ref()) } else { Cow::Borrowed(cell.as_ref()) });
        self.lines.write_record(cells.map(|cell| cell.into_owned())).map_err(|error| unwritable(&error))
    }

    /// Lines so far, but the first.
    pub fn rows(&self) -> i32 {
        self.rows
    }

    /// What there is to be handed on, if it is enough.
    ///
    /// # Errors
    /// As [`Sheet::new`].
    pub fn take(&mut self, is_last: bool) -> Result<Option<Vec<u8>>> {
        self.lines.flush().map_err(|error| unwritable(&error))?;
        if self.lines.get_ref().is_empty() || (!is_last && self.lines.get_ref().len() < CHUNK) {
            return Ok(None);
        }
        let next = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let full = std::mem::replace(&mut self.lines, next);
        full.into_inner().map(Some).map_err(|error| unwritable(&error))
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("CSV can't be written: {error}"))
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_take_for_a_formula_is_a_text() {
        let mut sheet = Sheet::new(&["name"], true).unwrap();
        for cell in ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=b", "", "é \"quoted\", twice"] {
            sheet.line(&[cell]).unwrap();
        }
        let text = String::from_utf8(sheet.take(true).unwrap().unwrap()).unwrap();
        assert_eq!(text, "name\r\n'=1+1\r\n'+1\r\n'-1\r\n'@x\r\n'\tx\r\n\"'\rx\"\r\na=b\r\n\"\"\r\n\"é \"\"quoted\"\", twice\"\r\n");
        let mut sheet = Sheet::new(&["name"], false).unwrap();
        sheet.line(&["-"]).unwrap();
        assert_eq!((sheet.take(true).unwrap().unwrap(), sheet.rows()), (b"name\r\n-\r\n".to_vec(), 1));
        assert_eq!(sheet.take(true).unwrap(), None);
    }
}
