//! The statements of the domain. `$1` is the tenant; the policies filter again. `{u}` stands for the columns of a person
//! over the alias `u`, `{r}` for those of a role.

/// What is null stays as it is; the key of the email as well, by the table's trigger.
pub const UPDATE_USER: &str = "UPDATE app_user u SET name = coalesce($3, u.name), email = coalesce($4, u.email), email_key = $5 \
     WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL RETURNING {u}";

/// Only where the actor outranks the person: the policy alone would let people change their own status.
pub const SET_STATUS: &str = "UPDATE app_user u SET status = $3 \
     WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL AND app.outranks(u.id) RETURNING {u}";

/// Only where the actor outranks the person, or is the person.
pub const CLEAR_EMAIL_STATE: &str = "UPDATE app_user u SET email_state = 'OK' \
     WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL RETURNING {u}";

/// The database makes the person a tombstone (app.before_app_user_update, app.retire_user).
pub const DELETE_USER: &str = "UPDATE app_user u SET deleted_at = now() \
     WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL AND app.outranks(u.id) RETURNING u.id";

/// Whoever sets a person's roles, or deletes them with their roles, waits for the lock.
pub const LOCK_ROLES: &str = "SELECT app.lock_for('user_roles', $2) WHERE app.tenant_id() = $1";

pub const OUTRANKS: &str = "SELECT app.outranks($2) WHERE app.tenant_id() = $1";

pub const GRANT_ROLES: &str = "INSERT INTO user_role (tenant_id, user_id, role_id) SELECT $1, $2, wanted.id FROM unnest($3::uuid[]) AS wanted(id) \
     WHERE NOT EXISTS (SELECT FROM user_role held WHERE held.tenant_id = $1 AND held.user_id = $2 AND held.role_id = wanted.id)";

pub const REVOKE_OTHER_ROLES: &str =
    "DELETE FROM user_role ur WHERE ur.tenant_id = $1 AND ur.user_id = $2 AND NOT ur.role_id = ANY ($3::uuid[])";

pub const SET_FIRST_PASSWORD: &str = "SELECT app.set_first_password($2, $3) WHERE app.tenant_id() = $1";

pub const ROLES: &str = "SELECT {r} FROM role r WHERE r.tenant_id = $1 ORDER BY r.is_system DESC, r.key";

pub const ROLES_BY_KEYS: &str = "SELECT {r} FROM role r WHERE r.tenant_id = $1 AND r.key = ANY ($2)";

pub const INSERT_ROLE: &str = "INSERT INTO role AS r (tenant_id, id, key, name, permissions) VALUES ($1, $2, $3, $4, $5) RETURNING {r}";

/// What is null stays as it is.
pub const UPDATE_ROLE: &str = "UPDATE role r SET name = coalesce($3, r.name), permissions = coalesce($4, r.permissions) \
     WHERE r.tenant_id = $1 AND r.id = $2 AND NOT r.is_system RETURNING {r}";

pub const DELETE_ROLE: &str = "DELETE FROM role r WHERE r.tenant_id = $1 AND r.id = $2 AND NOT r.is_system RETURNING r.id";

/// `$2` people: when each has signed in last.
pub const LAST_SIGN_INS: &str = "SELECT l.user_id, l.at FROM app.last_sign_ins($2) AS l WHERE app.tenant_id() = $1";

/// `$2` a sign-in of the actor's, which ends if it has not yet.
pub const END_SIGN_IN: &str = "UPDATE session si SET revoked_at = now(), revoked_reason = 'ENDED' \
     WHERE si.tenant_id = $1 AND si.id = $2 AND si.user_id = app.user_id() AND si.revoked_at IS NULL";

/// `$2` the person: what a change of their password needs to know.
pub const OWN_PASSWORD: &str = "SELECT app.own_password_hash(), u.email, u.name, app.password_needs_approval() \
     FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2";

/// `$2` whose second factor was missed after a right password.
pub const MISS_SECOND_FACTOR: &str = "SELECT app.miss_second_factor($2) WHERE app.tenant_id() = $1";

/// `$2` a sign-in whose spent refresh token was presented again: ends it.
pub const REVOKE_REUSED: &str = "SELECT app.revoke_reused_session($2) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE_SESSIONS: &str = "SELECT app.purge_sessions($2) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE_RATE_LIMITS: &str = "SELECT app.purge_rate_limits($2) WHERE app.tenant_id() = $1";
