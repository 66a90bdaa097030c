//! What agents add to projects.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Nested, Orders, many},
};
use lectern_macros::extends;

use super::{Agent, lists::AgentOrders};
use crate::domains::projects::Project;

static AGENTS: Nested = Nested::new("project.agents", AgentOrders::USUAL, "ag.project_id");

/// What is added to projects.
pub struct ProjectAgents;

#[extends(Project)]
impl ProjectAgents {
    /// Its agents that you may see, by name.
    async fn agents(id: Id<Project>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Agent>> {
        many(ctx, &AGENTS, id.0, page).await
    }
}
