//! The job of an erasure: nothing of a school stays, in any table and in the store; what is left over is counted.

use std::time::Duration;

use futures_util::{StreamExt as _, future::BoxFuture};
use lectern_kernel::{
    db::{Desk, Mode},
    error::Result,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    store::Store,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    catalog::{self, Table},
    sql,
};

/// Erases a school.
pub const ERASE: JobKind =
    JobKind { limit: Duration::from_secs(6 * 3600), is_spared: true, ..JobKind::new("tenant.erase", JobLane::Bulk, erase) };

/// How often all tables are gone through again because something was still written while they were emptied.
const PASSES: usize = 20;

#[derive(Deserialize)]
struct Payload {
    erasure: Uuid,
}

/// One erasure over the connections of lectern_desk.
struct Erasure<'a> {
    desk: &'a Desk,
    id: Uuid,
    school: Uuid,
    correlation_id: &'a str,
}

fn erase(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { erasure: id } = job.payload()?;
        let (desk, store) = (job.outside::<Desk>()?, job.outside::<Store>()?);
        let tx = desk.open(Uuid::nil(), Mode::Write, &job.correlation_id).await?;
        let school: Option<Uuid> = tx.value(sql::BEGIN_ERASURE, &[&id]).await?.flatten();
        tx.commit().await?;
        if let Some(school) = school {
            let erasure = Erasure { desk: &desk, id, school, correlation_id: &job.correlation_id };
            let tx = desk.open(school, Mode::Read, &job.correlation_id).await?;
            let (gap, tables) = (catalog::out_of_reach(&tx).await?, catalog::tables(&tx).await?);
            tx.end_read();
            if let Some(reason) = gap {
                let tx = desk.open(Uuid::nil(), Mode::Write, &job.correlation_id).await?;
                tx.query(sql::FAIL_ERASURE, &[&id, &reason]).await?;
                tx.commit().await?;
                let tx = job.begin().await?;
                return job.finish(tx).await;
            }
            let mut remaining = 0;
            for _ in 0..PASSES {
                erasure.empty(&tables).await?;
                // The school goes after its files: as long as it is there, an erasure that failed can be asked for again.
                erasure.forget_files(&store).await?;
                erasure.delete(&tables).await?;
                // Bytes may have come meanwhile.
                erasure.forget_files(&store).await?;
                remaining = erasure.count(&tables).await?;
                if remaining == 0 {
                    break;
                }
            }
            let tx = desk.open(Uuid::nil(), Mode::Write, &job.correlation_id).await?;
            tx.query(sql::FINISH_ERASURE, &[&id, &i32::try_from(tables.len()).unwrap_or(i32::MAX), &remaining]).await?;
            tx.commit().await?;
        }
        let tx = job.begin().await?;
        job.finish(tx).await
    })
}

impl Erasure<'_> {
    /// Deletes what is in the tables but for the school, each in a transaction of its own, those first that point at others. The triggers of one may
    /// write into another: they are emptied once more, together with the school.
    async fn empty(&self, tables: &[Table]) -> Result<()> {
        for table in tables.iter().rev().filter(|table| table.name != "tenant") {
            self.delete(std::slice::from_ref(table)).await?;
        }
        Ok(())
    }

    /// Deletes what is in these tables, in one transaction.
    async fn delete(&self, tables: &[Table]) -> Result<()> {
        let tx = self.desk.open(self.school, Mode::Write, self.correlation_id).await?;
        tx.query(sql::UNLOGGED, &[]).await?;
        let mut gone = 0;
        for table in tables.iter().rev() {
            let statement = format!(
                "WITH gone AS (DELETE FROM public.\"{}\" t WHERE t.tenant_id = $1 RETURNING t.tenant_id) SELECT count(*) FROM gone",
                table.name
            );
            gone += tx.value::<i64>(&statement, &[]).await?.unwrap_or_default();
        }
        tx.commit().await?;
        self.told(gone, 0).await
    }

    /// Deletes what the store has of the school.
    async fn forget_files(&self, store: &Store) -> Result<()> {
        let mut gone = 0;
        for folder in ["schools", "uploads"] {
            let mut found = Box::pin(store.objects().list(&format!("{folder}/{}", self.school)));
            while let Some(object) = found.next().await {
                store.objects().delete(&object?.key).await?;
                gone += 1;
            }
        }
        self.told(0, gone).await
    }

    async fn told(&self, rows: i64, files: i64) -> Result<()> {
        if rows == 0 && files == 0 {
            return Ok(());
        }
        let tx = self.desk.open(Uuid::nil(), Mode::Write, self.correlation_id).await?;
        tx.query(sql::COUNT_ERASED, &[&self.id, &rows, &files]).await?;
        Ok(tx.commit().await?)
    }

    /// Rows of the school that are there, over every table.
    async fn count(&self, tables: &[Table]) -> Result<i64> {
        let tx = self.desk.open(self.school, Mode::Read, self.correlation_id).await?;
        let mut found = 0;
        for table in tables {
            let statement = format!("SELECT count(*) FROM public.\"{}\" t WHERE t.tenant_id = $1", table.name);
            found += tx.value::<i64>(&statement, &[]).await?.unwrap_or_default();
        }
        tx.end_read();
        Ok(found)
    }
}
