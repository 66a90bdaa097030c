//! What stands in a line, before anybody has asked the database.

use std::collections::HashMap;

use csv::StringRecord;
use lectern_kernel::{resolve::text, text::email_key};
use serde_json::{Value, json};

use super::{
    archive::Broken,
    columns::{IssueSeverity, RosterEntity},
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

impl Issue {
    /// As the database takes it.
    pub fn json(&self) -> Value {
        json!({ "file": self.file, "line": self.line, "column": self.column, "severity": self.severity.as_str(), "reason": self.reason,
            "message": self.message, "sourcedId": self.sourced_id })
    }
}

/// What is wrong with a line: the column, the reason, a sentence.
pub type Wrong = (Option<&'static str>, &'static str, String);

/// Which columns a sheet has.
pub struct Columns(HashMap<String, usize>);

impl Columns {
    /// Reads the first line.
    ///
    /// # Errors
    /// `Broken::MissingColumn` where one of these is not there.
    pub fn read(file: &str, header: &StringRecord, required: &[&str]) -> Result<Columns, Broken> {
        let known: HashMap<String, usize> = header.iter().enumerate().map(|(at, name)| (name.trim().to_ascii_lowercase(), at)).collect();
        match required.iter().find(|name| !known.contains_key(&name.to_ascii_lowercase())) {
            Some(missing) => Err(Broken::MissingColumn(file.to_owned(), (*missing).to_owned())),
            None => Ok(Columns(known)),
        }
    }

    /// A cell, without the blanks around it; empty where there is none.
    pub fn get<'r>(&self, record: &'r StringRecord, name: &str) -> &'r str {
        self.0.get(&name.to_ascii_lowercase()).and_then(|at| record.get(*at)).unwrap_or_default().trim()
    }
}

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

/// A person of a sheet of people.
pub fn person_of_sheet(columns: &Columns, record: &StringRecord) -> Result<(Option<String>, String, Body), Wrong> {
    let sourced_id = Some(columns.get(record, "sourcedId").to_owned()).filter(|id| !id.is_empty());
    let Some((email, address)) = address(columns.get(record, "email"))? else {
        return Err((Some("email"), "EMAIL_MISSING", "There is no address.".to_owned()));
    };
    let enabled = match columns.get(record, "status").to_ascii_uppercase().as_str() {
        "" => None,
        "ACTIVE" => Some(true),
        "SUSPENDED" => Some(false),
        _ => return Err(bad("status", "It must be ACTIVE, SUSPENDED or empty.")),
    };
    let roles = columns.get(record, "roles").split(';').map(|role| role.trim().to_ascii_uppercase()).filter(|role| !role.is_empty());
    let person = Person {
        name: name_of("name", columns.get(record, "name"))?,
        roles: roles.collect(),
        email: Some(email),
        address: Some(address.clone()),
        enabled,
        unsupported: None,
    };
    let key = sourced_id.clone().unwrap_or_else(|| address_key(&address));
    Ok((sourced_id, key, Body::Person(person)))
}

/// What a bundle says beside the line: the roles of people in 1.2.
pub struct Beside<'a> {
    pub roles: Option<&'a HashMap<String, Vec<String>>>,
}

/// A line of a bundle: what it points at, and what it says.
pub fn of_bundle(
    entity: RosterEntity,
    columns: &Columns,
    record: &StringRecord,
    beside: &Beside<'_>,
) -> Result<(Vec<Reference>, Body), Wrong> {
    let cell = |name: &str| columns.get(record, name);
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
            (refs, Body::Person(person_of_bundle(columns, record, beside)?))
        }
        RosterEntity::Class => {
            let mut refs: Vec<_> = one("courseSourcedId", RosterEntity::Course).into_iter().collect();
            refs.extend(one("schoolSourcedId", RosterEntity::Org));
            refs.extend(many("termSourcedIds", RosterEntity::AcademicSession));
            (refs, Body::Class { title: name_of("title", cell("title"))? })
        }
        RosterEntity::Enrollment => {
            let (class, user) = (cell("classSourcedId").to_owned(), cell("userSourcedId").to_owned());
            let part = match cell("role").to_ascii_lowercase().as_str() {
                "student" => Part::Learner,
                "teacher" => Part::Teacher { is_primary: cell("primary").eq_ignore_ascii_case("true") },
                _ => Part::Other,
            };
            let mut refs =
                vec![("classSourcedId", RosterEntity::Class, class.clone()), ("userSourcedId", RosterEntity::User, user.clone())];
            refs.extend(one("schoolSourcedId", RosterEntity::Org));
            (refs, Body::Seat { class, user, part })
        }
    })
}

fn person_of_bundle(columns: &Columns, record: &StringRecord, beside: &Beside<'_>) -> Result<Person, Wrong> {
    let cell = |name: &str| columns.get(record, name);
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
    Ok(Person { name: name_of(column, &name)?, email, address, roles, enabled, unsupported })
}
