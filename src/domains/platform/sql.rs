//! The statements of the platform. `$1` is the nil tenant; schools are named by what follows.

/// `$2` an email address.
pub const FIND_CREDENTIAL: &str =
    "SELECT admin_id, password_hash, token_version, is_active, factor FROM app.find_desk_credential($2) WHERE app.tenant_id() = $1";
/// `$2` the sign-in, `$3` the token version, `$4` the hash of its refresh token, `$5` from which address: when it ends, or null.
pub const BEGIN_SESSION: &str = "SELECT app.begin_desk_session($2, $3, $4, $5) WHERE app.tenant_id() = $1";
/// `$2` the hash of the token presented, `$3` that of its successor.
pub const ROTATE_TOKEN: &str =
    "SELECT outcome, admin_id, session_id, expires_at FROM app.rotate_desk_token($2, $3) WHERE app.tenant_id() = $1";
/// `$2` the sign-in whose spent token was presented.
pub const REVOKE_REUSED: &str = "SELECT app.end_desk_session($2, 'REUSE') WHERE app.tenant_id() = $1";
/// `$2` the sign-in.
pub const LOGOUT: &str = "SELECT app.end_desk_session($2, 'LOGOUT') WHERE app.tenant_id() = $1";
/// What the admin's own secrets are.
pub const OWN_SECRETS: &str =
    "SELECT password_hash, email, name, factor, coalesce(is_factor_on, false) FROM app.own_desk_secrets() WHERE app.tenant_id() = $1";
/// `$2` the hash that was verified, `$3` the new one: the token version, or null.
pub const CHANGE_PASSWORD: &str = "SELECT app.change_desk_password($2, $3) WHERE app.tenant_id() = $1";
/// `$2` a sealed secret: until when it may be confirmed.
pub const BEGIN_FACTOR: &str = "SELECT app.begin_desk_factor($2) WHERE app.tenant_id() = $1";
/// `$2` the sealed secret, `$3` the step, `$4` hashes of recovery codes: whether it is on now.
pub const CONFIRM_FACTOR: &str = "SELECT app.confirm_desk_factor($2, $3, $4) WHERE app.tenant_id() = $1";
/// `$2` the admin, `$3` the step: whether it was not used before.
pub const SPEND_STEP: &str = "SELECT app.spend_desk_step($2, $3) WHERE app.tenant_id() = $1";
/// `$2` the admin, `$3` the hash of a recovery code: whether it was good.
pub const SPEND_RECOVERY_CODE: &str = "SELECT app.spend_desk_recovery_code($2, $3) WHERE app.tenant_id() = $1";
/// Whether there was a second factor to turn off.
pub const DISABLE_FACTOR: &str = "SELECT app.disable_desk_factor() WHERE app.tenant_id() = $1";

/// Every admin, by name.
pub const ADMINS: &str =
    "SELECT {p} FROM platform_admin p WHERE p.tenant_id = $1 AND p.deleted_at IS NULL ORDER BY p.name COLLATE \"und-x-icu\", p.id";
/// `$2` a new admin's id, `$3` email, `$4` name, `$5` hash of the password.
pub const ADD_ADMIN: &str = "SELECT app.add_platform_admin($2, $3, $4, $5, false) WHERE app.tenant_id() = $1";
/// `$2` an admin, `$3` their new status, null to delete: whether there is one.
pub const CHANGE_ADMIN: &str = "SELECT app.change_platform_admin($2, $3) WHERE app.tenant_id() = $1";

/// `$2` a new school's id, `$3` slug, `$4` name, `$5` time zone, `$6` locale, `$7` listed, `$8` begin, `$9` end, `$10`, `$11` caps.
pub const CREATE_TENANT: &str = "SELECT app.create_tenant($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WHERE app.tenant_id() = $1";
/// `$2` a school, `$3` an id for somebody new, `$4` email, `$5` its key, `$6` name, `$7` hash of a password.
pub const GIVE_ADMIN: &str = "SELECT email, name, is_invited FROM app.give_tenant_admin($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";
/// `$2` a school, `$3` what changes: whether there is one.
pub const CHANGE_TENANT: &str = "SELECT app.change_tenant($2, $3) WHERE app.tenant_id() = $1";
/// `$2` an id for the erasure, `$3` a school, `$4` the slug as it was typed: whether there is such a school.
pub const ERASE_TENANT: &str = "SELECT app.erase_tenant($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` schools: what they hold.
pub const USAGE: &str = "SELECT u.school, u.users, u.instructors, u.courses, u.groups, u.enrollments, u.bookings, u.last_sign_in_at \
     FROM app.desk_usage($2, NULL, NULL) u WHERE app.tenant_id() = $1";
/// `$2` schools: their administrators.
pub const TENANT_ADMINS: &str = "SELECT a.school, a.email, a.name, a.is_invited FROM app.desk_tenant_admins($2) a WHERE app.tenant_id() = $1 ORDER BY a.is_invited, a.email";
/// `$2`, `$3` from when to when: what all schools hold.
pub const STATISTICS: &str = "SELECT coalesce(sum(u.users), 0)::bigint, coalesce(sum(u.instructors), 0)::bigint, coalesce(sum(u.courses), 0)::bigint, \
     coalesce(sum(u.groups), 0)::bigint, coalesce(sum(u.enrollments), 0)::bigint, coalesce(sum(u.completed), 0)::bigint, coalesce(sum(u.bookings), 0)::bigint \
     FROM app.desk_usage(ARRAY(SELECT t.id FROM app.desk_tenants() t WHERE t.tenant_id = $1), $2, $3) u";
/// `$2`, `$3` from when to when: how many schools are in which state.
pub const STATES: &str = "SELECT t.state, count(*) FROM app.desk_tenants() t WHERE t.tenant_id = $1 \
     AND ($2::timestamptz IS NULL OR t.created_at >= $2) AND ($3::timestamptz IS NULL OR t.created_at < $3) GROUP BY t.state";
