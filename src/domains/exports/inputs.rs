//! What the mutations of exports take.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};

use super::columns::{ReportDataset, ReportFrequency};

/// A report to be written as CSV.
#[derive(InputObject)]
pub struct ExportReportInput {
    /// What it lists.
    pub dataset: ReportDataset,
    /// Where its range begins, as in `reports`; unless given, 30 days before its end.
    pub from: Option<DateTime>,
    /// Where its range ends, as in `reports`; unless given, at the end of today.
    pub to: Option<DateTime>,
}

/// A report that is to come by itself.
#[derive(InputObject)]
pub struct CreateReportScheduleInput {
    /// What it lists.
    pub dataset: ReportDataset,
    /// How often it runs, and over what.
    pub frequency: ReportFrequency,
    /// The hour of its time zone at which it runs; 0 to 23.
    pub hour: i32,
    /// The IANA time zone of its hour, its days, weeks and months; the school's own unless given.
    pub time_zone: Option<String>,
}

/// A change of a schedule. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateReportScheduleInput {
    /// The schedule.
    pub id: ID,
    /// How often it runs from now on, and over what.
    pub frequency: MaybeUndefined<ReportFrequency>,
    /// The hour at which it runs from now on; 0 to 23.
    pub hour: MaybeUndefined<i32>,
    /// The IANA time zone from now on; null for the school's own.
    pub time_zone: MaybeUndefined<String>,
    /// Whether it is not to run by itself. False makes it run again, also where the service had paused it.
    pub is_paused: MaybeUndefined<bool>,
}

/// An hour of a day.
pub fn hour(hour: i32) -> Result<i8> {
    let hour = i8::try_from(hour).ok().filter(|hour| (0..=23).contains(hour));
    hour.ok_or_else(|| Error::bad_input("hour", "must be between 0 and 23"))
}
