//! How much of their time instructors are booked.

use async_graphql::{Context, SimpleObject};
use jiff::tz::TimeZone;
use lectern_kernel::{
    db::{ColumnReader, Record},
    error::Result,
    resolve::Ctx,
};

use super::{progress::rounded, range::Range, sql};
use crate::domains::{identity::User, tenants};

/// How much of the time of one instructor is booked.
#[derive(SimpleObject, Clone, Debug)]
pub struct InstructorUtilisation {
    /// The instructor; null when you may not see them.
    pub instructor: Option<User>,
    /// Hours of availability within the range, to two decimals: half an hour is 0.5. Time that was offered twice counts
    /// once; of what reaches beyond the range, only what lies within.
    pub available_hours: f64,
    /// Hours of ASSIGNED and COMPLETED bookings that begin in the range, to two decimals. More than `availableHours` where
    /// availability was taken back after bookings.
    pub booked_hours: f64,
}

const HOUR: f64 = 3600.0;

pub async fn instructor_utilisation(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<InstructorUtilisation>> {
    let is_open = range.from.is_none() || range.to.is_none();
    let zone = if is_open { tenants::time_zone(ctx, "timeZone", None)? } else { TimeZone::UTC };
    let span = range.series(ctx.now(), &zone)?;
    let rows = ctx.tx().query(&sql::instructor_utilisation(), &[&span.start, &span.end, &limit]).await?;
    let people = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (available, booked): (f64, f64) = (reader.next()?, reader.next()?);
        Ok(InstructorUtilisation {
            available_hours: rounded(available / HOUR, 2),
            booked_hours: rounded(booked / HOUR, 2),
            instructor: User::read_joined(&mut reader)?,
        })
    });
    people.collect()
}
