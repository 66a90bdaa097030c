//! The statements of the domain. `$1` is the tenant; the policies filter again.

/// `$2` the run: whether there is something to do.
pub const BEGIN: &str = "SELECT app.begin_export($2) WHERE app.tenant_id() = $1";

/// What the run `$2` was asked for with.
pub const RUN: &str =
    "SELECT x.dataset, x.roster_format, x.name, x.time_zone, x.from_at, x.to_at FROM export_run x WHERE x.tenant_id = $1 AND x.id = $2";

/// `$2` the run, `$3` its lines, `$4` the key of its bytes, `$5` their type, `$6` how many, `$7` their hash: whether it was still to be ended.
pub const FINISH: &str = "SELECT app.finish_export($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";

/// `$2` the run, `$3` why.
pub const FAIL: &str = "SELECT app.fail_export($2, $3) WHERE app.tenant_id() = $1";

/// `$2` the schedule, `$3` the name of the file, `$4` and `$5` the period: the run.
pub const RUN_SCHEDULE: &str = "SELECT app.run_report_schedule($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// `$2` how many at most: schedules that are due.
pub const DUE: &str =
    "SELECT d.id, d.dataset, d.frequency, d.hour, d.time_zone FROM app.due_report_schedules($2) AS d WHERE app.tenant_id() = $1";

/// `$2` schedules, `$3` names of files, `$4` and `$5` periods, `$6` when they run next.
pub const RUN_DUE: &str = "SELECT app.run_due_reports($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// `$2` a schedule that is about to be changed: nobody else changes it meanwhile.
pub const LOCK_SCHEDULE: &str = "SELECT rs.id FROM report_schedule rs WHERE rs.tenant_id = $1 AND rs.id = $2 FOR UPDATE";

pub const DELETE_SCHEDULE: &str = "DELETE FROM report_schedule rs WHERE rs.tenant_id = $1 AND rs.id = $2 RETURNING rs.id";

/// A page of enrollments after the id `$2`, created from `$3` to `$4`, `$5` of them at most.
pub const ENROLLMENTS: &str = "SELECT e.id, e.course_id, c.title, e.user_id, u.name, e.status, e.progress, e.enrolled_at, e.completed_at FROM enrollment e \
     LEFT JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = e.user_id \
     WHERE e.tenant_id = $1 AND e.id > $2 AND e.created_at >= $3 AND e.created_at < $4 ORDER BY e.id LIMIT $5";

/// A page of bookings after the moment `$2` and the id `$3`, before `$4`, `$5` of them at most.
pub const BOOKINGS: &str = "SELECT b.id, b.starts_at, b.ends_at, b.status, b.student_id, s.name, b.instructor_id, i.name, b.course_id FROM booking b \
     LEFT JOIN app_user s ON s.tenant_id = $1 AND s.id = b.student_id LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = b.instructor_id \
     WHERE b.tenant_id = $1 AND (b.starts_at, b.id) > ($2, $3) AND b.starts_at < $4 ORDER BY b.starts_at, b.id LIMIT $5";
