//! How a course goes: where people stop in it, what they reach, and who may not get to its end.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded},
    text_enum,
};
use lectern_macros::object;
use std::sync::Arc;

use super::{counts::int, progress::rounded, sql};
use crate::domains::{courses::Course, enrollments::Enrollment, lessons::Lesson};

/// How many of a course's people have got to one of its lessons.
#[object]
#[derive(Clone)]
pub struct FunnelStep {
    /// The lesson.
    pub lesson: Loaded<Lesson>,
    /// People whose enrollment gives access, those who have completed the course among them.
    pub enrolled: i32,
    /// How many of them have opened or completed the lesson.
    pub opened: i32,
    /// How many of them have completed it.
    pub completed: i32,
    /// The median of the minutes from first opening to completion, to one decimal; null where nobody has done both.
    pub median_minutes: Option<f64>,
}

/// How many have a grade of this range.
#[object]
#[derive(Clone, Debug)]
pub struct GradeBucket {
    /// From so many percent on.
    pub from: i32,
    /// To less than so many; of the last, 100 counts in.
    pub to: i32,
    /// How many.
    pub count: i32,
}

text_enum! {
    /// Why somebody may not get to the end of their course.
    pub enum RiskReason {
        /// They have done nothing in it for the school's `riskInactiveDays`.
        Inactive = "INACTIVE",
        /// Something is due and not handed in.
        Overdue = "OVERDUE",
        /// Their `currentGrade` is below 50.
        Failing = "FAILING",
        /// Their access ends within 7 days, and less than half is done.
        ExpiresSoon = "EXPIRES_SOON",
    }
}

/// Somebody who may not get to the end of their course.
#[object]
#[derive(Clone)]
pub struct LearnerAtRisk {
    /// Their part in it.
    pub enrollment: Loaded<Enrollment>,
    /// Why; at least one.
    pub reasons: Vec<RiskReason>,
    /// When they last did something in it; null for never.
    pub last_active_at: Option<DateTime>,
    /// How much of its work is due and not handed in.
    pub overdue: i32,
    /// The weighted mean of their released grades, in percent; null without any, and when you may not see it.
    pub current_grade: Option<f64>,
}

/// How far people get in a course: its published lessons in their order. Empty for whoever does not report on it.
pub async fn funnel(ctx: &Context<'_>, course: Id<Course>) -> Result<Vec<FunnelStep>> {
    let (columns, shape) = ctx.request().catalog().whole::<Lesson>("l");
    let mut steps = Vec::new();
    for row in ctx.tx().query(&sql::funnel(&columns), &[&course]).await? {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (enrolled, opened, completed) = (int(reader.next()?)?, int(reader.next()?)?, int(reader.next()?)?);
        let minutes: Option<f64> = reader.next()?;
        if let Some(lesson) = Loaded::joined(&row, 4, &shape) {
            steps.push(FunnelStep { lesson, enrolled, opened, completed, median_minutes: minutes.map(|minutes| rounded(minutes, 1)) });
        }
    }
    Ok(steps)
}

/// Grades of a course, or of one of its lessons, in ten ranges. Empty for whoever does not see the grades of its people.
pub async fn distribution(ctx: &Context<'_>, course: Id<Course>, lesson: Option<Id<Lesson>>) -> Result<Vec<GradeBucket>> {
    if !ctx.tx().value::<bool>(sql::SEES_GRADES, &[&course]).await?.unwrap_or(false) {
        return Ok(Vec::new());
    }
    let mut buckets: Vec<GradeBucket> = (0..10).map(|place| GradeBucket { from: place * 10, to: place * 10 + 10, count: 0 }).collect();
    let rows = match lesson {
        Some(lesson) => ctx.tx().query(sql::LESSON_GRADES, &[&course, &lesson]).await?,
        None => ctx.tx().query(sql::COURSE_GRADES, &[&course]).await?,
    };
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let place: i32 = reader.next()?;
        if let Some(bucket) = usize::try_from(place).ok().and_then(|place| buckets.get_mut(place)) {
            bucket.count = int(reader.next()?)?;
        }
    }
    Ok(buckets)
}

/// Who may not get to the end of a course, or of any that the viewer sees the people of.
pub async fn at_risk(ctx: &Context<'_>, course: Option<Id<Course>>, most: i64) -> Result<Vec<LearnerAtRisk>> {
    let (columns, shape) = ctx.request().catalog().whole::<Enrollment>("e");
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    let mut found = Vec::new();
    for row in ctx.tx().query(&sql::at_risk(&columns), &[&course, &most]).await? {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let reasons: Vec<String> = reader.next()?;
        let (last_active_at, overdue, current_grade) = (reader.next()?, reader.next()?, reader.next()?);
        if let Some(enrollment) = Loaded::joined(&row, 4, &shape) {
            let reasons = reasons.iter().filter_map(|reason| RiskReason::from_text(reason)).collect();
            found.push(LearnerAtRisk { enrollment, reasons, last_active_at, overdue, current_grade });
        }
    }
    Ok(found)
}
