//! The statements of the domain. `$1` is the tenant; the policies filter again. `{c}` stands for the columns of a course
//! over the alias `c`, `{s}` for those of a section.

/// From one of the statuses in `$3` to `$4`.
pub const SET_STATUS: &str =
    "UPDATE course c SET status = $4 WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND c.status = ANY ($3) RETURNING {c}";

/// By its owner; a co-instructor does not delete.
pub const DELETE: &str = "UPDATE course c SET deleted_at = now() WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL \
     AND (c.instructor_id = app.user_id() OR app.can('COURSE_UPDATE_ALL')) RETURNING c.id";

/// Deleted courses, as `c`.
pub const DELETED: &str = "app.deleted_courses() c";

/// Whether the actor is staff of the course `$2`.
pub const IS_STAFF: &str = "SELECT app.is_staff_of($2) WHERE app.tenant_id() = $1";

/// Of the courses `$2`, those that ask for an enrollment key.
pub const WITH_KEY: &str = "SELECT k FROM app.courses_with_key($2) AS k WHERE app.tenant_id() = $1";

/// `$2` the course, `$3` people: which of them teach it now, together with its owner.
pub const ADD_INSTRUCTORS: &str = "INSERT INTO course_instructor AS i (tenant_id, course_id, user_id) SELECT $1, $2, u.id FROM app_user u \
     WHERE u.tenant_id = $1 AND u.id = ANY ($3) AND u.is_instructor AND u.deleted_at IS NULL ORDER BY u.id ON CONFLICT DO NOTHING RETURNING i.user_id";

/// `$2` the course, `$3` a person: a row where they teach it together with its owner.
pub const IS_INSTRUCTOR: &str = "SELECT i.user_id FROM course_instructor i WHERE i.tenant_id = $1 AND i.course_id = $2 AND i.user_id = $3";

/// `$2` the course, `$3` people: which of them teach it no longer.
pub const REMOVE_INSTRUCTORS: &str =
    "DELETE FROM course_instructor i WHERE i.tenant_id = $1 AND i.course_id = $2 AND i.user_id = ANY ($3) RETURNING i.user_id";

/// `$2` the course, `$3` the copy's id, `$4` its title, `$5` whether it is the next version, `$6` by how many days its dates move.
pub const COPY: &str = "SELECT app.copy_course($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// Whether the course `$2` was deleted, and is not any more; null where there is none.
pub const RESTORE: &str = "SELECT app.restore_course($2) WHERE app.tenant_id() = $1";

/// Whether the course `$2` was deleted, and is gone now; null where there is none.
pub const PURGE: &str = "SELECT app.purge_course($2) WHERE app.tenant_id() = $1";

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
