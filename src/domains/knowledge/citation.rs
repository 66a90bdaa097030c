//! What an answer went by.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Rows},
};
use lectern_macros::{extends, object, resolvers};

use super::{Document, sql};
use crate::domains::conversations::Message;

/// A passage that an answer was given to go by. Title, page and heading are as they were; document and quote are read as you may read them now.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct MessageCitation {
    /// Its number in the answer, as in `[1]`.
    pub marker: i32,
    /// Whether the answer holds that marker.
    pub is_cited: bool,
    /// What the document was called.
    pub title: String,
    /// The page, from 1 on; null where the document has no pages.
    pub page: Option<i32>,
    /// What it stood under; null for nothing.
    pub heading: Option<String>,
    #[hidden]
    document_id: Id<Document>,
    #[hidden]
    position: i32,
    #[hidden]
    revision: i32,
}

#[resolvers]
impl MessageCitation {
    /// The document; null once it is gone, or when you may not see it.
    async fn document(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Document>>> {
        ctx.whole(self.document_id).await
    }

    /// How the passage begins, at most 300 characters; null once the document is gone or says something else, or when you may not see it.
    async fn quote(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        ctx.load(QuoteOf { document: self.document_id, position: self.position, revision: self.revision }).await
    }
}

/// What is added to messages.
pub struct MessageCitations;

#[extends(Message)]
impl MessageCitations {
    /// What the answer was given to go by, in the order of the markers; empty for other messages.
    #[cost(6)]
    async fn citations(id: Id<Message>, ctx: &Context<'_>) -> Result<Vec<MessageCitation>> {
        Ok(ctx.load(CitationsOf(id)).await?.unwrap_or_default())
    }
}

/// What an answer went by.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CitationsOf(Id<Message>);

impl Loader<CitationsOf> for Batch {
    type Value = Vec<MessageCitation>;
    type Error = Error;

    async fn load(&self, keys: &[CitationsOf]) -> Result<HashMap<CitationsOf, Vec<MessageCitation>>> {
        let messages: Vec<Id<Message>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<CitationsOf, Vec<MessageCitation>> = HashMap::new();
        for row in &self.tx.query(sql::CITATIONS, &[&messages]).await? {
            let mut reader = ColumnReader::new(row);
            let of = CitationsOf(reader.next()?);
            found.entry(of).or_default().push(MessageCitation {
                marker: reader.next()?,
                is_cited: reader.next()?,
                title: reader.next()?,
                page: reader.next()?,
                heading: reader.next()?,
                document_id: reader.next()?,
                position: reader.next()?,
                revision: reader.next()?,
            });
        }
        Ok(found)
    }
}

/// A passage of a revision of a document.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct QuoteOf {
    document: Id<Document>,
    position: i32,
    revision: i32,
}

impl Loader<QuoteOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[QuoteOf]) -> Result<HashMap<QuoteOf, String>> {
        let documents: Vec<Id<Document>> = keys.iter().map(|key| key.document).collect();
        let places: Vec<i32> = keys.iter().map(|key| key.position).collect();
        let revisions: Vec<i32> = keys.iter().map(|key| key.revision).collect();
        let rows = self.tx.query(sql::QUOTES, &[&documents, &places, &revisions]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((QuoteOf { document: reader.next()?, position: reader.next()?, revision: reader.next()? }, reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
