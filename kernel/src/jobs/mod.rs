//! Jobs: what is to happen outside a request. A row says that it is asked for, in the transaction that asks; a [`Worker`] claims it and runs
//! the handler of its [`JobKind`], at least once, and with its effect exactly once where that is a row: effect and end commit together.
//!
//! The queue itself is SQL (`app.enqueue`, `app.claim_jobs` …). Kinds are declared by domains, like operations; the database learns of them
//! by [`sql`]. `docs/adding-a-domain.md` shows how a kind is made, `docs/adr/0022-a-queue-of-our-own.md` says why it is so.

mod attempt;
mod figures;
mod job;
mod kind;
mod options;
mod outside;
mod schedule;
mod statements;
mod worker;

pub use self::{
    figures::{JobFigures, figures},
    job::{Done, Failure, Job},
    kind::{Handler, JobKind, JobLane, Schedule, Scope, sql},
    options::JobOptions,
    outside::Outside,
    worker::Worker,
};
