//! `lectern keys reseal`: what older keys of LECTERN_SECRET_KEYS have sealed is sealed anew by the first, so that the others can go.

use std::fmt::Write as _;

use anyhow::bail;
use futures_util::TryStreamExt as _;
use lectern_kernel::sealing::{Place, Sealer};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{platform, tenant};
use crate::config::KeysCommand;

/// A column that holds what is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
    /// The column that it is sealed for: another one, where a value moves from column to column as it is.
    pub bound_to: &'static str,
}

const fn sealed(table: &'static str, column: &'static str) -> SealedColumn {
    SealedColumn { table, column, bound_to: column }
}

/// All of them.
pub const SEALED: [SealedColumn; 14] = [
    sealed("webhook_endpoint", "secret"),
    SealedColumn { bound_to: "secret", ..sealed("webhook_endpoint", "previous_secret") },
    sealed("second_factor", "secret"),
    sealed("platform_factor", "secret"),
    sealed("sign_in_provider", "client_secret"),
    sealed("provider_sign_in", "secrets"),
    sealed("busy_source", "url"),
    sealed("busy_source", "content"),
    sealed("mail", "secrets"),
    sealed("ticket_key", "sealed"),
    sealed("payment_settings", "stripe_secret_key"),
    sealed("payment_settings", "stripe_webhook_secret"),
    sealed("payment_settings", "test_webhook_secret"),
    sealed("assistant_provider", "key"),
];

/// Values of one school that are written at once.
const BATCH: usize = 500;

/// What there is of a column.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    /// Sealed by an older key that is here.
    pub older: u64,
    /// Sealed by no key that is here.
    pub closed: u64,
}

/// Values of one school, to be written: where each lies, what it was, what it becomes.
#[derive(Default)]
struct Batch {
    tenant: Uuid,
    places: Vec<String>,
    was: Vec<Vec<u8>>,
    becomes: Vec<Vec<u8>>,
}

/// Runs the command.
///
/// # Errors
/// When the database can't be reached, or values were written by an older key meanwhile.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn keys(platform_url: &str, sealer: &Sealer, command: &KeysCommand) -> anyhow::Result<()> {
    let KeysCommand::Reseal(wanted) = command;
    let (mut reader, mut writer) = (platform::connect(platform_url).await?, platform::connect(platform_url).await?);
    let (mut text, mut total, mut left) = (String::new(), Tally::default(), 0);
    for column in SEALED {
        let found = pass(&mut reader, &mut writer, sealer, column, !wanted.dry_run).await?;
        if !wanted.dry_run {
            left += pass(&mut reader, &mut writer, sealer, column, false).await?.older;
        }
        let name = format!("{}.{}", column.table, column.column);
        let closed = if found.closed > 0 { format!(", {} that no key opens", found.closed) } else { String::new() };
        let _ = writeln!(text, "{name:<38} {:>6} by an older key{closed}", found.older);
        total.older += found.older;
        total.closed += found.closed;
    }
    print!("{text}");
    if total.closed > 0 {
        println!("What no key opens is lost, unless the key that sealed it is put back into LECTERN_SECRET_KEYS.");
    }
    match (left, wanted.dry_run, total.older) {
        (0, true, 0) => println!("All that opens is sealed by the first key."),
        (0, true, _) => println!("Nothing was written: leave out --dry-run."),
        (0, false, _) => println!("All that opens is sealed by the first key now: the others may go, once every service has the first."),
        _ => bail!("{left} values were sealed by an older key meanwhile: give every service the new key as the first, then run this again"),
    }
    Ok(())
}

/// Goes through a column once, and seals what an older key has sealed, where that is wanted.
async fn pass(
    reader: &mut PgConnection,
    writer: &mut PgConnection,
    sealer: &Sealer,
    column: SealedColumn,
    writes: bool,
) -> anyhow::Result<Tally> {
    let SealedColumn { table, column: name, bound_to } = column;
    let mark = sealer.mark();
    let sql = format!(
        "SELECT tenant_id, ctid::text, {name} FROM {table} WHERE {name} IS NOT NULL AND substring({name} FROM 1 FOR {}) <> $1 ORDER BY tenant_id",
        mark.len()
    );
    let mut rows = sqlx::query_as::<_, (Uuid, String, Vec<u8>)>(AssertSqlSafe(sql)).bind(mark).fetch(reader);
    let (mut tally, mut batch) = (Tally::default(), Batch::default());
    while let Some((tenant, place, was)) = rows.try_next().await? {
        let bound = Place { tenant, table, column: bound_to };
        let Ok(opened) = sealer.open(bound, &was) else {
            tally.closed += 1;
            continue;
        };
        tally.older += 1;
        if !writes {
            continue;
        }
        if batch.tenant != tenant || batch.places.len() >= BATCH {
            write(writer, column, std::mem::take(&mut batch)).await?;
            batch.tenant = tenant;
        }
        batch.becomes.push(sealer.seal(bound, &opened));
        batch.places.push(place);
        batch.was.push(was);
    }
    write(writer, column, batch).await?;
    Ok(tally)
}

/// Writes values that have not changed since they were read. Nothing changes for the school, and nothing stands in its log.
async fn write(writer: &mut PgConnection, SealedColumn { table, column, .. }: SealedColumn, batch: Batch) -> anyhow::Result<()> {
    if batch.places.is_empty() {
        return Ok(());
    }
    let mut tx = tenant::begin(writer, "system:keys-reseal", batch.tenant).await?;
    sqlx::query("SELECT set_config('app.audit', 'off', true)").execute(&mut *tx).await?;
    let sql = format!(
        "UPDATE {table} t SET {column} = n.becomes FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS n(place, was, becomes) \
         WHERE t.tenant_id = $1 AND t.ctid = n.place::tid AND t.{column} = n.was"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(batch.tenant).bind(batch.places).bind(batch.was).bind(batch.becomes).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// How many values older keys have sealed, and how many no key opens, over all columns.
///
/// # Errors
/// When the database can't be asked.
pub(super) async fn count(platform_url: &str, sealer: &Sealer) -> anyhow::Result<Tally> {
    let (mut reader, mut writer) = (platform::connect(platform_url).await?, platform::connect(platform_url).await?);
    let mut total = Tally::default();
    for column in SEALED {
        let Tally { older, closed } = pass(&mut reader, &mut writer, sealer, column, false).await?;
        total = Tally { older: total.older + older, closed: total.closed + closed };
    }
    Ok(total)
}
