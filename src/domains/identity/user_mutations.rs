//! Changing people.

use async_graphql::Context;
use lectern_kernel::{
    auth::Passwords,
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::UserUpdate,
    resolve::{Ctx, Insert, Loaded, Rows, text},
    text::email_key,
};
use lectern_macros::mutations;

use super::{
    Role, User, UserStatus,
    inputs::{CreateUserInput, SetUserRolesInput, UpdateUserInput, password_hints, role_keys},
    profile::{ProfileChange, present, set_locale, username_taken},
    sql,
};
use crate::domains::notifications;

/// Mutations of people.
pub struct UserMutations;

pub(super) fn person_too_high() -> Error {
    Error::forbidden("ROLE_TOO_HIGH", "This person holds a role that grants more than yours.")
}

fn email_taken(_: &DbError) -> Error {
    Error::conflict("EMAIL_TAKEN", "Somebody in this school has this email address.").field("email")
}

pub(super) fn last_admin(_: &DbError) -> Error {
    the_last_admin()
}

pub(super) fn the_last_admin() -> Error {
    Error::conflict("LAST_ADMIN", "This is the school's last active administrator.")
}

pub(super) fn no_such_role(field: impl Into<String>) -> Error {
    Error::bad_input(field, "is not the key of a role of this school")
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
pub(super) async fn visible(ctx: &Context<'_>, field: &str, id: Id<User>) -> Result<Loaded<User>> {
    match ctx.whole(id).await? {
        Some(user) if !user.get(User::COLUMNS.is_deleted)? => Ok(user),
        _ => Err(Error::not_found("person").field(field)),
    }
}

/// Why nothing was changed: there is no such person for the actor, or one who holds more.
pub(super) async fn refusal(ctx: &Context<'_>, id: Id<User>) -> Error {
    match visible(ctx, "id", id).await {
        Ok(_) => person_too_high(),
        Err(error) => error,
    }
}

/// The ids of roles that the actor may give to somebody, by their keys; `place` names the field of one.
async fn grantable(ctx: &Context<'_>, keys: &[String], person: Id<User>, place: impl Fn(usize) -> String) -> Result<Vec<Id<Role>>> {
    let rows = ctx.tx().query(sql::GRANTABLE, &[&keys, &person]).await?;
    let known: Vec<(Id<Role>, String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let found = keys.iter().enumerate().map(|(index, key)| {
        let field = place(index);
        match known.iter().find(|(_, known, _)| known == key) {
            None => Err(no_such_role(field)),
            Some((_, _, false)) => Err(Error::forbidden("ROLE_TOO_HIGH", "This role grants more than yours.").field(field)),
            Some((id, _, true)) => Ok(*id),
        }
    });
    found.collect()
}

fn in_role_keys(index: usize) -> String {
    format!("roleKeys.{index}")
}

/// The id of one role that the actor may give to somebody.
pub(super) async fn grantable_role(ctx: &Context<'_>, field: &'static str, key: &str, person: Id<User>) -> Result<Id<Role>> {
    let found = grantable(ctx, &[key.to_owned()], person, |_| field.to_owned()).await?;
    found.into_iter().next().ok_or_else(|| Error::internal("one key has led to no role"))
}

/// Gives a person roles, all in one statement; those that they hold already stay.
async fn grant(ctx: &Context<'_>, user: Id<User>, roles: &[Id<Role>]) -> Result<()> {
    let granted = ctx.tx().query(sql::GRANT_ROLES, &[&user, &roles]).await;
    granted
        .on_constraint("tenant_max_instructors", too_many_instructors)
        .on_constraint("user_role_role_fkey", |_| Error::bad_input("roleKeys", "names a role that is not there any more"))
        .on_row_security(person_too_high)?;
    Ok(())
}

async fn set_status(ctx: &Context<'_>, id: Id<User>, status: UserStatus) -> Result<Loaded<User>> {
    let user: Option<Loaded<User>> = ctx
        .row(sql::SET_STATUS, &[&id, &status])
        .await
        .on_constraint("tenant_last_admin", last_admin)
        .on_constraint("tenant_max_instructors", too_many_instructors)?;
    match user {
        Some(user) => Ok(user),
        None => Err(refusal(ctx, id).await),
    }
}

#[mutations("User")]
impl UserMutations {
    /// Adds a person to the school. CONFLICT with EMAIL_TAKEN or USERNAME_TAKEN, FORBIDDEN with ROLE_TOO_HIGH for a role that grants more than
    /// yours, LIMIT_REACHED when the school's plan allows no more people or instructors.
    #[needs(UserCreate)]
    #[hashes_password]
    async fn create_user(
        ctx: &Context<'_>,
        /// The person.
        input: CreateUserInput,
    ) -> Result<Loaded<User>> {
        let user = Insert::<User>::new().input(ctx, &input)?.set(User::COLUMNS.email_key, email_key(&input.email));
        role_keys(&input.role_keys)?;
        if let Some(password) = &input.password {
            let hints = password_hints(input.email.trim(), input.name.trim());
            Passwords::check(password, &hints).map_err(|error| Error::bad_input("password", error.0))?;
        }
        let locale = input.locale.as_deref().map(|locale| notifications::locale_of("locale", locale)).transpose()?;
        let roles = grantable(ctx, &input.role_keys, Id::default(), in_role_keys).await?;
        // Hashed before the first row is written: nobody waits for a cap's lock meanwhile.
        let hash = match input.password {
            Some(password) => Some(ctx.request().services.passwords.hash(password).await?),
            None => None,
        };
        let user = user
            .run(ctx)
            .await
            .on_constraint("app_user_email_key", email_taken)
            .on_constraint("app_user_address_key", email_taken)
            .on_constraint("app_user_username_key", username_taken)
            .on_constraint("tenant_max_users", too_many_users)?;
        let id = user.id()?;
        grant(ctx, id, &roles).await?;
        if locale.is_some() {
            set_locale(ctx, id, locale.as_deref()).await?;
        }
        if let Some(hash) = hash {
            ctx.tx().query(sql::SET_FIRST_PASSWORD, &[&id, &hash]).await?;
        }
        Ok(user)
    }

    /// Changes name, email, username, language, time zone and picture: your own (not by an API key), or with USER_UPDATE those of people who hold no
    /// more than you. What is left out stays as it is. Another email address voids the links that reset the password. CONFLICT with EMAIL_TAKEN or
    /// USERNAME_TAKEN, FORBIDDEN with ROLE_TOO_HIGH, or with NOT_YOURS for a picture that is not your own.
    async fn update_user(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateUserInput,
    ) -> Result<Loaded<User>> {
        let id = Id::<User>::parse("id", &input.id)?;
        let email = present("email", &input.email, text::email)?;
        let name = present("name", &input.name, text::name)?;
        let profile = ProfileChange::read(&input)?;
        let actor = ctx.actor()?;
        if actor.is(id.0) {
            actor.require_in_person(false, true)?;
        }
        if !actor.is(id.0) && !actor.can(UserUpdate) {
            visible(ctx, "id", id).await?;
            return Err(Error::missing_permission(&[UserUpdate]));
        }
        let user: Option<Loaded<User>> = ctx
            .row(
                sql::UPDATE_USER,
                &[
                    &id,
                    &name,
                    &email,
                    &email.as_deref().and_then(email_key),
                    &profile.username.0,
                    &profile.username.1,
                    &profile.time_zone.0,
                    &profile.time_zone.1,
                ],
            )
            .await
            .on_constraint("app_user_email_key", email_taken)
            .on_constraint("app_user_address_key", email_taken)
            .on_constraint("app_user_username_key", username_taken)?;
        let Some(user) = user else { return Err(refusal(ctx, id).await) };
        profile.write(ctx, id).await?;
        Ok(user)
    }

    /// Suspends a person: every token of theirs is dead at once, and they can't sign in until reactivated. What they hold
    /// stays theirs. CONFLICT with LAST_ADMIN, FORBIDDEN with ROLE_TOO_HIGH.
    #[needs(UserUpdate)]
    async fn suspend_user(
        ctx: &Context<'_>,
        /// The person's id.
        id: Id<User>,
    ) -> Result<Loaded<User>> {
        set_status(ctx, id, UserStatus::Suspended).await
    }

    /// Lets a suspended person sign in again. FORBIDDEN with ROLE_TOO_HIGH, LIMIT_REACHED when they are an instructor and
    /// the school's plan allows no more.
    #[needs(UserUpdate)]
    async fn reactivate_user(
        ctx: &Context<'_>,
        /// The person's id.
        id: Id<User>,
    ) -> Result<Loaded<User>> {
        set_status(ctx, id, UserStatus::Active).await
    }

    /// Says that a person's email address takes mail again, after one came back or its reader complained: `emailState` is OK until another does.
    /// FORBIDDEN with ROLE_TOO_HIGH.
    #[needs(UserUpdate)]
    async fn clear_email_state(
        ctx: &Context<'_>,
        /// The person's id.
        user_id: Id<User>,
    ) -> Result<Loaded<User>> {
        let user: Option<Loaded<User>> = ctx.row(sql::CLEAR_EMAIL_STATE, &[&user_id]).await?;
        match user {
            Some(user) => Ok(user),
            None => Err(refusal(ctx, user_id).await.field("userId")),
        }
    }

    /// Deletes a person for good. Their name, email, password and roles are gone, name and email from the audit log as well,
    /// and the email is free again; they leave their groups, seats and coming bookings; a nameless "Deleted user" stays where
    /// history points. Answers the id.
    /// CONFLICT with LAST_ADMIN, FORBIDDEN with ROLE_TOO_HIGH.
    #[needs(UserDelete)]
    async fn delete_user(
        ctx: &Context<'_>,
        /// The person's id.
        id: Id<User>,
    ) -> Result<Id<User>> {
        ctx.tx().query(sql::LOCK_ROLES, &[&id]).await?;
        let deleted = ctx.tx().query(sql::DELETE_USER, &[&id]).await.on_constraint("tenant_last_admin", last_admin)?;
        if deleted.is_empty() { Err(refusal(ctx, id).await) } else { Ok(id) }
    }

    /// Sets all roles of a person; they act by them from their next request. CONFLICT with LAST_ADMIN, FORBIDDEN with
    /// ROLE_TOO_HIGH when they hold or would hold more than you, with NOT_YOURS where it would take from yourself a role that ends by itself,
    /// LIMIT_REACHED when the school's plan allows no more instructors.
    #[needs(RoleManage)]
    #[in_person]
    async fn set_user_roles(
        ctx: &Context<'_>,
        /// The person and their roles.
        input: SetUserRolesInput,
    ) -> Result<Loaded<User>> {
        let id = Id::<User>::parse("userId", &input.user_id)?;
        role_keys(&input.role_keys)?;
        let tx = ctx.tx();
        tx.query(sql::LOCK_ROLES, &[&id]).await?;
        let user = visible(ctx, "userId", id).await?;
        if tx.value(sql::OUTRANKS, &[&id]).await? != Some(true) {
            return Err(person_too_high().field("userId"));
        }
        let roles = grantable(ctx, &input.role_keys, id, in_role_keys).await?;
        // New roles are added first: an instructor who stays one by another role never stops being one.
        grant(ctx, id, &roles).await?;
        tx.query(sql::REVOKE_OTHER_ROLES, &[&id, &roles]).await.on_constraint("tenant_last_admin", last_admin)?;
        if ctx.actor()?.is(id.0) && tx.value(sql::HOLDS_OTHERS, &[&id, &roles]).await? == Some(true) {
            return Err(Error::not_yours().field("userId")); // one that ends by itself
        }
        Ok(user)
    }
}
