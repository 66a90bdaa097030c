//! What a domain declares of a kind of jobs, and how the database learns of it.

use std::{fmt::Write as _, time::Duration};

use futures_util::future::BoxFuture;

use super::{Done, Failure, Job};
use crate::text_enum;

text_enum! {
    /// Where a job waits, so that slow work of one sort keeps nothing else waiting: each lane has slots of its own.
    pub enum JobLane {
        /// Everything that has no lane of its own.
        Default = "DEFAULT",
        /// Mails.
        Mail = "MAIL",
        /// Deliveries to webhooks; no school holds more than half of their slots.
        Delivery = "DELIVERY",
        /// Imports and exports.
        Bulk = "BULK",
    }
}

/// What runs a job.
pub type Handler = fn(Job) -> BoxFuture<'static, Result<Done, Failure>>;

/// A kind of jobs.
#[derive(Debug, Clone, Copy)]
pub struct JobKind {
    /// Its name: `mail.send`.
    pub name: &'static str,
    /// Where it waits.
    pub lane: JobLane,
    /// How often it is tried.
    pub attempts: u16,
    /// How long one attempt may take.
    pub limit: Duration,
    /// It runs although the school's subscription does not.
    pub is_spared: bool,
    /// When it comes by itself.
    pub schedule: Option<Schedule>,
    /// What runs it.
    pub handler: Handler,
}

/// A kind that comes by itself: once in each slot of its period, however many workers there are. The slots of the schools lie spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The length of a slot; whole seconds.
    pub every: Duration,
    /// Of whom.
    pub scope: Scope,
}

/// Whose job it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One for each school whose subscription runs.
    Schools,
    /// One for the deployment as a whole, which is no school: the rows of the nil tenant.
    Deployment,
    /// Both.
    Everywhere,
}

impl JobKind {
    /// A kind that is asked for, tried eight times, for ten minutes at most.
    pub const fn new(name: &'static str, lane: JobLane, handler: Handler) -> Self {
        JobKind { name, lane, attempts: 8, limit: Duration::from_secs(600), is_spared: false, schedule: None, handler }
    }

    /// The same, coming by itself. `app.is_due` says where there is anything to do for what comes more often than hourly.
    #[must_use]
    pub const fn every(self, every: Duration, scope: Scope) -> Self {
        JobKind { schedule: Some(Schedule { every, scope }), ..self }
    }
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Scope::Schools => "SCHOOLS",
            Scope::Deployment => "DEPLOYMENT",
            Scope::Everywhere => "EVERYWHERE",
        }
    }
}

/// Tells the database which kinds there are.
pub fn sql<'k>(kinds: impl IntoIterator<Item = &'k JobKind>) -> String {
    let mut sql = String::from(
        "-- Every kind of jobs there is: where it waits, how often it is tried, whether a lapse stops it, and of what it comes by itself (0: of\n\
         -- nothing).\n\
         CREATE OR REPLACE FUNCTION app.job_kinds()\n    RETURNS TABLE (kind text, lane text, max_attempts integer, is_spared boolean, every_seconds integer, scope text)\n    \
         LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$\n    VALUES",
    );
    for (place, kind) in kinds.into_iter().enumerate() {
        let (every, scope) = kind.schedule.map_or((0, Scope::Schools), |schedule| (schedule.every.as_secs(), schedule.scope));
        let comma = if place == 0 { "" } else { "," };
        let JobKind { name, lane, attempts, is_spared, .. } = kind;
        let _ = write!(sql, "{comma}\n        ('{name}', '{}', {attempts}, {is_spared}, {every}, '{}')", lane.as_str(), scope.as_str());
    }
    sql.push_str("\n$$;\n");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHTLY: JobKind = JobKind::new("purge.trials", JobLane::Bulk, |job| Box::pin(job.in_batches("SELECT 0 WHERE $1 IS NOT NULL")))
        .every(Duration::from_secs(86_400), Scope::Everywhere);

    #[test]
    fn the_database_is_told_of_each_kind() {
        let sql = sql([&JobKind { is_spared: true, schedule: None, ..NIGHTLY }, &NIGHTLY]);
        assert!(
            sql.contains(
                "('purge.trials', 'BULK', 8, true, 0, 'SCHOOLS'),\n        ('purge.trials', 'BULK', 8, false, 86400, 'EVERYWHERE')\n"
            ),
            "{sql}"
        );
    }
}
