//! How much of their time instructors are booked.

use std::sync::Arc;

use async_graphql::Context;
use jiff::tz::TimeZone;
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint},
    error::{Error, Result},
    resolve::{Ctx, Loaded},
};
use lectern_macros::object;

use super::{progress::rounded, range::Range, sql};
use crate::domains::{identity::User, tenants};

/// How much of the time of one instructor is booked.
#[object]
pub struct InstructorUtilisation {
    /// The instructor; null when you may not see them.
    pub instructor: Option<Loaded<User>>,
    /// Hours within the range at which they are open, by weekly rules and availability less time off, to two decimals: half an hour is 0.5. Time that was
    /// offered twice counts once; of what reaches beyond the range, only what lies within.
    pub available_hours: f64,
    /// Hours of ASSIGNED and COMPLETED bookings that begin in the range, to two decimals; those of a session once. More than `availableHours` where
    /// availability was taken back after bookings.
    pub booked_hours: f64,
}

/// Seconds of an hour.
pub(super) const HOUR: f64 = 3600.0;

/// The refusal of a range over which weekly rules can't be laid out.
pub(super) fn too_long(error: &DbError) -> Error {
    let days = error.number("limit").unwrap_or_default();
    Error::too_complex(format!("Weekly rules hold on more than {days} days of the range: narrow it."))
}

pub async fn instructor_utilisation(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<InstructorUtilisation>> {
    let is_open = range.from.is_none() || range.to.is_none();
    let zone = if is_open { tenants::time_zone(ctx, "timeZone", None)? } else { TimeZone::UTC };
    let span = range.series(ctx.now(), &zone)?;
    let (columns, shape) = ctx.request().catalog().whole::<User>("u");
    let rows = ctx.tx().query(&sql::instructor_utilisation(&columns), &[&span.start, &span.end, &limit]).await;
    let rows = rows.on_constraint("hours_too_long", too_long)?;
    let people = rows.into_iter().map(|row| {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (available, booked): (f64, f64) = (reader.next()?, reader.next()?);
        Ok(InstructorUtilisation {
            // The person's columns stand behind the two sums.
            instructor: Loaded::joined(&row, 2, &shape),
            available_hours: rounded(available / HOUR, 2),
            booked_hours: rounded(booked / HOUR, 2),
        })
    });
    people.collect()
}
