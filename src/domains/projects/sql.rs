//! The statements of the domain. `$1` is the tenant; the policies filter again. `{pj}` stands for the columns of a project over the alias `pj`.

/// What the actor is to the project `$2`; `$3`: whether they wait for its turn.
pub const STANDING: &str =
    "SELECT s.role, s.is_owner, s.is_archived, s.is_deleted FROM app.project_standing($2, $3) AS s WHERE app.tenant_id() = $1";

/// The project `$2`.
pub const THIS: &str = "SELECT {pj} FROM project pj WHERE pj.tenant_id = $1 AND pj.id = $2";

/// The project `$2` is deleted from now on.
pub const DELETE: &str = "UPDATE project pj SET deleted_at = now() WHERE pj.tenant_id = $1 AND pj.id = $2 AND pj.deleted_at IS NULL";

/// The project `$2` is there again.
pub const RESTORE: &str = "UPDATE project pj SET deleted_at = NULL WHERE pj.tenant_id = $1 AND pj.id = $2 AND pj.deleted_at >= now() - interval '30 days' \
     RETURNING pj.id";

/// The ids that `change` answers, then these columns of the project `$2`, as `pj`.
pub fn with_project(change: &str, columns: &str) -> String {
    format!(
        "WITH changed AS ({change}) SELECT ARRAY(SELECT id FROM changed), {columns} \
         FROM project pj WHERE pj.tenant_id = $1 AND pj.id = $2 AND pj.deleted_at IS NULL"
    )
}

/// `$2` the project, `$3` people, `$4` their role: who became a member. For [`with_project`].
pub const ADD_MEMBERS: &str = "INSERT INTO project_member AS m (tenant_id, project_id, user_id, role) \
     SELECT $1, $2, u.id, $4 FROM app_user u WHERE u.tenant_id = $1 AND u.id = ANY ($3) AND u.deleted_at IS NULL \
     ORDER BY u.id ON CONFLICT (tenant_id, project_id, user_id) DO NOTHING RETURNING m.user_id AS id";

/// `$2` the project, `$3` a member, `$4` their role from now on: who that was. For [`with_project`].
pub const SET_ROLE: &str =
    "UPDATE project_member m SET role = $4 WHERE m.tenant_id = $1 AND m.project_id = $2 AND m.user_id = $3 RETURNING m.user_id AS id";

/// `$2` the project, `$3` people: whose membership ended. For [`with_project`].
pub const REMOVE_MEMBERS: &str =
    "DELETE FROM project_member m WHERE m.tenant_id = $1 AND m.project_id = $2 AND m.user_id = ANY ($3) RETURNING m.user_id AS id";

/// Whether the person `$3` is a member of the project `$2`, and seen.
pub const IS_MEMBER: &str = "SELECT 1 FROM project_member m JOIN app_user u ON u.tenant_id = m.tenant_id AND u.id = m.user_id \
     WHERE m.tenant_id = $1 AND m.project_id = $2 AND m.user_id = $3";
