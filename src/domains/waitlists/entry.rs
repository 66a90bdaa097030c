//! Somebody's place in a waitlist.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{
    bookings::Booking,
    group_sessions::GroupSession,
    identity::User,
    slots::{BookingType, SlotHold},
};

text_enum! {
    /// Where an entry of a waitlist stands: WAITING, then OFFERED, then BOOKED; LEFT or EXPIRED from either of the first two.
    pub enum WaitlistStatus {
        /// Nothing has come free yet.
        Waiting = "WAITING",
        /// What has come free is held for the learner, until the offer expires.
        Offered = "OFFERED",
        /// The offer was accepted.
        Booked = "BOOKED",
        /// The learner waits no more, or has declined the offer.
        Left = "LEFT",
        /// The offer was not accepted in time, or what they waited for is over.
        Expired = "EXPIRED",
    }
}

/// Somebody who waits: for a seat of a full group session, or for any time within a window at which a booking type can be booked. You see your own; with
/// BOOKING_MANAGE or BOOKING_READ_ALL, all of the school.
#[object(table = "waitlist_entry", alias = "w", id = "waitlist", node, resolvers)]
#[derive(Clone, Debug)]
pub struct WaitlistEntry {
    /// Its id.
    pub id: Id<WaitlistEntry>,
    /// Where it stands.
    pub status: WaitlistStatus,
    /// When the learner began to wait.
    pub created_at: DateTime,
    /// Who waits; null when you may not see them.
    #[one]
    pub learner_id: Id<User>,
    /// The session that a seat is waited for of; null where any time within the window will do.
    #[one]
    pub group_session_id: Option<Id<GroupSession>>,
    /// Whom alone the learner waits for; null: whoever is free.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// What became of it; null unless BOOKED, or when you may not see it.
    #[one]
    pub booking_id: Option<Id<Booking>>,
    #[hidden]
    pub starts_at: DateTime,
    #[hidden]
    pub ends_at: DateTime,
    #[hidden]
    pub booking_type_id: Id<BookingType>,
    #[hidden]
    pub hold_id: Option<Id<SlotHold>>,
}

/// First come first.
pub const BY_COMING: Order = Order { key: SortKey::moment("CREATED_AT", "w.created_at"), id: "w.id", descending: false };

#[resolvers]
impl WaitlistEntry {
    /// What is waited for.
    async fn booking_type(booking_type_id: Id<BookingType>, ctx: &Context<'_>) -> Result<Loaded<BookingType>> {
        ctx.whole(booking_type_id).await?.ok_or_else(|| Error::internal("a waitlist's type is gone"))
    }

    /// When the window begins; of a session, when that does.
    fn from(starts_at: DateTime) -> DateTime {
        starts_at
    }

    /// When the window ends; of a session, when that does.
    fn to(ends_at: DateTime) -> DateTime {
        ends_at
    }

    /// How many wait before them for the same session, or in a window of the type that overlaps theirs, and one: 1 is next. Null unless WAITING.
    async fn position(id: Id<WaitlistEntry>, status: WaitlistStatus, ctx: &Context<'_>) -> Result<Option<i32>> {
        if status == WaitlistStatus::Waiting { ctx.load(PlaceOf(id)).await } else { Ok(None) }
    }

    /// What is offered, until it expires: `acceptOffer` books it, `leaveWaitlist` declines it. Null unless OFFERED, or when you may not see it.
    async fn offer(status: WaitlistStatus, hold_id: Option<Id<SlotHold>>, ctx: &Context<'_>) -> Result<Option<Loaded<SlotHold>>> {
        match hold_id {
            Some(hold) if status == WaitlistStatus::Offered => ctx.whole(hold).await,
            _ => Ok(None),
        }
    }
}

/// Where somebody stands in a waitlist.
#[derive(Clone, PartialEq, Eq, Hash)]
struct PlaceOf(Id<WaitlistEntry>);

impl Loader<PlaceOf> for Batch {
    type Value = i32;
    type Error = Error;

    async fn load(&self, keys: &[PlaceOf]) -> Result<HashMap<PlaceOf, i32>> {
        let entries: Vec<Id<WaitlistEntry>> = keys.iter().map(|key| key.0).collect();
        let mut places = HashMap::new();
        for row in &self.tx.query(sql::PLACES, &[&entries]).await? {
            let mut reader = ColumnReader::new(row);
            places.insert(PlaceOf(reader.next()?), i32::try_from(reader.next::<i64>()?).unwrap_or(i32::MAX));
        }
        Ok(places)
    }
}
