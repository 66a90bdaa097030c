//! The signed-in person, in the role that they act in.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, Loaded, one},
};
use lectern_macros::{object, resolvers};

use super::{Role, User};
use crate::domains::tenants::{Tenant, features_of};

/// The signed-in person, in the role that they act in.
#[object(resolvers)]
pub struct Viewer;

#[resolvers]
impl Viewer {
    /// The person.
    async fn user(&self, ctx: &Context<'_>) -> Result<Loaded<User>> {
        let id = Id::<User>::from_uuid(ctx.actor()?.user);
        one(ctx, id).await?.ok_or_else(|| Error::internal("the actor's own row is not visible"))
    }

    /// The school.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Loaded<Tenant>> {
        let id = Id::<Tenant>::from_uuid(ctx.actor()?.tenant);
        one(ctx, id).await?.ok_or_else(|| Error::internal("the actor's own school is not visible"))
    }

    /// The role that they act in, one of those that they hold. Switch it with `switchRole`.
    async fn active_role(&self, ctx: &Context<'_>) -> Result<Loaded<Role>> {
        let id = Id::<Role>::from_uuid(ctx.actor()?.role_id);
        one(ctx, id).await?.ok_or_else(|| Error::internal("the actor's own role is not visible"))
    }

    /// What you hold in the active role: what it grants and what you were granted yourself, without what is denied you.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<Vec<Permission>> {
        Ok(ctx.actor()?.permissions.iter().collect())
    }

    /// The keys of what the school has switched on for everybody, or for the role that you act in.
    async fn features(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        features_of(ctx, &ctx.actor()?.role_key).await
    }
}
