//! Who is in a project.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    Project, ProjectRole,
    inputs::{AddProjectMembersInput, MAX_IDS, RemoveProjectMembersInput, UpdateProjectMemberInput},
    sql,
    standing::inside,
};
use crate::domains::identity::User;

/// Mutations of memberships.
pub struct MemberMutations;

fn no_project() -> Error {
    Error::not_found("project").field("projectId")
}

fn no_member(field: String) -> Error {
    Error::not_found("member of this project").field(field)
}

/// The owner stays a MANAGER of the project.
fn is_owner(field: &'static str) -> impl FnOnce(&DbError) -> Error {
    move |_| Error::conflict("PROJECT_OWNER", "This person owns the project: transfer it first.").field(field)
}

/// Changes who is in a project, by a statement for [`sql::with_project`]: the project, and whose membership was changed.
async fn change(
    ctx: &Context<'_>,
    change: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Option<(Loaded<Project>, Vec<Id<User>>)>, DbError> {
    let (columns, shape) = ctx.request().catalog().whole::<Project>("pj");
    let rows = ctx.tx().query(&sql::with_project(change, &columns), params).await?;
    let Some(row) = rows.into_iter().next().map(Arc::new) else { return Ok(None) };
    let ids: Vec<Id<User>> = row.try_get(0)?;
    Ok(Loaded::<Project>::joined(&row, 1, &shape).map(|project| (project, ids)))
}

/// The first of the wanted people who was not changed, and their place.
fn first_left(wanted: &[Id<User>], changed: &[Id<User>]) -> Option<(usize, Id<User>)> {
    wanted.iter().copied().enumerate().find(|(_, id)| !changed.contains(id))
}

#[mutations("Project")]
impl MemberMutations {
    /// Adds people whom you see to a project, as MANAGER of it or with PROJECT_MANAGE; others FORBIDDEN with NOT_YOURS. All or nobody: CONFLICT with ALREADY_MEMBER or
    /// PROJECT_ARCHIVED, LIMIT_REACHED for more than 500 members. They are told.
    async fn add_project_members(
        ctx: &Context<'_>,
        /// Whom, and where.
        input: AddProjectMembersInput,
    ) -> Result<Loaded<Project>> {
        let id = Id::<Project>::parse("projectId", &input.project_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MAX_IDS)?;
        inside(ctx, "projectId", id, ProjectRole::Manager, true).await?;
        let role = input.role.unwrap_or(ProjectRole::Member);
        let changed = change(ctx, sql::ADD_MEMBERS, &[&id, &people, &role])
            .await
            .on_constraint("project_places", |error| {
                let (limit, used) = (error.number("limit").unwrap_or(500), error.number("used").unwrap_or(0));
                Error::limit_reached(format!("A project has at most {limit} members."), limit, used).field("userIds")
            })
            .on_constraint("person_deleted", |_| Error::not_found("person").field("userIds"))?;
        let (project, added) = changed.ok_or_else(no_project)?;
        let Some((index, person)) = first_left(&people, &added) else { return Ok(project) };
        let field = format!("userIds.{index}");
        let present = ctx.tx().query(sql::IS_MEMBER, &[&id, &person]).await?;
        Err(if present.is_empty() {
            Error::not_found("person").field(field)
        } else {
            Error::conflict("ALREADY_MEMBER", "This person is a member of the project already.").field(field)
        })
    }

    /// Changes what a member is to a project, as MANAGER of it or with PROJECT_MANAGE; others FORBIDDEN with NOT_YOURS. CONFLICT with PROJECT_OWNER for its owner, who stays
    /// MANAGER, and with PROJECT_ARCHIVED.
    async fn update_project_member(
        ctx: &Context<'_>,
        /// Whose, and which.
        input: UpdateProjectMemberInput,
    ) -> Result<Loaded<Project>> {
        let id = Id::<Project>::parse("projectId", &input.project_id)?;
        let person = Id::<User>::parse("userId", &input.user_id)?;
        inside(ctx, "projectId", id, ProjectRole::Manager, true).await?;
        let changed = change(ctx, sql::SET_ROLE, &[&id, &person, &input.role]).await.on_constraint("project_owner", is_owner("userId"))?;
        let (project, changed) = changed.ok_or_else(no_project)?;
        if changed.is_empty() { Err(no_member("userId".to_owned())) } else { Ok(project) }
    }

    /// Removes members from a project, as MANAGER of it or with PROJECT_MANAGE; everybody may remove themselves, others FORBIDDEN with NOT_YOURS. All or nobody: NOT_FOUND for
    /// who is no member, CONFLICT with PROJECT_OWNER for its owner, and with PROJECT_ARCHIVED.
    async fn remove_project_members(
        ctx: &Context<'_>,
        /// Whom, and from where.
        input: RemoveProjectMembersInput,
    ) -> Result<Loaded<Project>> {
        let id = Id::<Project>::parse("projectId", &input.project_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MAX_IDS)?;
        let actor = ctx.actor()?;
        let leaves = people.iter().all(|person| actor.is(person.0));
        inside(ctx, "projectId", id, if leaves { ProjectRole::Viewer } else { ProjectRole::Manager }, true).await?;
        let changed = change(ctx, sql::REMOVE_MEMBERS, &[&id, &people]).await.on_constraint("project_owner", is_owner("userIds"))?;
        let (project, removed) = changed.ok_or_else(no_project)?;
        match first_left(&people, &removed) {
            Some((index, _)) => Err(no_member(format!("userIds.{index}"))),
            None => Ok(project),
        }
    }
}
