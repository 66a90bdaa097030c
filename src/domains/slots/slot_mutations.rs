//! Holding a slot, giving it back, booking it.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{BookingManage, BookingReadAll},
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    BookingType,
    hold::SlotHold,
    refusing::refused,
    rules::Skipped,
    slot_inputs::{BookSlotInput, HoldSlotInput, hold_minutes},
    sql,
    taking::{Choice, Taking},
    wish::{Named, Wish, learner_of},
};
use crate::domains::{
    bookings::{Booking, CHANGES, Span},
    courses::{Course, CourseStatus},
    identity::User,
    resources::Resource,
};

/// Mutations of holds, and booking.
pub struct SlotMutations;

/// A hold, as it stands.
pub(super) struct Held {
    pub(super) booking: Option<Id<Booking>>,
    pub(super) is_over: bool,
    pub(super) of: Id<BookingType>,
    pub(super) learner: Id<User>,
    pub(super) span: Span,
    pub(super) instructor: Option<Id<User>>,
    pub(super) things: Vec<Id<Resource>>,
}

/// The actor's own hold; none where there is no such.
pub(super) async fn own_hold(ctx: &Context<'_>, id: Id<SlotHold>) -> Result<Option<Held>> {
    let rows = ctx.tx().query(sql::OWN_HOLD, &[&id, &ctx.actor()?.user]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut reader = ColumnReader::new(row);
    Ok(Some(Held {
        booking: reader.next()?,
        is_over: reader.next()?,
        of: reader.next()?,
        learner: reader.next()?,
        span: Span { start: reader.next()?, end: reader.next()? },
        instructor: reader.next()?,
        things: reader.next()?,
    }))
}

/// What a hold became.
pub(super) async fn redeemed(ctx: &Context<'_>, hold: Option<Id<SlotHold>>) -> Result<Option<Id<Booking>>> {
    let Some(hold) = hold else { return Ok(None) };
    Ok(own_hold(ctx, hold).await?.and_then(|held| held.booking))
}

fn expired() -> Error {
    Error::conflict("HOLD_EXPIRED", "The hold is over: hold the slot again, or book it without.").field("holdId")
}

/// A booking as it is, for whoever made it.
pub(super) async fn booking(ctx: &Context<'_>, id: Id<Booking>) -> Result<Loaded<Booking>> {
    ctx.whole(id).await?.ok_or_else(|| Error::missing_permission(&[BookingReadAll]))
}

/// A start that is not over.
fn coming(start: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if start < now { Err(Error::bad_input("startsAt", "must not be in the past")) } else { Ok(start) }
}

/// The course of a booking: the type's own, or one that the actor sees.
async fn course_of(ctx: &Context<'_>, wish: &Wish, course: Option<Id<Course>>) -> Result<()> {
    let Some(course) = course else { return Ok(()) };
    if wish.of.course == Some(course) {
        return Ok(());
    }
    match ctx.get(course).await? {
        None => Err(Error::not_found("course").field("courseId")),
        Some(_) if wish.of.course.is_some() => Err(Error::bad_input("courseId", "must be the booking type's own course")),
        Some(course) if course.status == CourseStatus::Draft => {
            Err(Error::conflict("COURSE_NOT_PUBLISHED", "A draft can't be booked.").field("courseId"))
        }
        Some(_) => Ok(()),
    }
}

/// Maps what the database refuses of a hold or a booking, but for somebody who came first.
pub(super) fn told(error: DbError) -> Result<DbError> {
    match error.constraint() {
        Some("slot_hold_places") => {
            let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
            Err(Error::limit_reached(format!("You may hold {limit} slots at a time: book one, or release it."), limit, used)
                .reason("TOO_MANY_HOLDS"))
        }
        Some("slot_hold_expired") => Err(expired()),
        Some("slot_type") => Err(refused(super::SlotReason::TypeInactive).field("bookingTypeId")),
        Some("booking_course_fkey") => Err(Error::not_found("course").field("courseId")),
        _ => Ok(error),
    }
}

/// What is written of a booking beside what is chosen.
pub(super) struct Writing {
    pub(super) id: Id<Booking>,
    pub(super) course: Option<Id<Course>>,
    pub(super) notes: Option<String>,
    pub(super) overridden: Option<Vec<&'static str>>,
    pub(super) hold: Option<Id<SlotHold>>,
}

/// Books what was chosen; what waits for its answer and holds nothing keeps what was named, as wishes.
pub(super) async fn book(
    ctx: &Context<'_>,
    wish: &Wish,
    learner: Id<User>,
    span: Span,
    choice: &Choice,
    writing: &Writing,
) -> Result<(), DbError> {
    let waits = choice.needs_approval && !wish.is_manager;
    let is_wish = waits && !wish.of.holds_while_requested;
    let instructor = if is_wish { wish.instructor } else { choice.instructor };
    let things = if is_wish { &wish.things } else { &choice.things };
    let chosen = choice.assignment.as_ref().filter(|_| !is_wish);
    let state = if waits { "REQUESTED" } else { "ASSIGNED" };
    let Writing { id, course, notes, overridden, hold } = writing;
    ctx.tx()
        .attempt(
            sql::BOOK,
            &[id, &wish.of.id, &learner, &span.start, &span.end, &state, &instructor, things, course, notes, &chosen, overridden, hold],
        )
        .await?;
    Ok(())
}

#[mutations("SlotHold")]
impl SlotMutations {
    /// Holds a slot for some minutes, so that nobody else books it meanwhile, in place of the one that you hold of the same type; three at a time, else
    /// LIMIT_REACHED with TOO_MANY_HOLDS. Where it fails, what you hold stays. CONFLICT with the reason that `explainSlot` gives where it can't be booked.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn hold_slot(
        ctx: &Context<'_>,
        /// What is to be held.
        input: HoldSlotInput,
    ) -> Result<Loaded<SlotHold>> {
        let learner = learner_of(ctx, input.learner_id.as_ref()).await?;
        let of = Id::<BookingType>::parse("bookingTypeId", &input.booking_type_id)?;
        let minutes = hold_minutes(input.minutes)?;
        let named =
            Named { duration: input.duration_minutes, instructor: input.instructor_id.as_ref(), resources: input.resource_ids.as_deref() };
        let wish = Wish::read(ctx, of, named, Some(learner)).await?;
        let span = wish.span(coming(input.starts_at.0, ctx.now())?);
        let id = Id::<SlotHold>::generate();
        let about = wish.about(ctx.now(), (span.start, span.start), Skipped::default());
        let mut taking = Taking::begin(ctx.tx(), &wish.of, about).await?;
        loop {
            let choice = taking.choose().await?;
            let params: [&(dyn ToSql + Sync); 9] =
                [&id, &of, &learner, &span.start, &span.end, &choice.instructor, &choice.things, &choice.assignment, &minutes];
            match ctx.tx().attempt(sql::HOLD, &params).await {
                Ok(_) => break,
                Err(error) => taking.lost(told(error)?).await?,
            }
        }
        ctx.whole(id).await?.ok_or_else(|| Error::internal("a hold was gone at once"))
    }

    /// Gives a held slot back: your own, with BOOKING_MANAGE anybody's. Answers its id. NOT_FOUND for one that is over.
    #[needs(BookingRequest, BookingManage)]
    async fn release_slot(
        ctx: &Context<'_>,
        /// The hold's id.
        id: Id<SlotHold>,
    ) -> Result<Id<SlotHold>> {
        let released: Option<bool> = ctx.tx().value(sql::RELEASE, &[&id]).await?;
        if released == Some(true) { Ok(id) } else { Err(Error::not_found("hold").field("id")) }
    }

    /// Books a slot: ASSIGNED at once; REQUESTED where the type, or a resource that it takes, asks for the school's answer, and you don't hold BOOKING_MANAGE. With
    /// `holdId` it takes what is held; CONFLICT with HOLD_EXPIRED where that is over, BAD_USER_INPUT where it is of another type, start, length or learner; the same
    /// `holdId` again answers the same booking. CONFLICT with the reason that `explainSlot` gives where it can't be booked: with `limit` and `used` for BOOKING_LIMIT, with
    /// the kinds of `unmet` rules for NOT_ELIGIBLE, with the `busy` span for BOOKING_CONFLICT where one is in the way.
    #[needs(BookingRequest, BookingManage)]
    #[about("Booking")]
    #[budget(CHANGES)]
    async fn book_slot(
        ctx: &Context<'_>,
        /// What is to be booked.
        input: BookSlotInput,
    ) -> Result<Loaded<Booking>> {
        let rules = input.overridden.as_deref().unwrap_or_default();
        if !rules.is_empty() && !ctx.actor()?.can(BookingManage) {
            return Err(Error::missing_permission(&[BookingManage]).field("override"));
        }
        let mut learner = learner_of(ctx, input.learner_id.as_ref()).await?;
        let of = Id::<BookingType>::parse("bookingTypeId", &input.booking_type_id)?;
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        let hold = Id::<SlotHold>::parse_opt("holdId", input.hold_id.as_ref())?;
        let notes = input.notes.as_deref().map(|notes| text::long("notes", notes)).transpose()?.flatten();
        let held = match hold {
            Some(hold) => Some(own_hold(ctx, hold).await?),
            None => None,
        };
        // What a manager holds for somebody is booked for them.
        if let Some(Some(held)) =
            held.as_ref().filter(|_| input.learner_id.is_none() && ctx.actor().is_ok_and(|actor| actor.can(BookingManage)))
        {
            learner = held.learner;
        }
        let named =
            Named { duration: input.duration_minutes, instructor: input.instructor_id.as_ref(), resources: input.resource_ids.as_deref() };
        let mut wish = Wish::read(ctx, of, named, Some(learner)).await?;
        let span = wish.span(coming(input.starts_at.0, ctx.now())?);
        course_of(ctx, &wish, course).await?;
        if let Some(held) = held {
            let held = held.ok_or_else(|| Error::not_found("hold").field("holdId"))?;
            if held.of != of || held.span != span || held.learner != learner {
                return Err(Error::bad_input("holdId", "must be a hold of this type, start, length and learner"));
            }
            if let Some(id) = held.booking {
                return booking(ctx, id).await; // a retry books nothing twice
            }
            if held.is_over {
                return Err(expired());
            }
            (wish.instructor, wish.things) = (held.instructor, held.things);
        }
        let mut overridden: Vec<&'static str> = rules.iter().map(|rule| rule.as_str()).collect();
        overridden.sort_unstable();
        overridden.dedup();
        let overridden = Some(overridden).filter(|rules| !rules.is_empty());
        let writing = Writing { id: Id::generate(), course, notes, overridden, hold };
        let about = wish.about(ctx.now(), (span.start, span.start), Skipped::of(rules));
        let mut taking = Taking::begin(ctx.tx(), &wish.of, about).await?;
        loop {
            let refusal = match taking.choose().await {
                Ok(choice) => match book(ctx, &wish, learner, span, &choice, &writing).await {
                    Ok(()) => return booking(ctx, writing.id).await,
                    Err(error) if error.constraint() == Some("slot_hold_unknown") => Error::not_found("hold").field("holdId"),
                    Err(error) => {
                        taking.lost(told(error)?).await?;
                        continue;
                    }
                },
                Err(refusal) => refusal,
            };
            // Somebody may have made a booking of the hold meanwhile: the same request, sent twice.
            return match redeemed(ctx, hold).await? {
                Some(id) => booking(ctx, id).await,
                None => Err(refusal),
            };
        }
    }
}
