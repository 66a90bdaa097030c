//! Where courses and sections come from.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded, Rows},
};
use lectern_macros::{extends, object, resolvers};
use uuid::Uuid;

use super::{Generation, sql};
use crate::domains::courses::{Course, Section};

/// That something was drafted by a model.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The model.
    pub model: String,
    /// When it was drafted, the last time.
    pub generated_at: DateTime,
    /// Whether a person has changed it since.
    pub is_edited: bool,
    #[hidden]
    generation_id: Option<Id<Generation>>,
}

#[resolvers]
impl Provenance {
    /// The generation; null unless it is yours and you may still see it.
    async fn generation(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Generation>>> {
        match self.generation_id {
            Some(generation) => ctx.whole(generation).await,
            None => Ok(None),
        }
    }
}

/// What is added to courses.
pub struct CourseProvenance;

#[extends(Course)]
impl CourseProvenance {
    /// That it was drafted by a model; null where people have written it.
    async fn provenance(id: Id<Course>, ctx: &Context<'_>) -> Result<Option<Provenance>> {
        ctx.load(OfCourse(id)).await
    }
}

/// What is added to sections.
pub struct SectionProvenance;

#[extends(Section)]
impl SectionProvenance {
    /// That it was drafted by a model; null where people have written it.
    async fn provenance(id: Id<Section>, ctx: &Context<'_>) -> Result<Option<Provenance>> {
        ctx.load(OfSection(id)).await
    }
}

/// Where a course comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct OfCourse(Id<Course>);

/// Where a section comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct OfSection(Id<Section>);

async fn read(tx: &Tx, sql: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Provenance>> {
    let mut found = HashMap::new();
    for row in &tx.query(sql, &[&ids]).await? {
        let mut reader = ColumnReader::new(row);
        let of = reader.next()?;
        let provenance =
            Provenance { model: reader.next()?, generated_at: reader.next()?, is_edited: reader.next()?, generation_id: reader.next()? };
        found.insert(of, provenance);
    }
    Ok(found)
}

impl Loader<OfCourse> for Batch {
    type Value = Provenance;
    type Error = Error;

    async fn load(&self, keys: &[OfCourse]) -> Result<HashMap<OfCourse, Provenance>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        let found = read(&self.tx, sql::OF_COURSES, &ids).await?;
        Ok(found.into_iter().map(|(id, provenance)| (OfCourse(Id::from_uuid(id)), provenance)).collect())
    }
}

impl Loader<OfSection> for Batch {
    type Value = Provenance;
    type Error = Error;

    async fn load(&self, keys: &[OfSection]) -> Result<HashMap<OfSection, Provenance>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        let found = read(&self.tx, sql::OF_SECTIONS, &ids).await?;
        Ok(found.into_iter().map(|(id, provenance)| (OfSection(Id::from_uuid(id)), provenance)).collect())
    }
}
