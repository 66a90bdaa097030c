//! Making and revoking keys.

use async_graphql::Context;
use lectern_kernel::{
    auth::ApiKeyToken,
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, Loaded, Rows as _, text},
};
use lectern_macros::{mutations, object};

use super::{
    ApiKey,
    inputs::{self, CreateApiKeyInput},
    sql,
};

/// A key that was made.
#[object]
pub struct CreatedApiKey {
    /// The key.
    pub api_key: Loaded<ApiKey>,
    /// Its secret: answered once, and never again.
    pub secret: String,
}

/// Mutations of keys.
pub struct KeyMutations;

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("You may have {limit} API keys that can be used: revoke one first."), limit, used)
}

/// How many characters of a secret are kept in the open.
const HINT: usize = 4;

#[mutations("ApiKey")]
impl KeyMutations {
    /// Makes a key that acts in your place, in the role that you act in now; its secret is in this answer alone. FORBIDDEN with ROLE_TOO_HIGH for a
    /// permission that you don't hold (`missingPermissions`); BAD_USER_INPUT with PERMISSION_NOT_FOR_KEYS, and for an end that is too late (`expiresAt`);
    /// LIMIT_REACHED where you have 20.
    #[needs(ApiKeyCreate)]
    #[in_person]
    async fn create_api_key(
        ctx: &Context<'_>,
        /// The key.
        input: CreateApiKeyInput,
    ) -> Result<CreatedApiKey> {
        let (actor, id) = (ctx.actor()?, Id::<ApiKey>::generate());
        let name = text::name("name", &input.name)?;
        inputs::check_permissions(&actor, &input.permissions)?;
        let is_read_only = input.permissions.iter().all(|permission| Permission::only_reads(*permission));
        let end = inputs::end(input.expires_at, is_read_only, ctx.now())?;
        let token = ApiKeyToken::generate(actor.tenant)?;
        let secret = token.to_text();
        let (hash, hint) = (token.hash(), &secret[secret.len() - HINT..]);
        let made = ctx.tx().query(sql::CREATE, &[&id, &name, &input.permissions, &is_read_only, &end, &hash.as_slice(), &hint]).await;
        made.on_constraint("api_key_cap", too_many)
            .on_constraint("api_key_expires", |_| Error::bad_input("expiresAt", "must be later than now, and not too late"))?;
        let api_key = ctx.whole(id).await?.ok_or_else(|| Error::internal("a key that was made can't be read"))?;
        Ok(CreatedApiKey { api_key, secret })
    }

    /// Revokes a key: it is dead at once. Your own, or with API_KEY_MANAGE any. One that is revoked is answered again.
    #[in_person]
    async fn revoke_api_key(
        ctx: &Context<'_>,
        /// The key's id.
        id: Id<ApiKey>,
    ) -> Result<Loaded<ApiKey>> {
        let found = ctx.tx().value::<bool>(sql::REVOKE, &[&id]).await?;
        let key = if found == Some(true) { ctx.whole(id).await? } else { None };
        key.ok_or_else(|| Error::not_found("key").field("id"))
    }
}
