//! Signing in and out, refreshing, changing the password, switching the role.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use uuid::Uuid;

use super::Viewer;
use crate::{
    auth::{Actor, Passwords, RefreshToken},
    db::{Identity, OnConstraint},
    error::{Error, Result},
    graphql::{Authenticated, Ctx, DateTime, Public, SignedIn, public},
};

/// A sign-in: the tokens of one device, and who they belong to.
#[derive(SimpleObject)]
pub struct Session {
    /// Send it as `Authorization: Bearer …`. Valid for minutes, and only while the person, the sign-in and the token
    /// version last.
    pub access_token: String,
    /// When the access token ends.
    pub access_token_expires_at: DateTime,
    /// Exchange it once, with `refreshSession`, for a new pair. Presenting it a second time ends this sign-in.
    pub refresh_token: String,
    /// When the refresh token ends.
    pub refresh_token_expires_at: DateTime,
    /// Who is signed in now.
    pub viewer: Viewer,
}

/// Credentials.
#[derive(InputObject)]
pub struct LoginInput {
    /// The school's slug.
    pub tenant: String,
    /// The email address, in any case.
    pub email: String,
    /// The password.
    pub password: String,
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

/// Loads the actor that this transaction now belongs to and issues both tokens.
async fn issue(ctx: &Context<'_>, refresh: crate::auth::IssuedToken) -> Result<Session> {
    let identity = ctx.tx().identity();
    let row = ctx.tx().reload_actor().await?.ok_or_else(Error::bad_credentials)?;
    let access = ctx.request().services.tokens.access(identity, row.token_version, ctx.now())?;
    ctx.request().become_actor(Actor::new(identity, row));
    Ok(Session {
        access_token: access.text,
        access_token_expires_at: DateTime(access.expires_at),
        refresh_token: refresh.text,
        refresh_token_expires_at: DateTime(refresh.expires_at),
        viewer: Viewer,
    })
}

/// Begins a sign-in of the person whom the transaction belongs to.
async fn begin(ctx: &Context<'_>, identity: Identity, active_role: Option<Uuid>) -> Result<Session> {
    let tx = ctx.tx();
    tx.assume(identity).await?;
    let (token, issued) = ctx.request().services.tokens.refresh(identity.tenant, ctx.now())?;
    tx.query(
        "INSERT INTO session (tenant_id, id, user_id, active_role_id) VALUES ($1, $2, $3, $4)",
        &[&identity.session, &identity.user, &active_role],
    )
    .await?;
    tx.query(
        "INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at) VALUES ($1, $2, $3, $4)",
        &[&token.hash(), &identity.session, &issued.expires_at],
    )
    .await?;
    issue(ctx, issued).await
}

/// Mutations of the own sign-in.
#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Signs in. A wrong school, email or password, and a suspended person, all answer UNAUTHENTICATED, alike and after
    /// the same time.
    #[graphql(guard = "Public", directive = public::apply())]
    async fn login(&self, ctx: &Context<'_>, #[graphql(desc = "The credentials.")] input: LoginInput) -> Result<Session> {
        let storable = |text: &str| !text.contains('\0') && text.len() <= 1024;
        if !storable(&input.tenant) || !storable(&input.email) || input.password.len() > 1024 {
            return Err(Error::bad_credentials());
        }
        let found = ctx
            .tx()
            .query(
                "SELECT tenant_id, user_id, password_hash, is_active FROM app.find_credential($2, $3) WHERE $1::uuid IS NOT NULL",
                &[&input.tenant.trim(), &input.email.trim()],
            )
            .await?;
        let row = found.first();
        let tenant: Uuid = row.map(|row| row.get(0)).unwrap_or_default();
        let user: Option<Uuid> = row.and_then(|row| row.get(1));
        let hash: Option<String> = row.and_then(|row| row.get(2));
        let is_active = row.and_then(|row| row.get::<_, Option<bool>>(3)) == Some(true);

        let matches = ctx.request().services.passwords.verify(input.password, hash).await?;
        let (Some(user), true, true) = (user, matches, is_active) else {
            ctx.request().afterwards().identity = Some(Identity { tenant, user: user.unwrap_or_default(), session: Uuid::nil() });
            return Err(Error::bad_credentials());
        };
        begin(ctx, Identity { tenant, user, session: Uuid::now_v7() }, None).await
    }

    /// Exchanges a refresh token for a new pair of tokens. Each refresh token works once: presenting it again ends the
    /// whole sign-in, because one of the two who hold it stole it. UNAUTHENTICATED then, and for an unknown one.
    #[graphql(guard = "Public", directive = public::apply())]
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Result<Session> {
        let refused = || Error::unauthenticated().reason("REFRESH_TOKEN_INVALID");
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
                issue(ctx, issued).await
            }
            "REUSED" => {
                let mut after = ctx.request().afterwards();
                after.identity = Some(identity);
                after.revoke_session = session;
                Err(refused().reason("REFRESH_TOKEN_REUSED"))
            }
            _ => Err(refused()),
        }
    }

    /// Ends this sign-in: its tokens are dead at once.
    #[graphql(guard = "Authenticated")]
    async fn logout(&self, ctx: &Context<'_>) -> Result<bool> {
        let session = ctx.actor()?.session;
        ctx.tx()
            .query("UPDATE session s SET revoked_at = now(), revoked_reason = 'LOGOUT' WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL", &[&session])
            .await?;
        Ok(true)
    }

    /// Ends every sign-in of yours, on every device: all tokens are dead at once.
    #[graphql(guard = "Authenticated")]
    async fn logout_everywhere(&self, ctx: &Context<'_>) -> Result<bool> {
        let actor = ctx.actor()?;
        ctx.tx()
            .query("UPDATE app_user u SET token_version = token_version + 1 WHERE u.tenant_id = $1 AND u.id = $2", &[&actor.user])
            .await?;
        Ok(true)
    }

    /// Changes the own password. Every other sign-in ends; this device goes on with the answered tokens. BAD_USER_INPUT
    /// for a wrong current password or a weak new one.
    #[graphql(guard = "SignedIn")]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old and the new password.")] input: ChangePasswordInput,
    ) -> Result<Session> {
        let actor = ctx.actor()?;
        let tx = ctx.tx();
        let passwords = &ctx.request().services.passwords;
        let hash: Option<Option<String>> = tx.value("SELECT app.own_password_hash() WHERE app.tenant_id() = $1", &[]).await?;
        if input.current_password.len() > 1024 || !passwords.verify(input.current_password.clone(), hash.flatten()).await? {
            return Err(Error::bad_input("currentPassword", "is wrong"));
        }
        if input.new_password == input.current_password {
            return Err(Error::bad_input("newPassword", "must differ from the current one"));
        }
        Passwords::check(&input.new_password, &[]).map_err(|error| Error::bad_input("newPassword", error.0))?;
        let hash = passwords.hash(input.new_password).await?;
        tx.query("SELECT app.set_password($2, $3) WHERE app.tenant_id() = $1", &[&actor.user, &hash]).await?;
        begin(ctx, Identity { tenant: actor.tenant, user: actor.user, session: Uuid::now_v7() }, Some(actor.role_id)).await
    }

    /// Goes on in another role that you hold, upward or downward, on this device alone. FORBIDDEN for a role that you
    /// don't hold.
    #[graphql(guard = "SignedIn")]
    async fn switch_role(&self, ctx: &Context<'_>, #[graphql(desc = "The role to go on in.")] input: SwitchRoleInput) -> Result<Session> {
        let actor = ctx.actor()?;
        let tx = ctx.tx();
        if input.role_key.contains('\0') || input.role_key.len() > 100 {
            return Err(Error::bad_input("roleKey", "is not the key of a role"));
        }
        let (token, issued) = ctx.request().services.tokens.refresh(actor.tenant, ctx.now())?;
        let switched = tx
            .query(
                "UPDATE session s SET active_role_id = r.id FROM role r JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id \
                 WHERE s.tenant_id = $1 AND s.id = $2 AND r.tenant_id = $1 AND r.key = $3 AND ur.user_id = $4 RETURNING r.id",
                &[&actor.session, &input.role_key, &actor.user],
            )
            .await?;
        if switched.is_empty() {
            return Err(Error::forbidden("ROLE_NOT_HELD", "You do not hold that role.").field("roleKey"));
        }
        tx.query(
            "INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at) VALUES ($1, $2, $3, $4)",
            &[&token.hash(), &actor.session, &issued.expires_at],
        )
        .await
        .on_row_security(Error::unauthenticated)?;
        issue(ctx, issued).await
    }
}
