//! The statements of the domain. `$1` is the tenant; functions do what they say (`sql/functions/entitlements.sql`).

/// What the attendees `$2` get.
pub const GRANTS: &str =
    "SELECT g.attendee_id, g.course_id, g.group_id, g.state, g.reason FROM app.grants_of($2) AS g WHERE app.tenant_id() = $1";

/// Tries again what was refused; of `$2` applications at most.
pub const RETRY: &str = "SELECT app.retry_grants($2) WHERE app.tenant_id() = $1";

/// Gives attendees of the program `$2` what was linked to it late; of `$3` applications at most.
pub const SETTLE: &str = "SELECT app.settle_program($2, $3) WHERE app.tenant_id() = $1";
