//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/credentials.sql`).

/// `$2` the person: the hash of their password, what their app is to call the account, and the school.
pub const ACCOUNT: &str = "SELECT app.own_password_hash(), coalesce(u.email, u.name), t.name \
     FROM app_user u JOIN tenant t ON t.tenant_id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2";

pub const HAS_PASSWORD: &str = "SELECT app.own_password_hash() IS NOT NULL WHERE app.tenant_id() = $1";

/// `$2` the sealed secret: until when it can be confirmed.
pub const BEGIN_FACTOR: &str = "SELECT app.begin_second_factor($2) WHERE app.tenant_id() = $1";

/// The sealed secret, and whether it is confirmed.
pub const OWN_FACTOR: &str = "SELECT f.secret, f.is_on FROM app.own_second_factor() AS f WHERE app.tenant_id() = $1";

/// `$2` the step: whether it was accepted.
pub const SPEND_STEP: &str = "SELECT app.spend_factor_step($2) WHERE app.tenant_id() = $1";

/// `$2` the hash of the code: whether it was accepted.
pub const SPEND_RECOVERY: &str = "SELECT app.spend_recovery_code($2) WHERE app.tenant_id() = $1";

/// `$2` the step, `$3` the hashes of recovery codes: whether it is on now.
pub const CONFIRM_FACTOR: &str = "SELECT app.confirm_second_factor($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the hashes of recovery codes: whether there is a second factor.
pub const RENEW_RECOVERY: &str = "SELECT app.renew_recovery_codes($2) WHERE app.tenant_id() = $1";

pub const DISABLE_FACTOR: &str = "SELECT app.disable_second_factor() WHERE app.tenant_id() = $1";

pub const RECOVERY_LEFT: &str = "SELECT app.own_recovery_codes() WHERE app.tenant_id() = $1";

/// `$2` ids, in whose order it answers: whether there is such a person for the actor, and whether they are below.
pub const BELOW: &str = "SELECT u.id IS NOT NULL, u.id IS NOT NULL AND app.outranks(u.id) FROM unnest($2::uuid[]) WITH ORDINALITY AS w(id, place) \
     LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = w.id AND u.deleted_at IS NULL ORDER BY w.place";

/// `$2` people, `$3` whether their second factor is taken away.
pub const SIGN_OUT: &str = "SELECT app.sign_out($2, $3) WHERE app.tenant_id() = $1";

/// `$2` ids, in whose order they are answered.
pub const PEOPLE: &str = "SELECT {u} FROM app_user u WHERE u.tenant_id = $1 AND u.id = ANY ($2) ORDER BY array_position($2::uuid[], u.id)";

/// `$2` the request, `$3` the hash of the password, `$4` the note.
pub const REQUEST_PASSWORD: &str = "SELECT app.request_password_change($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` the request: whether there is such a one.
pub const WITHDRAW_PASSWORD: &str = "SELECT app.withdraw_password_change($2) WHERE app.tenant_id() = $1";

/// `$2` the request, `$3` whether it is approved, `$4` the note: whether there is such a one.
pub const DECIDE_PASSWORD: &str = "SELECT app.decide_password_change($2, $3, $4) WHERE app.tenant_id() = $1";

/// The actor's pending request.
pub const PENDING: &str = "SELECT {pc} FROM password_change_request pc WHERE pc.tenant_id = $1 AND pc.user_id = app.user_id() \
     AND pc.state = 'PENDING' AND pc.expires_at > now()";

/// `$2` how many at most: how many it changed.
pub const PURGE: &str = "SELECT app.purge_credentials($2) WHERE app.tenant_id() = $1";
