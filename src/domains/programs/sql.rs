//! The statements of the domain. `$1` is the tenant; the policies filter again, and what nobody may count is told by the functions of
//! `sql/functions/programs.sql`. `{pg}` stands for the columns of a program over the alias `pg`, `{pb}` for those of a public one.

/// The steps that the actor may take the programs `$2` now.
pub const STEPS: &str = "SELECT s.program_id, s.to_status FROM app.program_steps($2) AS s WHERE app.tenant_id() = $1";

/// Who reviews for the programs `$2`, in their order.
pub const REVIEWERS: &str = "SELECT r.program_id, r.user_id, r.is_required FROM program_reviewer r \
     WHERE r.tenant_id = $1 AND r.program_id = ANY ($2) ORDER BY r.program_id, r.position, r.user_id";

/// On which terms groups get into the programs `$2`.
pub const TERMS_OF_PROGRAMS: &str = "SELECT t.program_id, t.group_id, t.percent_off, t.max_members, coalesce(n.count, 0), t.auto_accept FROM program_group t \
     LEFT JOIN app.program_member_counts($2, '{}') AS n ON n.program_id = t.program_id AND n.group_id = t.group_id \
     WHERE t.tenant_id = $1 AND t.program_id = ANY ($2) ORDER BY t.created_at, t.group_id";

/// On which terms the groups `$2` get into programs.
pub const TERMS_OF_GROUPS: &str = "SELECT t.program_id, t.group_id, t.percent_off, t.max_members, coalesce(n.count, 0), t.auto_accept FROM program_group t \
     LEFT JOIN app.program_member_counts('{}', $2) AS n ON n.program_id = t.program_id AND n.group_id = t.group_id \
     WHERE t.tenant_id = $1 AND t.group_id = ANY ($2) ORDER BY t.created_at, t.program_id";

/// Of the programs `$2` the forms of the versions `$3`, field by field.
pub const FORMS: &str = "SELECT f.program_id, f.version, f.key, f.label, f.type, f.required, f.position, f.section, f.options, f.help, f.placeholder, f.min, f.max, \
     f.max_length, f.in_directory, f.sensitive \
     FROM ROWS FROM (unnest($2::uuid[]), unnest($3::integer[])) AS w(program_id, version) \
     JOIN program_form_field f ON f.tenant_id = $1 AND f.program_id = w.program_id AND f.version = w.version ORDER BY f.program_id, f.version, f.position";

/// The words of a name `$2` that can stand in an address, joined by hyphens.
pub const SLUG: &str = "SELECT coalesce(string_agg(w.word, '-' ORDER BY w.nth), '') FROM unnest(public.search_words($2)) WITH ORDINALITY AS w(word, nth) \
     WHERE app.tenant_id() = $1 AND w.word ~ '^[a-z0-9]+$'";

/// The program `$2` has the status `$3` from now on.
pub const SET_STATUS: &str = "UPDATE program pg SET status = $3 WHERE pg.tenant_id = $1 AND pg.id = $2 RETURNING {pg}";

/// Deletes the program `$2`, a draft.
pub const DELETE: &str = "DELETE FROM program pg WHERE pg.tenant_id = $1 AND pg.id = $2 AND pg.status = 'DRAFT' RETURNING pg.id";

/// The turn of those who change what stands beside the program `$2`: its id, where there is one.
pub const TURN: &str = "SELECT pg.id FROM program pg WHERE pg.tenant_id = $1 AND pg.id = $2 FOR NO KEY UPDATE";

/// The program `$2` has the form `$4` from now on, in place of the version `$3`: its version.
pub const SET_FORM: &str = "SELECT app.set_program_form($2, $3, $4) WHERE app.tenant_id() = $1";

/// Of the people `$2`, those that the actor sees, and whether they may review.
pub const PEOPLE: &str = "SELECT u.id, r.id IS NOT NULL FROM app_user u LEFT JOIN app.may_review($2) AS r(id) ON r.id = u.id \
     WHERE u.tenant_id = $1 AND u.id = ANY ($2) AND u.deleted_at IS NULL";

/// The program `$2` has no reviewers but `$3` any more.
pub const REMOVE_REVIEWERS: &str = "DELETE FROM program_reviewer r WHERE r.tenant_id = $1 AND r.program_id = $2 AND r.user_id <> ALL ($3)";

/// The program `$2` has the reviewers `$3`, who are waited for as `$4` says.
pub const SET_REVIEWERS: &str = "INSERT INTO program_reviewer AS r (tenant_id, program_id, user_id, is_required, position) \
     SELECT $1, $2, w.user_id, w.is_required, w.nth FROM ROWS FROM (unnest($3::uuid[]), unnest($4::boolean[])) WITH ORDINALITY AS w(user_id, is_required, nth) \
     ON CONFLICT ON CONSTRAINT program_reviewer_pkey DO UPDATE SET is_required = excluded.is_required, position = excluded.position \
     WHERE (r.is_required, r.position) <> (excluded.is_required, excluded.position)";

/// Of the courses `$2`, those that the actor sees.
pub const SEEN_COURSES: &str = "SELECT c.id FROM course c WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.deleted_at IS NULL";

/// Of the groups `$2`, those that the actor sees.
pub const SEEN_GROUPS: &str = "SELECT g.id FROM user_group g WHERE g.tenant_id = $1 AND g.id = ANY ($2) AND g.deleted_at IS NULL";

/// The program `$2` leads to no courses but `$3` any more.
pub const REMOVE_COURSES: &str = "DELETE FROM program_course l WHERE l.tenant_id = $1 AND l.program_id = $2 AND l.course_id <> ALL ($3)";

/// The program `$2` leads to the courses `$3`.
pub const SET_COURSES: &str = "INSERT INTO program_course (tenant_id, program_id, course_id) SELECT $1, $2, w.id FROM unnest($3::uuid[]) AS w(id) ORDER BY w.id \
     ON CONFLICT ON CONSTRAINT program_course_pkey DO NOTHING";

/// The program `$2` leads to no groups but `$3` any more.
pub const REMOVE_GROUPS: &str = "DELETE FROM program_link_group l WHERE l.tenant_id = $1 AND l.program_id = $2 AND l.group_id <> ALL ($3)";

/// The program `$2` leads to the groups `$3`.
pub const SET_GROUPS: &str = "INSERT INTO program_link_group (tenant_id, program_id, group_id) SELECT $1, $2, w.id FROM unnest($3::uuid[]) AS w(id) ORDER BY w.id \
     ON CONFLICT ON CONSTRAINT program_link_group_pkey DO NOTHING";

/// The group `$3` gets into the program `$2` on these terms: `$4` hundredths of a percent off, `$5` members, accepted as `$6` says.
pub const SET_TERMS: &str = "INSERT INTO program_group AS t (tenant_id, program_id, group_id, percent_off, max_members, auto_accept) \
     SELECT $1, pg.id, g.id, $4, $5, $6 FROM program pg JOIN user_group g ON g.tenant_id = $1 AND g.id = $3 AND g.deleted_at IS NULL \
     WHERE pg.tenant_id = $1 AND pg.id = $2 \
     ON CONFLICT ON CONSTRAINT program_group_pkey DO UPDATE \
     SET percent_off = excluded.percent_off, max_members = excluded.max_members, auto_accept = excluded.auto_accept RETURNING t.group_id";

/// The group `$3` gets into the program `$2` as everybody does.
pub const REMOVE_TERMS: &str =
    "DELETE FROM program_group t WHERE t.tenant_id = $1 AND t.program_id = $2 AND t.group_id = $3 RETURNING t.group_id";

/// What everybody may know of the program `$3` of the school `$2`.
pub const PUBLIC: &str = "SELECT {pb} FROM app.public_programs($2) AS pb WHERE app.tenant_id() = $1 AND pb.slug = $3";

/// Ends programs that are over; `$2` at most.
pub const END: &str = "SELECT app.end_programs($2) WHERE app.tenant_id() = $1";
