//! The lists of a booking type: who takes its bookings, what they take, what is asked of learners. Each is replaced as a whole.

use std::collections::HashSet;

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::{self, Id},
    resolve::{Ctx, text},
};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    BookingType,
    booking_type::EligibilityKind,
    eligibility::prefix_of,
    inputs::{BookingTypeInstructorInput, EligibilityRuleInput, ResourceRequirementInput},
    sql,
};
use crate::domains::{
    courses::Course,
    groups::Group,
    identity::{self, User},
    lessons::Lesson,
    resources::Resource,
};

/// Instructors at most.
const MAX_INSTRUCTORS: usize = 200;
/// Requirements at most, and resources at most in one.
const MAX_REQUIREMENTS: usize = 5;
const MAX_RESOURCES: usize = 50;
/// Rules of eligibility at most, and subjects at most of one.
const MAX_RULES: usize = 10;
const MAX_SUBJECTS: usize = 20;

/// What an input says of them; none: they stay as they are.
#[derive(Default)]
pub struct Lists {
    instructors: Option<Instructors>,
    requirements: Option<Requirements>,
    rules: Option<Rules>,
}

#[derive(Default)]
struct Instructors {
    people: Vec<Id<User>>,
    weights: Vec<i32>,
}

/// Names, and the resources of all of them with the places of their requirements.
#[derive(Default)]
struct Requirements {
    names: Vec<String>,
    resources: Vec<Id<Resource>>,
    of: Vec<i32>,
    fields: Vec<String>,
}

#[derive(Default)]
struct Rules(Vec<Rule>);

#[derive(PartialEq)]
struct Rule {
    kind: EligibilityKind,
    subjects: Vec<Uuid>,
    max_count: Option<i32>,
}

impl Lists {
    /// Checks what an input says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn read(
        instructors: Option<&[BookingTypeInstructorInput]>,
        requirements: Option<&[ResourceRequirementInput]>,
        rules: Option<&[EligibilityRuleInput]>,
    ) -> Result<Lists> {
        Ok(Lists {
            instructors: instructors.map(Instructors::read).transpose()?,
            requirements: requirements.map(Requirements::read).transpose()?,
            rules: rules.map(Rules::read).transpose()?,
        })
    }

    /// Writes them.
    ///
    /// # Errors
    /// `NOT_FOUND` for what the actor can't see, `BAD_USER_INPUT` for somebody who is no instructor.
    pub async fn write(self, ctx: &Context<'_>, id: Id<BookingType>) -> Result<()> {
        if let Some(instructors) = self.instructors {
            instructors.write(ctx, id).await?;
        }
        if let Some(requirements) = self.requirements {
            requirements.write(ctx, id).await?;
        }
        if let Some(rules) = self.rules {
            rules.write(ctx, id).await?;
        }
        Ok(())
    }
}

/// Refuses a type that nobody and nothing could take, or that has instructors and needs none.
///
/// # Errors
/// `BAD_USER_INPUT` with the list.
pub async fn check_shape(ctx: &Context<'_>, id: Id<BookingType>) -> Result<()> {
    let rows = ctx.tx().query(sql::SHAPE, &[&id]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let mut reader = ColumnReader::new(row);
    let (needs_instructor, instructors, requirements): (bool, i64, i64) = (reader.next()?, reader.next()?, reader.next()?);
    match (needs_instructor, instructors, requirements) {
        (true, 0, _) => {
            Err(Error::bad_input("instructors", format!("must hold 1 to {MAX_INSTRUCTORS} instructors: one of them takes each booking")))
        }
        (false, 1.., _) => Err(Error::bad_input("instructors", "must be empty where no instructor is needed")),
        (false, 0, 0) => Err(Error::bad_input("requirements", "must hold at least one where no instructor is needed")),
        _ => Ok(()),
    }
}

impl Instructors {
    fn read(instructors: &[BookingTypeInstructorInput]) -> Result<Instructors> {
        if instructors.len() > MAX_INSTRUCTORS {
            return Err(Error::bad_input("instructors", format!("must hold at most {MAX_INSTRUCTORS} instructors")));
        }
        let mut read = Instructors::default();
        for (index, one) in instructors.iter().enumerate() {
            let person = Id::<User>::parse(&format!("instructors.{index}.instructorId"), &one.instructor_id)?;
            if read.people.contains(&person) {
                return Err(Error::bad_input(format!("instructors.{index}.instructorId"), "stands in the list twice"));
            }
            let weight = one.weight.unwrap_or(1);
            if !(1..=100).contains(&weight) {
                return Err(Error::bad_input(format!("instructors.{index}.weight"), "must be between 1 and 100"));
            }
            read.people.push(person);
            read.weights.push(weight);
        }
        Ok(read)
    }

    async fn write(self, ctx: &Context<'_>, id: Id<BookingType>) -> Result<()> {
        let Instructors { people, weights } = self;
        ctx.tx().query(sql::REMOVE_INSTRUCTORS, &[&id, &people]).await?;
        let rows = ctx.tx().query(sql::SET_INSTRUCTORS, &[&id, &people, &weights]).await?;
        let there = first_column::<Id<User>>(&rows)?;
        match people.iter().position(|person| !there.contains(person)) {
            Some(index) => {
                identity::require_instructor(ctx, &format!("instructors.{index}.instructorId"), people[index]).await?;
                Err(Error::unavailable("somebody became an instructor between two statements"))
            }
            None => Ok(()),
        }
    }
}

impl Requirements {
    /// What they come to: names, and the resources of each.
    fn shape(&self) -> Vec<(String, Vec<Id<Resource>>)> {
        let of = |place: i32| self.resources.iter().zip(&self.of).filter(|(_, of)| **of == place).map(|(thing, _)| *thing).collect();
        (1..).zip(&self.names).map(|(place, name)| (name.clone(), of(place))).collect()
    }

    fn read(requirements: &[ResourceRequirementInput]) -> Result<Requirements> {
        if requirements.len() > MAX_REQUIREMENTS {
            return Err(Error::bad_input("requirements", format!("must hold at most {MAX_REQUIREMENTS} requirements")));
        }
        let mut read = Requirements::default();
        for (place, requirement) in (1..).zip(requirements) {
            let field = format!("requirements.{}", place - 1);
            read.names.push(text::name(&format!("{field}.name"), &requirement.name)?);
            let things = Id::<Resource>::parse_list(&format!("{field}.resourceIds"), &requirement.resource_ids, MAX_RESOURCES)?;
            for (index, thing) in things.into_iter().enumerate() {
                let field = format!("{field}.resourceIds.{index}");
                if read.resources.contains(&thing) {
                    return Err(Error::bad_input(field, "stands in another requirement as well"));
                }
                read.resources.push(thing);
                read.of.push(place);
                read.fields.push(field);
            }
        }
        Ok(read)
    }

    async fn write(self, ctx: &Context<'_>, id: Id<BookingType>) -> Result<()> {
        if self.shape() == current_requirements(ctx, id).await? {
            return Ok(()); // nothing changed is nothing changed
        }
        let Requirements { names, resources, of, fields } = self;
        ctx.tx().query(sql::REMOVE_RESOURCES, &[&id]).await?;
        ctx.tx().query(sql::REMOVE_REQUIREMENTS, &[&id]).await?;
        ctx.tx().query(sql::ADD_REQUIREMENTS, &[&id, &names]).await?;
        let rows = ctx.tx().query(sql::ADD_RESOURCES, &[&id, &resources, &of]).await?;
        let there = first_column::<Id<Resource>>(&rows)?;
        match resources.iter().position(|resource| !there.contains(resource)) {
            Some(index) => Err(Error::not_found("resource").field(fields[index].clone())),
            None => Ok(()),
        }
    }
}

impl Rules {
    fn read(rules: &[EligibilityRuleInput]) -> Result<Rules> {
        if rules.len() > MAX_RULES {
            return Err(Error::bad_input("eligibility", format!("must hold at most {MAX_RULES} rules")));
        }
        rules
            .iter()
            .enumerate()
            .map(|(index, rule)| Rule::read(&format!("eligibility.{index}"), rule))
            .collect::<Result<Vec<_>>>()
            .map(Rules)
    }

    async fn write(self, ctx: &Context<'_>, id: Id<BookingType>) -> Result<()> {
        if self.0 == current_rules(ctx, id).await? {
            return Ok(());
        }
        ctx.tx().query(sql::REMOVE_RULES, &[&id]).await?;
        if self.0.is_empty() {
            return Ok(());
        }
        let (mut prefixes, mut subjects, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in self.0.iter().enumerate() {
            for (at, subject) in rule.subjects.iter().enumerate() {
                prefixes.push(prefix_of(rule.kind).unwrap_or_default());
                subjects.push(*subject);
                fields.push(format!("eligibility.{index}.subjectIds.{at}"));
            }
        }
        if !subjects.is_empty() {
            let rows = ctx.tx().query(sql::SEEN_SUBJECTS, &[&prefixes, &subjects]).await?;
            let seen = first_column::<Uuid>(&rows)?;
            if let Some(at) = subjects.iter().position(|subject| !seen.contains(subject)) {
                return Err(Error::not_found(word(prefixes[at])).field(fields[at].clone()));
            }
        }
        let shown = |rule: &Rule| {
            let prefix = prefix_of(rule.kind).unwrap_or_default();
            let subjects: Vec<String> = rule.subjects.iter().map(|subject| ids::encode(prefix, *subject)).collect();
            json!({ "kind": rule.kind.as_str(), "ids": rule.subjects, "subjects": subjects, "most": rule.max_count })
        };
        let rules = Value::Array(self.0.iter().map(shown).collect());
        ctx.tx().query(sql::ADD_RULES, &[&id, &rules]).await?;
        Ok(())
    }
}

impl Rule {
    fn read(field: &str, rule: &EligibilityRuleInput) -> Result<Rule> {
        let ids = rule.subject_ids.as_deref().unwrap_or_default();
        let of = format!("{field}.subjectIds");
        let uuids = |ids: Vec<Uuid>| Rule { kind: rule.kind, subjects: ids, max_count: rule.max_count };
        if rule.kind == EligibilityKind::MaxNoShows {
            if !ids.is_empty() {
                return Err(Error::bad_input(of, "must be left out for MAX_NO_SHOWS"));
            }
            if !rule.max_count.is_some_and(|count| (0..=100).contains(&count)) {
                return Err(Error::bad_input(format!("{field}.maxCount"), "must be between 0 and 100"));
            }
            return Ok(uuids(Vec::new()));
        }
        if rule.max_count.is_some() {
            return Err(Error::bad_input(format!("{field}.maxCount"), "goes with MAX_NO_SHOWS"));
        }
        let subjects = match rule.kind {
            EligibilityKind::LessonCompleted => Id::<Lesson>::parse_list(&of, ids, MAX_SUBJECTS)?.into_iter().map(|id| id.0).collect(),
            EligibilityKind::GroupMember => Id::<Group>::parse_list(&of, ids, MAX_SUBJECTS)?.into_iter().map(|id| id.0).collect(),
            _ => Id::<Course>::parse_list(&of, ids, MAX_SUBJECTS)?.into_iter().map(|id| id.0).collect(),
        };
        Ok(uuids(subjects))
    }
}

/// What a type needs now. Not by its loader, which would answer the same once it has changed.
async fn current_requirements(ctx: &Context<'_>, id: Id<BookingType>) -> Result<Vec<(String, Vec<Id<Resource>>)>> {
    let rows = ctx.tx().query(sql::REQUIREMENTS, &[&vec![id]]).await?;
    let read = |row: &Row| -> Result<(String, Vec<Id<Resource>>)> {
        let mut reader = ColumnReader::new(row);
        reader.skip(1);
        Ok((reader.next()?, reader.next()?))
    };
    rows.iter().map(read).collect()
}

/// What a type asks of learners now.
async fn current_rules(ctx: &Context<'_>, id: Id<BookingType>) -> Result<Vec<Rule>> {
    let rows = ctx.tx().query(sql::RULES, &[&vec![id]]).await?;
    let read = |row: &Row| -> Result<Rule> {
        let mut reader = ColumnReader::new(row);
        reader.skip(1);
        Ok(Rule { kind: reader.next()?, subjects: reader.next()?, max_count: reader.next()? })
    };
    rows.iter().map(read).collect()
}

/// What people call what has ids with such a prefix.
fn word(prefix: &str) -> &'static str {
    match prefix {
        "lesson" => "lesson",
        "group" => "group",
        _ => "course",
    }
}

fn first_column<T: for<'a> tokio_postgres::types::FromSql<'a> + std::hash::Hash + Eq>(rows: &[Row]) -> Result<HashSet<T>> {
    let found = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<T>, tokio_postgres::Error>>();
    Ok(found.map_err(DbError::from)?)
}
