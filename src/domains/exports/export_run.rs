//! A file that somebody has asked for.

use lectern_kernel::{
    db::{Order, SortKey},
    ids::Id,
    resolve::DateTime,
};
use lectern_macros::{object, resolvers};

use super::{
    columns::{ReportDataset, RosterExportFormat, RunState},
    report_schedule::ReportSchedule,
};
use crate::domains::{files::File, identity::User};

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "x.created_at"), id: "x.id", descending: true };

/// A file that is made of what its asker may see, as it is when the file is made.
#[object(table = "export_run", alias = "x", id = "exportrun", node, resolvers)]
#[derive(Clone, Debug)]
pub struct ExportRun {
    /// Its id.
    pub id: Id<ExportRun>,
    /// The name of its file.
    pub name: String,
    /// Where it stands.
    pub state: RunState,
    /// How many lines its file has, the header not counted; 0 until it has SUCCEEDED.
    #[column("{}.row_count")]
    pub rows: i32,
    /// The file; null until it has SUCCEEDED, and once the file was deleted, which it is by itself after 7 days.
    #[one]
    pub file_id: Option<Id<File>>,
    /// Why it FAILED: REQUESTER_GONE, PERMISSION_LOST, or why its last attempt did. Null otherwise.
    pub failure_reason: Option<String>,
    /// Who asked for it, or whose schedule it is.
    #[one]
    pub requested_by_id: Id<User>,
    /// The schedule that asked for it; null where a person did, or the schedule was deleted.
    #[one]
    pub schedule_id: Option<Id<ReportSchedule>>,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it ended; null until then.
    pub finished_at: Option<DateTime>,
    #[hidden]
    pub from_at: Option<DateTime>,
    #[hidden]
    pub to_at: Option<DateTime>,
    #[hidden]
    #[wide]
    pub dataset: Option<ReportDataset>,
    #[hidden]
    #[wide]
    pub roster_format: Option<RosterExportFormat>,
    #[hidden]
    #[wide]
    pub time_zone: String,
}

#[resolvers]
impl ExportRun {
    /// Where the range of a report begins; null for a roster.
    fn from(from_at: Option<DateTime>) -> Option<DateTime> {
        from_at
    }

    /// Where the range of a report ends; null for a roster.
    fn to(to_at: Option<DateTime>) -> Option<DateTime> {
        to_at
    }
}
