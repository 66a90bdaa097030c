//! What a person has before them.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Orders, Rows, cost, many, page},
};
use lectern_macros::{object, resolvers};

use super::{counts::int, queries::limit, sql};
use crate::domains::{
    bookings::{Booking, BookingOrders, booking_list},
    enrollments::Enrollment,
    identity::{ENROLLMENTS_OF_USER, Viewer},
    lessons::Lesson,
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

    /// How many of them have waited so long that the school was told.
    async fn escalated_bookings(&self, ctx: &Context<'_>) -> Result<i32> {
        let mut list = booking_list("dashboard.escalatedBookings", BookingOrders::USUAL, &*ctx.actor()?);
        list.filter("b.status = 'REQUESTED' AND b.escalated_at IS NOT NULL");
        int(list.count(ctx.tx()).await?)
    }

    /// What is due to you and not handed in, in courses that are not completed: what is overdue first, then the soonest.
    #[cost(cost::page)]
    async fn deadlines(
        &self,
        ctx: &Context<'_>,
        /// How many; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<Deadline>> {
        let most = int(limit(first)?)?;
        let rows = ctx.tx().query(sql::DEADLINES, &[&most]).await?;
        let deadlines = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            let (lesson_id, enrollment_id) = (reader.next()?, reader.next()?);
            Ok(Deadline { lesson_id, enrollment_id, due_at: reader.next()?, is_overdue: reader.next()? })
        });
        deadlines.collect()
    }

    /// Your courses that are under way and to which you have access, the last active first.
    #[cost(cost::page)]
    async fn continue_learning(
        &self,
        ctx: &Context<'_>,
        /// How many; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<Loaded<Enrollment>>> {
        Ok(ctx.rows::<Enrollment>(sql::UNDER_WAY, &[&limit(first)?]).await?)
    }

    /// How much work waits for you to grade it: handed in, by somebody else, in the courses that you are staff of.
    async fn submissions_to_grade(&self, ctx: &Context<'_>) -> Result<i32> {
        int(ctx.tx().value::<i64>(sql::TO_GRADE, &[]).await?.unwrap_or(0))
    }
}

/// Something that is due to you.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct Deadline {
    #[hidden]
    pub lesson_id: Id<Lesson>,
    #[hidden]
    pub enrollment_id: Id<Enrollment>,
    /// When: by your own date, where something else was granted to you.
    pub due_at: DateTime,
    /// Whether that is over.
    pub is_overdue: bool,
}

#[resolvers]
impl Deadline {
    /// The quiz or the assignment.
    async fn lesson(&self, ctx: &Context<'_>) -> Result<Loaded<Lesson>> {
        ctx.whole(self.lesson_id).await?.ok_or_else(|| Error::not_found("lesson"))
    }

    /// Your part in its course.
    async fn enrollment(&self, ctx: &Context<'_>) -> Result<Loaded<Enrollment>> {
        ctx.whole(self.enrollment_id).await?.ok_or_else(|| Error::not_found("enrollment"))
    }
}
