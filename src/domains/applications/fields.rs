//! What applications add to programs and to what a person has before them.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, Nested, all_where, cost, list_of, page},
};
use lectern_macros::extends;

use super::{Application, lists::LATEST};
use crate::domains::{programs::Program, reports::Dashboard};

static OF_VIEWER: Nested = Nested::new("program.viewerApplication", LATEST, "ap.program_id");

/// What is added to programs.
pub struct ProgramApplication;

#[extends(Program)]
impl ProgramApplication {
    /// Your own application to it, whatever has become of it; null where there is none.
    #[cost(5)]
    async fn viewer_application(id: Id<Program>, ctx: &Context<'_>) -> Result<Option<Loaded<Application>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &OF_VIEWER, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("ap.user_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }
}

/// What is added to the dashboard.
pub struct DashboardApplications;

#[extends(Dashboard)]
impl DashboardApplications {
    /// Your own applications, the latest handed in first.
    #[cost(cost::page)]
    async fn applications(
        ctx: &Context<'_>,
        /// How many; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Connection<Application>> {
        let mut list = list_of::<Application>("dashboard.applications", LATEST);
        let viewer = list.bind(ctx.actor()?.user);
        list.filter(format!("ap.user_id = {viewer}"));
        page(ctx, list, Forward { first, ..Forward::default() }).await
    }
}
