//! The tables that hold schools, and which of them point at one another: what an import loads, and what a move copies.

use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

/// A table of schools, as this database has it.
#[derive(Default, FromRow)]
pub(super) struct Table {
    /// Its name.
    pub name: String,
    /// Columns that take what is given, in their order.
    pub columns: Vec<String>,
    /// Its key.
    pub key: Vec<String>,
    /// Secret columns that may be empty.
    pub optional: Vec<String>,
    /// Secret columns that may not.
    pub required: Vec<String>,
    /// Whether other tables point at it.
    pub is_pointed_at: bool,
    /// Whether the operator may never delete rows of it, as entries of the log.
    pub is_kept: bool,
}

/// A pointer from one table to another.
#[derive(FromRow)]
pub(super) struct Pointer {
    /// The table that points.
    pub from: String,
    /// The table that is pointed at.
    pub to: String,
    /// Those of its columns that may be empty: a pointer that is empty in part is none.
    pub columns: Vec<String>,
    /// Whether it may point at nothing before the transaction ends.
    pub is_deferred: bool,
    /// Whether it is emptied where what it points at goes.
    pub is_weak: bool,
}

/// A name, as it stands in a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// All of them, by name.
pub(super) async fn tables(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    sqlx::query_as(TABLES).fetch_all(connection).await
}

/// All of them, by their tables.
pub(super) async fn pointers(connection: &mut PgConnection) -> sqlx::Result<Vec<Pointer>> {
    sqlx::query_as(POINTERS).fetch_all(connection).await
}

impl Table {
    /// Its name, as it stands in a statement.
    pub fn quoted(&self) -> String {
        format!("public.{}", quoted(&self.name))
    }

    /// Whether there is any row of a school.
    pub async fn holds(&self, connection: &mut PgConnection, school: Uuid) -> sqlx::Result<bool> {
        let sql = format!("SELECT EXISTS (SELECT FROM {} WHERE tenant_id = $1)", self.quoted());
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(school).fetch_one(connection).await
    }

    /// The statement that fills the columns which point at what was not there yet, from rows with the same columns.
    pub fn pointing(&self, late: &[String], rows: &str) -> String {
        let set: Vec<String> = late.iter().map(|column| format!("{0} = r.{0}", quoted(column))).collect();
        let same: Vec<String> = self.key.iter().map(|column| format!("t.{0} = r.{0}", quoted(column))).collect();
        let given: Vec<String> = late.iter().map(|column| format!("r.{} IS NOT NULL", quoted(column))).collect();
        let (set, same, given) = (set.join(", "), same.join(" AND "), given.join(" OR "));
        format!("UPDATE {} t SET {set} FROM {rows} AS r WHERE {same} AND ({given})", self.quoted())
    }
}

const TABLES: &str = "
    SELECT c.relname::text AS name, NOT has_table_privilege('lectern_platform', c.oid, 'DELETE') AS is_kept,
           (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
           coalesce((SELECT array_agg(a.attname::text) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) AS k(attnum)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key,
           coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT a.attnotnull AND col_description(c.oid, a.attnum) LIKE 'secret%'), '{}') AS optional,
           coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attnotnull AND col_description(c.oid, a.attnum) LIKE 'secret%'), '{}') AS required,
           EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = c.oid AND f.conrelid <> c.oid AND f.contype = 'f') AS is_pointed_at
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND NOT coalesce(obj_description(c.oid, 'pg_class') LIKE 'platform%', false)
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    ORDER BY c.relname";

const POINTERS: &str = "
    SELECT c.relname::text AS from, p.relname::text AS to,
           coalesce((SELECT array_agg(a.attname::text) FROM unnest(f.conkey) AS k(attnum) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE NOT a.attnotnull), '{}') AS columns,
           f.condeferred AS is_deferred, f.confdeltype = 'n' AS is_weak
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
    WHERE f.contype = 'f' AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2";
