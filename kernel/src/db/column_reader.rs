//! The columns of a row that a hand-written statement selects, in the order in which it selects them. Types of the schema
//! are read by their declarations instead.

use tokio_postgres::{Row, types::FromSql};

use super::DbError;

/// The columns of one row, taken from left to right.
pub struct ColumnReader<'a> {
    row: &'a Row,
    at: usize,
}

impl<'a> ColumnReader<'a> {
    /// From the first column on.
    pub fn new(row: &'a Row) -> Self {
        ColumnReader { row, at: 0 }
    }

    /// The next column's value.
    ///
    /// # Errors
    /// When it is of another type, or null where `T` can't be.
    #[allow(clippy::should_implement_trait, reason = "it is generic and can fail")]
    pub fn next<T: FromSql<'a>>(&mut self) -> Result<T, DbError> {
        let value = self.row.try_get(self.at)?;
        self.at += 1;
        Ok(value)
    }

    /// Leaves columns unread.
    pub fn skip(&mut self, columns: usize) {
        self.at += columns;
    }
}
