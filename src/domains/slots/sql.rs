//! The statements of the domain. `$1` is the tenant; the policies filter again, and what others hold and have is told by functions alone
//! (`sql/functions/slots.sql`).

/// All that says what can be booked of the type `$2`.
pub const TYPE: &str = "SELECT app.slot_type($2) WHERE app.tenant_id() = $1";

/// The same where there is no type.
pub const ANYBODY: &str = "SELECT app.slot_anybody() WHERE app.tenant_id() = $1";

/// What is known for bookings of the type `$2`: of instructors `$3`, resources `$4`, the learner `$5`, without holds of `$6`, from `$7` to `$8`, of `$9` minutes,
/// without bookings `$10`; `$11` says which numbers; without the group session `$12`.
pub const FACTS: &str = "SELECT f.what, f.party_id, f.starts_at, f.ends_at, f.day, f.number \
     FROM app.slot_facts($2, $3::uuid[], $4::uuid[], $5, $6, $7, $8, $9, $10::uuid[], $11::text[], $12) AS f WHERE app.tenant_id() = $1";

/// The same at one start, `$7`: of `$8` minutes, without bookings `$9`; `$10` says which numbers; without the group session `$11`.
pub const FACTS_AT: &str = "SELECT f.what, f.party_id, f.starts_at, f.ends_at, f.day, f.number \
     FROM app.slot_facts_at($2, $3::uuid[], $4::uuid[], $5, $6, $7, $8, $9::uuid[], $10::text[], $11) AS f WHERE app.tenant_id() = $1";

/// What is given to instructors `$2` and resources `$3` from `$4` to `$5`.
pub const PIECES: &str = "SELECT coalesce(p.instructor_id, p.resource_id), p.starts_at, p.ends_at FROM app.open_pieces($2::uuid[], $3::uuid[], $4, $5) AS p \
     WHERE app.tenant_id() = $1 AND NOT p.is_off";

/// The turn of those who choose an instructor of the type `$2`.
pub const TYPE_TURN: &str = "SELECT app.lock_for('slots', $2) WHERE app.tenant_id() = $1";

/// The group sessions of the type `$2` that begin from `$4` to `$5`; holds of `$3` and the bookings `$6` take no seat.
pub const SESSIONS: &str = "SELECT s.id, s.starts_at, s.ends_at, s.instructor_id, s.resources, s.seats_left \
     FROM app.slot_sessions($2, $3, $4, $5, $6::uuid[]) AS s WHERE app.tenant_id() = $1";

/// The turns of all whose time is to be claimed (`$2`), and of all whose time the holds of `$3` give back.
pub const TIME_TURNS: &str = "SELECT app.take_slot_turns($2::uuid[], $3) WHERE app.tenant_id() = $1";

/// When the person `$2` is busy from `$3` to `$4`, with `$5` and `$6` minutes around it; not by the booking `$7`, nor by holds of `$8`, nor by the group session `$9`.
pub const BUSY: &str =
    "SELECT s.starts_at, s.ends_at FROM app.busy_span($2, NULL, $3, $4, $7, $5, $6, $8, $9) AS s WHERE app.tenant_id() = $1";

/// When one of the resources `$2` is taken from `$3` to `$4`; not by the booking `$5`, nor by holds of `$6`, nor by the group session `$7`.
pub const TAKEN: &str = "SELECT s.starts_at, s.ends_at FROM app.taken_span($2::uuid[], $3, $4, $5, $6, $7) AS s WHERE app.tenant_id() = $1";

/// `$2` the hold's id, `$3` the type, `$4` the learner, `$5` to `$6` the span, `$7` the instructor, `$8` the resources, `$9` how they were chosen, `$10` the minutes.
pub const HOLD: &str = "SELECT app.hold_slot($2, $3, $4, $5, $6, $7, $8::uuid[], $9, $10) WHERE app.tenant_id() = $1";

/// `$2` the booking's id, `$3` the type, `$4` the learner, `$5` to `$6` the span, `$7` the state, `$8` the instructor, `$9` the resources, `$10` the course,
/// `$11` notes, `$12` how they were chosen, `$13` what is overridden, `$14` the hold that it redeems.
pub const BOOK: &str =
    "SELECT app.book_slot($2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10, $11, $12, $13::text[], $14) WHERE app.tenant_id() = $1";

pub const RELEASE: &str = "SELECT app.release_slot($2) WHERE app.tenant_id() = $1";

/// The actor's own hold `$2`, whatever became of it.
pub const OWN_HOLD: &str = "SELECT h.booking_id, h.expires_at <= now(), h.booking_type_id, h.learner_id, h.starts_at, h.ends_at, h.instructor_id, \
     ARRAY(SELECT l.resource_id FROM slot_hold_resource l WHERE l.tenant_id = $1 AND l.hold_id = h.id ORDER BY l.place) \
     FROM slot_hold h WHERE h.tenant_id = $1 AND h.id = $2 AND h.owner_id = $3";

pub const TIDY: &str = "SELECT app.tidy_holds($2) WHERE app.tenant_id() = $1";

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

pub const DELETE_TYPE: &str =
    "UPDATE booking_type bt SET deleted_at = now() WHERE bt.tenant_id = $1 AND bt.id = $2 AND bt.deleted_at IS NULL RETURNING bt.id";

/// Whether the type `$2` needs an instructor, how many it has, and how many requirements.
pub const SHAPE: &str = "SELECT t.needs_instructor, \
     (SELECT count(*) FROM booking_type_instructor i WHERE i.tenant_id = $1 AND i.type_id = t.id), \
     (SELECT count(*) FROM booking_type_requirement q WHERE q.tenant_id = $1 AND q.type_id = t.id) \
     FROM booking_type t WHERE t.tenant_id = $1 AND t.id = $2";

/// Of the type `$2`, but for `$3`.
pub const REMOVE_INSTRUCTORS: &str =
    "DELETE FROM booking_type_instructor i WHERE i.tenant_id = $1 AND i.type_id = $2 AND i.instructor_id <> ALL ($3)";

/// The people `$3` take bookings of the type `$2`, in this order, with the weights `$4`. Answers those who do: instructors whom the actor sees.
pub const SET_INSTRUCTORS: &str = "INSERT INTO booking_type_instructor AS i (tenant_id, type_id, instructor_id, place, weight) \
     SELECT $1, $2, u.id, w.nth, w.weight FROM unnest($3::uuid[], $4::integer[]) WITH ORDINALITY AS w(person, weight, nth) \
     JOIN app_user u ON u.tenant_id = $1 AND u.id = w.person AND u.is_instructor \
     ON CONFLICT (tenant_id, type_id, instructor_id) DO UPDATE SET place = excluded.place, weight = excluded.weight RETURNING i.instructor_id";

pub const REMOVE_RESOURCES: &str = "DELETE FROM booking_type_resource x WHERE x.tenant_id = $1 AND x.type_id = $2";

pub const REMOVE_REQUIREMENTS: &str = "DELETE FROM booking_type_requirement q WHERE q.tenant_id = $1 AND q.type_id = $2";

/// The type `$2` needs what is called `$3`, in this order.
pub const ADD_REQUIREMENTS: &str = "INSERT INTO booking_type_requirement (tenant_id, type_id, place, name) \
     SELECT $1, $2, w.nth, w.name FROM unnest($3::text[]) WITH ORDINALITY AS w(name, nth)";

/// The type `$2` takes the resources `$3`, in this order, for its requirements at the places `$4`. Answers those that the actor sees.
pub const ADD_RESOURCES: &str = "INSERT INTO booking_type_resource AS x (tenant_id, type_id, resource_id, requirement, place) \
     SELECT $1, $2, r.id, w.requirement, row_number() OVER (PARTITION BY w.requirement ORDER BY w.nth) \
     FROM unnest($3::uuid[], $4::integer[]) WITH ORDINALITY AS w(id, requirement, nth) \
     JOIN resource r ON r.tenant_id = $1 AND r.id = w.id AND r.deleted_at IS NULL RETURNING x.resource_id";

pub const REMOVE_RULES: &str = "DELETE FROM booking_type_rule r WHERE r.tenant_id = $1 AND r.type_id = $2";

/// What the type `$2` asks of learners: `$3`, in this order.
pub const ADD_RULES: &str = "INSERT INTO booking_type_rule (tenant_id, type_id, place, kind, subject_ids, subjects, max_count) \
     SELECT $1, $2, w.nth, w.rule ->> 'kind', ARRAY(SELECT s.id::uuid FROM jsonb_array_elements_text(w.rule -> 'ids') WITH ORDINALITY AS s(id, nth) ORDER BY s.nth), \
     ARRAY(SELECT s.name FROM jsonb_array_elements_text(w.rule -> 'subjects') WITH ORDINALITY AS s(name, nth) ORDER BY s.nth), (w.rule ->> 'most')::integer \
     FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS w(rule, nth)";

/// Which of the courses, lessons and groups `$3`, whose ids begin with `$2`, the actor sees.
pub const SEEN_SUBJECTS: &str = "SELECT w.id FROM unnest($2::text[], $3::uuid[]) AS w(prefix, id) WHERE CASE w.prefix \
     WHEN 'course' THEN EXISTS (SELECT FROM course c WHERE c.tenant_id = $1 AND c.id = w.id AND c.deleted_at IS NULL) \
     WHEN 'lesson' THEN EXISTS (SELECT FROM lesson l WHERE l.tenant_id = $1 AND l.id = w.id) \
     ELSE EXISTS (SELECT FROM user_group g WHERE g.tenant_id = $1 AND g.id = w.id AND g.deleted_at IS NULL) END";

/// Whether the person `$2` is suspended; nothing where the actor sees no such person.
pub const STANDING: &str = "SELECT u.status = 'SUSPENDED' FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL";

/// The learner of the booking `$2`, where the actor sees it; the type; when it is.
pub const BOOKED: &str =
    "SELECT b.student_id, b.booking_type_id, b.starts_at, b.ends_at FROM booking b WHERE b.tenant_id = $1 AND b.id = $2";

/// Why the instructors of the bookings `$2` were chosen.
pub const ASSIGNMENTS: &str = "SELECT a.booking_id, a.strategy, a.reason, a.at, a.candidates FROM booking_assignment a WHERE a.tenant_id = $1 AND a.booking_id = ANY ($2)";
