//! Reading exports and schedules.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    export_run::{self, ExportRun},
    report_schedule::{self, ReportSchedule},
};

/// Queries of exports.
pub struct ExportQueries;

#[queries]
impl ExportQueries {
    /// An export of yours; null when there is none.
    async fn export_run(
        ctx: &Context<'_>,
        /// The export's id.
        id: Id<ExportRun>,
    ) -> Result<Option<Loaded<ExportRun>>> {
        one(ctx, id).await
    }

    /// Your exports, the newest first.
    async fn export_runs(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
    ) -> Result<Option<Connection<ExportRun>>> {
        page(ctx, list_of::<ExportRun>("exportRuns", export_run::NEWEST), paging).await.map(Some)
    }

    /// A schedule of yours; null when there is none.
    #[needs(ReportRead)]
    async fn report_schedule(
        ctx: &Context<'_>,
        /// The schedule's id.
        id: Id<ReportSchedule>,
    ) -> Result<Option<Loaded<ReportSchedule>>> {
        one(ctx, id).await
    }

    /// Your schedules, the newest first; at most 20.
    #[needs(ReportRead)]
    async fn report_schedules(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
    ) -> Result<Option<Connection<ReportSchedule>>> {
        page(ctx, list_of::<ReportSchedule>("reportSchedules", report_schedule::NEWEST), paging).await.map(Some)
    }
}
