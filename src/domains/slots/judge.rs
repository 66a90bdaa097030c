//! What one start of a booking type is worth: every rule, every candidate. Offers, explanations and bookings all ask this, over the same facts. It waits
//! for nothing and knows no database.

use jiff::{SignedDuration, Timestamp, ToSpan, civil};

use super::{
    booking_type::AssignmentStrategy,
    rules::{Candidate, Days, Facts, Learner, Session, SlotReason, Thing, Verdict, Wanted},
};
use crate::domains::bookings::Span;

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

fn on(days: &Days, date: civil::Date) -> i64 {
    days.get(&date).copied().unwrap_or(0)
}

/// The sum over the week of a date, from Monday.
pub fn in_week(days: &Days, date: civil::Date) -> i64 {
    if days.is_empty() {
        return 0;
    }
    let monday = date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    (0..7).filter_map(|n| monday.checked_add(n.days()).ok()).map(|day| on(days, day)).sum()
}

/// The first of these limits that one more would pass: what it is, and how many there are.
fn passed(limits: &[(Option<i64>, i64, i64)]) -> Option<(i64, i64)> {
    limits.iter().find_map(|&(limit, used, more)| limit.filter(|limit| used + more > *limit).map(|limit| (limit, used)))
}

/// How far somebody came who fails for this reason: the one that came furthest speaks for all.
fn progress(reason: SlotReason) -> u8 {
    match reason {
        SlotReason::BookingLimit => 4,
        SlotReason::BookingConflict => 3,
        SlotReason::NotOnGrid => 2,
        SlotReason::OutsideAvailability | SlotReason::ResourceClosed => 1,
        _ => 0,
    }
}

fn furthest(one: Option<SlotReason>, two: SlotReason) -> Option<SlotReason> {
    Some(one.filter(|one| progress(*one) >= progress(two)).unwrap_or(two))
}

impl Facts {
    /// Judges one start.
    pub fn judge(&self, wanted: Wanted<'_>) -> Verdict {
        let span = wanted.span;
        let date = span.start.to_zoned(self.zone.clone()).date();
        let mut verdict = Verdict { seats_left: self.terms.seats, needs_approval: self.terms.needs_approval, ..Verdict::default() };
        let mut failing: Vec<SlotReason> = Vec::new();
        match self.session_for(wanted) {
            Some(session) => self.judge_session(session, date, &mut verdict, &mut failing),
            None => {
                failing.extend(self.judge_candidates(wanted, date, &mut verdict));
                self.judge_things(wanted, &mut verdict, &mut failing);
            }
        }

        let learner = self.learner.as_ref();
        let of_learner = learner.filter(|_| !self.skipped.limits).and_then(|learner| self.passed_by(learner, date));
        if of_learner.is_some() {
            failing.push(SlotReason::BookingLimit);
            verdict.limit = of_learner;
        }
        let is_eligible = self.skipped.eligibility || learner.is_none_or(|learner| learner.eligibility.iter().all(|met| *met));
        let earliest = if self.skipped.notice { self.now } else { self.now + self.terms.notice };
        verdict.is_learner_busy = learner.is_some_and(|learner| meets(&learner.claimed, span));
        let latest = self.terms.horizon_days.filter(|_| !self.skipped.horizon).and_then(|days| self.end_of_horizon(days));
        for (reason, is_met) in [
            (SlotReason::TypeInactive, self.terms.is_active),
            (SlotReason::NotEligible, is_eligible),
            (SlotReason::TooSoon, span.start >= earliest),
            (SlotReason::TooFar, latest.is_none_or(|latest| span.start < latest)),
            (SlotReason::BookingConflict, !verdict.is_learner_busy),
        ] {
            if !is_met {
                failing.push(reason);
            }
        }
        let rules = SlotReason::ALL.iter().filter(|reason| **reason != SlotReason::SessionFull || self.terms.seats > 1);
        verdict.checks = rules.map(|reason| (*reason, !failing.contains(reason))).collect();
        verdict
    }

    /// A seat in a session takes nobody's time but the learner's; whoever takes it must be open all the same, and what it takes be open and bookable. With its
    /// first seat a session counts for whoever takes it.
    fn judge_session(&self, session: &Session, date: civil::Date, verdict: &mut Verdict, failing: &mut Vec<SlotReason>) {
        verdict.session = Some(session.id);
        verdict.seats_left = session.seats_left;
        verdict.takers.extend(session.instructor);
        verdict.taken.clone_from(&session.things);
        if self.terms.needs_instructor {
            let leader = self.candidates.iter().find(|candidate| session.instructor == Some(candidate.id));
            // Without anybody: whoever took it is gone.
            if session.instructor.is_none() || leader.is_some_and(|leader| !covers(&leader.open, session.span)) {
                failing.push(SlotReason::OutsideAvailability);
            }
            let counting = leader.filter(|leader| !leader.led.contains(&session.span));
            verdict.limit = counting.and_then(|leader| self.passed_with(leader, session.span, date));
            if verdict.limit.is_some() {
                failing.push(SlotReason::BookingLimit);
            }
        }
        if session.seats_left <= 0 {
            failing.push(SlotReason::SessionFull);
        }
        for thing in self.requirements.iter().flatten().filter(|thing| session.things.contains(&thing.id)) {
            verdict.needs_approval |= thing.needs_approval;
            if !thing.is_bookable {
                failing.push(SlotReason::ResourceUnbookable);
            } else if !covers(&thing.open, session.span) {
                failing.push(SlotReason::ResourceClosed);
            }
        }
    }

    /// The session that is at that very time, with those whom somebody names: one with a seat left, if there is one.
    fn session_for(&self, wanted: Wanted<'_>) -> Option<&Session> {
        let fits = |session: &&Session| {
            session.span == wanted.span
                && wanted.instructor.is_none_or(|instructor| session.instructor == Some(instructor))
                && wanted.things.iter().all(|thing| session.things.contains(thing))
        };
        self.sessions.iter().filter(fits).max_by_key(|session| (session.seats_left.min(1), std::cmp::Reverse(session.id)))
    }

    /// Looks at the instructors; the reason of the one that came furthest, where nobody can take it.
    fn judge_candidates(&self, wanted: Wanted<'_>, date: civil::Date, verdict: &mut Verdict) -> Option<SlotReason> {
        if !self.terms.needs_instructor {
            return None;
        }
        let (mut takers, mut spokesman, mut limit) = (Vec::new(), None, None);
        for candidate in self.candidates.iter().filter(|candidate| wanted.instructor.is_none_or(|wanted| candidate.id == wanted)) {
            let reason = match self.against(candidate, wanted.span, date) {
                Ok(()) => {
                    takers.push(candidate);
                    None
                }
                Err((reason, passed)) => {
                    spokesman = furthest(spokesman, reason);
                    limit = limit.or(passed);
                    Some(reason)
                }
            };
            verdict.candidates.push((candidate.id, reason));
        }
        if takers.is_empty() {
            verdict.limit = limit;
            return Some(spokesman.unwrap_or(SlotReason::OutsideAvailability));
        }
        self.in_turn(&mut takers, date);
        verdict.takers = takers.into_iter().map(|candidate| candidate.id).collect();
        None
    }

    /// Why an instructor can't take it, and the limit that they have reached.
    fn against(&self, candidate: &Candidate, span: Span, date: civil::Date) -> Result<(), (SlotReason, Option<(i64, i64)>)> {
        let is_learner = self.learner.as_ref().is_some_and(|learner| learner.id == candidate.id);
        if !covers(&candidate.open, span) {
            return Err((SlotReason::OutsideAvailability, None));
        }
        if self.is_bound_to_grid && !candidate.grid.has(span.start) {
            return Err((SlotReason::NotOnGrid, None));
        }
        // Nobody takes their own booking.
        if is_learner || meets(&candidate.claimed, widened(span, self.terms.before, self.terms.after)) {
            return Err((SlotReason::BookingConflict, None));
        }
        match self.passed_with(candidate, span, date) {
            Some(limit) => Err((SlotReason::BookingLimit, Some(limit))),
            None => Ok(()),
        }
    }

    /// The limit that one more booking of an instructor would pass.
    fn passed_with(&self, candidate: &Candidate, span: Span, date: civil::Date) -> Option<(i64, i64)> {
        let (limits, minutes) = (self.terms.limits, span.length().as_mins());
        let of_type = if self.skipped.limits {
            None
        } else {
            passed(&[
                (limits.per_instructor_per_day, on(&candidate.bookings, date), 1),
                (limits.per_instructor_per_week, in_week(&candidate.bookings, date), 1),
            ])
        };
        let in_all = passed(&[
            (candidate.max_minutes_per_day, on(&candidate.minutes, date), minutes),
            (candidate.max_minutes_per_week, in_week(&candidate.minutes, date), minutes),
        ]);
        of_type.or(in_all)
    }

    /// Looks at the resources.
    fn judge_things(&self, wanted: Wanted<'_>, verdict: &mut Verdict, failing: &mut Vec<SlotReason>) {
        for (place, requirement) in self.requirements.iter().enumerate() {
            let is_named = requirement.iter().any(|thing| wanted.things.contains(&thing.id));
            let (mut first, mut spokesman) = (None, None);
            // What takes as many people as there are seats comes first.
            let fits = |thing: &&Thing| thing.capacity.is_none_or(|capacity| capacity >= self.terms.seats);
            let by_size = requirement.iter().filter(fits).chain(requirement.iter().filter(|thing| !fits(thing)));
            for thing in by_size.filter(|thing| !is_named || wanted.things.contains(&thing.id)) {
                let reason = self.against_thing(thing, wanted.span, place);
                match reason {
                    None => first = first.or(Some(thing)),
                    Some(reason) => spokesman = furthest(spokesman, reason),
                }
                verdict.things.push((thing.id, reason));
            }
            match first {
                Some(thing) => {
                    verdict.needs_approval |= thing.needs_approval;
                    verdict.seats_left = verdict.seats_left.min(thing.capacity.unwrap_or(i64::MAX));
                    verdict.taken.push(thing.id);
                }
                None => failing.push(spokesman.unwrap_or(SlotReason::ResourceUnbookable)),
            }
        }
    }

    /// Why a resource can't be taken. Without an instructor those of the first requirement say where starts lie.
    fn against_thing(&self, thing: &Thing, span: Span, place: usize) -> Option<SlotReason> {
        let says_grid = !self.terms.needs_instructor && place == 0 && self.is_bound_to_grid;
        if !thing.is_bookable {
            Some(SlotReason::ResourceUnbookable)
        } else if !covers(&thing.open, span) {
            Some(SlotReason::ResourceClosed)
        } else if says_grid && !thing.grid.has(span.start) {
            Some(SlotReason::NotOnGrid)
        } else if meets(&thing.claimed, widened(span, thing.setup, thing.teardown)) {
            Some(SlotReason::BookingConflict)
        } else {
            None
        }
    }

    /// The limit that one more booking of a learner would pass.
    fn passed_by(&self, learner: &Learner, date: civil::Date) -> Option<(i64, i64)> {
        let limits = self.terms.limits;
        passed(&[
            (limits.per_learner, learner.ever, 1),
            (limits.per_learner_per_day, on(&learner.bookings, date), 1),
            (limits.per_learner_per_week, in_week(&learner.bookings, date), 1),
            (limits.open_per_learner, learner.open, 1),
        ])
    }

    /// The end of today's date and so many days, by the school's clock.
    fn end_of_horizon(&self, days: i32) -> Option<Timestamp> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let day = today.checked_add((i64::from(days) + 1).days()).ok()?;
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    /// As the strategy would take them; they come in the type's order.
    fn in_turn(&self, takers: &mut [&Candidate], date: civil::Date) {
        let by_turn = |one: &Candidate, two: &Candidate| {
            let ratio = (one.assigned * two.weight).cmp(&(two.assigned * one.weight));
            ratio.then(one.last_assigned.cmp(&two.last_assigned)).then(one.id.0.cmp(&two.id.0)) // never assigned: first
        };
        match self.terms.strategy {
            AssignmentStrategy::Fixed => {}
            AssignmentStrategy::RoundRobin => takers.sort_by(|one, two| by_turn(one, two)),
            AssignmentStrategy::LeastBusy => takers.sort_by(|one, two| {
                in_week(&one.claimed_minutes, date).cmp(&in_week(&two.claimed_minutes, date)).then_with(|| by_turn(one, two))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use lectern_kernel::ids::Id;
    use uuid::Uuid;

    use super::*;
    use crate::domains::resources::Resource;
    use crate::domains::slots::{
        grid::{Anchor, Grid},
        rules::{Limits, Skipped, Terms},
    };

    fn at(hour: i64) -> Timestamp {
        "2099-03-02T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
    }

    fn span(from: i64, to: i64) -> Span {
        Span { start: at(from), end: at(to) }
    }

    fn grid(pieces: &[Span]) -> Grid {
        Grid { step: SignedDuration::from_hours(1), anchor: Anchor::Pieces(pieces.to_vec(), TimeZone::UTC) }
    }

    /// Somebody who is open from eight to six.
    fn candidate(n: u128) -> Candidate {
        let open = vec![span(8, 18)];
        Candidate {
            id: Id::from_uuid(Uuid::from_u128(n)),
            weight: 1,
            assigned: 0,
            last_assigned: None,
            grid: grid(&open),
            open,
            claimed: Vec::new(),
            bookings: Days::new(),
            minutes: Days::new(),
            led: Vec::new(),
            claimed_minutes: Days::new(),
            max_minutes_per_day: None,
            max_minutes_per_week: None,
        }
    }

    fn facts(candidates: Vec<Candidate>) -> Facts {
        let terms = Terms {
            is_active: true,
            before: SignedDuration::ZERO,
            after: SignedDuration::from_mins(30),
            notice: SignedDuration::ZERO,
            horizon_days: None,
            seats: 1,
            needs_instructor: true,
            strategy: AssignmentStrategy::Fixed,
            needs_approval: false,
            limits: Limits::default(),
        };
        Facts {
            now: at(0),
            zone: TimeZone::UTC,
            terms,
            candidates,
            requirements: Vec::new(),
            learner: None,
            sessions: Vec::new(),
            skipped: Skipped::default(),
            is_bound_to_grid: true,
        }
    }

    fn reason(facts: &Facts, from: i64, to: i64) -> Option<SlotReason> {
        facts.judge(Wanted { span: span(from, to), instructor: None, things: &[] }).reason()
    }

    #[test]
    fn the_candidate_that_came_furthest_speaks_for_all() {
        let (mut closed, mut taken, mut full) = (candidate(1), candidate(2), candidate(3));
        closed.open.clear();
        taken.claimed.push(span(9, 10));
        full.bookings.insert(at(0).to_zoned(TimeZone::UTC).date(), 1);
        let mut known = facts(vec![closed.clone()]);
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::OutsideAvailability));
        known.candidates.push(taken);
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::BookingConflict));
        known.candidates.push(full);
        assert_eq!(reason(&known, 9, 10), None);
        known.terms.limits.per_instructor_per_day = Some(1);
        let verdict = known.judge(Wanted { span: span(9, 10), instructor: None, things: &[] });
        assert_eq!((verdict.reason(), verdict.limit), (Some(SlotReason::BookingLimit), Some((1, 1))));
        // Whoever is free takes it, whatever keeps the others.
        known.candidates.push(candidate(4));
        assert_eq!(known.judge(Wanted { span: span(9, 10), instructor: None, things: &[] }).takers, [Id::from_uuid(Uuid::from_u128(4))]);
    }

    #[test]
    fn buffers_need_no_open_time_and_widen_what_is_claimed() {
        let mut one = candidate(1);
        one.claimed.push(span(12, 13));
        let known = facts(vec![one]);
        assert_eq!(reason(&known, 17, 18), None);
        assert_eq!(reason(&known, 11, 12), Some(SlotReason::BookingConflict));
        assert_eq!(reason(&known, 10, 11), None);
        assert_eq!(reason(&known, 13, 14), None);
        assert_eq!(reason(&known, 18, 19), Some(SlotReason::OutsideAvailability));
    }

    #[test]
    fn the_first_rule_that_fails_is_the_reason() {
        let mut known = facts(vec![candidate(1)]);
        known.learner = Some(Learner {
            id: Id::from_uuid(Uuid::from_u128(9)),
            claimed: vec![span(9, 10)],
            ever: 1,
            open: 1,
            bookings: Days::new(),
            eligibility: vec![true, false],
        });
        known.terms.limits.per_learner = Some(1);
        known.terms.notice = SignedDuration::from_hours(20);
        known.terms.is_active = false;
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::TypeInactive));
        known.terms.is_active = true;
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::NotEligible));
        known.skipped.eligibility = true;
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::TooSoon));
        known.skipped.notice = true;
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::BookingLimit));
        known.skipped.limits = true;
        let verdict = known.judge(Wanted { span: span(9, 10), instructor: None, things: &[] });
        assert_eq!((verdict.reason(), verdict.is_learner_busy), (Some(SlotReason::BookingConflict), true));
        assert_eq!(reason(&known, 10, 11), None);
    }

    #[test]
    fn a_week_is_from_monday_to_sunday() {
        let days: Days =
            [("2099-03-01", 1), ("2099-03-02", 2), ("2099-03-08", 4), ("2099-03-09", 8)].map(|(day, n)| (day.parse().unwrap(), n)).into();
        for (date, sum) in [("2099-03-01", 1), ("2099-03-02", 6), ("2099-03-08", 6), ("2099-03-09", 8), ("2099-03-16", 0)] {
            assert_eq!(in_week(&days, date.parse().unwrap()), sum, "{date}");
        }
    }

    #[test]
    fn what_is_large_enough_for_every_seat_is_taken_before_what_is_not() {
        let room = |n: u128, capacity: Option<i64>| Thing {
            id: Id::from_uuid(Uuid::from_u128(n)),
            is_bookable: true,
            needs_approval: false,
            setup: SignedDuration::ZERO,
            teardown: SignedDuration::ZERO,
            capacity,
            grid: grid(&[]),
            open: vec![span(8, 18)],
            claimed: Vec::new(),
        };
        let mut known = facts(vec![candidate(1)]);
        known.terms.seats = 3;
        known.requirements = vec![vec![room(1, Some(2)), room(2, Some(3)), room(3, None)]];
        let taken = |known: &Facts, things: &[Id<Resource>]| {
            let verdict = known.judge(Wanted { span: span(9, 10), instructor: None, things });
            (verdict.taken.iter().map(|thing| thing.0.as_u128()).collect::<Vec<_>>(), verdict.seats_left)
        };
        assert_eq!(taken(&known, &[]), (vec![2], 3));
        assert_eq!(taken(&known, &[Id::from_uuid(Uuid::from_u128(1))]), (vec![1], 2), "whatever somebody names");
        for room in &mut known.requirements[0][1..] {
            room.claimed.push(span(9, 10));
        }
        assert_eq!(taken(&known, &[]), (vec![1], 2), "the small one is better than none");
    }

    #[test]
    fn a_session_at_that_time_is_taken_before_anybody_else() {
        let mut known = facts(Vec::new());
        known.terms.seats = 6;
        let session = |n: u128, seats_left: i64| Session {
            id: Uuid::from_u128(n),
            span: span(9, 10),
            instructor: Some(Id::from_uuid(Uuid::from_u128(1))),
            things: Vec::new(),
            seats_left,
        };
        known.sessions = vec![session(7, 0)];
        assert_eq!(reason(&known, 9, 10), Some(SlotReason::SessionFull));
        known.sessions.push(session(8, 2));
        let verdict = known.judge(Wanted { span: span(9, 10), instructor: None, things: &[] });
        assert_eq!((verdict.reason(), verdict.session, verdict.seats_left), (None, Some(Uuid::from_u128(8)), 2));
        assert_eq!(reason(&known, 10, 11), Some(SlotReason::OutsideAvailability));
    }
}
