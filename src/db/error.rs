//! What the database answered instead of rows. Its text stays in here and in the log.

use tokio_postgres::error::SqlState;

use crate::error::Error;

/// A failed statement.
#[derive(Debug, Clone)]
pub struct DbError {
    state: Option<SqlState>,
    constraint: Option<String>,
    detail: Option<String>,
    /// For the log only.
    text: String,
}

impl DbError {
    /// Whether the whole document may be tried again: a deadlock or a serialization failure.
    pub fn is_retryable(&self) -> bool {
        matches!(self.state, Some(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED))
    }

    /// The constraint or rule (`app.refuse`) that said no.
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// A number that a rule gave with its refusal (`limit`, `used`).
    pub fn number(&self, name: &str) -> Option<i64> {
        let detail: serde_json::Value = serde_json::from_str(self.detail.as_deref()?).ok()?;
        detail.get(name)?.as_i64()
    }

    /// Whether row security refused the new row.
    pub fn is_row_security(&self) -> bool {
        self.state == Some(SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// What the database said, for the person who operates it; never for a client.
    pub fn for_operator(&self) -> &str {
        &self.text
    }

    pub(super) fn broken(text: impl Into<String>) -> Self {
        DbError { state: None, constraint: None, detail: None, text: text.into() }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => DbError {
                state: Some(db.code().clone()),
                constraint: db.constraint().map(str::to_owned),
                detail: db.detail().map(str::to_owned),
                text: format!("{} ({}){}", db.message(), db.code().code(), db.where_().map(|at| format!(" at {at}")).unwrap_or_default()),
            },
            None => DbError {
                state: error.code().cloned(),
                constraint: None,
                detail: None,
                text: match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                },
            },
        }
    }
}

impl From<DbError> for Error {
    /// The answer where a mutation did not map the refusal itself.
    fn from(error: DbError) -> Self {
        let Some(state) = &error.state else {
            return Error::unavailable(error.text);
        };
        match *state {
            // A policy's WITH CHECK: the row may be seen, but not be made like this by this person.
            SqlState::INSUFFICIENT_PRIVILEGE => Error::not_yours(),
            SqlState::CHARACTER_NOT_IN_REPERTOIRE
            | SqlState::UNTRANSLATABLE_CHARACTER
            | SqlState::INVALID_TEXT_REPRESENTATION
            | SqlState::DATETIME_FIELD_OVERFLOW
            | SqlState::NUMERIC_VALUE_OUT_OF_RANGE
            | SqlState::INVALID_DATETIME_FORMAT => {
                tracing::warn!(cause = error.text, "an input reached the database unchecked");
                Error::bad_request("An input holds a value that can't be stored.")
            }
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            | SqlState::QUERY_CANCELED
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::IN_FAILED_SQL_TRANSACTION
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            | SqlState::DISK_FULL
            | SqlState::OUT_OF_MEMORY => Error::unavailable(error.text),
            _ if state.code().starts_with("08") || state.code().starts_with("57") => Error::unavailable(error.text),
            _ => Error::internal(error.text),
        }
    }
}

/// Maps refusals of the database by the name of the constraint or rule.
pub trait OnConstraint<T>: Sized {
    /// Answers `refusal` when the constraint or rule `name` said no.
    ///
    /// # Errors
    /// The refusal, or what the database answered for any other reason.
    fn on_constraint(self, name: &str, refusal: impl FnOnce(&DbError) -> Error) -> std::result::Result<T, Outcome>;

    /// Answers `refusal` when row security refused the new row.
    ///
    /// # Errors
    /// As [`OnConstraint::on_constraint`].
    fn on_row_security(self, refusal: impl FnOnce() -> Error) -> std::result::Result<T, Outcome>;
}

/// A failure on its way: already mapped, or still as the database gave it.
#[derive(Debug)]
pub enum Outcome {
    /// Mapped to an answer.
    Mapped(Error),
    /// As the database gave it.
    Raw(DbError),
}

impl From<DbError> for Outcome {
    fn from(error: DbError) -> Self {
        Outcome::Raw(error)
    }
}

impl From<Outcome> for Error {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Mapped(error) => error,
            Outcome::Raw(error) => error.into(),
        }
    }
}

impl<T, E: Into<Outcome>> OnConstraint<T> for std::result::Result<T, E> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce(&DbError) -> Error) -> std::result::Result<T, Outcome> {
        self.map_err(|error| match error.into() {
            Outcome::Raw(raw) if raw.constraint() == Some(name) => Outcome::Mapped(refusal(&raw)),
            other => other,
        })
    }

    fn on_row_security(self, refusal: impl FnOnce() -> Error) -> std::result::Result<T, Outcome> {
        self.map_err(|error| match error.into() {
            Outcome::Raw(raw) if raw.is_row_security() => Outcome::Mapped(refusal()),
            other => other,
        })
    }
}
