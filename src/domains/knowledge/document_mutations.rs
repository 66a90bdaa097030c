//! Adding, changing and deleting documents.

use async_graphql::Context;
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
    permission::Permission::AgentManage,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Document, KnowledgeBase,
    base_mutations::{changeable, refusal},
    inputs::{Contents, CreateDocumentInput, MOST_BASES, UpdateDocumentInput},
    sql,
};
use crate::domains::{
    identity::User,
    projects::{self, Project, ProjectRole},
};

/// Mutations of documents.
pub struct DocumentMutations;

/// What the database refuses of a document.
fn refused(error: DbError) -> Error {
    match error.constraint() {
        Some("document_processing") => Error::conflict("ALREADY_PROCESSING", "It waits to be read, or is being read.").field("id"),
        Some("document_file_fkey") => Error::not_found("file").field("fileId"),
        _ => refusal(error, "id"),
    }
}

/// Why a change reached no document: there is none for the actor, or they may not change it.
async fn untouched(ctx: &Context<'_>, id: Id<Document>) -> Error {
    match (ctx.get(id).await, ctx.actor()) {
        (Ok(Some(document)), Ok(actor)) if document.project_id.is_none() && !actor.can(AgentManage) => {
            Error::missing_permission(&[AgentManage])
        }
        (Ok(Some(_)), Ok(_)) => Error::not_yours().field("id"),
        (Ok(None), _) => Error::not_found("document").field("id"),
        (Err(error), _) | (_, Err(error)) => error,
    }
}

#[mutations("Document")]
impl DocumentMutations {
    /// Adds a document: to a project of which you are MANAGER or MEMBER, or with AGENT_MANAGE to the school. It is PENDING until it has been read. BAD_USER_INPUT with
    /// UNSUPPORTED_MEDIA_TYPE for what can't be read, with SCOPE_MISMATCH for a knowledge base of another project; FORBIDDEN with NOT_YOURS for a project in which you only read;
    /// CONFLICT with PROJECT_ARCHIVED; LIMIT_REACHED where a knowledge base holds 500 documents.
    #[needs(DocumentUpload)]
    async fn create_document(
        ctx: &Context<'_>,
        /// The document.
        input: CreateDocumentInput,
    ) -> Result<Loaded<Document>> {
        let project = Id::<Project>::parse_opt("projectId", input.project_id.as_ref())?;
        let document = Insert::<Document>::new().input(ctx, &input)?;
        let bases = match input.knowledge_base_ids.as_deref() {
            None | Some([]) => Vec::new(),
            Some(ids) => Id::<KnowledgeBase>::parse_list("knowledgeBaseIds", ids, MOST_BASES)?,
        };
        match project {
            Some(project) => projects::require(ctx, "projectId", project, ProjectRole::Member).await?,
            None if ctx.actor()?.can(AgentManage) => {}
            None => return Err(Error::missing_permission(&[AgentManage])),
        }
        let contents = Contents::read(ctx, input.file_id.as_ref(), input.text.as_deref(), input.media_type.as_deref()).await?;
        let contents = contents.ok_or_else(|| Error::bad_input("fileId", "or `text`: exactly one of them is required"))?;
        for (place, base) in bases.iter().enumerate() {
            changeable(ctx, &format!("knowledgeBaseIds.{place}"), *base).await?;
        }
        let (id, columns) = (document.id(), Document::COLUMNS);
        let document = document
            .set(columns.project_id, project)
            .set(columns.file_id, contents.file)
            .set(columns.text, contents.text)
            .set(columns.media_type, contents.media_type)
            .set(columns.byte_size, contents.byte_size)
            .set(columns.created_by_id, Some(Id::<User>::from_uuid(ctx.actor()?.user)))
            .run(ctx)
            .await
            .map_err(refused)?;
        if !bases.is_empty() {
            ctx.tx().query(sql::TOUCH_BASES, &[&bases]).await.map_err(|error| refusal(error, "knowledgeBaseIds"))?;
            ctx.tx().query(sql::ADD_TO_BASES, &[&id, &bases]).await.map_err(|error| refusal(error, "knowledgeBaseIds"))?;
        }
        Ok(document)
    }

    /// Changes a document: your own, in a project that you manage any, with AGENT_MANAGE those of the school; others FORBIDDEN. New contents are read anew, and the old ones are
    /// searched until then: CONFLICT with ALREADY_PROCESSING while it is PENDING or PROCESSING. CONFLICT with PROJECT_ARCHIVED.
    #[needs(DocumentUpload)]
    async fn update_document(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateDocumentInput,
    ) -> Result<Loaded<Document>> {
        let id = Id::<Document>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        if ctx.get(id).await?.is_none() {
            return Err(Error::not_found("document").field("id"));
        }
        let contents = Contents::read(ctx, input.file_id.as_ref(), input.text.as_deref(), input.media_type.as_deref()).await?;
        if let Some(Contents { file, text, media_type, byte_size }) = contents {
            let changed = ctx.tx().query(&sql::SET_CONTENTS.replace("{dc}", "dc.id"), &[&id, &file, &text, &media_type, &byte_size]).await;
            if changed.map_err(refused)?.is_empty() {
                return Err(untouched(ctx, id).await);
            }
        }
        match change.run(ctx).await.map_err(refused)? {
            Some(document) => Ok(document),
            None => Err(untouched(ctx, id).await),
        }
    }

    /// Has a document read anew that is COMPLETED or FAILED; as `updateDocument`. CONFLICT with ALREADY_PROCESSING for any other.
    #[needs(DocumentUpload)]
    async fn reprocess_document(
        ctx: &Context<'_>,
        /// The document's id.
        id: Id<Document>,
    ) -> Result<Loaded<Document>> {
        match ctx.row(sql::REPROCESS, &[&id]).await.map_err(refused)? {
            Some(document) => Ok(document),
            None => Err(untouched(ctx, id).await),
        }
    }

    /// Deletes a document, with all that is found in it; a file that held it stays. Your own, in a project that you manage any, with AGENT_MANAGE those of the school, with DOCUMENT_DELETE
    /// any that you see; others FORBIDDEN. CONFLICT with PROJECT_ARCHIVED. Answers its id.
    #[needs(DocumentUpload, DocumentDelete)]
    async fn delete_document(
        ctx: &Context<'_>,
        /// The document's id.
        id: Id<Document>,
    ) -> Result<Id<Document>> {
        let deleted = ctx.tx().query(sql::DELETE_DOCUMENT, &[&id]).await.map_err(refused)?;
        if deleted.is_empty() { Err(untouched(ctx, id).await) } else { Ok(id) }
    }
}
