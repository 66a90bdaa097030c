//! `lectern tenant import`: a school that has left another deployment comes here, with the same ids. All of its rows come in one transaction, or none.
//!
//! Triggers would do again what they did when the rows were made (mails, jobs, entries of the log), so they are off while the rows come, which
//! the owner of the tables may do. Foreign keys, checks and exclusions stay on, and row security as well. Until the transaction ends, the writes of
//! other schools wait, and their reads don't; so everything is staged before.

mod archive;
mod plan;

use std::{fmt::Write as _, io::BufRead as _, path::Path};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use futures_util::StreamExt as _;
use lectern_kernel::{
    db::{
        migrate::{Standing, schema_fingerprint, standing},
        operator,
    },
    error::Error,
    sealing::Sealer,
    store::{Kept, Objects},
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, Transaction};
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use self::{
    archive::{FileOf, Manifest, Unpacked},
    plan::{Plan, refuse_what_is_there},
};
use super::{
    super::{Cluster, Spread, make_folder, objects, sources, tickets::give_codes},
    tables::quoted,
};
use crate::{
    config::{Settings, TenantImport},
    domains::webhooks::sealed_secret,
};

/// Lines, and bytes of them, that are staged at once.
const LINES: usize = 2000;
const BYTES: usize = 4 << 20;
/// Bytes of a file that are read at once.
const CHUNK: usize = 256 << 10;
/// How long it is waited for that nobody writes.
const PATIENCE: &str = "30s";

const NOT_PLATFORM: &str = "the role of LECTERN_OWNER_URL may not become lectern_platform: run sql/roles.sql as a superuser";

/// A file as its row has it.
struct Row {
    file: usize,
    object: String,
    name: String,
    content_type: String,
}

/// Takes a school over; where schools are spread over several databases, onto the shard on which PgDog looks for it.
///
/// # Errors
/// What stands in the way, in one sentence; nothing is kept then.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn import(settings: &Settings, cluster: &Cluster, wanted: &TenantImport, spread: Option<&Spread<'_>>) -> anyhow::Result<()> {
    let mut connection = owner(cluster).await?;
    let path = wanted.archive.clone();
    let unpacked = tokio::task::spawn_blocking(move || Unpacked::read(&path)).await??;
    let school = &unpacked.manifest.school;
    if let Some(spread) = spread {
        spread.refuse_elsewhere(school.id).await?;
    }
    let plan = Plan::of(&mut connection, &unpacked.manifest).await?;
    let mut tx = as_platform(&mut connection, school.id).await?;
    refuse_what_is_there(&mut tx, school.id, &school.slug).await?;
    tx.rollback().await?;
    stage(&mut connection, &unpacked, &plan).await?;
    let rows = files(&mut connection, &unpacked.manifest).await?;
    connection.execute("RESET ROLE").await?;
    make_folder(settings)?;
    let objects = objects(settings)?;
    let written = write(&objects, &unpacked, &rows, wanted.dry_run).await?;
    match load(&mut connection, &unpacked.manifest, &plan, &cluster.sealer()?, wanted.dry_run).await {
        Ok(report) => {
            connection.close().await?;
            print!("{report}");
            let bytes = unpacked.manifest.files.iter().filter(|file| unpacked.bytes(file).is_some()).count();
            println!("{bytes} of {} files have their bytes.", unpacked.manifest.files.len());
            let (name, slug) = (&school.name, &school.slug);
            println!(
                "{}",
                if wanted.dry_run { format!("{name} ({slug}) could be taken: nothing was.") } else { format!("{name} ({slug}) is here.") }
            );
            Ok(())
        }
        Err(error) => {
            for key in written {
                let _left_to_the_sweep = objects.delete(&key).await;
            }
            Err(error)
        }
    }
}

/// A connection as who owns the tables, to a database that stands at the schema of this binary.
pub(super) async fn owner(cluster: &Cluster) -> anyhow::Result<PgConnection> {
    let mut connection = operator::connect(&cluster.owner_url()?, "LECTERN_OWNER_URL").await?;
    match standing(sources::embedded()?, schema_fingerprint(&mut connection).await?.as_deref()) {
        Standing::Current => Ok(connection),
        _ => bail!("the database's schema is not the one of this binary: run `lectern migrate`, or import with the version that serves"),
    }
}

/// A transaction of the school as lectern_platform, to which the operator's policies are written.
async fn as_platform(connection: &mut PgConnection, school: Uuid) -> anyhow::Result<Transaction<'_, Postgres>> {
    let mut tx = super::begin(connection, "system:tenant-import", school).await?;
    become_platform(&mut tx).await?;
    Ok(tx)
}

pub(super) async fn become_platform(tx: &mut PgConnection) -> anyhow::Result<()> {
    let became = tx.execute("SET LOCAL ROLE lectern_platform").await;
    became.map(drop).context(NOT_PLATFORM)
}

/// Brings the lines of all tables that are taken into a table of this connection.
async fn stage(connection: &mut PgConnection, unpacked: &Unpacked, plan: &Plan) -> anyhow::Result<()> {
    // Only this role may make temporary tables for certain.
    let became = connection.execute("SET ROLE lectern_platform").await;
    became.context(NOT_PLATFORM)?;
    connection.execute("CREATE TEMPORARY TABLE staged (name text NOT NULL, line json NOT NULL)").await?;
    for table in &unpacked.manifest.tables {
        if !plan.loads.iter().any(|load| load.name == table.name) {
            continue;
        }
        let mut lines = unpacked.lines(table)?.lines();
        loop {
            let (mut batch, mut size) = (Vec::new(), 0);
            while batch.len() < LINES && size < BYTES {
                let Some(line) = lines.next().transpose()? else { break };
                size += line.len();
                batch.push(line);
            }
            if batch.is_empty() {
                break;
            }
            sqlx::query("INSERT INTO staged (name, line) SELECT $1, l::json FROM unnest($2::text[]) AS l")
                .bind(&table.name)
                .bind(batch)
                .execute(&mut *connection)
                .await?;
        }
    }
    connection.execute("CREATE INDEX ON staged (name)").await?;
    connection.execute("ANALYZE staged").await?;
    Ok(())
}

/// The files of the manifest, with what their rows say of them.
async fn files(connection: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<Vec<Row>> {
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT line ->> 'id', line ->> 'object', line ->> 'name', line ->> 'content_type' FROM staged WHERE name = 'file'")
            .fetch_all(connection)
            .await?;
    let prefix = format!("schools/{}/", manifest.school.id);
    rows.into_iter()
        .filter_map(|(id, object, name, content_type)| {
            let file = manifest.files.iter().position(|file| file.id.to_string() == id)?;
            Some((file, object, name, content_type))
        })
        .map(|(file, object, name, content_type)| {
            anyhow::ensure!(object.starts_with(&prefix) && !object.contains(".."), "the file {name} lies in the folder of another school");
            Ok(Row { file, object, name, content_type })
        })
        .collect()
}

/// Writes the bytes of files that are not here yet; answers their keys.
async fn write(objects: &Objects, unpacked: &Unpacked, rows: &[Row], is_dry: bool) -> anyhow::Result<Vec<String>> {
    let said = |error: Error| anyhow::anyhow!("{}", error.for_operator());
    let mut written = Vec::new();
    for row in rows {
        let file = &unpacked.manifest.files[row.file];
        let Some(path) = unpacked.bytes(file) else { continue };
        if objects.holds(&row.object).await.map_err(said)? {
            // An import that was cut off has left it, or it is somebody else's.
            if !is_the_same(objects, &row.object, file).await.map_err(said)? {
                bail!("{} lies in the store already, with other bytes", row.object);
            }
            continue;
        }
        if is_dry {
            continue;
        }
        written.push(row.object.clone());
        let ended = copy(objects, row, &path).await;
        if let Err(error) = ended {
            for key in written {
                let _left_to_the_sweep = objects.delete(&key).await;
            }
            return Err(error);
        }
    }
    Ok(written)
}

async fn copy(objects: &Objects, row: &Row, path: &Path) -> anyhow::Result<()> {
    let said = |error: Error| anyhow::anyhow!("{}", error.for_operator());
    let mut from = tokio::fs::File::open(path).await?;
    let mut writer = objects.write(&row.object, Some(Kept { name: &row.name, content_type: &row.content_type }));
    loop {
        let mut bytes = Vec::with_capacity(CHUNK);
        if (&mut from).take(CHUNK as u64).read_to_end(&mut bytes).await? == 0 {
            break;
        }
        writer.push(bytes.into()).await.map_err(said)?;
    }
    writer.finish().await.map_err(said)
}

async fn is_the_same(objects: &Objects, key: &str, file: &FileOf) -> Result<bool, Error> {
    let (size, sha256) = file.expected();
    if objects.size(key).await? != Some(size) {
        return Ok(false);
    }
    let Some(mut bytes) = objects.read(key, None).await? else { return Ok(false) };
    let mut digest = digest::Context::new(&digest::SHA256);
    while let Some(chunk) = bytes.next().await {
        digest.update(&chunk?);
    }
    Ok(HEXLOWER.encode(digest.finish().as_ref()) == sha256)
}

/// Loads what is staged, in one transaction; answers what the operator may want to know.
async fn load(connection: &mut PgConnection, manifest: &Manifest, plan: &Plan, sealer: &Sealer, is_dry: bool) -> anyhow::Result<String> {
    let school = manifest.school.id;
    let mut tx = super::begin(connection, "system:tenant-import", school).await?;
    tx.execute(AssertSqlSafe(format!("SET LOCAL lock_timeout = '{PATIENCE}'"))).await?;
    let names: Vec<String> = plan.loads.iter().map(|load| format!("public.{}", quoted(&load.name))).collect();
    tx.execute(AssertSqlSafe(format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", ")))).await.map_err(late)?;
    for name in &names {
        tx.execute(AssertSqlSafe(format!("ALTER TABLE {name} DISABLE TRIGGER USER"))).await.map_err(late)?;
    }
    become_platform(&mut tx).await?;
    // Again: somebody may have founded it meanwhile.
    refuse_what_is_there(&mut tx, school, &manifest.school.slug).await?;
    let (mut report, mut total) = (String::new(), 0);
    for load in &plan.loads {
        let mut insert = sqlx::query(AssertSqlSafe(load.insert.clone())).bind(&load.name);
        if load.needs_secret {
            let secret = sealed_secret(sealer, school).map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
            insert = insert.bind(secret);
        }
        let rows = insert.execute(&mut *tx).await.with_context(|| format!("the rows of {} are refused", load.name))?.rows_affected();
        total += rows;
        if rows > 0 && load.needs_secret {
            let _ = writeln!(
                report,
                "{}: {rows} have a new secret and are paused, until somebody rotates it and tells their receivers.",
                load.name
            );
        }
        if rows > 0 && !load.emptied.is_empty() {
            let _ = writeln!(report, "{}: {rows} rows; {} are empty, for no export holds them.", load.name, load.emptied.join(", "));
        }
    }
    for load in &plan.loads {
        if let Some(point) = &load.point {
            sqlx::query(AssertSqlSafe(point.clone()))
                .bind(&load.name)
                .execute(&mut *tx)
                .await
                .with_context(|| format!("the rows of {} are refused", load.name))?;
        }
    }
    let tickets = give_codes(&mut tx, sealer, school).await.context("the tickets can't have codes")?;
    if tickets > 0 {
        let _ = writeln!(report, "ticket: {tickets} have new codes; those that people have been shown are worth nothing at the door.");
    }
    sqlx::query(
        "INSERT INTO audit_entry (tenant_id, id, operation, outcome, resource, resource_id, correlation_id) \
         VALUES ($1, $2, 'system:tenant-import', 'CHANGED', 'Tenant', $1, current_setting('app.correlation_id'))",
    )
    .bind(school)
    .bind(Uuid::now_v7())
    .execute(&mut *tx)
    .await?;
    tx.execute("SET CONSTRAINTS ALL IMMEDIATE").await.context("rows of the export point at what it does not hold")?;
    tx.execute("RESET ROLE").await?;
    for name in &names {
        tx.execute(AssertSqlSafe(format!("ALTER TABLE {name} ENABLE TRIGGER USER"))).await?;
    }
    if is_dry {
        tx.rollback().await?
    } else {
        tx.commit().await?
    }
    let left_out = plan.left_out.join(", ");
    let _ = writeln!(report, "Left out, for it works by secrets that no export holds, or belongs to where it comes from: {left_out}.");
    let _ = writeln!(report, "People set a new password (a mailed link, or an administrator), keys and feeds are made anew.");
    let _ = writeln!(report, "{total} rows of {} tables.", plan.loads.len());
    Ok(report)
}

/// Where others did not stop to write in time.
pub(super) fn late(error: sqlx::Error) -> anyhow::Error {
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("55P03") => anyhow::anyhow!("others wrote for {PATIENCE} without a pause: try again, at a quieter hour"),
        _ => error.into(),
    }
}
