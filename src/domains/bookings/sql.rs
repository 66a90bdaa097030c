//! The statements of the domain. `$1` is the tenant; the policies filter again, and the triggers on `booking` say which
//! steps there are and whose (`sql/functions/bookings.sql`). `{b}` stands for the columns of a booking over the alias `b`.

/// By the function that the trigger calls. A learner cancels and moves as long as the booking's type, or the school, lets them; a seat takes no step by itself but to be over; and
/// what is assigned of a type is approved again by managers, and by its learner's move where the school answers such bookings.
pub const ALLOWED_TRANSITIONS: &str = "SELECT b.id, step FROM booking b \
     CROSS JOIN LATERAL app.booking_steps(b.status, b.student_id, b.instructor_id, b.starts_at) AS step \
     LEFT JOIN booking_type y ON y.tenant_id = $1 AND y.id = b.booking_type_id \
     CROSS JOIN (SELECT app.can('BOOKING_MANAGE') AS manages, \
         coalesce((SELECT s.booking_cancel_notice_minutes FROM tenant_settings s WHERE s.tenant_id = $1), 0) AS notice) AS k \
     WHERE b.tenant_id = $1 AND b.id = ANY ($2) AND CASE \
         WHEN step = 'COMPLETED' THEN true \
         WHEN step = 'CANCELLED' THEN k.manages OR coalesce(y.allows_late_cancel, false) OR (b.booking_type_id IS NULL AND k.notice = 0) \
             OR now() <= b.starts_at - make_interval(mins => coalesce(y.cancel_notice_minutes, k.notice)) \
         WHEN step = 'APPROVED' AND b.status = 'REQUESTED' AND app.is_suspended(b.student_id) THEN false \
         WHEN b.booking_type_id IS NULL THEN true \
         WHEN step = 'APPROVED' AND b.status = 'ASSIGNED' AND NOT k.manages THEN \
             now() <= b.starts_at - make_interval(mins => y.reschedule_notice_minutes) \
             AND (y.max_reschedules IS NULL OR coalesce(b.reschedule_count, 0) < y.max_reschedules) \
             AND (y.needs_approval OR EXISTS (SELECT FROM booking_type_resource x JOIN resource r ON r.tenant_id = $1 AND r.id = x.resource_id \
                  WHERE x.tenant_id = $1 AND x.type_id = y.id AND r.mode = 'APPROVAL_REQUIRED')) \
         ELSE b.group_session_id IS NULL END";

pub const DELETE_AVAILABILITY: &str = "DELETE FROM availability a WHERE a.tenant_id = $1 AND a.id = $2 RETURNING a.id";

/// `$2` the new id, `$3` the learner, `$4` to `$5` the span, `$6` the course, `$7` the instructor wished for, `$8` the notes, `$9` the lesson.
/// Adds nothing where the course or the instructor can't be booked. The RETURNING clause is appended to it.
pub const INSERT_BOOKING: &str = "INSERT INTO booking AS b (tenant_id, id, student_id, starts_at, ends_at, course_id, requested_instructor_id, notes, lesson_id) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
     WHERE ($6::uuid IS NULL OR EXISTS (SELECT FROM course o WHERE o.tenant_id = $1 AND o.id = $6 AND o.deleted_at IS NULL AND o.status <> 'DRAFT')) \
     AND ($7::uuid IS NULL OR EXISTS (SELECT FROM app_user w WHERE w.tenant_id = $1 AND w.id = $7 AND w.is_instructor))";

/// Also takes back an assignment.
pub const APPROVE: &str =
    "UPDATE booking b SET status = 'APPROVED', instructor_id = NULL WHERE b.tenant_id = $1 AND b.id = $2 RETURNING {b}";

pub const ASSIGN: &str = "UPDATE booking b SET status = 'ASSIGNED', instructor_id = $3 WHERE b.tenant_id = $1 AND b.id = $2 RETURNING {b}";

pub const COMPLETE: &str = "UPDATE booking b SET status = 'COMPLETED' WHERE b.tenant_id = $1 AND b.id = $2 RETURNING {b}";

pub const CANCEL: &str = "UPDATE booking b SET status = 'CANCELLED', cancel_reason = $3 WHERE b.tenant_id = $1 AND b.id = $2 RETURNING {b}";

/// Of a booking without a type; the trigger takes back an assignment. `$5`: why; that of before where nothing is moved.
pub const RESCHEDULE: &str = "UPDATE booking b SET starts_at = $3, ends_at = $4, \
     reschedule_reason = CASE WHEN (b.starts_at, b.ends_at) = ($3, $4) THEN b.reschedule_reason ELSE $5 END \
     WHERE b.tenant_id = $1 AND b.id = $2 AND b.booking_type_id IS NULL RETURNING {b}";

/// What became of a booking that is assigned: `$3`, `$4` the minutes that somebody was late.
pub const COMPLETE_WITH_OUTCOME: &str = "UPDATE booking b SET status = 'COMPLETED', outcome = $3, minutes_late = $4 \
     WHERE b.tenant_id = $1 AND b.id = $2 AND b.status = 'ASSIGNED' RETURNING {b}";

/// The same of one that is not; the trigger refuses all but those that are completed.
pub const CORRECT_OUTCOME: &str = "UPDATE booking b SET outcome = $3, minutes_late = $4 \
     WHERE b.tenant_id = $1 AND b.id = $2 AND b.status <> 'ASSIGNED' RETURNING {b}";

/// How the booking `$2` stands.
pub const STANDING: &str = "SELECT b.booking_type_id, b.student_id, b.status, b.starts_at, b.ends_at, b.requested_instructor_id, b.instructor_id, \
     b.needs_no_instructor, b.holds_while_requested, b.group_session_id IS NOT NULL, \
     ARRAY(SELECT l.resource_id FROM booking_resource l WHERE l.tenant_id = $1 AND l.booking_id = b.id ORDER BY l.place) \
     FROM booking b WHERE b.tenant_id = $1 AND b.id = $2";

/// The booking `$2` goes to the instructor `$3`, with the resources `$4`; `$5`: how they were chosen.
pub const CONFIRM: &str = "SELECT app.confirm_booking($2, $3, $4::uuid[], $5) WHERE app.tenant_id() = $1";

pub const ONE: &str = "SELECT {b} FROM booking b WHERE b.tenant_id = $1 AND b.id = $2";

/// Refuses to move the booking `$2` where its learner may not, for the reason `$3`.
pub const CHECK_MOVE_TERMS: &str = "SELECT app.check_move_terms(b, $3) FROM booking b WHERE b.tenant_id = $1 AND b.id = $2";

/// The booking `$2` goes from `$3` to `$4`, and is `$5` then, with the instructor `$6` and the resources `$7`; `$8`: why, `$9`: how they were chosen, `$10`: the hold
/// that it redeems.
pub const MOVE: &str = "SELECT app.move_booking($2, $3, $4, $5, $6, $7::uuid[], $8, $9, $10) WHERE app.tenant_id() = $1";

/// The hold `$2` of the person `$3`, whatever became of it.
pub const OWN_HOLD: &str = "SELECT h.booking_id, h.expires_at <= now(), h.booking_type_id, h.learner_id, h.starts_at, h.ends_at, h.instructor_id, \
     ARRAY(SELECT l.resource_id FROM slot_hold_resource l WHERE l.tenant_id = $1 AND l.hold_id = h.id ORDER BY l.place) \
     FROM slot_hold h WHERE h.tenant_id = $1 AND h.id = $2 AND h.owner_id = $3";

/// For how many minutes a day and a week the people `$2` may be booked.
pub const INSTRUCTOR_LIMITS: &str = "SELECT l.user_id, l.max_minutes_per_day, l.max_minutes_per_week FROM instructor_limit l \
     WHERE l.tenant_id = $1 AND l.user_id = ANY ($2)";

pub const SET_LIMITS: &str = "INSERT INTO instructor_limit AS l (tenant_id, user_id, max_minutes_per_day, max_minutes_per_week) VALUES ($1, $2, $3, $4) \
     ON CONFLICT ON CONSTRAINT instructor_limit_pkey DO UPDATE \
     SET max_minutes_per_day = excluded.max_minutes_per_day, max_minutes_per_week = excluded.max_minutes_per_week";

pub const DROP_LIMITS: &str = "DELETE FROM instructor_limit l WHERE l.tenant_id = $1 AND l.user_id = $2";

/// At most `$2` requests that have waited too long. How many they were.
pub const ESCALATE: &str = "SELECT app.escalate_bookings($2) WHERE app.tenant_id() = $1";

/// At most `$2` reminders that are due. How many they were.
pub const REMIND: &str = "SELECT app.remind_of_bookings($2) WHERE app.tenant_id() = $1";

/// When the instructor `$3` is busy within the span of a booking, with what its type claims around it.
pub const BUSY_INSTRUCTOR: &str = "SELECT busy.starts_at, busy.ends_at FROM booking b CROSS JOIN LATERAL app.busy_span($3, NULL, b.starts_at, b.ends_at, b.id, \
     coalesce(b.buffer_before_minutes, 0), coalesce(b.buffer_after_minutes, 0)) AS busy WHERE b.tenant_id = $1 AND b.id = $2";

/// When the learner of a booking is busy within its span, or from `$3` to `$4` where these are given.
pub const BUSY_STUDENT: &str = "SELECT busy.starts_at, busy.ends_at FROM booking b \
     CROSS JOIN LATERAL app.busy_span(NULL, b.student_id, coalesce($3, b.starts_at), coalesce($4, b.ends_at), b.id) AS busy \
     WHERE b.tenant_id = $1 AND b.id = $2";

/// Bookings of a calendar as `b`: from `$2` to `$3`, none that began before `$4`.
pub const IN_CALENDAR: &str = "b.starts_at < $3 AND b.ends_at > $2 AND b.starts_at > $4 AND b.status <> 'CANCELLED'";

/// Those to which an instructor is assigned, and those that wish for them as long as nobody is.
pub fn of_instructor(instructor: &str) -> String {
    format!("(b.instructor_id = {instructor} OR (b.requested_instructor_id = {instructor} AND b.instructor_id IS NULL))")
}

/// A person's own bookings: what the policy says of those without BOOKING_READ_ALL. Said again, because the policy's arm for
/// BOOKING_READ_ALL keeps the planner from using the indexes on people.
pub fn own(person: &str) -> String {
    format!("(b.student_id = {person} OR b.instructor_id = {person} OR b.requested_instructor_id = {person})")
}

/// Those that take a resource.
pub fn with_resource(resource: &str) -> String {
    format!("b.id IN (SELECT l.booking_id FROM booking_resource l WHERE l.tenant_id = $1 AND l.resource_id = {resource})")
}

/// Pieces in which active instructors (`$4`; null: all) are open from `$2` to `$3`, whatever calendars elsewhere say, and whether a piece is taken off
/// instead, with these, whose columns are those over the alias `i`.
pub fn hours_of_instructors(instructor: &str) -> String {
    format!(
        "SELECT p.is_off, p.starts_at, p.ends_at, {instructor} FROM app.hour_pieces($4::uuid[], '{{}}', $2, $3) AS p \
         JOIN app_user i ON i.tenant_id = $1 AND i.id = p.instructor_id AND i.is_instructor"
    )
}

/// The same of the resource `$4`.
pub const HOURS_OF_RESOURCE: &str =
    "SELECT p.is_off, p.starts_at, p.ends_at FROM app.open_pieces('{}', ARRAY[$4::uuid], $2, $3) AS p WHERE app.tenant_id() = $1";

/// When the resource `$4` is taken from `$2` to `$3`.
pub const TAKEN_SPANS: &str = "SELECT t.starts_at, t.ends_at FROM app.taken_spans(ARRAY[$4::uuid], $2, $3) AS t WHERE app.tenant_id() = $1";

/// The resources `$3` become those of the booking `$2`.
pub const SET_RESOURCES: &str = "SELECT app.set_booking_resources($2, $3::uuid[]) WHERE app.tenant_id() = $1";

/// Which of the resources `$2` the actor sees.
pub const SEEN_RESOURCES: &str = "SELECT re.id FROM resource re WHERE re.tenant_id = $1 AND re.id = ANY ($2) AND re.deleted_at IS NULL";

/// When a resource of the booking `$2`, or one of `$3` where that is given, is taken within its span, or from `$4` to `$5` where these are given.
pub const TAKEN_RESOURCE: &str = "SELECT taken.starts_at, taken.ends_at FROM booking b CROSS JOIN LATERAL app.taken_span(\
     coalesce($3::uuid[], ARRAY(SELECT l.resource_id FROM booking_resource l WHERE l.tenant_id = $1 AND l.booking_id = b.id)), \
     coalesce($4, b.starts_at), coalesce($5, b.ends_at), b.id) AS taken WHERE b.tenant_id = $1 AND b.id = $2";

/// When instructors, or the one in `$2`, are busy from `$3` to `$4`, by calendars elsewhere as well.
pub const BUSY_SPANS: &str = "SELECT instructor_id, starts_at, ends_at FROM app.busy_spans($2::uuid, $3, $4) WHERE app.tenant_id() = $1";
