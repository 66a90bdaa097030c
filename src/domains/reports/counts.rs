//! Plain counts: the overview, by status, by day.

use async_graphql::Context;
use futures_util::future::try_join;
use jiff::Timestamp;
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, Date},
};
use lectern_macros::object;

use super::{enrolled::Enrolled, range::Range, sql};
use crate::domains::{
    bookings::{BookingStatus, days},
    enrollments::EnrollmentStatus,
    tenants,
};

/// How much there is of everything. With a range: of what was created in it, and of bookings that begin in it.
#[object]
#[derive(Clone, Debug, Default)]
pub struct OverviewReport {
    /// People, without deleted ones.
    pub users: i32,
    /// Courses in any state, without deleted ones.
    pub courses: i32,
    /// Those of them that are PUBLISHED now.
    pub published_courses: i32,
    /// Groups, without deleted ones.
    pub groups: i32,
    /// Enrollments in any state, also DROPPED ones.
    pub enrollments: i32,
    /// Those of them that are COMPLETED now.
    pub completed_enrollments: i32,
    /// Bookings in any state, also CANCELLED ones.
    pub bookings: i32,
}

/// Enrollments in one state.
#[object]
#[derive(Clone, Debug)]
pub struct EnrollmentStatusCount {
    /// The state.
    pub status: EnrollmentStatus,
    /// How many are in it.
    pub count: i32,
}

/// Bookings in one state.
#[object]
#[derive(Clone, Debug)]
pub struct BookingStatusCount {
    /// The state.
    pub status: BookingStatus,
    /// How many are in it.
    pub count: i32,
}

/// One date of a series.
#[object]
#[derive(Clone, Debug)]
pub struct DayCount {
    /// The date, in the time zone of the series.
    pub date: Date,
    /// How many there are.
    pub count: i32,
}

/// Dates at most in one series.
const MAX_DAYS: i32 = 366;

pub(super) fn int(count: i64) -> Result<i32> {
    i32::try_from(count).map_err(|_| Error::internal(format!("a count of {count}")))
}

pub async fn overview(ctx: &Context<'_>, range: Range) -> Result<OverviewReport> {
    let asks = |fields: &[&str]| fields.iter().any(|field| ctx.selects(field));
    // Both are on their way at the same time.
    let (counted, enrolled) = try_join(count(ctx, range), async {
        if asks(&["enrollments", "completedEnrollments"]) { Enrolled::of(ctx, range, 0).await.map(Some) } else { Ok(None) }
    })
    .await?;
    Ok(match enrolled {
        Some(enrolled) => {
            OverviewReport { enrollments: enrolled.all(), completed_enrollments: enrolled.with(EnrollmentStatus::Completed), ..counted }
        }
        None => counted,
    })
}

/// Everything but enrollments.
async fn count(ctx: &Context<'_>, range: Range) -> Result<OverviewReport> {
    let asks = |fields: &[&str]| fields.iter().any(|field| ctx.selects(field));
    let wanted = [asks(&["users"]), asks(&["courses", "publishedCourses"]), asks(&["groups"]), asks(&["bookings"])];
    if !wanted.contains(&true) {
        return Ok(OverviewReport::default());
    }
    let [users, courses, groups, bookings] = &wanted;
    let rows = ctx.tx().query(&sql::overview(range), &[&range.from, &range.to, users, courses, groups, bookings]).await?;
    let row = rows.first().ok_or_else(|| Error::internal("a SELECT without FROM answered nothing"))?;
    let one = |at: usize| int(row.get::<_, Option<i64>>(at).unwrap_or_default());
    let (courses, published_courses) = match row.get::<_, Option<Vec<i64>>>(1).as_deref() {
        Some([all, published]) => (int(*all)?, int(*published)?),
        _ => (0, 0),
    };
    Ok(OverviewReport { users: one(0)?, courses, published_courses, groups: one(2)?, bookings: one(3)?, ..OverviewReport::default() })
}

pub async fn enrollments_by_status(ctx: &Context<'_>, range: Range) -> Result<Vec<EnrollmentStatusCount>> {
    let counts = Enrolled::of(ctx, range, 0).await?.by_status;
    Ok(counts.into_iter().map(|(status, count)| EnrollmentStatusCount { status, count }).collect())
}

pub async fn bookings_by_status(ctx: &Context<'_>, range: Range) -> Result<Vec<BookingStatusCount>> {
    let mut counts: Vec<BookingStatusCount> =
        BookingStatus::ALL.iter().map(|status| BookingStatusCount { status: *status, count: 0 }).collect();
    for row in &ctx.tx().query(&sql::bookings_by_status(range), &[&range.from, &range.to]).await? {
        let status: BookingStatus = row.get(0);
        if let Some(found) = counts.iter_mut().find(|found| found.status == status) {
            found.count = int(row.get(1))?;
        }
    }
    Ok(counts)
}

pub async fn bookings_per_day(ctx: &Context<'_>, range: Range, time_zone: Option<&str>) -> Result<Vec<DayCount>> {
    let zone = tenants::time_zone(ctx, "timeZone", time_zone)?;
    let span = range.series(ctx.now(), &zone)?;
    let dates = [span.start, span.end].map(|at| at.to_zoned(zone.clone()).date());
    let too_long = || Error::bad_input("to", format!("must be so close to `from` that a series has at most {MAX_DAYS} days"));
    // Before they are listed: a range may hold a thousand years.
    if dates[0].until(dates[1]).map_or(i32::MAX, |between| between.get_days()) > MAX_DAYS {
        return Err(too_long());
    }
    let days = days(span, &zone)?;
    if days.len() > MAX_DAYS as usize {
        return Err(too_long());
    }
    let starts: Vec<Timestamp> = days.iter().map(|(_, share)| share.start).collect();
    let mut series: Vec<DayCount> = days.iter().map(|(date, _)| DayCount { date: Date(*date), count: 0 }).collect();
    let rows = ctx.tx().query(sql::BOOKINGS_PER_DAY, &[&span.start, &span.end, &starts, &BookingStatus::ALL]).await?;
    for row in &rows {
        let number = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|number| number.checked_sub(1));
        if let Some(day) = number.and_then(|index| series.get_mut(index)) {
            day.count = int(row.get(1))?;
        }
    }
    Ok(series)
}
