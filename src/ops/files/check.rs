//! `lectern files check`: whether every row has its bytes, and every object its row. What a restore is judged by.

use std::collections::HashSet;

use anyhow::bail;
use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use lectern_kernel::{
    clock,
    db::{Pool, PoolOptions},
    error::Error,
    ids,
    store::Objects,
};
use sqlx::{Connection as _, FromRow, PgConnection};
use uuid::Uuid;

use super::{OfSchool, said};
use crate::{
    config::{FilesCheck, Settings},
    domains::files::look,
    ops::{Cluster, platform, serve::pool_options, store},
};

/// Objects that are asked for at once.
const AT_ONCE: usize = 16;
/// Bytes that came this moment are looked at as well, unlike by the sweep.
const ANY_AGE: SignedDuration = SignedDuration::from_hours(48);

/// A file as its row has it.
#[derive(Clone, FromRow)]
struct Row {
    id: Uuid,
    object: String,
    size: i64,
    sha256: String,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Missing,
    OtherSize,
    OtherBytes,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Fault::Missing => "has no bytes",
            Fault::OtherSize => "has another size",
            Fault::OtherBytes => "has other bytes",
        }
    }
}

/// Compares, and says what was found.
///
/// # Errors
/// When database or store can't be reached, and where a file is not what its row says.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub(super) async fn check(settings: &Settings, cluster: &Cluster, wanted: FilesCheck) -> anyhow::Result<()> {
    let mut connection = platform::connect(&cluster.platform_url()?).await?;
    let schools: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT tenant_id, slug FROM tenant ORDER BY slug").fetch_all(&mut connection).await?;
    let pool = Pool::new(&cluster.app_url()?, &PoolOptions { size: 2, ..pool_options(settings) })?;
    let store = store(settings, &cluster.sealer()?, settings.listen)?;
    let (mut files, mut faulty, mut unnamed) = (0, 0, 0);
    for (tenant, slug) in schools {
        let rows = rows(&mut connection, tenant).await?;
        let faults = still_there(&mut connection, tenant, faults(store.objects(), rows.clone(), wanted.bytes).await?).await?;
        let found = look(&mut OfSchool { pool: &pool, tenant }, &store, tenant, clock::now() + ANY_AGE).await.map_err(said)?;
        println!(
            "{slug}: {} files, {} that are not what their rows say, {} objects without a row",
            rows.len(),
            faults.len(),
            found.unnamed.len()
        );
        for (row, fault) in &faults {
            println!("  {} {}: {}", ids::encode("file", row.id), fault.words(), row.object);
        }
        for key in &found.unnamed {
            println!("  no row names {key}");
        }
        files += rows.len();
        faulty += faults.len();
        unnamed += found.unnamed.len();
    }
    connection.close().await?;
    pool.close();
    if unnamed > 0 {
        println!("What no row names may have come this moment; `lectern files sweep --dry-run` shows what is older than a day.");
    }
    match faulty {
        0 => {
            println!("{files} files are what their rows say.");
            Ok(())
        }
        1 => bail!("one file is not what its row says: restore its bytes from the backup of the files"),
        _ => bail!("{faulty} files are not what their rows say: restore their bytes from the backup of the files"),
    }
}

async fn rows(connection: &mut PgConnection, tenant: Uuid) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as("SELECT id, object, size, sha256 FROM file WHERE tenant_id = $1 ORDER BY id").bind(tenant).fetch_all(connection).await
}

/// What is wrong with these, several at once.
async fn faults(objects: &Objects, rows: Vec<Row>, reads_bytes: bool) -> anyhow::Result<Vec<(Row, Fault)>> {
    let looked: Vec<Option<(Row, Fault)>> = stream::iter(rows)
        .map(|row| async move {
            let fault = fault(objects, &row, reads_bytes).await?;
            Ok::<_, Error>(fault.map(|fault| (row, fault)))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
    Ok(looked.into_iter().flatten().collect())
}

async fn fault(objects: &Objects, row: &Row, reads_bytes: bool) -> Result<Option<Fault>, Error> {
    match objects.size(&row.object).await? {
        None => return Ok(Some(Fault::Missing)),
        Some(size) if i64::try_from(size) != Ok(row.size) => return Ok(Some(Fault::OtherSize)),
        Some(_) if !reads_bytes => return Ok(None),
        Some(_) => {}
    }
    let Some(mut bytes) = objects.read(&row.object, None).await? else { return Ok(Some(Fault::Missing)) };
    let mut digest = Context::new(&SHA256);
    while let Some(chunk) = bytes.next().await {
        digest.update(&chunk?);
    }
    Ok((HEXLOWER.encode(digest.finish().as_ref()) != row.sha256).then_some(Fault::OtherBytes))
}

/// Without those that were deleted while they were looked at.
async fn still_there(connection: &mut PgConnection, tenant: Uuid, faults: Vec<(Row, Fault)>) -> sqlx::Result<Vec<(Row, Fault)>> {
    if faults.is_empty() {
        return Ok(faults);
    }
    let asked: Vec<Uuid> = faults.iter().map(|(row, _)| row.id).collect();
    let there: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM file WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(asked)
        .fetch_all(connection)
        .await?;
    let there: HashSet<Uuid> = there.into_iter().collect();
    Ok(faults.into_iter().filter(|(row, _)| there.contains(&row.id)).collect())
}
