//! Exports: files that the service makes of what somebody may see, and schedules that ask for reports by themselves. Tables: `export_run`,
//! `report_schedule`.
//!
//! Permission: REPORT_READ (reports, and schedules of them); the roster is exported by `rosters`. Everybody sees the own runs alone. Invariants,
//! kept by the database: a schedule has one run a period; a run that has succeeded has made one file; a file that the service made is its
//! asker's, and nobody else sees it.

mod columns;
mod due;
mod export_run;
mod inputs;
mod mutations;
mod output;
mod period;
mod queries;
mod report;
mod report_schedule;
mod run;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    columns::{RosterExportFormat, RunState},
    export_run::ExportRun,
    mutations::zone,
    output::{Output, Sheet, Written},
    report_schedule::ReportSchedule,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[ExportRun::object, ReportSchedule::object],
    operations: &[queries::ExportQueries::OPERATIONS, mutations::ExportMutations::OPERATIONS],
    jobs: &[run::EXPORT, due::DUE],
    ..Domain::new("exports")
};
