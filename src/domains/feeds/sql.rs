//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/feeds.sql`). `{cf}` stands for the columns of a feed.

/// The actor's own, the newest first.
pub const FEEDS: &str =
    "SELECT {cf} FROM calendar_feed cf WHERE cf.tenant_id = $1 AND cf.owner_id = app.user_id() ORDER BY cf.created_at DESC, cf.id DESC";

/// `$2` the feed: its id, where it was there.
pub const DELETE: &str = "DELETE FROM calendar_feed f WHERE f.tenant_id = $1 AND f.id = $2 RETURNING f.id";

/// `$2` the feed, `$3` the hash of its new secret, `$4` the last characters of that: its id, where it was there.
pub const ROTATE: &str = "UPDATE calendar_feed f SET secret_hash = $3, hint = $4 WHERE f.tenant_id = $1 AND f.id = $2 RETURNING f.id";

/// `$2` the hash of what an address ends with: whose feed it opens.
pub const FIND: &str = "SELECT f.tenant_id, f.feed_id, f.owner_id FROM app.find_calendar_feed($2) AS f WHERE $1::uuid IS NOT NULL";

/// `$2` the feed, in a transaction of its owner: what it shows.
pub const ENTER: &str = "SELECT f.name, f.scope, f.instructor_id, f.resource_id, f.detail, f.school, f.locale, f.subscribed, f.wait \
     FROM app.enter_calendar_feed($2) AS f WHERE app.tenant_id() = $1";

/// The language that the actor is written to in.
pub const LOCALE: &str = "SELECT app.own_locale() WHERE app.tenant_id() = $1";

/// Bookings as entries of a calendar, of what the actor sees; the condition is over the alias `b`.
pub fn entries(condition: &str) -> String {
    format!(
        "SELECT b.id, b.status, b.starts_at, b.ends_at, coalesce(b.revision, 0), b.updated_at, t.name, c.title, t.location, l.name, i.name, r.names, r.places \
         FROM booking b \
         LEFT JOIN booking_type t ON t.tenant_id = $1 AND t.id = b.booking_type_id \
         LEFT JOIN course c ON c.tenant_id = $1 AND c.id = b.course_id AND c.deleted_at IS NULL \
         LEFT JOIN app_user l ON l.tenant_id = $1 AND l.id = b.student_id \
         LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = b.instructor_id \
         LEFT JOIN LATERAL (SELECT string_agg(re.name, ', ' ORDER BY k.place) AS names, \
         string_agg(coalesce(re.name || ', ' || re.location, re.name), '; ' ORDER BY k.place) AS places \
         FROM booking_resource k JOIN resource re ON re.tenant_id = $1 AND re.id = k.resource_id WHERE k.tenant_id = $1 AND k.booking_id = b.id) AS r ON true \
         WHERE b.tenant_id = $1 AND {condition}"
    )
}

/// Of which `$2` are the ids.
pub const THESE: &str = "b.id = ANY ($2)";

/// What a feed shows: from `$2` to `$3`, of `$4`; what comes first, and of what is over the latest, so many at most.
pub fn shown(of: &str, most: usize) -> String {
    format!(
        "b.starts_at >= $2 AND b.starts_at < $3 AND {of} ORDER BY b.starts_at < now(), abs(extract(epoch FROM b.starts_at - now())), b.id LIMIT {most}"
    )
}

/// Those of a person, as learner and as instructor.
pub const MINE: &str = "(b.student_id = $4 OR b.instructor_id = $4)";
/// Those of an instructor.
pub const OF_INSTRUCTOR: &str = "(b.instructor_id = $4 OR (b.requested_instructor_id = $4 AND b.instructor_id IS NULL))";
/// Those that take a resource.
pub const WITH_RESOURCE: &str = "b.id IN (SELECT k.booking_id FROM booking_resource k WHERE k.tenant_id = $1 AND k.resource_id = $4)";
