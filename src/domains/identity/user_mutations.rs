//! Changing people.

use async_graphql::{Context, ID, MaybeUndefined, Object};
use lectern_kernel::{
    auth::Passwords,
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{RoleManage, UserCreate, UserDelete, UserUpdate},
    resolve::{Ctx, Require, SignedIn, requires_permission, text},
};

use super::{
    Role, User, UserStatus,
    inputs::{CreateUserInput, SetUserRolesInput, UpdateUserInput, password_hints, required, role_keys},
    sql,
};

/// Mutations of people.
#[derive(Default)]
pub struct UserMutations;

fn person_too_high() -> Error {
    Error::forbidden("ROLE_TOO_HIGH", "This person holds a role that grants more than yours.")
}

fn email_taken(_: &DbError) -> Error {
    Error::conflict("EMAIL_TAKEN", "Somebody in this school has this email address.").field("email")
}

fn last_admin(_: &DbError) -> Error {
    Error::conflict("LAST_ADMIN", "This is the school's last active administrator.")
}

fn too_many_users(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("The school's plan allows {limit} people, and it has {used}."), limit, used)
}

pub(super) fn too_many_instructors(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("The school's plan allows {limit} instructors, and it has {used}."), limit, used)
}

/// A living person whom the actor may see.
async fn visible(ctx: &Context<'_>, field: &str, id: Id<User>) -> Result<User> {
    let user = ctx.load(id).await?.filter(|user| !user.is_deleted);
    user.ok_or_else(|| Error::not_found("person").field(field))
}

/// Why nothing was changed: there is no such person for the actor, or one who holds more.
async fn refusal(ctx: &Context<'_>, id: Id<User>) -> Error {
    match visible(ctx, "id", id).await {
        Ok(_) => person_too_high(),
        Err(error) => error,
    }
}

/// The ids of roles that the actor may give, by their keys.
async fn grantable(ctx: &Context<'_>, keys: &[String]) -> Result<Vec<Id<Role>>> {
    let held = ctx.actor()?.permissions;
    let known: Vec<Role> = ctx.tx().all(&sql::roles_by_keys(), &[&keys]).await?;
    let found = keys.iter().enumerate().map(|(index, key)| {
        let field = format!("roleKeys.{index}");
        match known.iter().find(|role| role.key == *key) {
            None => Err(Error::bad_input(field, "is not the key of a role of this school")),
            Some(role) if !held.covers(role.permissions.iter().copied().collect()) => {
                Err(Error::forbidden("ROLE_TOO_HIGH", "This role grants more than yours.").field(field))
            }
            Some(role) => Ok(role.id),
        }
    });
    found.collect()
}

/// Gives a person roles, all in one statement; those that they hold already stay.
async fn grant(ctx: &Context<'_>, user: Id<User>, roles: &[Id<Role>]) -> Result<()> {
    let granted = ctx.tx().query(sql::GRANT_ROLES, &[&user, &roles]).await;
    granted.on_constraint("tenant_max_instructors", too_many_instructors).on_row_security(person_too_high)?;
    Ok(())
}

async fn set_status(ctx: &Context<'_>, id: &ID, status: UserStatus) -> Result<User> {
    let id = Id::<User>::parse("id", id)?;
    let user: Option<User> = ctx
        .tx()
        .opt(&sql::set_status(), &[&id, &status])
        .await
        .on_constraint("tenant_last_admin", last_admin)
        .on_constraint("tenant_max_instructors", too_many_instructors)?;
    match user {
        Some(user) => Ok(user),
        None => Err(refusal(ctx, id).await),
    }
}

#[Object]
impl UserMutations {
    /// Adds a person to the school. CONFLICT with EMAIL_TAKEN, FORBIDDEN with ROLE_TOO_HIGH for a role that grants more than
    /// yours, LIMIT_REACHED when the school's plan allows no more people or instructors. Needs USER_CREATE.
    #[graphql(guard = "Require([UserCreate])", directive = requires_permission::apply(vec![UserCreate]))]
    async fn create_user(&self, ctx: &Context<'_>, #[graphql(desc = "The person.")] input: CreateUserInput) -> Result<User> {
        let email = text::email("email", &input.email)?;
        let name = text::name("name", &input.name)?;
        role_keys(&input.role_keys)?;
        if let Some(password) = &input.password {
            Passwords::check(password, &password_hints(&email, &name)).map_err(|error| Error::bad_input("password", error.0))?;
        }
        let roles = grantable(ctx, &input.role_keys).await?;
        // Hashed before the first row is written: nobody waits for a cap's lock meanwhile.
        let hash = match input.password {
            Some(password) => Some(ctx.request().services.passwords.hash(password).await?),
            None => None,
        };
        let user: Option<User> = ctx
            .tx()
            .opt(&sql::insert_user(), &[&Id::<User>::generate(), &name, &email])
            .await
            .on_constraint("app_user_email_key", email_taken)
            .on_constraint("tenant_max_users", too_many_users)?;
        let user = user.ok_or_else(|| Error::internal("an INSERT returned nothing"))?;
        grant(ctx, user.id, &roles).await?;
        if let Some(hash) = hash {
            ctx.tx().query(sql::SET_FIRST_PASSWORD, &[&user.id, &hash]).await?;
        }
        Ok(user)
    }

    /// Changes name and email: your own, or with USER_UPDATE those of people who hold no more than you. What is left out
    /// stays as it is. CONFLICT with EMAIL_TAKEN, FORBIDDEN with ROLE_TOO_HIGH.
    #[graphql(guard = "SignedIn")]
    async fn update_user(&self, ctx: &Context<'_>, #[graphql(desc = "The change.")] input: UpdateUserInput) -> Result<User> {
        let id = Id::<User>::parse("id", &input.id)?;
        let email = match &input.email {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("email")),
            MaybeUndefined::Value(email) => Some(text::email("email", email)?),
        };
        let name = match &input.name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("name")),
            MaybeUndefined::Value(name) => Some(text::name("name", name)?),
        };
        let actor = ctx.actor()?;
        if !actor.is(id.0) && !actor.can(UserUpdate) {
            visible(ctx, "id", id).await?;
            return Err(Error::missing_permission(&[UserUpdate]));
        }
        let user: Option<User> =
            ctx.tx().opt(&sql::update_user(), &[&id, &name, &email]).await.on_constraint("app_user_email_key", email_taken)?;
        match user {
            Some(user) => Ok(user),
            None => Err(refusal(ctx, id).await),
        }
    }

    /// Suspends a person: every token of theirs is dead at once, and they can't sign in until reactivated. What they hold
    /// stays theirs. CONFLICT with LAST_ADMIN, FORBIDDEN with ROLE_TOO_HIGH. Needs USER_UPDATE.
    #[graphql(guard = "Require([UserUpdate])", directive = requires_permission::apply(vec![UserUpdate]))]
    async fn suspend_user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<User> {
        set_status(ctx, &id, UserStatus::Suspended).await
    }

    /// Lets a suspended person sign in again. FORBIDDEN with ROLE_TOO_HIGH, LIMIT_REACHED when they are an instructor and
    /// the school's plan allows no more. Needs USER_UPDATE.
    #[graphql(guard = "Require([UserUpdate])", directive = requires_permission::apply(vec![UserUpdate]))]
    async fn reactivate_user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<User> {
        set_status(ctx, &id, UserStatus::Active).await
    }

    /// Deletes a person for good. Their name, email, password and roles are gone and the email is free again; they leave
    /// their groups, seats and coming bookings; a nameless "Deleted user" stays where history points. Answers the id.
    /// CONFLICT with LAST_ADMIN, FORBIDDEN with ROLE_TOO_HIGH. Needs USER_DELETE.
    #[graphql(guard = "Require([UserDelete])", directive = requires_permission::apply(vec![UserDelete]))]
    async fn delete_user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<Id<User>> {
        let id = Id::<User>::parse("id", &id)?;
        ctx.tx().query(sql::LOCK_ROLES, &[&id]).await?;
        let deleted = ctx.tx().query(sql::DELETE_USER, &[&id]).await.on_constraint("tenant_last_admin", last_admin)?;
        if deleted.is_empty() { Err(refusal(ctx, id).await) } else { Ok(id) }
    }

    /// Sets all roles of a person; they act by them from their next request. CONFLICT with LAST_ADMIN, FORBIDDEN with
    /// ROLE_TOO_HIGH when they hold or would hold more than you, LIMIT_REACHED when the school's plan allows no more
    /// instructors. Needs ROLE_MANAGE.
    #[graphql(guard = "Require([RoleManage])", directive = requires_permission::apply(vec![RoleManage]))]
    async fn set_user_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person and their roles.")] input: SetUserRolesInput,
    ) -> Result<User> {
        let id = Id::<User>::parse("userId", &input.user_id)?;
        role_keys(&input.role_keys)?;
        let tx = ctx.tx();
        tx.query(sql::LOCK_ROLES, &[&id]).await?;
        let user = visible(ctx, "userId", id).await?;
        if tx.value(sql::OUTRANKS, &[&id]).await? != Some(true) {
            return Err(person_too_high().field("userId"));
        }
        let roles = grantable(ctx, &input.role_keys).await?;
        // First what is new: an instructor who stays one by another role is one all the time.
        grant(ctx, id, &roles).await?;
        tx.query(sql::REVOKE_OTHER_ROLES, &[&id, &roles]).await.on_constraint("tenant_last_admin", last_admin)?;
        Ok(user)
    }
}
