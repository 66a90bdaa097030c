//! What somebody who waits could book: by the rules of `bookSlot`, as of now.

use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{db::Tx, error::Result, ids::Id};
use uuid::Uuid;

use crate::domains::{
    bookings::Span,
    identity::User,
    slots::{About, Skipped, TypeTerms, Wanted, facts, starts},
};

/// What is looked at in one go.
const STRETCH: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is waited for.
#[derive(Debug, Clone)]
pub struct Window<'a> {
    /// The type.
    pub of: &'a TypeTerms,
    /// Who waits.
    pub learner: Id<User>,
    /// By whom alone.
    pub instructor: Option<Id<User>>,
    /// From when to when; of a session, its very span.
    pub span: Span,
    /// That session, and no other.
    pub session: Option<Uuid>,
    /// How many minutes a booking has, where it is no seat of that session: any of these will do.
    pub durations: &'a [i32],
    /// Whose holds don't stand in the way.
    pub holder: Uuid,
}

impl Window<'_> {
    /// How long a booking may be.
    fn lengths(&self) -> Vec<SignedDuration> {
        match self.session {
            Some(_) => vec![self.span.length()],
            None => self.durations.iter().map(|minutes| SignedDuration::from_mins(i64::from(*minutes))).collect(),
        }
    }

    /// What is asked about starts of it, as of the longest booking.
    pub fn about(&self, now: Timestamp, from: Timestamp, to: Timestamp) -> About {
        let longest = self.lengths().into_iter().max().unwrap_or(SignedDuration::ZERO);
        let one = Span { start: from, end: from + longest };
        About {
            starts: (from, to),
            instructor: self.instructor,
            session: self.session,
            skipped: Skipped::default(),
            counts_minutes: self.instructor.is_none() && self.of.terms.needs_instructor,
            ..About::one(now, one, Some(self.learner), self.holder)
        }
    }

    /// The starts that can be booked, of each length the soonest first: no more than `most`. An offer needs some time to be taken before the type's notice begins: `lead`.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn free(&self, tx: &Tx, now: Timestamp, lead: SignedDuration, most: usize) -> Result<Vec<Span>> {
        let (lengths, is_session) = (self.lengths(), self.session.is_some());
        let earliest = now + self.of.terms.notice + lead;
        let mut found = Vec::new();
        let mut from = if is_session { self.span.start } else { self.span.start.max(now) };
        while from < self.span.end {
            let to = if is_session { self.span.end } else { (from + STRETCH).min(self.span.end) };
            let known = facts(tx, self.of, &self.about(now, from, to)).await?;
            for length in lengths.iter().copied() {
                let moments = if is_session { vec![self.span.start] } else { starts(&known, Span { start: from, end: to }, length)? };
                for start in moments.into_iter().filter(|start| *start >= earliest && *start + length <= self.span.end) {
                    let span = Span { start, end: start + length };
                    if known.judge(Wanted { span, instructor: self.instructor, things: &[] }).reason().is_none() {
                        found.push(span);
                        if found.len() == most {
                            return Ok(found);
                        }
                    }
                }
            }
            from = to;
        }
        Ok(found)
    }
}
