//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/webhooks.sql`).

/// `$2` the endpoint: its id, where it was there.
pub const DELETE: &str = "DELETE FROM webhook_endpoint w WHERE w.tenant_id = $1 AND w.id = $2 RETURNING w.id";

/// `$2` the endpoint, `$3` the sealed secret, `$4` for how many hours the present one signs as well: whether there is such an endpoint.
pub const ROTATE: &str = "SELECT app.rotate_webhook_secret($2, $3, $4) WHERE app.tenant_id() = $1";

/// `$2` the endpoint: the delivery.
pub const TEST: &str = "SELECT app.test_webhook($2) WHERE app.tenant_id() = $1";

/// `$2` the delivery: whether there is such a one.
pub const REDELIVER: &str = "SELECT app.redeliver_webhook($2) WHERE app.tenant_id() = $1";

/// `$2` the endpoint, `$3` since when: whether there is such an endpoint.
pub const REPLAY: &str = "SELECT app.replay_webhook($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the delivery: what is to be sent, if anything.
pub const BEGIN: &str =
    "SELECT b.url, b.secret, b.previous_secret, b.event_id, b.body FROM app.begin_delivery($2, $3) AS b WHERE app.tenant_id() = $1";

/// `$2` the job, `$3` the delivery, `$4` when, `$5` milliseconds, `$6` the status, `$7` why there was none, `$8` seconds that the receiver asks for.
pub const END: &str = "SELECT app.end_delivery($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_webhooks($2) WHERE app.tenant_id() = $1";
