//! What the mutations of rosters take.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};

use super::columns::ImportFormat;
use crate::domains::exports::RosterExportFormat;

/// A roster to be imported.
#[derive(InputObject)]
pub struct StartImportInput {
    /// A file of yours; with FILE_MANAGE, any.
    pub file_id: ID,
    /// What it is read as.
    pub format: ImportFormat,
    /// Whether only to say what it would do; false unless given.
    pub dry_run: Option<bool>,
    /// The system that its ids are of; 1 to 100 characters, "default" unless given.
    pub source: Option<String>,
    /// Whether what an earlier import of this source brought and this one lacks is suspended, archived or dropped; false unless given. Of a bundle
    /// that holds changes alone nothing is missing: an issue says so.
    pub remove_missing: Option<bool>,
    /// How much may be missing at most; 0 to 1,000,000, 100 unless given. Where it is more, nothing at all is changed.
    pub max_removals: Option<i32>,
    /// Whether people are told of what the import does to them; false unless given.
    pub notify: Option<bool>,
}

/// The roster, to be exported.
#[derive(InputObject)]
pub struct ExportRosterInput {
    /// What it is written as.
    pub format: RosterExportFormat,
}

impl StartImportInput {
    /// The system that the ids are of.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn checked_source(&self) -> Result<String> {
        self.source.as_deref().map_or_else(|| Ok("default".to_owned()), |source| text::short("source", source, 100))
    }

    /// How much may be missing.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn checked_max_removals(&self) -> Result<i32> {
        let most = self.max_removals.unwrap_or(100);
        if (0..=1_000_000).contains(&most) { Ok(most) } else { Err(Error::bad_input("maxRemovals", "must be between 0 and 1,000,000")) }
    }
}
