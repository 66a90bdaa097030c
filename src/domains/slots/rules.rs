//! What one start of a booking type is worth: every rule, every candidate. Offers, explanations and bookings all ask this, over the same facts. It waits
//! for nothing and knows no database.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use uuid::Uuid;

use super::span::Span;

/// Why a start can't be booked, in the order in which the rules are looked at: the first that fails is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotReason {
    TypeInactive,
    NotEligible,
    TooSoon,
    TooFar,
    BookingLimit,
    ResourceUnbookable,
    ResourceClosed,
    OutsideAvailability,
    NotOnGrid,
    SessionFull,
    BookingConflict,
}

/// Rules that a manager may skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    pub notice: bool,
    pub horizon: bool,
    pub limits: bool,
    pub eligibility: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Fixed,
    RoundRobin,
    LeastBusy,
}

/// At most so many; none: any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub per_learner: Option<i64>,
    pub per_learner_per_day: Option<i64>,
    pub per_learner_per_week: Option<i64>,
    pub open_per_learner: Option<i64>,
    pub per_instructor_per_day: Option<i64>,
    pub per_instructor_per_week: Option<i64>,
}

/// What a type asks for.
#[derive(Debug, Clone)]
pub struct Terms {
    pub is_active: bool,
    pub step: SignedDuration,
    pub before: SignedDuration,
    pub after: SignedDuration,
    pub notice: SignedDuration,
    pub horizon_days: Option<i32>,
    pub needs_instructor: bool,
    pub strategy: Strategy,
    pub limits: Limits,
}

/// Numbers by local dates of the school.
pub type Days = HashMap<civil::Date, i64>;

/// One who could take it, with their time: `given` merged and in order, before anything is taken off; `open` less times off; `claimed` with the buffers of
/// what claims it, in order, without overlaps.
#[derive(Debug, Clone, Default)]
pub struct Instructor {
    pub id: Uuid,
    pub weight: i64,
    pub assigned: i64,
    pub last_assigned: Option<Timestamp>,
    pub given: Vec<Span>,
    pub open: Vec<Span>,
    pub claimed: Vec<Span>,
    pub bookings: Days,
    pub minutes: Days,
    pub max_minutes_per_day: Option<i64>,
    pub max_minutes_per_week: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Thing {
    pub id: Uuid,
    pub is_bookable: bool,
    pub needs_approval: bool,
    pub setup: SignedDuration,
    pub teardown: SignedDuration,
    /// Where the grid begins without an instructor; a thing that is always open begins at midnight of its zone.
    pub given: Vec<Span>,
    pub open: Vec<Span>,
    pub claimed: Vec<Span>,
}

/// Whoever would learn; none where nobody is asked about.
#[derive(Debug, Clone, Default)]
pub struct Learner {
    pub claimed: Vec<Span>,
    pub ever: i64,
    pub open: i64,
    pub bookings: Days,
    /// Whether each rule of eligibility is met.
    pub eligibility: Vec<bool>,
}

/// All that is known.
pub struct Facts {
    pub now: Timestamp,
    pub zone: TimeZone,
    pub terms: Terms,
    pub instructors: Vec<Instructor>,
    /// One of each is needed.
    pub requirements: Vec<Vec<Thing>>,
    pub learner: Option<Learner>,
    pub skipped: Skipped,
    /// Managers are not bound to the grid.
    pub is_bound_to_grid: bool,
}

/// What is asked of the facts.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub span: Span,
    pub instructor: Option<Uuid>,
    pub things: Option<&'a [Uuid]>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Each rule, and whether it is met, in their order.
    pub checks: Vec<(SlotReason, bool)>,
    pub instructors: Vec<(Uuid, Option<SlotReason>)>,
    pub things: Vec<(Uuid, Option<SlotReason>)>,
    /// Who would take it, the first first.
    pub takers: Vec<Uuid>,
    /// One for each requirement, where there is one.
    pub taken: Vec<Uuid>,
    pub needs_approval: bool,
}

impl Verdict {
    /// The first rule that fails; none: it can be booked.
    pub fn reason(&self) -> Option<SlotReason> {
        self.checks.iter().find(|(_, is_met)| !is_met).map(|(reason, _)| *reason)
    }
}

/// Whether one of these spans, in order and without overlaps, covers a span.
fn covers(spans: &[Span], span: Span) -> bool {
    let next = spans.partition_point(|open| open.end <= span.start);
    spans.get(next).is_some_and(|open| open.start <= span.start && open.end >= span.end)
}

/// Whether one of them shares time with it.
fn meets(spans: &[Span], span: Span) -> bool {
    let next = spans.partition_point(|claim| claim.end <= span.start);
    spans.get(next).is_some_and(|claim| claim.start < span.end)
}

fn widened(span: Span, before: SignedDuration, after: SignedDuration) -> Span {
    Span { start: span.start - before, end: span.end + after }
}

/// Whether a start lies at a multiple of the step from the beginning of the given piece that holds it.
fn is_on_grid(given: &[Span], start: Timestamp, step: SignedDuration) -> bool {
    let next = given.partition_point(|piece| piece.end <= start);
    given.get(next).is_some_and(|piece| piece.start <= start && piece.start.duration_until(start).as_secs() % step.as_secs() == 0)
}

/// The sum over the week of a date, from Monday.
fn in_week(days: &Days, date: civil::Date) -> i64 {
    let monday = date.saturating_sub(jiff::Span::new().days(i64::from(date.weekday().to_monday_zero_offset())));
    (0..7).filter_map(|n| monday.checked_add(jiff::Span::new().days(n)).ok()).map(|day| days.get(&day).copied().unwrap_or(0)).sum()
}

fn is_over(limit: Option<i64>, used: i64) -> bool {
    limit.is_some_and(|limit| used > limit)
}

impl Facts {
    /// Judges one start.
    pub fn judge(&self, wanted: Wanted<'_>) -> Verdict {
        let Wanted { span, instructor, things } = wanted;
        let date = span.start.to_zoned(self.zone.clone()).date();
        let mut verdict = Verdict::default();
        let (mut takers, mut furthest) = (Vec::new(), None);
        for candidate in self.instructors.iter().filter(|candidate| instructor.is_none_or(|wanted| candidate.id == wanted)) {
            let reason = self.against(candidate, span, date);
            if reason.is_none() {
                takers.push(candidate);
            }
            furthest = furthest.max(reason.map(progress));
            verdict.instructors.push((candidate.id, reason));
        }
        self.in_turn(&mut takers, date);
        let of_instructors = if !self.terms.needs_instructor || !takers.is_empty() {
            None
        } else {
            Some(furthest.map_or(SlotReason::OutsideAvailability, |(_, reason)| reason))
        };
        verdict.takers = takers.into_iter().map(|candidate| candidate.id).collect();

        let mut of_things: Option<SlotReason> = None;
        for (place, requirement) in self.requirements.iter().enumerate() {
            let (mut first, mut furthest) = (None, None);
            for thing in requirement.iter().filter(|thing| things.is_none_or(|wanted| wanted.contains(&thing.id))) {
                let reason = self.against_thing(thing, span, place);
                if reason.is_none() && first.is_none() {
                    first = Some(thing);
                }
                furthest = furthest.max(reason.map(progress));
                verdict.things.push((thing.id, reason));
            }
            match first {
                Some(thing) => {
                    verdict.needs_approval |= thing.needs_approval;
                    verdict.taken.push(thing.id);
                }
                None => {
                    let reason = furthest.map_or(SlotReason::ResourceUnbookable, |(_, reason)| reason);
                    of_things = Some(of_things.map_or(reason, |before| before.min(reason)));
                }
            }
        }

        let learner = self.learner.as_ref();
        let fails = |reason: SlotReason| of_instructors == Some(reason) || of_things == Some(reason);
        let is_over_limit = !self.skipped.limits && learner.is_some_and(|learner| self.is_over_limit(learner, date));
        let latest = self.terms.horizon_days.and_then(|days| self.end_of_horizon(days));
        verdict.checks = vec![
            (SlotReason::TypeInactive, self.terms.is_active),
            (SlotReason::NotEligible, self.skipped.eligibility || learner.is_none_or(|learner| learner.eligibility.iter().all(|met| *met))),
            (SlotReason::TooSoon, span.start >= if self.skipped.notice { self.now } else { self.now + self.terms.notice }),
            (SlotReason::TooFar, self.skipped.horizon || latest.is_none_or(|latest| span.start < latest)),
            (SlotReason::BookingLimit, !is_over_limit && !fails(SlotReason::BookingLimit)),
            (SlotReason::ResourceUnbookable, !fails(SlotReason::ResourceUnbookable)),
            (SlotReason::ResourceClosed, !fails(SlotReason::ResourceClosed)),
            (SlotReason::OutsideAvailability, !fails(SlotReason::OutsideAvailability)),
            (SlotReason::NotOnGrid, !fails(SlotReason::NotOnGrid)),
            (SlotReason::BookingConflict, !fails(SlotReason::BookingConflict) && !learner.is_some_and(|learner| meets(&learner.claimed, span))),
        ];
        verdict
    }

    /// Why an instructor can't take it.
    fn against(&self, candidate: &Instructor, span: Span, date: civil::Date) -> Option<SlotReason> {
        let limits = self.terms.limits;
        let minutes = span.length().as_mins();
        if !covers(&candidate.open, span) {
            Some(SlotReason::OutsideAvailability)
        } else if self.is_bound_to_grid && !is_on_grid(&candidate.given, span.start, self.terms.step) {
            Some(SlotReason::NotOnGrid)
        } else if meets(&candidate.claimed, widened(span, self.terms.before, self.terms.after)) {
            Some(SlotReason::BookingConflict)
        } else if (!self.skipped.limits
            && (is_over(limits.per_instructor_per_day, candidate.bookings.get(&date).copied().unwrap_or(0) + 1)
                || is_over(limits.per_instructor_per_week, in_week(&candidate.bookings, date) + 1)))
            // What an instructor may be booked for holds where a manager assigns, too.
            || is_over(candidate.max_minutes_per_day, candidate.minutes.get(&date).copied().unwrap_or(0) + minutes)
            || is_over(candidate.max_minutes_per_week, in_week(&candidate.minutes, date) + minutes)
        {
            Some(SlotReason::BookingLimit)
        } else {
            None
        }
    }

    /// Why a thing can't be taken. Without an instructor the first requirement's things say where starts lie.
    fn against_thing(&self, thing: &Thing, span: Span, place: usize) -> Option<SlotReason> {
        if !thing.is_bookable {
            Some(SlotReason::ResourceUnbookable)
        } else if !covers(&thing.open, span) {
            Some(SlotReason::ResourceClosed)
        } else if !self.terms.needs_instructor && place == 0 && self.is_bound_to_grid && !is_on_grid(&thing.given, span.start, self.terms.step) {
            Some(SlotReason::NotOnGrid)
        } else if meets(&thing.claimed, widened(span, thing.setup, thing.teardown)) {
            Some(SlotReason::BookingConflict)
        } else {
            None
        }
    }

    fn is_over_limit(&self, learner: &Learner, date: civil::Date) -> bool {
        let limits = self.terms.limits;
        is_over(limits.per_learner, learner.ever + 1)
            || is_over(limits.open_per_learner, learner.open + 1)
            || is_over(limits.per_learner_per_day, learner.bookings.get(&date).copied().unwrap_or(0) + 1)
            || is_over(limits.per_learner_per_week, in_week(&learner.bookings, date) + 1)
    }

    /// The end of today's date and so many days, by the school's clock.
    fn end_of_horizon(&self, days: i32) -> Option<Timestamp> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let day = today.checked_add(jiff::Span::new().days(i64::from(days) + 1)).ok()?;
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    /// As the strategy would take them; they come in the type's order.
    fn in_turn(&self, takers: &mut [&Instructor], date: civil::Date) {
        let ratio = |one: &Instructor, two: &Instructor| (one.assigned * two.weight).cmp(&(two.assigned * one.weight));
        let ties = |one: &Instructor, two: &Instructor| one.last_assigned.cmp(&two.last_assigned).then(one.id.cmp(&two.id)); // never: first
        match self.terms.strategy {
            Strategy::Fixed => {}
            Strategy::RoundRobin => takers.sort_by(|one, two| ratio(one, two).then_with(|| ties(one, two))),
            Strategy::LeastBusy => {
                takers.sort_by(|one, two| in_week(&one.minutes, date).cmp(&in_week(&two.minutes, date)).then_with(|| ties(one, two)));
            }
        }
    }
}

/// How far somebody came who fails for this reason; the one that came furthest speaks for all.
fn progress(reason: SlotReason) -> (u8, SlotReason) {
    let steps = match reason {
        SlotReason::BookingLimit => 4,
        SlotReason::BookingConflict => 3,
        SlotReason::NotOnGrid => 2,
        SlotReason::OutsideAvailability | SlotReason::ResourceClosed => 1,
        _ => 0,
    };
    (steps, reason)
}
