//! Reading imports.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, list_of, one, page},
};
use lectern_macros::queries;

use super::import_run::{ImportRun, NEWEST};

/// Queries of rosters.
pub struct RosterQueries;

#[queries]
impl RosterQueries {
    /// An import; null when there is none.
    #[needs(RosterManage)]
    async fn import_run(
        ctx: &Context<'_>,
        /// The import's id.
        id: Id<ImportRun>,
    ) -> Result<Option<Loaded<ImportRun>>> {
        one(ctx, id).await
    }

    /// The school's imports, the newest first.
    #[needs(RosterManage)]
    async fn import_runs(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
    ) -> Result<Option<Connection<ImportRun>>> {
        page(ctx, list_of::<ImportRun>("importRuns", NEWEST), paging).await.map(Some)
    }
}
