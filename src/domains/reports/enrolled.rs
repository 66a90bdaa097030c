//! Enrollments, counted once for every report of a document that is about them.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    resolve::{Batch, Ctx, Loaded},
};
use uuid::Uuid;

use super::{counts::int, range::Range, sql};
use crate::domains::{courses::Course, enrollments::EnrollmentStatus};

/// What is counted.
#[derive(Clone)]
pub struct Enrolled {
    /// How many there are in each state, in the order of the enum.
    pub by_status: Vec<(EnrollmentStatus, i32)>,
    /// The courses with most of them, then by title.
    pub courses: Vec<InCourse>,
}

/// Enrollments in one course.
#[derive(Clone)]
pub struct InCourse {
    /// The course, as far as it may be seen.
    pub course: Option<Loaded<Course>>,
    /// In any state; at least 1.
    pub enrollments: i32,
    /// Their mean, 0 to 100.
    pub progress: f64,
    /// How many are COMPLETED.
    pub completed: i32,
}

impl Enrolled {
    /// Counts those of a range, and so many courses.
    pub async fn of(ctx: &Context<'_>, range: Range, courses: i64) -> Result<Enrolled> {
        ctx.load(EnrolledIn { range, courses }).await?.ok_or_else(|| Error::internal("enrollments were not counted"))
    }

    /// In every state.
    pub fn all(&self) -> i32 {
        self.by_status.iter().map(|(_, count)| count).sum()
    }

    /// In one state.
    pub fn with(&self, status: EnrollmentStatus) -> i32 {
        self.by_status.iter().find(|(known, _)| *known == status).map_or(0, |(_, count)| *count)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct EnrolledIn {
    range: Range,
    courses: i64,
}

impl Loader<EnrolledIn> for Batch {
    type Value = Enrolled;
    type Error = Error;

    /// One statement a range: for the longest list of courses that is asked for.
    async fn load(&self, keys: &[EnrolledIn]) -> Result<HashMap<EnrolledIn, Enrolled>> {
        let mut longest: HashMap<Range, i64> = HashMap::new();
        for EnrolledIn { range, courses } in keys {
            let most = longest.entry(*range).or_default();
            *most = (*most).max(*courses);
        }
        let mut counted = HashMap::with_capacity(keys.len());
        for (range, courses) in longest {
            let enrolled = count(self, range, courses).await?;
            for key in keys.iter().filter(|key| key.range == range) {
                let shown = usize::try_from(key.courses).unwrap_or(0).min(enrolled.courses.len());
                let courses = enrolled.courses[..shown].to_vec();
                counted.insert(key.clone(), Enrolled { by_status: enrolled.by_status.clone(), courses });
            }
        }
        Ok(counted)
    }
}

/// Where a course's columns begin: behind the sums, and the key and the numbers of the course.
const COURSE: usize = 5;

async fn count(batch: &Batch, range: Range, courses: i64) -> Result<Enrolled> {
    let (columns, shape) = batch.catalog().whole::<Course>("c");
    let rows = batch.tx.query(&sql::enrolled(range, &columns), &[&range.from, &range.to, &courses]).await?;
    let first = rows.first().ok_or_else(|| Error::internal("a SELECT of sums answered nothing"))?;
    let counts: Vec<i64> = ColumnReader::new(first).next()?;
    let by_status = EnrollmentStatus::ALL.iter().zip(counts).map(|(status, count)| Ok((*status, int(count)?)));
    let by_status: Vec<(EnrollmentStatus, i32)> = by_status.collect::<Result<_>>()?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        reader.skip(1);
        if reader.next::<Option<Uuid>>()?.is_none() {
            break; // nobody is enrolled in anything, or no courses were asked for
        }
        let (enrollments, progress, completed) = (int(reader.next()?)?, reader.next()?, int(reader.next()?)?);
        found.push(InCourse { enrollments, progress, completed, course: Loaded::joined(&row, COURSE, &shape) });
    }
    Ok(Enrolled { by_status, courses: found })
}
