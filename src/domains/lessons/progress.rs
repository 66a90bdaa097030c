//! How far somebody is in a lesson, and where they go on.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use jiff::Timestamp;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};
use tokio_postgres::Row;

use super::{Lesson, sql};
use crate::domains::enrollments::Enrollment;

text_enum! {
    /// How far somebody is in a lesson.
    pub enum LessonStatus {
        /// Not opened yet.
        NotStarted = "NOT_STARTED",
        /// Opened.
        InProgress = "IN_PROGRESS",
        /// Completed; `completedAt` says when.
        Completed = "COMPLETED",
    }
}

/// How far somebody is in a lesson.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct LessonProgress {
    #[hidden]
    pub lesson_id: Id<Lesson>,
    #[hidden]
    pub enrollment_id: Id<Enrollment>,
    /// How far they are.
    pub status: LessonStatus,
    /// When they opened it first.
    pub opened_at: Option<DateTime>,
    /// When they completed it.
    pub completed_at: Option<DateTime>,
    /// Where in its film or sound they were last, in seconds.
    pub position_seconds: Option<i32>,
}

#[resolvers]
impl LessonProgress {
    /// The lesson; null when you may not see it.
    async fn lesson(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Lesson>>> {
        ctx.whole(self.lesson_id).await
    }

    /// Whose progress it is.
    async fn enrollment(&self, ctx: &Context<'_>) -> Result<Loaded<Enrollment>> {
        ctx.whole(self.enrollment_id).await?.ok_or_else(|| Error::not_found("enrollment"))
    }
}

impl LessonProgress {
    /// Out of a row: lesson, enrollment, when it was opened and completed, where in it the person is.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn read(row: &Row) -> Result<Self, DbError> {
        let mut reader = ColumnReader::new(row);
        let (lesson_id, enrollment_id) = (reader.next()?, reader.next()?);
        let (opened, completed): (Option<Timestamp>, Option<Timestamp>) = (reader.next()?, reader.next()?);
        let status = match (opened, completed) {
            (_, Some(_)) => LessonStatus::Completed,
            (Some(_), None) => LessonStatus::InProgress,
            (None, None) => LessonStatus::NotStarted,
        };
        let position_seconds = reader.next()?;
        Ok(LessonProgress {
            lesson_id,
            enrollment_id,
            status,
            opened_at: opened.map(DateTime),
            completed_at: completed.map(DateTime),
            position_seconds,
        })
    }
}

/// The viewer's own progress in a lesson; absent until there is some.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnProgressOf(pub Id<Lesson>);

impl Loader<OwnProgressOf> for Batch {
    type Value = LessonProgress;
    type Error = Error;

    async fn load(&self, keys: &[OwnProgressOf]) -> Result<HashMap<OwnProgressOf, LessonProgress>> {
        let lessons: Vec<Id<Lesson>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::OWN_PROGRESS, &[&lessons]).await?;
        let read = |row| LessonProgress::read(row).map(|progress| (OwnProgressOf(progress.lesson_id), progress)).map_err(Error::from);
        rows.iter().map(read).collect()
    }
}

/// All progress of an enrollment, in the order of the lessons.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProgressOf(pub Id<Enrollment>);

impl Loader<ProgressOf> for Batch {
    type Value = Vec<LessonProgress>;
    type Error = Error;

    async fn load(&self, keys: &[ProgressOf]) -> Result<HashMap<ProgressOf, Vec<LessonProgress>>> {
        let enrollments: Vec<Id<Enrollment>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<ProgressOf, Vec<LessonProgress>> = HashMap::new();
        for row in &self.tx.query(sql::PROGRESS, &[&enrollments]).await? {
            let progress = LessonProgress::read(row)?;
            found.entry(ProgressOf(progress.enrollment_id)).or_default().push(progress);
        }
        Ok(found)
    }
}

/// The lesson in which the person of an enrollment goes on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResumeOf(pub Id<Enrollment>);

impl Loader<ResumeOf> for Batch {
    type Value = Id<Lesson>;
    type Error = Error;

    async fn load(&self, keys: &[ResumeOf]) -> Result<HashMap<ResumeOf, Id<Lesson>>> {
        let enrollments: Vec<Id<Enrollment>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::RESUME, &[&enrollments]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((ResumeOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
