//! A role of a school: a named set of permissions.

use lectern_kernel::{
    ids::Id,
    permission::{Permission, PermissionSet},
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
fn set_of(names: &[String]) -> PermissionSet {
    names.iter().filter_map(|name| Permission::from_text(name)).collect()
}

#[resolvers]
impl Role {
    /// What it grants.
    fn permissions(granted: Vec<String>) -> Vec<Permission> {
        set_of(&granted).iter().collect()
    }
}
