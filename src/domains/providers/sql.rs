//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/providers.sql`).

/// By name.
pub const PROVIDERS: &str = "SELECT {sp} FROM sign_in_provider sp WHERE sp.tenant_id = $1 ORDER BY sp.name COLLATE \"und-x-icu\", sp.id";

/// `$2` the provider: its id, if it was there.
pub const DELETE: &str = "DELETE FROM sign_in_provider p WHERE p.tenant_id = $1 AND p.id = $2 RETURNING p.id";

/// `$2` the school, `$3` the provider's key.
pub const FIND: &str = "SELECT f.tenant_id, f.provider_id, f.issuer, f.client_id, f.redirect_uris FROM app.find_sign_in_provider($2, $3) AS f \
     WHERE $1::uuid IS NOT NULL";

/// `$2` the provider, `$3` the hash of the state, `$4` the sealed secrets, `$5` where the browser comes back to: when the sign-in is over.
pub const BEGIN: &str = "SELECT app.begin_provider_sign_in($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` the hash of the state: what is needed to complete the sign-in, once.
pub const SPEND: &str = "SELECT s.provider_id, s.issuer, s.client_id, s.client_secret, s.secrets, s.redirect_uri FROM app.spend_provider_state($2) AS s \
     WHERE app.tenant_id() = $1";

/// `$2` the provider, `$3` its issuer, `$4` the subject, `$5` the address, `$6` the key of the address, `$7` the name, `$8` the id of whoever is new:
/// the person, and their token version.
pub const SIGN_IN: &str =
    "SELECT s.user_id, s.token_version FROM app.sign_in_by_provider($2, $3, $4, $5, $6, $7, $8) AS s WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_provider_sign_ins($2) WHERE app.tenant_id() = $1";
