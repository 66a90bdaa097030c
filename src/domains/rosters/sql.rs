//! The statements of the domain. `$1` is the tenant; the policies filter again. `{ir}` stands for the columns of an import over the alias `ir`.

/// `$2` the id, `$3` who starts it, `$4` the format, `$5` the source, `$6` whether it is a dry run, `$7` and `$8` removals, `$9` whether people are told, `$10` the file.
pub const START: &str = "INSERT INTO import_run AS ir (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, file_id, held_file_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING {ir}";

/// `$2` the run: whether it was still to be called off; null where there is none.
pub const CANCEL: &str = "SELECT app.cancel_import($2) WHERE app.tenant_id() = $1";

/// `$2` the run: the key of the file's bytes, if there is something to do.
pub const BEGIN: &str = "SELECT b.object FROM app.begin_import($2) AS b WHERE app.tenant_id() = $1";

/// What the run `$2` was asked for with, and how far it has come.
pub const RUN: &str = "SELECT ir.format, ir.source, ir.dry_run, ir.remove_missing, ir.max_removals, ir.notify, ir.rows_done, ir.counts \
     FROM import_run ir WHERE ir.tenant_id = $1 AND ir.id = $2";

/// `$2` the run, `$3` lines done, `$4` of how many, `$5` counts, `$6` issues: whether it goes on.
pub const STEP: &str = "SELECT app.step_import($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1";

/// `$2` the run, `$3` why it failed, if it did.
pub const END: &str = "SELECT app.end_import($2, $3) WHERE app.tenant_id() = $1";

/// Begins a batch; `$2` is `off` where nobody is told of what it does: who it acts as, and what they may do now. Of a school that has just come the
/// planner knows nothing, and takes it for a single row: any index will do for that, and whole tables would be read for each row once it has grown.
/// So plans may not lean on whose school it is (and read no table from end to end), and what is looked up goes key by key, each in a subquery that
/// `OFFSET 0` keeps as it is.
pub const BATCH: &str = "SELECT app.user_id(), app.permissions(), set_config('app.notify', $2, true), set_config('enable_seqscan', 'off', true), \
     set_config('plan_cache_mode', 'force_generic_plan', true) WHERE app.tenant_id() = $1";

/// Every role of the school, and whether the actor's manages it.
pub const ROLES: &str =
    "SELECT r.id, r.key, r.is_system, r.permissions, r.key = ANY ((SELECT app.managed_roles())::text[]) FROM role r WHERE r.tenant_id = $1";

/// `$2` whether nothing is changed: how many more people and instructors there may be.
pub const ROOM: &str = "SELECT m.users, m.instructors FROM app.roster_room($2) AS m WHERE app.tenant_id() = $1";

/// `$2` the source, `$3` types, `$4` ids of the source: which objects they are.
pub const LINKS: &str = "SELECT k.type, k.sourced_id, l.object_id FROM unnest($3::text[], $4::text[]) AS k(type, sourced_id) \
     CROSS JOIN LATERAL (SELECT o.object_id FROM roster_link o \
         WHERE o.tenant_id = $1 AND o.source = $2 AND o.type = k.type AND o.sourced_id = k.sourced_id OFFSET 0) AS l";

/// `$2` the source, `$3` objects: which ids of the source they are.
pub const LINKED: &str = "SELECT l.type, l.sourced_id, k.id FROM unnest($3::uuid[]) AS k(id) \
     CROSS JOIN LATERAL (SELECT o.type, o.sourced_id FROM roster_link o WHERE o.tenant_id = $1 AND o.object_id = k.id AND o.source = $2 OFFSET 0) AS l";

/// `$2` addresses: whose they are.
pub const ADDRESSES: &str = "SELECT a.address, a.id FROM app.people_by_address($2) AS a WHERE app.tenant_id() = $1";

/// The people `$2`, as far as the actor sees them; `$3` whether it matters if the actor may change them.
pub const USERS: &str = "SELECT u.id, u.name, u.email, u.is_suspended, u.is_instructor, CASE WHEN $3 THEN u.id = app.user_id() OR app.outranks(u.id) END, \
     ARRAY(SELECT ur.role_id FROM user_role ur WHERE ur.tenant_id = $1 AND ur.user_id = u.id) FROM unnest($2::uuid[]) AS k(id) \
     CROSS JOIN LATERAL (SELECT o.id, o.name, o.email, o.status = 'SUSPENDED' AS is_suspended, o.is_instructor FROM app_user o \
         WHERE o.tenant_id = $1 AND o.id = k.id AND o.deleted_at IS NULL OFFSET 0) AS u";

/// The courses `$2`, as far as the actor sees them, with their seats.
pub const COURSES: &str = "SELECT c.id, c.title, c.status, c.instructor_id, c.capacity, n.count FROM app.enrollment_counts($2) AS n \
     CROSS JOIN LATERAL (SELECT o.id, o.title, o.status, o.instructor_id, o.capacity FROM course o \
         WHERE o.tenant_id = $1 AND o.id = n.course_id AND o.deleted_at IS NULL OFFSET 0) AS c";

/// The enrollments of the people `$3` in the courses `$2`, pair by pair.
pub const ENROLLMENTS: &str = "SELECT e.id, k.course_id, k.user_id, e.status FROM unnest($2::uuid[], $3::uuid[]) AS k(course_id, user_id) \
     CROSS JOIN LATERAL (SELECT o.id, o.status FROM enrollment o \
         WHERE o.tenant_id = $1 AND o.course_id = k.course_id AND o.user_id = k.user_id OFFSET 0) AS e";

/// Waits for the turns of the courses `$2`, in their order.
pub const LOCK_COURSES: &str = "SELECT app.lock_for('course', k.id) FROM (SELECT DISTINCT c.id FROM unnest($2::uuid[]) AS c(id) ORDER BY c.id) AS k \
     WHERE app.tenant_id() = $1";

/// `$2` ids, `$3` names, `$4` addresses, `$5` their keys.
pub const ADD_USERS: &str = "INSERT INTO app_user AS u (tenant_id, id, name, email, email_key) SELECT $1, n.id, n.name, n.email, n.email_key \
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS n(id, name, email, email_key) RETURNING u.id";

/// `$2` ids, `$3` names, `$4` addresses, `$5` their keys, `$6` states.
pub const CHANGE_USERS: &str = "UPDATE app_user u SET name = n.name, email = n.email, email_key = n.email_key, status = n.status \
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n(id, name, email, email_key, status) \
     WHERE u.tenant_id = $1 AND u.id = n.id AND u.deleted_at IS NULL RETURNING u.id";

/// `$2` people, `$3` roles, pair by pair.
pub const GIVE_ROLES: &str = "INSERT INTO user_role (tenant_id, user_id, role_id) SELECT $1, n.user_id, n.role_id \
     FROM unnest($2::uuid[], $3::uuid[]) AS n(user_id, role_id) ON CONFLICT DO NOTHING";

/// `$2` ids, `$3` titles, `$4` instructors.
pub const ADD_COURSES: &str = "INSERT INTO course AS c (tenant_id, id, title, instructor_id) SELECT $1, n.id, n.title, n.instructor_id \
     FROM unnest($2::uuid[], $3::text[], $4::uuid[]) AS n(id, title, instructor_id) RETURNING c.id";

/// `$2` ids, `$3` titles, `$4` states, `$5` instructors.
pub const CHANGE_COURSES: &str = "UPDATE course c SET title = n.title, status = n.status, instructor_id = n.instructor_id \
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) AS n(id, title, status, instructor_id) \
     WHERE c.tenant_id = $1 AND c.id = n.id AND c.deleted_at IS NULL RETURNING c.id";

/// `$2` ids, `$3` courses, `$4` people.
pub const ADD_ENROLLMENTS: &str = "INSERT INTO enrollment AS e (tenant_id, id, course_id, user_id) SELECT $1, n.id, n.course_id, n.user_id \
     FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS n(id, course_id, user_id) ORDER BY n.course_id, n.user_id RETURNING e.id";

/// Takes the enrollments `$2` back in.
pub const REVIVE_ENROLLMENTS: &str = "UPDATE enrollment e SET status = CASE WHEN e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END \
     WHERE e.tenant_id = $1 AND e.id = ANY ($2) AND e.status = 'DROPPED' RETURNING e.id";

pub const DROP_ENROLLMENTS: &str = "UPDATE enrollment e SET status = 'DROPPED' \
     WHERE e.tenant_id = $1 AND e.id = ANY ($2) AND e.status IN ('NOT_STARTED', 'IN_PROGRESS') RETURNING e.id";

/// `$2` the source, `$3` types, `$4` ids of the source, `$5` objects.
pub const LINK: &str = "INSERT INTO roster_link AS l (tenant_id, source, type, sourced_id, object_id) SELECT $1, $2, n.type, n.sourced_id, n.object_id \
     FROM unnest($3::text[], $4::text[], $5::uuid[]) AS n(type, sourced_id, object_id) \
     ON CONFLICT (tenant_id, source, type, sourced_id) DO UPDATE SET object_id = excluded.object_id WHERE l.object_id IS DISTINCT FROM excluded.object_id";

/// `$2` the source, `$3` types, `$4` ids of the source.
pub const UNLINK: &str = "DELETE FROM roster_link l USING unnest($3::text[], $4::text[]) AS n(type, sourced_id) \
     WHERE l.tenant_id = $1 AND l.source = $2 AND l.type = n.type AND l.sourced_id = n.sourced_id";

/// A page of what an earlier import of the source `$2` has brought of the type `$3`, after the id `$4`; `$5` of it at most: and whether it could
/// be removed.
pub const BROUGHT: &str = "SELECT l.sourced_id, l.object_id, coalesce(CASE l.type \
         WHEN 'USER' THEN (SELECT u.status = 'ACTIVE' FROM app_user u WHERE u.tenant_id = $1 AND u.id = l.object_id AND u.deleted_at IS NULL) \
         WHEN 'CLASS' THEN (SELECT c.status <> 'ARCHIVED' FROM course c WHERE c.tenant_id = $1 AND c.id = l.object_id AND c.deleted_at IS NULL) \
         ELSE (SELECT e.status IN ('NOT_STARTED', 'IN_PROGRESS') FROM enrollment e WHERE e.tenant_id = $1 AND e.id = l.object_id) END, false) \
     FROM roster_link l WHERE l.tenant_id = $1 AND l.source = $2 AND l.type = $3 AND l.sourced_id > $4 AND l.object_id IS NOT NULL \
     ORDER BY l.sourced_id LIMIT $5";

/// The enrollments `$2`: their courses, their people, how they stand.
pub const ENROLLMENTS_BY_ID: &str = "SELECT k.id, e.course_id, e.user_id, e.status FROM unnest($2::uuid[]) AS k(id) \
     CROSS JOIN LATERAL (SELECT o.course_id, o.user_id, o.status FROM enrollment o WHERE o.tenant_id = $1 AND o.id = k.id OFFSET 0) AS e";

/// A page of people for a roster after the id `$2`, `$3` of them at most: those of whom the actor sees more than the name.
pub const ROSTER_USERS: &str = "SELECT u.id, u.name, u.email, u.status = 'SUSPENDED', \
     ARRAY(SELECT r.key FROM user_role ur JOIN role r ON r.tenant_id = $1 AND r.id = ur.role_id WHERE ur.tenant_id = $1 AND ur.user_id = u.id ORDER BY r.key) \
     FROM app_user u WHERE u.tenant_id = $1 AND u.id > $2 AND u.deleted_at IS NULL \
     AND ((SELECT app.can('USER_READ')) OR u.id = (SELECT app.user_id())) ORDER BY u.id LIMIT $3";

/// A page of published courses after the id `$2`, `$3` of them at most.
pub const ROSTER_COURSES: &str = "SELECT c.id, c.title, c.instructor_id FROM course c \
     WHERE c.tenant_id = $1 AND c.id > $2 AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL ORDER BY c.id LIMIT $3";

/// A page of enrollments that hold a seat in a published course after the id `$2`, `$3` of them at most.
pub const ROSTER_ENROLLMENTS: &str = "SELECT e.id, e.course_id, e.user_id FROM enrollment e \
     JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id AND c.status = 'PUBLISHED' AND c.deleted_at IS NULL \
     WHERE e.tenant_id = $1 AND e.id > $2 AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') ORDER BY e.id LIMIT $3";

/// What the school is called.
pub const SCHOOL: &str = "SELECT t.name FROM tenant t WHERE t.tenant_id = $1";
