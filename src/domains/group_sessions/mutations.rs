//! Opening group sessions, changing them and calling them off.

use async_graphql::Context;
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{AvailabilityManage, BookingManage},
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;
use uuid::Uuid;

use super::{
    GroupSession,
    change::Changed,
    inputs::{CancelGroupSessionInput, OpenGroupSessionsInput, UpdateGroupSessionInput},
    sql,
};
use crate::domains::{
    identity::User,
    series::{self, OnClash, Plan},
    slots::{BookingType, Named, Skipped, SlotReason, Wish, refused},
};

/// Mutations of group sessions.
pub struct GroupSessionMutations;

/// What a session is not held to: the rules for learners.
pub const SKIPPED: Skipped = Skipped { notice: true, horizon: true, limits: false, eligibility: true };

/// How many seats a session may have.
pub fn seats(field: &str, seats: &i32) -> Result<i32> {
    if (1..=1000).contains(seats) { Ok(*seats) } else { Err(Error::bad_input(field, "must be between 1 and 1000")) }
}

/// What the database refuses of a session.
pub fn refusal(error: DbError) -> Error {
    match error.constraint() {
        Some("group_session_party") => Error::not_yours(),
        Some("group_session_over") => Error::conflict("INVALID_TRANSITION", "This group session is cancelled, or has begun.").field("id"),
        Some("group_session_places") => Error::conflict("SESSION_FULL", "More seats are taken than it would have.").field("seats"),
        Some("resource_too_small") => {
            let smallest = error.number("limit").unwrap_or_default();
            Error::conflict("RESOURCE_TOO_SMALL", format!("One of the resources takes {smallest} people.")).field("seats")
        }
        Some("slot_type") => refused(SlotReason::TypeInactive).field("bookingTypeId"),
        Some("claim_person_overlap" | "booking_student_overlap") => {
            Error::conflict("BOOKING_CONFLICT", "Somebody of the session is busy at that time, as learner or as instructor.")
                .field("startsAt")
        }
        Some("claim_resource_overlap") => Error::conflict("BOOKING_CONFLICT", "A resource is taken at that time.").field("resourceIds"),
        _ => error.into(),
    }
}

/// Who takes sessions that the actor opens: whom they name; themselves, where they are one of the type's instructors; else whom its strategy takes. Nobody but oneself without
/// BOOKING_MANAGE.
fn leader(ctx: &Context<'_>, wish: &Wish, is_me: bool) -> Result<Option<Id<User>>> {
    let actor = ctx.actor()?;
    let me = Id::<User>::from_uuid(actor.user);
    let is_mine = actor.can(AvailabilityManage) && wish.of.instructors.iter().any(|staff| staff.id == me);
    if is_me && !wish.of.instructors.iter().any(|staff| staff.id == me) {
        return Err(Error::bad_input("instructorId", "must be an instructor of the booking type"));
    }
    let leader = if is_me || (wish.instructor.is_none() && is_mine) { Some(me) } else { wish.instructor };
    if actor.can(BookingManage) || (is_mine && leader == Some(me)) {
        Ok(leader.filter(|_| wish.of.terms.needs_instructor))
    } else {
        Err(Error::missing_permission(&[BookingManage]).field("instructorId"))
    }
}

/// Opens them, all or (with SKIP) those that can be had.
async fn open(ctx: &Context<'_>, plan: &Plan<'_>, may_skip: bool, is_one: bool, seats: Option<i32>) -> Result<Vec<Loaded<GroupSession>>> {
    for _ in 0..series::ATTEMPTS {
        let judged = match plan.take(may_skip).await {
            // Of one, why it can't be had.
            Err(error) if is_one && error.why() == Some("SERIES_CLASH") => return Err(plan.why_one().await?.unwrap_or(error)),
            judged => judged?,
        };
        let had: Vec<(Uuid, &series::Occurrence)> = judged.had().map(|one| (Id::<GroupSession>::generate().0, one)).collect();
        let ids: Vec<Uuid> = had.iter().map(|(id, _)| *id).collect();
        match ctx.tx().attempt(sql::OPEN, &[&plan.of.id, &seats, &series::written(&had)]).await {
            Ok(_) => return Ok(ctx.rows::<GroupSession>(sql::THESE, &[&ids]).await?),
            Err(error) if series::is_lost(&error) => ctx.tx().return_to_mark().await?,
            Err(error) => return Err(refusal(error)),
        }
    }
    Err(Error::unavailable("somebody else came first, again and again"))
}

#[mutations("GroupSession")]
impl GroupSessionMutations {
    /// Opens group sessions of a type with several seats, with yourself as instructor, or with BOOKING_MANAGE with any of the type's: one, or by a recurrence several. They are not
    /// held to the type's notice, horizon and grid. CONFLICT with the reason that `explainSlot` gives where the one can't be had; of several with SERIES_CLASH, each in `clashes`,
    /// or with SKIP where none can; with RESOURCE_TOO_SMALL for more seats than a resource takes people.
    #[needs(AvailabilityManage, BookingManage)]
    async fn open_group_sessions(
        ctx: &Context<'_>,
        /// Which, when.
        input: OpenGroupSessionsInput,
    ) -> Result<Vec<Loaded<GroupSession>>> {
        let actor = ctx.actor()?;
        let of = Id::<BookingType>::parse("bookingTypeId", &input.booking_type_id)?;
        let by = Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())?;
        let is_me = by.is_some_and(|by| actor.is(by.0));
        if by.is_some() && !is_me && !actor.can(BookingManage) {
            return Err(Error::missing_permission(&[BookingManage]).field("instructorId"));
        }
        let seats = input.seats.as_ref().map(|given| seats("seats", given)).transpose()?;
        let named = Named {
            duration: input.duration_minutes,
            instructor: input.instructor_id.as_ref().filter(|_| !is_me), // that a type's learners may not choose is nothing to its instructors
            resources: input.resource_ids.as_deref(),
        };
        let mut wish = Wish::read(ctx, of, named, None).await?;
        if wish.of.terms.seats == 1 {
            return Err(Error::bad_input("bookingTypeId", "must be a booking type with several seats"));
        }
        let start = series::coming(ctx, input.starts_at)?;
        wish.instructor = leader(ctx, &wish, is_me)?;
        let spans = match &input.recurrence {
            Some(rule) => {
                let repeated = series::repeated(ctx, rule, input.excluded_dates.as_deref(), input.time_zone.as_deref())?;
                repeated.spans(ctx.tx(), start, wish.length).await?
            }
            None if input.excluded_dates.is_some() => return Err(Error::bad_input("excludedDates", "goes with `recurrence`")),
            None => vec![wish.span(start)],
        };
        let mut plan = series::plan(ctx.tx(), &wish, &spans, ctx.now(), SKIPPED);
        plan.about.is_bound_to_grid = false;
        plan.opens = Some(seats.map_or(wish.of.terms.seats, i64::from));
        let may_skip = input.recurrence.is_some() && input.on_clash == Some(OnClash::Skip);
        open(ctx, &plan, may_skip, input.recurrence.is_none(), seats).await
    }

    /// Changes the time, the instructor, the resources or the seats of a group session, for all its seats: all or none. FORBIDDEN with NOT_YOURS for a colleague's without
    /// BOOKING_MANAGE; CONFLICT with the reason that `explainSlot` gives where it can't be had, with SESSION_FULL for fewer seats than are taken, with RESOURCE_TOO_SMALL for more
    /// than a resource takes people, with INVALID_TRANSITION for one that is cancelled or has begun.
    #[needs(AvailabilityManage, BookingManage)]
    async fn update_group_session(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateGroupSessionInput,
    ) -> Result<Loaded<GroupSession>> {
        let id = Id::<GroupSession>::parse("id", &input.id)?;
        Changed::read(ctx, id, &input).await?.write(ctx).await?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("group session").field("id"))
    }

    /// Calls a group session off, with all its seats; everybody is told. FORBIDDEN with NOT_YOURS for a colleague's without BOOKING_MANAGE; CONFLICT with INVALID_TRANSITION for one
    /// that is cancelled or has begun.
    #[needs(AvailabilityManage, BookingManage)]
    async fn cancel_group_session(
        ctx: &Context<'_>,
        /// Which, and why.
        input: CancelGroupSessionInput,
    ) -> Result<Loaded<GroupSession>> {
        let id = Id::<GroupSession>::parse("id", &input.id)?;
        let reason = input.reason.as_deref().map(|reason| text::long("reason", reason)).transpose()?.flatten();
        ctx.tx().query(sql::CANCEL, &[&id, &reason]).await.map_err(refusal)?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("group session").field("id"))
    }
}
