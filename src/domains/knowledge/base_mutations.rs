//! Creating, filling and deleting knowledge bases.

use std::collections::HashSet;

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::AgentManage,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;
use tokio_postgres::Row;

use super::{
    Document, KnowledgeBase,
    inputs::{
        AddKnowledgeBaseDocumentsInput, CreateKnowledgeBaseInput, MOST_DOCUMENTS, RemoveKnowledgeBaseDocumentsInput,
        UpdateKnowledgeBaseInput,
    },
    sql,
};
use crate::domains::{
    identity::User,
    projects::{self, Project, ProjectRole},
};

/// Mutations of knowledge bases.
pub struct KnowledgeBaseMutations;

/// What the database refuses of what bases hold.
pub fn refusal(error: DbError, field: &str) -> Error {
    let reached = |what: &str| {
        let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
        Error::limit_reached(format!("A knowledge base holds at most {limit} {what}."), limit, used).field(field)
    };
    match error.constraint() {
        Some("project_archived") => projects::archived(field),
        Some("knowledge_scope") => {
            Error::bad_input(field, "must be of the knowledge base's own project, or of the school").reason("SCOPE_MISMATCH")
        }
        Some("knowledge_documents") => reached("documents"),
        Some("knowledge_passages") => reached("passages"),
        Some("knowledge_base_document_pkey") => {
            Error::conflict("ALREADY_ADDED", "The knowledge base holds the document already.").field(field)
        }
        Some("knowledge_base_document_document_fkey") => Error::not_found("document").field(field),
        _ => error.into(),
    }
}

/// Why a change reached no base: there is none for the actor, or they may not change it.
fn denied(base: Option<KnowledgeBase>, field: &str) -> Error {
    match base {
        Some(base) if base.project_id.is_none() => Error::missing_permission(&[AgentManage]),
        Some(_) => Error::not_yours().field(field),
        None => Error::not_found("knowledge base").field(field),
    }
}

/// Refuses unless the actor changes a base.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub async fn changeable(ctx: &Context<'_>, field: &str, id: Id<KnowledgeBase>) -> Result<()> {
    match ctx.get(id).await? {
        Some(base) if base.is_changeable => Ok(()),
        other => Err(denied(other, field)),
    }
}

async fn untouched(ctx: &Context<'_>, field: &str, id: Id<KnowledgeBase>) -> Error {
    match ctx.get(id).await {
        Ok(base) => denied(base, field),
        Err(error) => error,
    }
}

/// The first of the wanted documents that is not among those answered.
fn missing(wanted: &[Id<Document>], rows: &[Row]) -> Result<Option<usize>> {
    let found: HashSet<Id<Document>> = rows.iter().map(|row| ColumnReader::new(row).next()).collect::<Result<_, DbError>>()?;
    Ok(wanted.iter().position(|id| !found.contains(id)))
}

async fn add(ctx: &Context<'_>, base: Id<KnowledgeBase>, documents: &[Id<Document>]) -> Result<()> {
    let added = ctx.tx().query(sql::ADD_DOCUMENTS, &[&base, &documents]).await.map_err(|error| refusal(error, "documentIds"))?;
    match missing(documents, &added)? {
        Some(place) => Err(Error::not_found("document").field(format!("documentIds.{place}"))),
        None => Ok(()),
    }
}

/// A base that the actor changes, so that nobody else changes or deletes it until the transaction ends.
async fn hold(ctx: &Context<'_>, field: &'static str, base: Id<KnowledgeBase>) -> Result<()> {
    let held = ctx.tx().query(sql::TOUCH_BASES, &[&[base].as_slice()]).await.map_err(|error| refusal(error, field))?;
    if held.is_empty() { Err(untouched(ctx, field, base).await) } else { Ok(()) }
}

#[mutations("KnowledgeBase")]
impl KnowledgeBaseMutations {
    /// Creates a knowledge base: of a project that you manage, or with AGENT_MANAGE of the school. BAD_USER_INPUT with SCOPE_MISMATCH for documents of another project; FORBIDDEN with
    /// NOT_YOURS for a project that you do not manage; CONFLICT with PROJECT_ARCHIVED; LIMIT_REACHED beyond 20,000 passages.
    #[needs(DocumentUpload, AgentManage)]
    async fn create_knowledge_base(
        ctx: &Context<'_>,
        /// The knowledge base.
        input: CreateKnowledgeBaseInput,
    ) -> Result<Loaded<KnowledgeBase>> {
        let project = Id::<Project>::parse_opt("projectId", input.project_id.as_ref())?;
        let base = Insert::<KnowledgeBase>::new().input(ctx, &input)?;
        let documents = match input.document_ids.as_deref() {
            None | Some([]) => Vec::new(),
            Some(ids) => Id::<Document>::parse_list("documentIds", ids, MOST_DOCUMENTS)?,
        };
        match project {
            Some(project) => projects::require(ctx, "projectId", project, ProjectRole::Manager).await?,
            None if ctx.actor()?.can(AgentManage) => {}
            None => return Err(Error::missing_permission(&[AgentManage])),
        }
        let (id, columns) = (base.id(), KnowledgeBase::COLUMNS);
        let base = base
            .set(columns.project_id, project)
            .set(columns.created_by_id, Some(Id::<User>::from_uuid(ctx.actor()?.user)))
            .run(ctx)
            .await
            .map_err(|error| refusal(error, "projectId"))?;
        if !documents.is_empty() {
            add(ctx, id, &documents).await?;
        }
        Ok(base)
    }

    /// Changes a knowledge base of a project that you manage, or with AGENT_MANAGE of the school; others FORBIDDEN. What is left out stays as it is. CONFLICT with PROJECT_ARCHIVED.
    #[needs(DocumentUpload, AgentManage)]
    async fn update_knowledge_base(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateKnowledgeBaseInput,
    ) -> Result<Loaded<KnowledgeBase>> {
        let id = Id::<KnowledgeBase>::parse("id", &input.id)?;
        let changed = Patch::of(id).input(ctx, &input)?.run(ctx).await.map_err(|error| refusal(error, "id"))?;
        match changed {
            Some(base) => Ok(base),
            None => Err(untouched(ctx, "id", id).await),
        }
    }

    /// Puts documents that you see into a knowledge base; as `updateKnowledgeBase`. All or none: CONFLICT with ALREADY_ADDED for one that it holds, BAD_USER_INPUT with SCOPE_MISMATCH for
    /// one of another project, LIMIT_REACHED beyond 500 documents or 20,000 passages.
    #[needs(DocumentUpload, AgentManage)]
    async fn add_knowledge_base_documents(
        ctx: &Context<'_>,
        /// Which, and into which.
        input: AddKnowledgeBaseDocumentsInput,
    ) -> Result<Loaded<KnowledgeBase>> {
        let id = Id::<KnowledgeBase>::parse("knowledgeBaseId", &input.knowledge_base_id)?;
        let documents = Id::<Document>::parse_list("documentIds", &input.document_ids, MOST_DOCUMENTS)?;
        hold(ctx, "knowledgeBaseId", id).await?;
        add(ctx, id, &documents).await?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("knowledge base").field("knowledgeBaseId"))
    }

    /// Takes documents out of a knowledge base; as `updateKnowledgeBase`. All or none: NOT_FOUND for one that it does not hold.
    #[needs(DocumentUpload, AgentManage)]
    async fn remove_knowledge_base_documents(
        ctx: &Context<'_>,
        /// Which, and out of which.
        input: RemoveKnowledgeBaseDocumentsInput,
    ) -> Result<Loaded<KnowledgeBase>> {
        let id = Id::<KnowledgeBase>::parse("knowledgeBaseId", &input.knowledge_base_id)?;
        let documents = Id::<Document>::parse_list("documentIds", &input.document_ids, MOST_DOCUMENTS)?;
        hold(ctx, "knowledgeBaseId", id).await?;
        let removed = ctx.tx().query(sql::REMOVE_DOCUMENTS, &[&id, &documents]).await?;
        if let Some(place) = missing(&documents, &removed)? {
            return Err(Error::not_found("document of this knowledge base").field(format!("documentIds.{place}")));
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("knowledge base").field("knowledgeBaseId"))
    }

    /// Deletes a knowledge base; its documents stay. As `updateKnowledgeBase`. CONFLICT with IN_USE for one that an agent goes by. Answers its id.
    #[needs(DocumentUpload, AgentManage)]
    async fn delete_knowledge_base(
        ctx: &Context<'_>,
        /// The knowledge base's id.
        id: Id<KnowledgeBase>,
    ) -> Result<Id<KnowledgeBase>> {
        let deleted = ctx
            .tx()
            .query(sql::DELETE_BASE, &[&id])
            .await
            .on_constraint("agent_knowledge_base_base_fkey", |_| {
                Error::conflict("IN_USE", "An agent goes by this knowledge base: take it away there first.").field("id")
            })
            .on_constraint("project_archived", |_| projects::archived("id"))?;
        if deleted.is_empty() { Err(untouched(ctx, "id", id).await) } else { Ok(id) }
    }
}
