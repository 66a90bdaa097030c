//! What people talk about in a course.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many},
};
use lectern_macros::{object, resolvers};

use super::{Post, author::author_name, lists::OLDEST_POST};
use crate::domains::{
    courses::Course,
    identity::User,
    lessons::{self, Lesson},
};

/// What somebody asks or tells in a course. It is seen and answered by the course's staff and by those whose enrollment gives access; one of a lesson as
/// long as the lesson is open to them.
#[object(table = "thread", alias = "th", id = "thread", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its id.
    pub id: Id<Thread>,
    /// Its heading; 1 to 200 characters.
    pub title: String,
    /// What it begins with, in Markdown: CommonMark with tables; 1 to 10,000 characters.
    #[wide]
    pub body: String,
    /// Whether it stands before all others.
    pub is_pinned: bool,
    /// Whether nothing is written in it any more.
    pub is_closed: bool,
    /// How many posts it has, without deleted ones.
    pub post_count: i32,
    /// When the latest of them was written; null without any.
    pub last_post_at: Option<DateTime>,
    /// When it was begun.
    pub created_at: DateTime,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    /// The lesson that it is about; null where it is about the course as a whole.
    #[one]
    pub lesson_id: Option<Id<Lesson>>,
    /// Who began it; null when you may not see them.
    #[one]
    pub author_id: Id<User>,
    /// The post that was marked as its answer; null without one.
    #[one]
    pub answer_id: Option<Id<Post>>,
}

static POSTS: Nested = Nested::new("thread.posts", OLDEST_POST, "po.thread_id");

#[resolvers]
impl Thread {
    /// What it begins with as HTML: without what was written as HTML, and without addresses that are not https, mailto or relative.
    #[cost(10)]
    fn body_html(body: String) -> String {
        lessons::to_html(&body)
    }

    /// Who began it, whether or not you see them otherwise; "Deleted user" for who was deleted.
    async fn author_name(id: Id<Thread>, ctx: &Context<'_>) -> Result<String> {
        author_name(ctx, "thread", id).await
    }

    /// What was written in it, the oldest first; what was deleted keeps its place.
    async fn posts(id: Id<Thread>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Post>> {
        many(ctx, &POSTS, id.0, page).await
    }
}
