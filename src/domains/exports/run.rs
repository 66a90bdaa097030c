//! The job of an export: as whoever asked for it, with what they may see now.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    db::ColumnReader,
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    permission::Permission,
    store::Store,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    columns::{ReportDataset, RosterExportFormat},
    output::{Output, Written},
    report::Report,
    sql,
};
use crate::domains::{bookings::Span, rosters::write_roster};

/// Writes the file of a run.
pub const EXPORT: JobKind = JobKind { limit: Duration::from_secs(3600), ..JobKind::new("export.run", JobLane::Bulk, export) };

#[derive(Deserialize)]
struct Payload {
    run: Uuid,
}

fn export(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { run } = job.payload()?;
        let tx = job.begin().await?;
        if tx.value::<bool>(sql::BEGIN, &[&run]).await? != Some(true) {
            return job.finish(tx).await; // it has ended, or gone with its person
        }
        let row = tx.query(sql::RUN, &[&run]).await?.into_iter().next();
        let row = row.ok_or_else(|| Error::internal("a run that was begun is not there"))?;
        let mut reader = ColumnReader::new(&row);
        let (dataset, roster): (Option<ReportDataset>, Option<RosterExportFormat>) = (reader.next()?, reader.next()?);
        let (name, zone): (String, String) = (reader.next()?, reader.next()?);
        let (from, to): (Option<Timestamp>, Option<Timestamp>) = (reader.next()?, reader.next()?);
        let refused = match job.actor() {
            None => Some("REQUESTER_GONE"),
            Some(actor) if !actor.can(if dataset.is_some() { Permission::ReportRead } else { Permission::RosterManage }) => {
                Some("PERMISSION_LOST")
            }
            Some(_) => None,
        };
        if let Some(reason) = refused {
            tx.query(sql::FAIL, &[&run, &reason]).await?;
            return job.finish(tx).await;
        }
        job.step(tx).await?;

        let (store, tenant) = (job.outside::<Store>()?, job.tenant());
        let content_type = if name.ends_with(".zip") { "application/zip" } else { "text/csv" };
        let mut output = Output::begin(&store, tenant, run, &name, content_type);
        let span = from.zip(to).and_then(|(from, to)| Span::new(from, to));
        let written = match (dataset, roster, span) {
            (Some(dataset), _, Some(span)) => {
                let zone = TimeZone::get(&zone).map_err(|error| Error::internal(format!("the time zone of a run: {error}")))?;
                Report { dataset, span, zone }.write(&mut job, &mut output).await
            }
            (_, Some(roster), _) => write_roster(&mut job, roster, &mut output).await,
            _ => Err(Failure::Dead(Error::internal("an export of nothing"))),
        };
        let rows = match written {
            Ok(rows) => rows,
            Err(failure) => {
                output.abort().await;
                return Err(failure);
            }
        };
        let Written { object, size, sha256 } = output.finish().await?;
        let tx = job.begin().await?;
        if tx.value::<bool>(sql::FINISH, &[&run, &rows, &object, &content_type, &size, &sha256]).await? != Some(true) {
            store.objects().delete(&object).await?;
        }
        job.finish(tx).await
    })
}
