//! The rows of a table, page by page, each as a line of JSON, in the order of its primary key.

use std::io::{self, Read, Seek as _, SeekFrom, Write};

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
};

use super::catalog::Table;
use crate::domains::rosters::nameless;

/// Rows that are read at once.
const PAGE: usize = 2000;

/// The lines of all tables, on this machine until the archive is written: the snapshot is not held open for a store that is slow.
pub struct Spool {
    file: std::fs::File,
    size: u64,
}

/// The lines of one table.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The table.
    pub table: Table,
    /// How many.
    pub rows: u64,
    /// The SHA-256 of their bytes.
    pub sha256: String,
    /// Where they begin in the spool.
    start: u64,
    /// Bytes.
    pub size: u64,
}

fn failed(error: io::Error) -> Error {
    Error::unavailable(format!("a temporary file: {error}"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The statements that read a table: its first page, and one that goes on after the key `$2`. Each row: its line, how many rows have that line, and
/// its key as texts. Where a secret is part of the key, the line itself is what is ordered by.
fn statements(table: &Table) -> (String, Option<String>) {
    let name = quoted(&table.name);
    let columns: Vec<String> = table.columns.iter().map(|column| format!("t.{}", quoted(column))).collect();
    let line = format!("(SELECT row_to_json(r)::text FROM (SELECT {}) AS r)", columns.join(", "));
    if table.key.is_empty() {
        return (format!("SELECT {line}, 1::bigint, '{{}}'::text[] FROM public.{name} t WHERE t.tenant_id = $1 ORDER BY 1"), None);
    }
    if table.key.iter().any(|(column, _)| table.secrets.contains(column)) {
        let of = |after: &str| {
            format!(
                "SELECT l.line, count(*), ARRAY[l.line] FROM (SELECT {line} COLLATE \"C\" AS line FROM public.{name} t WHERE t.tenant_id = $1) AS l \
                 WHERE {after} GROUP BY l.line ORDER BY l.line LIMIT {PAGE}"
            )
        };
        return (of("true"), Some(of("l.line > ($2::text[])[1]")));
    }
    let key: Vec<String> = table.key.iter().map(|(column, _)| format!("t.{}", quoted(column))).collect();
    let texts: Vec<String> = key.iter().map(|column| format!("{column}::text")).collect();
    let given: Vec<String> = table.key.iter().enumerate().map(|(place, (_, ty))| format!("($2::text[])[{}]::{ty}", place + 1)).collect();
    let of = |after: String| {
        let (texts, key) = (texts.join(", "), key.join(", "));
        format!("SELECT {line}, 1::bigint, ARRAY[{texts}] FROM public.{name} t WHERE t.tenant_id = $1{after} ORDER BY {key} LIMIT {PAGE}")
    };
    (of(String::new()), Some(of(format!(" AND ({}) > ({})", key.join(", "), given.join(", ")))))
}

impl Spool {
    /// An empty one.
    ///
    /// # Errors
    /// Where this machine has no room.
    pub fn new() -> Result<Spool> {
        Ok(Spool { file: nameless()?, size: 0 })
    }

    /// Reads a table to its end.
    ///
    /// # Errors
    /// When the database can't be asked, or this machine has no room.
    pub async fn read(&mut self, tx: &Tx, table: Table) -> Result<Lines> {
        let (first, next) = statements(&table);
        let (start, mut rows, mut digest) = (self.size, 0, Context::new(&SHA256));
        let mut after: Option<Vec<String>> = None;
        loop {
            let page = match (&after, &next) {
                (Some(after), Some(next)) => tx.query(next, &[after]).await?,
                _ => tx.query(&first, &[]).await?,
            };
            let mut bytes = Vec::new();
            for row in &page {
                let mut reader = ColumnReader::new(row);
                let (line, times, key): (&str, i64, Vec<String>) = (reader.next()?, reader.next()?, reader.next()?);
                for _ in 0..times {
                    bytes.extend_from_slice(line.as_bytes());
                    bytes.push(b'\n');
                    rows += 1;
                }
                after = Some(key);
            }
            digest.update(&bytes);
            self.size += bytes.len() as u64;
            self.file.write_all(&bytes).map_err(failed)?;
            if page.len() < PAGE || next.is_none() {
                break;
            }
        }
        Ok(Lines { table, rows, sha256: HEXLOWER.encode(digest.finish().as_ref()), start, size: self.size - start })
    }

    /// Goes to where the lines of a table begin.
    ///
    /// # Errors
    /// Where this machine fails.
    pub fn open(&mut self, lines: &Lines) -> Result<impl Read> {
        self.file.seek(SeekFrom::Start(lines.start)).map_err(failed)?;
        Ok((&self.file).take(lines.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_in_the_order_of_its_key_and_never_a_secret() {
        let table = Table {
            name: "course".to_owned(),
            is_counter: false,
            columns: ["tenant_id", "id", "title"].map(str::to_owned).to_vec(),
            secrets: vec!["enrollment_key".to_owned()],
            key: vec![("id".to_owned(), "uuid".to_owned())],
        };
        let (first, next) = statements(&table);
        assert!(first.ends_with("WHERE t.tenant_id = $1 ORDER BY t.\"id\" LIMIT 2000"), "{first}");
        assert!(next.unwrap().contains("AND (t.\"id\") > (($2::text[])[1]::uuid) ORDER BY"));
        assert!(!first.contains("enrollment_key"));
        let token = Table { key: vec![("enrollment_key".to_owned(), "bytea".to_owned())], ..table };
        let (first, next) = statements(&token);
        assert!(first.contains("ORDER BY l.line") && next.is_some() && !first.contains("enrollment_key"), "{first}");
    }
}
