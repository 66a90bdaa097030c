//! Requesting bookings and taking them on.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{BookingComplete, BookingManage, BookingRequest},
    resolve::{Ctx, Eager, Require, requires_permission, text},
};

use super::{
    Booking, BookingJoins,
    inputs::{AssignBookingInput, CancelBookingInput, RequestBookingInput, RescheduleBookingInput, booking_span},
    sql,
    steps::{self, Step},
};
use crate::domains::{
    courses::{Course, CourseStatus},
    identity::{self, User},
};

/// Mutations of bookings.
#[derive(Default)]
pub struct BookingSteps;

/// Why a request was not taken.
async fn why_not_requested(ctx: &Context<'_>, course: Option<Id<Course>>, wished: Option<Id<User>>) -> Result<Error> {
    if let Some(course) = course {
        match ctx.load(course).await? {
            None => return Ok(Error::not_found("course").field("courseId")),
            Some(course) if course.status == CourseStatus::Draft => {
                return Ok(Error::conflict("COURSE_NOT_PUBLISHED", "A draft can't be booked.").field("courseId"));
            }
            Some(_) => {}
        }
    }
    if let Some(wished) = wished {
        identity::require_instructor(ctx, "requestedInstructorId", wished).await?;
    }
    Ok(Error::unavailable("what stood in the way of a request was gone a statement later"))
}

#[Object]
impl BookingSteps {
    /// Asks for a booking in your own name: REQUESTED, until the school answers. NOT_FOUND for a course or an instructor
    /// that you can't see, CONFLICT with COURSE_NOT_PUBLISHED for a draft. Needs BOOKING_REQUEST.
    #[graphql(guard = "Require([BookingRequest])", directive = requires_permission::apply(vec![BookingRequest]))]
    async fn request_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: RequestBookingInput,
    ) -> Result<Eager<Booking>> {
        let span = booking_span(input.starts_at, input.ends_at, ctx.now())?;
        let notes = input.notes.map(|notes| text::long("notes", &notes)).transpose()?.flatten();
        let wished = Id::<User>::parse_opt("requestedInstructorId", input.requested_instructor_id.as_ref())?;
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        let (id, student, joins) = (Id::<Booking>::generate(), ctx.actor()?.user, BookingJoins::of_one(ctx));
        let sql = joins.returning(sql::INSERT_BOOKING);
        let rows = ctx.tx().query(&sql, &[&id, &student, &span.start, &span.end, &course, &wished, &notes]).await?;
        match rows.first() {
            Some(row) => Ok(Eager(joins.read(&mut ColumnReader::new(row))?)),
            None => Err(why_not_requested(ctx, course, wished).await?),
        }
    }

    /// Grants a request: REQUESTED becomes APPROVED, and holds the learner's time. Takes back an assignment: ASSIGNED
    /// becomes APPROVED, without instructor. CONFLICT with BOOKING_CONFLICT and the `busy` span where the learner is booked
    /// at that time, with INVALID_TRANSITION from any other state. Needs BOOKING_MANAGE.
    #[graphql(guard = "Require([BookingManage])", directive = requires_permission::apply(vec![BookingManage]))]
    async fn approve_booking(&self, ctx: &Context<'_>, #[graphql(desc = "The booking's id.")] id: ID) -> Result<Booking> {
        steps::take(ctx, Id::parse("id", &id)?, Step::Approve).await
    }

    /// Gives a booking to an instructor: APPROVED becomes ASSIGNED, and holds the instructor's time, too. CONFLICT with
    /// OUTSIDE_AVAILABILITY unless the instructor is available all the while, with BOOKING_CONFLICT and the `busy` span
    /// where they are booked at that time, with INVALID_TRANSITION from any other state. Needs BOOKING_MANAGE.
    #[graphql(guard = "Require([BookingManage])", directive = requires_permission::apply(vec![BookingManage]))]
    async fn assign_booking(&self, ctx: &Context<'_>, #[graphql(desc = "Which, to whom.")] input: AssignBookingInput) -> Result<Booking> {
        let id = Id::parse("id", &input.id)?;
        steps::take(ctx, id, Step::Assign(Id::parse("instructorId", &input.instructor_id)?)).await
    }

    /// Records that a booking took place: ASSIGNED becomes COMPLETED. The assigned instructor may with BOOKING_COMPLETE,
    /// for others it is FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION from any other state.
    /// Needs BOOKING_COMPLETE or BOOKING_MANAGE.
    #[graphql(
        guard = "Require([BookingComplete, BookingManage])",
        directive = requires_permission::apply(vec![BookingComplete, BookingManage])
    )]
    async fn complete_booking(&self, ctx: &Context<'_>, #[graphql(desc = "The booking's id.")] id: ID) -> Result<Booking> {
        steps::take(ctx, Id::parse("id", &id)?, Step::Complete).await
    }

    /// Calls a booking off: it becomes CANCELLED and frees everybody's time. The learner may with BOOKING_REQUEST, for
    /// others it is FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION for one that is COMPLETED or CANCELLED.
    /// Needs BOOKING_REQUEST or BOOKING_MANAGE.
    #[graphql(
        guard = "Require([BookingRequest, BookingManage])",
        directive = requires_permission::apply(vec![BookingRequest, BookingManage])
    )]
    async fn cancel_booking(&self, ctx: &Context<'_>, #[graphql(desc = "Which, and why.")] input: CancelBookingInput) -> Result<Booking> {
        let id = Id::parse("id", &input.id)?;
        let reason = input.reason.map(|reason| text::long("reason", &reason)).transpose()?.flatten();
        steps::take(ctx, id, Step::Cancel(reason)).await
    }

    /// Moves a booking to another time. REQUESTED and APPROVED stay what they are; ASSIGNED goes back to APPROVED, without
    /// instructor. The learner may with BOOKING_REQUEST, for others it is FORBIDDEN with NOT_YOURS. CONFLICT with
    /// BOOKING_CONFLICT and the `busy` span where the learner is booked at that time, with INVALID_TRANSITION for one that
    /// is COMPLETED or CANCELLED. Needs BOOKING_REQUEST or BOOKING_MANAGE.
    #[graphql(
        guard = "Require([BookingRequest, BookingManage])",
        directive = requires_permission::apply(vec![BookingRequest, BookingManage])
    )]
    async fn reschedule_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, to when.")] input: RescheduleBookingInput,
    ) -> Result<Booking> {
        let id = Id::parse("id", &input.id)?;
        let span = booking_span(input.starts_at, input.ends_at, ctx.now())?;
        steps::take(ctx, id, Step::Reschedule(span)).await
    }
}
