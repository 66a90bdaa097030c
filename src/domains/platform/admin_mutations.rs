//! Adding administrators of the platform, and keeping them out.

use async_graphql::Context;
use lectern_kernel::{
    auth::Passwords,
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, one, text},
};
use lectern_macros::mutations;

use super::{
    PlatformAdmin,
    admin::PlatformAdminStatus::{self, Active, Suspended},
    inputs::CreateAdminInput,
    sql,
};
use crate::domains::identity::password_hints;

/// Mutations of administrators of the platform.
pub struct AdminMutations;

/// Sets the status of another administrator; without one they are deleted.
async fn change(ctx: &Context<'_>, id: Id<PlatformAdmin>, status: Option<PlatformAdminStatus>) -> Result<()> {
    if ctx.actor()?.is(id.0) && status != Some(Active) {
        return Err(Error::forbidden("NOT_YOURS", "Nobody suspends or deletes themselves: another administrator does.").field("id"));
    }
    let changed: Option<bool> = ctx
        .tx()
        .value(sql::CHANGE_ADMIN, &[&id, &status.map(PlatformAdminStatus::as_str)])
        .await
        .on_constraint("platform_last_admin", |_| {
            Error::conflict("LAST_ADMIN", "This is the last active administrator of the platform.")
        })?;
    if changed == Some(true) { Ok(()) } else { Err(Error::not_found("administrator").field("id")) }
}

async fn changed(ctx: &Context<'_>, id: Id<PlatformAdmin>, status: PlatformAdminStatus) -> Result<Loaded<PlatformAdmin>> {
    change(ctx, id, Some(status)).await?;
    one(ctx, id).await?.ok_or_else(|| Error::not_found("administrator").field("id"))
}

#[mutations("PlatformAdmin")]
impl AdminMutations {
    /// Adds an administrator of the platform. CONFLICT with EMAIL_TAKEN.
    #[session]
    #[hashes_password]
    async fn create_admin(
        ctx: &Context<'_>,
        /// The administrator.
        input: CreateAdminInput,
    ) -> Result<Loaded<PlatformAdmin>> {
        let (email, name) = (text::email("email", &input.email)?, text::name("name", &input.name)?);
        Passwords::check(&input.password, &password_hints(&email, &name)).map_err(|error| Error::bad_input("password", error.0))?;
        let hash = ctx.request().services.passwords.hash(input.password).await?;
        let id = Id::<PlatformAdmin>::from_uuid(uuid::Uuid::now_v7());
        ctx.tx().query(sql::ADD_ADMIN, &[&id, &email, &name, &hash]).await.on_constraint("platform_admin_email_key", |_| {
            Error::conflict("EMAIL_TAKEN", "An administrator of the platform has this email address.").field("email")
        })?;
        one(ctx, id).await?.ok_or_else(|| Error::internal("a new administrator is not visible"))
    }

    /// Keeps an administrator out until reactivated: every sign-in of theirs ends. FORBIDDEN with NOT_YOURS for oneself, CONFLICT with LAST_ADMIN for the
    /// last active one.
    async fn suspend_admin(
        ctx: &Context<'_>,
        /// The administrator's id.
        id: Id<PlatformAdmin>,
    ) -> Result<Loaded<PlatformAdmin>> {
        changed(ctx, id, Suspended).await
    }

    /// Lets a suspended administrator sign in again.
    async fn reactivate_admin(
        ctx: &Context<'_>,
        /// The administrator's id.
        id: Id<PlatformAdmin>,
    ) -> Result<Loaded<PlatformAdmin>> {
        changed(ctx, id, Active).await
    }

    /// Deletes an administrator for good; the log keeps who they were. FORBIDDEN with NOT_YOURS for oneself, CONFLICT with LAST_ADMIN for the last active
    /// one. Answers the id.
    async fn delete_admin(
        ctx: &Context<'_>,
        /// The administrator's id.
        id: Id<PlatformAdmin>,
    ) -> Result<Id<PlatformAdmin>> {
        change(ctx, id, None).await?;
        Ok(id)
    }
}
