//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/grades.sql` and
//! `sql/functions/assignments.sql` say what else they reveal.

/// What stands in a row of a grade, before the position of its lesson.
macro_rules! grade {
    () => {
        "g.lesson_id, g.percent, g.points, g.max_points, g.weight, g.is_late, g.is_missing, g.is_released"
    };
}

/// The grades of the enrollments `$2`, in the order of the lessons.
pub const GRADES: &str = concat!(
    "SELECT g.enrollment_id, ",
    grade!(),
    " FROM app.grades_of($2) AS g JOIN lesson l ON l.tenant_id = $1 AND l.id = g.lesson_id \
     JOIN section s ON s.tenant_id = $1 AND s.id = l.section_id ORDER BY s.position, l.position, l.id"
);

/// The actor's own grades of the lessons `$2`.
pub const OWN_GRADES: &str = concat!(
    "SELECT ",
    grade!(),
    " FROM app.grades_of(ARRAY(SELECT e.id FROM lesson l JOIN enrollment e ON e.tenant_id = $1 AND e.course_id = l.course_id AND e.user_id = app.user_id() \
     WHERE l.tenant_id = $1 AND l.id = ANY ($2))) AS g WHERE app.tenant_id() = $1 AND g.lesson_id = ANY ($2)"
);

/// The two grades of the enrollments `$2` that the actor may see.
pub const ENROLLMENT_GRADES: &str = "SELECT g.enrollment_id, g.current_grade, g.final_grade FROM enrollment_grade g \
     WHERE g.tenant_id = $1 AND g.enrollment_id = ANY ($2)";

/// How much more time the people `$2` take, as far as the actor may know.
pub const TIME_FACTORS: &str = "SELECT a.user_id, a.time_factor FROM accommodation a WHERE a.tenant_id = $1 AND a.user_id = ANY ($2)";

/// The person `$2` takes `$3` times as long. Nothing where the actor does not see them.
pub const SET_TIME_FACTOR: &str = "INSERT INTO accommodation AS a (tenant_id, user_id, time_factor) \
     SELECT $1, u.id, $3 FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL \
     ON CONFLICT ON CONSTRAINT accommodation_pkey DO UPDATE SET time_factor = excluded.time_factor RETURNING a.user_id";

/// `$2` the lesson, `$3` the person, `$4` to `$8` what they are granted: the id of the extension.
pub const GRANT: &str = "SELECT app.grant_extension($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// Whether there was such an extension.
pub const REVOKE: &str = "SELECT app.revoke_extension($2) WHERE app.tenant_id() = $1";
