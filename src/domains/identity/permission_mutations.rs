//! Granting and denying single people what their roles don't say.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded},
};
use lectern_macros::mutations;

use super::{
    User,
    inputs::{SetUserPermissionsInput, each_once},
    sql,
    user_mutations::{person_too_high, too_many_instructors, visible},
};

/// Mutations of what single people may do.
pub struct PermissionMutations;

#[mutations("User")]
impl PermissionMutations {
    /// Sets what a person is granted beside their roles, and what is denied them in spite of these, in place of what was set before; a deny wins. It holds
    /// from their next request. FORBIDDEN with ROLE_TOO_HIGH where they hold more than you, or for a grant that you don't hold (`grants.0`); CONFLICT
    /// with ADMIN_HOLDS_ALL for denies of a person who holds ADMIN; LIMIT_REACHED when it would make more instructors than the school's plan allows.
    #[needs(RoleManage)]
    #[in_person]
    async fn set_user_permissions(
        ctx: &Context<'_>,
        /// The person, and what they are granted and denied.
        input: SetUserPermissionsInput,
    ) -> Result<Loaded<User>> {
        let id = Id::<User>::parse("userId", &input.user_id)?;
        each_once("grants", &input.grants)?;
        each_once("denies", &input.denies)?;
        let (tx, actor) = (ctx.tx(), ctx.actor()?);
        tx.query(sql::LOCK_ROLES, &[&id]).await?;
        let user = visible(ctx, "userId", id).await?;
        if tx.value(sql::OUTRANKS, &[&id]).await? != Some(true) {
            return Err(person_too_high().field("userId"));
        }
        if let Some(place) = input.grants.iter().position(|permission| !actor.can(*permission)) {
            let message = format!("You don't hold {} yourself.", input.grants[place].as_str());
            return Err(Error::forbidden("ROLE_TOO_HIGH", message).field(format!("grants.{place}")));
        }
        tx.query(sql::UNSET_PERMISSIONS, &[&id, &input.grants, &input.denies])
            .await
            .on_constraint("tenant_max_instructors", too_many_instructors)?;
        tx.query(sql::SET_PERMISSIONS, &[&id, &input.grants, &input.denies])
            .await
            .on_constraint("user_permission_admin", |_| {
                Error::conflict("ADMIN_HOLDS_ALL", "This person holds ADMIN, in which nothing is denied.").field("denies")
            })
            .on_constraint("tenant_max_instructors", too_many_instructors)?;
        Ok(user)
    }
}
