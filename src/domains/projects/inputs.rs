//! What the mutations of projects take.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::resolve::text;
use lectern_macros::writes;

use super::{Project, ProjectRole};

/// Ids at most in one call that adds or removes members.
pub const MAX_IDS: usize = 100;

/// A project to be created.
#[writes(Project)]
pub struct CreateProjectInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// What it is for; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
}

/// A change of a project. What is left out stays as it is; an explicit null clears.
#[writes(Project)]
pub struct UpdateProjectInput {
    /// The project.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Whether it is read only: nothing inside it changes.
    pub is_archived: MaybeUndefined<bool>,
}

/// People to be added to a project.
#[derive(InputObject)]
pub struct AddProjectMembersInput {
    /// The project.
    pub project_id: ID,
    /// The people, each once; 1 to 100.
    pub user_ids: Vec<ID>,
    /// What they are to it; MEMBER unless given.
    pub role: Option<ProjectRole>,
}

/// Another role of a member.
#[derive(InputObject)]
pub struct UpdateProjectMemberInput {
    /// The project.
    pub project_id: ID,
    /// The member.
    pub user_id: ID,
    /// What they are to it from now on.
    pub role: ProjectRole,
}

/// People to be removed from a project.
#[derive(InputObject)]
pub struct RemoveProjectMembersInput {
    /// The project.
    pub project_id: ID,
    /// The members, each once; 1 to 100.
    pub user_ids: Vec<ID>,
}

/// A project that is to be another member's.
#[derive(InputObject)]
pub struct TransferProjectInput {
    /// The project.
    pub project_id: ID,
    /// The member, who becomes MANAGER.
    pub user_id: ID,
}
