//! Reading documents and knowledge bases.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, OrderBy, Paging, cost, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Document, KnowledgeBase,
    finding::{self, DocumentPassage},
    inputs::DocumentSearchFilter,
    lists::{BASES_BY_NAME, DocumentFilter, DocumentOrders, KnowledgeBaseFilter},
};

/// Queries of knowledge.
pub struct KnowledgeQueries;

#[queries]
impl KnowledgeQueries {
    /// A document; null when there is none, or none that you may see.
    async fn document(
        ctx: &Context<'_>,
        /// The document's id.
        id: Id<Document>,
    ) -> Result<Option<Loaded<Document>>> {
        one(ctx, id).await
    }

    /// The documents that you may see, the latest first unless ordered otherwise.
    async fn documents(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which documents.
        filter: Option<DocumentFilter>,
        /// How they are sorted.
        order_by: Option<OrderBy<DocumentOrders>>,
    ) -> Result<Option<Connection<Document>>> {
        let mut list = list_of::<Document>("documents", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<DocumentFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// The passages of documents that you may see which go best with some words, the best first. Any of the words may match, by its beginning; words of one or two letters are left
    /// out. Rare words count more than common ones. What you may not see makes no difference.
    #[cost(cost::page)]
    async fn document_search(
        ctx: &Context<'_>,
        /// What is looked for; at most 200 characters.
        query: String,
        /// How many passages; 1 to 50, 10 unless given.
        first: Option<i32>,
        /// Where to look; everywhere unless given.
        filter: Option<DocumentSearchFilter>,
    ) -> Result<Option<Vec<DocumentPassage>>> {
        finding::search(ctx, &query, first, filter.unwrap_or_default()).await.map(Some)
    }

    /// A knowledge base; null when there is none, or none that you may see.
    async fn knowledge_base(
        ctx: &Context<'_>,
        /// The knowledge base's id.
        id: Id<KnowledgeBase>,
    ) -> Result<Option<Loaded<KnowledgeBase>>> {
        one(ctx, id).await
    }

    /// The knowledge bases that you may see, by name.
    async fn knowledge_bases(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which knowledge bases.
        filter: Option<KnowledgeBaseFilter>,
    ) -> Result<Option<Connection<KnowledgeBase>>> {
        let mut list = list_of::<KnowledgeBase>("knowledgeBases", BASES_BY_NAME);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<KnowledgeBaseFilter>(ctx, list)?, paging).await.map(Some)
    }
}
