//! Taking a booking one step on. The database says whether there is such a step, whose it is, and whether the time is
//! still to be had; here its refusals become answers.

use std::sync::Arc;

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, Tx},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use serde_json::Value;
use tokio_postgres::Row;

use super::{Booking, span::Span, sql};
use crate::domains::{
    identity::{self, User},
    resources::Resource,
};

/// What is to become of a booking.
pub enum Step {
    /// Granted; or the assignment taken back.
    Approve,
    /// Given to an instructor, with these resources in place of those that it has; none: with those.
    Assign(Id<User>, Option<Vec<Id<Resource>>>),
    /// Over.
    Complete,
    /// Called off, for a reason.
    Cancel(Option<String>),
    /// Moved to another time, for a reason.
    Reschedule(Span, Option<String>),
    /// Given to an instructor with these resources, from whatever state leads there.
    Confirm(Confirmed),
}

/// Who and what takes a booking that is confirmed.
pub struct Confirmed {
    /// Whether somebody named the instructor.
    pub is_named: bool,
    /// The instructor; none where it needs nobody.
    pub instructor: Option<Id<User>>,
    /// The resources.
    pub things: Vec<Id<Resource>>,
    /// How the instructor was chosen; none where a person named them.
    pub assignment: Option<Value>,
}

/// Why a seat takes no step by itself.
pub const SEAT: &str = "GROUP_SEAT";

/// How often a claim is tried again whose obstacle was gone when it was looked for.
const ATTEMPTS: usize = 3;

/// Takes a booking one step on.
///
/// # Errors
/// `NOT_FOUND` for a booking that the actor can't see, `NOT_YOURS` for one that is not theirs to move, `INVALID_TRANSITION`
/// where no such step leads on from its state, `OUTSIDE_AVAILABILITY`, and `BOOKING_CONFLICT` with the busy span.
pub async fn take(ctx: &Context<'_>, id: Id<Booking>, step: Step) -> Result<Loaded<Booking>> {
    match try_to_take(ctx, id, step).await? {
        Some(booking) => Ok(booking),
        None => Err(unchanged(ctx, id).await),
    }
}

/// The same; none where there is no such booking that is the actor's to move.
///
/// # Errors
/// As [`take`].
pub async fn try_to_take(ctx: &Context<'_>, id: Id<Booking>, step: Step) -> Result<Option<Loaded<Booking>>> {
    let mut obstacle = None;
    for _ in 0..ATTEMPTS {
        match step.attempt(ctx, id).await {
            Ok(booking) => return Ok(booking),
            Err(error) => obstacle = Some(step.obstacle(ctx, id, error).await?),
        }
    }
    Err(obstacle.unwrap_or_else(|| Error::internal("no attempt was made")))
}

/// Why nothing was changed: there is no such booking for this person, or it is not theirs.
async fn unchanged(ctx: &Context<'_>, id: Id<Booking>) -> Error {
    match ctx.whole(id).await {
        Ok(Some(_)) => Error::not_yours(),
        Ok(None) => Error::not_found("booking").field("id"),
        Err(error) => error,
    }
}

impl Step {
    /// What stands in the way, where nothing is known of it any more; `Err`: the refusal, with the span that is in the way where it is one.
    async fn obstacle(&self, ctx: &Context<'_>, id: Id<Booking>, error: DbError) -> Result<Error> {
        let is_resource = error.constraint() == Some("claim_resource_overlap");
        let conflict = self.refusal(ctx, id, error).await?;
        if let (false, Step::Confirm(confirmed)) = (is_resource, self) {
            return confirmed.obstacle(ctx.tx(), id, conflict).await;
        }
        let busy = if is_resource { self.taken_span(ctx.tx(), id).await? } else { self.busy(ctx.tx(), id).await? };
        match busy {
            Some((starts_at, ends_at)) => Err(conflict.busy(starts_at, ends_at)),
            None => Ok(conflict),
        }
    }

    /// A refusal of the database as a client is told of it.
    pub(super) async fn explained(&self, ctx: &Context<'_>, id: Id<Booking>, error: DbError) -> Error {
        self.obstacle(ctx, id, error).await.unwrap_or_else(|error| error)
    }

    /// In a savepoint, so that a further statement can find what was in the way.
    pub(super) async fn attempt(&self, ctx: &Context<'_>, id: Id<Booking>) -> Result<Option<Loaded<Booking>>, DbError> {
        let (columns, shape) = ctx.request().catalog().whole::<Booking>("b");
        let reading = |statement: &str| statement.replace("{b}", &columns);
        let tx = ctx.tx();
        let rows = match self {
            Step::Approve => tx.attempt(&reading(sql::APPROVE), &[&id]).await?,
            Step::Assign(instructor, resources) => {
                if let Some(resources) = resources {
                    tx.attempt(sql::SET_RESOURCES, &[&id, resources]).await?;
                }
                tx.attempt(&reading(sql::ASSIGN), &[&id, instructor]).await?
            }
            Step::Complete => tx.attempt(&reading(sql::COMPLETE), &[&id]).await?,
            Step::Confirm(Confirmed { instructor, things, assignment, .. }) => {
                tx.attempt(sql::CONFIRM, &[&id, instructor, things, assignment]).await?;
                tx.query(&reading(sql::ONE), &[&id]).await?
            }
            Step::Cancel(reason) => tx.attempt(&reading(sql::CANCEL), &[&id, reason]).await?,
            Step::Reschedule(span, reason) => tx.attempt(&reading(sql::RESCHEDULE), &[&id, &span.start, &span.end, reason]).await?,
        };
        Ok(rows.into_iter().next().and_then(|row| Loaded::joined(&Arc::new(row), 0, &shape)))
    }

    /// Maps a refusal of the database; `Ok` where the refusal is that somebody's time is taken.
    async fn refusal(&self, ctx: &Context<'_>, id: Id<Booking>, error: DbError) -> Result<Error> {
        match error.constraint() {
            Some("booking_instructor_overlap" | "booking_student_overlap" | "claim_person_overlap") => Ok(self.conflict()),
            Some("claim_resource_overlap") => Ok(self.taken()),
            Some("resource_unbookable") => {
                Err(Error::conflict("RESOURCE_UNBOOKABLE", "One of the resources is not to be booked.").field("resourceIds"))
            }
            Some("resource_closed") => {
                Err(Error::conflict("RESOURCE_CLOSED", "One of the resources is not open through the whole booking.").field("resourceIds"))
            }
            Some("booking_transition") => {
                let status = ctx.get(id).await?.map_or("gone", |booking| booking.status.as_str());
                let message = format!("A booking that is {status} can't take this step; `allowedTransitions` says which it can.");
                Err(Error::conflict("INVALID_TRANSITION", message))
            }
            Some("booking_party") => Err(Error::not_yours()),
            Some("booking_suspended") => {
                Err(Error::conflict("USER_SUSPENDED", "The learner is suspended. Reactivate them first, or cancel the request."))
            }
            Some("booking_not_started") => Err(Error::conflict("NOT_STARTED", "A booking is completed once it has begun.")),
            Some("booking_reason" | "booking_notice" | "booking_moves" | "booking_limit") => Err(terms(&error)),
            Some("booking_own") => Err(Error::bad_input("instructorId", "must be somebody else than the booking's learner")),
            Some("booking_availability") => {
                let message = "The instructor is not available through the whole booking.";
                Err(Error::conflict("OUTSIDE_AVAILABILITY", message).field("instructorId"))
            }
            Some("booking_assigned_check") => {
                Err(Error::bad_input("instructorId", "can't be given: this booking needs nobody (`confirmBooking`)"))
            }
            Some("booking_seat" | "booking_unseated") => Err(Error::conflict(SEAT, "A seat of a group session goes with its session.")),
            Some("booking_instructor") => {
                if let Step::Assign(instructor, _) | Step::Confirm(Confirmed { instructor: Some(instructor), .. }) = self {
                    identity::require_instructor(ctx, "instructorId", *instructor).await?;
                }
                Err(Error::unavailable("somebody became an instructor between two statements"))
            }
            _ => Err(error.into()),
        }
    }

    /// The refusal where the person whose time this step claims is elsewhere.
    fn conflict(&self) -> Error {
        let conflict = |message: &str| Error::conflict("BOOKING_CONFLICT", message);
        match self {
            Step::Assign(..) => conflict("The instructor is busy at that time, as instructor or as learner.").field("instructorId"),
            Step::Reschedule(..) => conflict("The learner is busy at that time, as learner or as instructor.").field("startsAt"),
            Step::Confirm(_) => conflict("The learner or the instructor is busy at that time."),
            Step::Approve | Step::Complete | Step::Cancel(_) => conflict("The learner is busy at that time, as learner or as instructor."),
        }
    }

    /// The refusal where a resource is taken.
    fn taken(&self) -> Error {
        let taken =
            Error::conflict("BOOKING_CONFLICT", "A resource is taken at that time, or from its setup before it to its teardown after it.");
        match self {
            Step::Assign(_, Some(_)) | Step::Confirm(_) => taken.field("resourceIds"),
            Step::Reschedule(..) => taken.field("startsAt"),
            _ => taken,
        }
    }

    /// When the resources that this step claims are taken.
    async fn taken_span(&self, tx: &Tx, id: Id<Booking>) -> Result<Option<(Timestamp, Timestamp)>> {
        let resources = match self {
            Step::Assign(_, resources) => resources.as_deref(),
            Step::Confirm(confirmed) => Some(confirmed.things.as_slice()),
            _ => None,
        };
        let span = if let Step::Reschedule(span, _) = self { Some(*span) } else { None };
        taken(tx, id, resources, span).await
    }

    /// When the person whose time this step claims is busy.
    async fn busy(&self, tx: &Tx, id: Id<Booking>) -> Result<Option<(Timestamp, Timestamp)>> {
        let rows = match self {
            Step::Assign(instructor, _) => tx.query(sql::BUSY_INSTRUCTOR, &[&id, instructor]).await?,
            Step::Reschedule(span, _) => tx.query(sql::BUSY_STUDENT, &[&id, &Some(span.start), &Some(span.end)]).await?,
            Step::Approve | Step::Complete | Step::Cancel(_) | Step::Confirm(_) => {
                tx.query(sql::BUSY_STUDENT, &[&id, &None::<Timestamp>, &None::<Timestamp>]).await?
            }
        };
        first_span(&rows)
    }
}

impl Confirmed {
    /// Whose time is taken: the learner's, or else the instructor's.
    async fn obstacle(&self, tx: &Tx, id: Id<Booking>, conflict: Error) -> Result<Error> {
        if let Some((starts_at, ends_at)) = first_span(&tx.query(sql::BUSY_STUDENT, &[&id, &None::<Timestamp>, &None::<Timestamp>]).await?)?
        {
            return Err(conflict.busy(starts_at, ends_at));
        }
        let conflict = if self.is_named { conflict.field("instructorId") } else { conflict };
        match first_span(&tx.query(sql::BUSY_INSTRUCTOR, &[&id, &self.instructor]).await?)? {
            Some((starts_at, ends_at)) => Err(conflict.busy(starts_at, ends_at)),
            None => Ok(conflict),
        }
    }
}

/// When one of these resources (none given: of those that a booking has) is taken within a span, or within the booking's own.
pub(super) async fn taken(
    tx: &Tx,
    id: Id<Booking>,
    resources: Option<&[Id<Resource>]>,
    span: Option<Span>,
) -> Result<Option<(Timestamp, Timestamp)>> {
    let (start, end) = (span.map(|span| span.start), span.map(|span| span.end));
    first_span(&tx.query(sql::TAKEN_RESOURCE, &[&id, &resources, &start, &end]).await?)
}

/// Whether the database refused because somebody or something is taken, or the last seat is.
pub(super) fn is_taken(error: &DbError) -> bool {
    let overlaps =
        ["claim_person_overlap", "claim_resource_overlap", "booking_instructor_overlap", "booking_student_overlap", "group_session_places"];
    error.constraint().is_some_and(|constraint| overlaps.contains(&constraint))
}

/// What a booking's type, its school or its instructor's limits say against a step.
pub fn terms(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    let counted = |refusal: Error| refusal.limit(usize::try_from(limit).unwrap_or_default(), usize::try_from(used).unwrap_or_default());
    match error.constraint() {
        Some("booking_reason") => Error::bad_input("reason", "must be given: this type of booking asks for it").reason("REASON_REQUIRED"),
        Some("booking_notice") => Error::conflict("NOTICE_PASSED", "It is too late for that: ask the school."),
        Some("booking_moves") => {
            counted(Error::conflict("RESCHEDULE_LIMIT", format!("A booking of this type may be moved {limit} times: ask the school.")))
        }
        Some("booking_limit") => {
            let message = format!("The instructor may be booked for {limit} minutes in that time, and is booked for {used}.");
            counted(Error::conflict("BOOKING_LIMIT", message).field("instructorId"))
        }
        _ => error.clone().into(),
    }
}

fn first_span(rows: &[Row]) -> Result<Option<(Timestamp, Timestamp)>> {
    let span = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    Ok(span.transpose().map_err(|error: tokio_postgres::Error| DbError::from(error))?)
}
