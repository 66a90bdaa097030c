//! An import, from its request to its end.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many_where},
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{
    columns::{ImportFormat, RosterEntity},
    issue::{self, ImportIssue, ImportIssueFilter},
};
use crate::domains::{exports::RunState, files::File, identity::User};

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "ir.created_at"), id: "ir.id", descending: true };

static ISSUES: Nested = Nested::new("importRun.issues", issue::IN_ORDER, "ii.run_id");

/// An import of a roster. It acts as whoever started it, with what they may do while it runs.
#[object(table = "import_run", alias = "ir", id = "importrun", node(RosterManage), resolvers)]
#[derive(Clone, Debug)]
pub struct ImportRun {
    /// Its id.
    pub id: Id<ImportRun>,
    /// What its file is read as.
    pub format: ImportFormat,
    /// The system that its ids are of; "default" unless given.
    pub source: String,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// Where it stands.
    pub state: RunState,
    /// How many issues there were. The first 1,000 are kept.
    pub issue_count: i32,
    /// Why it FAILED, with nothing changed: BAD_ARCHIVE, MISSING_FILE, MISSING_COLUMN, BAD_ENCODING, TOO_MANY_ROWS, REMOVALS_OVER_LIMIT, FILE_GONE;
    /// with what was done before: IMPORTER_GONE, or why its last attempt failed. Null otherwise. Where a file of it is at fault, an issue says which.
    pub failure_reason: Option<String>,
    /// What it reads; null once that was deleted, or when you may not see it.
    #[one]
    pub file_id: Option<Id<File>>,
    /// Who started it.
    #[one]
    pub started_by_id: Id<User>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it began; null until then.
    pub started_at: Option<DateTime>,
    /// When it ended; null until then.
    pub finished_at: Option<DateTime>,
    #[hidden]
    pub rows_done: i32,
    #[hidden]
    pub rows_total: Option<i32>,
    #[hidden]
    pub counts: Value,
    #[hidden]
    #[wide]
    pub remove_missing: bool,
    #[hidden]
    #[wide]
    pub max_removals: i32,
    #[hidden]
    #[wide]
    pub notify: bool,
}

/// What became of the lines about one sort of things; those that were removed for being missing among them.
#[object]
#[derive(Clone, Debug)]
pub struct ImportCount {
    /// What they are about.
    pub entity: RosterEntity,
    /// Lines that made something new.
    pub created: i32,
    /// Lines that changed something.
    pub updated: i32,
    /// Lines that said what is so already.
    pub unchanged: i32,
    /// What was suspended, archived or dropped.
    pub removed: i32,
    /// Lines that were rejected; an issue says why.
    pub rejected: i32,
}

#[resolvers]
impl ImportRun {
    /// How far it has come; 0 to 1.
    fn progress(state: RunState, rows_done: i32, rows_total: Option<i32>) -> f64 {
        match (state, rows_total) {
            (RunState::Succeeded, _) => 1.0,
            (_, Some(total)) if total > 0 => f64::from(rows_done) / f64::from(total),
            _ => 0.0,
        }
    }

    /// What became of its lines, by what they are about; of what it has met alone.
    async fn counts(counts: Value) -> Result<Vec<ImportCount>> {
        let of = |entity: &RosterEntity| {
            let known = counts.get(entity.as_str())?;
            let count = |name: &str| known.get(name).and_then(Value::as_i64).and_then(|count| i32::try_from(count).ok()).unwrap_or(0);
            Some(ImportCount {
                entity: *entity,
                created: count("created"),
                updated: count("updated"),
                unchanged: count("unchanged"),
                removed: count("removed"),
                rejected: count("rejected"),
            })
        };
        Ok(RosterEntity::ALL.iter().filter_map(of).collect())
    }

    /// What was wrong, in the order of the lines; the first 1,000.
    async fn issues(
        id: Id<ImportRun>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which of them.
        filter: Option<ImportIssueFilter>,
    ) -> Result<Connection<ImportIssue>> {
        let narrowing = filter.unwrap_or_default();
        many_where(ctx, &ISSUES, id.0, page, move |list| narrowing.narrow(list)).await
    }
}
