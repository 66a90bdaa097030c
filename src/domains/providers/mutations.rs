//! Changing providers.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch},
    sealing::Sealed,
};
use lectern_macros::mutations;

use super::{
    SignInProvider,
    inputs::{self, CreateSignInProviderInput, UpdateSignInProviderInput, present},
    issuer::{issuer, resolve},
    secret, sql,
};

/// Mutations of providers.
pub struct ProviderMutations;

fn no_provider() -> Error {
    Error::not_found("provider").field("id")
}

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("A school may have {limit} providers."), limit, used)
}

fn key_taken(_: &DbError) -> Error {
    Error::conflict("PROVIDER_KEY_TAKEN", "Another provider of this school has this key.").field("key")
}

fn no_role(_: &DbError) -> Error {
    Error::bad_input("roleKey", "is not the key of a role of this school")
}

/// A secret that a person gives, as the database keeps it.
fn sealed(ctx: &Context<'_>, given: &str) -> Result<Sealed> {
    let given = inputs::client_secret(given)?;
    Ok(secret::seal(&ctx.request().services.sealer, ctx.tx().identity().tenant, given))
}

#[mutations("SignInProvider")]
impl ProviderMutations {
    /// Adds a provider of OpenID Connect by which people of the school may sign in. BAD_USER_INPUT with URL_NOT_ALLOWED for an issuer that is not at a
    /// public address, by its name neither (`issuer`), CONFLICT with PROVIDER_KEY_TAKEN, LIMIT_REACHED where the school has 20.
    #[needs(TenantManage)]
    #[in_person]
    #[ahead(resolve)]
    async fn create_sign_in_provider(
        ctx: &Context<'_>,
        /// The provider.
        input: CreateSignInProviderInput,
    ) -> Result<Loaded<SignInProvider>> {
        let columns = SignInProvider::COLUMNS;
        let issuer = issuer(ctx, &input.issuer)?;
        let secret = input.client_secret.as_deref().map(|secret| sealed(ctx, secret)).transpose()?;
        let provider = Insert::<SignInProvider>::new().input(ctx, &input)?.set(columns.issuer, issuer).set(columns.client_secret, secret);
        let provider = provider.set(columns.is_enabled, input.is_enabled.unwrap_or(true));
        let created = provider.run(ctx).await.on_constraint("sign_in_provider_key_key", key_taken);
        Ok(created.on_constraint("sign_in_provider_role", no_role).on_constraint("sign_in_provider_cap", too_many)?)
    }

    /// Changes a provider. What is left out stays as it is. With another issuer the accounts of the one before are linked no more.
    #[needs(TenantManage)]
    #[in_person]
    #[ahead(resolve)]
    async fn update_sign_in_provider(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateSignInProviderInput,
    ) -> Result<Loaded<SignInProvider>> {
        let (id, columns) = (Id::<SignInProvider>::parse("id", &input.id)?, SignInProvider::COLUMNS);
        let issuer = present("issuer", &input.issuer, |named| issuer(ctx, named))?;
        let uris = present("redirectUris", &input.redirect_uris, |named| inputs::redirect_uris("redirectUris", named))?;
        let is_enabled = present("isEnabled", &input.is_enabled, |given| Ok(*given))?;
        let secret = match &input.client_secret {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(given) => Some(Some(sealed(ctx, given)?)),
        };
        let change = Patch::of(id).input(ctx, &input)?.set_if(columns.issuer, issuer).set_if(columns.redirect_uris, uris);
        let change = change.set_if(columns.is_enabled, is_enabled).set_if(columns.client_secret, secret);
        change.run(ctx).await.on_constraint("sign_in_provider_role", no_role)?.ok_or_else(no_provider)
    }

    /// Deletes a provider: nobody signs in by it any more. People stay, and so do their sign-ins. Answers its id.
    #[needs(TenantManage)]
    #[in_person]
    async fn delete_sign_in_provider(
        ctx: &Context<'_>,
        /// The provider's id.
        id: Id<SignInProvider>,
    ) -> Result<Id<SignInProvider>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await?;
        if deleted.is_empty() { Err(no_provider()) } else { Ok(id) }
    }
}
