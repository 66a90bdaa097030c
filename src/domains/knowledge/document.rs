//! Something to read.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{KnowledgeBase, files::document_file, lists::BASES_BY_NAME};
use crate::domains::{files::File, identity::User, projects::Project};

text_enum! {
    /// Where a document stands: PENDING, PROCESSING, then COMPLETED or FAILED; PENDING again by new contents and by `reprocessDocument`.
    pub enum DocumentState {
        /// It waits to be read.
        Pending = "PENDING",
        /// It is being read.
        Processing = "PROCESSING",
        /// It can be searched.
        Completed = "COMPLETED",
        /// It can't be read.
        Failed = "FAILED",
    }
}

/// Something to read and to find things in. One of a project is seen by who is in it, one of the school by holders of AGENT_EXECUTE, AGENT_CREATE, AGENT_MANAGE, DOCUMENT_UPLOAD or
/// DOCUMENT_DELETE. New contents are searched once they have been read; until then the old ones are.
#[object(table = "document", alias = "dc", id = "document", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Document {
    /// Its id.
    pub id: Id<Document>,
    /// Its title; 1 to 200 characters, not necessarily unique.
    pub title: String,
    /// The project that it belongs to; null for one of the school.
    #[one]
    pub project_id: Option<Id<Project>>,
    /// Its media type: of the file, or as it was given with the text.
    pub media_type: String,
    /// How many bytes it has.
    pub byte_size: i32,
    /// Where it stands.
    pub state: DocumentState,
    /// Why it can't be read: NO_TEXT (pictures of pages, mostly), ENCRYPTED, TOO_LARGE (more than 5,000,000 characters, 20,000 passages, 2,000 pages or 100 MiB unpacked), UNREADABLE,
    /// LIMIT_REACHED (a knowledge base would hold more than 20,000 passages), GAVE_UP, CANCELLED. Null unless FAILED.
    pub failure_reason: Option<String>,
    /// How often its present contents were begun to be read.
    pub attempts: i32,
    /// How many pages it has; null where its type has none, and before it was read.
    pub page_count: Option<i32>,
    /// How many characters it says; null before it was read.
    pub character_count: Option<i32>,
    /// How many passages of it are searched.
    pub passage_count: i32,
    /// Who added it; null when they are gone, or when you may not see them.
    #[one]
    pub created_by_id: Option<Id<User>>,
    /// When it was added.
    pub created_at: DateTime,
    /// When it was last changed, or read.
    pub updated_at: DateTime,
    /// When it was last read, with or without success; null before.
    pub processed_at: Option<DateTime>,
    #[hidden]
    pub file_id: Option<Id<File>>,
    #[secret]
    pub text: Option<String>,
}

static BASES: Nested = Nested::new("document.knowledgeBases", BASES_BY_NAME, "kbd.document_id")
    .by("JOIN knowledge_base_document kbd ON kbd.tenant_id = kb.tenant_id AND kbd.knowledge_base_id = kb.id");

#[resolvers]
impl Document {
    /// The file that holds it, whoever it is shown to itself; null for one that was given as text.
    async fn file(file_id: Option<Id<File>>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        document_file(ctx, file_id).await
    }

    /// The knowledge bases that hold it, as far as you may see them; by name.
    #[cost(10)]
    async fn knowledge_bases(id: Id<Document>, ctx: &Context<'_>) -> Result<Vec<Loaded<KnowledgeBase>>> {
        all(ctx, &BASES, id.0).await
    }
}
