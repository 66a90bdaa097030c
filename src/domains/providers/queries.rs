//! Reading providers.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Loaded, Rows as _},
};
use lectern_macros::queries;

use super::{SignInProvider, sql};

/// Queries of providers.
pub struct ProviderQueries;

#[queries]
impl ProviderQueries {
    /// Where people of the school have accounts that they sign in with, by name; also those that are switched off.
    #[needs(TenantManage)]
    #[cost(20)]
    async fn sign_in_providers(ctx: &Context<'_>) -> Result<Vec<Loaded<SignInProvider>>> {
        Ok(ctx.rows(sql::PROVIDERS, &[]).await?)
    }
}
