//! The statements of the domain. `$1` is the tenant; the policies filter again. `{c}` stands for the columns of a course
//! over the alias `c`, `{s}` for those of a section.

/// From one of the statuses in `$3` to `$4`.
pub const SET_STATUS: &str =
    "UPDATE course c SET status = $4 WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND c.status = ANY ($3) RETURNING {c}";

pub const DELETE: &str =
    "UPDATE course c SET deleted_at = now() WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL RETURNING c.id";

/// Waits for the lock on the sections of a course that the actor may change.
pub const LOCK_SECTIONS: &str = "SELECT app.lock_for('sections', $2) WHERE app.tenant_id() = $1";

pub const INSERT_SECTION: &str = "INSERT INTO section AS s (tenant_id, id, course_id, title, position) \
     SELECT $1, $3, $2, $4, 1 + (SELECT count(*) FROM section o WHERE o.tenant_id = $1 AND o.course_id = $2) RETURNING {s}";

pub const UPDATE_SECTION: &str = "UPDATE section s SET title = $3 WHERE s.tenant_id = $1 AND s.id = $2 RETURNING {s}";

pub const SECTION_IDS: &str = "SELECT s.id FROM section s WHERE s.tenant_id = $1 AND s.course_id = $2 ORDER BY s.position";

pub const REORDER: &str = "UPDATE section s SET position = o.position FROM unnest($3::uuid[]) WITH ORDINALITY AS o(id, position) \
     WHERE s.tenant_id = $1 AND s.course_id = $2 AND s.id = o.id AND s.position <> o.position";

pub const COURSE_OF_SECTION: &str = "SELECT s.course_id FROM section s WHERE s.tenant_id = $1 AND s.id = $2";

pub const DELETE_SECTION: &str = "DELETE FROM section s WHERE s.tenant_id = $1 AND s.id = $2 RETURNING s.position";

pub const CLOSE_GAP: &str =
    "UPDATE section s SET position = s.position - 1 WHERE s.tenant_id = $1 AND s.course_id = $2 AND s.position > $3";
