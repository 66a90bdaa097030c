//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/lessons.sql` say what a
//! learner or a manager may do. `{l}` stands for the columns of a lesson over the alias `l`, `{s}` for those of a section.

/// What the lessons `$2` hold, but for those that are locked.
pub const CONTENTS: &str = "SELECT c.lesson_id, c.body, c.url, c.media_seconds, c.file_id, c.starts_at, c.ends_at FROM lesson_content c \
     WHERE c.tenant_id = $1 AND c.lesson_id = ANY ($2)";

/// What keeps the lessons `$2` closed for the actor; no row where nothing does.
pub const LESSON_LOCKS: &str = "SELECT k.lesson_id, k.reason, k.unlocks_at FROM app.lesson_locks($2) AS k WHERE app.tenant_id() = $1";

/// The same of the sections `$2`.
pub const SECTION_LOCKS: &str = "SELECT k.section_id, k.reason, k.unlocks_at FROM app.section_locks($2) AS k WHERE app.tenant_id() = $1";

/// Of the files `$2`, those that are attached to what the actor may read; with these columns over the alias `f`.
pub fn attached_files(columns: &str) -> String {
    format!("SELECT {columns} FROM app.attached_files($2) AS f WHERE f.tenant_id = $1")
}

/// The actor's own progress in the lessons `$2`.
pub const OWN_PROGRESS: &str = "SELECT p.lesson_id, p.enrollment_id, p.opened_at, p.completed_at, p.position_seconds FROM lesson_progress p \
     WHERE p.tenant_id = $1 AND p.user_id = app.user_id() AND p.lesson_id = ANY ($2)";

/// The progress of the enrollments `$2`, in the order of the lessons that the actor sees.
pub const PROGRESS: &str = "SELECT p.lesson_id, p.enrollment_id, p.opened_at, p.completed_at, p.position_seconds FROM lesson_progress p \
     JOIN lesson l ON l.tenant_id = $1 AND l.id = p.lesson_id JOIN section s ON s.tenant_id = $1 AND s.id = l.section_id \
     WHERE p.tenant_id = $1 AND p.enrollment_id = ANY ($2) ORDER BY s.position, l.position, l.id";

/// Where the people of the enrollments `$2` go on.
pub const RESUME: &str = "SELECT r.enrollment_id, r.lesson_id FROM app.resume_lessons($2) AS r WHERE app.tenant_id() = $1";

/// From where EMBED lessons may take what they show.
pub const EMBED_HOSTS: &str = "SELECT t.embed_hosts FROM tenant_settings t WHERE t.tenant_id = $1";

/// How many lessons the section `$2` has but for the lesson `$3`.
pub const OTHERS_IN_SECTION: &str =
    "SELECT count(*) FROM lesson l WHERE l.tenant_id = $1 AND l.section_id = $2 AND l.id IS DISTINCT FROM $3";

/// `$2` the lesson, `$3` its course, `$4` to `$9` what it holds.
pub const INSERT_CONTENT: &str = "INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body, url, media_seconds, file_id, starts_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// `$2` the lesson, `$3` to `$8` what it holds from now on.
pub const UPDATE_CONTENT: &str = "UPDATE lesson_content c SET body = $3, url = $4, media_seconds = $5, file_id = $6, starts_at = $7, ends_at = $8 \
     WHERE c.tenant_id = $1 AND c.lesson_id = $2";

/// In the section `$2`, those behind the position `$3` move up.
pub const CLOSE_GAP: &str =
    "UPDATE lesson l SET position = l.position - 1 WHERE l.tenant_id = $1 AND l.section_id = $2 AND l.position > $3";

/// In the section `$2`, those from the position `$3` on make room for the lesson `$4`.
pub const MAKE_ROOM: &str =
    "UPDATE lesson l SET position = l.position + 1 WHERE l.tenant_id = $1 AND l.section_id = $2 AND l.position >= $3 AND l.id <> $4";

/// The lesson `$2` goes to the section `$3`, to the position `$4`.
pub const MOVE: &str = "UPDATE lesson l SET section_id = $3, position = $4 WHERE l.tenant_id = $1 AND l.id = $2 RETURNING {l}";

pub const LESSON_IDS: &str = "SELECT l.id FROM lesson l WHERE l.tenant_id = $1 AND l.section_id = $2 ORDER BY l.position";

/// The lessons `$3` of the section `$2` in their new order.
pub const REORDER: &str = "UPDATE lesson l SET position = o.position FROM unnest($3::uuid[]) WITH ORDINALITY AS o(id, position) \
     WHERE l.tenant_id = $1 AND l.section_id = $2 AND l.id = o.id AND l.position <> o.position";

/// Answers from where it is gone.
pub const DELETE: &str = "DELETE FROM lesson l WHERE l.tenant_id = $1 AND l.id = $2 RETURNING l.section_id, l.position";

/// `$2` the section, `$3` to `$6` what its lessons wait for.
pub const SET_DRIP: &str = "UPDATE section s SET drip_kind = $3, drip_days = $4, drip_at = $5, drip_after_id = $6 \
     WHERE s.tenant_id = $1 AND s.id = $2 RETURNING {s}";

/// `$2` the id of a new one, `$3` the course, `$4` the section, `$5` the person, `$6` the group, `$7` when it opens. Nothing where the actor does not see
/// the person or the group.
pub const SET_UNLOCK: &str = "INSERT INTO unlock_override AS uo (tenant_id, id, course_id, section_id, user_id, group_id, opens_at) \
     SELECT $1, $2, $3, $4, $5, $6, $7 \
     WHERE ($5::uuid IS NULL OR EXISTS (SELECT FROM app_user u WHERE u.tenant_id = $1 AND u.id = $5 AND u.deleted_at IS NULL)) \
     AND ($6::uuid IS NULL OR EXISTS (SELECT FROM user_group g WHERE g.tenant_id = $1 AND g.id = $6 AND g.deleted_at IS NULL)) \
     ON CONFLICT ON CONSTRAINT unlock_override_key DO UPDATE SET opens_at = excluded.opens_at RETURNING {uo}";

pub const REMOVE_UNLOCK: &str = "DELETE FROM unlock_override uo WHERE uo.tenant_id = $1 AND uo.id = $2 RETURNING uo.id";

pub const REMOVE_MATERIAL: &str = "DELETE FROM course_material cm WHERE cm.tenant_id = $1 AND cm.id = $2 RETURNING cm.id";

/// The actor opens the lesson `$2`, where they see it, and is at `$3` of it.
pub const TRACK: &str = "SELECT t.lesson_id, t.enrollment_id, t.opened_at, t.completed_at, t.position_seconds FROM lesson l \
     CROSS JOIN LATERAL app.track_lesson(l.id, $3) AS t WHERE l.tenant_id = $1 AND l.id = $2";

/// The lesson `$2` is completed by the actor, where they see it, or, by their word, by the person `$3`.
pub const COMPLETE: &str = "SELECT t.lesson_id, t.enrollment_id, t.opened_at, t.completed_at, t.position_seconds FROM lesson l \
     CROSS JOIN LATERAL app.complete_lesson(l.id, $3) AS t WHERE l.tenant_id = $1 AND l.id = $2";

/// The lesson `$2` is not completed by the person `$3` any more.
pub const REOPEN: &str = "SELECT t.lesson_id, t.enrollment_id, t.opened_at, t.completed_at, t.position_seconds FROM lesson l \
     CROSS JOIN LATERAL app.reopen_lesson(l.id, $3) AS t WHERE l.tenant_id = $1 AND l.id = $2";

/// Of the people `$3`, those who were there at the lesson `$2` and have a live enrollment.
pub const ATTENDED: &str =
    "SELECT a FROM lesson l CROSS JOIN LATERAL app.record_attendance(l.id, $3) AS a WHERE l.tenant_id = $1 AND l.id = $2";

/// What keeps the lesson `$2` from being booked by the actor: whether they have no live enrollment, and what locks it.
pub const BOOKABLE: &str = "SELECT l.course_id IN (SELECT app.live_courses()), \
     (SELECT k.reason FROM app.lesson_locks(ARRAY[l.id]) AS k) FROM lesson l WHERE l.tenant_id = $1 AND l.id = $2";
