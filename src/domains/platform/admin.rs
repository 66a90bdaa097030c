//! An administrator of the platform.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, one},
    text_enum,
};
use lectern_macros::object;

text_enum! {
    /// Whether an administrator of the platform may sign in.
    pub enum PlatformAdminStatus {
        /// May sign in.
        Active = "ACTIVE",
        /// May not sign in until reactivated; every token of theirs is dead. Whoever was deleted stands in the log like this.
        Suspended = "SUSPENDED",
    }
}

/// An administrator of the platform.
#[object(table = "platform_admin", alias = "p", id = "operator", node)]
#[derive(Clone, Debug)]
pub struct PlatformAdmin {
    /// Their id.
    pub id: Id<PlatformAdmin>,
    /// Their email address, by which they sign in.
    pub email: String,
    /// Their name; 1 to 200 characters.
    pub name: String,
    /// Whether they may sign in.
    pub status: PlatformAdminStatus,
    /// Whether a second factor is on.
    #[wide]
    #[column("app.has_desk_factor({}.id)")]
    pub has_second_factor: bool,
    /// When they were added.
    pub created_at: DateTime,
    /// When they signed in last; null where they never did.
    pub last_sign_in_at: Option<DateTime>,
}

/// Whoever is signed in.
///
/// # Errors
/// When nobody is.
pub(super) async fn myself(ctx: &Context<'_>) -> Result<Loaded<PlatformAdmin>> {
    let id = Id::<PlatformAdmin>::from_uuid(ctx.actor()?.user);
    one(ctx, id).await?.ok_or_else(|| Error::internal("the admin's own row is not visible"))
}
