//! The signed-in person, in the role that they act in.

use async_graphql::{Context, Object};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::Ctx,
};

use super::{Role, User};
use crate::domains::tenants::Tenant;

/// The signed-in person, in the role that they act in.
pub struct Viewer;

/// The signed-in person, in the role that they act in.
#[Object]
impl Viewer {
    /// The person.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let id = Id::<User>::from_uuid(ctx.actor()?.user);
        ctx.load(id).await?.ok_or_else(|| Error::internal("the actor's own row is not visible"))
    }

    /// The school.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        let id = Id::<Tenant>::from_uuid(ctx.actor()?.tenant);
        ctx.load(id).await?.ok_or_else(|| Error::internal("the actor's own school is not visible"))
    }

    /// The role that they act in, one of those that they hold. Switch it with `switchRole`.
    async fn active_role(&self, ctx: &Context<'_>) -> Result<Role> {
        let id = Id::<Role>::from_uuid(ctx.actor()?.role_id);
        ctx.load(id).await?.ok_or_else(|| Error::internal("the actor's own role is not visible"))
    }

    /// What the active role grants.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<Vec<Permission>> {
        Ok(ctx.actor()?.permissions.iter().collect())
    }
}
