//! What mailed links permit. A link is spent by one conditional UPDATE in the transaction of that: looking at it, or a refused input, spends nothing.

use async_graphql::Context;
use lectern_kernel::{
    auth::Passwords,
    db::{DbError, Identity, OnConstraint as _},
    error::{Error, Result},
    resolve::Ctx,
};
use lectern_macros::mutations;
use uuid::Uuid;

use super::{
    inputs::{self, AcceptInvitationInput, ConfirmSignUpInput, ResetPasswordInput, RevertEmailChangeInput},
    link::{self, LinkKind},
    sign_up::{SignUpReceipt, SignUpState},
    sql,
};
use crate::domains::identity::{Session, SignInMethod, begin_session, password_hints};

/// Mutations of those who hold a mailed link.
pub struct LinkMutations;

/// Refuses a weak password, and hashes one that is not.
async fn hashed(ctx: &Context<'_>, field: &str, password: String, email: &str, name: Option<&str>) -> Result<String> {
    Passwords::check(&password, &password_hints(email, name.unwrap_or_default())).map_err(|error| Error::bad_input(field, error.0))?;
    ctx.request().services.passwords.hash(password).await
}

/// Somebody has the address by now.
pub(super) fn address_taken(_: &DbError) -> Error {
    Error::conflict("EMAIL_TAKEN", "Somebody in this school has this email address.")
}

/// The school has as many people as its plan allows.
pub fn too_many_people(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("The school's plan allows {limit} people, and it has {used}."), limit, used)
}

pub(super) fn too_many_teach(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("The school's plan allows {limit} instructors, and it has {used}."), limit, used)
}

/// What may keep somebody from coming in.
pub(super) fn admitted<T>(done: Result<T, DbError>) -> Result<T> {
    Ok(done
        .on_constraint("app_user_address_key", address_taken)
        .on_constraint("app_user_email_key", address_taken)
        .on_constraint("subscription", |_| Error::subscription_expired())
        .on_constraint("tenant_max_users", too_many_people)
        .on_constraint("tenant_max_instructors", too_many_teach)?)
}

#[mutations("User")]
impl LinkMutations {
    /// Sets a new password by a mailed link, or the first one. Every sign-in ends; sign in with `login`. UNAUTHENTICATED with LINK_INVALID for a link that
    /// is not valid any more, BAD_USER_INPUT for a weak password, which leaves the link as it was. It goes on after the subscription has lapsed.
    #[public]
    #[session]
    #[hashes_password]
    async fn reset_password(
        ctx: &Context<'_>,
        /// The link, and the password.
        input: ResetPasswordInput,
    ) -> Result<bool> {
        let found = link::open(ctx, &input.token, LinkKind::PasswordReset).await?;
        let hash = hashed(ctx, "newPassword", input.new_password, &found.email, found.name.as_deref()).await?;
        let (tenant, user) = (found.token.tenant, found.user.unwrap_or_default());
        ctx.tx().assume(Identity { tenant, user, session: Uuid::nil() }).await?;
        match ctx.tx().value::<bool>(sql::RESET_PASSWORD, &[&found.token.hash(), &hash]).await? {
            Some(true) => Ok(true),
            _ => Err(link::dead(ctx, &found.token).await),
        }
    }

    /// Confirms a sign-up by a mailed link, which proves the mailbox. APPROVED: the account is there, sign in with `login`; PENDING: the school decides, and
    /// mails it. UNAUTHENTICATED with LINK_INVALID for a link that is not valid any more, BAD_USER_INPUT for a weak password, CONFLICT with EMAIL_TAKEN where
    /// somebody has the address by now, with SIGN_UP_PENDING where a sign-up of it is pending already; LIMIT_REACHED.
    #[public]
    #[session]
    #[hashes_password]
    #[about("SignUpRequest")]
    async fn confirm_sign_up(
        ctx: &Context<'_>,
        /// The link, and the password.
        input: ConfirmSignUpInput,
    ) -> Result<SignUpReceipt> {
        let found = link::open(ctx, &input.token, LinkKind::SignUp).await?;
        let hash = hashed(ctx, "password", input.password, &found.email, found.name.as_deref()).await?;
        let confirmed = ctx.tx().query(sql::CONFIRM_SIGN_UP, &[&found.token.hash(), &hash, &Uuid::now_v7(), &Uuid::now_v7()]).await;
        let confirmed = admitted_or(confirmed, "sign_up_pending", || {
            Error::conflict("SIGN_UP_PENDING", "A sign-up of this email address waits for the school's decision.")
        })?;
        let receipt = confirmed.first().and_then(|row| Some((row.get::<_, Option<SignUpState>>(0)?, row.get::<_, String>(1))));
        match receipt {
            Some((state, tenant)) => Ok(SignUpReceipt { state, tenant }),
            None => Err(link::dead(ctx, &found.token).await),
        }
    }

    /// Accepts an invitation by a mailed link: makes the person, and signs them in. UNAUTHENTICATED with LINK_INVALID for a link that is not valid any more,
    /// also where whoever invited may no longer admit to these roles; BAD_USER_INPUT for a weak password, and for a missing name where the invitation has
    /// none; CONFLICT with EMAIL_TAKEN, LIMIT_REACHED.
    #[public]
    #[session]
    #[hashes_password]
    #[about("Invitation")]
    async fn accept_invitation(
        ctx: &Context<'_>,
        /// The link, the name and the password.
        input: AcceptInvitationInput,
    ) -> Result<Session> {
        let found = link::open(ctx, &input.token, LinkKind::Invitation).await?;
        let name = inputs::optional_name("name", input.name.as_deref())?;
        if name.is_none() && found.name.is_none() {
            return Err(Error::bad_input("name", "is needed: the invitation has none"));
        }
        let called = name.as_deref().or(found.name.as_deref());
        let hash = hashed(ctx, "password", input.password, &found.email, called).await?;
        let (tenant, user) = (found.token.tenant, Uuid::now_v7());
        // They come in in their own name.
        ctx.tx().assume(Identity { tenant, user, session: Uuid::nil() }).await?;
        let accepted = ctx.tx().value::<Option<i32>>(sql::ACCEPT_INVITATION, &[&found.token.hash(), &user, &name, &hash]).await;
        if let Some(version) = admitted(accepted)?.flatten()
            && let Some(session) = begin_session(ctx, (tenant, user), version, None, None, (SignInMethod::Invitation, false)).await?
        {
            return Ok(session);
        }
        Err(link::dead(ctx, &found.token).await)
    }

    /// Gives an account the email address back that it had, by the link that was mailed there. Every sign-in ends; other links to the account are dead.
    /// UNAUTHENTICATED with LINK_INVALID for a link that is not valid any more, CONFLICT with EMAIL_TAKEN where somebody has the address by now.
    #[public]
    #[session]
    async fn revert_email_change(
        ctx: &Context<'_>,
        /// The link.
        input: RevertEmailChangeInput,
    ) -> Result<bool> {
        let found = link::open(ctx, &input.token, LinkKind::EmailRevert).await?;
        let (tenant, user) = (found.token.tenant, found.user.unwrap_or_default());
        ctx.tx().assume(Identity { tenant, user, session: Uuid::nil() }).await?;
        match admitted(ctx.tx().value::<bool>(sql::REVERT_EMAIL, &[&found.token.hash()]).await)? {
            Some(true) => Ok(true),
            _ => Err(link::dead(ctx, &found.token).await),
        }
    }
}

/// As [`admitted`], where one more rule may refuse.
pub(super) fn admitted_or<T>(done: Result<T, DbError>, rule: &str, refusal: impl FnOnce() -> Error) -> Result<T> {
    match done {
        Err(error) if error.constraint() == Some(rule) => Err(refusal()),
        done => admitted(done),
    }
}
