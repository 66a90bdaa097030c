//! Rosters: people, courses and enrollments that come from other systems, and go to them. Tables: `import_run`, `import_issue`, `roster_link`.
//!
//! Permission: ROSTER_MANAGE; beside it an import needs whatever it changes: it acts as its starter, under their row security, and gives no role
//! above theirs. Invariants, kept by the database: one import of a school at a time; the cursor moves in the transaction of what it stands for;
//! the file stays as long as its import runs; a link goes with its object.

mod archive;
mod bundle;
mod class_lines;
mod columns;
mod enrollment_lines;
mod export;
mod import;
mod import_run;
mod inputs;
mod issue;
mod ledger;
mod lines;
mod look;
mod mutations;
mod plan;
mod queries;
mod reader;
mod removals;
mod sheet;
mod sql;
mod user_lines;

use lectern_kernel::{
    ids::Kind as _,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

use crate::domains::files::File;

pub use self::{archive::nameless, export::write as write_roster, import_run::ImportRun, issue::ImportIssue};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[ImportRun::object, import_run::ImportCount::object, ImportIssue::object],
    operations: &[queries::RosterQueries::OPERATIONS, mutations::RosterMutations::OPERATIONS],
    jobs: &[import::IMPORT],
    events: &[Event {
        name: "importRunChanged",
        description: "An import has begun, got on or ended: as it is now.",
        of: Heard::Row(ImportRun::object),
        topic: "importrun",
        key: HeardKey::Named { argument: "id", description: "The import.", object: ImportRun::object, is_required: true },
        since: None,
        query: "importRun",
    }],
    emits: &[("import.finished", "An import has ended. `id`, `state`.")],
    references: &[("held_file_id", File::PREFIX)],
    ..Domain::new("rosters")
};
