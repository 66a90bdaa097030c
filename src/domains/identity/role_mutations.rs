//! Changing a school's own roles.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Role,
    inputs::{CreateRoleInput, UpdateRoleInput, each_once, managed_keys, required, role_key},
    sql,
    user_mutations::{no_such_role, too_many_instructors},
};

/// Mutations of roles.
pub struct RoleMutations;

/// What a role is to grant: each once, and nothing that the actor doesn't hold.
fn grantable(ctx: &Context<'_>, permissions: &[Permission]) -> Result<()> {
    each_once("permissions", permissions)?;
    let actor = ctx.actor()?;
    match permissions.iter().position(|permission| !actor.can(*permission)) {
        Some(index) => Err(Error::forbidden("ROLE_TOO_HIGH", format!("You don't hold {} yourself.", permissions[index].as_str()))
            .field(format!("permissions.{index}"))),
        None => Ok(()),
    }
}

/// The ids of the roles that a role is to manage, by their keys: those that the actor manages, and those that it manages already.
async fn manageable(ctx: &Context<'_>, of: Id<Role>, keys: &[String]) -> Result<Vec<Id<Role>>> {
    let rows = ctx.tx().query(sql::MANAGEABLE, &[&keys, &of]).await?;
    let known: Vec<(Id<Role>, String, bool, bool)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let found = keys.iter().enumerate().map(|(index, key)| {
        let field = format!("managesRoleKeys.{index}");
        match known.iter().find(|(_, known, ..)| known == key) {
            None => Err(no_such_role(field)),
            Some((_, _, false, _)) => Err(Error::forbidden("ROLE_TOO_HIGH", "Your own role does not manage this one.").field(field)),
            Some((_, _, true, true)) => {
                Err(Error::bad_input(field, "grants ROLE_MANAGE or TENANT_MANAGE: administrators alone manage such a role"))
            }
            Some((id, _, true, false)) => Ok(*id),
        }
    });
    found.collect()
}

/// Writes what a role manages from now on.
async fn manage(ctx: &Context<'_>, role: Id<Role>, managed: &[Id<Role>]) -> Result<()> {
    ctx.tx().query(sql::UNMANAGE, &[&role, &managed]).await?;
    ctx.tx()
        .query(sql::MANAGE, &[&role, &managed])
        .await
        .on_constraint("role_manages_managed_fkey", |_| Error::bad_input("managesRoleKeys", "names a role that is not there any more"))?;
    Ok(())
}

/// Why a role was not changed: there is none, it is every school's, or it grants more than the actor holds.
async fn refusal(ctx: &Context<'_>, id: Id<Role>) -> Error {
    match ctx.get(id).await {
        Ok(Some(role)) if role.is_system => Error::forbidden("SYSTEM_ROLE", "The roles that every school has can't be changed."),
        Ok(Some(_)) => Error::forbidden("ROLE_TOO_HIGH", "This role grants more than yours."),
        Ok(None) => Error::not_found("role").field("id"),
        Err(error) => error,
    }
}

#[mutations("Role")]
impl RoleMutations {
    /// Adds a role to the school. CONFLICT with ROLE_KEY_TAKEN, FORBIDDEN with ROLE_TOO_HIGH for a permission that you don't
    /// hold, or a role that yours does not manage; BAD_USER_INPUT with `managesRoleKeys.0` for a role that administrators alone manage.
    #[needs(RoleManage)]
    #[in_person]
    async fn create_role(
        ctx: &Context<'_>,
        /// The role.
        input: CreateRoleInput,
    ) -> Result<Loaded<Role>> {
        let key = role_key("key", &input.key)?;
        let name = text::name("name", &input.name)?;
        grantable(ctx, &input.permissions)?;
        let (id, managed) = (Id::<Role>::generate(), input.manages_role_keys.unwrap_or_default());
        managed_keys(&managed)?;
        let managed = manageable(ctx, id, &managed).await?;
        let role: Option<Loaded<Role>> = ctx
            .row(sql::INSERT_ROLE, &[&id, &key, &name, &input.permissions])
            .await
            .on_constraint("role_key_key", |_| Error::conflict("ROLE_KEY_TAKEN", "The school has a role of this key.").field("key"))?;
        if !managed.is_empty() {
            manage(ctx, id, &managed).await?;
        }
        role.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Changes a role of the school's own; whoever holds it acts by it from their next request. FORBIDDEN with SYSTEM_ROLE,
    /// or with ROLE_TOO_HIGH when it grants or would grant more than you hold, or would come to manage a role that yours does not; LIMIT_REACHED when it would make more
    /// instructors than the school's plan allows; CONFLICT with IN_USE when it is offered to strangers and would manage the school.
    #[needs(RoleManage)]
    #[in_person]
    async fn update_role(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateRoleInput,
    ) -> Result<Loaded<Role>> {
        let id = Id::<Role>::parse("id", &input.id)?;
        let name = match &input.name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("name")),
            MaybeUndefined::Value(name) => Some(text::name("name", name)?),
        };
        let permissions = match input.permissions {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("permissions")),
            MaybeUndefined::Value(permissions) => Some(permissions),
        };
        let managed = match input.manages_role_keys {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("managesRoleKeys")),
            MaybeUndefined::Value(keys) => Some(keys),
        };
        managed_keys(managed.as_deref().unwrap_or_default())?;
        // Whether it may be changed at all is checked first: nobody learns more of a role that they may not change.
        if ctx.get(id).await?.is_none_or(|role| role.is_system) {
            return Err(refusal(ctx, id).await);
        }
        if let Some(permissions) = &permissions {
            grantable(ctx, permissions)?;
        }
        let managed = match managed {
            Some(keys) => Some(manageable(ctx, id, &keys).await?),
            None => None,
        };
        let role: Option<Loaded<Role>> = ctx
            .row(sql::UPDATE_ROLE, &[&id, &name, &permissions])
            .await
            .on_constraint("tenant_max_instructors", too_many_instructors)
            .on_constraint("role_is_named", |_| {
                Error::conflict("IN_USE", "Strangers are offered this role: it can't come to manage the school.").field("permissions")
            })?;
        let Some(role) = role else { return Err(refusal(ctx, id).await) };
        if let Some(managed) = managed {
            manage(ctx, id, &managed).await?;
        }
        Ok(role)
    }

    /// Deletes a role of the school's own that nobody holds, and that neither the settings, a feature flag or a sign-in provider nor a pending invitation
    /// or sign-up name. CONFLICT with IN_USE for any other, FORBIDDEN with SYSTEM_ROLE,
    /// or with ROLE_TOO_HIGH when it grants more than you hold. Answers its id.
    #[needs(RoleManage)]
    #[in_person]
    async fn delete_role(
        ctx: &Context<'_>,
        /// The role's id.
        id: Id<Role>,
    ) -> Result<Id<Role>> {
        let deleted = ctx
            .tx()
            .query(sql::DELETE_ROLE, &[&id])
            .await
            .on_constraint("user_role_role_fkey", |_| Error::conflict("IN_USE", "People hold this role: give them another first."))
            .on_constraint("role_is_named", |_| {
                let message =
                    "The settings, a feature flag, a sign-in provider, a pending invitation or a pending sign-up names this role.";
                Error::conflict("IN_USE", message)
            })?;
        if deleted.is_empty() { Err(refusal(ctx, id).await) } else { Ok(id) }
    }
}
