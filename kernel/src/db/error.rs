//! What the database answered instead of rows. Its text stays in here and in the log.

use tokio_postgres::error::SqlState;

use crate::error::Error;

/// A failed statement.
#[derive(Debug, Clone)]
pub struct DbError {
    kind: Kind,
    state: Option<SqlState>,
    constraint: Option<String>,
    detail: Option<String>,
    /// For the log only.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The database refused the statement.
    Refused,
    /// A grant is missing, which is a fault of ours; a policy that refuses a row has the same SQLSTATE.
    NotGranted,
    /// The connection broke.
    ConnectionLost,
    /// There was no connection to be had.
    Unreachable,
    /// The statement and the service disagree on types.
    Mismatch,
    /// The cached actor has changed.
    Outdated,
    /// The transaction was committed already: this statement was not expected.
    Mispredicted,
    /// The standby has not come as far as it must.
    Behind,
    /// The document names schools of several shards.
    Elsewhere,
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

    /// A text that a rule gave with its refusal (`person`).
    pub fn text(&self, name: &str) -> Option<String> {
        let detail: serde_json::Value = serde_json::from_str(self.detail.as_deref()?).ok()?;
        Some(detail.get(name)?.as_str()?.to_owned())
    }

    /// A refusal that a statement answered as a row: by a rule (`app.refuse`), with the detail that it gave.
    pub fn of_rule(rule: &str, detail: Option<&str>) -> Self {
        DbError {
            kind: Kind::Refused,
            state: Some(SqlState::CHECK_VIOLATION),
            constraint: Some(rule.to_owned()),
            detail: detail.map(str::to_owned),
            text: format!("refused by {rule}"),
        }
    }

    /// Whether row security refused the new row.
    pub fn is_row_security(&self) -> bool {
        self.kind == Kind::Refused && self.state == Some(SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// Whether a foreign key refused: something points at the row, or it points at nothing.
    pub fn is_reference(&self) -> bool {
        self.state == Some(SqlState::FOREIGN_KEY_VIOLATION)
    }

    /// What the database said, for the person who operates it; never for a client.
    pub fn for_operator(&self) -> &str {
        &self.text
    }

    /// Whether the connection broke, so that whatever was sent over it last may or may not have been done.
    pub(crate) fn is_connection_lost(&self) -> bool {
        self.kind == Kind::ConnectionLost
    }

    /// Whether the cached actor has changed: nothing that the transaction did counts.
    pub(crate) fn is_outdated(&self) -> bool {
        self.kind == Kind::Outdated
    }

    pub(super) fn outdated() -> Self {
        Self::of_ours(Kind::Outdated, "the actor has changed")
    }

    /// Whether a statement came after the one that was expected to be the last: the document is to be read anew.
    pub(crate) fn is_misprediction(&self) -> bool {
        self.kind == Kind::Mispredicted
    }

    pub(super) fn misprediction() -> Self {
        Self::of_ours(Kind::Mispredicted, "a statement came after the last that was expected")
    }

    /// Whether a standby has not come as far as it must: nothing that was read of it counts.
    pub(crate) fn is_behind(&self) -> bool {
        self.kind == Kind::Behind
    }

    pub(super) fn behind() -> Self {
        Self::of_ours(Kind::Behind, "the standby is behind what its reader has written")
    }

    pub(super) fn elsewhere() -> Self {
        Self::of_ours(Kind::Elsewhere, "a document names schools that lie on several shards")
    }

    /// Whether the database could not be asked at all.
    pub fn is_connection_failure(&self) -> bool {
        matches!(self.kind, Kind::ConnectionLost | Kind::Unreachable)
    }

    pub(crate) fn mismatch(text: impl Into<String>) -> Self {
        Self::of_ours(Kind::Mismatch, text)
    }

    /// There is nobody to be asked any more.
    pub fn gone(text: impl Into<String>) -> Self {
        Self::of_ours(Kind::Unreachable, text)
    }

    pub(super) fn unreachable(text: impl Into<String>) -> Self {
        Self::of_ours(Kind::Unreachable, text)
    }

    /// An error that the service raises itself.
    fn of_ours(kind: Kind, text: impl Into<String>) -> Self {
        DbError { kind, state: None, constraint: None, detail: None, text: text.into() }
    }
}

fn kind_of(db: &tokio_postgres::error::DbError) -> Kind {
    let state = db.code();
    if state.code().starts_with("08") || [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(state)
    {
        Kind::ConnectionLost
    } else if *state == SqlState::INSUFFICIENT_PRIVILEGE && db.routine() == Some("aclcheck_error") {
        Kind::NotGranted
    } else {
        Kind::Refused
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        match error.as_db_error() {
            Some(db) => DbError {
                kind: kind_of(db),
                state: Some(db.code().clone()),
                constraint: db.constraint().map(str::to_owned),
                detail: db.detail().map(str::to_owned),
                text: format!("{} ({}){}", db.message(), db.code().code(), db.where_().map(|at| format!(" at {at}")).unwrap_or_default()),
            },
            None => {
                let is_lost = error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>());
                DbError {
                    kind: if is_lost { Kind::ConnectionLost } else { Kind::Mismatch },
                    state: None,
                    constraint: None,
                    detail: None,
                    text: match error.source() {
                        Some(source) => format!("{error}: {source}"),
                        None => error.to_string(),
                    },
                }
            }
        }
    }
}

impl From<DbError> for Error {
    /// The answer where a mutation did not map the refusal itself.
    fn from(error: DbError) -> Self {
        match error.kind {
            Kind::ConnectionLost | Kind::Unreachable | Kind::Outdated | Kind::Mispredicted | Kind::Behind => {
                return Error::unavailable(error.text);
            }
            Kind::Elsewhere => {
                return Error::bad_request(
                    "This document speaks of two schools that are kept apart: ask in documents of their own, and of another school without a token.",
                );
            }
            Kind::NotGranted | Kind::Mismatch => return Error::internal(error.text),
            Kind::Refused => {}
        }
        let Some(state) = &error.state else { return Error::internal(error.text) };
        match *state {
            // A policy's WITH CHECK: the row may be seen, but not be made like this by this person.
            SqlState::INSUFFICIENT_PRIVILEGE => Error::not_yours(),
            SqlState::CHARACTER_NOT_IN_REPERTOIRE
            | SqlState::UNTRANSLATABLE_CHARACTER
            | SqlState::INVALID_TEXT_REPRESENTATION
            | SqlState::DATETIME_FIELD_OVERFLOW
            | SqlState::NUMERIC_VALUE_OUT_OF_RANGE
            | SqlState::INVALID_DATETIME_FORMAT => {
                // Not the database's text, which would quote the input.
                tracing::warn!(state = state.code(), "an input reached the database unchecked");
                Error::bad_request("An input holds a value that can't be stored.")
            }
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::IN_FAILED_SQL_TRANSACTION
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            | SqlState::DISK_FULL
            | SqlState::OUT_OF_MEMORY => Error::unavailable(error.text),
            // Cancelled, by its time limit or by an operator, or the server is on its way down.
            _ if state.code().starts_with("57") => Error::unavailable(error.text),
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

    /// Answers `refusal` when a row of another table, whichever it is, points at the one that was to be deleted.
    ///
    /// # Errors
    /// As [`OnConstraint::on_constraint`].
    fn on_reference(self, refusal: impl FnOnce() -> Error) -> std::result::Result<T, Outcome>;
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

    fn on_reference(self, refusal: impl FnOnce() -> Error) -> std::result::Result<T, Outcome> {
        self.map_err(|error| match error.into() {
            Outcome::Raw(raw) if raw.is_reference() => Outcome::Mapped(refusal()),
            other => other,
        })
    }
}
