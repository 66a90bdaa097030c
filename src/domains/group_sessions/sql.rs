//! The statements of the domain. `$1` is the tenant; functions write, and say what may be written (`sql/functions/group_sessions.sql`).

/// Opens sessions of the type `$2`, with `$3` seats (the type's where null): `$4`.
pub const OPEN: &str = "SELECT app.open_group_sessions($2, $3, $4) WHERE app.tenant_id() = $1";

/// The sessions `$2`, in the order of their start.
pub const THESE: &str = "SELECT {gs} FROM group_session gs WHERE gs.tenant_id = $1 AND gs.id = ANY ($2) ORDER BY gs.starts_at, gs.id";

/// What the session `$2` is of, when, with whom and what, for how many; and its learners.
pub const STANDING: &str = "SELECT gs.booking_type_id, gs.starts_at, gs.ends_at, gs.instructor_id, gs.seats, gs.status, \
     ARRAY(SELECT l.resource_id FROM group_session_resource l WHERE l.tenant_id = $1 AND l.group_session_id = gs.id ORDER BY l.place) \
     FROM group_session gs WHERE gs.tenant_id = $1 AND gs.id = $2";

/// Waits for the turns of those who have a seat in the session `$2`, and of `$3`.
pub const TURNS: &str = "SELECT app.take_session_turns($2, $3::uuid[]) WHERE app.tenant_id() = $1";

/// The session `$2` is from `$3` to `$4`, with the instructor `$5`, the resources `$6` (those that it has where null), and `$7` seats.
pub const CHANGE: &str = "SELECT app.change_group_session($2, $3, $4, $5, $6::uuid[], $7) WHERE app.tenant_id() = $1";

/// When those who have a seat in the session `$2` are busy from `$3` to `$4` otherwise.
pub const BUSY_LEARNERS: &str = "SELECT DISTINCT busy.starts_at, busy.ends_at FROM booking b \
     CROSS JOIN LATERAL app.busy_span(NULL, b.student_id, $3, $4, b.id) AS busy \
     WHERE b.tenant_id = $1 AND b.group_session_id = $2 AND b.status IN ('APPROVED', 'ASSIGNED') ORDER BY 1, 2 LIMIT 2";

/// Cancels the session `$2` for the reason `$3`.
pub const CANCEL: &str = "SELECT app.cancel_group_session($2, $3) WHERE app.tenant_id() = $1";
