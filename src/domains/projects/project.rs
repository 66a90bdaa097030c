//! People who work with assistants together.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, DateTime, Forward, Nested, many_with_edges},
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::identity::User;

text_enum! {
    /// What somebody is to a project.
    pub enum ProjectRole {
        /// Changes the project, its members, agents, knowledge bases and documents.
        Manager = "MANAGER",
        /// Converses, adds documents, changes and deletes the own ones.
        Member = "MEMBER",
        /// Reads.
        Viewer = "VIEWER",
    }
}

/// People who work with assistants together. Its members, PROJECT_READ and PROJECT_MANAGE see it; what is in it, its members and PROJECT_MANAGE alone: PROJECT_READ finds
/// these lists empty.
#[object(table = "project", alias = "pj", id = "project", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Project {
    /// Its id.
    pub id: Id<Project>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is for; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// Whether it is read only: nothing inside it changes.
    pub is_archived: bool,
    /// Who owns it, and so is always MANAGER; null when they are gone, or when you may not see them.
    #[one]
    pub owner_id: Option<Id<User>>,
    /// What you are to it; null where you are no member.
    #[column(
        "(SELECT m.role FROM project_member m WHERE m.tenant_id = {}.tenant_id AND m.project_id = {}.id AND m.user_id = app.user_id())"
    )]
    pub viewer_role: Option<ProjectRole>,
    /// When it was created.
    pub created_at: DateTime,
    /// When it was last changed, not counting what is in it.
    pub updated_at: DateTime,
    /// When it was deleted; its owner and PROJECT_MANAGE still read it.
    pub deleted_at: Option<DateTime>,
    /// When what was deleted is removed for good, 30 days later; until then it can be restored.
    #[column("{}.deleted_at + interval '30 days'")]
    pub purges_at: Option<DateTime>,
}

/// What a person is to a project.
#[object(edge, name = "ProjectMember")]
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "never made: its columns are read beside those of the person")]
pub struct Membership {
    /// What the person is to the project.
    #[column("m.role")]
    pub role: ProjectRole,
    /// When the person joined it.
    #[column("m.joined_at")]
    pub joined_at: DateTime,
}

const BY_JOINING: Order = Order { key: SortKey::moment("JOINED_AT", "m.joined_at"), id: "m.user_id", descending: false };

static MEMBERS: Nested = Nested::new("project.members", BY_JOINING, "m.project_id")
    .by("JOIN project_member m ON m.tenant_id = u.tenant_id AND m.user_id = u.id");

#[resolvers]
impl Project {
    /// How many members it has.
    #[count(function = "app.project_member_counts", key = "project_id")]
    fn member_count() -> i32;

    /// Its members, in the order in which they joined.
    async fn members(id: Id<Project>, ctx: &Context<'_>, page: Forward) -> Result<Connection<User, Membership>> {
        many_with_edges::<User, Membership>(ctx, &MEMBERS, id.0, page).await
    }
}
