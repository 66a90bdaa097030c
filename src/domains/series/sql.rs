//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions write (`sql/functions/series.sql`).

/// What the clock of the zone `$2` shows at the moment `$3`.
pub const WALL_TIME: &str = "SELECT app.wall_time($2, $3) WHERE app.tenant_id() = $1";

/// When the clock of the zone `$2` first shows each of the times `$3`, or has passed it; in their order.
pub const MOMENTS: &str = "SELECT app.wall_moment($2, o.wall) FROM unnest($3::timestamp[]) WITH ORDINALITY AS o(wall, place) WHERE app.tenant_id() = $1 ORDER BY o.place";

/// `$2` the series' id, `$3` the type, `$4` the learner, `$5` the rule, `$6` the zone, `$7` what is left out, `$8` what is skipped, `$9` the state, `$10` notes,
/// `$11` what is overridden, `$12` the bookings.
pub const BOOK: &str = "SELECT app.book_series($2, $3, $4, $5, $6, $7::date[], $8, $9, $10, $11::text[], $12) WHERE app.tenant_id() = $1";

/// What the clock of the zone `$2` shows at the moments `$3`; in their order.
pub const WALL_TIMES: &str = "SELECT app.wall_time($2, o.moment) FROM unnest($3::timestamptz[]) WITH ORDINALITY AS o(moment, place) WHERE app.tenant_id() = $1 ORDER BY o.place";

/// The series of the booking `$2`, where it is of one, and what it is of.
pub const SERIES_OF: &str = "SELECT s.id, b.booking_type_id, b.student_id, s.time_zone, s.recurrence, s.excluded_dates FROM booking b \
     LEFT JOIN booking_series s ON s.tenant_id = b.tenant_id AND s.id = b.series_id WHERE b.tenant_id = $1 AND b.id = $2";

/// What a change of the booking `$2` reaches of its series; `$3`: all of it.
pub const MEMBERS: &str = "SELECT m.id, m.starts_at, m.ends_at, m.instructor_id, m.resources, m.is_named FROM app.series_members($2, $3) AS m WHERE app.tenant_id() = $1";

/// Refuses where one of the bookings `$2` is not to be moved any more, for the reason `$3`.
pub const CHECK_MOVES: &str = "SELECT app.check_move_terms(b, $3) FROM booking b WHERE b.tenant_id = $1 AND b.id = ANY ($2)";

/// `$2` the series that they become, `$3` whether it is new, `$4` whether this is one that moves by itself, `$5` the rule, `$6` what it leaves out, `$7` what is skipped,
/// `$8` the state of those that are assigned, `$9` why, `$10` the bookings.
pub const MOVE: &str = "SELECT app.move_series($2, $3, $4, $5, $6::date[], $7, $8, $9, $10) WHERE app.tenant_id() = $1";

/// Cancels the bookings `$2` for the reason `$3`; `$4`: this is one, and told as such.
pub const CANCEL: &str = "SELECT app.cancel_series($2::uuid[], $3, $4) WHERE app.tenant_id() = $1";
