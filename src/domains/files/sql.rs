//! The statements of the domain. `$1` is the tenant; the policies filter again. `{f}` stands for the columns of a file over the alias
//! `f`, `{up}` for those of an upload.

/// The file of the upload `$2`.
pub const OF_UPLOAD: &str = "SELECT {f} FROM file f WHERE f.tenant_id = $1 AND f.upload_id = $2";

/// Whether the time of the upload `$2` is over by now.
pub const IS_OVER: &str = "SELECT app.is_upload_over($2) WHERE app.tenant_id() = $1";

/// Makes the upload `$2` the file `$3`, whose bytes are the object `$4`. Nothing where somebody has been faster.
pub const COMPLETE: &str = "WITH up AS (UPDATE upload u SET completed_at = now(), file_id = $3 \
         WHERE u.tenant_id = $1 AND u.id = $2 AND u.completed_at IS NULL \
         RETURNING u.user_id, u.name, u.content_type, u.size, u.sha256, u.folder) \
     INSERT INTO file AS f (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, object) \
     SELECT $1, $3, $2, up.user_id, up.name, up.content_type, up.size, up.sha256, up.folder, $4 FROM up \
     ON CONFLICT (tenant_id, upload_id) DO NOTHING RETURNING {f}";

/// Gives up the upload `$2`, unless it has become a file.
pub const CANCEL: &str = "DELETE FROM upload u WHERE u.tenant_id = $1 AND u.id = $2 AND u.completed_at IS NULL RETURNING u.id";

/// Of the files `$2`, those that an answer names which the actor reads.
pub const ANSWERED: &str =
    "SELECT {f} FROM unnest($2::uuid[]) AS w(id) CROSS JOIN LATERAL app.answered_file(w.id) AS f WHERE f.tenant_id = $1";

pub const DELETE: &str = "DELETE FROM file f WHERE f.tenant_id = $1 AND f.id = $2 RETURNING f.id";

/// Who sees the file `$2`: `$3`. It counts as changed also where it is to be shared with others than before: with `$4`.
pub const SET_VISIBILITY: &str = "UPDATE file f SET visibility = $3, updated_at = CASE WHEN ( \
         SELECT count(*) = cardinality($4::uuid[]) AND bool_and(fa.member_id = ANY ($4)) IS NOT FALSE FROM file_audience fa \
         WHERE fa.tenant_id = $1 AND fa.file_id = f.id) THEN f.updated_at ELSE now() END \
     WHERE f.tenant_id = $1 AND f.id = $2 RETURNING {f}";

/// Whom the file `$2` is shared with from now on: those of `$3` alone.
pub const UNSHARE_OTHERS: &str =
    "DELETE FROM file_audience fa WHERE fa.tenant_id = $1 AND fa.file_id = $2 AND NOT fa.member_id = ANY ($3::uuid[])";

/// Shares the file `$2` with the people `$3`: who are there.
pub const SHARE_WITH_USERS: &str = "WITH seen AS (SELECT u.id FROM app_user u WHERE u.tenant_id = $1 AND u.id = ANY ($3) AND u.deleted_at IS NULL), \
     added AS (INSERT INTO file_audience (tenant_id, file_id, user_id) SELECT $1, $2, s.id FROM seen s ORDER BY s.id \
         ON CONFLICT (tenant_id, file_id, member_id) DO NOTHING) SELECT s.id FROM seen s";

/// Shares the file `$2` with the groups `$3`: which are there.
pub const SHARE_WITH_GROUPS: &str = "WITH seen AS (SELECT g.id FROM user_group g WHERE g.tenant_id = $1 AND g.id = ANY ($3) AND g.deleted_at IS NULL), \
     added AS (INSERT INTO file_audience (tenant_id, file_id, group_id) SELECT $1, $2, s.id FROM seen s ORDER BY s.id \
         ON CONFLICT (tenant_id, file_id, member_id) DO NOTHING) SELECT s.id FROM seen s";

/// Shares the file `$2` with the courses `$3`: those that are there and that the actor is staff of, or any where `$4` says so.
pub const SHARE_WITH_COURSES: &str = "WITH seen AS (SELECT c.id FROM course c WHERE c.tenant_id = $1 AND c.id = ANY ($3) AND c.deleted_at IS NULL \
         AND ($4 OR c.id IN (SELECT app.taught_courses()))), \
     added AS (INSERT INTO file_audience (tenant_id, file_id, course_id) SELECT $1, $2, s.id FROM seen s ORDER BY s.id \
         ON CONFLICT (tenant_id, file_id, member_id) DO NOTHING) SELECT s.id FROM seen s";

pub const USAGE: &str = "SELECT used, reserved, quota, files FROM app.storage_usage() WHERE app.tenant_id() = $1";

/// Keeps a transaction alive in which nothing else is asked for a while.
pub const STAY: &str = "SELECT 1 WHERE app.tenant_id() = $1";

/// What the person `$` sees of a list of files, as the policy says; said again, because its arm for FILE_MANAGE keeps the planner from the
/// indexes of those who see few.
pub fn seen_by(person: &str) -> String {
    format!("(f.owner_id = {person} OR f.visibility IN ('TENANT', 'PUBLIC') OR f.id = ANY (ARRAY(SELECT app.files_shared_with_me())))")
}

/// What is shared with a group or a course: `column` names which, `id` the one.
pub fn shared_with(column: &str, id: &str) -> String {
    format!("f.id IN (SELECT fa.file_id FROM file_audience fa WHERE fa.tenant_id = $1 AND fa.{column} = {id})")
}

/// Of the keys `$2`, those that a file has.
pub const NAMED: &str = "SELECT o FROM app.named_objects($2) AS o WHERE app.tenant_id() = $1";

/// Of the uploads `$2`, those that have not ended for an hour.
pub const RECENT: &str = "SELECT u FROM app.recent_uploads($2) AS u WHERE app.tenant_id() = $1";

/// Deletes `$2` rows at most whose time is over.
pub const SWEEP_ROWS: &str = "SELECT app.sweep_file_rows($2) WHERE app.tenant_id() = $1";
