//! A bulletin, its lists, and where courses show theirs.

use async_graphql::Context;
use lectern::domains::{courses::Course, identity::User};
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many},
};
use lectern_macros::{extends, object};

/// News of a school, or of one of its courses.
#[object(table = "bulletin", alias = "n", id = "bulletin", node(GroupRead))]
#[derive(Clone, Debug)]
pub struct Bulletin {
    /// Its id.
    pub id: Id<Bulletin>,
    /// Its headline; 1 to 200 characters.
    pub title: String,
    /// What it says; at most 10,000 characters.
    #[needs(GroupUpdate)]
    pub body: Option<String>,
    /// When it was written.
    #[wide]
    pub created_at: DateTime,
    #[hidden]
    pub course_id: Option<Id<Course>>,
    /// Who wrote it; null when you may not see them.
    #[one]
    pub author_id: Id<User>,
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "n.created_at"), id: "n.id", descending: true };

static OF_COURSE: Nested = Nested::new("course.bulletins", LATEST, "n.course_id");

/// What is added to courses.
pub struct CourseBulletins;

#[extends(Course)]
impl CourseBulletins {
    /// Its bulletins, the latest first.
    #[needs(GroupRead)]
    async fn bulletins(id: Id<Course>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Bulletin>> {
        many(ctx, &OF_COURSE, id.0, page).await
    }
}
