//! What a provider of mail reports of mails that it took.

use lectern_kernel::db::{DbError, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::{delivery::of_message_id, sql};

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It came back.
    Bounced,
    /// Its reader said that it was not wanted.
    Complained,
}

/// One report; what else a provider says in it is passed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The mail's Message-ID, with its angle brackets or without.
    pub message_id: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Report {
    /// The school and the mail that it is about; none where the Message-ID is not one of ours.
    pub fn subject(&self) -> Option<(Uuid, Uuid)> {
        of_message_id(&self.message_id)
    }
}

/// Takes a report, in a transaction of the mail's school. Answers whether there is such a mail.
///
/// # Errors
/// Where the database fails.
pub async fn take(tx: &Tx, mail: Uuid, outcome: Outcome) -> Result<bool, DbError> {
    let outcome = match outcome {
        Outcome::Bounced => "BOUNCED",
        Outcome::Complained => "COMPLAINED",
    };
    Ok(tx.value::<bool>(sql::FEEDBACK, &[&mail, &outcome]).await?.unwrap_or(false))
}
