//! A calendar that is kept elsewhere, of which it counts when its owner is busy.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows},
    sealing::Sealed,
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::blocks::BlocksOf;
use crate::domains::{
    bookings::{BusyBlock, Span},
    identity::User,
};

text_enum! {
    /// How it goes with reading a busy source.
    pub enum BusySourceState {
        /// It was not read yet.
        Pending = "PENDING",
        /// It was read when it was read last.
        Ok = "OK",
        /// It could not be read when it was tried last: `error` says why. What was read before goes on blocking.
        Failed = "FAILED",
    }
}

/// Days of a range of blocks at most.
const DAYS: i64 = 402;

/// A calendar that an instructor keeps elsewhere. Whatever in it takes its time blocks theirs, from yesterday to 400 days ahead; nothing is kept of it but
/// when. You see your own; with BOOKING_MANAGE, all of the school.
#[object(table = "busy_source", alias = "bs", id = "busysource", node, resolvers)]
#[derive(Clone, Debug)]
pub struct BusySource {
    /// Its id.
    pub id: Id<BusySource>,
    /// What its owner calls it; 1 to 200 characters.
    pub name: String,
    /// The host of its address, which itself is never answered; null for a file.
    pub host: Option<String>,
    /// The IANA time zone of its floating times and whole days, and of those whose zone nobody knows.
    pub time_zone: String,
    /// How it goes with reading it.
    pub state: BusySourceState,
    /// Why it could not be read, where it is FAILED: UNREACHABLE, NOT_ALLOWED (its address, or where it leads), NOT_A_CALENDAR, TOO_BIG (5 MiB, 5,000
    /// occurrences), GONE (its server says that it is).
    pub error: Option<String>,
    /// How many spans block; those that overlap or touch are one.
    pub block_count: i32,
    /// How many things in it could not be read as they were meant, such as a zone that nobody knows.
    pub warning_count: i32,
    /// When it was read last; null before.
    pub last_fetched_at: Option<DateTime>,
    /// When it is read next; null for a file.
    #[column("CASE WHEN {}.host IS NOT NULL THEN {}.next_fetch_at END")]
    pub next_fetch_at: Option<DateTime>,
    /// When it was created.
    pub created_at: DateTime,
    /// Whose time it blocks.
    #[one]
    pub instructor_id: Id<User>,
    #[secret]
    pub url: Option<Sealed>,
    #[secret]
    pub content: Option<Sealed>,
}

#[resolvers]
impl BusySource {
    /// What it blocks of a range, in order. BAD_USER_INPUT unless `to` is later than `from`, by 402 days at most.
    #[cost(50)]
    async fn blocks(
        id: Id<BusySource>,
        instructor_id: Id<User>,
        ctx: &Context<'_>,
        /// Where the range begins.
        from: DateTime,
        /// Where it ends.
        to: DateTime,
    ) -> Result<Vec<BusyBlock>> {
        let range = Span::new(from.0, to.0).ok_or_else(|| Error::bad_input("to", "must be later than `from`"))?;
        if range.length().as_hours() > DAYS * 24 {
            return Err(Error::bad_input("to", format!("must be at most {DAYS} days after `from`")));
        }
        let blocks = ctx.load(BlocksOf { source: id, range }).await?.unwrap_or_default();
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let instructor: Option<Loaded<User>> = ctx.whole(instructor_id).await?;
        let block = |span: Span| BusyBlock {
            starts_at: DateTime(span.start),
            ends_at: DateTime(span.end),
            instructor: instructor.clone(),
            resource: None,
        };
        Ok(blocks.into_iter().map(block).collect())
    }
}
