//! The signed-in person, in the role that they act in.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, Loaded, one},
};
use lectern_macros::{object, resolvers};

use super::{Role, SignIn, User};
use crate::domains::{
    credentials::{self, PasswordChangeRequest},
    keys::ApiKey,
    tenants::{Tenant, features_of},
};

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

    /// The sign-in that asks; null for an API key.
    async fn sign_in(&self, ctx: &Context<'_>) -> Result<Option<Loaded<SignIn>>> {
        let actor = ctx.actor()?;
        if actor.key.is_some() { Ok(None) } else { one(ctx, Id::<SignIn>::from_uuid(actor.session)).await }
    }

    /// The API key that asks; null for a sign-in.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<Loaded<ApiKey>>> {
        match ctx.actor()?.key {
            Some(key) => one(ctx, Id::<ApiKey>::from_uuid(key.id)).await,
            None => Ok(None),
        }
    }

    /// Whether you have a password.
    async fn has_password(&self, ctx: &Context<'_>) -> Result<bool> {
        credentials::has_password(ctx).await
    }

    /// Whether a second factor is asked of you.
    async fn has_second_factor(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(credentials::recovery_codes_left(ctx).await?.is_some())
    }

    /// Whether the active role grants nothing until you set up a second factor: the school wants one of its holders.
    async fn second_factor_due(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.actor()?.is_factor_due)
    }

    /// How many of your recovery codes are left; null without a second factor.
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        credentials::recovery_codes_left(ctx).await
    }

    /// Your pending request for another password; null where none is.
    async fn password_change_request(&self, ctx: &Context<'_>) -> Result<Option<Loaded<PasswordChangeRequest>>> {
        credentials::pending_request(ctx).await
    }

    /// The keys of what the school has switched on for everybody, or for the role that you act in.
    async fn features(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        features_of(ctx, &ctx.actor()?.role_key).await
    }
}
