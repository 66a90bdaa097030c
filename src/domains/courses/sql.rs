//! The statements of the domain. `$1` is the tenant; the policies filter again.

use lectern_kernel::db::select;

use super::{Course, Section};

pub fn by_ids() -> String {
    format!("SELECT {} FROM course c WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.deleted_at IS NULL", select::<Course>("c"))
}

pub fn sections_by_ids() -> String {
    format!("SELECT {} FROM section s WHERE s.tenant_id = $1 AND s.id = ANY ($2)", select::<Section>("s"))
}

pub fn sections_of() -> String {
    format!(
        "SELECT s.course_id, {} FROM section s WHERE s.tenant_id = $1 AND s.course_id = ANY ($2) ORDER BY s.course_id, s.position",
        select::<Section>("s")
    )
}

pub const ENROLLMENT_COUNTS: &str = "SELECT course_id, count FROM app.enrollment_counts($2) WHERE app.tenant_id() = $1";

/// The instructor whom a course is to have must be one, and visible; `$5` may be null.
pub fn insert() -> String {
    format!(
        "INSERT INTO course AS c (tenant_id, id, title, description, instructor_id, capacity, enrollment_key, tags) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 RETURNING {}",
        select::<Course>("c")
    )
}

/// Each value stands behind a flag that says whether it is to be changed.
pub fn update() -> String {
    format!(
        "UPDATE course c SET title = CASE WHEN $3 THEN $4 ELSE c.title END, description = CASE WHEN $5 THEN $6 ELSE c.description END, \
         instructor_id = CASE WHEN $7 THEN $8 ELSE c.instructor_id END, capacity = CASE WHEN $9 THEN $10 ELSE c.capacity END, \
         tags = CASE WHEN $11 THEN $12 ELSE c.tags END \
         WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL RETURNING {}",
        select::<Course>("c")
    )
}

pub const SET_KEY: &str =
    "UPDATE course c SET enrollment_key = $3 WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL RETURNING c.id";

/// From one of the statuses in `$3` to `$4`.
pub fn set_status() -> String {
    format!(
        "UPDATE course c SET status = $4 WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND c.status = ANY ($3) RETURNING {}",
        select::<Course>("c")
    )
}

pub const DELETE: &str =
    "UPDATE course c SET deleted_at = now() WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL RETURNING c.id";

/// Waits for the lock to change the sections of a course that the actor may change.
pub const LOCK_SECTIONS: &str = "SELECT app.lock_for('sections', $2) WHERE app.tenant_id() = $1";

pub fn insert_section() -> String {
    format!(
        "INSERT INTO section AS s (tenant_id, id, course_id, title, position) \
         SELECT $1, $3, $2, $4, 1 + (SELECT count(*) FROM section o WHERE o.tenant_id = $1 AND o.course_id = $2) RETURNING {}",
        select::<Section>("s")
    )
}

pub fn update_section() -> String {
    format!("UPDATE section s SET title = $3 WHERE s.tenant_id = $1 AND s.id = $2 RETURNING {}", select::<Section>("s"))
}

pub const SECTION_IDS: &str = "SELECT s.id FROM section s WHERE s.tenant_id = $1 AND s.course_id = $2 ORDER BY s.position";

pub const REORDER: &str = "UPDATE section s SET position = o.position FROM unnest($3::uuid[]) WITH ORDINALITY AS o(id, position) \
     WHERE s.tenant_id = $1 AND s.course_id = $2 AND s.id = o.id AND s.position <> o.position";

pub const COURSE_OF_SECTION: &str = "SELECT s.course_id FROM section s WHERE s.tenant_id = $1 AND s.id = $2";

pub const DELETE_SECTION: &str = "DELETE FROM section s WHERE s.tenant_id = $1 AND s.id = $2 RETURNING s.position";

pub const CLOSE_GAP: &str =
    "UPDATE section s SET position = s.position - 1 WHERE s.tenant_id = $1 AND s.course_id = $2 AND s.position > $3";
