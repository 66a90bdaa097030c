//! The statements of the domain. `$1` is the tenant; the policies filter again. `{po}` stands for the columns of a post over the alias `po`, `{cr}` for those
//! of a review.

/// Who has written the things `$3` of the sort `$2`: ids and names.
pub const AUTHORS: &str = "SELECT n.id, n.name FROM app.author_names($2, $3) AS n WHERE app.tenant_id() = $1";

/// Whether the actor takes part in the course `$2`, whether they read it, and what locks its lesson `$3` for them.
pub const STANDING: &str = "SELECT app.talks_in($2), app.reads_course($2), (SELECT k.reason FROM app.lesson_locks(ARRAY[$3::uuid]) AS k) WHERE app.tenant_id() = $1";

/// Why the actor can't write in the thread `$2`, which they don't see.
pub const BARRIER: &str = "SELECT app.thread_barrier($2) WHERE app.tenant_id() = $1";

/// Tells of `$2` announcements at most whose moment has come.
pub const PUBLISH: &str = "SELECT app.publish_announcements($2) WHERE app.tenant_id() = $1";

pub const DELETE_ANNOUNCEMENT: &str = "DELETE FROM announcement an WHERE an.tenant_id = $1 AND an.id = $2 RETURNING an.id";

pub const DELETE_THREAD: &str = "DELETE FROM thread th WHERE th.tenant_id = $1 AND th.id = $2 RETURNING th.id";

/// `$2` the new id, `$3` the thread, `$4` what is written.
pub const ADD_POST: &str = "INSERT INTO post AS po (tenant_id, id, course_id, thread_id, author_id, body, is_staff) \
     SELECT $1, $2, t.course_id, t.id, app.user_id(), $4, app.is_staff_of(t.course_id) FROM thread t WHERE t.tenant_id = $1 AND t.id = $3 RETURNING {po}";

/// The actor's own post `$2` says `$3` from now on.
pub const UPDATE_POST: &str = "UPDATE post po SET body = $3, edited_at = now() \
     WHERE po.tenant_id = $1 AND po.id = $2 AND po.author_id = app.user_id() AND po.deleted_at IS NULL RETURNING {po}";

/// The words of the post `$2` are gone. Again changes nothing.
pub const DELETE_POST: &str =
    "UPDATE post po SET body = NULL, deleted_at = coalesce(po.deleted_at, now()) WHERE po.tenant_id = $1 AND po.id = $2 RETURNING {po}";

/// `$2` the id of a new one, `$3` the course, `$4` the rating, `$5` what the actor says; in place of what they have said before. None where they have not completed it.
pub const REVIEW: &str = "INSERT INTO course_review AS cr (tenant_id, id, course_id, user_id, rating, text) \
     SELECT $1, $2, $3, app.user_id(), $4, $5 WHERE app.has_completed($3) ON CONFLICT ON CONSTRAINT course_review_key DO UPDATE SET rating = excluded.rating, text = excluded.text RETURNING {cr}";

pub const DELETE_REVIEW: &str = "DELETE FROM course_review cr WHERE cr.tenant_id = $1 AND cr.id = $2 RETURNING cr.id";
