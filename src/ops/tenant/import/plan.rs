//! How the tables of an export are loaded: what of them is left out or altered, and what is pointed at later.

use anyhow::{bail, ensure};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    super::tables::{Pointer, Table, pointers, quoted, tables},
    archive::{Manifest, TableOf},
};

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

impl Plan {
    /// For an export, on this database.
    ///
    /// # Errors
    /// When it is of another schema than this database's.
    pub async fn of(connection: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<Plan> {
        let (known, pointers) = (tables(&mut *connection).await?, pointers(connection).await?);
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
    let later = pointers.iter().filter(|pointer| pointer.from == table.name && !pointer.is_deferred && pointer.to != table.name);
    let later = later.filter(|pointer| place(&pointer.to) > here);
    later.flat_map(|pointer| pointer.columns.iter().cloned()).collect()
}

fn load(table: &TableOf, here: &Table, late: &[String]) -> anyhow::Result<Load> {
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
    let point = (!late.is_empty()).then(|| here.pointing(late, &format!("(SELECT r.* {from})")));
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
    for table in tables(&mut *connection).await? {
        let is_there = table.holds(&mut *connection, school).await?;
        ensure!(!is_there, "{} holds rows of this school already: what was it here? Erase it first", table.name);
    }
    Ok(())
}
