//! Creating, changing, transferring, deleting and restoring projects.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Project, ProjectRole,
    inputs::{CreateProjectInput, TransferProjectInput, UpdateProjectInput},
    sql,
    standing::{archived, inside, standing},
};
use crate::domains::identity::User;

/// Mutations of projects themselves.
pub struct ProjectMutations;

/// Mutations of whose they are, and whether they are there.
pub struct EndingMutations;

fn no_project() -> Error {
    Error::not_found("project").field("id")
}

#[mutations("Project")]
impl ProjectMutations {
    /// Creates a project. You own it, and are its first member.
    #[needs(ProjectCreate)]
    async fn create_project(
        ctx: &Context<'_>,
        /// The project.
        input: CreateProjectInput,
    ) -> Result<Loaded<Project>> {
        let owner = Id::<User>::from_uuid(ctx.actor()?.user);
        let made = Insert::<Project>::new().input(ctx, &input)?.set(Project::COLUMNS.owner_id, Some(owner)).run(ctx).await?;
        // Its owner's membership came after the row that was answered.
        let id = made.id()?;
        ctx.row(sql::THIS, &[&id]).await?.ok_or_else(|| Error::internal("a project can't be read by its owner"))
    }

    /// Changes a project, as MANAGER of it or with PROJECT_MANAGE; others FORBIDDEN with NOT_YOURS. Archived, it is read only: whatever changes something inside it answers
    /// CONFLICT with PROJECT_ARCHIVED, and so does a change of it without `isArchived: false`. What is left out stays as it is.
    async fn update_project(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateProjectInput,
    ) -> Result<Loaded<Project>> {
        let id = Id::<Project>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        let is_to = standing(ctx, id, false).await?.filter(|standing| !standing.is_deleted).ok_or_else(no_project)?;
        if !is_to.is_at_least(ProjectRole::Manager) {
            return Err(Error::not_yours().field("id"));
        }
        // Archiving it once more, and nothing else, changes nothing.
        let is_again =
            matches!(input.is_archived, MaybeUndefined::Value(true)) && input.name.is_undefined() && input.description.is_undefined();
        if is_to.is_archived && !is_again && !matches!(input.is_archived, MaybeUndefined::Value(false)) {
            return Err(archived("id"));
        }
        change.run(ctx).await?.ok_or_else(no_project)
    }
}

#[mutations("Project")]
impl EndingMutations {
    /// Makes another member the owner, and MANAGER. The owner's alone, or PROJECT_MANAGE's; others FORBIDDEN with NOT_YOURS. The former owner stays MANAGER. CONFLICT with
    /// PROJECT_ARCHIVED.
    async fn transfer_project(
        ctx: &Context<'_>,
        /// Which, and to whom.
        input: TransferProjectInput,
    ) -> Result<Loaded<Project>> {
        let id = Id::<Project>::parse("projectId", &input.project_id)?;
        let heir = Id::<User>::parse("userId", &input.user_id)?;
        if !inside(ctx, "projectId", id, ProjectRole::Viewer, true).await?.is_owner {
            return Err(Error::not_yours().field("projectId"));
        }
        if ctx.tx().query(sql::SET_ROLE, &[&id, &heir, &ProjectRole::Manager]).await?.is_empty() {
            return Err(Error::not_found("member of this project").field("userId"));
        }
        let changed = Patch::of(id).set(Project::COLUMNS.owner_id, Some(heir)).run(ctx).await?;
        changed.ok_or_else(|| Error::not_found("project").field("projectId"))
    }

    /// Deletes a project with all that is in it. Its owner's alone, or PROJECT_MANAGE's; others FORBIDDEN with NOT_YOURS. It can be restored for 30 days; until then its agents
    /// answer nobody, and its documents are not searched. Answers its id.
    async fn delete_project(
        ctx: &Context<'_>,
        /// The project's id.
        id: Id<Project>,
    ) -> Result<Id<Project>> {
        let standing = standing(ctx, id, true).await?.filter(|standing| !standing.is_deleted).ok_or_else(no_project)?;
        if !standing.is_owner {
            return Err(Error::not_yours().field("id"));
        }
        ctx.tx().query(sql::DELETE, &[&id]).await?;
        Ok(id)
    }

    /// Brings a deleted project back, with all that was in it. Its owner's alone, or PROJECT_MANAGE's. One that is not deleted is answered as it is.
    async fn restore_project(
        ctx: &Context<'_>,
        /// The project's id.
        id: Id<Project>,
    ) -> Result<Loaded<Project>> {
        let standing = standing(ctx, id, true).await?.ok_or_else(no_project)?;
        if !standing.is_owner {
            return Err(Error::not_yours().field("id"));
        }
        if ctx.tx().query(sql::RESTORE, &[&id]).await?.is_empty() && standing.is_deleted {
            return Err(no_project());
        }
        ctx.row(sql::THIS, &[&id]).await?.ok_or_else(no_project)
    }
}
