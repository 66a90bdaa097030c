//! What an input asks for of a booking type, for several starts.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    db::Tx,
    error::{Error, Result},
    permission::Permission::BookingManage,
    resolve::{Ctx, Date, DateTime},
};

use super::{
    judging::{Plan, Start},
    occurrences::Repeated,
};
use crate::domains::{
    bookings::Span,
    slots::{About, BookingRule, Skipped, Wish},
    tenants,
};

/// A start that is not over.
///
/// # Errors
/// `BAD_USER_INPUT`, field `startsAt`.
pub fn coming(ctx: &Context<'_>, start: DateTime) -> Result<Timestamp> {
    if start.0 < ctx.now() { Err(Error::bad_input("startsAt", "must not be in the past")) } else { Ok(start.0) }
}

/// Rules that are skipped, by who manages bookings; and their names.
///
/// # Errors
/// `FORBIDDEN` with the missing permission.
pub fn skipped(ctx: &Context<'_>, rules: Option<&[BookingRule]>) -> Result<(Skipped, Option<Vec<&'static str>>)> {
    let rules = rules.unwrap_or_default();
    if rules.is_empty() {
        return Ok((Skipped::default(), None));
    }
    if !ctx.actor()?.can(BookingManage) {
        return Err(Error::missing_permission(&[BookingManage]).field("override"));
    }
    let mut names: Vec<&'static str> = rules.iter().map(|rule| rule.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Ok((Skipped::of(rules), Some(names)))
}

/// When it comes again, by the rule of an input; by the clock of the zone that it names, else of the school's.
///
/// # Errors
/// `BAD_USER_INPUT` with the field.
pub fn repeated(ctx: &Context<'_>, recurrence: &str, excluded: Option<&[Date]>, time_zone: Option<&str>) -> Result<Repeated> {
    tenants::time_zone(ctx, "timeZone", time_zone)?;
    let zone = match time_zone {
        Some(name) => name.to_owned(),
        None => ctx.actor()?.time_zone.clone(),
    };
    Repeated::read(recurrence, excluded, zone)
}

/// From the first start to the last; one booking of each is as long as the wish says.
pub fn range(spans: &[Span], now: Timestamp) -> (Timestamp, Timestamp) {
    let starts = || spans.iter().map(|span| span.start);
    (starts().min().unwrap_or(now), starts().max().unwrap_or(now))
}

/// Several starts of what somebody asks for, together.
pub fn plan<'a>(tx: &'a Tx, wish: &'a Wish, spans: &[Span], now: Timestamp, skipped: Skipped) -> Plan<'a> {
    let start = |span: &Span| Start { span: *span, instructor: wish.instructor, things: wish.things.clone(), was: None };
    Plan {
        tx,
        of: &wish.of,
        about: About { counts_minutes: wish.of.terms.needs_instructor, ..wish.about(now, range(spans, now), skipped) },
        starts: spans.iter().map(start).collect(),
        is_named: wish.instructor.is_some(),
        opens: None,
    }
}
