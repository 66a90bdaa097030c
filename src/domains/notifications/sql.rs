//! The statements of the domain. `$1` is the tenant; the policies filter again.

/// `$2` the person: how many they have not read.
pub const COUNT_UNREAD: &str =
    "SELECT count(*) FROM notification n WHERE n.tenant_id = $1 AND n.recipient_id = $2 AND n.in_app AND n.read_at IS NULL";

/// `$2` notifications, `$3` whether they are read: which of them are there.
pub const SET_READ: &str = "UPDATE notification n SET read_at = CASE WHEN $3 THEN coalesce(n.read_at, now()) END \
     WHERE n.tenant_id = $1 AND n.id = ANY ($2) AND n.in_app RETURNING n.id";

/// `$2` the person, `$3` the moment: how many they had not read.
pub const MARK_ALL: &str = "WITH marked AS (UPDATE notification n SET read_at = now() \
     WHERE n.tenant_id = $1 AND n.recipient_id = $2 AND n.in_app AND n.read_at IS NULL AND n.updated_at <= $3 RETURNING n.id) \
     SELECT count(*) FROM marked";

/// `$2` the person: their language and hour in each row, and a row for each kind of which they have chosen something.
pub const SETTINGS: &str = "SELECT s.locale, s.digest_hour, p.kind, p.in_app, p.email FROM (SELECT $2::uuid AS id) AS me \
     LEFT JOIN notification_settings s ON s.tenant_id = $1 AND s.id = me.id \
     LEFT JOIN notification_preference p ON p.tenant_id = $1 AND p.user_id = me.id";

/// `$2` the person, `$3` whether `$4` is their language from now on, `$5` whether `$6` is their hour.
pub const CHOOSE: &str = "INSERT INTO notification_settings AS s (tenant_id, id, locale, digest_hour) \
     VALUES ($1, $2, CASE WHEN $3 THEN $4::text END, CASE WHEN $5 THEN $6::int4 END) ON CONFLICT (tenant_id, id) DO UPDATE \
     SET locale = CASE WHEN $3 THEN excluded.locale ELSE s.locale END, digest_hour = CASE WHEN $5 THEN excluded.digest_hour ELSE s.digest_hour END";

/// `$2` the person, `$3` kinds, `$4` whether `$5` is given, `$6` whether `$7` is: null is as usual. Of what is as usual no row is left. Each row
/// changes once, for the audit log.
pub const PREFER: &str = "WITH wanted AS (SELECT g.kind, CASE WHEN g.has_in_app THEN g.in_app ELSE o.in_app END AS in_app, \
         CASE WHEN g.has_email THEN g.email ELSE o.email END AS email \
         FROM unnest($3::text[], $4::bool[], $5::bool[], $6::bool[], $7::text[]) AS g(kind, has_in_app, in_app, has_email, email) \
         LEFT JOIN notification_preference o ON o.tenant_id = $1 AND o.user_id = $2 AND o.kind = g.kind), \
     usual AS (DELETE FROM notification_preference p USING wanted w \
         WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.kind = w.kind AND w.in_app IS NULL AND w.email IS NULL) \
     INSERT INTO notification_preference AS p (tenant_id, user_id, kind, in_app, email) \
     SELECT $1, $2, w.kind, w.in_app, w.email FROM wanted w WHERE w.in_app IS NOT NULL OR w.email IS NOT NULL ORDER BY w.kind \
     ON CONFLICT (tenant_id, user_id, kind) DO UPDATE SET in_app = excluded.in_app, email = excluded.email";

/// What stands around the school's mails.
pub const LETTERHEAD: &str = "SELECT app.letterhead() WHERE app.tenant_id() = $1";

/// `$2` how many at most: whose digest is due.
pub const DUE_DIGESTS: &str = "SELECT d.* FROM app.due_digests($2) AS d WHERE app.tenant_id() = $1";

/// `$2` people, `$3` days, `$4` what their digests end with, `$5` languages, `$6` what they are filled with.
pub const SEND_DIGESTS: &str = "SELECT app.send_digest(d.person, d.day, d.up_to, d.locale, d.filling) \
     FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[]) AS d(person, day, up_to, locale, filling) \
     WHERE app.tenant_id() = $1";

/// `$2` the person, `$3` the kind, or null for all that come in a digest.
pub const UNSUBSCRIBE: &str = "SELECT app.unsubscribe($2, $3) WHERE app.tenant_id() = $1";

/// `$2` how many at most: how many it deleted.
pub const PURGE: &str = "SELECT app.purge_notifications($2) WHERE app.tenant_id() = $1";

/// `$2` the moment, `$3` how many at most: the actor's whose latest event came after it, the oldest first. What is committed late may bear an
/// earlier moment than what its reader has seen: half a minute is asked for twice.
pub const MISSED: &str = "SELECT o.id, o.updated_at > $2::timestamptz FROM ((SELECT n.id, n.updated_at FROM notification n \
     WHERE n.tenant_id = $1 AND n.recipient_id = app.user_id() AND n.in_app AND n.updated_at > $2::timestamptz ORDER BY n.updated_at, n.id LIMIT $3::int8) \
     UNION ALL (SELECT n.id, n.updated_at FROM notification n WHERE n.tenant_id = $1 AND n.recipient_id = app.user_id() AND n.in_app \
     AND n.updated_at <= $2::timestamptz AND n.updated_at > $2::timestamptz - interval '30 seconds' ORDER BY n.updated_at DESC, n.id DESC LIMIT $3::int8)) AS o \
     ORDER BY o.updated_at, o.id";
