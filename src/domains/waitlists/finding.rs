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
    /// Whether it is a session's.
    pub is_session: bool,
    /// Whose holds don't stand in the way.
    pub holder: Uuid,
}

impl Window<'_> {
    /// How long a booking is.
    fn length(&self) -> SignedDuration {
        let usual = self.of.durations.first().copied().unwrap_or(5);
        if self.is_session { self.span.length() } else { SignedDuration::from_mins(i64::from(usual)) }
    }

    /// What is asked about starts of it.
    pub fn about(&self, now: Timestamp, from: Timestamp, to: Timestamp) -> About {
        let one = Span { start: from, end: from + self.length() };
        About {
            starts: (from, to),
            instructor: self.instructor,
            skipped: Skipped::default(),
            counts_minutes: self.instructor.is_none() && self.of.terms.needs_instructor,
            ..About::one(now, one, Some(self.learner), self.holder)
        }
    }

    /// The starts that can be booked, the soonest first: no more than `most`. An offer needs some time to be taken before the type's notice begins: `lead`.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn free(&self, tx: &Tx, now: Timestamp, lead: SignedDuration, most: usize) -> Result<Vec<Span>> {
        let (length, earliest) = (self.length(), now + self.of.terms.notice + lead);
        let mut found = Vec::new();
        let mut from = if self.is_session { self.span.start } else { self.span.start.max(now) };
        while found.len() < most && from < self.span.end {
            let to = if self.is_session { self.span.end } else { (from + STRETCH).min(self.span.end) };
            let known = facts(tx, self.of, &self.about(now, from, to)).await?;
            let moments = if self.is_session { vec![self.span.start] } else { starts(&known, Span { start: from, end: to }, length)? };
            for start in moments.into_iter().filter(|start| *start >= earliest && *start + length <= self.span.end) {
                let span = Span { start, end: start + length };
                if known.judge(Wanted { span, instructor: self.instructor, things: &[] }).reason().is_none() {
                    found.push(span);
                    if found.len() == most {
                        break;
                    }
                }
            }
            from = to;
        }
        Ok(found)
    }
}
