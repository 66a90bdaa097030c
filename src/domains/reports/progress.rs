//! How far people came in each course.

use async_graphql::Context;
use lectern_kernel::{error::Result, resolve::Loaded};
use lectern_macros::object;

use super::{
    enrolled::{Enrolled, InCourse},
    range::Range,
};
use crate::domains::courses::Course;

/// How far people came in one course.
#[object]
pub struct CourseProgress {
    /// The course; null when you may not see it, or when it was deleted.
    pub course: Option<Loaded<Course>>,
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
    let courses = Enrolled::of(ctx, range, limit).await?.courses.into_iter();
    let progress = courses.map(|InCourse { course, enrollments, progress, completed }| CourseProgress {
        course,
        enrollments,
        average_progress: rounded(progress, 2),
        completion_rate: rounded(f64::from(completed) / f64::from(enrollments.max(1)), 4),
    });
    Ok(progress.collect())
}
