//! A feed.

use async_graphql::Context;
use lectern_kernel::{
    ids::Id,
    resolve::{Ctx, DateTime},
    sealing::Sealed,
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::{identity::User, resources::Resource};

text_enum! {
    /// Whose bookings a feed shows.
    pub enum FeedScope {
        /// Its owner's, as learner and as instructor.
        Mine = "MINE",
        /// An instructor's: those that they are assigned to, and those that wish for them as long as nobody is.
        Instructor = "INSTRUCTOR",
        /// Those that take a resource.
        Resource = "RESOURCE",
    }
}

text_enum! {
    /// How much a feed says.
    pub enum FeedDetail {
        /// What it is, where, and with whom, of what its owner sees.
        Full = "FULL",
        /// That the time is taken: `Busy`, and nothing else.
        Busy = "BUSY",
    }
}

/// An address at which calendars elsewhere read bookings as iCalendar: from 30 days ago to 365 days ahead, 2,000 at most. Whoever knows it reads what its
/// owner sees. You see your own.
#[object(table = "calendar_feed", alias = "cf", id = "feed", node, resolvers)]
#[derive(Clone, Debug)]
pub struct CalendarFeed {
    /// Its id.
    pub id: Id<CalendarFeed>,
    /// What its owner calls it; 1 to 200 characters. Calendars show it.
    pub name: String,
    /// Whose bookings it shows.
    pub scope: FeedScope,
    /// How much it says.
    pub detail: FeedDetail,
    /// The last four characters of its secret, by which its owner knows it again.
    pub hint: String,
    /// When it was read last; null before.
    pub last_read_at: Option<DateTime>,
    /// When it was created.
    pub created_at: DateTime,
    /// The instructor of an INSTRUCTOR feed; null otherwise.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// The resource of a RESOURCE feed; null otherwise, and when it is deleted.
    #[one]
    pub resource_id: Option<Id<Resource>>,
    #[hidden]
    pub owner_id: Id<User>,
    #[secret]
    pub secret_hash: Sealed,
}

#[resolvers]
impl CalendarFeed {
    /// Its address. Only in the answer of the mutation that made it; null ever after, and in other answers of that document.
    async fn url(id: Id<CalendarFeed>, ctx: &Context<'_>) -> Option<String> {
        ctx.request().shown(ctx, id.0)
    }
}
