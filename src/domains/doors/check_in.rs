//! One scan of a ticket.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{identity::User, orders::Ticket};

text_enum! {
    /// What became of a scan at a door.
    pub enum CheckInOutcome {
        /// Let in.
        Admitted = "ADMITTED",
        /// Let in before with this ticket; with one that admits daily, on the same day of the school's time zone.
        Duplicate = "DUPLICATE",
        /// The ticket is held for an order that is not paid.
        Unpaid = "UNPAID",
        /// The ticket was cancelled.
        Cancelled = "CANCELLED",
        /// The scan was made before or after the time for which the ticket is valid.
        NotValidNow = "NOT_VALID_NOW",
        /// The ticket is of another program of the school.
        WrongProgram = "WRONG_PROGRAM",
        /// No ticket of the school has this code now.
        Unknown = "UNKNOWN",
    }
}

/// A scan of a ticket at a door of a program: kept as it was, also where nobody was let in. Seen with ATTENDEE_CHECK_IN or APPLICATION_READ_ALL.
#[object(table = "check_in", alias = "ck", id = "checkin", node, resolvers)]
#[derive(Clone, Debug)]
pub struct CheckIn {
    /// Its id.
    pub id: Id<CheckIn>,
    /// The device's own name for the scan, unique in the program.
    pub client_id: String,
    /// What became of it. Of several scans of one ticket the first that arrived is ADMITTED, whenever they were made.
    pub outcome: CheckInOutcome,
    /// The ticket that has the code; null for UNKNOWN, and when you may not see it.
    #[one]
    pub ticket_id: Option<Id<Ticket>>,
    /// Whose ticket it was when the scan arrived; null for UNKNOWN, and once that person was deleted.
    pub attendee_name: Option<String>,
    /// What it was a ticket for, as it was sold; null for UNKNOWN.
    pub product_name: Option<String>,
    /// Where it was scanned, as the device said.
    pub station: Option<String>,
    /// When it was scanned, as the device said.
    pub scanned_at: DateTime,
    /// When it arrived.
    pub received_at: DateTime,
    /// Who was signed in at the door; null when you may not see them.
    #[one]
    pub by_id: Option<Id<User>>,
}

#[resolvers]
impl CheckIn {
    /// When the ticket was first shown, of all scans that could be ADMITTED; for one that admits daily, on that day. Null unless ADMITTED or DUPLICATE.
    async fn first_scanned_at(id: Id<CheckIn>, outcome: CheckInOutcome, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        match outcome {
            CheckInOutcome::Admitted | CheckInOutcome::Duplicate => ctx.load(FirstScanOf(id)).await,
            _ => Ok(None),
        }
    }
}

/// When what a scan stands for was first shown.
#[derive(Clone, PartialEq, Eq, Hash)]
struct FirstScanOf(Id<CheckIn>);

impl Loader<FirstScanOf> for Batch {
    type Value = DateTime;
    type Error = Error;

    async fn load(&self, keys: &[FirstScanOf]) -> Result<HashMap<FirstScanOf, DateTime>> {
        let scans: Vec<Id<CheckIn>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::FIRST_SCANS, &[&scans]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((FirstScanOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
