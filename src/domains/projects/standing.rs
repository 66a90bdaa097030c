//! What the actor is to a project, and what follows from it.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Ctx,
};

use super::{Project, ProjectRole, sql};

/// What the actor is to a project that they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// As what they act in it; none: they only see that it is there. MANAGER in every project for PROJECT_MANAGE.
    pub role: Option<ProjectRole>,
    /// Whether they own it, or hold PROJECT_MANAGE.
    pub is_owner: bool,
    /// Whether nothing changes inside it.
    pub is_archived: bool,
    /// Whether it is deleted.
    pub is_deleted: bool,
}

/// Nothing changes inside a project that is archived.
pub fn archived(field: &str) -> Error {
    Error::conflict("PROJECT_ARCHIVED", "The project is archived: nothing inside it changes.").field(field)
}

impl Standing {
    /// Whether they act in the project at least as `wanted`.
    pub fn is_at_least(self, wanted: ProjectRole) -> bool {
        // They are declared from the highest on.
        self.role.is_some_and(|role| role <= wanted)
    }
}

/// What the actor is to a project; none for one that they don't see. With `takes_turn` nobody else changes its members until the transaction ends.
///
/// # Errors
/// Where the database can't say.
pub async fn standing(ctx: &Context<'_>, id: Id<Project>, takes_turn: bool) -> Result<Option<Standing>> {
    let rows = ctx.tx().query(sql::STANDING, &[&id, &takes_turn]).await?;
    let read = |row| {
        let mut reader = ColumnReader::new(row);
        Ok(Standing { role: reader.next()?, is_owner: reader.next()?, is_archived: reader.next()?, is_deleted: reader.next()? })
    };
    rows.first().map(read).transpose()
}

/// Demands that something may be changed inside a project, at least as `role`.
///
/// # Errors
/// `NOT_FOUND` for one that is deleted or not seen, `NOT_YOURS` for less than `role`, `PROJECT_ARCHIVED`; all with `field`.
pub async fn require(ctx: &Context<'_>, field: &str, id: Id<Project>, role: ProjectRole) -> Result<()> {
    inside(ctx, field, id, role, false).await.map(|_| ())
}

/// The same, with what the actor is to it.
pub(super) async fn inside(ctx: &Context<'_>, field: &str, id: Id<Project>, role: ProjectRole, takes_turn: bool) -> Result<Standing> {
    let standing = standing(ctx, id, takes_turn).await?.filter(|standing| !standing.is_deleted);
    let standing = standing.ok_or_else(|| Error::not_found("project").field(field))?;
    if !standing.is_at_least(role) {
        return Err(Error::not_yours().field(field));
    }
    if standing.is_archived { Err(archived(field)) } else { Ok(standing) }
}
