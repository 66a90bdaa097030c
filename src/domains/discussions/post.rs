//! What is written in a thread.

use async_graphql::Context;
use lectern_kernel::{error::Result, ids::Id, resolve::DateTime};
use lectern_macros::{object, resolvers};

use super::{Thread, author::author_name};
use crate::domains::{identity::User, lessons};

/// What somebody has written in a thread.
#[object(table = "post", alias = "po", id = "post", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Post {
    /// Its id.
    pub id: Id<Post>,
    /// What it says, in Markdown: CommonMark with tables; 1 to 10,000 characters. Null where it was deleted.
    pub body: Option<String>,
    /// Whether its author was of the course's staff when it was written.
    pub is_staff: bool,
    /// When it was written.
    pub created_at: DateTime,
    /// When its author last changed it; null for never.
    pub edited_at: Option<DateTime>,
    /// When it was deleted; null unless it was.
    pub deleted_at: Option<DateTime>,
    /// The thread.
    #[one]
    pub thread_id: Id<Thread>,
    /// Who has written it; null when you may not see them.
    #[one]
    pub author_id: Id<User>,
}

#[resolvers]
impl Post {
    /// What it says as HTML: without what was written as HTML, and without addresses that are not https, mailto or relative. Null where it was deleted.
    #[cost(10)]
    fn body_html(body: Option<String>) -> Option<String> {
        body.map(|body| lessons::to_html(&body))
    }

    /// Who has written it, whether or not you see them otherwise; "Deleted user" for who was deleted.
    async fn author_name(id: Id<Post>, ctx: &Context<'_>) -> Result<String> {
        author_name(ctx, "post", id).await
    }
}
