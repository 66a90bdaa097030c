//! What is said of a start that can't be had: the first rule that fails, what of the input it is about, and what is known of why.

use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, Tx},
    error::{Error, Result},
    ids::Id,
};

use super::{
    facts::About,
    rules::{Facts, SlotReason, Verdict},
    sql,
    terms::TypeTerms,
};
use crate::domains::{bookings::Span, identity::User, resources::Resource};

/// The refusal of a verdict about one start; none where nothing fails.
///
/// # Errors
/// When the database can't be asked.
pub async fn why_not(tx: &Tx, of: &TypeTerms, about: &About, known: &Facts, verdict: &Verdict) -> Result<Option<Error>> {
    let Some(reason) = verdict.reason() else { return Ok(None) };
    let mut error = refused(reason).field(field(about, reason, verdict));
    if reason == SlotReason::BookingLimit
        && let Some((limit, used)) = verdict.limit
    {
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        error = error.limit(number(limit), number(used));
    }
    if reason == SlotReason::NotEligible {
        error = error.detail("unmet", unmet(of, known));
    }
    if reason == SlotReason::BookingConflict
        && let Some((start, end)) = busy(tx, of, about, verdict).await?
    {
        error = error.busy(start, end);
    }
    Ok(Some(error))
}

/// What of the input a reason is about.
fn field(about: &About, reason: SlotReason, verdict: &Verdict) -> &'static str {
    let is_instructors = about.instructor.is_some() && verdict.candidates.iter().any(|(_, failed)| *failed == Some(reason));
    let is_things = verdict.things.iter().any(|(thing, failed)| *failed == Some(reason) && about.things.contains(thing));
    match reason {
        SlotReason::TypeInactive => "bookingTypeId",
        SlotReason::BookingConflict if verdict.is_learner_busy => "startsAt",
        _ if is_instructors => "instructorId",
        _ if is_things => "resourceIds",
        _ => "startsAt",
    }
}

/// The kinds of the rules that the learner does not meet.
fn unmet(of: &TypeTerms, known: &Facts) -> async_graphql::Value {
    let met = known.learner.as_ref().map(|learner| learner.eligibility.as_slice()).unwrap_or_default();
    let unmet = of.eligibility.iter().zip(met).filter(|(_, is_met)| !**is_met);
    let shown = |kind: &'static str| async_graphql::value!({ "kind": kind });
    async_graphql::Value::List(unmet.map(|(rule, _)| shown(rule.kind.as_str())).collect())
}

/// What stands in the way, without what is claimed around it, where it is one's own or whom somebody named.
async fn busy(tx: &Tx, of: &TypeTerms, about: &About, verdict: &Verdict) -> Result<Option<(Timestamp, Timestamp)>> {
    let span = Span { start: about.starts.0, end: about.starts.0 + about.length };
    let (start, end, except, session) = (span.start, span.end, about.except.first().copied(), about.except_session);
    let minutes = |of: jiff::SignedDuration| i32::try_from(of.as_mins()).unwrap_or_default();
    let is_busy = |failed: &Option<SlotReason>| *failed == Some(SlotReason::BookingConflict);
    let busy: Vec<Id<User>> = verdict.candidates.iter().filter(|(_, failed)| is_busy(failed)).map(|(person, _)| *person).collect();
    let taken: Vec<Id<Resource>> = verdict.things.iter().filter(|(_, failed)| is_busy(failed)).map(|(thing, _)| *thing).collect();
    let rows = if let (true, Some(learner)) = (verdict.is_learner_busy, about.learner) {
        tx.query(sql::BUSY, &[&learner, &start, &end, &0, &0, &except, &about.holder, &session]).await?
    } else if let (true, [person]) = (verdict.takers.is_empty(), busy.as_slice()) {
        let (before, after) = (minutes(of.terms.before), minutes(of.terms.after));
        tx.query(sql::BUSY, &[person, &start, &end, &before, &after, &except, &about.holder, &session]).await?
    } else if taken.len() == 1 {
        tx.query(sql::TAKEN, &[&taken, &start, &end, &except, &about.holder, &session]).await?
    } else {
        return Ok(None);
    };
    let span = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose();
    Ok(span.map_err(|error: tokio_postgres::Error| DbError::from(error))?)
}

/// The refusal of a reason.
pub fn refused(reason: SlotReason) -> Error {
    let message = match reason {
        SlotReason::TypeInactive => "This booking type takes no new bookings.",
        SlotReason::NotEligible => "The learner does not meet what this booking type asks for.",
        SlotReason::TooSoon => "It begins sooner than this booking type can be booked.",
        SlotReason::TooFar => "It begins later than this booking type can be booked ahead.",
        SlotReason::BookingLimit => "There are as many of these bookings as there may be.",
        SlotReason::ResourceUnbookable => "A resource that it needs is not to be booked.",
        SlotReason::ResourceClosed => "A resource that it needs is not open all the while.",
        SlotReason::OutsideAvailability => "No instructor is available through the whole booking.",
        SlotReason::NotOnGrid => "Bookings of this type don't begin at this time: `slots` says when they do.",
        SlotReason::SessionFull => "Every seat is taken.",
        SlotReason::BookingConflict => "That time is taken: the learner's, an instructor's, or that of a resource that it needs.",
    };
    Error::conflict(reason.as_str(), message)
}
