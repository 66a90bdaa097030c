//! What stands in a line, before anybody has asked the database.

use std::collections::HashMap;

use lectern_kernel::{resolve::text, text::email_key};
use serde_json::{Value, json};

use super::{
    columns::{IssueSeverity, RosterEntity},
    sheet::Row,
};

/// Something to be told of a line.
#[derive(Debug, Clone)]
pub struct Issue {
    pub file: String,
    pub line: i32,
    pub column: Option<&'static str>,
    pub severity: IssueSeverity,
    pub reason: &'static str,
    pub message: String,
    pub sourced_id: Option<String>,
}

/// A text of a file as it can be kept: the database takes no NUL.
fn kept(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Issue {
    /// As the database takes it.
    pub fn json(&self) -> Value {
        json!({ "file": self.file, "line": self.line, "column": self.column, "severity": self.severity.as_str(), "reason": self.reason,
            "message": kept(&self.message), "sourcedId": self.sourced_id.as_deref().map(kept) })
    }
}

/// What is wrong with a line: the column, the reason, a sentence.
pub type Wrong = (Option<&'static str>, &'static str, String);

/// What the columns are called that say something of a person; none of the roles where they have a sheet of their own.
#[derive(Debug, Clone, Copy)]
pub struct Called {
    pub name: &'static str,
    pub roles: Option<&'static str>,
    pub enabled: &'static str,
}

const IN_SHEET: Called = Called { name: "name", roles: Some("roles"), enabled: "status" };
const IN_BUNDLE: Called = Called { name: "familyName", roles: Some("role"), enabled: "enabledUser" };

/// What a line says of somebody.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    /// As addresses are compared.
    pub address: Option<String>,
    /// Keys of roles of the school.
    pub roles: Vec<String>,
    /// Whether they may sign in; none: as it is.
    pub enabled: Option<bool>,
    /// Roles that no role of the school stands for, where there are no others.
    pub unsupported: Option<String>,
    pub called: Called,
}

/// As what somebody is in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Learner,
    Teacher { is_primary: bool },
    Other,
}

/// What a line says.
#[derive(Debug, Clone)]
pub enum Body {
    /// An organisation, a session, a course: that there is one.
    Checked,
    /// A person or a class: that there is none any more.
    Gone,
    Person(Person),
    Class {
        title: String,
    },
    Seat {
        class: String,
        user: String,
        part: Part,
    },
}

/// What a line points at: the column, what it is, its id.
pub type Reference = (&'static str, RosterEntity, String);

/// A line that can be read.
#[derive(Debug, Clone)]
pub struct Line {
    pub entity: RosterEntity,
    pub file: String,
    pub line: i32,
    /// By what it is linked.
    pub key: String,
    pub sourced_id: Option<String>,
    pub is_gone: bool,
    pub refs: Vec<Reference>,
    pub body: Body,
}

impl Line {
    /// Something to be told of it.
    pub fn issue(&self, severity: IssueSeverity, (column, reason, message): Wrong) -> Issue {
        Issue { file: self.file.clone(), line: self.line, column, severity, reason, message, sourced_id: self.sourced_id.clone() }
    }
}

/// A line that may be one.
pub type Parsed = Result<Line, Issue>;

fn bad(column: &'static str, message: impl Into<String>) -> Wrong {
    (Some(column), "BAD_VALUE", message.into())
}

fn name_of(column: &'static str, name: &str) -> Result<String, Wrong> {
    text::name(column, name).map_err(|error| bad(column, error.message().to_owned()))
}

fn address(email: &str) -> Result<Option<(String, String)>, Wrong> {
    if email.is_empty() {
        return Ok(None);
    }
    let email = text::email("email", email).map_err(|error| bad("email", error.message().to_owned()))?;
    let key = email_key(&email).ok_or_else(|| bad("email", "This is no address."))?;
    Ok(Some((email, key)))
}

fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// By what somebody without an id of their own is linked.
pub fn address_key(address: &str) -> String {
    format!("email:{address}")
}

/// A role of OneRoster as one of the school.
pub fn role_of(role: &str) -> Option<&'static str> {
    match role.to_ascii_lowercase().as_str() {
        "student" => Some("LEARNER"),
        "teacher" => Some("INSTRUCTOR"),
        "administrator" | "districtadministrator" | "siteadministrator" | "systemadministrator" => Some("ADMIN"),
        _ => None,
    }
}

/// Whether what a line of a bundle is about is to go.
///
/// # Errors
/// Where its status is none.
pub fn is_gone(row: &Row<'_>) -> Result<bool, Wrong> {
    match row.get("status").to_ascii_lowercase().as_str() {
        "" | "active" => Ok(false),
        "tobedeleted" => Ok(true),
        _ => Err(bad("status", "It must be active, tobedeleted or empty.")),
    }
}

/// A person of a sheet of people.
pub fn person_of_sheet(row: &Row<'_>) -> Result<(Option<String>, String, Body), Wrong> {
    let sourced_id = Some(row.get("sourcedId").to_owned()).filter(|id| !id.is_empty());
    let Some((email, address)) = address(row.get("email"))? else {
        return Err((Some("email"), "EMAIL_MISSING", "There is no address.".to_owned()));
    };
    let enabled = match row.get("status").to_ascii_uppercase().as_str() {
        "" => None,
        "ACTIVE" => Some(true),
        "SUSPENDED" => Some(false),
        _ => return Err(bad("status", "It must be ACTIVE, SUSPENDED or empty.")),
    };
    let roles = row.get("roles").split(';').map(|role| role.trim().to_ascii_uppercase()).filter(|role| !role.is_empty());
    let person = Person {
        name: name_of("name", row.get("name"))?,
        roles: roles.collect(),
        email: Some(email),
        address: Some(address.clone()),
        enabled,
        unsupported: None,
        called: IN_SHEET,
    };
    let key = sourced_id.clone().unwrap_or_else(|| address_key(&address));
    Ok((sourced_id, key, Body::Person(person)))
}

/// What a bundle says beside the line: the roles of people in 1.2.
pub struct Beside<'a> {
    pub roles: Option<&'a HashMap<String, Vec<String>>>,
}

/// A line of a bundle: what it points at, and what it says.
pub fn of_bundle(entity: RosterEntity, row: &Row<'_>, beside: &Beside<'_>) -> Result<(Vec<Reference>, Body), Wrong> {
    let cell = |name: &str| row.get(name);
    let one = |column: &'static str, entity| Some((column, entity, cell(column).to_owned())).filter(|(.., id)| !id.is_empty());
    let many = |column: &'static str, entity| list(cell(column)).map(move |id| (column, entity, id.to_owned())).collect::<Vec<_>>();
    Ok(match entity {
        RosterEntity::Org | RosterEntity::AcademicSession => (Vec::new(), Body::Checked),
        RosterEntity::Course => {
            let refs = one("orgSourcedId", RosterEntity::Org).into_iter().chain(one("schoolYearSourcedId", RosterEntity::AcademicSession));
            (refs.collect(), Body::Checked)
        }
        RosterEntity::User => {
            let mut refs = many("orgSourcedIds", RosterEntity::Org);
            refs.extend(one("primaryOrgSourcedId", RosterEntity::Org));
            (refs, Body::Person(person_of_bundle(row, beside)?))
        }
        RosterEntity::Class => {
            let mut refs: Vec<_> = one("courseSourcedId", RosterEntity::Course).into_iter().collect();
            refs.extend(one("schoolSourcedId", RosterEntity::Org));
            refs.extend(many("termSourcedIds", RosterEntity::AcademicSession));
            (refs, Body::Class { title: name_of("title", cell("title"))? })
        }
        RosterEntity::Enrollment => {
            let (class, user) = (cell("classSourcedId").to_owned(), cell("userSourcedId").to_owned());
            let part = part_of(row);
            let mut refs =
                vec![("classSourcedId", RosterEntity::Class, class.clone()), ("userSourcedId", RosterEntity::User, user.clone())];
            refs.extend(one("schoolSourcedId", RosterEntity::Org));
            (refs, Body::Seat { class, user, part })
        }
    })
}

fn part_of(row: &Row<'_>) -> Part {
    match row.get("role").to_ascii_lowercase().as_str() {
        "student" => Part::Learner,
        "teacher" => Part::Teacher { is_primary: row.get("primary").eq_ignore_ascii_case("true") },
        _ => Part::Other,
    }
}

/// A line of a bundle whose thing is to go: its id is enough. A teacher's line is known by no id: it says of whom, and of which class.
///
/// # Errors
/// Where a teacher's line does not say so.
pub fn gone_of_bundle(entity: RosterEntity, row: &Row<'_>) -> Result<(Vec<Reference>, Body), Wrong> {
    Ok(match entity {
        RosterEntity::Org | RosterEntity::AcademicSession | RosterEntity::Course => (Vec::new(), Body::Checked),
        RosterEntity::User | RosterEntity::Class => (Vec::new(), Body::Gone),
        RosterEntity::Enrollment => {
            let named = [("classSourcedId", RosterEntity::Class), ("userSourcedId", RosterEntity::User)];
            let part = if row.get("role").is_empty() { Part::Learner } else { part_of(row) };
            if let (Part::Teacher { is_primary: true }, Some((lacking, _))) =
                (part, named.iter().find(|(column, _)| row.get(column).is_empty()))
            {
                return Err(bad(lacking, "A teacher's line must say it, also where it is to be deleted."));
            }
            let refs = named.map(|(column, entity)| (column, entity, row.get(column).to_owned()));
            let [(.., class), (.., user)] = refs.clone();
            (refs.into_iter().filter(|(.., id)| !id.is_empty()).collect(), Body::Seat { class, user, part })
        }
    })
}

fn person_of_bundle(row: &Row<'_>, beside: &Beside<'_>) -> Result<Person, Wrong> {
    let cell = |name: &str| row.get(name);
    let (given, family) = (cell("givenName"), cell("familyName"));
    // A name of one word was written with this.
    let name = if given == "-" || given.is_empty() { family.to_owned() } else { format!("{given} {family}") };
    let column = if given.is_empty() { "givenName" } else { "familyName" };
    let enabled = match cell("enabledUser").to_ascii_lowercase().as_str() {
        "" => None,
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => return Err(bad("enabledUser", "It must be true or false.")),
    };
    let named: Vec<&str> = match beside.roles {
        Some(roles) => roles.get(cell("sourcedId")).into_iter().flatten().map(String::as_str).collect(),
        None => vec![cell("role")],
    };
    let mut roles: Vec<String> = named.iter().filter_map(|role| role_of(role)).map(str::to_owned).collect();
    roles.sort();
    roles.dedup();
    let unsupported = if roles.is_empty() { Some(named.join(", ")) } else { None };
    let address = address(cell("email"))?;
    let (email, address) = address.map_or((None, None), |(email, key)| (Some(email), Some(key)));
    let called = Called { roles: IN_BUNDLE.roles.filter(|_| beside.roles.is_none()), ..IN_BUNDLE };
    Ok(Person { name: name_of(column, &name)?, email, address, roles, enabled, unsupported, called })
}
