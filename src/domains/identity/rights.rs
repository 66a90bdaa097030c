//! What somebody may do, and why: their roles with their ends, what they were granted and denied beside them, and what comes of it.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
    permission::{Permission, PermissionSet},
    resolve::{Batch, Ctx, DateTime, Loaded, Request, Shape, one},
};
use lectern_macros::{extends, object, resolvers};
use uuid::Uuid;

use super::{Role, User, role::set_of, sql};

/// A role that somebody holds, and until when.
#[object(resolvers)]
#[derive(Clone)]
pub struct RoleAssignment {
    /// The role.
    pub role: Loaded<Role>,
    /// When it ends by itself; null when it is theirs for good.
    pub until: Option<DateTime>,
    /// When they were given it.
    pub created_at: DateTime,
    #[hidden]
    granted_by: Option<Id<User>>,
}

#[resolvers]
impl RoleAssignment {
    /// Who gave it to them, or last said when it ends; null where the service did, or when you may not see them.
    async fn granted_by(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        match self.granted_by {
            Some(id) => one(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// Whether somebody holds a permission, and why.
#[object]
#[derive(Clone)]
pub struct EffectivePermission {
    /// The permission.
    pub permission: Permission,
    /// Whether they hold it: by a role or a grant, unless it is denied them. In ADMIN nothing is denied. A role in which a second factor is due grants
    /// nothing until they have one.
    pub is_held: bool,
    /// The roles of theirs that grant it, by their keys; those as well that grant nothing as long as a second factor is due.
    pub via_roles: Vec<Loaded<Role>>,
    /// Whether they were granted it themselves.
    pub is_granted: bool,
    /// Whether it is denied them.
    pub is_denied: bool,
}

/// What is added to people: what they may do, and why.
pub struct UserRights;

/// Whether the viewer may see what somebody may do.
fn is_open(request: &Request, id: Id<User>, is_deleted: bool) -> Result<bool> {
    let actor = request.actor().ok_or_else(Error::unauthenticated)?;
    Ok(!is_deleted && (actor.is(id.0) || (actor.can(Permission::UserRead) && actor.can(Permission::RoleRead))))
}

#[extends(User)]
impl UserRights {
    /// The roles that they hold, each with its end, by their keys. Null unless it is you, or you hold USER_READ and ROLE_READ.
    #[cost(5)]
    async fn role_assignments(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<Vec<RoleAssignment>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        Ok(Some(ctx.load(AssignmentsOf(id)).await?.unwrap_or_default()))
    }

    /// What they were granted beside their roles. Null unless it is you, or you hold USER_READ and ROLE_READ.
    async fn permission_grants(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<Vec<Permission>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        Ok(Some(ctx.load(OwnPermissionsOf(id)).await?.unwrap_or_default().grants.iter().collect()))
    }

    /// What is denied them in spite of their roles. Null unless it is you, or you hold USER_READ and ROLE_READ.
    async fn permission_denies(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<Vec<Permission>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        Ok(Some(ctx.load(OwnPermissionsOf(id)).await?.unwrap_or_default().denies.iter().collect()))
    }

    /// Of every permission whether they hold it, and why: in one of their roles, or over all of them. Null unless it is you, or you hold USER_READ
    /// and ROLE_READ; also where they don't hold that role.
    #[cost(5)]
    async fn effective_permissions(
        id: Id<User>,
        is_deleted: bool,
        ctx: &Context<'_>,
        /// The key of a role of theirs; left out: over all roles.
        role_key: Option<String>,
    ) -> Result<Option<Vec<EffectivePermission>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        let Standing { mut roles, own } = ctx.load(StandingOf(id)).await?.unwrap_or_default();
        if let Some(key) = role_key {
            roles.retain(|role| role.role.key == key);
            if roles.is_empty() {
                return Ok(None);
            }
        }
        let explained = Permission::ALL.iter().map(|permission| explain(*permission, &roles, own));
        Ok(Some(explained.collect()))
    }
}

fn explain(permission: Permission, roles: &[HeldRole], own: OwnPermissions) -> EffectivePermission {
    let via: Vec<&HeldRole> = roles.iter().filter(|role| role.grants.contains(permission)).collect();
    let (is_granted, is_denied) = (own.grants.contains(permission), own.denies.contains(permission));
    let is_held = roles
        .iter()
        .filter(|role| !role.is_factor_due)
        .any(|role| role.is_admin() || (!is_denied && (is_granted || role.grants.contains(permission))));
    let via_roles = via.into_iter().map(|role| role.loaded.clone()).collect();
    EffectivePermission { permission, is_held, via_roles, is_granted, is_denied }
}

/// What somebody was granted and denied beside their roles.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnPermissions {
    /// What they were granted.
    pub grants: PermissionSet,
    /// What they are denied.
    pub denies: PermissionSet,
}

/// What the actor was granted and denied, and what their active role grants by itself: why they hold what they hold.
///
/// # Errors
/// When the database can't be reached.
pub async fn standing_of_actor(ctx: &Context<'_>) -> Result<(PermissionSet, OwnPermissions)> {
    let actor = ctx.actor()?;
    let Standing { roles, own } = ctx.load(StandingOf(Id::from_uuid(actor.user))).await?.unwrap_or_default();
    let active = roles.iter().find(|role| role.role.id.0 == actor.role_id);
    Ok((active.map(|role| role.grants).unwrap_or_default(), own))
}

/// A role that somebody holds.
#[derive(Clone)]
struct HeldRole {
    loaded: Loaded<Role>,
    role: Role,
    grants: PermissionSet,
    is_factor_due: bool,
}

impl HeldRole {
    fn is_admin(&self) -> bool {
        self.role.is_system && self.role.key == "ADMIN"
    }
}

#[derive(Clone, Default)]
struct Standing {
    roles: Vec<HeldRole>,
    own: OwnPermissions,
}

/// The columns of a role in front of what else a statement reads, and how they are read.
fn roles_in(batch: &Batch, sql: &str) -> (String, Arc<Shape>) {
    let info = batch.catalog().of(Role::object());
    (sql.replace("{r}", &info.select("r", true)), Shape::alone(info, true))
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct AssignmentsOf(Id<User>);

impl Loader<AssignmentsOf> for Batch {
    type Value = Vec<RoleAssignment>;
    type Error = Error;

    async fn load(&self, keys: &[AssignmentsOf]) -> Result<HashMap<AssignmentsOf, Vec<RoleAssignment>>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let (sql, shape) = roles_in(self, sql::ASSIGNMENTS);
        let mut found: HashMap<AssignmentsOf, Vec<RoleAssignment>> = HashMap::new();
        for row in self.tx.query(&sql, &[&people]).await? {
            let (row, at) = (Arc::new(row), shape.width());
            let Some(role) = Loaded::joined(&row, 0, &shape) else { continue };
            let assignment = RoleAssignment {
                role,
                until: row.try_get(at + 1).map_err(DbError::from)?,
                granted_by: row.try_get(at + 2).map_err(DbError::from)?,
                created_at: row.try_get(at + 3).map_err(DbError::from)?,
            };
            found.entry(AssignmentsOf(row.try_get(at).map_err(DbError::from)?)).or_default().push(assignment);
        }
        Ok(found)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct OwnPermissionsOf(Id<User>);

impl Loader<OwnPermissionsOf> for Batch {
    type Value = OwnPermissions;
    type Error = Error;

    async fn load(&self, keys: &[OwnPermissionsOf]) -> Result<HashMap<OwnPermissionsOf, OwnPermissions>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in self.tx.query(sql::OWN_PERMISSIONS, &[&people]).await? {
            let person: Id<User> = row.try_get(0).map_err(DbError::from)?;
            found.insert(OwnPermissionsOf(person), OwnPermissions { grants: set_in(&row, 1)?, denies: set_in(&row, 2)? });
        }
        Ok(found)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct StandingOf(Id<User>);

impl Loader<StandingOf> for Batch {
    type Value = Standing;
    type Error = Error;

    async fn load(&self, keys: &[StandingOf]) -> Result<HashMap<StandingOf, Standing>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let (sql, shape) = roles_in(self, sql::STANDING);
        let mut found: HashMap<StandingOf, Standing> = HashMap::new();
        for row in self.tx.query(&sql, &[&people]).await? {
            let (row, at) = (Arc::new(row), shape.width());
            let person: Uuid = row.try_get(at).map_err(DbError::from)?;
            let standing = found.entry(StandingOf(Id::from_uuid(person))).or_default();
            standing.own = OwnPermissions { grants: set_in(&row, at + 1)?, denies: set_in(&row, at + 2)? };
            if let Some(loaded) = Loaded::<Role>::joined(&row, 0, &shape) {
                let role = loaded.read()?;
                let is_factor_due = row.try_get(at + 3).map_err(DbError::from)?;
                standing.roles.push(HeldRole { grants: role.grants(), role, loaded, is_factor_due });
            }
        }
        Ok(found)
    }
}

/// A set of permissions in a column; none where it is null.
fn set_in(row: &tokio_postgres::Row, at: usize) -> Result<PermissionSet> {
    let names: Option<Vec<String>> = row.try_get(at).map_err(DbError::from)?;
    Ok(set_of(&names.unwrap_or_default()))
}
