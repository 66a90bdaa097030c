//! How far people came in each course.

use async_graphql::{Context, SimpleObject};

use super::{counts::int, range::Range, sql};
use crate::{
    db::{Cells, Record},
    domains::courses::Course,
    error::Result,
    graphql::Ctx,
};

/// How far people came in one course.
#[derive(SimpleObject, Clone, Debug)]
pub struct CourseProgress {
    /// The course; null when you may not see it, or when it was deleted.
    pub course: Option<Course>,
    /// Enrollments in any state, also DROPPED ones; at least 1.
    pub enrollments: i32,
    /// The mean of their progress in percent, 0 to 100, to two decimals.
    pub average_progress: f64,
    /// How much of them is COMPLETED, 0 to 1, to four decimals.
    pub completion_rate: f64,
}

/// To so many decimals.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10f64.powi(decimals);
    (value * unit).round() / unit
}

pub async fn course_progress(ctx: &Context<'_>, range: Range, limit: i64) -> Result<Vec<CourseProgress>> {
    let rows = ctx.tx().query(&sql::course_progress(), &[&range.from, &range.to, &limit]).await?;
    let courses = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        let (enrollments, progress, completed): (i64, f64, i64) = (cells.next()?, cells.next()?, cells.next()?);
        Ok(CourseProgress {
            course: Course::read_joined(&mut cells)?,
            enrollments: int(enrollments)?,
            average_progress: rounded(progress, 2),
            completion_rate: rounded(completed as f64 / enrollments.max(1) as f64, 4),
        })
    });
    courses.collect()
}
