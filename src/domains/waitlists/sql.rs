//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions say what is offered (`sql/functions/waitlists.sql`).

/// Where the entries `$2` stand.
pub const PLACES: &str = "SELECT p.entry_id, p.place FROM app.waitlist_positions($2) AS p WHERE app.tenant_id() = $1";

/// A session to wait for: its type, its span, its state, and the seats that are left of it.
pub const SESSION: &str = "SELECT gs.booking_type_id, gs.starts_at, gs.ends_at, gs.status, gs.seats - coalesce(n.count, 0) FROM group_session gs \
     LEFT JOIN app.session_seats(ARRAY[$2::uuid]) AS n ON true WHERE gs.tenant_id = $1 AND gs.id = $2";

/// Leaves the list: the entry `$2`.
pub const LEAVE: &str = "UPDATE waitlist_entry w SET status = 'LEFT' WHERE w.tenant_id = $1 AND w.id = $2 RETURNING w.id";

/// How the actor's own entry `$2` stands; nobody else moves it meanwhile.
pub const OWN: &str =
    "SELECT w.status, w.hold_id, w.booking_id FROM waitlist_entry w WHERE w.tenant_id = $1 AND w.id = $2 AND w.learner_id = $3 FOR UPDATE";

/// Goes on as nobody; answers the time.
pub const AS_NOBODY: &str = "SELECT now() FROM app.offer_as_nobody() WHERE app.tenant_id() = $1";

/// Who waits for time from `$2` to `$3` (null: whenever), after `$4` and `$5` in the list; `$6` at most.
pub const WHO_WAITS: &str = "SELECT w.id, w.learner_id, w.booking_type_id, w.group_session_id, w.starts_at, w.ends_at, w.instructor_id, w.created_at \
     FROM app.who_waits($2, $3, $4, $5, $6) AS w WHERE app.tenant_id() = $1";

/// Offers to the entry `$2`, by the hold `$3`, what is from `$4` to `$5`, with the instructor `$6` and the resources `$7`; `$8`: how they were chosen.
pub const OFFER: &str = "SELECT app.offer_slot($2, $3, $4, $5, $6, $7::uuid[], $8) WHERE app.tenant_id() = $1";

/// Ends what is over; `$2` at most.
pub const EXPIRE: &str = "SELECT app.expire_waitlist($2) WHERE app.tenant_id() = $1";
