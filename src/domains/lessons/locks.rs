//! What keeps lessons and sections closed for the viewer, many in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use jiff::Timestamp;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime},
    text_enum,
};
use tokio_postgres::Row;

use super::{Lesson, sql};
use crate::domains::courses::Section;

text_enum! {
    /// What keeps a lesson or a section closed. Where several things do, it is the first of these.
    pub enum LockReason {
        /// You have no enrollment in the course.
        NotEnrolled = "NOT_ENROLLED",
        /// Your enrollment gives no access any more.
        EnrollmentEnded = "ENROLLMENT_ENDED",
        /// Its time has not come: `unlocksAt`.
        NotYet = "NOT_YET",
        /// A required lesson of another section is not completed: of `dripAfter`.
        AfterSection = "AFTER_SECTION",
        /// A required lesson before it is not completed.
        AfterLesson = "AFTER_LESSON",
    }
}

/// A lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// What keeps it closed.
    pub reason: LockReason,
    /// When time alone opens it.
    pub unlocks_at: Option<DateTime>,
}

/// What keeps a lesson closed; absent where nothing does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LockOf(pub Id<Lesson>);

/// What keeps a section closed; absent where nothing does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SectionLockOf(pub Id<Section>);

fn lock<T>(row: &Row) -> Result<(Id<T>, Lock), DbError> {
    let mut reader = ColumnReader::new(row);
    let (id, reason, unlocks_at): (_, _, Option<Timestamp>) = (reader.next()?, reader.next()?, reader.next()?);
    Ok((id, Lock { reason, unlocks_at: unlocks_at.map(DateTime) }))
}

impl Loader<LockOf> for Batch {
    type Value = Lock;
    type Error = Error;

    async fn load(&self, keys: &[LockOf]) -> Result<HashMap<LockOf, Lock>> {
        let lessons: Vec<Id<Lesson>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::LESSON_LOCKS, &[&lessons]).await?;
        rows.iter().map(|row| lock(row).map(|(id, lock)| (LockOf(id), lock)).map_err(Error::from)).collect()
    }
}

impl Loader<SectionLockOf> for Batch {
    type Value = Lock;
    type Error = Error;

    async fn load(&self, keys: &[SectionLockOf]) -> Result<HashMap<SectionLockOf, Lock>> {
        let sections: Vec<Id<Section>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::SECTION_LOCKS, &[&sections]).await?;
        rows.iter().map(|row| lock(row).map(|(id, lock)| (SectionLockOf(id), lock)).map_err(Error::from)).collect()
    }
}
