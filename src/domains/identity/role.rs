//! A role of a school: a named set of permissions.

use std::collections::HashMap;

use async_graphql::{SimpleObject, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, DbError, Record, select},
    error::{Error, Result},
    ids::{Id, Kind},
    permission::{Permission, PermissionSet},
    resolve::{Batch, ById},
};

use super::User;

/// A named set of permissions. Every school has the system roles ADMIN, INSTRUCTOR, LEARNER and VIEWER, and adds its own.
#[derive(SimpleObject, Clone, Debug)]
pub struct Role {
    /// Its id.
    pub id: Id<Role>,
    /// Its short name, unique in the school: capital letters, digits and underscores. What `roleKeys` take.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether it is one of the four that every school has; these can't be changed.
    pub is_system: bool,
    /// What it grants.
    pub permissions: Vec<Permission>,
}

impl Kind for Role {
    const PREFIX: &'static str = "role";
    const TYPE: &'static str = "Role";
}

impl Record for Role {
    const COLUMNS: &'static [&'static str] =
        &["id", "key", "name", "is_system", "app.permissions_of({}.key, {}.is_system, {}.permissions)"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Role {
            id: reader.next()?,
            key: reader.next()?,
            name: reader.next()?,
            is_system: reader.next()?,
            permissions: PermissionSet::from_texts(&reader.next::<Vec<&str>>()?).iter().collect(),
        })
    }
}

impl ById for Role {
    fn by_ids() -> String {
        format!("SELECT {} FROM role r WHERE r.tenant_id = $1 AND r.id = ANY ($2)", select::<Role>("r"))
    }

    fn id(&self) -> Id<Role> {
        self.id
    }
}

/// The roles that a person holds.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RolesOf(pub Id<User>);

impl Loader<RolesOf> for Batch {
    type Value = Vec<Role>;
    type Error = Error;

    async fn load(&self, keys: &[RolesOf]) -> Result<HashMap<RolesOf, Vec<Role>>> {
        let users: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let sql = format!(
            "SELECT ur.user_id, {} FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id \
             WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2) ORDER BY r.key",
            select::<Role>("r")
        );
        let mut roles: HashMap<RolesOf, Vec<Role>> = HashMap::new();
        for row in &self.tx.query(&sql, &[&users]).await? {
            let mut reader = ColumnReader::new(row);
            roles.entry(RolesOf(reader.next().map_err(Error::from)?)).or_default().push(Role::read(&mut reader)?);
        }
        Ok(roles)
    }
}
