//! What a person has before them.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Ctx, Forward, Orders, many, page},
};
use lectern_macros::{object, resolvers};

use super::counts::int;
use crate::domains::{
    bookings::{Booking, BookingOrders, booking_list},
    enrollments::Enrollment,
    identity::{ENROLLMENTS_OF_USER, Viewer},
};

/// What you have before you.
#[object(resolvers)]
pub struct Dashboard;

#[resolvers]
impl Dashboard {
    /// You, in the role that you act in.
    fn viewer(&self) -> Viewer {
        Viewer
    }

    /// Your own enrollments, the latest first.
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Connection<Enrollment>> {
        many(ctx, &ENROLLMENTS_OF_USER, ctx.actor()?.user, paging).await
    }

    /// The bookings that you are part of as learner or as assigned instructor, that have not ended yet and were not
    /// CANCELLED, the soonest first.
    async fn upcoming_bookings(
        &self,
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Connection<Booking>> {
        let actor = ctx.actor()?;
        let mut list = booking_list("dashboard.upcomingBookings", BookingOrders::USUAL, &actor);
        let (viewer, now) = (list.bind(actor.user), list.bind(ctx.now()));
        list.filter(format!("(b.student_id = {viewer} OR b.instructor_id = {viewer}) AND b.status <> 'CANCELLED'"));
        // No booking is longer than a day: the second condition bounds the scan of the index.
        list.filter(format!("b.ends_at > {now} AND b.starts_at > {now}::timestamptz - interval '24 hours'"));
        page(ctx, list, paging).await
    }

    /// How many of the bookings that you may see are REQUESTED and wait for an answer.
    async fn pending_bookings(&self, ctx: &Context<'_>) -> Result<i32> {
        let mut list = booking_list("dashboard.pendingBookings", BookingOrders::USUAL, &*ctx.actor()?);
        list.filter("b.status = 'REQUESTED'");
        int(list.count(ctx.tx()).await?)
    }
}
