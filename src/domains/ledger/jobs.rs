//! Drawing invoices.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use lectern_kernel::{
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    store::{Kept, Store, admitted},
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    drawn::{Document, Drawn},
    sql,
};

/// Draws an invoice, and keeps it as a file: asked for with each that is issued.
pub const RENDER: JobKind = JobKind::new("invoice.render", JobLane::Bulk, render);

const PDF: &str = "application/pdf";

#[derive(Deserialize)]
struct Issued {
    invoice: Uuid,
}

fn render(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Issued { invoice } = job.payload()?;
        let store = job.outside::<Store>()?;
        let tx = job.begin().await?;
        let rows = tx.query(sql::TO_DRAW, &[&invoice]).await?;
        let Some(row) = rows.first() else { return job.finish(tx).await };
        let (kind, code): (String, String) = (row.try_get("kind")?, row.try_get("code")?);
        let (document, issued_at): (Value, Timestamp) = (row.try_get("document")?, row.try_get("issued_at")?);
        let (zone, locale): (String, String) = (row.try_get("time_zone")?, row.try_get("locale")?);
        let colour: Option<String> = row.try_get("primary_color")?;
        tx.end_read();
        drop(tx);
        let document: Document = serde_json::from_value(document)
            .map_err(|error| Failure::Dead(Error::internal(format!("an invoice's document can't be read: {error}"))))?;
        let drawn = Drawn { is_credit_note: kind == "CREDIT_NOTE", code, document, issued_at, zone, locale, colour };
        let name = drawn.name();
        let pdf = tokio::task::spawn_blocking(move || drawn.pdf()).await;
        let pdf = pdf.map_err(|error| Error::internal(format!("a drawing broke off: {error}")))?;
        let pdf = pdf.map_err(|error| Error::internal(format!("an invoice can't be drawn: {error}")))?;
        // Another attempt writes the same key.
        let object = admitted(job.tenant(), "invoices", invoice, &name);
        let (size, sha256) = (i64::try_from(pdf.len()).unwrap_or(i64::MAX), HEXLOWER.encode(digest(&SHA256, &pdf).as_ref()));
        let mut writer = store.objects().write(&object, Some(Kept { name: &name, content_type: PDF }));
        writer.push(pdf.into()).await?;
        writer.finish().await?;
        let tx = job.begin().await?;
        tx.query(sql::ATTACH, &[&invoice, &name, &PDF, &size, &sha256, &object]).await?;
        job.finish(tx).await
    })
}
