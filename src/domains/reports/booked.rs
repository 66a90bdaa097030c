//! What is booked: by type, by resource, by hour of the week, with which outcome, how long before.

use std::sync::Arc;

use async_graphql::Context;
use jiff::tz::TimeZone;
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    resolve::{Ctx, Loaded},
};
use lectern_macros::object;

use super::{
    counts::int,
    progress::rounded,
    range::Range,
    sql,
    utilisation::{HOUR, too_long},
};
use crate::domains::{bookings::BookingOutcome, hours::Weekday, resources::Resource, slots::BookingType, tenants};

/// Bookings of one type.
#[object]
pub struct BookingTypeStats {
    /// The type; null: those without a type.
    pub booking_type: Option<Loaded<BookingType>>,
    /// Bookings in any state.
    pub bookings: i32,
    /// Those of them that are COMPLETED.
    pub completed: i32,
    /// Those that are CANCELLED.
    pub cancelled: i32,
    /// Those that their learners cancelled late.
    pub late_cancels: i32,
    /// Those to which the learner did not come.
    pub no_shows: i32,
    /// How many of those with an outcome are NO_SHOW, 0 to 1, to four decimals; null where none has one.
    pub no_show_rate: Option<f64>,
    /// The median of the hours from when they were made to their start, without CANCELLED ones, to two decimals; null where there is none.
    pub median_lead_hours: Option<f64>,
}

/// How much of the time of one resource is booked.
#[object]
pub struct ResourceUtilisation {
    /// The resource; null when it was deleted.
    pub resource: Option<Loaded<Resource>>,
    /// Hours within the range at which it is open, by its rules and availability less time off, to two decimals; without any rule, day and night.
    pub open_hours: f64,
    /// Hours of ASSIGNED and COMPLETED bookings of it that begin in the range, without setup and teardown, to two decimals; bookings in the same span once.
    pub booked_hours: f64,
}

/// Bookings that begin in one hour of the week.
#[object]
#[derive(Clone, Debug)]
pub struct HeatMapCell {
    /// The day of the week.
    pub weekday: Weekday,
    /// The hour of the day, 0 to 23.
    pub hour: i32,
    /// How many.
    pub bookings: i32,
}

/// Bookings with one outcome.
#[object]
#[derive(Clone, Debug)]
pub struct BookingOutcomeCount {
    /// The outcome.
    pub outcome: BookingOutcome,
    /// How many have it.
    pub count: i32,
}

/// How long before their start bookings are made.
#[object]
#[derive(Clone, Debug)]
pub struct LeadTimes {
    /// Bookings, without CANCELLED ones.
    pub bookings: i32,
    /// The median of the hours from when they were made to their start, to two decimals; null where there is none.
    pub median_hours: Option<f64>,
    /// Nine of ten are made no longer before, in hours to two decimals; null likewise.
    pub p90_hours: Option<f64>,
}

pub async fn type_stats(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<BookingTypeStats>> {
    let (columns, shape) = ctx.request().catalog().whole::<BookingType>("y");
    let rows = ctx.tx().query(&sql::booking_type_stats(range, &columns), &[&range.from, &range.to, &limit]).await?;
    let stats = rows.into_iter().map(|row| {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let mut count = || -> Result<i32> { int(reader.next()?) };
        let (bookings, completed, cancelled, late_cancels) = (count()?, count()?, count()?, count()?);
        let (no_shows, known) = (count()?, count()?);
        let hours: Option<f64> = reader.next()?;
        Ok(BookingTypeStats {
            // The type's columns stand behind these seven.
            booking_type: Loaded::joined(&row, 7, &shape),
            bookings,
            completed,
            cancelled,
            late_cancels,
            no_shows,
            no_show_rate: (known > 0).then(|| rounded(f64::from(no_shows) / f64::from(known), 4)),
            median_lead_hours: hours.map(|hours| rounded(hours, 2)),
        })
    });
    stats.collect()
}

pub async fn resource_utilisation(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<ResourceUtilisation>> {
    let is_open = range.from.is_none() || range.to.is_none();
    let zone = if is_open { tenants::time_zone(ctx, "timeZone", None)? } else { TimeZone::UTC };
    let span = range.series(ctx.now(), &zone)?;
    let (columns, shape) = ctx.request().catalog().whole::<Resource>("re");
    let rows = ctx.tx().query(&sql::resource_utilisation(&columns), &[&span.start, &span.end, &limit]).await;
    let rows = rows.on_constraint("hours_too_long", too_long)?;
    let resources = rows.into_iter().map(|row| {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (open, booked): (f64, f64) = (reader.next()?, reader.next()?);
        Ok(ResourceUtilisation {
            resource: Loaded::joined(&row, 2, &shape),
            open_hours: rounded(open / HOUR, 2),
            booked_hours: rounded(booked / HOUR, 2),
        })
    });
    resources.collect()
}

pub async fn heat_map(ctx: &Context<'_>, range: Range, time_zone: Option<&str>) -> Result<Vec<HeatMapCell>> {
    tenants::time_zone(ctx, "timeZone", time_zone)?;
    let zone = match time_zone {
        Some(name) => name.to_owned(),
        None => ctx.actor()?.time_zone.clone(),
    };
    let mut cells: Vec<HeatMapCell> = Vec::with_capacity(168);
    for weekday in Weekday::ALL.iter() {
        cells.extend((0..24).map(|hour| HeatMapCell { weekday: *weekday, hour, bookings: 0 }));
    }
    let rows = ctx.tx().query(sql::BOOKING_HEAT, &[&range.from, &range.to, &zone]).await;
    let rows = rows.on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))?;
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let place: i32 = reader.next()?;
        if let Some(cell) = usize::try_from(place).ok().and_then(|place| cells.get_mut(place)) {
            cell.bookings = int(reader.next()?)?;
        }
    }
    Ok(cells)
}

pub async fn outcomes(ctx: &Context<'_>, range: Range) -> Result<Vec<BookingOutcomeCount>> {
    let mut counts: Vec<BookingOutcomeCount> =
        BookingOutcome::ALL.iter().map(|outcome| BookingOutcomeCount { outcome: *outcome, count: 0 }).collect();
    for row in &ctx.tx().query(&sql::booking_outcomes(range), &[&range.from, &range.to]).await? {
        let outcome: BookingOutcome = row.get(0);
        if let Some(found) = counts.iter_mut().find(|found| found.outcome == outcome) {
            found.count = int(row.get(1))?;
        }
    }
    Ok(counts)
}

pub async fn lead_times(ctx: &Context<'_>, range: Range) -> Result<LeadTimes> {
    let rows = ctx.tx().query(&sql::lead_times(range), &[&range.from, &range.to]).await?;
    let row = rows.first().ok_or_else(|| Error::internal("an aggregate without groups answered nothing"))?;
    let mut reader = ColumnReader::new(row);
    let bookings = int(reader.next()?)?;
    let hours: Option<Vec<f64>> = reader.next()?;
    let hour = |place: usize| hours.as_ref().and_then(|hours| hours.get(place)).map(|hours| rounded(*hours, 2));
    Ok(LeadTimes { bookings, median_hours: hour(0), p90_hours: hour(1) })
}
