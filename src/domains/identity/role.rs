//! A role of a school: a named set of permissions.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    permission::{Permission, PermissionSet},
    resolve::{Loaded, Nested, all},
};
use lectern_macros::{object, resolvers};

/// A named set of permissions. Every school has the system roles ADMIN, INSTRUCTOR, LEARNER, VIEWER and PARTICIPANT, and adds its own.
#[object(table = "role", alias = "r", id = "role", node(RoleRead), resolvers)]
#[derive(Clone, Debug)]
pub struct Role {
    /// Its id.
    pub id: Id<Role>,
    /// Its short name, unique in the school: capital letters, digits and underscores. What `roleKeys` take.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether it is one of those that every school has; these can't be changed.
    pub is_system: bool,
    // The names of its permissions, as the database keeps them.
    #[hidden]
    #[column("app.permissions_of({}.key, {}.is_system, {}.permissions)")]
    pub granted: Vec<String>,
}

impl Role {
    /// What it grants.
    pub fn grants(&self) -> PermissionSet {
        set_of(&self.granted)
    }
}

/// The permissions with these names; unknown ones are left out.
pub(super) fn set_of(names: &[String]) -> PermissionSet {
    names.iter().filter_map(|name| Permission::from_text(name)).collect()
}

/// Roles by their keys.
pub(super) const BY_KEY: Order = Order { key: SortKey::text("KEY", "r.key"), id: "r.id", descending: false };

static MANAGES: Nested = Nested::new("role.manages", BY_KEY, "l.role_id")
    .by("JOIN app.role_ladder() l ON l.tenant_id = r.tenant_id AND l.managed_role_id = r.id");

#[resolvers]
impl Role {
    /// The roles whose holders it may admit and approve, by their keys, as far as you may see them. ADMIN: every role. A role that grants
    /// ROLE_MANAGE or TENANT_MANAGE is managed by ADMIN alone.
    #[cost(5)]
    async fn manages(id: Id<Role>, ctx: &Context<'_>) -> Result<Vec<Loaded<Role>>> {
        all(ctx, &MANAGES, id.0).await
    }

    /// What it grants.
    fn permissions(granted: Vec<String>) -> Vec<Permission> {
        set_of(&granted).iter().collect()
    }
}
