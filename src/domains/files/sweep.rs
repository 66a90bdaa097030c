//! What no row names any more: found by going through the store and asking the database.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    db::{ColumnReader, DbError, Tx},
    error::Result,
    jobs::{Failure, Job},
    store::Store,
};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use uuid::Uuid;

use super::sql;

/// Keys that the database is asked of at once.
const BATCH: usize = 1000;
/// How old an object must be before it may be one that no row names: a completion writes it before its row is committed.
const AGE: SignedDuration = SignedDuration::from_hours(24);
/// How old bytes must be whose upload is not there any more.
const STAGED_AGE: SignedDuration = SignedDuration::from_hours(1);
/// As many objects may always go.
const FEW: u64 = 100;
/// Of more, one in so many.
const SHARE: u64 = 5;

/// Opens transactions of one school; none stays open while the store is waited for.
pub trait Door: Send {
    /// Opens one.
    fn open(&mut self) -> impl Future<Output = Result<Arc<Tx>, Failure>> + Send;
}

impl Door for Job {
    fn open(&mut self) -> impl Future<Output = Result<Arc<Tx>, Failure>> + Send {
        self.begin()
    }
}

/// What may go.
#[derive(Debug, Default)]
pub struct Found {
    /// How many objects the school has, without what is staged.
    pub objects: u64,
    /// Objects that no row names.
    pub unnamed: Vec<String>,
    /// Bytes of uploads that have ended.
    pub staged: Vec<String>,
}

impl Found {
    /// Whether that is more than should ever be left over: a database that was restored must not cost the files.
    pub fn is_over_limit(&self) -> bool {
        let unnamed = self.unnamed.len() as u64;
        unnamed > FEW && unnamed > self.objects / SHARE
    }
}

/// Asks the database which of these it knows.
async fn ask<T: FromSqlOwned>(door: &mut impl Door, sql: &str, of: &(dyn ToSql + Sync)) -> Result<Vec<T>, Failure> {
    let tx = door.open().await?;
    let rows = tx.query(sql, &[of]).await?;
    tx.end_read();
    Ok(rows.iter().map(|row| ColumnReader::new(row).next()).collect::<Result<_, DbError>>()?)
}

/// Of some keys, those that no row names.
async fn unnamed(door: &mut impl Door, keys: Vec<String>) -> Result<impl Iterator<Item = String>, Failure> {
    let named: HashSet<String> = ask(door, sql::NAMED, &keys).await?.into_iter().collect();
    Ok(keys.into_iter().filter(move |key| !named.contains(key)))
}

/// Looks for what may go of a school.
///
/// # Errors
/// Where store or database don't answer.
pub async fn look(door: &mut impl Door, store: &Store, tenant: Uuid, now: Timestamp) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut batch = Vec::new();
    let mut objects = store.objects().list(&format!("schools/{tenant}")).ready_chunks(BATCH);
    while let Some(chunk) = objects.next().await {
        for object in chunk {
            let object = object?;
            found.objects += 1;
            if object.written_at < now - AGE {
                batch.push(object.key);
            }
        }
        if batch.len() >= BATCH {
            found.unnamed.extend(unnamed(door, std::mem::take(&mut batch)).await?);
        }
    }
    if !batch.is_empty() {
        found.unnamed.extend(unnamed(door, batch).await?);
    }

    let mut staged = store.objects().list(&format!("uploads/{tenant}")).ready_chunks(BATCH);
    while let Some(chunk) = staged.next().await {
        let mut old = Vec::new();
        for object in chunk {
            let object = object?;
            if object.written_at < now - STAGED_AGE {
                let upload = object.key.rsplit('/').next().and_then(|id| id.parse::<Uuid>().ok());
                old.push((upload.unwrap_or_default(), object.key));
            }
        }
        let uploads: Vec<Uuid> = old.iter().map(|(upload, _)| *upload).collect();
        let recent = if uploads.is_empty() { Vec::new() } else { ask::<Uuid>(door, sql::RECENT, &uploads).await? };
        found.staged.extend(old.into_iter().filter(|(upload, _)| !recent.contains(upload)).map(|(_, key)| key));
    }
    Ok(found)
}

/// Deletes what was found, and what writers have left behind that were killed.
///
/// # Errors
/// Where the store does not answer.
pub async fn remove(store: &Store, tenant: Uuid, found: &Found) -> Result<()> {
    for key in found.unnamed.iter().chain(&found.staged) {
        store.objects().delete(key).await?;
    }
    for folder in ["schools", "uploads"] {
        store.objects().tidy(&format!("{folder}/{tenant}"), Duration::from_secs(24 * 3600)).await?;
    }
    Ok(())
}
