//! What a person has before them.

use async_graphql::{Context, Object};
use lectern_kernel::{
    db::{PageArgs, page_size},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Total},
};

use super::counts::int;
use crate::domains::{
    bookings::{Booking, BookingJoins, booking_list, booking_order},
    enrollments::{Enrollment, enrollments_of_user},
    identity::Viewer,
};

/// What you have before you.
pub struct Dashboard;

const UPCOMING: &str = "dashboard.upcomingBookings";

/// What you have before you.
#[Object]
impl Dashboard {
    /// You, in the role that you act in.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// Your own enrollments, the latest first.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Enrollment>> {
        let viewer = Id::from_uuid(ctx.actor()?.user);
        enrollments_of_user(ctx, viewer, PageArgs { first, after, ..PageArgs::default() }).await
    }

    /// The bookings that you are part of as learner or as assigned instructor, that have not ended yet and were not
    /// CANCELLED, the soonest first.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn upcoming_bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Booking>> {
        let actor = ctx.actor()?;
        let order = booking_order(None);
        let page = PageArgs { first, after, ..PageArgs::default() }.check(&ctx.cursors(), UPCOMING, &order)?;
        let mut list = booking_list(UPCOMING, order, &actor);
        let (viewer, now) = (list.bind(actor.user), list.bind(ctx.now()));
        list.filter(format!("(b.student_id = {viewer} OR b.instructor_id = {viewer}) AND b.status <> 'CANCELLED'"));
        // No booking is longer than a day: the second condition bounds the scan of the index.
        list.filter(format!("b.ends_at > {now} AND b.starts_at > {now}::timestamptz - interval '24 hours'"));
        let joins = BookingJoins::of_nodes(ctx);
        joins.add_to(&mut list);
        let fetched = list.fetch(ctx.tx(), &page, |cells| joins.read(cells)).await?;
        Ok(Connection::new(fetched, ctx.cursors(), UPCOMING, &order, Total::of_list(list)))
    }

    /// How many of the bookings that you may see are REQUESTED and wait for an answer.
    async fn pending_bookings(&self, ctx: &Context<'_>) -> Result<i32> {
        let mut list = booking_list("dashboard.pendingBookings", booking_order(None), &*ctx.actor()?);
        list.filter("b.status = 'REQUESTED'");
        int(list.count(ctx.tx()).await?)
    }
}
