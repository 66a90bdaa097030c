//! Who was chosen for a booking, and why; and who could take it now.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use jiff::Timestamp;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded, Rows},
};
use lectern_macros::{extends, object, resolvers};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    BookingType,
    booking_type::AssignmentStrategy,
    facts::{About, facts},
    judge::in_week,
    rules::{SlotReason, Wanted},
    sql,
    taking::ordered,
    terms::{terms_of, terms_of_anybody},
};
use crate::domains::{
    bookings::{Booking, Span},
    identity::User,
};

/// Who was chosen, and why.
#[object]
#[derive(Clone)]
pub struct BookingAssignment {
    /// How.
    pub strategy: AssignmentStrategy,
    /// Why, as a sentence without names.
    pub reason: String,
    /// When.
    pub at: DateTime,
    /// Of whom, best first, as they stood then.
    pub candidates: Vec<AssignmentCandidate>,
}

/// One of those who could take a booking, or could not.
#[object(resolvers)]
#[derive(Clone)]
pub struct AssignmentCandidate {
    /// Whether they were chosen, or would be.
    pub is_chosen: bool,
    /// Why they could not take it; null where they could.
    pub reason: Option<SlotReason>,
    /// How many bookings of the type they were given, less those that were called off.
    pub assigned_count: i32,
    /// The minutes of theirs that are claimed in the week of the start, whatever claims them.
    pub booked_minutes: i32,
    /// When they were last given a booking of the type; null for never.
    pub last_assigned_at: Option<DateTime>,
    #[hidden]
    instructor_id: Id<User>,
}

#[resolvers]
impl AssignmentCandidate {
    /// Who; null when you may not see them.
    async fn instructor(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        ctx.whole(self.instructor_id).await
    }
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Who could take a booking as of now, best first; none where there is no such booking that the actor sees.
///
/// # Errors
/// When the database can't be asked.
pub async fn candidates_of(ctx: &Context<'_>, booking: Id<Booking>) -> Result<Option<Vec<AssignmentCandidate>>> {
    let rows = ctx.tx().query(sql::BOOKED, &[&booking]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut reader = ColumnReader::new(row);
    let (student, of): (Id<User>, Option<Id<BookingType>>) = (reader.next()?, reader.next()?);
    let span = Span { start: reader.next()?, end: reader.next()? };
    let of = match of {
        Some(of) => terms_of(ctx.tx(), of).await?,
        None => Some(terms_of_anybody(ctx.tx()).await?),
    };
    let Some(of) = of.filter(|of| of.terms.needs_instructor) else { return Ok(Some(Vec::new())) };
    let about = About {
        except: vec![booking],
        is_bound_to_grid: false,
        counts_minutes: true,
        ..About::one(ctx.now(), span, Some(student), ctx.actor()?.user)
    };
    let known = facts(ctx.tx(), &of, &about).await?;
    let verdict = known.judge(Wanted { span, instructor: None, things: &[] });
    let (first, date) = (verdict.takers.first().copied(), span.start.to_zoned(known.zone.clone()).date());
    let shown = ordered(&verdict).into_iter().filter_map(|(id, reason)| {
        let candidate = known.candidates.iter().find(|candidate| candidate.id == id)?;
        Some(AssignmentCandidate {
            is_chosen: first == Some(id),
            reason,
            assigned_count: small(candidate.assigned),
            booked_minutes: small(in_week(&candidate.claimed_minutes, date)),
            last_assigned_at: candidate.last_assigned.map(DateTime),
            instructor_id: id,
        })
    });
    Ok(Some(shown.collect()))
}

/// Why the instructor of a booking was chosen.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AssignmentOf(pub Id<Booking>);

#[derive(Deserialize)]
struct CandidateRow {
    instructor: Uuid,
    is_chosen: bool,
    reason: Option<String>,
    assigned: i64,
    minutes: i64,
    last: Option<Timestamp>,
}

impl CandidateRow {
    fn shown(self) -> AssignmentCandidate {
        AssignmentCandidate {
            is_chosen: self.is_chosen,
            reason: self.reason.as_deref().and_then(SlotReason::from_text),
            assigned_count: small(self.assigned),
            booked_minutes: small(self.minutes),
            last_assigned_at: self.last.map(DateTime),
            instructor_id: Id::from_uuid(self.instructor),
        }
    }
}

impl Loader<AssignmentOf> for Batch {
    type Value = BookingAssignment;
    type Error = Error;

    async fn load(&self, keys: &[AssignmentOf]) -> Result<HashMap<AssignmentOf, BookingAssignment>> {
        let bookings: Vec<Id<Booking>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::ASSIGNMENTS, &[&bookings]).await? {
            let mut reader = ColumnReader::new(row);
            let of = AssignmentOf(reader.next()?);
            let (strategy, reason): (AssignmentStrategy, String) = (reader.next()?, reader.next()?);
            let (at, candidates): (Timestamp, serde_json::Value) = (reader.next()?, reader.next()?);
            let unreadable = |error: serde_json::Error| Error::internal(format!("booking_assignment: {error}"));
            let candidates: Vec<CandidateRow> = serde_json::from_value(candidates).map_err(unreadable)?;
            let candidates = candidates.into_iter().map(CandidateRow::shown).collect();
            found.insert(of, BookingAssignment { strategy, reason, at: DateTime(at), candidates });
        }
        Ok(found)
    }
}

/// What is added to bookings.
pub struct BookingOfType;

#[extends(Booking)]
impl BookingOfType {
    /// What it is a booking of; null where it has no type.
    #[one]
    #[column]
    fn booking_type(booking_type_id: Option<Id<BookingType>>) -> BookingType;

    /// Who was chosen by the type's strategy, and why; null where a person chose, or where nobody is assigned.
    #[needs(BookingReadAll)]
    async fn assignment(id: Id<Booking>, ctx: &Context<'_>) -> Result<Option<BookingAssignment>> {
        ctx.load(AssignmentOf(id)).await
    }
}
