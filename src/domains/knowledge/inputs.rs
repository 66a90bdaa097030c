//! What the mutations of documents and knowledge bases take, and its checks.

use async_graphql::{Context, ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Rows, text},
};
use lectern_macros::writes;

use super::{Document, KnowledgeBase, extract::MEDIA_TYPES};
use crate::domains::files::{self, File};

/// Characters of a text that is given as such.
const LONGEST_TEXT: usize = 200_000;
/// Bytes of a file.
const LARGEST_FILE: f64 = 20.0 * 1024.0 * 1024.0;
/// Documents that are named at once.
pub const MOST_DOCUMENTS: usize = 500;
/// Knowledge bases that are named at once.
pub const MOST_BASES: usize = 20;

/// A document to be added. Exactly one of `fileId` and `text`.
#[writes(Document)]
pub struct CreateDocumentInput {
    /// Its title; 1 to 200 characters.
    #[check(text::name)]
    pub title: String,
    /// The project that it belongs to; left out: the school, which needs AGENT_MANAGE.
    #[by_hand]
    pub project_id: Option<ID>,
    /// A file of yours, or with FILE_MANAGE any: text, Markdown, HTML, PDF or DOCX of at most 20 MiB. Whoever sees the document reads the file through it.
    #[by_hand]
    pub file_id: Option<ID>,
    /// What it says; 1 to 200,000 characters.
    #[by_hand]
    pub text: Option<String>,
    /// Of the text: text/plain (unless given), text/markdown or text/html.
    #[by_hand]
    pub media_type: Option<String>,
    /// Knowledge bases that are to hold it; at most 20.
    #[by_hand]
    pub knowledge_base_ids: Option<Vec<ID>>,
}

/// A change of a document. What is left out stays as it is; new contents are read anew.
#[writes(Document)]
pub struct UpdateDocumentInput {
    /// The document.
    #[by_hand]
    pub id: ID,
    /// A new title; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// Another file, as `createDocument` takes it.
    #[by_hand]
    pub file_id: Option<ID>,
    /// Another text, as `createDocument` takes it.
    #[by_hand]
    pub text: Option<String>,
    /// Of the text: text/plain (unless given), text/markdown or text/html.
    #[by_hand]
    pub media_type: Option<String>,
}

/// A knowledge base to be created.
#[writes(KnowledgeBase)]
pub struct CreateKnowledgeBaseInput {
    /// Its name; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
    /// What it is about; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// The project that it belongs to; left out: the school, which needs AGENT_MANAGE.
    #[by_hand]
    pub project_id: Option<ID>,
    /// Documents that it is to hold: of the same project, or of the school; at most 500.
    #[by_hand]
    pub document_ids: Option<Vec<ID>>,
}

/// A change of a knowledge base. What is left out stays as it is; an explicit null clears.
#[writes(KnowledgeBase)]
pub struct UpdateKnowledgeBaseInput {
    /// The knowledge base.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// What it is about; at most 10,000 characters; null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
}

/// Documents that a knowledge base is to hold.
#[derive(InputObject)]
pub struct AddKnowledgeBaseDocumentsInput {
    /// The knowledge base.
    pub knowledge_base_id: ID,
    /// Documents of its project, or of the school; 1 to 500, each once.
    pub document_ids: Vec<ID>,
}

/// Documents that a knowledge base is to hold no more.
#[derive(InputObject)]
pub struct RemoveKnowledgeBaseDocumentsInput {
    /// The knowledge base.
    pub knowledge_base_id: ID,
    /// Documents that it holds; 1 to 500, each once.
    pub document_ids: Vec<ID>,
}

/// Where `documentSearch` looks.
#[derive(InputObject, Default, Clone)]
pub struct DocumentSearchFilter {
    /// In documents of this project.
    pub project_id: Option<ID>,
    /// In documents that one of these holds; 1 to 20.
    pub knowledge_base_ids: Option<Vec<ID>>,
    /// In these; 1 to 500.
    pub document_ids: Option<Vec<ID>>,
}

/// What a document is to say.
pub struct Contents {
    /// The file that holds it.
    pub file: Option<Id<File>>,
    /// Its text, where no file holds it.
    pub text: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub byte_size: i32,
}

fn unsupported(field: &str, expected: &str) -> Error {
    Error::bad_input(field, expected).reason("UNSUPPORTED_MEDIA_TYPE")
}

impl Contents {
    /// What an input says; none where it gives neither file nor text.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field, with `UNSUPPORTED_MEDIA_TYPE` for a type that can't be read; `NOT_FOUND` and `NOT_YOURS` for a file.
    pub async fn read(ctx: &Context<'_>, file: Option<&ID>, text: Option<&str>, media_type: Option<&str>) -> Result<Option<Contents>> {
        if file.is_some() && text.is_some() {
            return Err(Error::bad_input("text", "must be left out where `fileId` is given"));
        }
        if media_type.is_some() && text.is_none() {
            return Err(Error::bad_input("mediaType", "goes with `text`"));
        }
        if let Some(text) = text {
            let media_type = media_type.map_or("text/plain", str::trim);
            if !MEDIA_TYPES[..3].contains(&media_type) {
                return Err(unsupported("mediaType", "must be text/plain, text/markdown or text/html"));
            }
            let text = text::longer("text", text, LONGEST_TEXT)?.ok_or_else(|| Error::bad_input("text", "must not be blank"))?;
            let byte_size = i32::try_from(text.len()).map_err(|_| Error::bad_input("text", "is too long"))?;
            return Ok(Some(Contents { file: None, text: Some(text), media_type: media_type.to_owned(), byte_size }));
        }
        let Some(file) = Id::<File>::parse_opt("fileId", file)? else { return Ok(None) };
        files::require_own(ctx, "fileId", file).await?;
        let found = ctx.get(file).await?.ok_or_else(|| Error::not_found("file").field("fileId"))?;
        if !MEDIA_TYPES.contains(&found.content_type.as_str()) {
            return Err(unsupported("fileId", "must be text, Markdown, HTML, PDF or DOCX"));
        }
        if found.size > LARGEST_FILE {
            return Err(Error::bad_input("fileId", "must have at most 20 MiB"));
        }
        Ok(Some(Contents { file: Some(file), text: None, media_type: found.content_type, byte_size: found.size as i32 }))
    }
}
