//! `explainAccess`: why somebody may or may not ask for something, in words that a support desk can read out.

use async_graphql::{Context, Enum, ID};
use lectern_kernel::{
    auth::Actor,
    error::{Code, Error, Result},
    permission::Permission,
    resolve::{Ctx, Node, registry::Root},
};
use lectern_macros::{object, queries};

use super::access::{self, Access};
use crate::domains::identity::standing_of_actor;

/// What decides whether somebody may ask for something: the first of these that says no, or else the last that was asked.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessDecision {
    /// Nothing: anybody may ask, also signed out.
    Public,
    /// Being signed in is enough; rows are decided one by one.
    SignedIn,
    /// A permission of the active role.
    Permission,
    /// A permission that you were granted yourself, beside your role.
    Grant,
    /// A permission that is denied you, in spite of your role.
    Deny,
    /// The school's subscription, which has lapsed.
    Subscription,
    /// The API key that asks, which may not, whatever it was granted.
    ApiKey,
    /// The second factor that the school wants of holders of the role, and that is not set up.
    SecondFactor,
    /// That you see as this person (`startViewAs`): nothing can be changed then, nor listened to.
    Viewing,
    /// The row itself: it is visible, or there is none that you may see.
    Row,
}

/// Why you may or may not ask for something.
#[object]
pub struct AccessExplanation {
    /// Whether you may. For a change of a row that you can see this is not the last word: the row decides when it is
    /// changed (FORBIDDEN with NOT_YOURS).
    pub allowed: bool,
    /// What decides.
    pub decided_by: AccessDecision,
    /// The permissions of which your active role needs one; empty where the field needs none.
    pub required_permissions: Vec<Permission>,
    /// Those of them that you hold in your active role, grants and denies counted.
    pub held_permissions: Vec<Permission>,
    /// The key of the role that you act in.
    pub active_role: String,
    /// Whether your school's subscription runs.
    pub tenant_active: bool,
    /// The same in one sentence.
    pub message: String,
}

/// Queries about access itself.
pub struct ExplainQueries;

#[queries]
impl ExplainQueries {
    /// What decides whether you may ask for a field, and for a row of it: your role, a permission, the school's
    /// subscription, or the row. Of a row it says only what you could see for yourself: visible, or not to be found; a
    /// hidden row, another school's and one that never existed are answered alike. Answers after the subscription has
    /// lapsed, too, so that it can say so.
    #[authenticated]
    async fn explain_access(
        ctx: &Context<'_>,
        /// The row that you want to ask for or change; left out: the field as such.
        id: Option<ID>,
        /// The field: `Query.courses`, `Course.enrollments`, or a root field's name alone, `createCourse`.
        field: String,
    ) -> Result<AccessExplanation> {
        let actor = ctx.actor()?;
        let Some(((parent, name), access)) = access::find(&field) else {
            return Err(Error::bad_input("field", "is no field of this API; `Query.courses` or `createCourse` would be one"));
        };
        if let Some(id) = &id {
            Node::read_id(ctx.request(), "id", id)?;
        }
        let required: &[Permission] = if let Access::AnyOf(any_of) = access { any_of } else { &[] };
        let held: Vec<Permission> = required.iter().copied().filter(|permission| actor.can(*permission)).collect();
        let named = |list: &[Permission]| list.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(" or ");

        let refused_key = by_key(ctx, &actor, &field).err();
        let whose = if actor.key.is_some() { "This API key in the role" } else { "Your role" };
        let ends_viewing = ctx.request().registry().mutation(name).is_some_and(|operation| operation.while_viewing);
        let is_viewing = actor.viewed_by.is_some() && parent != "Query" && access::ROOTS.contains(&parent) && !ends_viewing;
        let (allowed, decided_by, message) = if let Some(refused) = refused_key {
            (false, AccessDecision::ApiKey, refused.message().to_owned())
        } else if is_viewing {
            (false, AccessDecision::Viewing, "You see as this person, and change nothing.".to_owned())
        } else if access == Access::Public {
            (true, AccessDecision::Public, "Anybody may ask for this, also signed out.".to_owned())
        } else if !actor.subscribed && !access.outlives_subscription() {
            (false, AccessDecision::Subscription, Error::subscription_expired().message().to_owned())
        } else if !required.is_empty() && actor.is_factor_due {
            let message = format!("Your role {} grants nothing until you set up a second factor.", actor.role_key);
            (false, AccessDecision::SecondFactor, message)
        } else if !required.is_empty() && held.is_empty() {
            let (of_role, own) = standing_of_actor(ctx).await?;
            let denied = |permission: &Permission| {
                own.denies.contains(*permission) && (of_role.contains(*permission) || own.grants.contains(*permission))
            };
            match required.iter().find(|permission| denied(permission)) {
                Some(permission) => (
                    false,
                    AccessDecision::Deny,
                    format!("{} is denied to you, in your role {} as well.", permission.as_str(), actor.role_key),
                ),
                None => (false, AccessDecision::Permission, format!("{whose} {} lacks {}.", actor.role_key, named(required))),
            }
        } else if let Some(id) = &id {
            match sees(ctx, id).await? {
                true => (true, AccessDecision::Row, "You can see it. Whether you may change it is decided when you do.".to_owned()),
                false => (false, AccessDecision::Row, "There is no such thing, or none that you may see.".to_owned()),
            }
        } else if required.is_empty() {
            (
                true,
                AccessDecision::SignedIn,
                "Any signed-in person may ask for this; which rows they reach is decided row by row.".to_owned(),
            )
        } else {
            let (of_role, _) = standing_of_actor(ctx).await?;
            if held.iter().any(|permission| of_role.contains(*permission)) {
                let message = format!("{whose} {} holds {}; which rows it reaches is decided row by row.", actor.role_key, named(&held));
                (true, AccessDecision::Permission, message)
            } else {
                let message = format!(
                    "You were granted {} beside your role {}; which rows it reaches is decided row by row.",
                    named(&held),
                    actor.role_key
                );
                (true, AccessDecision::Grant, message)
            }
        };
        Ok(AccessExplanation {
            allowed,
            decided_by,
            required_permissions: required.to_vec(),
            held_permissions: held,
            active_role: actor.role_key.clone(),
            tenant_active: actor.subscribed,
            message,
        })
    }
}

/// Refuses what no API key may ask for, where one asks.
fn by_key(ctx: &Context<'_>, actor: &Actor, field: &str) -> Result<()> {
    let (of, name) = field.split_once('.').unwrap_or(("", field));
    let roots = [Root::Query, Root::Mutation].into_iter().filter(|root| of.is_empty() || of == root.name());
    match roots.filter_map(|root| ctx.request().registry().operation(root, name)).next() {
        Some(operation) => actor.require_in_person(operation.root == Root::Mutation, operation.is_session || operation.in_person),
        None => Ok(()),
    }
}

/// Whether `node` would show it to this person.
async fn sees(ctx: &Context<'_>, id: &ID) -> Result<bool> {
    match Node::find(ctx, "id", id).await {
        Ok(found) => Ok(found.is_some()),
        Err(error) if matches!(error.code(), Code::Forbidden | Code::SubscriptionExpired | Code::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}
