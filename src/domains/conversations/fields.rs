//! What conversations add to projects, agents and the dashboard.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Connection, Ctx, Forward, Nested, Orders, list_of, many_where, page},
};
use lectern_macros::extends;

use super::{
    Conversation,
    feedback::{MessageFeedback, MessageRating},
    lists::ConversationOrders,
    sql,
};
use crate::domains::{agents::Agent, projects::Project, reports::Dashboard};

const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "mf.created_at"), id: "mf.id", descending: true };

static SHARED: Nested = Nested::new("project.sharedConversations", ConversationOrders::USUAL, "cv.project_id");
static FEEDBACK: Nested = Nested::new("agent.feedback", LATEST, "mf.agent_id");

/// What is added to projects.
pub struct ProjectConversations;

#[extends(Project)]
impl ProjectConversations {
    /// What its members have shared with one another, the latest first.
    async fn shared_conversations(id: Id<Project>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Conversation>> {
        many_where(ctx, &SHARED, id.0, page, |list| list.filter("cv.shared_at IS NOT NULL AND cv.deleted_at IS NULL")).await
    }
}

/// What is added to agents.
pub struct AgentFeedback;

#[extends(Agent)]
impl AgentFeedback {
    /// What people think of its answers, the latest first. Null to people who may not change the agent.
    async fn feedback(
        id: Id<Agent>,
        is_changeable: bool,
        ctx: &Context<'_>,
        page: Forward,
        /// Of this rating alone.
        rating: Option<MessageRating>,
    ) -> Result<Option<Connection<MessageFeedback>>> {
        if !is_changeable {
            return Ok(None);
        }
        let found = many_where(ctx, &FEEDBACK, id.0, page, move |list| {
            if let Some(rating) = rating {
                let rating = list.bind(rating);
                list.filter(format!("mf.rating = {rating}"));
            }
        });
        found.await.map(Some)
    }

    /// How many of its answers have helped. Null to people who may not change the agent.
    async fn helpful_count(id: Id<Agent>, is_changeable: bool, ctx: &Context<'_>) -> Result<Option<i32>> {
        if is_changeable { Ok(Some(counts(ctx, id).await?.0)) } else { Ok(None) }
    }

    /// How many of its answers have not. Null to people who may not change the agent.
    async fn unhelpful_count(id: Id<Agent>, is_changeable: bool, ctx: &Context<'_>) -> Result<Option<i32>> {
        if is_changeable { Ok(Some(counts(ctx, id).await?.1)) } else { Ok(None) }
    }
}

/// How many answers of an agent have helped, and how many have not.
async fn counts(ctx: &Context<'_>, id: Id<Agent>) -> Result<(i32, i32)> {
    Ok(ctx.load(RatingsOf(id)).await?.unwrap_or_default())
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct RatingsOf(Id<Agent>);

impl Loader<RatingsOf> for Batch {
    type Value = (i32, i32);
    type Error = Error;

    async fn load(&self, keys: &[RatingsOf]) -> Result<HashMap<RatingsOf, (i32, i32)>> {
        let agents: Vec<Id<Agent>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::RATINGS, &[&agents]).await?;
        let int = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((RatingsOf(reader.next()?), (int(reader.next()?), int(reader.next()?))))
        };
        rows.iter().map(read).collect()
    }
}

/// What is added to the dashboard.
pub struct DashboardConversations;

#[extends(Dashboard)]
impl DashboardConversations {
    /// Your own conversations that you have not put away, the latest first.
    async fn recent_conversations(ctx: &Context<'_>, paging: Forward) -> Result<Connection<Conversation>> {
        let mut list = list_of::<Conversation>("dashboard.recentConversations", ConversationOrders::USUAL);
        list.filter("cv.owner_id = (SELECT app.user_id()) AND cv.deleted_at IS NULL AND NOT cv.is_archived");
        page(ctx, list, paging).await
    }
}
