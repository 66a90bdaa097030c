//! The statements of the domain. `$1` is the tenant; the policies filter again, and what others hold and have is told by functions alone
//! (`sql/functions/slots.sql`).

/// All that says what can be booked of the type `$2`.
pub const TYPE: &str = "SELECT app.slot_type($2) WHERE app.tenant_id() = $1";

/// The same where there is no type.
pub const ANYBODY: &str = "SELECT app.slot_anybody() WHERE app.tenant_id() = $1";

/// What is known for bookings of the type `$2`: of instructors `$3`, resources `$4`, the learner `$5`, without holds of `$6`, from `$7` to `$8`, of `$9` minutes,
/// without bookings `$10`; `$11` says which numbers.
pub const FACTS: &str = "SELECT f.what, f.party_id, f.starts_at, f.ends_at, f.day, f.number \
     FROM app.slot_facts($2, $3::uuid[], $4::uuid[], $5, $6, $7, $8, $9, $10::uuid[], $11::text[]) AS f WHERE app.tenant_id() = $1";

/// What is given to instructors `$2` and resources `$3` from `$4` to `$5`.
pub const PIECES: &str = "SELECT coalesce(p.instructor_id, p.resource_id), p.starts_at, p.ends_at FROM app.open_pieces($2::uuid[], $3::uuid[], $4, $5) AS p \
     WHERE app.tenant_id() = $1 AND NOT p.is_off";

/// The turn of those who choose an instructor of the type `$2`.
pub const TYPE_TURN: &str = "SELECT app.lock_for('slots', $2) WHERE app.tenant_id() = $1";

/// The turns of all whose time is to be claimed.
pub const TIME_TURNS: &str = "SELECT app.take_time_turns($2::uuid[]) WHERE app.tenant_id() = $1";

/// When the person `$2` is busy from `$3` to `$4`, with `$5` and `$6` minutes around it; not by the booking `$7`, nor by holds of `$8`.
pub const BUSY: &str = "SELECT s.starts_at, s.ends_at FROM app.busy_span($2, NULL, $3, $4, $7, $5, $6, $8) AS s WHERE app.tenant_id() = $1";

/// When one of the resources `$2` is taken from `$3` to `$4`; not by the booking `$5`, nor by holds of `$6`.
pub const TAKEN: &str = "SELECT s.starts_at, s.ends_at FROM app.taken_span($2::uuid[], $3, $4, $5, $6) AS s WHERE app.tenant_id() = $1";

/// `$2` the hold's id, `$3` the type, `$4` the learner, `$5` to `$6` the span, `$7` the instructor, `$8` the resources, `$9` how they were chosen, `$10` the minutes.
pub const HOLD: &str = "SELECT app.hold_slot($2, $3, $4, $5, $6, $7, $8::uuid[], $9, $10) WHERE app.tenant_id() = $1";

/// `$2` the booking's id, `$3` the type, `$4` the learner, `$5` to `$6` the span, `$7` the state, `$8` the instructor, `$9` the resources, `$10` the course,
/// `$11` notes, `$12` how they were chosen, `$13` what is overridden, `$14` the hold that it redeems.
pub const BOOK: &str =
    "SELECT app.book_slot($2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10, $11, $12, $13::text[], $14) WHERE app.tenant_id() = $1";

pub const RELEASE: &str = "SELECT app.release_slot($2) WHERE app.tenant_id() = $1";

/// The actor's hold `$2`, as nobody else redeems it meanwhile.
pub const TAKE_HOLD: &str = "SELECT h.booking_id, h.is_over, h.booking_type_id, h.learner_id, h.starts_at, h.ends_at, h.instructor_id, h.resources, h.assignment \
     FROM app.take_hold($2) AS h WHERE app.tenant_id() = $1";

pub const TIDY: &str = "SELECT app.tidy_holds(1000) WHERE app.tenant_id() = $1";

/// Who takes bookings of the types `$2`.
pub const INSTRUCTORS: &str = "SELECT i.type_id, i.instructor_id, i.weight FROM booking_type_instructor i \
     WHERE i.tenant_id = $1 AND i.type_id = ANY ($2) ORDER BY i.type_id, i.place";

/// What the types `$2` need.
pub const REQUIREMENTS: &str = "SELECT q.type_id, q.name, ARRAY(SELECT x.resource_id FROM booking_type_resource x \
     WHERE x.tenant_id = $1 AND x.type_id = q.type_id AND x.requirement = q.place ORDER BY x.place) \
     FROM booking_type_requirement q WHERE q.tenant_id = $1 AND q.type_id = ANY ($2) ORDER BY q.type_id, q.place";

/// What the types `$2` ask of learners.
pub const RULES: &str = "SELECT r.type_id, r.kind, r.subject_ids, r.max_count FROM booking_type_rule r \
     WHERE r.tenant_id = $1 AND r.type_id = ANY ($2) ORDER BY r.type_id, r.place";

/// Which rules of the types `$2` the people `$3` meet.
pub const MET: &str = "SELECT w.type_id, w.person, e.is_met FROM unnest($2::uuid[], $3::uuid[]) AS w(type_id, person) \
     CROSS JOIN LATERAL app.eligibility(w.type_id, w.person) AS e WHERE app.tenant_id() = $1 ORDER BY w.type_id, w.person, e.place";
