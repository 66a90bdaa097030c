//! Moving bookings of a type: as if they were booked anew, but that they keep whom and what they have where these are free.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{BookingManage, BookingRequest},
    resolve::{Ctx, Loaded, Rows},
};
use uuid::Uuid;

use super::{
    Booking, BookingStatus,
    span::Span,
    sql,
    standing::Standing,
    steps::{is_taken, terms},
};
use crate::domains::{
    identity::{self, User},
    resources::Resource,
    slots::{About, BookingType, SlotHold, Taking, TypeTerms, terms_of},
};

/// Where a booking is to be moved.
pub struct Move {
    /// To when.
    pub span: Span,
    /// With whom.
    pub instructor: Option<Id<User>>,
    /// With what.
    pub resources: Option<Vec<Id<Resource>>>,
    /// Why.
    pub reason: Option<String>,
    /// Into which held slot.
    pub hold: Option<Id<SlotHold>>,
}

/// Moves a booking of a type.
///
/// # Errors
/// As `rescheduleBooking` says.
pub async fn move_booking(ctx: &Context<'_>, id: Id<Booking>, it: Standing, kind: Id<BookingType>, to: Move) -> Result<Loaded<Booking>> {
    let actor = ctx.actor()?;
    let is_manager = actor.can(BookingManage);
    let is_own = actor.is(it.learner.0) && actor.can(BookingRequest);
    if !is_manager && !is_own {
        return Err(Error::not_yours());
    }
    it.check_open()?;
    let of = terms_of(ctx.tx(), kind).await?.ok_or_else(|| Error::internal("a type that has bookings is gone"))?;
    to.check(ctx, &of, it.learner, is_manager).await?;
    let is_same = to.span == it.span && to.instructor.is_none() && to.resources.is_none();
    if !is_same {
        if !is_manager {
            ctx.tx().attempt(sql::CHECK_MOVE_TERMS, &[&id, &to.reason]).await.map_err(|error| terms(&error))?;
        }
        take(ctx, id, &it, &of, &to, is_manager).await?;
    }
    ctx.whole(id).await?.ok_or_else(|| Error::not_found("booking").field("id"))
}

/// Chooses and writes.
async fn take(ctx: &Context<'_>, id: Id<Booking>, it: &Standing, of: &TypeTerms, to: &Move, is_manager: bool) -> Result<()> {
    let mut about = About {
        except: vec![id],
        instructor: to.instructor,
        things: to.resources.clone().unwrap_or_default(),
        is_bound_to_grid: !is_manager,
        ..About::one(ctx.now(), to.span, Some(it.learner), ctx.actor()?.user)
    };
    if let Some(hold) = to.hold {
        let Some((instructor, things)) = held(ctx, id, it, of, to.span, hold).await? else { return Ok(()) };
        (about.instructor, about.things) = (instructor, things);
    }
    let mut taking = Taking::begin(ctx.tx(), of, about).await?.keeping(it.instructor.or(it.wished), it.things.clone());
    loop {
        let choice = taking.choose().await?;
        // The school answers anew what it would have answered.
        let is_back = it.status == BookingStatus::Assigned && !is_manager && choice.needs_approval;
        let status = if is_back { BookingStatus::Approved } else { it.status };
        let is_wish = status == BookingStatus::Requested && !it.holds;
        let instructor = if status == BookingStatus::Assigned || it.holds { choice.instructor } else { to.instructor.filter(|_| is_wish) };
        let things = if is_wish { to.resources.as_ref().unwrap_or(&it.things) } else { &choice.things };
        let assignment = choice.assignment.as_ref().filter(|_| status == BookingStatus::Assigned);
        let (start, end) = (to.span.start, to.span.end);
        let written =
            ctx.tx().attempt(sql::MOVE, &[&id, &start, &end, &status, &instructor, things, &to.reason, &assignment, &to.hold]).await;
        match written {
            Ok(_) => return Ok(()),
            Err(error) if is_taken(&error) => taking.lost(error).await?,
            Err(error) => {
                // The same request, sent twice: the other one has moved it meanwhile.
                let is_done = match to.hold.filter(|_| error.constraint() == Some("slot_hold_unknown")) {
                    Some(hold) => held(ctx, id, it, of, to.span, hold).await?.is_none(),
                    None => false,
                };
                return if is_done { Ok(()) } else { Err(refused(&error)) };
            }
        }
    }
}

fn refused(error: &DbError) -> Error {
    match error.constraint() {
        Some("booking_party") => Error::not_yours(),
        Some("booking_transition") => {
            Error::conflict("INVALID_TRANSITION", "Somebody else has just moved it on; `allowedTransitions` says where it stands.")
        }
        Some("slot_hold_unknown") => no_hold(),
        Some("slot_hold_expired") => expired(),
        _ => terms(error),
    }
}

fn no_hold() -> Error {
    Error::not_found("hold").field("holdId")
}

fn expired() -> Error {
    Error::conflict("HOLD_EXPIRED", "The slot is not held any more.").field("holdId")
}

/// An instructor, and resources.
type Held = (Option<Id<User>>, Vec<Id<Resource>>);

/// Whom and what a slot holds that the booking is to be moved into; none where that was done already.
async fn held(ctx: &Context<'_>, id: Id<Booking>, it: &Standing, of: &TypeTerms, span: Span, hold: Id<SlotHold>) -> Result<Option<Held>> {
    let rows = ctx.tx().query(sql::OWN_HOLD, &[&hold, &ctx.actor()?.user]).await?;
    let mut reader = ColumnReader::new(rows.first().ok_or_else(no_hold)?);
    let (redeemed, is_over): (Option<Uuid>, bool) = (reader.next()?, reader.next()?);
    let (kind, learner): (Uuid, Uuid) = (reader.next()?, reader.next()?);
    let held = Span { start: reader.next()?, end: reader.next()? };
    if kind != of.id.0 || learner != it.learner.0 || held != span {
        return Err(Error::bad_input("holdId", "must be of the booking's type and learner, from `startsAt` to `endsAt`"));
    }
    if let Some(redeemed) = redeemed {
        return if redeemed == id.0 { Ok(None) } else { Err(Error::bad_input("holdId", "was booked already")) };
    }
    if is_over {
        return Err(expired());
    }
    Ok(Some((reader.next()?, reader.next()?)))
}

impl Move {
    /// Refuses what no booking of the type can have.
    async fn check(&self, ctx: &Context<'_>, of: &TypeTerms, learner: Id<User>, is_manager: bool) -> Result<()> {
        let length = self.span.length();
        if !of.durations.iter().any(|minutes| length == jiff::SignedDuration::from_mins(i64::from(*minutes))) {
            return Err(Error::bad_input("endsAt", "must be one of the durations of the booking's type after `startsAt`"));
        }
        if let Some(instructor) = self.instructor {
            if !of.instructors.iter().any(|staff| staff.id == instructor) {
                identity::require_instructor(ctx, "instructorId", instructor).await?;
                return Err(Error::bad_input("instructorId", "must be an instructor of the booking's type"));
            }
            if !is_manager && !of.learner_chooses {
                return Err(Error::bad_input("instructorId", "is not the learner's to choose"));
            }
            if instructor == learner {
                return Err(Error::bad_input("instructorId", "must be somebody else than the booking's learner"));
            }
        }
        let place_of =
            |resource: &Id<Resource>| of.requirements.iter().position(|requirement| requirement.iter().any(|stock| stock.id == *resource));
        let places: Vec<Option<usize>> = self.resources.as_deref().unwrap_or_default().iter().map(place_of).collect();
        if places.contains(&None) {
            return Err(Error::bad_input("resourceIds", "must hold resources of the booking's type"));
        }
        if (1..places.len()).any(|index| places[..index].contains(&places[index])) {
            return Err(Error::bad_input("resourceIds", "must hold one resource for each requirement"));
        }
        Ok(())
    }
}
