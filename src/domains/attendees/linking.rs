//! Whose an address turns out to be.

use lectern_kernel::{db::Tx, error::Result, ids::Id};

use super::sql;
use crate::domains::identity::User;

/// A person has proven an address, by a code or a link that was mailed there: who is expected under it and is nobody's yet is they. For the mutations that take such codes and links; does
/// nothing where it is not the person's present address, and after a lapse.
///
/// # Errors
/// When the database can't be asked.
pub async fn link(tx: &Tx, person: Id<User>, address: &str) -> Result<()> {
    tx.query(sql::LINK, &[&person, &address]).await?;
    Ok(())
}
