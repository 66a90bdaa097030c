//! Reading waitlists.

use async_graphql::Context;
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    permission::Permission::{BookingManage, BookingReadAll},
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{WaitlistEntry, entry::BY_COMING, lists::WaitlistFilter};

/// Queries of waitlists.
pub struct WaitlistQueries;

/// The entries that the actor sees: what the policy says, in terms that use the index on learners.
pub fn seen(ctx: &Context<'_>, name: &'static str) -> Result<List> {
    let mut list = list_of::<WaitlistEntry>(name, BY_COMING);
    let actor = ctx.actor()?;
    if !actor.can(BookingManage) && !actor.can(BookingReadAll) {
        let me = list.bind(actor.user);
        list.filter(format!("w.learner_id = {me}"));
    }
    Ok(list)
}

#[queries]
impl WaitlistQueries {
    /// A place in a waitlist; null when there is none, or none that you may see.
    async fn waitlist_entry(
        ctx: &Context<'_>,
        /// The entry's id.
        id: Id<WaitlistEntry>,
    ) -> Result<Option<Loaded<WaitlistEntry>>> {
        one(ctx, id).await
    }

    /// Who waits, first come first: you; with BOOKING_MANAGE or BOOKING_READ_ALL, everybody of the school.
    async fn waitlist_entries(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which entries.
        filter: Option<WaitlistFilter>,
    ) -> Result<Option<Connection<WaitlistEntry>>> {
        let mut list = seen(ctx, "waitlistEntries")?;
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<WaitlistFilter>(ctx, list)?, paging).await.map(Some)
    }
}
