//! Requesting bookings and taking them on.

use std::sync::Arc;

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::{DbError, Outcome},
    error::{Error, Result},
    ids::Id,
    resolve::{Asked, Ctx, DateTime, Loaded, Projection, Rows, Selecting, text},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    Booking, CHANGES,
    confirm::confirm,
    inputs::{AssignBookingInput, CancelBookingInput, ConfirmBookingInput, RequestBookingInput, RescheduleBookingInput, booking_span},
    moving::{Move, move_booking},
    span::Span,
    sql,
    standing::Standing,
    steps::{self, Step},
};
use crate::domains::{
    courses::{Course, CourseStatus},
    identity::{self, User},
    lessons::Lesson,
    resources::Resource,
};

/// Mutations of bookings.
pub struct BookingMutations;

/// What a learner asks for.
pub struct BookingRequest {
    span: Span,
    notes: Option<String>,
    wished: Option<Id<User>>,
}

impl BookingRequest {
    /// Checks what an input says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn new(ctx: &Context<'_>, starts_at: DateTime, ends_at: DateTime, notes: Option<&str>, wished: Option<&ID>) -> Result<Self> {
        let span = booking_span(starts_at, ends_at, ctx.now())?;
        let notes = notes.map(|notes| text::long("notes", notes)).transpose()?.flatten();
        Ok(BookingRequest { span, notes, wished: Id::parse_opt("requestedInstructorId", wished)? })
    }

    /// Refuses a wish for whom the actor does not see, or who is no instructor.
    ///
    /// # Errors
    /// As `requestBooking` says.
    pub async fn check_wish(&self, ctx: &Context<'_>) -> Result<()> {
        match self.wished {
            Some(wished) => identity::require_instructor(ctx, "requestedInstructorId", wished).await.map(drop),
            None => Ok(()),
        }
    }

    /// Asks for it in the actor's own name, for a course and a lesson of it.
    ///
    /// # Errors
    /// As `requestBooking` says; or what the database refuses.
    pub async fn send(self, ctx: &Context<'_>, course: Option<Id<Course>>, lesson: Option<Id<Lesson>>) -> Result<Loaded<Booking>, Outcome> {
        let BookingRequest { span, notes, wished } = self;
        let (id, student) = (Id::<Booking>::generate(), ctx.actor().map_err(Outcome::Mapped)?.user);
        match insert(ctx, &[&id, &student, &span.start, &span.end, &course, &wished, &notes, &lesson]).await? {
            Some(booking) => Ok(booking),
            None => Err(Outcome::Mapped(why_not_requested(ctx, course, wished).await.unwrap_or_else(|error| error))),
        }
    }
}

/// Adds a booking, and reads it in the same statement with what the document asks for of it.
async fn insert(ctx: &Context<'_>, params: &[&(dyn ToSql + Sync)]) -> Result<Option<Loaded<Booking>>, DbError> {
    let catalog = ctx.request().catalog();
    let info = catalog.of(Booking::object());
    let projection = Projection { counts: 0, ..Projection::of_object(Asked::of(ctx), catalog, info) };
    let Selecting { columns, joins, shape, .. } = Selecting::new(catalog, info, "b", projection);
    // The table's own columns: what is computed of them is computed once, outside.
    let sql = format!("WITH b AS ({} RETURNING b.*) SELECT {columns} FROM b{joins}", sql::INSERT_BOOKING);
    let rows = ctx.tx().query(&sql, params).await?;
    Ok(rows.into_iter().next().and_then(|row| Loaded::joined(&Arc::new(row), 0, &shape)))
}

/// Why a request was not taken.
async fn why_not_requested(ctx: &Context<'_>, course: Option<Id<Course>>, wished: Option<Id<User>>) -> Result<Error> {
    if let Some(course) = course {
        match ctx.get(course).await? {
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

/// Resources at most in one booking.
const MAX_RESOURCES: usize = 5;

/// The resources that an input names; it may name none.
fn resource_ids(ids: &[ID]) -> Result<Vec<Id<Resource>>> {
    match ids.len() {
        0 => Ok(Vec::new()),
        1..=MAX_RESOURCES => Id::parse_list("resourceIds", ids, MAX_RESOURCES),
        _ => Err(Error::bad_input("resourceIds", format!("must hold at most {MAX_RESOURCES} ids"))),
    }
}

/// Refuses resources that the actor does not see.
async fn see(ctx: &Context<'_>, resources: &[Id<Resource>]) -> Result<()> {
    let rows = ctx.tx().query(sql::SEEN_RESOURCES, &[&resources]).await?;
    let seen = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<Id<Resource>>, DbError>>()?;
    match resources.iter().position(|resource| !seen.contains(resource)) {
        Some(index) => Err(Error::not_found("resource").field(format!("resourceIds.{index}"))),
        None => Ok(()),
    }
}

#[mutations("Booking")]
impl BookingMutations {
    /// Asks for a booking in your own name: REQUESTED, until the school answers. NOT_FOUND for a course or an instructor
    /// that you can't see, CONFLICT with COURSE_NOT_PUBLISHED for a draft.
    #[needs(BookingRequest)]
    #[budget(CHANGES)]
    async fn request_booking(
        ctx: &Context<'_>,
        /// The request.
        input: RequestBookingInput,
    ) -> Result<Loaded<Booking>> {
        let wished = input.requested_instructor_id.as_ref();
        let request = BookingRequest::new(ctx, input.starts_at, input.ends_at, input.notes.as_deref(), wished)?;
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        Ok(request.send(ctx, course, None).await?)
    }

    /// Grants a request: REQUESTED becomes APPROVED, and holds the learner's time. Takes back an assignment: ASSIGNED
    /// becomes APPROVED, without instructor. CONFLICT with BOOKING_CONFLICT and the `busy` span where the learner is busy at
    /// that time, as learner or as instructor; with USER_SUSPENDED for the request of somebody who is suspended; with
    /// INVALID_TRANSITION from any other state.
    #[needs(BookingManage)]
    #[budget(CHANGES)]
    async fn approve_booking(
        ctx: &Context<'_>,
        /// The booking's id.
        id: Id<Booking>,
    ) -> Result<Loaded<Booking>> {
        steps::take(ctx, id, Step::Approve).await
    }

    /// Gives a booking to an instructor: APPROVED becomes ASSIGNED, and holds the instructor's time, too. BAD_USER_INPUT for
    /// the booking's own learner. CONFLICT with OUTSIDE_AVAILABILITY unless the instructor is available all the while, with
    /// BOOKING_CONFLICT and the `busy` span where they are busy at that time, as instructor or as learner, or a resource is taken; with
    /// RESOURCE_CLOSED or RESOURCE_UNBOOKABLE for a resource that is not open all the while, or not to be booked; with BOOKING_LIMIT, `limit` and `used`
    /// where they would be booked for more than `instructorLimits`; with INVALID_TRANSITION from any other state. A booking of a type with several seats takes a
    /// seat in the instructor's session at that time, or makes one: with SESSION_FULL where none is left, with GROUP_SEAT for one that has a seat.
    #[needs(BookingManage)]
    #[budget(CHANGES)]
    async fn assign_booking(
        ctx: &Context<'_>,
        /// Which, to whom.
        input: AssignBookingInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::parse("id", &input.id)?;
        let instructor = Id::parse("instructorId", &input.instructor_id)?;
        let resources = input.resource_ids.as_deref().map(resource_ids).transpose()?;
        if let Some(resources) = &resources {
            see(ctx, resources).await?;
        }
        match steps::take(ctx, id, Step::Assign(instructor, resources.clone())).await {
            // Of a type with several seats it is a seat in a session.
            Err(error) if error.why() == Some(steps::SEAT) => confirm(ctx, id, Some(instructor), resources).await,
            taken => taken,
        }
    }

    /// Approves a booking and gives it to an instructor in one step, or gives one that is ASSIGNED to others: REQUESTED, APPROVED and ASSIGNED become ASSIGNED.
    /// People are told of the assignment alone. Refused as `approveBooking` and `assignBooking` are; where the instructor or resources are left out and none is
    /// free, with the reason that came furthest: BOOKING_LIMIT, BOOKING_CONFLICT, OUTSIDE_AVAILABILITY, RESOURCE_CLOSED or RESOURCE_UNBOOKABLE.
    #[needs(BookingManage)]
    #[budget(CHANGES)]
    async fn confirm_booking(
        ctx: &Context<'_>,
        /// Which, and to whom.
        input: ConfirmBookingInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::parse("id", &input.id)?;
        let instructor = Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())?;
        let resources = input.resource_ids.as_deref().map(resource_ids).transpose()?;
        if let Some(resources) = &resources {
            see(ctx, resources).await?;
        }
        confirm(ctx, id, instructor, resources).await
    }

    /// Records that a booking took place, with the outcome ATTENDED: ASSIGNED becomes COMPLETED. The assigned instructor may with BOOKING_COMPLETE,
    /// for others it is FORBIDDEN with NOT_YOURS. CONFLICT with NOT_STARTED before it begins, with INVALID_TRANSITION from any
    /// other state.
    #[needs(BookingComplete, BookingManage)]
    #[budget(CHANGES)]
    async fn complete_booking(
        ctx: &Context<'_>,
        /// The booking's id.
        id: Id<Booking>,
    ) -> Result<Loaded<Booking>> {
        steps::take(ctx, id, Step::Complete).await
    }

    /// Calls a booking off: it becomes CANCELLED and frees everybody's time. The learner may with BOOKING_REQUEST, for
    /// others it is FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION for one that is COMPLETED or CANCELLED. A learner is held to what the
    /// booking's type says, or the school: CONFLICT with NOTICE_PASSED after `cancelUntil`, unless the type allows late cancelling, BAD_USER_INPUT with
    /// REASON_REQUIRED where a reason is asked for; managers are not.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn cancel_booking(
        ctx: &Context<'_>,
        /// Which, and why.
        input: CancelBookingInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::parse("id", &input.id)?;
        let reason = input.reason.map(|reason| text::long("reason", &reason)).transpose()?.flatten();
        steps::take(ctx, id, Step::Cancel(reason)).await
    }

    /// Moves a booking to another time. REQUESTED and APPROVED stay what they are; ASSIGNED goes back to APPROVED, without
    /// instructor; to the time that it has, nothing changes. The learner may with BOOKING_REQUEST, for others it is FORBIDDEN
    /// with NOT_YOURS. CONFLICT with BOOKING_CONFLICT and the `busy` span where the learner is busy at that time, as learner or as instructor; with
    /// INVALID_TRANSITION for one that is COMPLETED or CANCELLED.
    ///
    /// A booking of a type is moved as if it were booked anew, with the refusals of `bookSlot`, and stays ASSIGNED, with the instructor and the resources that it
    /// has where these are free; moved by its learner, it goes back to APPROVED where the school answers such bookings. A learner is held to the type:
    /// CONFLICT with NOTICE_PASSED after `rescheduleUntil`, with RESCHEDULE_LIMIT where it was moved as often as it may be, BAD_USER_INPUT with REASON_REQUIRED
    /// where a reason is asked for.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn reschedule_booking(
        ctx: &Context<'_>,
        /// Which, to when.
        input: RescheduleBookingInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::parse("id", &input.id)?;
        let span = booking_span(input.starts_at, input.ends_at, ctx.now())?;
        let reason = input.reason.map(|reason| text::long("reason", &reason)).transpose()?.flatten();
        let instructor = Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())?;
        let resources = input.resource_ids.as_deref().map(resource_ids).transpose()?;
        let hold = Id::parse_opt("holdId", input.hold_id.as_ref())?;
        if let Some(resources) = &resources {
            see(ctx, resources).await?;
        }
        let is_plain = instructor.is_none() && resources.is_none() && hold.is_none();
        if is_plain && let Some(booking) = steps::try_to_take(ctx, id, Step::Reschedule(span, reason.clone())).await? {
            return Ok(booking);
        }
        let it = Standing::of(ctx.tx(), id).await?;
        match it.kind {
            Some(kind) => move_booking(ctx, id, it, kind, Move { span, instructor, resources, reason, hold }).await,
            None if is_plain => Err(Error::not_yours()),
            None => {
                let field = if instructor.is_some() {
                    "instructorId"
                } else if resources.is_some() {
                    "resourceIds"
                } else {
                    "holdId"
                };
                Err(Error::bad_input(field, "is for bookings of a type"))
            }
        }
    }
}
