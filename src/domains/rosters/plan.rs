//! What becomes of a line, and of the school by it: decided in memory, then written with one statement for each sort of change.

use std::collections::BTreeMap;

use lectern_kernel::{
    db::{DbError, Tx},
    text::email_key,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    bundle::Survey,
    class_lines,
    columns::{IssueSeverity, RosterEntity},
    enrollment_lines,
    ledger::{Changes, Ledger},
    lines::{Body, Issue, Line, Wrong},
    sql, user_lines,
};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Removed,
    Rejected,
}

/// How many lines became what, by what they are about: created, updated, unchanged, removed, rejected.
#[derive(Debug, Clone, Default)]
pub struct Counts(BTreeMap<RosterEntity, [i64; 5]>);

const NAMES: [&str; 5] = ["created", "updated", "unchanged", "removed", "rejected"];

impl Counts {
    /// Counts a line.
    pub fn add(&mut self, entity: RosterEntity, outcome: Outcome) {
        self.0.entry(entity).or_default()[outcome as usize] += 1;
    }

    /// As the run keeps them.
    pub fn json(&self) -> Value {
        let of = |counts: &[i64; 5]| NAMES.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        Value::Object(self.0.iter().map(|(entity, counts)| (entity.as_str().to_owned(), Value::Object(of(counts)))).collect())
    }

    /// As the run has kept them.
    pub fn read(kept: &Value) -> Counts {
        let of = |entity: &RosterEntity| {
            let known = kept.get(entity.as_str())?;
            Some((*entity, NAMES.map(|name| known.get(name).and_then(Value::as_i64).unwrap_or(0))))
        };
        Counts(RosterEntity::ALL.iter().filter_map(of).collect())
    }
}

/// What is planned of lines.
#[derive(Default)]
pub struct Plan {
    pub changes: Changes,
    pub outcomes: Vec<(RosterEntity, Outcome)>,
    pub issues: Vec<Issue>,
}

impl Plan {
    /// Plans a line of a file.
    pub fn line(&mut self, ledger: &mut Ledger, survey: &Survey, line: &Line) {
        let planned = match unknown(ledger, line) {
            Some(wrong) => Err(wrong),
            None => match &line.body {
                Body::Checked => Ok(self.checked(ledger, line)),
                Body::Gone => self.gone(ledger, survey, line),
                Body::Person(person) => user_lines::plan(self, ledger, survey, line, person),
                Body::Class { title } => class_lines::plan(self, ledger, survey, line, title),
                Body::Seat { class, user, part } => enrollment_lines::plan(self, ledger, survey, line, (class, user, *part)),
            },
        };
        let outcome = planned.unwrap_or_else(|wrong| {
            self.issues.push(line.issue(IssueSeverity::Error, wrong));
            Outcome::Rejected
        });
        self.outcomes.push((line.entity, outcome));
    }

    /// Warns of a line.
    pub fn warn(&mut self, line: &Line, wrong: Wrong) {
        self.issues.push(line.issue(IssueSeverity::Warning, wrong));
    }

    fn checked(&mut self, ledger: &mut Ledger, line: &Line) -> Outcome {
        let known = ledger.link(line.entity, &line.key);
        match (known, line.is_gone) {
            (None, false) => {
                self.link(ledger, line, None);
                Outcome::Created
            }
            (Some(_), true) => {
                ledger.links.remove(&(line.entity, line.key.clone()));
                self.changes.links.remove(&(line.entity, line.key.clone()));
                self.changes.unlinked.insert((line.entity, line.key.clone()));
                Outcome::Removed
            }
            _ => Outcome::Unchanged,
        }
    }

    /// A person or a class is to go, unless another line says that they are there.
    fn gone(&mut self, ledger: &mut Ledger, survey: &Survey, line: &Line) -> Result<Outcome, Wrong> {
        match ledger.object(line.entity, &line.key) {
            Some(id) if ledger.others(survey, line, id).next().is_none() => match line.entity {
                RosterEntity::User => user_lines::suspend(self, ledger, id, Some("status")),
                _ => class_lines::archive(self, ledger, id, Some("status")),
            },
            _ => Ok(Outcome::Unchanged),
        }
    }

    /// Links the id of a line with an object.
    pub fn link(&mut self, ledger: &mut Ledger, line: &Line, object: Option<Uuid>) {
        let key = (line.entity, line.key.clone());
        self.changes.unlinked.remove(&key);
        self.changes.links.insert(key, object);
        ledger.set_link(line.entity, &line.key, object);
    }
}

/// What a line points at, and nobody knows.
fn unknown(ledger: &Ledger, line: &Line) -> Option<Wrong> {
    if line.is_gone {
        return None;
    }
    let (column, entity, _) = line.refs.iter().find(|(_, entity, key)| ledger.link(*entity, key).is_none())?;
    let what = entity.as_str().to_ascii_lowercase().replace('_', " ");
    Some((Some(column), "UNKNOWN_REFERENCE", format!("There is no {what} of this id.")))
}

/// Some of a batch was not written: a row is not the actor's to change.
pub enum Unwritten {
    /// The database said so.
    Refused(DbError),
    /// Fewer rows were reached than should have been.
    Unreached,
}

impl From<DbError> for Unwritten {
    fn from(error: DbError) -> Self {
        Unwritten::Refused(error)
    }
}

async fn all(tx: &Tx, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)], expected: usize) -> Result<(), Unwritten> {
    if expected == 0 {
        return Ok(());
    }
    let rows = tx.query(sql, params).await?;
    if rows.len() == expected { Ok(()) } else { Err(Unwritten::Unreached) }
}

/// Writes what is planned.
///
/// # Errors
/// What the database refused.
pub async fn apply(tx: &Tx, source: &str, ledger: &Ledger, changes: &Changes) -> Result<(), Unwritten> {
    people(tx, ledger, changes).await?;
    courses(tx, ledger, changes).await?;
    seats(tx, ledger, changes).await?;
    if !changes.unlinked.is_empty() {
        let (types, keys): (Vec<&str>, Vec<&str>) = changes.unlinked.iter().map(|(entity, key)| (entity.as_str(), key.as_str())).unzip();
        tx.query(sql::UNLINK, &[&source, &types, &keys]).await?;
    }
    if !changes.links.is_empty() {
        let types: Vec<&str> = changes.links.keys().map(|(entity, _)| entity.as_str()).collect();
        let keys: Vec<&str> = changes.links.keys().map(|(_, key)| key.as_str()).collect();
        let objects: Vec<Option<Uuid>> = changes.links.values().copied().collect();
        tx.query(sql::LINK, &[&source, &types, &keys, &objects]).await?;
    }
    Ok(())
}

async fn people(tx: &Tx, ledger: &Ledger, changes: &Changes) -> Result<(), Unwritten> {
    let facts = |ids: &mut dyn Iterator<Item = &Uuid>| -> Vec<_> { ids.filter_map(|id| ledger.users.get(id)).collect() };
    let added = facts(&mut changes.new_users.iter());
    let ids: Vec<Uuid> = added.iter().map(|user| user.id).collect();
    let names: Vec<&str> = added.iter().map(|user| user.name.as_str()).collect();
    let emails: Vec<&str> = added.iter().map(|user| user.email.as_str()).collect();
    let keys: Vec<Option<String>> = added.iter().map(|user| email_key(&user.email)).collect();
    all(tx, sql::ADD_USERS, &[&ids, &names, &emails, &keys], added.len()).await?;

    let mut changed = facts(&mut changes.changed_users.iter());
    changed.sort_by_key(|user| user.id);
    let ids: Vec<Uuid> = changed.iter().map(|user| user.id).collect();
    let names: Vec<&str> = changed.iter().map(|user| user.name.as_str()).collect();
    let emails: Vec<&str> = changed.iter().map(|user| user.email.as_str()).collect();
    let keys: Vec<Option<String>> = changed.iter().map(|user| email_key(&user.email)).collect();
    let states: Vec<&str> = changed.iter().map(|user| if user.is_suspended { "SUSPENDED" } else { "ACTIVE" }).collect();
    all(tx, sql::CHANGE_USERS, &[&ids, &names, &emails, &keys, &states], changed.len()).await?;

    if !changes.roles.is_empty() {
        let (people, roles): (Vec<Uuid>, Vec<Uuid>) = changes.roles.iter().copied().unzip();
        tx.query(sql::GIVE_ROLES, &[&people, &roles]).await?;
    }
    Ok(())
}

async fn courses(tx: &Tx, ledger: &Ledger, changes: &Changes) -> Result<(), Unwritten> {
    let added: Vec<_> = changes.new_courses.iter().filter_map(|id| ledger.courses.get(id)).collect();
    let ids: Vec<Uuid> = added.iter().map(|course| course.id).collect();
    let titles: Vec<&str> = added.iter().map(|course| course.title.as_str()).collect();
    let instructors: Vec<Option<Uuid>> = added.iter().map(|course| course.instructor).collect();
    all(tx, sql::ADD_COURSES, &[&ids, &titles, &instructors], added.len()).await?;

    let mut changed: Vec<_> = changes.changed_courses.iter().filter_map(|id| ledger.courses.get(id)).collect();
    changed.sort_by_key(|course| course.id);
    let ids: Vec<Uuid> = changed.iter().map(|course| course.id).collect();
    let titles: Vec<&str> = changed.iter().map(|course| course.title.as_str()).collect();
    let states: Vec<&str> = changed.iter().map(|course| course.status.as_str()).collect();
    let instructors: Vec<Option<Uuid>> = changed.iter().map(|course| course.instructor).collect();
    all(tx, sql::CHANGE_COURSES, &[&ids, &titles, &states, &instructors], changed.len()).await
}

async fn seats(tx: &Tx, ledger: &Ledger, changes: &Changes) -> Result<(), Unwritten> {
    let touched: Vec<_> = changes.seats.iter().filter_map(|pair| Some((pair, ledger.seats.get(pair)?))).collect();
    let added: Vec<_> = touched.iter().filter(|(_, seat)| seat.was.is_none()).collect();
    let ids: Vec<Uuid> = added.iter().map(|(_, seat)| seat.id).collect();
    let courses: Vec<Uuid> = added.iter().map(|((course, _), _)| *course).collect();
    let people: Vec<Uuid> = added.iter().map(|((_, user), _)| *user).collect();
    all(tx, sql::ADD_ENROLLMENTS, &[&ids, &courses, &people], added.len()).await?;
    let is_dropped = |status: &str| status == "DROPPED";
    let moved = |from: bool, to: bool| -> Vec<Uuid> {
        let moves = touched
            .iter()
            .filter(|(_, seat)| is_dropped(seat.was.as_deref().unwrap_or_default()) == from && is_dropped(&seat.status) == to);
        moves.map(|(_, seat)| seat.id).collect()
    };
    let (revived, dropped) = (moved(true, false), moved(false, true));
    all(tx, sql::REVIVE_ENROLLMENTS, &[&revived], revived.len()).await?;
    all(tx, sql::DROP_ENROLLMENTS, &[&dropped], dropped.len()).await
}
