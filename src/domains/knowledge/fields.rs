//! What knowledge adds to projects and agents.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, Nested, all, many},
};
use lectern_macros::extends;

use super::{
    Document, KnowledgeBase,
    lists::{BASES_BY_NAME, LATEST_DOCUMENTS},
};
use crate::domains::{agents::Agent, projects::Project};

const BY_PLACE: Order = Order { key: SortKey::whole("PLACE", "akb.place"), id: "kb.id", descending: false };

static DOCUMENTS: Nested = Nested::new("project.documents", LATEST_DOCUMENTS, "dc.project_id");
static BASES: Nested = Nested::new("project.knowledgeBases", BASES_BY_NAME, "kb.project_id");
static OF_AGENT: Nested = Nested::new("agent.knowledgeBases", BY_PLACE, "akb.agent_id")
    .by("JOIN agent_knowledge_base akb ON akb.tenant_id = kb.tenant_id AND akb.knowledge_base_id = kb.id");

/// What is added to projects.
pub struct ProjectKnowledge;

#[extends(Project)]
impl ProjectKnowledge {
    /// Its documents, the latest first. Empty for whoever is not in it, but for PROJECT_MANAGE.
    async fn documents(id: Id<Project>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Document>> {
        many(ctx, &DOCUMENTS, id.0, page).await
    }

    /// Its knowledge bases, by name. Empty for whoever is not in it, but for PROJECT_MANAGE.
    async fn knowledge_bases(id: Id<Project>, ctx: &Context<'_>, page: Forward) -> Result<Connection<KnowledgeBase>> {
        many(ctx, &BASES, id.0, page).await
    }
}

/// What is added to agents.
pub struct AgentKnowledge;

#[extends(Agent)]
impl AgentKnowledge {
    /// What it goes by, in the order in which it was given; as far as you may see them.
    #[cost(10)]
    async fn knowledge_bases(id: Id<Agent>, ctx: &Context<'_>) -> Result<Vec<Loaded<KnowledgeBase>>> {
        all(ctx, &OF_AGENT, id.0).await
    }
}
