//! Columns as an answer has them.

use async_graphql::{InputType, Value};
use tokio_postgres::{Row, types::FromSql};

use crate::{
    db::DbError,
    ids::{Id, Kind},
};

/// A scalar in an answer.
pub trait Scalar {
    /// What stands in the answer.
    fn to_answer(&self) -> Value;
}

impl<T: InputType> Scalar for T {
    fn to_answer(&self) -> Value {
        self.to_value()
    }
}

impl<T: Kind> Scalar for Id<T> {
    fn to_answer(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Reads a column as the answer has it.
///
/// # Errors
/// When it is of another type.
pub fn read_column<T: Scalar + for<'a> FromSql<'a>>(row: &Row, at: usize) -> Result<Value, DbError> {
    Ok(row.try_get::<_, T>(at)?.to_answer())
}
