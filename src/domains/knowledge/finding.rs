//! Finding what documents say: among those that the person reads, and by a function that ranks inside that set alone.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, text},
};
use lectern_macros::object;
use uuid::Uuid;

use super::{
    Document, KnowledgeBase,
    inputs::{DocumentSearchFilter, MOST_BASES, MOST_DOCUMENTS},
    sql,
};
use crate::domains::projects::Project;

/// Passages that are answered at once.
const MOST_PASSAGES: i32 = 50;
/// As many, unless somebody says otherwise.
const USUAL_PASSAGES: i32 = 10;
/// Characters of a question that are looked at: a person's message may be longer than any search.
const LONGEST_WORDS: usize = 4000;

/// A part of a document that goes with what was looked for.
#[object]
#[derive(Clone)]
pub struct DocumentPassage {
    /// The document.
    pub document: Loaded<Document>,
    /// The page that it stands on, from 1 on; null where the document has no pages.
    pub page: Option<i32>,
    /// What it stands under; null for nothing.
    pub heading: Option<String>,
    /// What it says; at most 1,200 characters.
    pub text: String,
    /// How well it goes with what was looked for, in comparison with the others.
    pub score: f64,
}

/// Which documents are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Among<'a> {
    /// Those that one of these knowledge bases holds.
    pub bases: &'a [Uuid],
    /// And these.
    pub documents: &'a [Uuid],
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Whose.
    pub document: Id<Document>,
    /// Where it stands in it, from 1 on.
    pub position: i32,
    /// What the document is called.
    pub title: String,
    /// The page, from 1 on.
    pub page: Option<i32>,
    /// What it stands under.
    pub heading: Option<String>,
    /// What it says.
    pub text: String,
    /// How well it goes with what was looked for.
    pub score: f64,
}

/// The passages that go best with some words, the best first, of the documents among those named that the transaction's person reads. `embedding` says what the words
/// mean, where somebody knows.
///
/// # Errors
/// When the database can't be asked.
pub async fn retrieve(tx: &Tx, words: &str, among: Among<'_>, embedding: Option<Vec<f32>>, at_most: i64) -> Result<Vec<Passage>> {
    if among.bases.is_empty() && among.documents.is_empty() {
        return Ok(Vec::new());
    }
    let words: String = words.chars().take(LONGEST_WORDS).collect();
    let most = i32::try_from(at_most).unwrap_or(i32::MAX);
    let rows = tx.query(sql::RETRIEVE, &[&among.bases, &among.documents, &words, &most, &embedding]).await?;
    let read = |row| {
        let mut reader = ColumnReader::new(row);
        Ok(Passage {
            document: reader.next()?,
            position: reader.next()?,
            title: reader.next()?,
            page: reader.next()?,
            heading: reader.next()?,
            text: reader.next()?,
            score: reader.next()?,
        })
    };
    rows.iter().map(read).collect()
}

/// What `documentSearch` answers.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn search(ctx: &Context<'_>, query: &str, first: Option<i32>, filter: DocumentSearchFilter) -> Result<Vec<DocumentPassage>> {
    let first = first.unwrap_or(USUAL_PASSAGES);
    if !(1..=MOST_PASSAGES).contains(&first) {
        return Err(Error::bad_input("first", format!("must be between 1 and {MOST_PASSAGES}")));
    }
    let project = Id::<Project>::parse_opt("filter.projectId", filter.project_id.as_ref())?;
    let bases =
        filter.knowledge_base_ids.map(|ids| Id::<KnowledgeBase>::parse_list("filter.knowledgeBaseIds", &ids, MOST_BASES)).transpose()?;
    let documents = filter.document_ids.map(|ids| Id::<Document>::parse_list("filter.documentIds", &ids, MOST_DOCUMENTS)).transpose()?;
    let Some(query) = text::search("query", Some(query))? else { return Ok(Vec::new()) };
    let (columns, shape) = ctx.request().catalog().whole::<Document>("dc");
    let rows = ctx.tx().query(&sql::search(&columns), &[&query, &first, &project, &bases, &documents]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (score, page, heading, text) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        if let Some(document) = Loaded::joined(&row, 4, &shape) {
            found.push(DocumentPassage { document, page, heading, text, score });
        }
    }
    Ok(found)
}
