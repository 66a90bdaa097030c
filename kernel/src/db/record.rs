//! From rows to structs, by position: a type names its columns once, and reads them in that order, so that several
//! types can stand side by side in one row (a course and its joined instructor).

use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

use super::DbError;

/// A struct that is read from columns.
pub trait Record: Sized {
    /// SQL expressions over one table, in the order in which [`Record::read`] takes them. `{}` stands for the table's
    /// alias; an expression without it is a plain column name.
    const COLUMNS: &'static [&'static str];

    /// Those of them that nearly every page of rows asks for, the first one among them. What takes no more is read without
    /// the others; each of these is then what `Default` says.
    const SUMMARY: &'static [&'static str] = Self::COLUMNS;

    /// Takes the columns.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError>;

    /// Reads one whole row.
    ///
    /// # Errors
    /// As [`Record::read`].
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Self::read(&mut ColumnReader::new(row))
    }

    /// Takes the columns of an outer join, whose first column (never null in the table) tells whether there is a row.
    ///
    /// # Errors
    /// As [`Record::read`].
    fn read_joined(reader: &mut ColumnReader<'_>) -> Result<Option<Self>, DbError> {
        if reader.next_is_null() {
            reader.skip(Self::COLUMNS.len());
            return Ok(None);
        }
        Self::read(reader).map(Some)
    }
}

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
    pub fn next<T: FromSql<'a> + Default>(&mut self) -> Result<T, DbError> {
        if self.row.columns().get(self.at).is_some_and(|column| *column.type_() == Type::VOID) {
            self.at += 1;
            return Ok(T::default()); // it was left out
        }
        let value = self.row.try_get(self.at)?;
        self.at += 1;
        Ok(value)
    }

    /// Leaves columns unread.
    pub fn skip(&mut self, columns: usize) {
        self.at += columns;
    }

    fn next_is_null(&self) -> bool {
        struct Null(bool);
        impl<'a> FromSql<'a> for Null {
            fn from_sql(_: &tokio_postgres::types::Type, _: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Null(false))
            }
            fn from_sql_null(_: &tokio_postgres::types::Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                Ok(Null(true))
            }
            fn accepts(_: &tokio_postgres::types::Type) -> bool {
                true
            }
        }
        self.row.try_get::<_, Null>(self.at).is_ok_and(|null| null.0)
    }
}

/// The select list of a record over the table with this alias: `c.id, c.title`.
pub fn select<T: Record>(alias: &str) -> String {
    select_some::<T>(alias, false)
}

/// The same; with `summary`, without what is not of it.
pub fn select_some<T: Record>(alias: &str, summary: bool) -> String {
    let mut list = String::new();
    for column in T::COLUMNS {
        if !list.is_empty() {
            list.push_str(", ");
        }
        if summary && !T::SUMMARY.contains(column) {
            list.push_str("NULL::void");
        } else if column.contains("{}") {
            list.push_str(&column.replace("{}", alias));
        } else {
            list.push_str(alias);
            list.push('.');
            list.push_str(column);
        }
    }
    list
}
