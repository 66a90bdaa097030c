//! The statements of the domain, one for each report. `$1` is the tenant, `$2` and `$3` the range; the policies filter
//! again, and the covering indexes hold what they filter by.

use lectern_kernel::db::COLLATION;

use super::range::Range;
use crate::domains::enrollments::EnrollmentStatus;

impl Range {
    /// The condition that a moment lies within it. Where it is open at both ends no row is compared; both parameters are named
    /// all the same, so that every statement has them.
    pub(super) fn holds(self, column: &str) -> String {
        match self {
            Range { from: None, to: None } => "$2::timestamptz IS NULL AND $3::timestamptz IS NULL".to_owned(),
            _ => format!("{column} >= coalesce($2, '-infinity'::timestamptz) AND {column} < coalesce($3, 'infinity'::timestamptz)"),
        }
    }
}

/// Numbers, and one pair, each counted only where it is asked for: a CASE runs no query that it does not need.
pub fn overview(range: Range) -> String {
    format!(
        "SELECT CASE WHEN $4 THEN (SELECT count(*) FROM app_user u WHERE u.tenant_id = $1 AND u.deleted_at IS NULL AND {users}) END, \
         CASE WHEN $5 THEN (SELECT ARRAY[count(*), count(*) FILTER (WHERE c.status = 'PUBLISHED')] FROM course c \
         WHERE c.tenant_id = $1 AND c.deleted_at IS NULL AND {courses}) END, \
         CASE WHEN $6 THEN (SELECT count(*) FROM user_group g WHERE g.tenant_id = $1 AND g.deleted_at IS NULL AND {groups}) END, \
         CASE WHEN $7 THEN (SELECT count(*) FROM booking b WHERE b.tenant_id = $1 AND {bookings}) END",
        users = range.holds("u.created_at"),
        courses = range.holds("c.created_at"),
        groups = range.holds("g.created_at"),
        bookings = range.holds("b.starts_at"),
    )
}

pub fn bookings_by_status(range: Range) -> String {
    format!("SELECT b.status, count(*) FROM booking b WHERE b.tenant_id = $1 AND {} GROUP BY b.status", range.holds("b.starts_at"))
}

/// `$4`: where the days begin; `$5`: every status, which leads the index. Answers the numbers of days, from 1.
pub const BOOKINGS_PER_DAY: &str = "SELECT width_bucket(b.starts_at, $4::timestamptz[]), count(*) FROM booking b \
     WHERE b.tenant_id = $1 AND b.status = ANY ($5) AND b.starts_at >= $2 AND b.starts_at < $3 GROUP BY 1";

/// `$4`: where the intervals begin. Answers their numbers, from 1.
pub const ACTIVITY: &str = "SELECT width_bucket(e.at, $4::timestamptz[]), count(*), count(DISTINCT e.user_id) FROM client_event e \
     WHERE e.tenant_id = $1 AND e.at >= $2 AND e.at < $3 GROUP BY 1";

/// `$4`: how many names.
pub const ACTIVITY_BY_NAME: &str = "SELECT e.name, count(*), count(DISTINCT e.user_id) FROM client_event e \
     WHERE e.tenant_id = $1 AND e.at >= $2 AND e.at < $3 GROUP BY e.name ORDER BY 2 DESC, e.name COLLATE \"C\" LIMIT $4";

/// Sums over all states, in the order of the enum; beside them, in each row, a course: `$4` of them, those with most first.
/// Where there is none, one row of the sums alone. `course`: its columns over the alias `c`.
pub fn enrolled(range: Range, course: &str) -> String {
    let sums: Vec<String> = EnrollmentStatus::ALL
        .iter()
        .map(|status| format!("coalesce(sum(e.number) FILTER (WHERE e.status = '{}'), 0)::bigint", status.as_str()))
        .collect();
    format!(
        "WITH enrolled AS MATERIALIZED (SELECT e.course_id, e.status, count(*) AS number, sum(e.progress) AS progress \
         FROM enrollment e WHERE e.tenant_id = $1 AND {within} GROUP BY e.course_id, e.status) \
         SELECT s.counts, p.* FROM (SELECT ARRAY[{sums}] AS counts FROM enrolled e) AS s \
         LEFT JOIN LATERAL (SELECT i.course_id AS key_, i.enrollments, i.progress, i.completed, {course} FROM (\
         SELECT e.course_id, sum(e.number)::bigint AS enrollments, sum(e.progress) / sum(e.number)::float8 AS progress, \
         coalesce(sum(e.number) FILTER (WHERE e.status = 'COMPLETED'), 0)::bigint AS completed FROM enrolled e GROUP BY e.course_id) AS i \
         LEFT JOIN course c ON c.tenant_id = $1 AND c.id = i.course_id AND c.deleted_at IS NULL \
         ORDER BY i.enrollments DESC, c.title COLLATE \"{COLLATION}\", i.course_id LIMIT $4) AS p ON true \
         ORDER BY p.enrollments DESC, p.title COLLATE \"{COLLATION}\", p.key_",
        within = range.holds("e.created_at"),
        sums = sums.join(", "),
    )
}

/// Open time that overlaps counts once, and only what of it lies within the range; calendars elsewhere take nothing off. Several bookings in the same span are
/// seats of one session. Whoever sees only the own bookings is told of nobody else: of others they would see the open time, and none of what is booked. `$4`: how
/// many. `person`: the columns of a person over the alias `u`.
pub fn instructor_utilisation(person: &str) -> String {
    format!(
        "WITH owner AS MATERIALIZED (SELECT a.instructor_id AS id FROM availability a WHERE a.tenant_id = $1 AND a.starts_at < $3 AND a.ends_at > $2 \
         AND a.starts_at > $2::timestamptz - interval '32 days' UNION SELECT r.instructor_id FROM availability_rule r WHERE r.tenant_id = $1), \
         free AS (SELECT o.instructor_id AS id, sum(extract(epoch FROM o.ends_at - o.starts_at)) AS seconds \
         FROM app.hour_spans(ARRAY(SELECT w.id FROM owner w WHERE w.id IS NOT NULL \
         AND ((SELECT app.can('BOOKING_READ_ALL')) OR w.id = (SELECT app.user_id()))), '{{}}', $2, $3) AS o GROUP BY o.instructor_id), \
         booked AS (SELECT d.id, sum(d.seconds) AS seconds FROM (\
         SELECT DISTINCT b.instructor_id AS id, b.starts_at, extract(epoch FROM b.ends_at - b.starts_at) AS seconds FROM booking b \
         WHERE b.tenant_id = $1 AND b.status = ANY ('{{ASSIGNED,COMPLETED}}') AND b.instructor_id IS NOT NULL AND b.starts_at >= $2 AND b.starts_at < $3) AS d \
         GROUP BY d.id), \
         person AS (SELECT t.id FROM app_user t WHERE t.tenant_id = $1 AND t.is_instructor \
         UNION SELECT f.id FROM free f UNION SELECT b.id FROM booked b) \
         SELECT coalesce(f.seconds, 0)::float8, coalesce(b.seconds, 0)::float8, {person} \
         FROM person p LEFT JOIN free f ON f.id = p.id LEFT JOIN booked b ON b.id = p.id \
         LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = p.id \
         WHERE (SELECT app.can('BOOKING_READ_ALL')) OR p.id = (SELECT app.user_id()) \
         ORDER BY coalesce(b.seconds, 0) DESC, coalesce(f.seconds, 0) DESC, u.name COLLATE \"{COLLATION}\", p.id LIMIT $4"
    )
}

/// Bookings by their type, those with most first; `$4`: how many types. `kind`: the columns of a type over the alias `y`.
pub fn booking_type_stats(range: Range, kind: &str) -> String {
    format!(
        "SELECT s.bookings, s.completed, s.cancelled, s.late, s.no_shows, s.known, s.hours, {kind} FROM (\
         SELECT b.booking_type_id AS id, count(*) AS bookings, count(*) FILTER (WHERE b.status = 'COMPLETED') AS completed, \
         count(*) FILTER (WHERE b.status = 'CANCELLED') AS cancelled, count(*) FILTER (WHERE b.is_late_cancel) AS late, \
         count(*) FILTER (WHERE b.outcome = 'NO_SHOW') AS no_shows, count(b.outcome) AS known, \
         percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.starts_at - b.created_at)::float8 / 3600) \
         FILTER (WHERE b.status <> 'CANCELLED') AS hours \
         FROM booking b WHERE b.tenant_id = $1 AND {within} GROUP BY b.booking_type_id) AS s \
         LEFT JOIN booking_type y ON y.tenant_id = $1 AND y.id = s.id \
         ORDER BY s.bookings DESC, y.name COLLATE \"{COLLATION}\", s.id LIMIT $4",
        within = range.holds("b.starts_at"),
    )
}

/// Of every resource that is there, and of others that are booked: seconds at which it is open, seconds for which it is booked; `$4`: how many. Several
/// bookings of it in the same span are seats of one session. `resource`: the columns of a resource over the alias `re`.
pub fn resource_utilisation(resource: &str) -> String {
    format!(
        "WITH there AS MATERIALIZED (SELECT r.id FROM resource r WHERE r.tenant_id = $1 AND r.deleted_at IS NULL), \
         free AS (SELECT o.resource_id AS id, sum(extract(epoch FROM o.ends_at - o.starts_at)) AS seconds \
         FROM app.open_spans('{{}}', ARRAY(SELECT t.id FROM there t), $2, $3) AS o GROUP BY o.resource_id), \
         booked AS (SELECT d.id, sum(d.seconds) AS seconds FROM (\
         SELECT DISTINCT l.resource_id AS id, b.starts_at, extract(epoch FROM b.ends_at - b.starts_at) AS seconds FROM booking b \
         JOIN booking_resource l ON l.tenant_id = $1 AND l.booking_id = b.id \
         WHERE b.tenant_id = $1 AND b.status = ANY ('{{ASSIGNED,COMPLETED}}') AND b.starts_at >= $2 AND b.starts_at < $3) AS d GROUP BY d.id), \
         thing AS (SELECT t.id FROM there t UNION SELECT d.id FROM booked d) \
         SELECT coalesce(f.seconds, 0)::float8, coalesce(d.seconds, 0)::float8, {resource} \
         FROM thing t LEFT JOIN free f ON f.id = t.id LEFT JOIN booked d ON d.id = t.id \
         LEFT JOIN resource re ON re.tenant_id = $1 AND re.id = t.id AND re.deleted_at IS NULL \
         ORDER BY coalesce(d.seconds, 0) DESC, coalesce(f.seconds, 0) DESC, re.name COLLATE \"{COLLATION}\", t.id LIMIT $4"
    )
}

/// The hours of the week of the zone `$4` in which bookings begin, from 0 for Monday's first, and how many.
pub const BOOKING_HEAT: &str = "SELECT h.place, h.bookings FROM app.booking_heat($2, $3, $4) AS h WHERE app.tenant_id() = $1";

pub fn booking_outcomes(range: Range) -> String {
    format!(
        "SELECT b.outcome, count(*) FROM booking b WHERE b.tenant_id = $1 AND b.outcome IS NOT NULL AND {} GROUP BY b.outcome",
        range.holds("b.starts_at")
    )
}

/// How many, and the median and the ninth decile of the hours before their start.
pub fn lead_times(range: Range) -> String {
    format!(
        "SELECT count(*), percentile_cont('{{0.5,0.9}}'::float8[]) WITHIN GROUP (ORDER BY extract(epoch FROM b.starts_at - b.created_at)::float8 / 3600) \
         FROM booking b WHERE b.tenant_id = $1 AND b.status <> 'CANCELLED' AND {}",
        range.holds("b.starts_at")
    )
}

/// Whether the actor sees the grades of everybody in the course `$2`.
pub const SEES_GRADES: &str = "SELECT EXISTS (SELECT FROM course c WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL) \
     AND (app.can('GRADE_READ_ALL') OR (app.can('GRADE_MANAGE') AND app.is_staff_of($2)))";

/// How many of the course `$2` have a grade of each tenth, from 0: of those whose enrollment gives access.
pub const COURSE_GRADES: &str = "SELECT least(floor(g.current_grade / 10), 9)::int4, count(*) FROM enrollment_grade g \
     JOIN enrollment e ON e.tenant_id = $1 AND e.id = g.enrollment_id AND app.is_live(e.status, e.expires_at) \
     WHERE g.tenant_id = $1 AND g.course_id = $2 AND g.current_grade IS NOT NULL GROUP BY 1";

/// The same of its lesson `$3`.
pub const LESSON_GRADES: &str = "SELECT least(floor(g.percent / 10), 9)::int4, count(*) FROM lesson_grade g \
     JOIN enrollment e ON e.tenant_id = $1 AND e.id = g.enrollment_id AND app.is_live(e.status, e.expires_at) \
     WHERE g.tenant_id = $1 AND g.course_id = $2 AND g.lesson_id = $3 GROUP BY 1";

/// How far people get in the course `$2`: for each published lesson how many are enrolled, have opened it, have completed it, and in how many minutes.
/// `lesson`: its columns over the alias `l`.
pub fn funnel(lesson: &str) -> String {
    format!(
        "WITH live AS MATERIALIZED (SELECT e.id FROM enrollment e WHERE e.tenant_id = $1 AND e.course_id = $2 AND app.is_live(e.status, e.expires_at)), \
         done AS MATERIALIZED (SELECT p.lesson_id, count(*) FILTER (WHERE p.opened_at IS NOT NULL OR p.completed_at IS NOT NULL) AS opened, \
         count(p.completed_at) AS completed, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM p.completed_at - p.opened_at)::float8 / 60) AS minutes \
         FROM lesson_progress p JOIN live v ON v.id = p.enrollment_id WHERE p.tenant_id = $1 AND p.course_id = $2 GROUP BY p.lesson_id) \
         SELECT (SELECT count(*) FROM live), coalesce(d.opened, 0), coalesce(d.completed, 0), d.minutes, {lesson} \
         FROM lesson l JOIN section s ON s.tenant_id = $1 AND s.id = l.section_id LEFT JOIN done d ON d.lesson_id = l.id \
         WHERE l.tenant_id = $1 AND l.course_id = $2 AND l.is_published AND (SELECT app.reports_course($2)) ORDER BY s.position, l.position"
    )
}

/// Who may not get to the end of the course `$2`, or of any; `$3` of them. `enrollment`: its columns over the alias `e`.
pub fn at_risk(enrollment: &str) -> String {
    format!(
        "SELECT r.reasons, r.last_active_at, r.overdue, r.current_grade, {enrollment} FROM app.learners_at_risk($2, $3) WITH ORDINALITY \
         AS r(enrollment_id, reasons, last_active_at, overdue, current_grade, place) \
         JOIN enrollment e ON e.tenant_id = $1 AND e.id = r.enrollment_id ORDER BY r.place"
    )
}

/// What is due to the actor; `$2` of it at most.
pub const DEADLINES: &str =
    "SELECT d.lesson_id, d.enrollment_id, d.due_at, d.is_overdue FROM app.own_deadlines($2) AS d WHERE app.tenant_id() = $1";

/// The actor's courses that are under way, the last active first; `$2` of them.
pub const UNDER_WAY: &str = "SELECT {e} FROM enrollment e WHERE e.tenant_id = $1 AND e.user_id = app.user_id() AND e.status = 'IN_PROGRESS' \
     AND app.is_live(e.status, e.expires_at) ORDER BY coalesce(e.last_active_at, e.enrolled_at) DESC, e.id DESC LIMIT $2";

/// How much work waits for the actor to grade it.
pub const TO_GRADE: &str = "SELECT app.submissions_to_grade() WHERE app.tenant_id() = $1";

/// What models have taken from `$2` to `$3`, by the clock of the zone `$4`: by date (`$5`), person (`$6`), project (`$7`), agent (`$8`), model (`$9`) and purpose (`$10`), `$11` rows at
/// most.
pub const ASSISTANT_USAGE: &str = "SELECT g.day, g.user_id, g.project_id, g.agent_id, g.model, g.purpose, g.calls, g.failed, g.prompt::float8, g.completion::float8, \
         CASE WHEN g.is_priced AND g.currencies = 1 THEN round(g.cost)::bigint END, CASE WHEN g.is_priced AND g.currencies = 1 THEN g.currency END \
     FROM (SELECT CASE WHEN $5 THEN (au.at AT TIME ZONE $4)::date END AS day, CASE WHEN $6 THEN au.user_id END AS user_id, CASE WHEN $7 THEN au.project_id END AS project_id, \
                  CASE WHEN $8 THEN au.agent_id END AS agent_id, CASE WHEN $9 THEN au.model END AS model, CASE WHEN $10 THEN au.purpose END AS purpose, \
                  count(*) AS calls, count(*) FILTER (WHERE au.has_failed) AS failed, coalesce(sum(au.prompt_tokens), 0) AS prompt, \
                  coalesce(sum(au.completion_tokens), 0) AS completion, \
                  sum((au.prompt_tokens * au.input_price + au.completion_tokens * au.output_price) / 1000000) AS cost, \
                  coalesce(bool_and(au.input_price IS NOT NULL AND au.output_price IS NOT NULL AND au.currency IS NOT NULL) \
                      FILTER (WHERE au.prompt_tokens + au.completion_tokens > 0), false) AS is_priced, \
                  count(DISTINCT au.currency) AS currencies, min(au.currency) AS currency \
           FROM assistant_usage au WHERE au.tenant_id = $1 AND au.at >= $2 AND au.at < $3 GROUP BY 1, 2, 3, 4, 5, 6) AS g \
     ORDER BY g.day, g.prompt + g.completion DESC, g.model, g.purpose, g.user_id, g.agent_id, g.project_id LIMIT $11";
