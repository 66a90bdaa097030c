//! The job of an export: all tables of one moment, all files, and a manifest that says what they must be.

use std::{io::Read as _, time::Duration};

use futures_util::{StreamExt as _, future::BoxFuture};
use lectern_kernel::{
    clock,
    db::{ColumnReader, DbError, Desk, Mode},
    error::{Error, Result},
    ids,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    permission::Permission,
    store::Store,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    archive::Archive,
    catalog,
    pages::{Lines, Spool},
    sql,
};
use crate::domains::exports::{Output, Written};

/// Writes the archive of a school. Of a big one that takes hours; no lapse stops it.
pub const EXPORT: JobKind =
    JobKind { limit: Duration::from_secs(6 * 3600), is_spared: true, ..JobKind::new("tenant.export", JobLane::Bulk, export) };

/// Deletes archives whose time is over, also after the lapse: asked for with each, for when it ends.
pub const FORGET: JobKind =
    JobKind { is_spared: true, ..JobKind::new("tenant.export_over", JobLane::Default, |job| Box::pin(job.in_batches(sql::FORGET))) };

/// Bytes that are read of the spool at once.
const CHUNK: usize = 256 << 10;

#[derive(Deserialize)]
struct Payload {
    export: Uuid,
}

/// A file of the school.
struct Kept {
    id: Uuid,
    object: String,
    name: String,
    size: i64,
    sha256: String,
}

/// All that the archive is made of, but for the bytes of files.
struct Snapshot {
    slug: String,
    name: String,
    spool: Spool,
    tables: Vec<Lines>,
    files: Vec<Kept>,
}

fn export(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { export } = job.payload()?;
        let tx = job.begin().await?;
        if tx.value::<bool>(sql::BEGIN, &[&export]).await? != Some(true) {
            return job.finish(tx).await; // it has ended
        }
        let refused = match job.actor() {
            None => Some("REQUESTER_GONE"),
            Some(actor) if !actor.can(Permission::TenantExport) => Some("PERMISSION_LOST"),
            Some(_) => None,
        };
        if let Some(reason) = refused {
            tx.query(sql::FAIL, &[&export, &reason]).await?;
            return job.finish(tx).await;
        }
        job.step(tx).await?;

        let (desk, store, tenant) = (job.outside::<Desk>()?, job.outside::<Store>()?, job.tenant());
        let snapshot = match read(&desk, tenant, &job.correlation_id).await? {
            Ok(snapshot) => snapshot,
            Err(reason) => {
                let tx = job.begin().await?;
                tx.query(sql::FAIL, &[&export, &reason]).await?;
                return job.finish(tx).await;
            }
        };
        let name = format!("{}-export.tar.gz", snapshot.slug);
        let mut archive = Archive::begin(Output::begin(&store, tenant, export, &name, "application/gzip"));
        let (rows, tables) = listed(&snapshot.tables);
        let files = match write(&mut archive, &store, tenant, snapshot).await {
            Ok(files) => files,
            Err(error) => {
                archive.abort().await;
                return Err(error.into());
            }
        };
        let Written { object, size, sha256 } = archive.finish().await?;
        let tx = job.begin().await?;
        if tx.value::<bool>(sql::FINISH, &[&export, &name, &object, &size, &sha256, &rows, &tables, &files]).await? != Some(true) {
            store.objects().delete(&object).await?;
        }
        job.finish(tx).await
    })
}

/// Reads the school as it is at one moment; or why that can't be done.
async fn read(desk: &Desk, tenant: Uuid, correlation_id: &str) -> Result<Result<Snapshot, String>> {
    let tx = desk.open(tenant, Mode::Read, correlation_id).await?;
    if let Some(reason) = catalog::out_of_reach(&tx).await? {
        tx.end_read();
        return Ok(Err(reason));
    }
    let row = tx.query(sql::SCHOOL, &[]).await?.into_iter().next().ok_or_else(|| Error::not_found("school"))?;
    let mut reader = ColumnReader::new(&row);
    let (slug, name): (String, String) = (reader.next()?, reader.next()?);
    let (mut spool, mut tables) = (Spool::new()?, Vec::new());
    for table in catalog::tables(&tx).await?.into_iter().filter(|table| !table.is_counter) {
        tables.push(spool.read(&tx, table).await?);
    }
    let files = tx
        .query(sql::FILES, &[])
        .await?
        .iter()
        .map(|row| {
            let mut reader = ColumnReader::new(row);
            let (id, object, name) = (reader.next()?, reader.next()?, reader.next()?);
            Ok(Kept { id, object, name, size: reader.next()?, sha256: reader.next()? })
        })
        .collect::<Result<_, DbError>>()?;
    tx.end_read();
    Ok(Ok(Snapshot { slug, name, spool, tables, files }))
}

/// What is told of the tables: rows in all, and each with its rows and their hash.
fn listed(tables: &[Lines]) -> (i32, Value) {
    let rows: u64 = tables.iter().map(|lines| lines.rows).sum();
    let tables = tables.iter().map(|Lines { table, rows, sha256, .. }| json!({ "name": table.name, "rows": rows, "sha256": sha256 }));
    (i32::try_from(rows).unwrap_or(i32::MAX), tables.collect())
}

/// Writes tables, files and the manifest; answers how many files.
async fn write(archive: &mut Archive, store: &Store, tenant: Uuid, snapshot: Snapshot) -> Result<i32> {
    let Snapshot { slug, name, mut spool, tables, files } = snapshot;
    for lines in &tables {
        archive.entry(&path_of(lines), lines.size).await?;
        let mut source = spool.open(lines)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = source.read(&mut buffer).map_err(|error| Error::unavailable(format!("a temporary file: {error}")))?;
            if read == 0 {
                break;
            }
            archive.push(&buffer[..read]).await?;
        }
        archive.close().await?;
    }
    let (mut shown, mut written) = (Vec::with_capacity(files.len()), 0);
    for Kept { id, object, name, size, sha256 } in files {
        let path = format!("files/{}", ids::encode("file", id));
        let found = store.objects().read(&object, None).await?;
        // Deleted since then, or lost: the manifest says so.
        let is_there = found.is_some();
        if let Some(mut bytes) = found {
            archive.entry(&path, u64::try_from(size).unwrap_or_default()).await?;
            while let Some(chunk) = bytes.next().await {
                archive.push(&chunk?).await?;
            }
            archive.close().await?;
            written += 1;
        }
        shown.push(json!({ "id": id, "path": is_there.then_some(path), "name": name, "size": size, "sha256": sha256 }));
    }
    let tables = tables.iter().map(|lines| {
        let table = &lines.table;
        let key: Vec<&String> = table.key.iter().map(|(column, _)| column).collect();
        json!({ "name": table.name, "path": path_of(lines), "rows": lines.rows, "sha256": lines.sha256, "key": key,
                "columns": table.columns, "secretColumns": table.secrets })
    });
    let manifest = json!({
        "format": 1,
        "school": { "id": tenant, "slug": slug, "name": name },
        "writtenAt": clock::now().to_string(),
        "tables": tables.collect::<Vec<_>>(),
        "files": shown,
    });
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::internal(format!("a manifest can't be written: {error}")))?;
    archive.entry("manifest.json", text.len() as u64).await?;
    archive.push(&text).await?;
    archive.close().await?;
    Ok(written)
}

fn path_of(lines: &Lines) -> String {
    format!("tables/{}.ndjson", lines.table.name)
}
