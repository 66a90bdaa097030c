//! Ending mail of a kind without a sign-in.

use lectern_kernel::db::{DbError, Tx};
use uuid::Uuid;

use super::{kinds::KINDS, sql};

/// Turns mail of a template off for a person, in a transaction of their school; of the digest, all that they get in it.
///
/// # Errors
/// Where the database fails.
pub async fn unsubscribe(tx: &Tx, person: Uuid, template: &str) -> Result<(), DbError> {
    let kind = KINDS.iter().find(|kind| kind.mail.name == template).map(|kind| kind.name);
    if kind.is_some() || template == "digest" {
        tx.query(sql::UNSUBSCRIBE, &[&person, &kind]).await?;
    }
    Ok(())
}
