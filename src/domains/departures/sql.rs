//! The statements of the domain. `$1` is the tenant. Those over tables that only the catalog knows are made in `pages.rs` and `erase.rs`.

/// `$2` the export.
pub const BEGIN: &str = "SELECT app.begin_tenant_export($2) WHERE app.tenant_id() = $1";

/// `$2` the export, `$3` the name of its file, `$4` the key of its bytes, `$5` how many they are, `$6` their hash, `$7` rows, `$8` tables, `$9` files.
pub const FINISH: &str = "SELECT app.finish_tenant_export($2, $3, $4, $5, $6, $7, $8, $9) WHERE app.tenant_id() = $1";

/// `$2` the export, `$3` why it can't be done.
pub const FAIL: &str = "SELECT app.fail_tenant_export($2, $3) WHERE app.tenant_id() = $1";

/// `$2` how many at most.
pub const FORGET: &str = "SELECT app.forget_tenant_exports($2) WHERE app.tenant_id() = $1";

/// The school, for the manifest.
pub const SCHOOL: &str = "SELECT t.slug, t.name FROM tenant t WHERE t.tenant_id = $1";

/// Its files, but for exports themselves.
pub const FILES: &str =
    "SELECT f.id, f.object, f.name, f.size, f.sha256 FROM file f WHERE f.tenant_id = $1 AND NOT f.is_export ORDER BY f.id";

/// What belongs to schools: tables with `tenant_id` of which an erasure may delete rows. Of each: its name, whether it is a counter, its columns
/// that are read, those that are secret, its key without the tenant, and the types of that.
pub const TABLES: &str = "
    SELECT c.relname::text, coalesce(obj_description(c.oid, 'pg_class') LIKE 'counter%', false),
           (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT coalesce(col_description(c.oid, a.attnum) LIKE 'secret%', false)),
           coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) LIKE 'secret%'), '{}'),
           coalesce((SELECT array_agg(a.attname::text ORDER BY k.nth) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, nth)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE i.indrelid = c.oid AND i.indisprimary AND a.attname <> 'tenant_id'), '{}'),
           coalesce((SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY k.nth) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, nth)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE i.indrelid = c.oid AND i.indisprimary AND a.attname <> 'tenant_id'), '{}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE $1::uuid IS NOT NULL AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND has_table_privilege(c.oid, 'DELETE')
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    ORDER BY c.relname";

/// A table with `tenant_id` that this role can't read and empty, though it belongs to schools: its wall was never raised, or was torn down. Those of
/// the platform say so in their comments (app.keep_for_desk).
pub const OUT_OF_REACH: &str = "
    SELECT min(c.relname::text COLLATE \"C\")
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE $1::uuid IS NOT NULL AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
      AND NOT coalesce(obj_description(c.oid, 'pg_class') LIKE 'platform%', false)
      AND NOT (has_table_privilege(c.oid, 'DELETE') AND has_any_column_privilege(c.oid, 'SELECT')
               AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname IN ('desk_read', 'desk_erase')) = 2)";

/// Which table points at which, and whether the pointer may be taken back (ON DELETE SET NULL).
pub const REFERENCES: &str = "
    SELECT c.relname::text, p.relname::text, f.confdeltype = 'n'
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
    WHERE $1::uuid IS NOT NULL AND f.contype = 'f' AND f.conrelid <> f.confrelid ORDER BY 1, 2";

/// `$2` the erasure: the school that is to be erased.
pub const BEGIN_ERASURE: &str = "SELECT app.begin_erasure($2) WHERE $1::uuid IS NOT NULL";

/// `$2` the erasure, `$3` rows and `$4` files that are gone.
pub const COUNT_ERASED: &str = "SELECT app.count_erased($2, $3, $4) WHERE $1::uuid IS NOT NULL";

/// `$2` the erasure, `$3` how many tables, `$4` how many rows remain.
pub const FINISH_ERASURE: &str = "SELECT app.finish_erasure($2, $3, $4) WHERE $1::uuid IS NOT NULL";

/// `$2` the erasure, `$3` why it can't be done.
pub const FAIL_ERASURE: &str = "SELECT app.fail_erasure($2, $3) WHERE $1::uuid IS NOT NULL";

/// What a transaction of an erasure begins with: the log goes as well, and a table may have many rows.
pub const UNLOGGED: &str =
    "SELECT set_config('app.audit', 'off', true), set_config('statement_timeout', '0', true) WHERE $1::uuid IS NOT NULL";
