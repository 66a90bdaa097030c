//! Guards: may this person do this at all? They read memory only; which rows exist is the policies' business.
//! The directives say the same in the schema, and a test proves that they do.

use async_graphql::{Context, Guard, TypeDirective};

use super::context::Ctx;
use crate::permission::Permission;

/// The field needs one of these permissions of the active role. Without this directive and without `@public`, any
/// signed-in person may ask, and rows decide.
#[TypeDirective(location = "FieldDefinition", name = "requiresPermission")]
pub fn requires_permission(any_of: Vec<Permission>) {}

/// Signed-out people may ask, too.
#[TypeDirective(location = "FieldDefinition", name = "public")]
pub fn public() {}

/// One of these permissions. The field's directive and the end of its description say the same.
pub struct Require<const N: usize>(pub [Permission; N]);

/// Any signed-in person of a school whose subscription runs.
pub struct SignedIn;

/// Any signed-in person, also after the school's subscription has lapsed: for signing out.
pub struct Authenticated;

/// Anybody.
pub struct Public;

/// A root field of a mutation names the operation under which the audit log keeps its changes.
fn enter(ctx: &Context<'_>) {
    let request = ctx.request();
    if request.is_mutation() && ctx.path_node.is_some_and(|node| node.parent.is_none()) {
        request.tx.enter_operation(ctx.item.node.name.node.as_str());
    }
}

impl<const N: usize> Guard for Require<N> {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        ctx.actor()?.require(&self.0)?;
        enter(ctx);
        Ok(())
    }
}

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        ctx.actor()?.require_subscription()?;
        enter(ctx);
        Ok(())
    }
}

impl Guard for Authenticated {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        ctx.actor()?;
        enter(ctx);
        Ok(())
    }
}

impl Guard for Public {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        enter(ctx);
        Ok(())
    }
}
