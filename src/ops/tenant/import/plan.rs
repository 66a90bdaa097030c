//! How the tables of an export are loaded: what of them is left out or altered, and what is pointed at later.

use anyhow::{bail, ensure};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::archive::{Manifest, TableOf};

/// Rows that are nothing without what no export holds (calendars' addresses, words of conversations), or belong to the deployment that they come from.
/// Tables whose secret is required, and that nothing points at, are left out by themselves.
const LEFT_OUT: [&str; 7] =
    ["busy_source", "busy_block", "tenant_export", "conversation", "message", "message_citation", "message_feedback"];

/// What is put into secrets that must not be empty: `$2` is a new secret of a webhook endpoint. A request that no digest fits is another one, whoever repeats it.
const GIVEN: [(&str, &str, &str); 2] = [("webhook_endpoint", "secret", "$2::bytea"), ("generation", "request_digest", "''::bytea")];

/// Rows that are not taken, by table: what waits for jobs of the other deployment, bytes that are not here, exports.
const ONLY: [(&str, &str); 3] =
    [("job", "r.state NOT IN ('QUEUED', 'RUNNING')"), ("upload", "r.completed_at IS NOT NULL"), ("file", "NOT r.is_export")];

/// What becomes of a column, by table: what was under way there does not go on here.
const ALTERED: [(&str, &str, &str); 17] = [
    ("mail", "state", "CASE r.state WHEN 'QUEUED' THEN 'FAILED' ELSE r.state END"),
    ("mail", "error", "CASE r.state WHEN 'QUEUED' THEN 'The school moved before it was sent.' ELSE r.error END"),
    ("webhook_delivery", "state", "CASE r.state WHEN 'PENDING' THEN 'CANCELLED' ELSE r.state END"),
    ("webhook_delivery", "next_attempt_at", "CASE r.state WHEN 'PENDING' THEN NULL ELSE r.next_attempt_at END"),
    ("webhook_endpoint", "state", "CASE r.state WHEN 'ACTIVE' THEN 'PAUSED' ELSE r.state END"),
    ("webhook_endpoint", "previous_secret_expires_at", "NULL"),
    ("export_run", "state", "CASE WHEN r.state IN ('QUEUED', 'RUNNING') THEN 'CANCELLED' ELSE r.state END"),
    ("export_run", "finished_at", "CASE WHEN r.state IN ('QUEUED', 'RUNNING') THEN now() ELSE r.finished_at END"),
    ("import_run", "state", "CASE WHEN r.state IN ('QUEUED', 'RUNNING') THEN 'CANCELLED' ELSE r.state END"),
    ("import_run", "finished_at", "CASE WHEN r.state IN ('QUEUED', 'RUNNING') THEN now() ELSE r.finished_at END"),
    ("generation", "state", "CASE WHEN r.state IN ('PENDING', 'RUNNING') THEN 'CANCELLED' ELSE r.state END"),
    ("generation", "finished_at", "CASE WHEN r.state IN ('PENDING', 'RUNNING') THEN now() ELSE r.finished_at END"),
    ("generation", "worker", "NULL"),
    // A sweep has them read anew.
    ("document", "state", "CASE r.state WHEN 'PROCESSING' THEN 'PENDING' ELSE r.state END"),
    ("document", "worker", "NULL"),
    // Without their secrets they take no money, and ask no models.
    ("payment_settings", "providers", "array_remove(array_remove(r.providers, 'STRIPE'), 'TEST')"),
    ("assistant_provider", "key_set_at", "NULL"),
];

/// A table as this database has it.
#[derive(FromRow)]
struct Known {
    name: String,
    /// Columns that take what is given.
    columns: Vec<String>,
    /// Its key.
    key: Vec<String>,
    /// Secret columns that may be empty, and those that may not.
    optional: Vec<String>,
    required: Vec<String>,
    is_pointed_at: bool,
}

/// A pointer from one table to another.
#[derive(FromRow)]
struct Pointer {
    table: String,
    to: String,
    columns: Vec<String>,
    is_deferred: bool,
}

/// A table that is loaded.
pub(super) struct Load {
    /// Its name.
    pub name: String,
    /// The statement that inserts the staged lines; `$1` is the table's name, `$2` what a new secret is, where it needs one.
    pub insert: String,
    /// Whether it needs one.
    pub needs_secret: bool,
    /// The statement that points at what was not there yet.
    pub point: Option<String>,
    /// Secret columns that are empty from now on.
    pub emptied: Vec<String>,
}

/// What is done.
pub(super) struct Plan {
    /// In this order.
    pub loads: Vec<Load>,
    /// Tables of the export that are not taken.
    pub left_out: Vec<String>,
}

pub(in crate::ops::tenant) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Plan {
    /// For an export, on this database.
    ///
    /// # Errors
    /// When it is of another schema than this database's.
    pub async fn of(connection: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<Plan> {
        let known: Vec<Known> = sqlx::query_as(TABLES).fetch_all(&mut *connection).await?;
        let pointers: Vec<Pointer> = sqlx::query_as(POINTERS).fetch_all(connection).await?;
        let order: Vec<&str> = manifest.tables.iter().map(|table| table.name.as_str()).collect();
        let (mut loads, mut left_out) = (Vec::new(), Vec::new());
        for table in &manifest.tables {
            let Some(here) = known.iter().find(|known| known.name == table.name) else {
                bail!(
                    "the export knows the table {}, and this database does not: import it with the version that it was written by",
                    table.name
                )
            };
            if LEFT_OUT.contains(&table.name.as_str()) || (!here.required.is_empty() && !here.is_pointed_at) {
                left_out.push(table.name.clone());
                continue;
            }
            loads.push(load(table, here, &late(table, &order, &pointers))?);
        }
        ensure!(order.contains(&"tenant"), "the export holds no school");
        Ok(Plan { loads, left_out })
    }
}

/// Columns of a table that point at tables which come later.
fn late(table: &TableOf, order: &[&str], pointers: &[Pointer]) -> Vec<String> {
    let place = |name: &str| order.iter().position(|known| *known == name);
    let here = place(&table.name);
    let later = pointers.iter().filter(|pointer| pointer.table == table.name && !pointer.is_deferred && pointer.to != table.name);
    let later = later.filter(|pointer| place(&pointer.to) > here);
    later.flat_map(|pointer| pointer.columns.iter().cloned()).collect()
}

fn load(table: &TableOf, here: &Known, late: &[String]) -> anyhow::Result<Load> {
    let name = &table.name;
    if let Some(column) = table.columns.iter().find(|column| !here.columns.contains(column)) {
        bail!("the export knows {name}.{column}, and this database does not: import it with the version that it was written by");
    }
    let from =
        format!("FROM staged s CROSS JOIN LATERAL json_populate_record(NULL::public.{}, s.line) AS r WHERE s.name = $1", quoted(name));
    let value = |column: &String| match ALTERED.iter().find(|(of, altered, _)| of == name && altered == column) {
        _ if late.contains(column) => "NULL".to_owned(),
        Some((_, _, value)) => (*value).to_owned(),
        None => format!("r.{}", quoted(column)),
    };
    let mut into: Vec<String> = table.columns.iter().map(|column| quoted(column)).collect();
    let mut values: Vec<String> = table.columns.iter().map(value).collect();
    let mut needs_secret = false;
    for column in &here.required {
        let given = GIVEN.iter().find(|(of, given, _)| of == name && given == column);
        let Some((_, _, given)) = given else { bail!("nothing is known to be put into {name}.{column}, which is secret") };
        into.push(quoted(column));
        values.push((*given).to_owned());
        needs_secret |= given.contains("$2");
    }
    let only = ONLY.iter().find(|(of, _)| of == name).map_or(String::new(), |(_, only)| format!(" AND {only}"));
    let (into, values) = (into.join(", "), values.join(", "));
    let insert = format!("INSERT INTO public.{} ({into}) OVERRIDING SYSTEM VALUE SELECT {values} {from}{only}", quoted(name));
    let point = (!late.is_empty()).then(|| {
        let set: Vec<String> = late.iter().map(|column| format!("{0} = r.{0}", quoted(column))).collect();
        let same: Vec<String> = here.key.iter().map(|column| format!("t.{0} = r.{0}", quoted(column))).collect();
        let given: Vec<String> = late.iter().map(|column| format!("r.{} IS NOT NULL", quoted(column))).collect();
        format!("UPDATE public.{} t SET {} {from} AND {} AND ({})", quoted(name), set.join(", "), same.join(" AND "), given.join(" OR "))
    });
    let emptied = here.optional.iter().map(|column| format!("{name}.{column}")).collect();
    Ok(Load { name: name.clone(), insert, needs_secret, point, emptied })
}

/// What of the school is here already, by table.
///
/// # Errors
/// Where there is any.
pub(super) async fn refuse_what_is_there(connection: &mut PgConnection, school: Uuid, slug: &str) -> anyhow::Result<()> {
    let taken: Option<(bool, String)> =
        sqlx::query_as("SELECT tenant_id = $1, slug FROM tenant WHERE tenant_id = $1 OR slug = $2 ORDER BY 1 DESC LIMIT 1")
            .bind(school)
            .bind(slug)
            .fetch_optional(&mut *connection)
            .await?;
    match taken {
        Some((true, slug)) => bail!("the school is here already, as {slug}"),
        Some((false, _)) => bail!("the slug {slug} is taken by another school here"),
        None => {}
    }
    let tables: Vec<Known> = sqlx::query_as(TABLES).fetch_all(&mut *connection).await?;
    for table in tables {
        let sql = format!("SELECT EXISTS (SELECT FROM public.{} WHERE tenant_id = $1)", quoted(&table.name));
        let is_there: bool = sqlx::query_scalar(AssertSqlSafe(sql)).bind(school).fetch_one(&mut *connection).await?;
        ensure!(!is_there, "{} holds rows of this school already: what was it here? Erase it first", table.name);
    }
    Ok(())
}

/// Tables of schools.
const TABLES: &str = "
    SELECT c.relname::text AS name,
           (SELECT array_agg(a.attname::text) FROM pg_attribute a
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

/// Which columns that may be empty point where: a pointer that is empty in part is none.
const POINTERS: &str = "
    SELECT c.relname::text AS table, p.relname::text AS to,
           coalesce((SELECT array_agg(a.attname::text) FROM unnest(f.conkey) AS k(attnum) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE NOT a.attnotnull), '{}') AS columns,
           f.condeferred AS is_deferred
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
    WHERE f.contype = 'f' AND c.relnamespace = 'public'::regnamespace";
