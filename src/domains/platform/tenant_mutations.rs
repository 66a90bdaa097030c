//! Founding schools, changing them, and making their administrators.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    auth::Passwords,
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, one, text},
    text::email_key,
};
use lectern_macros::mutations;
use serde_json::{Map, Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    DeskTenant,
    inputs::{AssignTenantAdminInput, CreateTenantInput, RenewTenantInput, SuspendTenantInput, UpdateTenantInput, cap, locale, slug, zone},
    sql,
    tenant::TenantAdmin,
};
use crate::domains::identity::password_hints;

/// Mutations of schools.
pub struct TenantMutations;

fn no_school() -> Error {
    Error::not_found("school").field("id")
}

fn ends_first(_: &DbError) -> Error {
    Error::bad_input("subscriptionEnd", "must be after the beginning of the subscription")
}

fn cap_reached(what: &'static str) -> impl FnOnce(&DbError) -> Error {
    move |error| {
        let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
        Error::limit_reached(format!("The school's plan allows {limit} {what}, and it has {used}."), limit, used)
    }
}

/// Changes a school, and answers it.
async fn change(ctx: &Context<'_>, id: Id<DeskTenant>, changes: Map<String, Value>) -> Result<Loaded<DeskTenant>> {
    let changed: Option<bool> = ctx
        .tx()
        .value(sql::CHANGE_TENANT, &[&id, &Value::Object(changes)])
        .await
        .on_constraint("tenant_subscription_check", ends_first)
        .on_constraint("tenant_erasing", |_| {
            Error::conflict("ERASURE_RUNNING", "This school is being erased: nothing brings it back.").field("id")
        })?;
    if changed != Some(true) {
        return Err(no_school());
    }
    one(ctx, id).await?.ok_or_else(no_school)
}

/// What somebody is to be in a school who shall administer it.
struct Wanted<'a> {
    email: &'a str,
    name: Option<&'a str>,
    password: Option<String>,
    /// What stands before the fields of the input.
    within: &'static str,
}

/// Makes somebody an administrator of a school; none where there is no such school.
async fn give_admin(ctx: &Context<'_>, school: Id<DeskTenant>, wanted: Wanted<'_>) -> Result<Option<TenantAdmin>> {
    let field = |name: &str| format!("{}{name}", wanted.within);
    let email = text::email(&field("email"), wanted.email)?;
    let name = wanted.name.map(|name| text::name(&field("name"), name)).transpose()?;
    let hash = match wanted.password {
        Some(password) => {
            let hints = password_hints(&email, name.as_deref().unwrap_or_default());
            Passwords::check(&password, &hints).map_err(|error| Error::bad_input(field("password"), error.0))?;
            Some(ctx.request().services.passwords.hash(password).await?)
        }
        None => None,
    };
    let given = ctx
        .tx()
        .query(sql::GIVE_ADMIN, &[&school, &Uuid::now_v7(), &email, &email_key(&email), &name, &hash])
        .await
        .on_constraint("tenant_max_users", cap_reached("people"))
        .on_constraint("tenant_max_instructors", cap_reached("instructors"))
        .on_constraint("tenant_admin_suspended", |_| {
            Error::conflict("USER_SUSPENDED", "This person is suspended in the school: let them sign in again there first.")
                .field(field("email"))
        })
        .on_constraint("invitation_pending", |_| {
            Error::conflict("INVITATION_PENDING", "An invitation to this email address is pending.").field(field("email"))
        })?;
    let read = |row: &Row| -> Result<TenantAdmin, DbError> {
        Ok(TenantAdmin { email: row.try_get(0)?, name: row.try_get(1)?, is_invited: row.try_get(2)? })
    };
    Ok(given.first().map(read).transpose()?)
}

#[mutations("Tenant")]
impl TenantMutations {
    /// Founds a school: its system roles, its settings and, where one is named, its first administrator, with a password or invited by mail. CONFLICT with
    /// SLUG_TAKEN. It stands alone in its document.
    #[session]
    #[hashes_password]
    async fn create_tenant(
        ctx: &Context<'_>,
        /// The school.
        input: CreateTenantInput,
    ) -> Result<Loaded<DeskTenant>> {
        let id = Id::<DeskTenant>::from_uuid(Uuid::now_v7());
        let short = slug("slug", &input.slug)?;
        let name = text::name("name", &input.name)?;
        let zone = zone("timeZone", input.time_zone.as_deref().unwrap_or("UTC"))?;
        let locale = locale("locale", input.locale.as_deref().unwrap_or("en"))?;
        let (max_users, max_instructors) = (cap("maxUsers", input.max_users)?, cap("maxInstructors", input.max_instructors)?);
        let listed = input.is_listed.unwrap_or(true);
        ctx.tx()
            .query(
                sql::CREATE_TENANT,
                &[
                    &id,
                    &short,
                    &name,
                    &zone,
                    &locale,
                    &listed,
                    &input.subscription_start,
                    &input.subscription_end,
                    &max_users,
                    &max_instructors,
                ],
            )
            .await
            .on_constraint("tenant_slug_key", |_| Error::conflict("SLUG_TAKEN", "Another school has this slug.").field("slug"))
            .on_constraint("tenant_subscription_check", ends_first)?;
        if let Some(first) = input.first_admin {
            let wanted = Wanted { email: &first.email, name: Some(&first.name), password: first.password, within: "firstAdmin." };
            give_admin(ctx, id, wanted).await?;
        }
        one(ctx, id).await?.ok_or_else(no_school)
    }

    /// Changes a school. What is left out stays as it is; an explicit null clears. A cap below what the school has refuses the next.
    async fn update_tenant(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateTenantInput,
    ) -> Result<Loaded<DeskTenant>> {
        let id = Id::<DeskTenant>::parse("id", &input.id)?;
        let mut changes = Map::new();
        let required = |field: &str| Error::bad_input(field, "can't be null: leave it out to keep it");
        match &input.name {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => return Err(required("name")),
            MaybeUndefined::Value(name) => drop(changes.insert("name".to_owned(), json!(text::name("name", name)?))),
        }
        match &input.time_zone {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => return Err(required("timeZone")),
            MaybeUndefined::Value(given) => drop(changes.insert("timeZone".to_owned(), json!(zone("timeZone", given)?))),
        }
        match input.is_listed {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => return Err(required("isListed")),
            MaybeUndefined::Value(listed) => drop(changes.insert("isListed".to_owned(), json!(listed))),
        }
        for (field, given) in [("maxUsers", input.max_users), ("maxInstructors", input.max_instructors)] {
            if !given.is_undefined() {
                changes.insert(field.to_owned(), json!(cap(field, given.take())?));
            }
        }
        change(ctx, id, changes).await
    }

    /// Sets when a school's subscription lapses: null for never. Left out it stays as it is.
    async fn renew_tenant(
        ctx: &Context<'_>,
        /// The school, and the end.
        input: RenewTenantInput,
    ) -> Result<Loaded<DeskTenant>> {
        let id = Id::<DeskTenant>::parse("id", &input.id)?;
        let mut changes = Map::new();
        if !input.subscription_end.is_undefined() {
            changes.insert("subscriptionEnd".to_owned(), json!(input.subscription_end.take().map(|end| end.0.to_string())));
        }
        change(ctx, id, changes).await
    }

    /// Suspends a school: its people are answered SUBSCRIPTION_EXPIRED at once, its data is kept. Of one that is suspended it changes the reason.
    async fn suspend_tenant(
        ctx: &Context<'_>,
        /// The school, and the reason.
        input: SuspendTenantInput,
    ) -> Result<Loaded<DeskTenant>> {
        let id = Id::<DeskTenant>::parse("id", &input.id)?;
        let reason = text::short("reason", &input.reason, 500)?;
        change(ctx, id, Map::from_iter([("suspendReason".to_owned(), json!(reason))])).await
    }

    /// Lifts the suspension of a school. CONFLICT with ERASURE_RUNNING for one that is being erased.
    async fn reactivate_tenant(
        ctx: &Context<'_>,
        /// The school's id.
        id: Id<DeskTenant>,
    ) -> Result<Loaded<DeskTenant>> {
        change(ctx, id, Map::from_iter([("suspendReason".to_owned(), Value::Null)])).await
    }

    /// Makes somebody an administrator of a school: whoever has this address there is given ADMIN, for good also where they had it until a date; else they
    /// are invited by mail. CONFLICT with USER_SUSPENDED for somebody who is suspended there, LIMIT_REACHED where the school's plan allows no more
    /// instructors.
    async fn assign_tenant_admin(
        ctx: &Context<'_>,
        /// The school, and whom.
        input: AssignTenantAdminInput,
    ) -> Result<TenantAdmin> {
        let school = Id::<DeskTenant>::parse("tenantId", &input.tenant_id)?;
        let wanted = Wanted { email: &input.email, name: input.name.as_deref(), password: None, within: "" };
        give_admin(ctx, school, wanted).await?.ok_or_else(|| Error::not_found("school").field("tenantId"))
    }
}
