//! Jobs: what happens outside a request, seen and moved by people. Tables: `job`, `job_transition`. The engine is the kernel's
//! (`kernel/src/jobs/`); kinds of jobs are declared by the domains whose work they do.
//!
//! Permission: JOB_MANAGE. Invariants, kept by the database: a job exists exactly when the change that asked for it was committed, and once
//! for each key of its kind; it moves by the rows of `job_transition`; its effect is committed with its end, by whoever holds its lease, or
//! not at all.

mod fan_out;
mod job;
mod mutations;
mod purge;
mod queries;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::job::{Job, JobState};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Job::object, job::JobStateCount::object],
    operations: &[queries::JobQueries::OPERATIONS, mutations::JobMutations::OPERATIONS],
    jobs: &[fan_out::FAN_OUT, purge::JOBS],
    ..Domain::new("jobs")
};
