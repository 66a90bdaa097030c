//! Reading invitations, sign-ups, and what a mailed link would do.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Ctx as _, Forward, Loaded, Rows, list_of, page},
};
use lectern_macros::queries;

use super::{
    Invitation, SignUpRequest, inputs,
    invitation::{self, InvitationFilter},
    link::{self, LinkPreview},
    sign_up::{self, SignUpRequestFilter},
};
use crate::domains::tenants::PublicTenant;

/// Queries of admissions.
pub struct AdmissionQueries;

#[queries]
impl AdmissionQueries {
    /// A school as everybody may know it; null for one that is not listed, as for one that there is not.
    #[public]
    async fn public_tenant(
        ctx: &Context<'_>,
        /// The school's slug.
        slug: String,
    ) -> Result<Option<Loaded<PublicTenant>>> {
        ctx.tx().go_to_school_named(&slug).await?;
        let sql = "SELECT {t} FROM app.public_tenant($2) AS t WHERE app.tenant_id() = $1";
        Ok(ctx.row(sql, &[&inputs::school(&slug)]).await?)
    }

    /// What a mailed link would do. It spends nothing: programs that look into mails may ask. Null where using it would be refused.
    #[public]
    async fn link_preview(
        ctx: &Context<'_>,
        /// The token of the link.
        token: String,
    ) -> Result<Option<LinkPreview>> {
        link::preview(ctx, &token).await
    }

    /// The invitations to roles below your own, the newest first.
    #[needs(UserAdmit)]
    async fn invitations(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which invitations.
        filter: Option<InvitationFilter>,
    ) -> Result<Option<Connection<Invitation>>> {
        let mut list = list_of::<Invitation>("invitations", invitation::NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, list, paging).await.map(Some)
    }

    /// The sign-ups to roles below your own, the newest first.
    #[needs(UserAdmit)]
    async fn sign_up_requests(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which sign-ups.
        filter: Option<SignUpRequestFilter>,
    ) -> Result<Option<Connection<SignUpRequest>>> {
        let mut list = list_of::<SignUpRequest>("signUpRequests", sign_up::NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, list, paging).await.map(Some)
    }
}
