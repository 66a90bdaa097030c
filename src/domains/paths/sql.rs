//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/paths.sql` say who may do what. `{lp}` stands
//! for the columns of a path over the alias `lp`.

/// The courses of the paths `$2`, in their order, and how they stand for the actor.
pub const COURSES: &str = "SELECT pc.path_id, pc.course_id, pc.after_course_id, pc.position, pc.unlock, pc.min_score, l.is_locked, l.obstacle \
     FROM path_course pc JOIN app.path_locks($2) AS l ON l.path_id = pc.path_id AND l.course_id = pc.course_id \
     WHERE pc.tenant_id = $1 AND pc.path_id = ANY ($2) ORDER BY pc.path_id, pc.position";

/// What the courses `$2` ask for, in its order, and whether the actor has it; but for what was deleted.
pub const PREREQUISITES: &str = "SELECT q.course_id, q.requires_id, q.min_grade, o.is_met \
     FROM course_prerequisite q JOIN app.own_prerequisites($2) AS o ON o.course_id = q.course_id AND o.requires_id = q.requires_id \
     WHERE q.tenant_id = $1 AND q.course_id = ANY ($2) ORDER BY q.course_id, q.position";

/// For which reasons the actor would not be enrolled in the courses `$2` now.
pub const OBSTACLES: &str = "SELECT o.course_id, o.reasons FROM app.enroll_obstacles($2) AS o WHERE app.tenant_id() = $1";

/// Of the courses `$2`, those that the actor sees.
pub const SEEN_COURSES: &str = "SELECT c.id FROM course c WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.deleted_at IS NULL";

/// The course `$2` asks for none but `$3` any more. It waits for the school's turn.
pub const REMOVE_PREREQUISITES: &str = "WITH turn AS MATERIALIZED (SELECT app.lock_for('prerequisites', $1)) \
     DELETE FROM course_prerequisite q USING turn WHERE q.tenant_id = $1 AND q.course_id = $2 AND q.requires_id <> ALL ($3)";

/// The course `$2` asks for the courses `$3`, with the grades `$4`.
pub const SET_PREREQUISITES: &str = "INSERT INTO course_prerequisite AS q (tenant_id, course_id, requires_id, min_grade, position) \
     SELECT $1, $2, w.course_id, w.min_grade, w.position FROM ROWS FROM (unnest($3::uuid[]), unnest($4::float8[])) WITH ORDINALITY AS w(course_id, min_grade, position) \
     ON CONFLICT ON CONSTRAINT course_prerequisite_pkey DO UPDATE SET min_grade = excluded.min_grade, position = excluded.position \
     WHERE (q.min_grade, q.position) IS DISTINCT FROM (excluded.min_grade, excluded.position)";

/// The path `$2` has the courses `$3` from now on, with unlocks, the courses that they wait for, and scores: whether there is such a path.
pub const SET_COURSES: &str = "SELECT app.set_path_courses($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// From one of the statuses in `$3` to `$4`; without courses to ARCHIVED alone.
pub const SET_STATUS: &str = "UPDATE learning_path lp SET status = $4 WHERE lp.tenant_id = $1 AND lp.id = $2 AND lp.deleted_at IS NULL AND lp.status = ANY ($3) \
     AND ($4 = 'ARCHIVED' OR EXISTS (SELECT FROM path_course pc WHERE pc.tenant_id = $1 AND pc.path_id = lp.id)) RETURNING {lp}";

pub const DELETE: &str =
    "UPDATE learning_path lp SET deleted_at = now() WHERE lp.tenant_id = $1 AND lp.id = $2 AND lp.deleted_at IS NULL RETURNING lp.id";

/// The path `$2` takes the person `$3`, where the actor sees both: their part in it.
pub const ENROLL: &str = "SELECT app.enroll_in_path(lp.id, u.id) FROM learning_path lp JOIN app_user u ON u.tenant_id = $1 AND u.id = $3 AND u.deleted_at IS NULL \
     WHERE lp.tenant_id = $1 AND lp.id = $2 AND lp.deleted_at IS NULL";

/// The part in a path `$2` ends, where the actor sees it: whether that was theirs to do.
pub const LEAVE: &str = "SELECT app.leave_path(pe.id) FROM path_enrollment pe WHERE pe.tenant_id = $1 AND pe.id = $2";

/// Tries again what kept courses from taking people of their paths; `$2` people at most.
pub const RETRY: &str = "SELECT app.retry_paths($2) WHERE app.tenant_id() = $1";
