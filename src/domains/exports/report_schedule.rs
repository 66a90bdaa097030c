//! A report that comes by itself.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many},
};
use lectern_macros::{object, resolvers};

use super::{
    columns::{ReportDataset, ReportFrequency},
    export_run::{self, ExportRun},
};
use crate::domains::identity::User;

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "rs.created_at"), id: "rs.id", descending: true };

static RUNS: Nested = Nested::new("reportSchedule.runs", export_run::NEWEST, "x.schedule_id");

/// A report of yours that is made by itself, over the period that has just ended.
#[object(table = "report_schedule", alias = "rs", id = "reportschedule", node(ReportRead), resolvers)]
#[derive(Clone, Debug)]
pub struct ReportSchedule {
    /// Its id.
    pub id: Id<ReportSchedule>,
    /// What it lists.
    pub dataset: ReportDataset,
    /// How often it runs, and over what.
    pub frequency: ReportFrequency,
    /// The hour of its time zone at which it runs; 0 to 23.
    pub hour: i32,
    /// The IANA time zone of its hour, its days, weeks and months.
    pub time_zone: String,
    /// Whether it does not run by itself.
    pub is_paused: bool,
    /// Why the service has paused it: OWNER_SUSPENDED, or PERMISSION_LOST for REPORT_READ. Null where you did, and where it is not paused.
    pub paused_reason: Option<String>,
    /// When it runs next; null where it is paused.
    pub next_run_at: Option<DateTime>,
    /// When it was created.
    pub created_at: DateTime,
    #[hidden]
    pub owner_id: Id<User>,
}

#[resolvers]
impl ReportSchedule {
    /// What it has made, the newest first.
    async fn runs(id: Id<ReportSchedule>, ctx: &Context<'_>, page: Forward) -> Result<Connection<ExportRun>> {
        many(ctx, &RUNS, id.0, page).await
    }
}
