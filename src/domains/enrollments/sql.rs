//! The statements of the domain. `$1` is the tenant; the policies filter again. `{e}` stands for the columns of an enrollment
//! over the alias `e`.

/// Whether the actor manages the enrollments of course `c`, as the policies see it.
const MANAGES: &str = "(app.can('ENROLLMENT_MANAGE') AND (app.can('COURSE_UPDATE_ALL') OR c.instructor_id = app.user_id() OR c.id IN (SELECT app.taught_courses())) IS TRUE)";

/// `$2` the new id, `$3` the course, `$4` the person, `$5` the key. Nothing where something is in the way that
/// [`why_not_enrolled`] then names; who had dropped out goes on.
pub fn enroll() -> String {
    format!(
        "INSERT INTO enrollment AS e (tenant_id, id, course_id, user_id) \
         SELECT $1, $2, c.id, u.id FROM course c JOIN app_user u ON u.tenant_id = $1 AND u.id = $4 AND u.deleted_at IS NULL \
         WHERE c.tenant_id = $1 AND c.id = $3 AND c.deleted_at IS NULL AND c.status = 'PUBLISHED' AND ({MANAGES} \
         OR (u.id = app.user_id() AND app.can('ENROLLMENT_SELF') AND c.self_enroll AND NOT app.is_kept_out(c.id) AND NOT app.enrollment_key_is_wrong(c.id, $5))) \
         ON CONFLICT (tenant_id, user_id, course_id) DO UPDATE \
         SET status = CASE WHEN e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END WHERE e.status = 'DROPPED' RETURNING {{e}}"
    )
}

/// `$2` the course, `$3` the person, `$4` the key: the course's status, whether the actor manages it, whether the person is
/// there, whether the key is wrong, whether learners enroll themselves, how an enrollment stands, and whether prerequisites are missing or a path keeps the
/// course locked.
pub fn why_not_enrolled() -> String {
    format!(
        "SELECT c.status, {MANAGES}, u.id IS NOT NULL, app.enrollment_key_is_wrong(c.id, $4), c.self_enroll, e.status, \
         ARRAY(SELECT o.reason FROM app.own_obstacles(ARRAY[c.id]) AS o ORDER BY o.reason DESC) FROM course c \
         LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = $3 AND u.deleted_at IS NULL \
         LEFT JOIN enrollment e ON e.tenant_id = $1 AND e.user_id = u.id AND e.course_id = c.id \
         WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL"
    )
}

/// `$2` the enrollment, `$3` the progress, `$4` the time. A learner's progress only grows, and what does not make it grow changes
/// nothing: not even the status, which somebody may have decided. It never undoes a completion. A manager's word is taken as it is. Where the
/// course has lessons, nothing is recorded.
pub fn record_progress() -> String {
    const NOTHING_NEW: &str = "NOT m.manages AND $3 <= e.progress";
    const DONE: &str = "$3 = 100 OR (e.status = 'COMPLETED' AND NOT m.manages)";
    format!(
        "UPDATE enrollment e SET progress = CASE WHEN {NOTHING_NEW} THEN e.progress ELSE $3 END, \
         status = CASE WHEN {NOTHING_NEW} THEN e.status WHEN {DONE} THEN 'COMPLETED' WHEN $3 > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END, \
         completed_at = CASE WHEN {NOTHING_NEW} THEN e.completed_at WHEN {DONE} THEN coalesce(e.completed_at, $4) END \
         FROM (SELECT o.id, {MANAGES} AS manages FROM enrollment o LEFT JOIN course c ON c.tenant_id = $1 AND c.id = o.course_id \
         WHERE o.tenant_id = $1 AND o.id = $2) AS m \
         WHERE e.tenant_id = $1 AND e.id = m.id AND e.lessons_total = 0 AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') RETURNING {{e}}"
    )
}

/// `$2` the enrollment, `$3` the status, `$4` the time. Waits for the course's lock before it locks the row, as an
/// enrollment does, so that the two can't wait for each other.
pub fn update_status() -> String {
    format!(
        "WITH m AS MATERIALIZED (SELECT o.id, app.lock_for('course', o.course_id) \
         FROM enrollment o LEFT JOIN course c ON c.tenant_id = $1 AND c.id = o.course_id WHERE o.tenant_id = $1 AND o.id = $2 AND {MANAGES}) \
         UPDATE enrollment e SET status = $3, completed_at = CASE WHEN $3 = 'COMPLETED' THEN coalesce(e.completed_at, $4) END \
         FROM m WHERE e.tenant_id = $1 AND e.id = m.id RETURNING {{e}}"
    )
}

/// `$2` the enrollment, `$3` until when it gives access, `$4` why. One that had expired is revived by its progress, unless it ends before now. It
/// waits for the course's lock as [`update_status`] does.
pub fn extend() -> String {
    format!(
        "WITH m AS MATERIALIZED (SELECT o.id, app.lock_for('course', o.course_id) \
         FROM enrollment o LEFT JOIN course c ON c.tenant_id = $1 AND c.id = o.course_id WHERE o.tenant_id = $1 AND o.id = $2 AND {MANAGES}) \
         UPDATE enrollment e SET expires_at = $3, is_expiry_fixed = true, expiry_reason = $4, \
         status = CASE WHEN e.status <> 'EXPIRED' OR $3 <= now() THEN e.status \
         WHEN e.started_at IS NOT NULL OR e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END \
         FROM m WHERE e.tenant_id = $1 AND e.id = m.id RETURNING {{e}}"
    )
}

/// Ends `$2` enrollments at most whose time is over.
pub const EXPIRE: &str = "SELECT app.expire_enrollments($2) WHERE app.tenant_id() = $1";

/// Tells `$2` people at most that their access ends soon.
pub const REMIND: &str = "SELECT app.remind_of_expiry($2) WHERE app.tenant_id() = $1";

/// `$2` the enrollment. One that is dropped already stays so.
pub const UNENROLL: &str = "UPDATE enrollment e SET status = 'DROPPED' WHERE e.tenant_id = $1 AND e.id = $2 \
     AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'DROPPED') RETURNING {e}";

/// `$2` the enrollment: how it stands, whether it is the actor's own to change, whether the actor manages it, and whether its progress follows
/// from lessons.
pub fn why_not_changed() -> String {
    format!(
        "SELECT e.status, e.user_id = app.user_id() AND app.can('ENROLLMENT_SELF'), {MANAGES}, e.lessons_total > 0 FROM enrollment e \
         LEFT JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id WHERE e.tenant_id = $1 AND e.id = $2"
    )
}
