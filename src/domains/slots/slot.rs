//! What can be booked, day by day, and why the rest can't.

use std::collections::BTreeSet;

use async_graphql::Context;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Date, DateTime, Loaded, Rows},
};
use lectern_macros::{object, resolvers};

use super::{
    eligibility::EligibilityCheck,
    grid::Grid,
    rules::{Facts, SlotReason, Verdict, Wanted},
    wish::Wish,
};
use crate::domains::{
    bookings::{Span, shares},
    group_sessions::GroupSession,
    identity::User,
    resources::Resource,
};

/// What of a booking type can be booked, day by day.
#[object]
pub struct Slots {
    /// The IANA time zone whose dates are the days.
    pub time_zone: String,
    /// How long a booking is.
    pub duration_minutes: i32,
    /// One entry for each date that the range touches, in order.
    pub days: Vec<SlotDay>,
    /// What is asked of the learner, and which of it they meet; empty where nobody's own rules are asked about.
    pub eligibility: Vec<EligibilityCheck>,
}

/// What can be booked on a date.
#[object]
pub struct SlotDay {
    /// The date.
    pub date: Date,
    /// The starts that can be booked now, in order; each stands in the day of its start.
    pub slots: Vec<Slot>,
    /// Where there are none: the first rule that leaves nothing of the day's starts.
    pub empty_because: Option<SlotReason>,
}

/// A start that can be booked now.
#[object(resolvers)]
#[derive(Clone)]
pub struct Slot {
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// How many instructors could take it; 0 where nobody has to.
    pub instructor_count: i32,
    /// How many seats are left; 1 where it is one to one.
    pub seats_left: i32,
    /// Whether your booking would wait for the school's answer.
    pub needs_approval: bool,
    #[hidden]
    takers: Vec<Id<User>>,
    #[hidden]
    things: Vec<Id<Resource>>,
    #[hidden]
    session: Option<Id<GroupSession>>,
}

/// How many people and resources a slot names at most.
const MOST: usize = 50;
/// How many unless somebody says so.
const USUAL: i32 = 10;

fn so_many(first: Option<i32>) -> Result<usize> {
    let first = first.unwrap_or(USUAL);
    usize::try_from(first)
        .ok()
        .filter(|first| (1..=MOST).contains(first))
        .ok_or_else(|| Error::bad_input("first", format!("must be between 1 and {MOST}")))
}

#[resolvers]
impl Slot {
    /// Who could take it: whoever would be taken first is first.
    #[cost(10)]
    async fn instructors(
        &self,
        ctx: &Context<'_>,
        /// The first so many; 1 to 50, 10 unless given.
        first: Option<i32>,
    ) -> Result<Vec<Loaded<User>>> {
        let found = try_join_all(self.takers.iter().take(so_many(first)?).map(|person| ctx.whole(*person))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The resources that are free for it, in the order in which they would be taken.
    #[cost(10)]
    async fn resources(
        &self,
        ctx: &Context<'_>,
        /// The first so many; 1 to 50, 10 unless given.
        first: Option<i32>,
    ) -> Result<Vec<Loaded<Resource>>> {
        let found = try_join_all(self.things.iter().take(so_many(first)?).map(|thing| ctx.whole(*thing))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The group session that there is already; null where your booking would make one, and where it is one to one.
    async fn group_session(&self, ctx: &Context<'_>) -> Result<Option<Loaded<GroupSession>>> {
        match self.session {
            Some(session) => ctx.whole(session).await,
            None => Ok(None),
        }
    }
}

impl Slot {
    fn of(wish: &Wish, start: Timestamp, verdict: Verdict) -> Slot {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let free = verdict.things.iter().filter(|(_, failed)| failed.is_none()).map(|(thing, _)| *thing);
        Slot {
            starts_at: DateTime(start),
            ends_at: DateTime(wish.span(start).end),
            instructor_count: count(verdict.takers.len()),
            seats_left: i32::try_from(verdict.seats_left).unwrap_or(i32::MAX),
            needs_approval: verdict.needs_approval && !wish.is_manager,
            things: if verdict.session.is_some() { verdict.taken.clone() } else { free.take(MOST).collect() },
            session: verdict.session.map(Id::from_uuid),
            takers: verdict.takers.into_iter().take(MOST).collect(),
        }
    }
}

/// Starts at most in one answer.
const MAX_STARTS: usize = 5000;

/// The starts of a range that somebody or something is given: those of the instructors, or of the first requirement's resources; and sessions that there are.
pub fn starts(known: &Facts, range: Span, length: SignedDuration) -> Result<Vec<Timestamp>> {
    let grids: Vec<&Grid> = if known.terms.needs_instructor {
        known.candidates.iter().map(|candidate| &candidate.grid).collect()
    } else {
        known.requirements.first().into_iter().flatten().map(|thing| &thing.grid).collect()
    };
    let mut starts: BTreeSet<Timestamp> =
        known.sessions.iter().map(|session| session.span.start).filter(|start| *start >= range.start && *start < range.end).collect();
    for grid in grids {
        starts.extend(grid.starts(range, length, MAX_STARTS + 1));
        if starts.len() > MAX_STARTS {
            return Err(
                Error::too_complex(format!("The range holds more than {MAX_STARTS} starts: narrow it.")).limit(MAX_STARTS, starts.len())
            );
        }
    }
    Ok(starts.into_iter().collect())
}

/// What can be booked on each of the days.
pub fn by_days(wish: &Wish, known: &Facts, days: &[(civil::Date, Span)], starts: &[Timestamp]) -> Vec<SlotDay> {
    let mut found: Vec<Day> = days.iter().map(|_| Day::default()).collect();
    for start in starts {
        let instant = Span { start: *start, end: *start + SignedDuration::from_secs(1) };
        let Some((day, _)) = shares(days, instant).next() else { continue };
        let verdict = known.judge(wish.wanted(*start));
        if verdict.reason().is_none() {
            found[day].slots.push(Slot::of(wish, *start, verdict));
        } else if found[day].slots.is_empty() {
            found[day].refused.push(Verdict { checks: verdict.checks, ..Verdict::default() });
        }
    }
    let shown = |(day, Day { slots, refused }): (&(civil::Date, Span), Day)| SlotDay {
        date: Date(day.0),
        empty_because: if slots.is_empty() { Some(emptied_by(known, wish, day.1, &refused)) } else { None },
        slots,
    };
    days.iter().zip(found).map(shown).collect()
}

/// What was found on a day: what can be booked, or as long as there is nothing, what became of each start.
#[derive(Default)]
struct Day {
    slots: Vec<Slot>,
    refused: Vec<Verdict>,
}

/// The first rule that leaves nothing of a day's starts, all of which are refused.
fn emptied_by(known: &Facts, wish: &Wish, day: Span, refused: &[Verdict]) -> SlotReason {
    if refused.is_empty() {
        return nobody_open(known, wish, day);
    }
    let rules = refused[0].checks.len();
    let mut left: Vec<&Verdict> = refused.iter().collect();
    for rule in 0..rules {
        left.retain(|verdict| verdict.checks[rule].1);
        if left.is_empty() {
            return refused[0].checks[rule].0;
        }
    }
    SlotReason::BookingConflict
}

/// Why there is nothing on a day without starts: nobody is open at all, unless it could not be booked anyhow.
fn nobody_open(known: &Facts, wish: &Wish, day: Span) -> SlotReason {
    let of = |start: Timestamp| known.judge(Wanted { span: Span { start, end: start + wish.length }, ..wish.wanted(start) });
    let fails = |verdict: &Verdict, reason: SlotReason| verdict.checks.iter().any(|(rule, is_met)| *rule == reason && !is_met);
    let (first, last) = (of(day.start), of(day.end - SignedDuration::from_secs(1)));
    if !known.terms.is_active {
        SlotReason::TypeInactive
    } else if fails(&last, SlotReason::TooSoon) {
        SlotReason::TooSoon
    } else if fails(&first, SlotReason::TooFar) {
        SlotReason::TooFar
    } else if known.terms.needs_instructor {
        SlotReason::OutsideAvailability
    } else {
        SlotReason::ResourceClosed
    }
}

/// The name of a zone as it is answered.
pub fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// Why one start can or can't be booked.
#[object]
pub struct SlotExplanation {
    /// Whether it can be booked now.
    pub is_bookable: bool,
    /// The first rule that fails; null where it can be booked.
    pub reason: Option<SlotReason>,
    /// Every rule, in the order in which they are looked at.
    pub checks: Vec<SlotCheck>,
    /// Every instructor and resource of the type, and why they can't be had then. It never says what takes them.
    pub candidates: Vec<SlotCandidate>,
    /// What is asked of the learner, and which of it they meet; empty where nobody's own rules are asked about.
    pub eligibility: Vec<EligibilityCheck>,
}

/// A rule, and whether it is met.
#[object]
pub struct SlotCheck {
    /// The rule, by the word that its refusal has.
    pub reason: SlotReason,
    /// Whether it is met.
    pub is_met: bool,
}

/// Somebody or something that could be taken.
#[object]
pub struct SlotCandidate {
    /// Who; null where it is a resource, or when you may not see them.
    pub instructor: Option<Loaded<User>>,
    /// What; null where it is an instructor.
    pub resource: Option<Loaded<Resource>>,
    /// Whether they can be had then.
    pub is_free: bool,
    /// Why not: the first of what keeps them.
    pub reason: Option<SlotReason>,
}

/// Explains a start. `asked`: what came of what is asked; `all`: what would come of it where nobody and nothing is named.
///
/// # Errors
/// When the database can't be asked.
pub async fn explanation(ctx: &Context<'_>, asked: Verdict, all: &Verdict, eligibility: Vec<EligibilityCheck>) -> Result<SlotExplanation> {
    let people = try_join_all(all.candidates.iter().map(|(person, _)| ctx.whole(*person))).await?;
    let things = try_join_all(all.things.iter().map(|(thing, _)| ctx.whole(*thing))).await?;
    let instructors = people.into_iter().zip(&all.candidates).map(|(instructor, (_, reason))| SlotCandidate {
        instructor,
        resource: None,
        is_free: reason.is_none(),
        reason: *reason,
    });
    let resources = things.into_iter().zip(&all.things).map(|(resource, (_, reason))| SlotCandidate {
        instructor: None,
        resource,
        is_free: reason.is_none(),
        reason: *reason,
    });
    let reason = asked.reason();
    Ok(SlotExplanation {
        is_bookable: reason.is_none(),
        reason,
        checks: asked.checks.into_iter().map(|(reason, is_met)| SlotCheck { reason, is_met }).collect(),
        candidates: instructors.chain(resources).collect(),
        eligibility,
    })
}
