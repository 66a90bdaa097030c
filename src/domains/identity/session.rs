//! Signing in and out, refreshing, changing the password, switching the role.

use async_graphql::{Context, InputObject};
use lectern_kernel::{
    auth::{Actor, DeviceToken, IssuedToken, Passwords, RefreshToken, Verdict},
    db::{Identity, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, LateWrite, Rows as _},
    text,
};
use lectern_macros::{mutations, object};
use uuid::Uuid;

use super::{
    SignIn, SignInMethod, Viewer,
    inputs::{password_hints, role_key},
    sql,
};
use crate::domains::credentials;

/// A sign-in: the tokens of one device, and who they belong to.
#[object]
pub struct Session {
    /// Send it as `Authorization: Bearer …`. Valid for minutes, and only while the person, the sign-in and the token
    /// version last.
    pub access_token: String,
    /// When the access token ends.
    pub access_token_expires_at: DateTime,
    /// Exchange it once, with `refreshSession`, for a new pair. It is spent then, and when `switchRole` answers another;
    /// presenting a spent one ends this sign-in.
    pub refresh_token: String,
    /// When the refresh token ends.
    pub refresh_token_expires_at: DateTime,
    /// Proves that this person has signed in on this device. Keep it beyond the sign-out, one for each account, and send it with the next
    /// `login`: then wrong passwords of others, from the same address or to the same account, do not keep you out. It signs
    /// nobody in, and ends with `logoutEverywhere`, a change of the password, a suspension and a deletion.
    pub device_token: String,
    /// Who is signed in now.
    pub viewer: Viewer,
}

/// Credentials.
#[derive(InputObject)]
pub struct LoginInput {
    /// The school's slug.
    pub tenant: String,
    /// The email address, in any case, its domain in Unicode or as DNS has it (`xn--…`); or the username.
    pub email: String,
    /// The password.
    pub password: String,
    /// The `deviceToken` of an earlier sign-in of this account on this device, if there was one. One that is not valid, or not
    /// any more, counts as none.
    pub device_token: Option<String>,
    /// Where a second factor is on: six digits of it, or a recovery code.
    pub second_factor: Option<String>,
}

/// A refresh token to exchange.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The latest refresh token of this sign-in.
    pub refresh_token: String,
}

/// A change of the own password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password as it is.
    pub current_password: String,
    /// The password as it shall be: 10 to 128 characters, not easy to guess.
    pub new_password: String,
}

/// A change of the role that one acts in.
#[derive(InputObject)]
pub struct SwitchRoleInput {
    /// The key of a role that you hold.
    pub role_key: String,
}

/// Loads the actor that this transaction now belongs to and answers both tokens. `None`: they hold no role any more.
async fn answer(ctx: &Context<'_>, refresh: IssuedToken, device: Option<Uuid>) -> Result<Option<Session>> {
    let identity = ctx.tx().identity();
    let Some(row) = ctx.tx().load_actor().await? else { return Ok(None) };
    let tokens = &ctx.request().services.tokens;
    let access = tokens.access(identity, row.token_version, ctx.now())?;
    let Identity { tenant, user, session } = identity;
    let device = DeviceToken { tenant, user, device: device.unwrap_or(session), token_version: row.token_version };
    let device_token = tokens.device(&device, ctx.now());
    ctx.request().become_actor(Actor::new(identity, row));
    Ok(Some(Session {
        access_token: access.text,
        access_token_expires_at: DateTime(access.expires_at),
        refresh_token: refresh.text,
        refresh_token_expires_at: DateTime(refresh.expires_at),
        device_token,
        viewer: Viewer,
    }))
}

/// What a program says it is, as it is kept: one line of at most 300 characters.
fn user_agent(ctx: &Context<'_>) -> Option<String> {
    const MOST: usize = 300;
    let said = ctx.request().asked_by.user_agent.as_deref()?;
    let kept: String = said.chars().filter(|letter| !letter.is_control()).take(MOST).collect();
    Some(kept.trim().to_owned()).filter(|agent| !agent.is_empty())
}

/// Looks at a code of the second factor of somebody whose first is right: six digits, or a recovery code. Whether one was proven: not where none is on,
/// nor where no code is given, which [`begin`] refuses then.
///
/// # Errors
/// `UNAUTHENTICATED` with CODE_INVALID; after a password it is counted, for somebody knows that.
pub async fn prove_factor(ctx: &Context<'_>, (tenant, user): (Uuid, Uuid), code: Option<&str>, first: SignInMethod) -> Result<bool> {
    let Some(code) = code else { return Ok(false) };
    let identity = Identity { tenant, user, session: Uuid::nil() };
    ctx.tx().assume(identity).await?;
    match credentials::accepts(ctx, code).await? {
        Some(false) => {
            let mut after = ctx.request().after_rollback();
            after.identity = Some(identity);
            if first == SignInMethod::Password {
                after.write = Some(LateWrite { operation: "login", sql: sql::MISS_SECOND_FACTOR, id: user });
            }
            Err(Error::bad_second_factor())
        }
        accepted => Ok(accepted.is_some()),
    }
}

/// Begins a sign-in of a person whose credentials were verified, and switches the identity to theirs: how, and whether a second factor was proven.
/// `None`: their token version has changed since.
///
/// # Errors
/// `UNAUTHENTICATED` with SECOND_FACTOR_REQUIRED where one is on that was not proven.
pub async fn begin(
    ctx: &Context<'_>,
    (tenant, user): (Uuid, Uuid),
    version: i32,
    role: Option<Uuid>,
    device: Option<Uuid>,
    (method, is_proven): (SignInMethod, bool),
) -> Result<Option<Session>> {
    let session = Uuid::now_v7();
    let tx = ctx.tx();
    tx.assume(Identity { tenant, user, session }).await?;
    let (token, issued) = ctx.request().services.tokens.refresh(tenant, ctx.now())?;
    let (agent, address) = (user_agent(ctx), ctx.request().asked_by.address.clone());
    let began: Option<bool> = tx
        .value(
            "SELECT app.begin_session($2, $3, $4, $5, $6, $7, $8, $9, $10) WHERE app.tenant_id() = $1",
            &[&session, &version, &role, &token.hash(), &issued.expires_at, &method, &agent, &address, &is_proven],
        )
        .await
        .on_constraint("second_factor_required", |_| Error::second_factor_required())?;
    if began == Some(true) { answer(ctx, issued, device).await } else { Ok(None) }
}

/// The device that a token names, where it is one of this person's: it stays the same, however often they sign in on it.
fn known_device(ctx: &Context<'_>, token: &Option<String>, user: Uuid) -> Option<Uuid> {
    let device = ctx.request().services.tokens.read_device(token.as_deref()?, ctx.now())?;
    (device.user == user).then_some(device.device)
}

/// The greatest length of a credential, in bytes.
const MAX_BYTES: usize = 1024;

/// Mutations of the own sign-in.
pub struct SessionMutations;

#[mutations("Session")]
impl SessionMutations {
    /// Signs in. A wrong school, email or password, and a suspended person, all answer UNAUTHENTICATED, alike and after
    /// the same time; RATE_LIMITED where too many have failed. A device token keeps others' failures from counting. Where all that is right and a second
    /// factor is on: UNAUTHENTICATED with SECOND_FACTOR_REQUIRED without a code of it, with CODE_INVALID for one that is wrong or was used.
    #[public]
    #[session]
    #[knocks(Password)]
    #[hashes_password]
    async fn login(
        ctx: &Context<'_>,
        /// The credentials.
        input: LoginInput,
    ) -> Result<Session> {
        let storable = |text: &str| !text.contains('\0') && text.len() <= MAX_BYTES;
        if !storable(&input.tenant) || !storable(&input.email) || input.password.len() > MAX_BYTES {
            return Err(Error::bad_credentials());
        }
        ctx.tx().go_to_school_named(&input.tenant).await?;
        let found = ctx
            .tx()
            .query(
                "SELECT tenant_id, user_id, password_hash, token_version, is_active FROM app.find_credential($2, $3, $4) \
                 WHERE $1::uuid IS NOT NULL",
                &[&input.tenant.trim(), &text::email_key(&input.email), &text::composed(input.email.trim())],
            )
            .await?;
        let row = found.first();
        let tenant: Uuid = row.map(|row| row.get(0)).unwrap_or_default();
        let user: Option<Uuid> = row.and_then(|row| row.get(1));
        let hash: Option<String> = row.and_then(|row| row.get(2));
        let version: i32 = row.and_then(|row| row.get(3)).unwrap_or_default();
        let is_active = row.and_then(|row| row.get::<_, Option<bool>>(4)) == Some(true);

        // Verified whatever was found, so that every refusal takes the same time; where too many have failed, against nothing.
        let terms = ctx.request().sign_in;
        let passwords = &ctx.request().services.passwords;
        let verdict = passwords.verify(input.password.clone(), hash.clone().filter(|_| terms.looks)).await?;
        if let (Some(user), true, true) = (user, verdict != Verdict::Wrong, is_active) {
            let is_proven = prove_factor(ctx, (tenant, user), input.second_factor.as_deref(), SignInMethod::Password).await?;
            let device = known_device(ctx, &input.device_token, user);
            if let Some(session) = begin(ctx, (tenant, user), version, None, device, (SignInMethod::Password, is_proven)).await? {
                if verdict == Verdict::Outdated {
                    let anew = passwords.hash(input.password).await?;
                    ctx.tx().query("SELECT app.renew_own_password_hash($2, $3) WHERE app.tenant_id() = $1", &[&hash, &anew]).await?;
                }
                return Ok(session);
            }
        }
        if terms.is_audited {
            ctx.request().after_rollback().identity = Some(Identity { tenant, user: user.unwrap_or_default(), session: Uuid::nil() });
        }
        Err(Error::bad_credentials())
    }

    /// Exchanges a refresh token for a new pair of tokens. Each refresh token works once: presenting it again ends the
    /// whole sign-in, because one of the two who hold it stole it. UNAUTHENTICATED then, and for an unknown one.
    #[public]
    #[session]
    async fn refresh_session(
        ctx: &Context<'_>,
        /// The refresh token.
        input: RefreshSessionInput,
    ) -> Result<Session> {
        let refused = Error::bad_refresh_token;
        let presented = RefreshToken::parse(&input.refresh_token).ok_or_else(refused)?;
        let tx = ctx.tx();
        let tenant = presented.tenant;
        tx.assume(Identity { tenant, ..Identity::default() }).await?;
        let (successor, issued) = ctx.request().services.tokens.refresh(tenant, ctx.now())?;
        let rows = tx
            .query(
                "SELECT outcome, user_id, session_id FROM app.rotate_refresh_token($2, $3, $4) WHERE app.tenant_id() = $1",
                &[&presented.hash(), &successor.hash(), &issued.expires_at],
            )
            .await?;
        let row = rows.first().ok_or_else(|| Error::internal("rotate_refresh_token answered nothing"))?;
        let (user, session): (Option<Uuid>, Option<Uuid>) = (row.get(1), row.get(2));
        let identity = Identity { tenant, user: user.unwrap_or_default(), session: session.unwrap_or_default() };
        match row.get::<_, &str>(0) {
            "ROTATED" => {
                tx.assume(identity).await?;
                answer(ctx, issued, None).await?.ok_or_else(refused)
            }
            "REUSED" => {
                let mut after = ctx.request().after_rollback();
                after.identity = Some(identity);
                after.write = session.map(|id| LateWrite { operation: "refreshSession", sql: sql::REVOKE_REUSED, id });
                Err(Error::spent_refresh_token())
            }
            _ => Err(refused()),
        }
    }

    /// Ends this sign-in: its tokens are dead at once. Whoever sees as somebody else ends that alone.
    #[authenticated]
    #[session]
    #[while_viewing]
    async fn logout(ctx: &Context<'_>) -> Result<bool> {
        let actor = ctx.actor()?;
        let session = actor.session;
        if actor.viewed_by.is_some() {
            ctx.tx().query("SELECT app.end_viewing($2) WHERE app.tenant_id() = $1", &[&session]).await?;
            return Ok(true);
        }
        ctx.tx()
            .query("UPDATE session s SET revoked_at = now(), revoked_reason = 'LOGOUT' WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL", &[&session])
            .await?;
        Ok(true)
    }

    /// Ends every sign-in of yours, on every device: all tokens are dead at once.
    #[authenticated]
    #[session]
    async fn logout_everywhere(ctx: &Context<'_>) -> Result<bool> {
        let actor = ctx.actor()?;
        ctx.tx()
            .query("UPDATE app_user u SET token_version = token_version + 1 WHERE u.tenant_id = $1 AND u.id = $2", &[&actor.user])
            .await?;
        Ok(true)
    }

    /// Ends a sign-in of yours on another device, or this one: its tokens are dead at once. One that has ended is answered again. Not for API keys.
    #[in_person]
    async fn end_sign_in(
        ctx: &Context<'_>,
        /// The sign-in's id.
        id: Id<SignIn>,
    ) -> Result<Id<SignIn>> {
        if ctx.whole(id).await?.is_none() {
            return Err(Error::not_found("sign-in").field("id"));
        }
        ctx.tx().query(sql::END_SIGN_IN, &[&id]).await?;
        Ok(id)
    }

    /// Changes the own password. Every other sign-in ends; this device goes on with the answered tokens. BAD_USER_INPUT
    /// for a wrong current password or a weak new one, RATE_LIMITED where too many were wrong; FORBIDDEN with APPROVAL_NEEDED where the school wants
    /// somebody above to decide (`requestPasswordChange`).
    #[session]
    #[hashes_password]
    #[guesses("currentPassword", Proof)]
    async fn change_password(
        ctx: &Context<'_>,
        /// The old and the new password.
        input: ChangePasswordInput,
    ) -> Result<Session> {
        let actor = ctx.actor()?;
        let tx = ctx.tx();
        let passwords = &ctx.request().services.passwords;
        let known = tx.query(sql::OWN_PASSWORD, &[&actor.user]).await?;
        let known = known.first().ok_or_else(Error::unauthenticated)?;
        let (hash, email, name): (Option<String>, &str, &str) = (known.get(0), known.get(1), known.get(2));
        let needs_approval = || Error::forbidden("APPROVAL_NEEDED", "Your school wants somebody to decide: use `requestPasswordChange`.");
        if known.get(3) {
            return Err(needs_approval());
        }
        let wrong = || Error::bad_input("currentPassword", "is wrong");
        if input.current_password.len() > MAX_BYTES
            || passwords.verify(input.current_password.clone(), hash.clone()).await? == Verdict::Wrong
        {
            return Err(wrong());
        }
        if text::composed(&input.new_password) == text::composed(&input.current_password) {
            return Err(Error::bad_input("newPassword", "must differ from the current one"));
        }
        Passwords::check(&input.new_password, &password_hints(email, name)).map_err(|error| Error::bad_input("newPassword", error.0))?;
        let new_hash = passwords.hash(input.new_password).await?;
        let version: Option<Option<i32>> = tx
            .value("SELECT app.change_own_password($2, $3) WHERE app.tenant_id() = $1", &[&hash, &new_hash])
            .await
            .on_constraint("password_change_needs_approval", |_| needs_approval())?;
        let version = version.flatten().ok_or_else(wrong)?; // changed by somebody else in the meantime
        // Whoever is signed in has proven a second factor before.
        let how = (SignInMethod::Password, true);
        begin(ctx, (actor.tenant, actor.user), version, Some(actor.role_id), None, how).await?.ok_or_else(Error::unauthenticated)
    }

    /// Goes on in another role that you hold, upward or downward, on this device alone: this sign-in stays in it, also
    /// after a refresh. The earlier refresh token is spent. FORBIDDEN with ROLE_NOT_HELD for a role that you don't hold.
    #[session]
    async fn switch_role(
        ctx: &Context<'_>,
        /// The role to go on in.
        input: SwitchRoleInput,
    ) -> Result<Session> {
        let actor = ctx.actor()?;
        let key = role_key("roleKey", &input.role_key)?;
        let switched = ctx
            .tx()
            .query(
                "UPDATE session s SET active_role_id = r.id FROM role r JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id \
                 WHERE s.tenant_id = $1 AND s.id = $2 AND r.tenant_id = $1 AND r.key = $3 AND ur.user_id = $4 RETURNING r.id",
                &[&actor.session, &key, &actor.user],
            )
            .await?;
        if switched.is_empty() {
            return Err(Error::forbidden("ROLE_NOT_HELD", "You do not hold that role.").field("roleKey"));
        }
        let (token, issued) = ctx.request().services.tokens.refresh(actor.tenant, ctx.now())?;
        ctx.tx()
            .query(
                "SELECT app.issue_refresh_token($2, $3, $4) WHERE app.tenant_id() = $1",
                &[&actor.session, &token.hash(), &issued.expires_at],
            )
            .await
            .on_row_security(Error::unauthenticated)?;
        answer(ctx, issued, None).await?.ok_or_else(Error::unauthenticated)
    }
}
