//! The statements of the domain. `$1` is the tenant; the policies filter again.

pub const DELETE: &str =
    "UPDATE user_group g SET deleted_at = now() WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL RETURNING g.id";

/// The ids that `change` answers, then these columns of the group `$2`, as `g`.
pub fn with_group(change: &str, columns: &str) -> String {
    format!(
        "WITH changed AS ({change}) SELECT ARRAY(SELECT id FROM changed), {columns} \
         FROM user_group g WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL"
    )
}

/// `$2` the group, `$3` people, `$4` whether they lead it: who became a member. For [`with_group`].
pub const ADD_MEMBERS: &str = "INSERT INTO group_member AS m (tenant_id, group_id, user_id, is_leader) \
     SELECT $1, g.id, u.id, $4 FROM user_group g, app_user u \
     WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL AND u.tenant_id = $1 AND u.id = ANY ($3) AND u.deleted_at IS NULL \
     ORDER BY u.id ON CONFLICT (tenant_id, group_id, user_id) DO NOTHING RETURNING m.user_id AS id";

/// `$2` the group, `$3` people: whose membership ended. For [`with_group`].
pub const REMOVE_MEMBERS: &str = "DELETE FROM group_member m USING app_user u \
     WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.user_id = ANY ($3) \
     AND u.tenant_id = $1 AND u.id = m.user_id RETURNING m.user_id AS id";

/// `$2` the group, `$3` courses: which of them it was given. For [`with_group`].
pub const ADD_COURSES: &str = "INSERT INTO group_course AS gc (tenant_id, group_id, course_id) \
     SELECT $1, g.id, c.id FROM user_group g, course c \
     WHERE g.tenant_id = $1 AND g.id = $2 AND g.deleted_at IS NULL AND c.tenant_id = $1 AND c.id = ANY ($3) AND c.deleted_at IS NULL \
     ORDER BY c.id ON CONFLICT (tenant_id, group_id, course_id) DO NOTHING RETURNING gc.course_id AS id";

/// `$2` the group, `$3` courses: which of them were taken from it. For [`with_group`].
pub const REMOVE_COURSES: &str = "DELETE FROM group_course gc USING course c \
     WHERE gc.tenant_id = $1 AND gc.group_id = $2 AND gc.course_id = ANY ($3) \
     AND c.tenant_id = $1 AND c.id = gc.course_id AND c.deleted_at IS NULL RETURNING gc.course_id AS id";

/// `$2` the group, `$3` a person: a row where the actor sees that they are a member.
pub const IS_MEMBER: &str = "SELECT m.user_id FROM group_member m JOIN app_user u ON u.tenant_id = $1 AND u.id = m.user_id \
     WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.user_id = $3";

/// `$2` the group, `$3` a course: a row where the actor sees that the group has it.
pub const HAS_COURSE: &str = "SELECT gc.course_id FROM group_course gc JOIN course c ON c.tenant_id = $1 AND c.id = gc.course_id \
     WHERE gc.tenant_id = $1 AND gc.group_id = $2 AND gc.course_id = $3 AND c.deleted_at IS NULL";

/// `$2` the group, `$3` the people and `$4` the courses just added (null: all), `$5` whether those who had dropped out are
/// taken back.
pub const AUTO_ENROLL: &str = "SELECT app.auto_enroll($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// The keys by which people join the groups `$2`, for whoever changes groups.
pub const JOIN_KEYS: &str = "SELECT k.group_id, k.join_key FROM app.join_keys($2) AS k WHERE app.tenant_id() = $1";

/// The actor joins the group that has the key `$2`: which one.
pub const JOIN: &str = "SELECT app.join_group($2) WHERE app.tenant_id() = $1";
