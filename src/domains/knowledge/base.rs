//! Documents that belong together.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many},
};
use lectern_macros::{object, resolvers};

use super::{Document, lists::DOCUMENTS_BY_TITLE};
use crate::domains::{identity::User, projects::Project};

/// Documents that belong together, for agents to go by. One of a project is seen by who is in it, one of the school by holders of AGENT_EXECUTE, AGENT_CREATE, AGENT_MANAGE,
/// DOCUMENT_UPLOAD or DOCUMENT_DELETE.
#[object(table = "knowledge_base", alias = "kb", id = "knowledge", node, resolvers)]
#[derive(Clone, Debug)]
pub struct KnowledgeBase {
    /// Its id.
    pub id: Id<KnowledgeBase>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is about; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// The project that it belongs to; null for one of the school.
    #[one]
    pub project_id: Option<Id<Project>>,
    /// Who created it; null when they are gone, or when you may not see them.
    #[one]
    pub created_by_id: Option<Id<User>>,
    /// When it was created.
    pub created_at: DateTime,
    /// When it, or what it holds, was last changed.
    pub updated_at: DateTime,
    #[hidden]
    #[column(
        "(({}.project_id IS NULL AND app.can('AGENT_MANAGE')) OR ((app.can('DOCUMENT_UPLOAD') OR app.can('AGENT_MANAGE')) \
         AND {}.project_id IS NOT NULL AND {}.project_id IN (SELECT app.managed_projects())))"
    )]
    pub is_changeable: bool,
}

static DOCUMENTS: Nested = Nested::new("knowledgeBase.documents", DOCUMENTS_BY_TITLE, "kbd.knowledge_base_id")
    .by("JOIN knowledge_base_document kbd ON kbd.tenant_id = dc.tenant_id AND kbd.document_id = dc.id");

#[resolvers]
impl KnowledgeBase {
    /// How many documents it holds, at most 500; whether or not you may see them.
    #[count(function = "app.base_document_counts", key = "knowledge_base_id")]
    fn document_count() -> i32;

    /// How many passages its documents have, at most 20,000; whether or not you may see them.
    #[count(function = "app.base_passage_counts", key = "knowledge_base_id")]
    fn passage_count() -> i32;

    /// The documents that it holds and that you may see, by title.
    async fn documents(id: Id<KnowledgeBase>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Document>> {
        many(ctx, &DOCUMENTS, id.0, page).await
    }
}
