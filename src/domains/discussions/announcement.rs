//! What the staff of a course has to say to everybody in it.

use async_graphql::Context;
use lectern_kernel::{error::Result, ids::Id, resolve::DateTime};
use lectern_macros::{object, resolvers};

use super::author::author_name;
use crate::domains::{courses::Course, identity::User, lessons};

/// What the staff of a course says to everybody in it. People with an enrollment that gives access see it from its moment on, the staff before that, too.
#[object(table = "announcement", alias = "an", id = "announcement", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Its id.
    pub id: Id<Announcement>,
    /// Its heading; 1 to 200 characters.
    pub title: String,
    /// What it says, in Markdown: CommonMark with tables; 1 to 10,000 characters.
    #[wide]
    pub body: String,
    /// From when on others than the staff see it.
    pub publish_at: DateTime,
    /// When it was written.
    pub created_at: DateTime,
    /// When it was last changed.
    #[wide]
    pub updated_at: DateTime,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    #[hidden]
    #[wide]
    pub author_id: Id<User>,
}

#[resolvers]
impl Announcement {
    /// What it says as HTML: without what was written as HTML, and without addresses that are not https, mailto or relative.
    #[cost(10)]
    fn body_html(body: String) -> String {
        lessons::to_html(&body)
    }

    /// Who has written it, whether or not you see them otherwise; "Deleted user" for who was deleted.
    async fn author_name(id: Id<Announcement>, ctx: &Context<'_>) -> Result<String> {
        author_name(ctx, "announcement", id).await
    }
}
