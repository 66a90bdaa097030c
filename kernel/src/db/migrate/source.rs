//! What a database is made of, as the product hands it over: nothing here knows a file's name.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::things::Kind;

/// The SQL of a binary, in the order in which it is applied.
#[derive(Debug, Clone)]
pub struct Source {
    /// Makes the database roles; run where they are missing.
    pub roles: String,
    /// `(version, description, sql)`: tables, indexes, constraints. Forward only.
    pub migrations: Vec<(i64, String, String)>,
    /// What is applied whole wherever it changed: rights, functions, policies, in this order.
    pub scripts: Vec<Script>,
    /// `(file, sql)`: each changes rows of schools once, in batches.
    pub data: Vec<(String, String)>,
    /// `(file, sql)`: each brings rows up to date at every migrate, in batches.
    pub upkeep: Vec<(String, String)>,
    /// What SQL can't say of rows: run after all files, at every migrate.
    pub steps: Vec<Step>,
}

/// Brings rows of schools up to date, as lectern_platform. It may be run again from its beginning, and changes a bounded number of
/// rows in each of its transactions.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// How it is named where it changed something.
    pub name: &'static str,
    /// Does it.
    pub run: for<'c> fn(&'c mut PgConnection) -> BoxFuture<'c, anyhow::Result<Done>>,
}

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that it has changed.
    pub rows: u64,
    /// What the operator should know, a line each.
    pub notes: Vec<String>,
}

impl Source {
    /// `migrations:digest`, by which the service knows whether a database stands where this binary expects it.
    pub fn fingerprint(&self) -> String {
        let scripts = self.scripts.iter().flat_map(|script| [&script.file, &script.sql]);
        let rows = self.data.iter().chain(&self.upkeep).flat_map(|(file, sql)| [file, sql]);
        let texts = self.migrations.iter().map(|(_, _, sql)| sql).chain(scripts).chain(rows);
        format!("{}:{}", self.migrations.len(), &digest(texts.map(String::as_str))[..16])
    }
}

/// A file of statements that may be run again and again.
#[derive(Debug, Clone)]
pub struct Script {
    /// By which it is recorded.
    pub file: String,
    /// Its text.
    pub sql: String,
    /// What it may make.
    pub part: Part,
    /// The text of a procedure that it calls while it is applied: where that changed, so did this.
    pub calls: String,
}

impl Script {
    /// A script that calls nothing.
    pub fn new(part: Part, file: impl Into<String>, sql: impl Into<String>) -> Script {
        Script { file: file.into(), sql: sql.into(), part, calls: String::new() }
    }

    pub(super) fn digest(&self) -> String {
        digest([self.sql.as_str(), &self.calls])
    }
}

/// What a script is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Who may use which schema.
    Schemas,
    /// Functions, who may call them, and the triggers that do.
    Functions,
    /// Policies and rights of tables.
    Policies,
}

impl Part {
    /// Whether a thing that was touched while such a script ran is of its making. (Making a trigger touches a table, too.)
    pub(super) fn makes(self, kind: Kind) -> bool {
        match self {
            Part::Schemas => kind == Kind::Schema,
            Part::Functions => matches!(kind, Kind::Function | Kind::Trigger),
            Part::Policies => matches!(kind, Kind::Policy | Kind::Rights),
        }
    }
}

/// Where a database's schema stands, seen from a binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// It was made by an older binary, or by another one of the same age.
    Behind,
    /// It is this binary's.
    Current,
    /// It has migrations that this binary does not know.
    Newer,
}

impl Standing {
    /// Where a database with one fingerprint stands for a binary with another.
    pub fn of(actual: Option<&str>, expected: &str) -> Standing {
        let migrations = |fingerprint: &str| fingerprint.split(':').next().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
        match actual {
            None => Standing::Missing,
            Some(actual) if actual == expected => Standing::Current,
            Some(actual) if migrations(actual) > migrations(expected) => Standing::Newer,
            Some(_) => Standing::Behind,
        }
    }
}

/// The digest of several texts; where one ends and the next begins counts as well.
pub(super) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for text in texts {
        digest.update(text.as_bytes());
        digest.update(&[0]);
    }
    data_encoding::HEXLOWER.encode(digest.finish().as_ref())
}
