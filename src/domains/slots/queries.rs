//! Reading booking types, holds, and what can be booked.

use async_graphql::{Context, ID};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Loaded, Paging, Projection, Rows, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    BookingType,
    assignment::{AssignmentCandidate, candidates_of},
    booking_type::BY_NAME,
    eligibility::{EligibilityCheck, checks},
    facts::facts,
    hold::SlotHold,
    lists::BookingTypeFilter,
    rules::{Facts, Skipped, SlotReason, Wanted},
    slot::{SlotExplanation, Slots, by_days, explanation, starts, zone_name},
    wish::{Asker, Named, Wish, or_nothing},
};
use crate::domains::{
    bookings::{Booking, Span, days, days_cost},
    identity::User,
    tenants,
};

/// Queries of booking types and slots.
pub struct SlotQueries;

/// Days at most in one answer.
const MAX_DAYS: i64 = 62;

/// What is asked of the learner, and what they meet.
fn eligibility(wish: &Wish, known: &Facts) -> Vec<EligibilityCheck> {
    known.learner.as_ref().map(|learner| checks(wish.of.eligibility.clone(), &learner.eligibility)).unwrap_or_default()
}

#[queries]
impl SlotQueries {
    /// A booking type; null when there is none.
    async fn booking_type(
        ctx: &Context<'_>,
        /// The booking type's id.
        id: Id<BookingType>,
    ) -> Result<Option<Loaded<BookingType>>> {
        one(ctx, id).await
    }

    /// The school's booking types, by name: those that take new bookings, unless the filter says otherwise.
    async fn booking_types(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which booking types.
        filter: Option<BookingTypeFilter>,
    ) -> Result<Option<Connection<BookingType>>> {
        let mut list = list_of::<BookingType>("bookingTypes", BY_NAME);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<BookingTypeFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// What can be booked now, day by day, by you if you may book, or by the learner who is named: what is shown `bookSlot` takes, and what is not shown it
    /// refuses with the reason that `explainSlot` gives. Null for whatever you can't see. BAD_USER_INPUT unless `to` is later than `from`, by 62 days at most; for a
    /// duration, an instructor or a resource that is not of the type; CONFLICT with USER_SUSPENDED for a learner who is suspended. QUERY_TOO_COMPLEX over 5,000 starts.
    #[cost(days_cost)]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn slots(
        ctx: &Context<'_>,
        /// The booking type.
        booking_type_id: Id<BookingType>,
        /// The first moment at which a booking may begin.
        from: DateTime,
        /// Where the range ends, at most 62 days later: a booking begins before it.
        to: DateTime,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
        /// How long a booking is; the type's usual length unless given.
        duration_minutes: Option<i32>,
        /// With this instructor.
        instructor_id: Option<ID>,
        /// With these resources: at most one for each requirement of the type.
        resource_ids: Option<Vec<ID>>,
        /// Who would learn; somebody else than you needs BOOKING_MANAGE.
        learner_id: Option<Id<User>>,
        /// As if this booking, which you may move, were not there; the learner is then its own.
        rescheduling_id: Option<Id<Booking>>,
    ) -> Result<Option<Slots>> {
        let range = Span::new(from.0, to.0).ok_or_else(|| Error::bad_input("to", "must be later than `from`"))?;
        let zone = tenants::time_zone(ctx, "timeZone", time_zone.as_deref())?;
        if !range.has_days_at_most(MAX_DAYS, &zone) {
            return Err(Error::bad_input("to", format!("must be at most {MAX_DAYS} days after `from`")));
        }
        let Some(asker) = or_nothing(Asker::read(ctx, learner_id, rescheduling_id).await)? else { return Ok(None) };
        let named = Named { duration: duration_minutes, instructor: instructor_id.as_ref(), resources: resource_ids.as_deref() };
        let Some(wish) = or_nothing(Wish::read(ctx, booking_type_id, named, asker.learner).await)? else { return Ok(None) };
        let wish = Wish { except: asker.rescheduling, ..wish };
        let known = facts(ctx.tx(), &wish.of, &wish.about(ctx.now(), (range.start, range.end), Skipped::default())).await?;
        let starts = starts(&known, range, wish.length)?;
        Ok(Some(Slots {
            time_zone: zone_name(&zone),
            duration_minutes: i32::try_from(wish.length.as_mins()).unwrap_or_default(),
            days: by_days(&wish, &known, &days(range, &zone)?, &starts),
            eligibility: eligibility(&wish, &known),
        }))
    }

    /// Why one start can or can't be booked now, by you if you may book, or by the learner who is named: every rule, and every instructor and resource of the type.
    /// Null for whatever you can't see; CONFLICT with USER_SUSPENDED for a learner who is suspended. Managers are not bound to the type's starts.
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn explain_slot(
        ctx: &Context<'_>,
        /// The booking type.
        booking_type_id: Id<BookingType>,
        /// When the booking would begin.
        starts_at: DateTime,
        /// How long it would be; the type's usual length unless given.
        duration_minutes: Option<i32>,
        /// With this instructor.
        instructor_id: Option<ID>,
        /// With these resources: at most one for each requirement of the type.
        resource_ids: Option<Vec<ID>>,
        /// Who would learn; somebody else than you needs BOOKING_MANAGE.
        learner_id: Option<Id<User>>,
        /// As if this booking, which you may move, were not there; the learner is then its own.
        rescheduling_id: Option<Id<Booking>>,
    ) -> Result<Option<SlotExplanation>> {
        let Some(asker) = or_nothing(Asker::read(ctx, learner_id, rescheduling_id).await)? else { return Ok(None) };
        let named = Named { duration: duration_minutes, instructor: instructor_id.as_ref(), resources: resource_ids.as_deref() };
        let Some(wish) = or_nothing(Wish::read(ctx, booking_type_id, named, asker.learner).await)? else { return Ok(None) };
        let wish = Wish { except: asker.rescheduling, ..wish };
        let mut about = wish.about(ctx.now(), (starts_at.0, starts_at.0), Skipped::default());
        (about.instructor, about.things) = (None, Vec::new());
        let known = facts(ctx.tx(), &wish.of, &about).await?;
        let asked = known.judge(wish.wanted(starts_at.0));
        // Also where a session stands then: its own time and start keep nobody from a seat in it.
        let mut all =
            Facts { sessions: Vec::new(), ..known.clone() }.judge(Wanted { span: wish.span(starts_at.0), instructor: None, things: &[] });
        if asked.session.is_some() && asked.seats_left > 0 {
            let people = all.candidates.iter_mut().filter(|(person, _)| asked.takers.contains(person)).map(|(_, reason)| reason);
            let things = all.things.iter_mut().filter(|(thing, _)| asked.taken.contains(thing)).map(|(_, reason)| reason);
            for reason in people.chain(things) {
                reason.take_if(|reason| matches!(reason, SlotReason::BookingConflict | SlotReason::NotOnGrid));
            }
        }
        explanation(ctx, asked, &all, eligibility(&wish, &known)).await.map(Some)
    }

    /// A hold that lasts; null when there is none, or none that you may see: yours, with BOOKING_MANAGE anybody's. One that has expired, or that was booked, is absent.
    async fn slot_hold(
        ctx: &Context<'_>,
        /// The hold's id.
        id: Id<SlotHold>,
    ) -> Result<Option<Loaded<SlotHold>>> {
        one(ctx, id).await
    }

    /// Your holds that last, the soonest to expire first. What a waitlist offers you is not among them.
    #[cost(3)]
    async fn slot_holds(ctx: &Context<'_>) -> Result<Option<Vec<Loaded<SlotHold>>>> {
        let own = "sh.owner_id = $2 AND NOT sh.is_offer ORDER BY sh.expires_at, sh.id LIMIT 100";
        let viewer = ctx.actor()?.user;
        Ok(Some(ctx.select::<SlotHold>(own, Projection::WHOLE, &[&viewer]).await?))
    }

    /// Who could take a booking as of now, best first: its type's instructors, or where it has no type all of the school's, the least busy first. Null when there is
    /// no such booking that you may see.
    #[needs(BookingManage)]
    #[cost(10)]
    async fn assignment_candidates(
        ctx: &Context<'_>,
        /// The booking.
        booking_id: Id<Booking>,
    ) -> Result<Option<Vec<AssignmentCandidate>>> {
        candidates_of(ctx, booking_id).await
    }
}
