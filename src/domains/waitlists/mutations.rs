//! Waiting, leaving, and taking what is offered.

use async_graphql::Context;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{WaitlistEntry, entry::WaitlistStatus, finding::Window, inputs::JoinWaitlistInput, sql};
use crate::domains::{
    bookings::{Booking, CHANGES, Span},
    group_sessions::GroupSession,
    identity::User,
    slots::{self, BookingType, Named, SlotHold, SlotReason, TypeTerms, Wish, refused, terms_of},
};

/// Mutations of waitlists.
pub struct WaitlistMutations;

/// The longest window.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What somebody is to wait for.
struct Wanted {
    of: TypeTerms,
    session: Option<Id<GroupSession>>,
    span: Span,
    instructor: Option<Id<User>>,
}

fn free() -> Error {
    Error::conflict("SLOT_FREE", "You need not wait: it can be booked.")
}

fn over() -> Error {
    Error::conflict("INVALID_TRANSITION", "This entry of the waitlist is not OFFERED.").field("id")
}

/// A session to wait for: it is to take place, and full.
async fn full_session(ctx: &Context<'_>, session: Id<GroupSession>) -> Result<(Id<BookingType>, Span)> {
    let rows = ctx.tx().query(sql::SESSION, &[&session]).await?;
    let mut reader = ColumnReader::new(rows.first().ok_or_else(|| Error::not_found("group session").field("groupSessionId"))?);
    let of = reader.next()?;
    let span = Span { start: reader.next()?, end: reader.next()? };
    let (status, seats_left): (&str, i64) = (reader.next()?, reader.next()?);
    if status != "SCHEDULED" || span.start <= ctx.now() {
        return Err(Error::conflict("INVALID_TRANSITION", "This group session is cancelled, or has begun.").field("groupSessionId"));
    }
    if seats_left > 0 { Err(free().field("groupSessionId")) } else { Ok((of, span)) }
}

/// A window to wait in.
fn window(from: Option<DateTime>, to: Option<DateTime>, now: Timestamp) -> Result<Span> {
    let from = from.ok_or_else(|| Error::bad_input("from", "goes with `bookingTypeId`"))?;
    let to = to.ok_or_else(|| Error::bad_input("to", "goes with `bookingTypeId`"))?;
    let span = Span::new(from.0, to.0).ok_or_else(|| Error::bad_input("to", "must be later than `from`"))?;
    if span.length() > LONGEST {
        return Err(Error::bad_input("to", "must be at most 31 days after `from`"));
    }
    if span.end <= now { Err(Error::bad_input("to", "must not be in the past")) } else { Ok(span) }
}

impl Wanted {
    async fn read(ctx: &Context<'_>, input: &JoinWaitlistInput) -> Result<Wanted> {
        let session = Id::<GroupSession>::parse_opt("groupSessionId", input.group_session_id.as_ref())?;
        let of = Id::<BookingType>::parse_opt("bookingTypeId", input.booking_type_id.as_ref())?;
        match (session, of) {
            (None, None) => Err(Error::bad_input("bookingTypeId", "must be given, unless `groupSessionId` is")),
            (Some(_), Some(_)) => Err(Error::bad_input("groupSessionId", "must be left out where `bookingTypeId` is given")),
            (Some(session), None) => {
                for (field, is_given) in
                    [("from", input.from.is_some()), ("to", input.to.is_some()), ("instructorId", input.instructor_id.is_some())]
                {
                    if is_given {
                        return Err(Error::bad_input(field, "goes with `bookingTypeId`"));
                    }
                }
                let (of, span) = full_session(ctx, session).await?;
                let of = terms_of(ctx.tx(), of).await?.ok_or_else(|| Error::internal("a group session's type is gone"))?;
                Ok(Wanted { of, session: Some(session), span, instructor: None })
            }
            (None, Some(of)) => {
                let span = window(input.from, input.to, ctx.now())?;
                let me = Id::<User>::from_uuid(ctx.actor()?.user);
                let named = Named { instructor: input.instructor_id.as_ref(), ..Named::default() };
                let Wish { of, instructor, .. } = Wish::read(ctx, of, named, Some(me)).await?;
                Ok(Wanted { of, session: None, span, instructor })
            }
        }
    }
}

fn joined<T>(written: Result<T, DbError>) -> Result<T> {
    let already = || Error::conflict("ALREADY_WAITING", "You wait for that already.");
    Ok(written
        .on_constraint("waitlist_entry_session_once", |_| already().field("groupSessionId"))
        .on_constraint("waitlist_entry_window_once", |_| already().field("bookingTypeId"))?)
}

#[mutations("WaitlistEntry")]
impl WaitlistMutations {
    /// Waits, in your own name: for a seat of a group session that is full, or within a window in which you can book nothing of a type. What comes free is offered to the first who
    /// can book it, and held for them for some time. CONFLICT with SLOT_FREE where you need not wait, with ALREADY_WAITING for the same session, or a window of the type that
    /// overlaps one of yours.
    #[needs(BookingRequest)]
    #[budget(CHANGES)]
    async fn join_waitlist(
        ctx: &Context<'_>,
        /// For what.
        input: JoinWaitlistInput,
    ) -> Result<Loaded<WaitlistEntry>> {
        let me = Id::<User>::from_uuid(ctx.actor()?.user);
        let Wanted { of, session, span, instructor } = Wanted::read(ctx, &input).await?;
        if !of.terms.is_active {
            return Err(refused(SlotReason::TypeInactive).field("bookingTypeId"));
        }
        if session.is_none() {
            let window = Window { of: &of, learner: me, instructor, span, session: None, durations: &of.durations, holder: me.0 };
            if !window.free(ctx.tx(), ctx.now(), SignedDuration::ZERO, 1).await?.is_empty() {
                return Err(free().field("bookingTypeId"));
            }
        }
        let entry = Insert::<WaitlistEntry>::new()
            .set(WaitlistEntry::COLUMNS.learner_id, me)
            .set(WaitlistEntry::COLUMNS.booking_type_id, of.id)
            .set(WaitlistEntry::COLUMNS.group_session_id, session)
            .set(WaitlistEntry::COLUMNS.starts_at, DateTime(span.start))
            .set(WaitlistEntry::COLUMNS.ends_at, DateTime(span.end))
            .set(WaitlistEntry::COLUMNS.instructor_id, instructor);
        joined(entry.run(ctx).await)
    }

    /// Waits no more, and declines what is offered; who waits next is asked. Your own, with BOOKING_MANAGE anybody's; else FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION
    /// unless it is WAITING or OFFERED.
    #[needs(BookingRequest, BookingManage)]
    async fn leave_waitlist(
        ctx: &Context<'_>,
        /// The entry's id.
        id: Id<WaitlistEntry>,
    ) -> Result<Loaded<WaitlistEntry>> {
        let left = ctx.tx().query(sql::LEAVE, &[&id]).await.on_constraint("waitlist_transition", |_| {
            Error::conflict("INVALID_TRANSITION", "This entry of the waitlist is neither WAITING nor OFFERED.").field("id")
        })?;
        if left.is_empty() {
            return Err(ctx.untouched(id, "entry of the waitlist").await);
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("entry of the waitlist").field("id"))
    }

    /// Books what is offered to you, as `bookSlot` would; twice, it answers the same booking. CONFLICT with OFFER_EXPIRED where it is held no more, with INVALID_TRANSITION where
    /// nothing is offered.
    #[needs(BookingRequest)]
    #[about("Booking")]
    #[budget(CHANGES)]
    async fn accept_offer(
        ctx: &Context<'_>,
        /// The id of the waitlist's entry.
        id: Id<WaitlistEntry>,
    ) -> Result<Loaded<Booking>> {
        let rows = ctx.tx().query(sql::OWN, &[&id, &ctx.actor()?.user]).await?;
        let Some(row) = rows.first() else { return Err(ctx.untouched(id, "entry of the waitlist").await) };
        let mut reader = ColumnReader::new(row);
        let (status, hold, booked): (WaitlistStatus, Option<Id<SlotHold>>, Option<Id<Booking>>) =
            (reader.next()?, reader.next()?, reader.next()?);
        let expired = || Error::conflict("OFFER_EXPIRED", "It is held for you no more.").field("id");
        match (status, hold, booked) {
            (WaitlistStatus::Booked, _, Some(booked)) => ctx.whole(booked).await?.ok_or_else(|| Error::not_found("booking").field("id")),
            (WaitlistStatus::Offered, Some(hold), _) => slots::accept(ctx, hold).await?.ok_or_else(expired),
            (WaitlistStatus::Expired, Some(_), _) => Err(expired()),
            _ => Err(over()),
        }
    }
}
