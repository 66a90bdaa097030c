//! The job that makes runs of schedules which are due.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    clock,
    db::ColumnReader,
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    columns::{ReportDataset, ReportFrequency},
    mutations::file_name,
    period::Clock,
    sql,
};

/// Looks every minute, in schools where something is due.
pub const DUE: JobKind = JobKind::new("report.due", JobLane::Bulk, due).every(Duration::from_secs(60), Scope::Schools);

/// Schedules at once.
const MANY: i32 = 200;

/// What a schedule makes.
#[derive(Default)]
struct Made {
    schedules: Vec<Uuid>,
    names: Vec<String>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    nexts: Vec<Timestamp>,
}

impl Made {
    fn add(&mut self, row: &Row, now: Timestamp) -> Result<(), Failure> {
        let mut reader = ColumnReader::new(row);
        let (schedule, dataset, frequency): (Uuid, ReportDataset, ReportFrequency) = (reader.next()?, reader.next()?, reader.next()?);
        let (hour, zone): (i32, String) = (reader.next()?, reader.next()?);
        let zone = TimeZone::get(&zone).map_err(|error| Error::internal(format!("the time zone of a schedule: {error}")))?;
        let clock = Clock { frequency, hour: i8::try_from(hour).unwrap_or(0), zone };
        let (period, next) = clock.due(now)?;
        self.names.push(file_name(dataset, period, &clock.zone));
        self.schedules.push(schedule);
        self.starts.push(period.start);
        self.ends.push(period.end);
        self.nexts.push(next);
        Ok(())
    }
}

fn due(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        loop {
            let tx = job.begin().await?;
            let rows = tx.query(sql::DUE, &[&MANY]).await?;
            let (mut made, now) = (Made::default(), clock::now());
            for row in &rows {
                made.add(row, now)?;
            }
            tx.query(sql::RUN_DUE, &[&made.schedules, &made.names, &made.starts, &made.ends, &made.nexts]).await?;
            if i32::try_from(rows.len()).unwrap_or(i32::MAX) < MANY {
                return job.finish(tx).await;
            }
            job.step(tx).await?;
        }
    })
}
