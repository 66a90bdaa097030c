//! A part of a course.

use async_graphql::SimpleObject;
use lectern_kernel::{
    db::{ColumnReader, DbError, Record},
    error::Result,
    ids::{Id, Kind},
};

/// A part of a course.
#[derive(SimpleObject, Clone, Debug)]
pub struct Section {
    /// Its id.
    pub id: Id<Section>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// Where it stands in the course: 1 for the first, without gaps.
    pub position: i32,
}

impl Kind for Section {
    const PREFIX: &'static str = "section";
    const TYPE: &'static str = "Section";
}

impl Record for Section {
    const COLUMNS: &'static [&'static str] = &["id", "title", "position"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Section { id: reader.next()?, title: reader.next()?, position: reader.next()? })
    }
}
