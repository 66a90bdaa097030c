//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/keys.sql`).

/// `$2` the key, `$3` its name, `$4` what it is granted, `$5` whether that only reads, `$6` its end, `$7` the hash of its secret, `$8` the end of that.
pub const CREATE: &str = "SELECT app.create_api_key($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// `$2` the key: whether there is such a one for the actor.
pub const REVOKE: &str = "SELECT app.revoke_api_key($2) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many were told.
pub const REMIND: &str = "SELECT app.remind_of_keys($2) WHERE app.tenant_id() = $1";
