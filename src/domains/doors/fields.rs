//! What doors add to attendees and tickets.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime},
};
use lectern_macros::extends;

use super::sql;
use crate::domains::{attendees::Attendee, orders::Ticket};

/// What is added to attendees.
pub struct AttendeeDoors;

#[extends(Attendee)]
impl AttendeeDoors {
    /// When they were first let in with any of their tickets: the earliest scan, whenever it arrived. Null for never.
    async fn checked_in_at(id: Id<Attendee>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        ctx.load(FirstEntryOf(id)).await
    }
}

/// What is added to tickets.
pub struct TicketDoors;

#[extends(Ticket)]
impl TicketDoors {
    /// When somebody was first let in with it: the earliest scan, whenever it arrived. Null for never.
    #[column]
    fn checked_in_at() -> Option<DateTime>;
}

/// When an attendee was first let in.
#[derive(Clone, PartialEq, Eq, Hash)]
struct FirstEntryOf(Id<Attendee>);

impl Loader<FirstEntryOf> for Batch {
    type Value = DateTime;
    type Error = Error;

    async fn load(&self, keys: &[FirstEntryOf]) -> Result<HashMap<FirstEntryOf, DateTime>> {
        let attendees: Vec<Id<Attendee>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::FIRST_ENTRIES, &[&attendees]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((FirstEntryOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
