//! Beginning to see as somebody else, and who does.

use async_graphql::{Context, ID, InputObject};
use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, Identity},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows, one, text},
};
use lectern_macros::{extends, mutations, object, resolvers};
use uuid::Uuid;

use crate::domains::identity::{Role, User, Viewer, role_key};

/// `$2` the viewing, `$3` the actor's sign-in, `$4` the person, `$5` the key of a role or null, `$6` why.
const BEGIN: &str =
    "SELECT v.token_version, v.role_id, v.expires_at FROM app.begin_viewing($2, $3, $4, $5, $6) AS v WHERE app.tenant_id() = $1";

/// Whether the actor sees that person.
const SEES: &str = "SELECT true FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL";

/// Who looks.
const LOOKING: &str = "SELECT {u} FROM app.looking_person() AS u WHERE u.tenant_id = $1";

/// Characters of a reason.
const SHORTEST: usize = 5;
const LONGEST: usize = 500;

/// Another person's place, for 15 minutes.
#[object(resolvers)]
pub struct ViewAs {
    /// Its id.
    pub id: ID,
    /// Send it as `Authorization: Bearer …`, in place of your own. There is no refresh token: begin anew.
    pub access_token: String,
    /// When it ends, if nothing ends it before: `logout` with it, another viewing of yours, the end of your sign-in.
    pub access_token_expires_at: DateTime,
    #[hidden]
    user_id: Id<User>,
    #[hidden]
    role_id: Id<Role>,
}

#[resolvers]
impl ViewAs {
    /// Whose place it is.
    async fn user(&self, ctx: &Context<'_>) -> Result<Loaded<User>> {
        one(ctx, self.user_id).await?.ok_or_else(|| Error::not_found("person").field("userId"))
    }

    /// The role in which they are seen to act.
    async fn role(&self, ctx: &Context<'_>) -> Result<Loaded<Role>> {
        one(ctx, self.role_id).await?.ok_or_else(|| Error::not_found("role").field("roleKey"))
    }
}

/// Whose place, and why.
#[derive(InputObject)]
pub struct StartViewAsInput {
    /// The person: active, and somebody who holds nothing that you don't, and less than you.
    pub user_id: ID,
    /// The key of one of their roles; left out: the one that a new sign-in of theirs would take.
    pub role_key: Option<String>,
    /// Why: 5 to 500 characters. The person reads it.
    pub reason: String,
}

/// Mutations of viewings.
pub struct ViewAsMutations;

fn refused(error: DbError) -> Error {
    match error.constraint() {
        Some("view_as_rank") => {
            Error::forbidden("ROLE_TOO_HIGH", "They hold something that you don't, or no less than you.").field("userId")
        }
        Some("view_as_suspended") => Error::conflict("USER_SUSPENDED", "They may not sign in.").field("userId"),
        Some("view_as_role") => Error::forbidden("ROLE_NOT_HELD", "They do not hold that role.").field("roleKey"),
        _ => error.into(),
    }
}

#[mutations("ViewAs")]
impl ViewAsMutations {
    /// Begins to see what somebody else sees: what is asked with the answered token is answered as it would be to them, in the role named. Nothing
    /// can be changed with it (FORBIDDEN with VIEW_AS_READ_ONLY), nor listened to, and what is private to its owner stays so. Each document stands
    /// in the audit log as VIEWED, and the person is told once, with your name and the reason. A viewing that you have begun before ends.
    /// FORBIDDEN with ROLE_TOO_HIGH for somebody who holds what you don't or no less, yourself among them, with ROLE_NOT_HELD for a role that they
    /// don't hold; CONFLICT with USER_SUSPENDED.
    #[needs(UserViewAs)]
    #[session]
    async fn start_view_as(
        ctx: &Context<'_>,
        /// Whose place, and why.
        input: StartViewAsInput,
    ) -> Result<ViewAs> {
        let actor = ctx.actor()?;
        let user = Id::<User>::parse("userId", &input.user_id)?;
        let role = input.role_key.as_deref().map(|key| role_key("roleKey", key)).transpose()?;
        let reason = text::short("reason", &input.reason, LONGEST)?;
        if reason.chars().count() < SHORTEST {
            return Err(Error::bad_input("reason", format!("must have at least {SHORTEST} characters: the person reads it")));
        }
        let tx = ctx.tx();
        let absent = || Error::not_found("person").field("userId");
        if tx.value::<bool>(SEES, &[&user]).await?.is_none() {
            return Err(absent());
        }
        let view = Uuid::now_v7();
        let begun = tx.query(BEGIN, &[&view, &actor.session, &user, &role, &reason]).await.map_err(refused)?;
        let row = begun.first().ok_or_else(absent)?;
        let (version, role_id, until): (i32, Uuid, Timestamp) = (row.get(0), row.get(1), row.get(2));
        let identity = Identity { tenant: actor.tenant, user: user.0, session: view };
        let token = ctx.request().services.tokens.viewing(identity, version, ctx.now(), until)?;
        Ok(ViewAs {
            id: ID(lectern_kernel::ids::encode("viewas", view)),
            access_token: token.text,
            access_token_expires_at: DateTime(token.expires_at),
            user_id: user,
            role_id: Id::from_uuid(role_id),
        })
    }
}

/// What is added to `Viewer`.
pub struct ViewedBy;

#[extends(Viewer)]
impl ViewedBy {
    /// Who sees as this person (`startViewAs`); null where you are signed in yourself.
    async fn viewed_by(ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        if ctx.actor()?.viewed_by.is_none() {
            return Ok(None);
        }
        Ok(ctx.row(LOOKING, &[]).await?)
    }
}
