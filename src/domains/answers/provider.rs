//! Where a school's models are asked, as those know it who manage assistants.

use async_graphql::{Context, InputObject, MaybeUndefined};
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    resolve::{Ctx, DateTime},
    sealing::Sealed,
};
use lectern_macros::{mutations, object, queries};

use super::{
    endpoint::{Deployment, seal_key},
    sql,
};

/// Characters of a key.
const LONGEST_KEY: usize = 1000;

/// Where a school's models are asked, and by which key: the deployment's, or its own. The key itself is never answered.
#[object]
#[derive(Clone, Debug, Default)]
pub struct AssistantProvider {
    /// The school's own endpoint; null where the deployment's is asked, whose address is not shown.
    pub base_url: Option<String>,
    /// Whether the school has a key or an endpoint of its own.
    pub is_own: bool,
    /// Whether it has a key of its own.
    pub has_key: bool,
    /// When that was set; null without one.
    pub key_set_at: Option<DateTime>,
    /// When the endpoint last answered, to the minute; null before.
    pub last_answered_at: Option<DateTime>,
    /// When it last failed, to the minute; null before.
    pub last_failed_at: Option<DateTime>,
    /// Why it failed then, in a word: PROVIDER_UNREACHABLE, PROVIDER_TIMEOUT, PROVIDER_REFUSED, PROVIDER_BUSY, PROVIDER_ERROR, PROVIDER_INVALID or PROVIDER_CUT_OFF.
    pub last_failure_reason: Option<String>,
}

/// Where a school's models are to be asked.
#[derive(InputObject)]
pub struct SetAssistantProviderInput {
    /// The school's own endpoint, as `https://models.example/v1`: nothing in it but where; null for the deployment's; left out it stays. Another address drops the
    /// stored key, unless a new one comes with it.
    pub base_url: MaybeUndefined<String>,
    /// The school's own key; 1 to 1,000 characters. Left out or null it stays.
    pub api_key: Option<String>,
}

async fn provider(ctx: &Context<'_>) -> Result<AssistantProvider> {
    let rows = ctx.tx().query(sql::PROVIDER, &[]).await?;
    let Some(row) = rows.first() else { return Ok(AssistantProvider::default()) };
    let read = || {
        let moment = |name: &str| Ok::<_, tokio_postgres::Error>(row.try_get::<_, Option<jiff::Timestamp>>(name)?.map(DateTime));
        let (base_url, key_set_at): (Option<String>, _) = (row.try_get("base_url")?, moment("key_set_at")?);
        Ok::<_, tokio_postgres::Error>(AssistantProvider {
            is_own: base_url.is_some() || key_set_at.is_some(),
            has_key: key_set_at.is_some(),
            base_url,
            key_set_at,
            last_answered_at: moment("last_answered_at")?,
            last_failed_at: moment("last_failed_at")?,
            last_failure_reason: row.try_get("last_failure_reason")?,
        })
    };
    Ok(read().map_err(DbError::from)?)
}

fn key(given: &str) -> Result<&str> {
    let given = given.trim();
    let is_key = !given.is_empty() && given.len() <= LONGEST_KEY && given.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(given) } else { Err(Error::bad_input("apiKey", "must be 1 to 1,000 characters of ASCII without spaces")) }
}

/// Queries of providers.
pub struct ProviderQueries;

#[queries]
impl ProviderQueries {
    /// Where the school's models are asked, and how that went lately.
    #[needs(AssistantManage)]
    async fn assistant_provider(ctx: &Context<'_>) -> Result<Option<AssistantProvider>> {
        provider(ctx).await.map(Some)
    }
}

/// Mutations of providers.
pub struct ProviderMutations;

#[mutations("AssistantProvider")]
impl ProviderMutations {
    /// Sets where the school's models are asked, and by which key. A key alone is for the deployment's endpoint; the deployment's key is never sent to an endpoint of
    /// a school. BAD_USER_INPUT with URL_NOT_ALLOWED for an address that is not public; names are looked up, and checked, at every connection.
    #[needs(AssistantManage)]
    #[in_person]
    async fn set_assistant_provider(
        ctx: &Context<'_>,
        /// Where, and by which key.
        input: SetAssistantProviderInput,
    ) -> Result<AssistantProvider> {
        let (sets_url, url) = match &input.base_url {
            MaybeUndefined::Undefined => (false, None),
            MaybeUndefined::Null => (true, None),
            MaybeUndefined::Value(named) => (true, Some(Deployment::of(ctx).check("baseUrl", named)?)),
        };
        let (sealer, tenant) = (&ctx.request().services.sealer, ctx.tx().identity().tenant);
        let sealed: Option<Sealed> =
            input.api_key.as_deref().map(|given| Ok::<_, Error>(seal_key(sealer, tenant, key(given)?))).transpose()?;
        if !sets_url && sealed.is_none() {
            return provider(ctx).await;
        }
        ctx.tx().query(sql::SET_PROVIDER, &[&sets_url, &url, &sealed.map(|sealed| sealed.0)]).await?;
        provider(ctx).await
    }

    /// Goes back to the deployment's endpoint and key: the school's own are forgotten.
    #[needs(AssistantManage)]
    #[in_person]
    async fn remove_assistant_provider(ctx: &Context<'_>) -> Result<AssistantProvider> {
        ctx.tx().query(sql::REMOVE_PROVIDER, &[]).await?;
        provider(ctx).await
    }
}
