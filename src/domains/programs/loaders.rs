//! What stands beside programs, read for many of them at once.

use std::{collections::HashMap, hash::Hash};

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};
use tokio_postgres::Row;

use super::{
    Program,
    form::{FormOf, ProgramForm, ProgramFormField},
    money::percent,
    parts::{ProgramGroup, ProgramReviewer},
    program::ProgramStatus,
    sql,
};
use crate::domains::groups::Group;

/// The steps that the viewer may take a program now.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StepsOf(pub Id<Program>);

/// The reviewers of a program, in their order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReviewersOf(pub Id<Program>);

/// The groups that get into a program on terms of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TermsOfProgram(pub Id<Program>);

/// The programs that a group gets into on terms of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TermsOfGroup(pub Id<Group>);

/// Rows under keys, in their order.
fn gathered<K: Eq + Hash, V>(
    rows: &[Row],
    read: impl Fn(&mut ColumnReader<'_>) -> std::result::Result<(K, V), DbError>,
) -> Result<HashMap<K, Vec<V>>> {
    let mut found: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        let (key, value) = read(&mut ColumnReader::new(row))?;
        found.entry(key).or_default().push(value);
    }
    Ok(found)
}

impl Loader<StepsOf> for Batch {
    type Value = Vec<ProgramStatus>;
    type Error = Error;

    async fn load(&self, keys: &[StepsOf]) -> Result<HashMap<StepsOf, Vec<ProgramStatus>>> {
        let programs: Vec<Id<Program>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::STEPS, &[&programs]).await?;
        gathered(&rows, |reader| Ok((StepsOf(reader.next()?), reader.next()?)))
    }
}

impl Loader<ReviewersOf> for Batch {
    type Value = Vec<ProgramReviewer>;
    type Error = Error;

    async fn load(&self, keys: &[ReviewersOf]) -> Result<HashMap<ReviewersOf, Vec<ProgramReviewer>>> {
        let programs: Vec<Id<Program>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::REVIEWERS, &[&programs]).await?;
        gathered(&rows, |reader| {
            let program = ReviewersOf(reader.next()?);
            let (user_id, is_required) = (reader.next()?, reader.next()?);
            Ok((program, ProgramReviewer { user_id, is_required }))
        })
    }
}

/// A row of `program_group`.
fn terms(reader: &mut ColumnReader<'_>) -> std::result::Result<ProgramGroup, DbError> {
    let (program_id, group_id) = (reader.next()?, reader.next()?);
    let (hundredths, max_members): (i32, Option<i32>) = (reader.next()?, reader.next()?);
    let (member_count, auto_accept) = (reader.next()?, reader.next()?);
    Ok(ProgramGroup { program_id, group_id, percent_off: percent(hundredths), max_members, member_count, auto_accept })
}

impl Loader<TermsOfProgram> for Batch {
    type Value = Vec<ProgramGroup>;
    type Error = Error;

    async fn load(&self, keys: &[TermsOfProgram]) -> Result<HashMap<TermsOfProgram, Vec<ProgramGroup>>> {
        let programs: Vec<Id<Program>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::TERMS_OF_PROGRAMS, &[&programs]).await?;
        gathered(&rows, |reader| terms(reader).map(|terms| (TermsOfProgram(terms.program_id), terms)))
    }
}

impl Loader<TermsOfGroup> for Batch {
    type Value = Vec<ProgramGroup>;
    type Error = Error;

    async fn load(&self, keys: &[TermsOfGroup]) -> Result<HashMap<TermsOfGroup, Vec<ProgramGroup>>> {
        let groups: Vec<Id<Group>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::TERMS_OF_GROUPS, &[&groups]).await?;
        gathered(&rows, |reader| terms(reader).map(|terms| (TermsOfGroup(terms.group_id), terms)))
    }
}

impl Loader<FormOf> for Batch {
    type Value = ProgramForm;
    type Error = Error;

    async fn load(&self, keys: &[FormOf]) -> Result<HashMap<FormOf, ProgramForm>> {
        let programs: Vec<Id<Program>> = keys.iter().map(|key| key.program).collect();
        let versions: Vec<i32> = keys.iter().map(|key| key.version).collect();
        let rows = self.tx.query(sql::FORMS, &[&programs, &versions]).await?;
        let fields = gathered(&rows, |reader| {
            let key = FormOf { program: reader.next()?, version: reader.next()? };
            Ok((key, ProgramFormField::read(reader)?))
        })?;
        Ok(fields.into_iter().map(|(key, fields)| (key.clone(), ProgramForm { version: key.version, fields })).collect())
    }
}
