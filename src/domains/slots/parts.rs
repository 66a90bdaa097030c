//! The lists of booking types, many in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};
use uuid::Uuid;

use super::{BookingType, booking_type::EligibilityKind, sql, terms::Eligibility};
use crate::domains::{identity::User, resources::Resource};

/// Who takes bookings of a type, and their weight, in their order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstructorsOf(pub Id<BookingType>);

impl Loader<InstructorsOf> for Batch {
    type Value = Vec<(Id<User>, i32)>;
    type Error = Error;

    async fn load(&self, keys: &[InstructorsOf]) -> Result<HashMap<InstructorsOf, Self::Value>> {
        let types: Vec<Id<BookingType>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<InstructorsOf, Vec<(Id<User>, i32)>> = HashMap::new();
        for row in &self.tx.query(sql::INSTRUCTORS, &[&types]).await? {
            let mut reader = ColumnReader::new(row);
            found.entry(InstructorsOf(reader.next()?)).or_default().push((reader.next()?, reader.next()?));
        }
        Ok(found)
    }
}

/// What a type needs, in its order: a name, and one of these.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequirementsOf(pub Id<BookingType>);

impl Loader<RequirementsOf> for Batch {
    type Value = Vec<(String, Vec<Id<Resource>>)>;
    type Error = Error;

    async fn load(&self, keys: &[RequirementsOf]) -> Result<HashMap<RequirementsOf, Self::Value>> {
        let types: Vec<Id<BookingType>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<RequirementsOf, Self::Value> = HashMap::new();
        for row in &self.tx.query(sql::REQUIREMENTS, &[&types]).await? {
            let mut reader = ColumnReader::new(row);
            found.entry(RequirementsOf(reader.next()?)).or_default().push((reader.next()?, reader.next()?));
        }
        Ok(found)
    }
}

/// What a type asks of learners, in its order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RulesOf(pub Id<BookingType>);

impl Loader<RulesOf> for Batch {
    type Value = Vec<Eligibility>;
    type Error = Error;

    async fn load(&self, keys: &[RulesOf]) -> Result<HashMap<RulesOf, Self::Value>> {
        let types: Vec<Id<BookingType>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<RulesOf, Self::Value> = HashMap::new();
        for row in &self.tx.query(sql::RULES, &[&types]).await? {
            let mut reader = ColumnReader::new(row);
            let of = RulesOf(reader.next()?);
            let (kind, subjects): (EligibilityKind, Vec<Uuid>) = (reader.next()?, reader.next()?);
            found.entry(of).or_default().push(Eligibility { kind, subjects, max_count: reader.next()? });
        }
        Ok(found)
    }
}

/// Whether the viewer meets each rule of a type, in its order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MetBy(pub Id<BookingType>, pub Id<User>);

impl Loader<MetBy> for Batch {
    type Value = Vec<bool>;
    type Error = Error;

    async fn load(&self, keys: &[MetBy]) -> Result<HashMap<MetBy, Vec<bool>>> {
        let types: Vec<Id<BookingType>> = keys.iter().map(|key| key.0).collect();
        let people: Vec<Id<User>> = keys.iter().map(|key| key.1).collect();
        let mut found: HashMap<MetBy, Vec<bool>> = HashMap::new();
        for row in &self.tx.query(sql::MET, &[&types, &people]).await? {
            let mut reader = ColumnReader::new(row);
            found.entry(MetBy(reader.next()?, reader.next()?)).or_default().push(reader.next()?);
        }
        Ok(found)
    }
}
