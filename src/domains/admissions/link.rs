//! Mailed links: reading what one permits, and what is answered where it is dead.

use async_graphql::Context;
use lectern_kernel::{
    auth::LinkToken,
    db::{DbError, Identity},
    error::{Error, Result},
    resolve::{Ctx, DateTime},
    text_enum,
};
use lectern_macros::object;
use uuid::Uuid;

use super::sql;

text_enum! {
    /// What a mailed link is for.
    pub enum LinkKind {
        /// `resetPassword`; for 30 minutes.
        PasswordReset = "PASSWORD_RESET",
        /// `confirmSignUp`; for 24 hours.
        SignUp = "SIGN_UP",
        /// `acceptInvitation`; for 7 days.
        Invitation = "INVITATION",
        /// `revertEmailChange`; for 7 days.
        EmailRevert = "EMAIL_REVERT",
    }
}

/// What a mailed link would do.
#[object]
#[derive(Clone, Debug)]
pub struct LinkPreview {
    /// What it is for.
    pub kind: LinkKind,
    /// The school's name.
    pub tenant_name: String,
    /// The school's slug.
    pub tenant_slug: String,
    /// The email address that it is about.
    pub email: String,
    /// The person's name, where it is known.
    pub name: Option<String>,
    /// The names of the roles that it leads to; none where it changes none.
    pub role_names: Vec<String>,
    /// Until when it can be used.
    pub expires_at: DateTime,
}

/// A link that can be used.
pub(super) struct Link {
    pub token: LinkToken,
    /// The person whose password or address it changes.
    pub user: Option<Uuid>,
    pub email: String,
    pub name: Option<String>,
}

/// Reads the link of a token, in the transaction of its school, where it can be used.
///
/// # Errors
/// `UNAUTHENTICATED` with LINK_INVALID where it can't, whatever the reason; `SUBSCRIPTION_EXPIRED` where it is for somebody who wants to come in, and the
/// school does not run.
pub(super) async fn open(ctx: &Context<'_>, token: &str, kind: LinkKind) -> Result<Link> {
    let token = LinkToken::parse(token.trim()).ok_or_else(Error::bad_link)?;
    let tx = ctx.tx();
    tx.assume(Identity { tenant: token.tenant, ..Identity::default() }).await?;
    let rows = tx.query(sql::LINK, &[&token.hash()]).await?;
    let Some(row) = rows.first().filter(|row| row.try_get::<_, LinkKind>("kind").is_ok_and(|found| found == kind)) else {
        return Err(dead(ctx, &token).await);
    };
    let read = || -> Result<_, tokio_postgres::Error> {
        Ok((row.try_get("user_id")?, row.try_get("email")?, row.try_get("name")?, row.try_get("runs")?))
    };
    let (user, email, name, runs): (_, _, _, bool) = read().map_err(DbError::from)?;
    ctx.request().after_rollback().identity = Some(Identity { tenant: token.tenant, ..Identity::default() });
    if runs || kind == LinkKind::PasswordReset { Ok(Link { token, user, email, name }) } else { Err(Error::subscription_expired()) }
}

/// What is answered to the token of a link that can't be used. It is audited where there was such a link.
pub(super) async fn dead(ctx: &Context<'_>, token: &LinkToken) -> Error {
    match ctx.tx().value::<bool>(sql::KNOWS_LINK, &[&token.hash()]).await {
        Ok(known) => {
            let identity = Identity { tenant: token.tenant, ..Identity::default() };
            ctx.request().after_rollback().identity = (known == Some(true)).then_some(identity);
            Error::bad_link()
        }
        Err(error) => error.into(),
    }
}

/// What a token would do; nothing where using it would be refused.
///
/// # Errors
/// When the database can't be reached.
pub(super) async fn preview(ctx: &Context<'_>, token: &str) -> Result<Option<LinkPreview>> {
    let Some(token) = LinkToken::parse(token.trim()) else { return Ok(None) };
    ctx.tx().go_to_school(token.tenant).await?;
    let rows = ctx.tx().query(sql::PREVIEW, &[&token.tenant, &token.hash()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let read = || -> Result<_, tokio_postgres::Error> {
        Ok(LinkPreview {
            kind: row.try_get("kind")?,
            tenant_name: row.try_get("tenant_name")?,
            tenant_slug: row.try_get("tenant_slug")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role_names: row.try_get("role_names")?,
            expires_at: DateTime(row.try_get("expires_at")?),
        })
    };
    Ok(Some(read().map_err(DbError::from)?))
}
