//! Reading people and roles.

use async_graphql::{Context, ID, Object};

use super::{User, Viewer};
use crate::{
    error::Result,
    graphql::{Ctx, Public, SignedIn, public},
    ids::Id,
};

/// Queries of people and roles.
#[derive(Default)]
pub struct IdentityQueries;

#[Object]
impl IdentityQueries {
    /// Who is signed in; null when nobody is, or when the token is invalid, expired or revoked.
    #[graphql(guard = "Public", directive = public::apply())]
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.request().actor().map(|_| Viewer)
    }

    /// A person of the school; null when there is none, or none that you may see.
    #[graphql(guard = "SignedIn")]
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<Option<User>> {
        ctx.load(Id::<User>::parse("id", &id)?).await
    }
}
