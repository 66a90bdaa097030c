//! What people who have completed a course think of it.

use async_graphql::Context;
use lectern_kernel::{error::Result, ids::Id, resolve::DateTime};
use lectern_macros::{object, resolvers};

use super::author::author_name;
use crate::domains::{courses::Course, identity::User};

/// What somebody who has completed a course thinks of it. Whoever sees the course sees it.
#[object(table = "course_review", alias = "cr", id = "review", node(CourseRead), resolvers)]
#[derive(Clone, Debug)]
pub struct CourseReview {
    /// Its id.
    pub id: Id<CourseReview>,
    /// From 1 to 5, the best.
    pub rating: i32,
    /// What they say; at most 10,000 characters; null for nothing.
    pub text: Option<String>,
    /// When it was written.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    #[hidden]
    #[wide]
    pub user_id: Id<User>,
}

#[resolvers]
impl CourseReview {
    /// Who has written it, whether or not you see them otherwise; "Deleted user" for who was deleted.
    async fn author_name(id: Id<CourseReview>, ctx: &Context<'_>) -> Result<String> {
        author_name(ctx, "review", id).await
    }
}
