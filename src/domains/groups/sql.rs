//! The statements of the domain. `$1` is the tenant; the policies filter again.

use lectern_kernel::db::select;

use super::Group;

pub fn by_ids() -> String {
    format!("SELECT {} FROM user_group g WHERE g.tenant_id = $1 AND g.id = ANY ($2) AND g.deleted_at IS NULL", select::<Group>("g"))
}

pub const MEMBER_COUNTS: &str = "SELECT group_id, count FROM app.member_counts($2) WHERE app.tenant_id() = $1";

pub fn insert() -> String {
    format!(
        "INSERT INTO user_group AS g (tenant_id, id, name, description, capacity, auto_enroll) SELECT $1, $2, $3, $4, $5, $6 RETURNING {}",
        select::<Group>("g")
    )
}

/// Each value stands behind a flag that says whether it is to be changed.
pub fn update() -> String {
    format!(
        "UPDATE user_group g SET name = CASE WHEN $3 THEN $4 ELSE g.name END, description = CASE WHEN $5 THEN $6 ELSE g.description END, \
         capacity = CASE WHEN $7 THEN $8 ELSE g.capacity END, auto_enroll = CASE WHEN $9 THEN $10 ELSE g.auto_enroll END \
         WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL RETURNING {}",
        select::<Group>("g")
    )
}

pub const DELETE: &str =
    "UPDATE user_group g SET deleted_at = now() WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL RETURNING g.id";

/// The ids that `change` answers, then the group `$2`.
fn with_group(change: &str) -> String {
    format!(
        "WITH changed AS ({change}) SELECT ARRAY(SELECT id FROM changed), {} \
         FROM user_group g WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL",
        select::<Group>("g")
    )
}

/// `$2` the group, `$3` people, `$4` whether they lead it: the group, and who became a member.
pub fn add_members() -> String {
    with_group(
        "INSERT INTO group_member AS m (tenant_id, group_id, user_id, is_leader) SELECT $1, g.id, u.id, $4 FROM user_group g, app_user u \
         WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL AND u.tenant_id = $1 AND u.id = ANY ($3) AND u.deleted_at IS NULL \
         ORDER BY u.id ON CONFLICT (tenant_id, group_id, user_id) DO NOTHING RETURNING m.user_id AS id",
    )
}

/// `$2` the group, `$3` people: the group, and whose membership ended.
pub fn remove_members() -> String {
    with_group(
        "DELETE FROM group_member m USING app_user u WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.user_id = ANY ($3) \
         AND u.tenant_id = $1 AND u.id = m.user_id RETURNING m.user_id AS id",
    )
}

/// `$2` the group, `$3` courses: the group, and which of them it was given.
pub fn add_courses() -> String {
    with_group(
        "INSERT INTO group_course AS gc (tenant_id, group_id, course_id) SELECT $1, g.id, c.id FROM user_group g, course c \
         WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL AND c.tenant_id = $1 AND c.id = ANY ($3) AND c.deleted_at IS NULL \
         ORDER BY c.id ON CONFLICT (tenant_id, group_id, course_id) DO NOTHING RETURNING gc.course_id AS id",
    )
}

/// `$2` the group, `$3` courses: the group, and which of them were taken from it.
pub fn remove_courses() -> String {
    with_group(
        "DELETE FROM group_course gc USING course c WHERE gc.tenant_id = $1 AND gc.group_id = $2 AND gc.course_id = ANY ($3) \
         AND c.tenant_id = $1 AND c.id = gc.course_id AND c.deleted_at IS NULL RETURNING gc.course_id AS id",
    )
}

/// `$2` the group, `$3` a person: a row where the actor sees that they are a member.
pub const IS_MEMBER: &str = "SELECT m.user_id FROM group_member m JOIN app_user u ON u.tenant_id = $1 AND u.id = m.user_id \
     WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.user_id = $3";

/// `$2` the group, `$3` a course: a row where the actor sees that the group has it.
pub const HAS_COURSE: &str = "SELECT gc.course_id FROM group_course gc JOIN course c ON c.tenant_id = $1 AND c.id = gc.course_id \
     WHERE gc.tenant_id = $1 AND gc.group_id = $2 AND gc.course_id = $3 AND c.deleted_at IS NULL";

/// `$2` the group, `$3` the people and `$4` the courses just added (null: all), `$5` whether those who had dropped out are
/// taken back.
pub const AUTO_ENROLL: &str = "SELECT app.auto_enroll($2, $3, $4, $5) WHERE app.tenant_id() = $1";
