//! What a door without network knows.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime},
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::orders::Ticket;

/// A ticket that lets somebody in, as a door without network needs to know it: by the hash of its code, from which the code can't be had.
#[object(table = "ticket", alias = "ro", id = "rosterentry", resolvers)]
#[derive(Clone, Debug)]
pub struct CheckInRosterEntry {
    /// The ticket.
    #[column("id")]
    pub ticket_id: Id<Ticket>,
    /// From when on it is valid; null for always.
    pub valid_from: Option<DateTime>,
    /// Until when it is valid; null for ever.
    pub valid_until: Option<DateTime>,
    /// When somebody was first let in with it; null for never.
    pub checked_in_at: Option<DateTime>,
}

/// What the connection is called after: it says nothing beside its rows.
#[object(edge, name = "CheckInRoster")]
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "never made")]
pub struct CheckInRoster {
    #[hidden]
    #[column("ro.id")]
    pub ticket_id: Id<Ticket>,
}

/// The oldest first, so that what is sold meanwhile comes at the end.
pub const OLDEST: Order = Order { key: SortKey::moment("CREATED_AT", "ro.created_at"), id: "ro.id", descending: false };

#[resolvers]
impl CheckInRosterEntry {
    /// Whose ticket it is.
    async fn attendee_name(ticket_id: Id<Ticket>, ctx: &Context<'_>) -> Result<String> {
        Ok(known(ticket_id, ctx).await?.attendee_name)
    }

    /// What it is a ticket for, as it was sold.
    async fn product_name(ticket_id: Id<Ticket>, ctx: &Context<'_>) -> Result<String> {
        Ok(known(ticket_id, ctx).await?.product_name)
    }

    /// The SHA-256 of its code in lower-case hexadecimal digits: of the 16 characters in upper case, without hyphens.
    async fn code_hash(ticket_id: Id<Ticket>, ctx: &Context<'_>) -> Result<String> {
        Ok(known(ticket_id, ctx).await?.code_hash)
    }
}

async fn known(ticket: Id<Ticket>, ctx: &Context<'_>) -> Result<Known> {
    ctx.load(KnownOf(ticket)).await?.ok_or_else(|| Error::internal("an issued ticket without an attendee or a code"))
}

/// What a ticket alone does not say.
#[derive(Clone)]
struct Known {
    attendee_name: String,
    product_name: String,
    code_hash: String,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct KnownOf(Id<Ticket>);

impl Loader<KnownOf> for Batch {
    type Value = Known;
    type Error = Error;

    async fn load(&self, keys: &[KnownOf]) -> Result<HashMap<KnownOf, Known>> {
        let tickets: Vec<Id<Ticket>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::ROSTER, &[&tickets]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            let ticket = KnownOf(reader.next()?);
            let (attendee_name, product_name, code_hash) = (reader.next()?, reader.next()?, reader.next()?);
            Ok((ticket, Known { attendee_name, product_name, code_hash }))
        };
        rows.iter().map(read).collect()
    }
}
