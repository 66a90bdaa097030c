//! Signing in and out at the platform, refreshing, changing the password.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    auth::{Actor, Passwords, RefreshToken, Verdict},
    db::Identity,
    error::{Error, Result},
    resolve::{Ctx, DateTime, LateWrite, Loaded},
    text,
};
use lectern_macros::{mutations, object, resolvers};
use uuid::Uuid;

use super::{
    PlatformAdmin,
    admin::myself,
    factor,
    inputs::{ChangePasswordInput, LoginInput, RefreshSessionInput},
    sql,
};
use crate::domains::identity::password_hints;

/// A sign-in at the platform: the tokens of one device, and whose they are.
#[object(name = "Session", resolvers)]
pub struct DeskSession {
    /// Send it as `Authorization: Bearer …`, to this endpoint: at the schools' it is worth nothing. Valid for 15 minutes.
    pub access_token: String,
    /// When the access token ends.
    pub access_token_expires_at: DateTime,
    /// Exchange it once, with `refreshSession`, for a new pair. Presenting a spent one ends this sign-in.
    pub refresh_token: String,
    /// When the sign-in ends, however often it is refreshed: 12 hours after it began.
    pub refresh_token_expires_at: DateTime,
}

#[resolvers]
impl DeskSession {
    /// Who is signed in now.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Loaded<PlatformAdmin>> {
        myself(ctx).await
    }
}

/// The greatest length of a credential, in bytes.
const MAX_BYTES: usize = 1024;

/// Who this transaction belongs to, signed in until `ends`. `None`: they are not any more.
async fn answer(ctx: &Context<'_>, refresh_token: String, ends: Timestamp) -> Result<Option<DeskSession>> {
    let identity = ctx.tx().identity();
    let Some(row) = ctx.tx().load_actor().await? else { return Ok(None) };
    let access = ctx.request().services.tokens.access(identity, row.token_version, ctx.now())?;
    ctx.request().become_actor(Actor::new(identity, row));
    Ok(Some(DeskSession {
        access_token: access.text,
        access_token_expires_at: DateTime(access.expires_at),
        refresh_token,
        refresh_token_expires_at: DateTime(ends),
    }))
}

/// Begins a sign-in of an administrator whose credentials were verified. `None`: their token version has changed since.
async fn begin(ctx: &Context<'_>, admin: Uuid, version: i32) -> Result<Option<DeskSession>> {
    let (tx, session) = (ctx.tx(), Uuid::now_v7());
    tx.assume(Identity { tenant: Uuid::nil(), user: admin, session }).await?;
    let (token, issued) = ctx.request().services.tokens.refresh(Uuid::nil(), ctx.now())?;
    let address = ctx.request().asked_by.address.clone();
    let ends: Option<Option<Timestamp>> = tx.value(sql::BEGIN_SESSION, &[&session, &version, &token.hash(), &address]).await?;
    match ends.flatten() {
        Some(ends) => answer(ctx, issued.text, ends).await,
        None => Ok(None),
    }
}

/// Whether a password is the own one.
///
/// # Errors
/// `BAD_USER_INPUT` with the field, for a wrong one.
pub(super) async fn verify_own(ctx: &Context<'_>, field: &str, password: &str, hash: Option<String>) -> Result<()> {
    let is_wrong =
        password.len() > MAX_BYTES || ctx.request().services.passwords.verify(password.to_owned(), hash).await? == Verdict::Wrong;
    if is_wrong { Err(Error::bad_input(field, "is wrong")) } else { Ok(()) }
}

/// Mutations of the own sign-in.
pub struct SessionMutations;

#[mutations("PlatformAdmin")]
impl SessionMutations {
    /// Signs an administrator of the platform in. A wrong email or password, and a suspended administrator, all answer UNAUTHENTICATED, alike and after
    /// the same time; RATE_LIMITED where too many have failed. Where a second factor is on and none is given: UNAUTHENTICATED with
    /// SECOND_FACTOR_REQUIRED; with a wrong or used one: CODE_INVALID.
    #[public]
    #[session]
    #[knocks(Password)]
    #[hashes_password]
    async fn login(
        ctx: &Context<'_>,
        /// The credentials.
        input: LoginInput,
    ) -> Result<DeskSession> {
        if input.email.contains('\0') || input.email.len() > MAX_BYTES || input.password.len() > MAX_BYTES {
            return Err(Error::bad_desk_credentials());
        }
        let found = ctx.tx().query(sql::FIND_CREDENTIAL, &[&text::composed(input.email.trim())]).await?;
        let row = found.first();
        let admin: Option<Uuid> = row.map(|row| row.get(0));
        let hash: Option<String> = row.and_then(|row| row.get(1));
        let version: i32 = row.map(|row| row.get(2)).unwrap_or_default();
        let is_active = row.is_some_and(|row| row.get(3));
        let secret: Option<Vec<u8>> = row.and_then(|row| row.get(4));

        // Verified whatever was found, so that every refusal takes the same time; where too many have failed, against nothing.
        let terms = ctx.request().sign_in;
        let verdict = ctx.request().services.passwords.verify(input.password, hash.filter(|_| terms.looks)).await?;
        if terms.is_audited {
            let user = admin.unwrap_or_default();
            ctx.request().after_rollback().identity = Some(Identity { tenant: Uuid::nil(), user, session: Uuid::nil() });
        }
        if let (Some(admin), true, true) = (admin, verdict != Verdict::Wrong, is_active) {
            if let Some(secret) = secret {
                let code = input.second_factor.filter(|code| !code.trim().is_empty()).ok_or_else(Error::second_factor_required)?;
                if !factor::spend(ctx, admin, &secret, &code).await? {
                    return Err(Error::bad_second_factor());
                }
            }
            if let Some(session) = begin(ctx, admin, version).await? {
                return Ok(session);
            }
        }
        Err(Error::bad_desk_credentials())
    }

    /// Exchanges a refresh token for a new pair of tokens. Each works once: presenting it again ends the whole sign-in. UNAUTHENTICATED then, for an
    /// unknown one, and 12 hours after the sign-in began.
    #[public]
    #[session]
    async fn refresh_session(
        ctx: &Context<'_>,
        /// The refresh token.
        input: RefreshSessionInput,
    ) -> Result<DeskSession> {
        let refused = Error::bad_refresh_token;
        // One of a school is unknown here, whatever it says.
        let presented = RefreshToken::parse(&input.refresh_token).filter(|token| token.tenant.is_nil()).ok_or_else(refused)?;
        let tx = ctx.tx();
        tx.assume(Identity::default()).await?;
        let (successor, issued) = ctx.request().services.tokens.refresh(Uuid::nil(), ctx.now())?;
        let rows = tx.query(sql::ROTATE_TOKEN, &[&presented.hash(), &successor.hash()]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("rotate_desk_token answered nothing"))?;
        let (user, session, ends): (Option<Uuid>, Option<Uuid>, Option<Timestamp>) = (row.get(1), row.get(2), row.get(3));
        let identity = Identity { tenant: Uuid::nil(), user: user.unwrap_or_default(), session: session.unwrap_or_default() };
        match (row.get::<_, &str>(0), ends) {
            ("ROTATED", Some(ends)) => {
                tx.assume(identity).await?;
                answer(ctx, issued.text, ends).await?.ok_or_else(refused)
            }
            ("REUSED", _) => {
                let mut after = ctx.request().after_rollback();
                after.identity = Some(identity);
                after.write = session.map(|id| LateWrite { operation: "refreshSession", sql: sql::REVOKE_REUSED, id });
                Err(Error::spent_refresh_token())
            }
            _ => Err(refused()),
        }
    }

    /// Ends this sign-in: its tokens are dead at once.
    #[authenticated]
    #[session]
    async fn logout(ctx: &Context<'_>) -> Result<bool> {
        let session = ctx.actor()?.session;
        ctx.tx().query(sql::LOGOUT, &[&session]).await?;
        Ok(true)
    }

    /// Changes the own password. Every other sign-in ends; this device goes on with the answered tokens. BAD_USER_INPUT for a wrong current password or a
    /// weak new one, RATE_LIMITED after too many.
    #[session]
    #[hashes_password]
    #[guesses("currentPassword", Proof)]
    async fn change_password(
        ctx: &Context<'_>,
        /// The old and the new password.
        input: ChangePasswordInput,
    ) -> Result<DeskSession> {
        let (actor, tx) = (ctx.actor()?, ctx.tx());
        let known = tx.query(sql::OWN_SECRETS, &[]).await?;
        let known = known.first().ok_or_else(Error::unauthenticated)?;
        let (hash, email, name): (String, &str, &str) = (known.get(0), known.get(1), known.get(2));
        verify_own(ctx, "currentPassword", &input.current_password, Some(hash.clone())).await?;
        if text::composed(&input.new_password) == text::composed(&input.current_password) {
            return Err(Error::bad_input("newPassword", "must differ from the current one"));
        }
        Passwords::check(&input.new_password, &password_hints(email, name)).map_err(|error| Error::bad_input("newPassword", error.0))?;
        let new_hash = ctx.request().services.passwords.hash(input.new_password).await?;
        let version: Option<Option<i32>> = tx.value(sql::CHANGE_PASSWORD, &[&hash, &new_hash]).await?;
        let version = version.flatten().ok_or_else(|| Error::bad_input("currentPassword", "is wrong"))?; // changed by another request meanwhile
        begin(ctx, actor.user, version).await?.ok_or_else(Error::unauthenticated)
    }
}
