//! Reading requests for another password.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Forward, list_of, page},
};
use lectern_macros::queries;

use super::{
    PasswordChangeRequest,
    password_change::{NEWEST, PasswordChangeRequestFilter},
};

/// Queries of credentials.
pub struct CredentialQueries;

#[queries]
impl CredentialQueries {
    /// Requests for another password, the newest first: your own, and with PASSWORD_APPROVE those of people all of whose roles are below your own. Not for
    /// API keys.
    #[in_person]
    async fn password_change_requests(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which requests.
        filter: Option<PasswordChangeRequestFilter>,
    ) -> Result<Option<Connection<PasswordChangeRequest>>> {
        let mut list = list_of::<PasswordChangeRequest>("passwordChangeRequests", NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, list, paging).await.map(Some)
    }
}
