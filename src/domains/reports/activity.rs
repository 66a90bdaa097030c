//! What people did in clients of the school's.

use async_graphql::Context;
use jiff::{Timestamp, ToSpan, civil::Weekday, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, DateTime},
    text_enum,
};
use lectern_macros::object;

use super::{counts::int, range::Range, sql};
use crate::domains::{bookings::Span, tenants};

text_enum! {
    /// What one count of a series covers.
    pub enum ActivityInterval {
        /// An hour of the clock.
        Hour = "HOUR",
        /// A date.
        Day = "DAY",
        /// From Monday to Sunday.
        Week = "WEEK",
    }
}

/// Client events of one interval.
#[object]
#[derive(Clone, Debug)]
pub struct ActivityCount {
    /// When the interval begins. The first may begin before the range; what happened before the range is not counted.
    pub starts_at: DateTime,
    /// How many events there are.
    pub events: i32,
    /// Of how many people.
    pub people: i32,
}

/// Client events of one name.
#[object]
#[derive(Clone, Debug)]
pub struct ActivityNameCount {
    /// The name.
    pub name: String,
    /// How many events there are.
    pub events: i32,
    /// Of how many people.
    pub people: i32,
}

/// Intervals at most in one series: a month of hours, with the hour that a change of the clocks adds.
pub const MAX_INTERVALS: usize = 745;

/// When the intervals begin that a span touches.
pub(super) fn intervals(span: Span, interval: ActivityInterval, zone: &TimeZone) -> Result<Vec<Timestamp>> {
    let beyond = |error: jiff::Error| Error::internal(format!("no such day: {error}"));
    let first = span.start.to_zoned(zone.clone());
    let date = match interval {
        ActivityInterval::Week => {
            let past = first.date().weekday().since(Weekday::Monday);
            first.date().checked_sub(i32::from(past).days()).map_err(beyond)?
        }
        ActivityInterval::Hour | ActivityInterval::Day => first.date(),
    };
    let mut starts: Vec<Timestamp> = Vec::new();
    let add = |starts: &mut Vec<Timestamp>, start: Timestamp| {
        if starts.len() == MAX_INTERVALS {
            let expected = format!("must be so close to `from` that a series has at most {MAX_INTERVALS} intervals");
            return Err(Error::bad_input("to", expected));
        }
        starts.push(start);
        Ok(())
    };
    if interval == ActivityInterval::Hour {
        let past = i64::from(first.minute()) * 60 + i64::from(first.second());
        let mut start = Timestamp::from_second(span.start.as_second() - past).map_err(beyond)?;
        while start < span.end {
            add(&mut starts, start)?;
            start = start.checked_add(1.hour()).map_err(beyond)?;
        }
        return Ok(starts);
    }
    let step = if interval == ActivityInterval::Week { 7 } else { 1 };
    let mut day = date;
    loop {
        let start = day.to_zoned(zone.clone()).map_err(beyond)?.timestamp();
        if start >= span.end {
            return Ok(starts);
        }
        // A date that the zone skips begins when the next one does.
        if starts.last() != Some(&start) {
            add(&mut starts, start)?;
        }
        day = day.checked_add(step.days()).map_err(beyond)?;
    }
}

/// What is counted: where it is not given, by the dates of the school, whatever zone the intervals are of.
fn counted(ctx: &Context<'_>, range: Range) -> Result<Span> {
    range.series(ctx.now(), &tenants::time_zone(ctx, "timeZone", None)?)
}

pub async fn activity(
    ctx: &Context<'_>,
    range: Range,
    interval: Option<ActivityInterval>,
    time_zone: Option<&str>,
) -> Result<Vec<ActivityCount>> {
    let zone = tenants::time_zone(ctx, "timeZone", time_zone)?;
    let span = counted(ctx, range)?;
    let starts = intervals(span, interval.unwrap_or(ActivityInterval::Day), &zone)?;
    let mut series: Vec<ActivityCount> =
        starts.iter().map(|start| ActivityCount { starts_at: DateTime(*start), events: 0, people: 0 }).collect();
    for row in &ctx.tx().query(sql::ACTIVITY, &[&span.start, &span.end, &starts]).await? {
        let number = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|number| number.checked_sub(1));
        if let Some(count) = number.and_then(|index| series.get_mut(index)) {
            (count.events, count.people) = (int(row.get(1))?, int(row.get(2))?);
        }
    }
    Ok(series)
}

pub async fn activity_by_name(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<ActivityNameCount>> {
    let span = counted(ctx, range)?;
    let rows = ctx.tx().query(sql::ACTIVITY_BY_NAME, &[&span.start, &span.end, &limit]).await?;
    let counts = rows.iter().map(|row| Ok(ActivityNameCount { name: row.get(0), events: int(row.get(1))?, people: int(row.get(2))? }));
    counts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(interval: ActivityInterval, start: &str, end: &str, zone: &str) -> Vec<String> {
        let span = Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        intervals(span, interval, &zone).unwrap().into_iter().map(|at| at.to_string()).collect()
    }

    #[test]
    fn intervals_are_those_of_the_zone() {
        use ActivityInterval::{Day, Hour, Week};
        let hours = starts(Hour, "2026-11-20T09:40:00Z", "2026-11-20T11:00:01Z", "UTC");
        assert_eq!(hours, ["2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"]);
        assert_eq!(starts(Hour, "2026-11-20T09:40:00Z", "2026-11-20T10:00:00Z", "Asia/Kolkata"), ["2026-11-20T09:30:00Z"]);
        // The clocks went back on the 25th of October.
        let days = starts(Day, "2026-10-24T22:00:00Z", "2026-10-26T00:00:00Z", "Europe/Berlin");
        assert_eq!(days, ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]);
        // The 20th of November is a Friday.
        let weeks = starts(Week, "2026-11-20T12:00:00Z", "2026-11-23T00:00:01Z", "UTC");
        assert_eq!(weeks, ["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"]);
    }

    #[test]
    fn a_month_of_hours_is_a_series_and_a_year_is_none() {
        let span = |end: &str| Span::new("2026-10-01T00:00:00Z".parse().unwrap(), end.parse().unwrap()).unwrap();
        let hours = |end: &str| intervals(span(end), ActivityInterval::Hour, &TimeZone::UTC);
        assert_eq!(hours("2026-11-01T00:00:00Z").unwrap().len(), 744);
        assert!(hours("2027-10-01T00:00:00Z").is_err());
    }
}
