//! The statements of the domain. `$1` is the tenant; the policies filter again. `{u}` stands for the columns of a person
//! over the alias `u`, `{r}` for those of a role.

/// What is null stays as it is; the key of the email as well, by the table's trigger. `$6` whether `$7` is the username, `$8` whether `$9` is the
/// time zone.
pub const UPDATE_USER: &str = "UPDATE app_user u SET name = coalesce($3, u.name), email = coalesce($4, u.email), email_key = $5, \
     username = CASE WHEN $6 THEN $7 ELSE u.username END, time_zone = CASE WHEN $8 THEN $9 ELSE u.time_zone END \
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

/// `$2` keys of roles, `$3` whom they are for: those that there are, and whether the actor may give them. To themselves they give none that they only
/// manage.
pub const GRANTABLE: &str = "SELECT r.id, r.key, app.may_grant(r.id) AND ($3 <> app.user_id() OR app.covers_role(r.id)) \
     FROM role r WHERE r.tenant_id = $1 AND r.key = ANY ($2)";

/// `$2` keys of roles, `$3` a role: those that there are, whether the actor may have it manage them (what it manages already stays), and whether
/// administrators alone manage them (app.role_ladder).
pub const MANAGEABLE: &str = "SELECT r.id, r.key, r.key = ANY ((SELECT app.managed_roles())::text[]) OR EXISTS (SELECT FROM role_manages m \
     WHERE m.tenant_id = $1 AND m.role_id = $3 AND m.managed_role_id = r.id), \
     app.permissions_of(r.key, r.is_system, r.permissions) && '{ROLE_MANAGE,TENANT_MANAGE}'::text[] FROM role r WHERE r.tenant_id = $1 AND r.key = ANY ($2)";

/// `$2` a role, `$3` those that it manages from now on: takes away the others.
pub const UNMANAGE: &str =
    "DELETE FROM role_manages m WHERE m.tenant_id = $1 AND m.role_id = $2 AND NOT m.managed_role_id = ANY ($3::uuid[])";

/// `$2` a role, `$3` those that it manages from now on: adds what is missing.
pub const MANAGE: &str = "INSERT INTO role_manages (tenant_id, role_id, managed_role_id) SELECT $1, $2, w.id FROM unnest($3::uuid[]) AS w(id) \
     WHERE NOT EXISTS (SELECT FROM role_manages m WHERE m.tenant_id = $1 AND m.role_id = $2 AND m.managed_role_id = w.id)";

/// `$2` a role's key.
pub const ROLE_OF_KEY: &str = "SELECT r.id FROM role r WHERE r.tenant_id = $1 AND r.key = $2";

/// Takes the turns of the people `$2`, in one order.
pub const LOCK_ROLES_OF_MANY: &str = "SELECT app.lock_for('user_roles', w.id) FROM (SELECT p.id FROM unnest($2::uuid[]) AS p(id) ORDER BY p.id) AS w WHERE app.tenant_id() = $1";

/// Of the people `$2` those above whom the actor stands.
pub const OUTRANKED: &str =
    "SELECT u.id FROM app_user u WHERE u.tenant_id = $1 AND u.id = ANY ($2) AND u.deleted_at IS NULL AND app.outranks(u.id)";

pub const SET_STATUS_OF_MANY: &str = "UPDATE app_user u SET status = $3 \
     WHERE u.tenant_id = $1 AND u.id = ANY ($2) AND u.deleted_at IS NULL AND app.outranks(u.id) RETURNING {u}";

pub const DELETE_USERS: &str = "UPDATE app_user u SET deleted_at = now() \
     WHERE u.tenant_id = $1 AND u.id = ANY ($2) AND u.deleted_at IS NULL AND app.outranks(u.id) RETURNING u.id";

/// Gives the people `$2` the role `$3` until `$4`.
pub const GRANT_ROLE_TO_MANY: &str = "INSERT INTO user_role AS ur (tenant_id, user_id, role_id, ends_at) \
     SELECT $1, w.id, $3, $4::timestamptz FROM (SELECT p.id FROM unnest($2::uuid[]) AS p(id) ORDER BY p.id) AS w \
     ON CONFLICT (tenant_id, user_id, role_id) DO UPDATE SET ends_at = excluded.ends_at WHERE ur.ends_at IS DISTINCT FROM excluded.ends_at";

/// Takes the role with the key `$3` from the people `$2`: who held it.
pub const WITHDRAW_ROLE: &str = "DELETE FROM user_role ur USING role r WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2) \
     AND r.tenant_id = $1 AND r.id = ur.role_id AND r.key = $3 RETURNING ur.user_id";

/// Whether the person `$2` is an active administrator for good, and nobody else.
pub const IS_LAST_ADMIN: &str = "SELECT count(*) = 1 AND bool_and(u.id = $2) FROM role r \
     JOIN user_role ur ON ur.tenant_id = $1 AND ur.role_id = r.id JOIN app_user u ON u.tenant_id = $1 AND u.id = ur.user_id \
     WHERE r.tenant_id = $1 AND r.is_system AND r.key = 'ADMIN' AND ur.ends_at IS NULL AND u.status = 'ACTIVE' AND u.deleted_at IS NULL";

/// Of the people `$2` those who hold the role with the key `$3`.
pub const STILL_HOLD: &str = "SELECT ur.user_id FROM user_role ur JOIN role r ON r.tenant_id = $1 AND r.id = ur.role_id \
     WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2) AND r.key = $3";

/// Whether the person `$2` holds roles beside those of `$3`.
pub const HOLDS_OTHERS: &str =
    "SELECT EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = $1 AND ur.user_id = $2 AND NOT ur.role_id = ANY ($3::uuid[]))";

/// Of the people `$2` those who hold a role.
pub const WITH_ROLES: &str = "SELECT DISTINCT ur.user_id FROM user_role ur WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2)";

/// The roles of the people `$2`: until when, from whom, since when.
pub const ASSIGNMENTS: &str = "SELECT {r}, ur.user_id, ur.ends_at, ur.granted_by_id, ur.created_at \
     FROM user_role ur JOIN role r ON r.tenant_id = $1 AND r.id = ur.role_id WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2) ORDER BY r.key, r.id";

/// What the people `$2` were granted and denied.
pub const OWN_PERMISSIONS: &str = "SELECT p.user_id, array_agg(p.permission) FILTER (WHERE p.effect = 'GRANT'), \
     array_agg(p.permission) FILTER (WHERE p.effect = 'DENY') FROM user_permission p WHERE p.tenant_id = $1 AND p.user_id = ANY ($2) GROUP BY p.user_id";

/// The roles of the people `$2`, and with each what its holder was granted and denied, and whether a second factor is due in it (app.is_factor_due);
/// one row for whoever has no role.
pub const STANDING: &str = "SELECT {r}, w.id, o.grants, o.denies, EXISTS (SELECT FROM tenant_settings s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.id = w.id \
         WHERE s.tenant_id = $1 AND r.key = ANY (s.second_factor_role_keys) AND u.second_factor_at IS NULL) FROM unnest($2::uuid[]) AS w(id) \
     LEFT JOIN (SELECT ur.user_id, ur.role_id FROM user_role ur WHERE ur.tenant_id = $1 AND ur.user_id = ANY ($2)) AS h ON h.user_id = w.id \
     LEFT JOIN role r ON r.tenant_id = $1 AND r.id = h.role_id \
     LEFT JOIN (SELECT p.user_id, array_agg(p.permission) FILTER (WHERE p.effect = 'GRANT') AS grants, \
         array_agg(p.permission) FILTER (WHERE p.effect = 'DENY') AS denies FROM user_permission p \
         WHERE p.tenant_id = $1 AND p.user_id = ANY ($2) GROUP BY p.user_id) AS o ON o.user_id = w.id ORDER BY r.key, r.id";

/// `$2` the person, `$3` what they are granted, `$4` what is denied them from now on: takes away the rest.
pub const UNSET_PERMISSIONS: &str = "DELETE FROM user_permission p WHERE p.tenant_id = $1 AND p.user_id = $2 \
     AND NOT (p.permission = ANY (CASE p.effect WHEN 'GRANT' THEN $3::text[] ELSE $4::text[] END))";

/// `$2` the person, `$3` what they are granted, `$4` what is denied them from now on: adds what is missing.
pub const SET_PERMISSIONS: &str = "INSERT INTO user_permission (tenant_id, user_id, effect, permission) SELECT $1, $2, w.effect, w.permission \
     FROM (SELECT 'GRANT' AS effect, g.permission FROM unnest($3::text[]) AS g(permission) \
           UNION ALL SELECT 'DENY', d.permission FROM unnest($4::text[]) AS d(permission)) AS w \
     WHERE NOT EXISTS (SELECT FROM user_permission p WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.effect = w.effect AND p.permission = w.permission) \
     ORDER BY w.effect, w.permission";

/// The pictures of the people `$2`.
pub const AVATARS: &str = "SELECT {f}, a.user_id FROM user_avatar a \
     JOIN app.avatar_files(ARRAY(SELECT o.file_id FROM user_avatar o WHERE o.tenant_id = $1 AND o.user_id = ANY ($2))) f \
         ON f.tenant_id = $1 AND f.id = a.file_id \
     WHERE a.tenant_id = $1 AND a.user_id = ANY ($2)";

/// The picture of the person `$2` is the file `$3`.
pub const SET_AVATAR: &str = "INSERT INTO user_avatar AS a (tenant_id, user_id, file_id) VALUES ($1, $2, $3) \
     ON CONFLICT (tenant_id, user_id) DO UPDATE SET file_id = excluded.file_id WHERE a.file_id <> excluded.file_id";

pub const REMOVE_AVATAR: &str = "DELETE FROM user_avatar a WHERE a.tenant_id = $1 AND a.user_id = $2";

/// The languages of the people `$2`.
pub const LOCALES: &str = "SELECT l.user_id, l.locale FROM app.locales_of($2) AS l WHERE app.tenant_id() = $1";

/// The language of the person `$2` is `$3`.
pub const SET_LOCALE: &str = "SELECT app.set_locale($2, $3) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many rows of roles that have ended it removed.
pub const EXPIRE_ROLES: &str = "SELECT app.expire_roles($2) WHERE app.tenant_id() = $1";

/// Tells the holders of roles that end at `$2`.
pub const REMIND_OF_ROLES: &str = "SELECT app.remind_of_roles($2) WHERE app.tenant_id() = $1";

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
