//! What a course or a path certifies.

use std::collections::HashMap;

use async_graphql::{ID, InputObject, MaybeUndefined, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};
use lectern_macros::object;
use tokio_postgres::Row;

use super::sql;
use crate::domains::{courses::Course, paths::LearningPath};

/// What is certified to whoever completes a course or a path.
#[object]
#[derive(Debug, Clone, Default)]
pub struct CertificateSettings {
    /// Whether whoever completes it is given a certificate.
    pub is_enabled: bool,
    /// What is printed as what they have completed; null for the title.
    pub title: Option<String>,
    /// What else is printed.
    pub text: Option<String>,
    /// Who signs.
    pub signatory: Option<String>,
    /// After how many months of the calendar a certificate expires; null for never.
    pub valid_months: Option<i32>,
}

impl CertificateSettings {
    /// Out of the columns of a row.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        let (is_enabled, title) = (reader.next()?, reader.next()?);
        let (text, signatory, valid_months) = (reader.next()?, reader.next()?, reader.next()?);
        Ok(CertificateSettings { is_enabled, title, text, signatory, valid_months })
    }
}

/// A change of what a course or a path certifies: exactly one of the two. What is left out stays as it is; an explicit null clears. Certificates that were issued
/// stay as they are.
#[derive(InputObject)]
pub struct UpdateCertificateSettingsInput {
    /// The course.
    pub course_id: Option<ID>,
    /// Or the path.
    pub path_id: Option<ID>,
    /// Whether whoever completes it from now on is given a certificate.
    pub is_enabled: Option<bool>,
    /// What is printed as what they have completed; 1 to 200 characters; null for the title.
    pub title: MaybeUndefined<String>,
    /// What else is printed; at most 1,000 characters; null for nothing.
    pub text: MaybeUndefined<String>,
    /// Who signs; 1 to 200 characters; null for nobody.
    pub signatory: MaybeUndefined<String>,
    /// After how many months of the calendar a certificate expires, 1 to 600; null for never.
    pub valid_months: MaybeUndefined<i32>,
}

/// What a course certifies; absent where nothing was said.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OfCourse(pub Id<Course>);

/// What a path certifies; absent where nothing was said.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OfPath(pub Id<LearningPath>);

fn keyed<T, K>(rows: &[Row], key: impl Fn(Id<T>) -> K) -> Result<HashMap<K, CertificateSettings>>
where
    K: Eq + std::hash::Hash,
{
    let read = |row| {
        let mut reader = ColumnReader::new(row);
        Ok((key(reader.next()?), CertificateSettings::read(&mut reader)?))
    };
    rows.iter().map(read).collect()
}

impl Loader<OfCourse> for Batch {
    type Value = CertificateSettings;
    type Error = Error;

    async fn load(&self, keys: &[OfCourse]) -> Result<HashMap<OfCourse, CertificateSettings>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        keyed(&self.tx.query(sql::SETTINGS_OF_COURSES, &[&courses]).await?, OfCourse)
    }
}

impl Loader<OfPath> for Batch {
    type Value = CertificateSettings;
    type Error = Error;

    async fn load(&self, keys: &[OfPath]) -> Result<HashMap<OfPath, CertificateSettings>> {
        let paths: Vec<Id<LearningPath>> = keys.iter().map(|key| key.0).collect();
        keyed(&self.tx.query(sql::SETTINGS_OF_PATHS, &[&paths]).await?, OfPath)
    }
}
