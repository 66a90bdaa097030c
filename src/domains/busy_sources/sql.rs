//! The statements of the domain. `$1` is the tenant; the functions name it again (`sql/functions/busy_sources.sql`). `{bs}` stands for the columns of a source.

/// Of the instructor `$2`, or all that the actor sees, the newest first.
pub const SOURCES: &str = "SELECT {bs} FROM busy_source bs WHERE bs.tenant_id = $1 AND ($2::uuid IS NULL OR bs.instructor_id = $2) \
     ORDER BY bs.created_at DESC, bs.id DESC LIMIT 1000";

/// What the sources `$2` block from `$3` to `$4`.
pub const BLOCKS: &str = "SELECT k.source_id, k.starts_at, k.ends_at FROM busy_block k WHERE k.tenant_id = $1 AND k.source_id = ANY ($2) \
     AND k.starts_at < $4 AND k.ends_at > $3 AND k.starts_at > $3::timestamptz - interval '744 hours'";

/// `$2` the source: its id, where it was there.
pub const DELETE: &str = "DELETE FROM busy_source s WHERE s.tenant_id = $1 AND s.id = $2 RETURNING s.id";

/// `$2` the source: whether there is such a one.
pub const REFRESH: &str = "SELECT app.refresh_busy_source($2) WHERE app.tenant_id() = $1";

/// `$2` the source, `$3` and `$4` its spans, `$5` warnings.
pub const FILL: &str = "SELECT app.fill_busy_source($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// Which of the ids `$2` are bookings of the school.
pub const KNOWN: &str = "SELECT k FROM app.known_bookings($2) AS k WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many were asked for.
pub const ENQUEUE: &str = "SELECT app.enqueue_busy_fetches($2) WHERE app.tenant_id() = $1";

/// `$2` the source: what is to be read, if anything.
pub const BEGIN: &str = "SELECT b.url, b.content, b.time_zone, b.validators FROM app.begin_busy_fetch($2) AS b WHERE app.tenant_id() = $1";

/// `$2` the source, `$3` what came of it, `$4` and `$5` its spans, `$6` warnings, `$7` what the server said.
pub const END: &str = "SELECT app.end_busy_fetch($2, $3, $4, $5, $6, $7) WHERE app.tenant_id() = $1";
