//! Reading keys.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Forward, list_of, page},
};
use lectern_macros::queries;

use super::{
    ApiKey,
    api_key::{ApiKeyFilter, NEWEST},
};

/// Queries of keys.
pub struct KeyQueries;

#[queries]
impl KeyQueries {
    /// API keys, the newest first: your own, or with API_KEY_MANAGE all. Not for API keys.
    #[in_person]
    async fn api_keys(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which keys.
        filter: Option<ApiKeyFilter>,
    ) -> Result<Option<Connection<ApiKey>>> {
        let mut list = list_of::<ApiKey>("apiKeys", NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, list, paging).await.map(Some)
    }
}
