//! The figures of reports as lines of a file: the same statements, for as many as there are.

use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::Result,
    ids::{Id, Kind as _, encode},
    resolve::DateTime,
};

use super::{
    activity::{ActivityInterval, intervals},
    progress::rounded,
    range::Range,
    sql,
    utilisation::HOUR,
};
use crate::domains::{bookings::Span, courses::Course, identity::User};

/// The range of a report that is closed at both ends: 30 days unless given.
///
/// # Errors
/// `BAD_USER_INPUT` for a range that holds no time.
pub fn range(from: Option<DateTime>, to: Option<DateTime>, now: Timestamp, zone: &TimeZone) -> Result<Span> {
    Range::check(from, to)?.series(now, zone)
}

/// Refuses a span of more days than a series has.
///
/// # Errors
/// `BAD_USER_INPUT`, with the field `to`.
pub fn check_days(span: Span, zone: &TimeZone) -> Result<()> {
    intervals(span, ActivityInterval::Day, zone).map(drop)
}

fn closed(span: Span) -> Range {
    Range { from: Some(DateTime(span.start)), to: Some(DateTime(span.end)) }
}

/// `Reports.courseProgress`, with every course: its id, its title, enrollments, the mean of their progress, how much is completed.
///
/// # Errors
/// Where the database does not answer.
pub async fn course_progress_lines(tx: &Tx, span: Span) -> Result<Vec<Vec<String>>> {
    let range = closed(span);
    let rows = tx.query(&sql::enrolled(range, "c.title"), &[&range.from, &range.to, &i64::MAX]).await?;
    let mut lines = Vec::new();
    for row in &rows {
        // The sums of all come first.
        let mut reader = ColumnReader::new(row);
        let _sums: Vec<i64> = reader.next()?;
        let Some(course) = reader.next::<Option<Id<Course>>>()? else { continue };
        let (enrollments, progress, completed): (i64, f64, i64) = (reader.next()?, reader.next()?, reader.next()?);
        let title: Option<String> = reader.next()?;
        #[allow(clippy::cast_precision_loss, reason = "counts of enrollments")]
        let rate = completed as f64 / enrollments.max(1) as f64;
        lines.push(vec![
            encode(Course::PREFIX, course.0),
            title.unwrap_or_default(),
            enrollments.to_string(),
            rounded(progress, 2).to_string(),
            rounded(rate, 4).to_string(),
        ]);
    }
    Ok(lines)
}

/// `Reports.instructorUtilisation`, with every instructor: their id, their name, hours available, hours booked.
///
/// # Errors
/// Where the database does not answer.
pub async fn utilisation_lines(tx: &Tx, span: Span) -> Result<Vec<Vec<String>>> {
    let rows = tx.query(&sql::instructor_utilisation("u.id, u.name"), &[&span.start, &span.end, &i64::MAX]).await?;
    let lines = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (available, booked): (f64, f64) = (reader.next()?, reader.next()?);
        let (instructor, name): (Option<Id<User>>, Option<String>) = (reader.next()?, reader.next()?);
        Ok(vec![
            instructor.map(|id| encode(User::PREFIX, id.0)).unwrap_or_default(),
            name.unwrap_or_default(),
            rounded(available / HOUR, 2).to_string(),
            rounded(booked / HOUR, 2).to_string(),
        ])
    });
    lines.collect()
}

/// `Reports.activity` by day: when each begins, events, people.
///
/// # Errors
/// Where the database does not answer.
pub async fn activity_lines(tx: &Tx, span: Span, zone: &TimeZone) -> Result<Vec<Vec<String>>> {
    let starts = intervals(span, ActivityInterval::Day, zone)?;
    let mut lines: Vec<Vec<String>> = starts.iter().map(|start| vec![start.to_string(), "0".to_owned(), "0".to_owned()]).collect();
    for row in &tx.query(sql::ACTIVITY, &[&span.start, &span.end, &starts]).await? {
        let number = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|number| number.checked_sub(1));
        if let Some(line) = number.and_then(|index| lines.get_mut(index)) {
            (line[1], line[2]) = (row.get::<_, i64>(1).to_string(), row.get::<_, i64>(2).to_string());
        }
    }
    Ok(lines)
}
