//! Changing many people at once: all or nobody.

use std::collections::HashMap;

use async_graphql::Context;
use futures_util::future::try_join_all;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    User, UserStatus,
    inputs::{GrantRoleInput, WithdrawRoleInput, role_key},
    sql,
    user_mutations::{grantable_role, last_admin, no_such_role, person_too_high, refusal, the_last_admin, too_many_instructors},
};

/// People at most in one call.
const MANY: usize = 100;

/// Mutations of many people.
pub struct BulkMutations;

/// The people of a list, each once, whose turns are taken in the order of their ids.
async fn people(ctx: &Context<'_>, field: &str, ids: &[async_graphql::ID]) -> Result<Vec<Id<User>>> {
    let people = Id::<User>::parse_list(field, ids, MANY)?;
    ctx.tx().query(sql::LOCK_ROLES_OF_MANY, &[&people]).await?;
    Ok(people)
}

/// Refuses in the name of the first of the list who was not reached.
async fn all_reached(ctx: &Context<'_>, field: &str, people: &[Id<User>], reached: &[Id<User>]) -> Result<()> {
    match people.iter().position(|person| !reached.contains(person)) {
        Some(place) => Err(refusal(ctx, people[place]).await.field(format!("{field}.{place}"))),
        None => Ok(()),
    }
}

/// The people above whom the actor stands: all of the list, or a refusal.
async fn all_below(ctx: &Context<'_>, field: &str, people: &[Id<User>]) -> Result<()> {
    let below = ctx.tx().query(sql::OUTRANKED, &[&people]).await?;
    all_reached(ctx, field, people, &below.iter().map(|row| row.get(0)).collect::<Vec<_>>()).await
}

/// Names the place of whom a rule names in its refusal.
fn at(field: &str, people: &[Id<User>], error: &DbError, refusal: Error) -> Error {
    let culprit = error.text("person");
    match people.iter().position(|person| culprit.as_deref() == Some(person.0.to_string().as_str())) {
        Some(place) => refusal.field(format!("{field}.{place}")),
        None => refusal,
    }
}

/// Why the policies kept a role from people who could be given it a moment ago: it was deleted meanwhile; or it is about when a role of the actor's own
/// ends (`own`: their place in the list, and whether it shall end); or somebody has risen.
async fn walled(ctx: &Context<'_>, key: &str, own: Option<(usize, bool)>) -> Result<Error> {
    if ctx.tx().query(sql::ROLE_OF_KEY, &[&key]).await?.is_empty() {
        return Ok(no_such_role("roleKey"));
    }
    let Some((place, ends)) = own else { return Ok(person_too_high()) };
    let me = Id::<User>::from_uuid(ctx.actor()?.user);
    let is_last = ends && key == "ADMIN" && ctx.tx().value(sql::IS_LAST_ADMIN, &[&me]).await? == Some(true);
    Ok(if is_last { the_last_admin() } else { Error::not_yours() }.field(format!("userIds.{place}")))
}

/// The people as they are now, in the order of the list.
async fn answer(ctx: &Context<'_>, people: &[Id<User>]) -> Result<Vec<Loaded<User>>> {
    let rows = try_join_all(people.iter().map(|person| ctx.whole(*person))).await?;
    rows.into_iter().map(|row| row.ok_or_else(|| Error::internal("somebody who was changed is not visible"))).collect()
}

async fn set_status(ctx: &Context<'_>, ids: &[async_graphql::ID], status: UserStatus) -> Result<Vec<Loaded<User>>> {
    let people = people(ctx, "ids", ids).await?;
    let changed: Vec<Loaded<User>> = ctx
        .rows(sql::SET_STATUS_OF_MANY, &[&people, &status])
        .await
        .on_constraint("tenant_last_admin", |error| at("ids", &people, error, last_admin(error)))
        .on_constraint("tenant_max_instructors", too_many_instructors)?;
    let mut found = changed.into_iter().map(|user| Ok((user.id()?, user))).collect::<Result<HashMap<_, _>>>()?;
    all_reached(ctx, "ids", &people, &found.keys().copied().collect::<Vec<_>>()).await?;
    Ok(people.iter().filter_map(|person| found.remove(person)).collect())
}

#[mutations("User")]
impl BulkMutations {
    /// Suspends people, as `suspendUser`: all or nobody. Answers them in the order asked for. CONFLICT with LAST_ADMIN, FORBIDDEN with ROLE_TOO_HIGH,
    /// NOT_FOUND; `field` says whom it is about (`ids.3`).
    #[needs(UserUpdate)]
    #[cost(100)]
    async fn suspend_users(
        ctx: &Context<'_>,
        /// The people: 1 to 100, each once.
        ids: Vec<async_graphql::ID>,
    ) -> Result<Vec<Loaded<User>>> {
        set_status(ctx, &ids, UserStatus::Suspended).await
    }

    /// Lets suspended people sign in again, as `reactivateUser`: all or nobody. Answers them in the order asked for. FORBIDDEN with ROLE_TOO_HIGH,
    /// NOT_FOUND, with `field`; LIMIT_REACHED when the school's plan allows no more instructors.
    #[needs(UserUpdate)]
    #[cost(100)]
    async fn reactivate_users(
        ctx: &Context<'_>,
        /// The people: 1 to 100, each once.
        ids: Vec<async_graphql::ID>,
    ) -> Result<Vec<Loaded<User>>> {
        set_status(ctx, &ids, UserStatus::Active).await
    }

    /// Deletes people for good, as `deleteUser`: all or nobody. Answers their ids in the order asked for. CONFLICT with LAST_ADMIN, FORBIDDEN with
    /// ROLE_TOO_HIGH, NOT_FOUND; `field` says whom it is about.
    #[needs(UserDelete)]
    async fn delete_users(
        ctx: &Context<'_>,
        /// The people: 1 to 100, each once.
        ids: Vec<async_graphql::ID>,
    ) -> Result<Vec<Id<User>>> {
        let people = people(ctx, "ids", &ids).await?;
        let deleted = ctx.tx().query(sql::DELETE_USERS, &[&people]).await;
        let deleted = deleted.on_constraint("tenant_last_admin", |error| at("ids", &people, error, last_admin(error)))?;
        all_reached(ctx, "ids", &people, &deleted.iter().map(|row| row.get(0)).collect::<Vec<_>>()).await?;
        Ok(people)
    }

    /// Gives people a role, for good or until a date; whoever has it already has it until then from now on. At that moment it ends by itself. All or
    /// nobody. FORBIDDEN with ROLE_TOO_HIGH for somebody who holds more than you (`userIds.3`) or a role that grants more than yours (`roleKey`), with
    /// NOT_YOURS where it would change when a role of your own ends; CONFLICT with LAST_ADMIN where the last administrator would be one until a
    /// date only; LIMIT_REACHED when the school's plan allows no more instructors.
    #[needs(RoleManage)]
    #[in_person]
    #[cost(100)]
    async fn grant_role(
        ctx: &Context<'_>,
        /// Whom, which, and until when.
        input: GrantRoleInput,
    ) -> Result<Vec<Loaded<User>>> {
        let key = role_key("roleKey", &input.role_key)?;
        let until = input.until.map(|until| until.0);
        if until.is_some_and(|until| until <= ctx.now()) {
            return Err(Error::bad_input("until", "must be later than now"));
        }
        let people = people(ctx, "userIds", &input.user_ids).await?;
        all_below(ctx, "userIds", &people).await?;
        let me = Id::<User>::from_uuid(ctx.actor()?.user);
        let own_place = people.iter().position(|person| *person == me);
        let role = grantable_role(ctx, "roleKey", key, own_place.map(|_| me).unwrap_or_default()).await?;
        let granted = ctx.tx().attempt(sql::GRANT_ROLE_TO_MANY, &[&people, &role, &until]).await;
        if granted.as_ref().is_err_and(DbError::is_row_security) {
            return Err(walled(ctx, key, own_place.map(|place| (place, until.is_some()))).await?);
        }
        granted
            .on_constraint("tenant_max_instructors", too_many_instructors)
            .on_constraint("tenant_last_admin", |error| at("userIds", &people, error, last_admin(error)))
            .on_constraint("user_role_role_fkey", |_| no_such_role("roleKey"))?;
        answer(ctx, &people).await
    }

    /// Takes a role from people; whoever does not hold it stays as they are. All or nobody. FORBIDDEN with ROLE_TOO_HIGH, with NOT_YOURS for a role
    /// of your own that ends by itself, NOT_FOUND; CONFLICT with LAST_ROLE for whom it is the only role that runs, with LAST_ADMIN; `field` says whom
    /// it is about (`userIds.3`).
    #[needs(RoleManage)]
    #[in_person]
    #[cost(100)]
    async fn withdraw_role(
        ctx: &Context<'_>,
        /// From whom, and which.
        input: WithdrawRoleInput,
    ) -> Result<Vec<Loaded<User>>> {
        let key = role_key("roleKey", &input.role_key)?;
        let people = people(ctx, "userIds", &input.user_ids).await?;
        all_below(ctx, "userIds", &people).await?;
        if ctx.tx().query(sql::ROLE_OF_KEY, &[&key]).await?.is_empty() {
            return Err(no_such_role("roleKey"));
        }
        let taken = ctx.tx().query(sql::WITHDRAW_ROLE, &[&people, &key]).await;
        let taken = taken.on_constraint("tenant_last_admin", |error| at("userIds", &people, error, last_admin(error)))?;
        let taken: Vec<Id<User>> = taken.iter().map(|row| row.get(0)).collect();
        // A role of the actor's own that ends by itself is none of theirs to take.
        let kept = ctx.tx().query(sql::STILL_HOLD, &[&people, &key]).await?;
        let kept: Vec<Id<User>> = kept.iter().map(|row| row.get(0)).collect();
        if let Some(place) = people.iter().position(|person| kept.contains(person)) {
            return Err(Error::not_yours().field(format!("userIds.{place}")));
        }
        let left = ctx.tx().query(sql::WITH_ROLES, &[&taken]).await?;
        let left: Vec<Id<User>> = left.iter().map(|row| row.get(0)).collect();
        if let Some(place) = people.iter().position(|person| taken.contains(person) && !left.contains(person)) {
            let message = "This is the only role that this person holds: give them another first.";
            return Err(Error::conflict("LAST_ROLE", message).field(format!("userIds.{place}")));
        }
        answer(ctx, &people).await
    }
}
