//! Courses, sections and counts by key, many keys in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::{ColumnReader, Record, select},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, ById},
};

use super::{Course, Section, lists::seats, sql};
use crate::domains::{enrollments::Enrollment, identity::User};

impl ById for Course {
    fn by_ids() -> String {
        sql::by_ids()
    }

    fn id(&self) -> Id<Course> {
        self.id
    }
}

impl ById for Section {
    fn by_ids() -> String {
        sql::sections_by_ids()
    }

    fn id(&self) -> Id<Section> {
        self.id
    }
}

/// The sections of a course, in their order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SectionsOf(pub Id<Course>);

impl Loader<SectionsOf> for Batch {
    type Value = Vec<Section>;
    type Error = Error;

    async fn load(&self, keys: &[SectionsOf]) -> Result<HashMap<SectionsOf, Vec<Section>>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        let mut sections: HashMap<SectionsOf, Vec<Section>> = HashMap::new();
        for row in &self.tx.query(&sql::sections_of(), &[&courses]).await? {
            let mut reader = ColumnReader::new(row);
            sections.entry(SectionsOf(reader.next()?)).or_default().push(Section::read(&mut reader)?);
        }
        Ok(sections)
    }
}

/// How many people hold a seat in a course.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EnrollmentCountOf(pub Id<Course>);

impl Loader<EnrollmentCountOf> for Batch {
    type Value = i32;
    type Error = Error;

    async fn load(&self, keys: &[EnrollmentCountOf]) -> Result<HashMap<EnrollmentCountOf, i32>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::ENROLLMENT_COUNTS, &[&courses]).await?;
        let counts = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok((EnrollmentCountOf(reader.next()?), seats(reader.next()?)))
        });
        counts.collect()
    }
}

/// The viewer's own enrollment in a course.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ViewerEnrollmentOf {
    pub course: Id<Course>,
    pub viewer: Id<User>,
}

impl Loader<ViewerEnrollmentOf> for Batch {
    type Value = Enrollment;
    type Error = Error;

    async fn load(&self, keys: &[ViewerEnrollmentOf]) -> Result<HashMap<ViewerEnrollmentOf, Enrollment>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.course).collect();
        let Some(viewer) = keys.first().map(|key| key.viewer) else { return Ok(HashMap::new()) };
        let sql = format!(
            "SELECT e.course_id, {} FROM enrollment e WHERE e.tenant_id = $1 AND e.user_id = $2 AND e.course_id = ANY ($3)",
            select::<Enrollment>("e")
        );
        let rows = self.tx.query(&sql, &[&viewer, &courses]).await?;
        let enrollments = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok((ViewerEnrollmentOf { course: reader.next()?, viewer }, Enrollment::read(&mut reader)?))
        });
        enrollments.collect()
    }
}
