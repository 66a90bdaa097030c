//! Reading agents.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Agent,
    lists::{AgentFilter, AgentOrders},
};

/// Queries of agents.
pub struct AgentQueries;

#[queries]
impl AgentQueries {
    /// An agent; null when there is none, or none that you may see.
    async fn agent(
        ctx: &Context<'_>,
        /// The agent's id.
        id: Id<Agent>,
    ) -> Result<Option<Loaded<Agent>>> {
        one(ctx, id).await
    }

    /// The agents that you may see, by name unless ordered otherwise: of the school, and of your projects.
    async fn agents(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which agents.
        filter: Option<AgentFilter>,
        /// In which order.
        order_by: Option<OrderBy<AgentOrders>>,
    ) -> Result<Option<Connection<Agent>>> {
        let mut list = list_of::<Agent>("agents", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<AgentFilter>(ctx, list)?, paging).await.map(Some)
    }
}
