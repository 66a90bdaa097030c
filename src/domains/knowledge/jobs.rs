//! Reading documents: outside of any transaction, by a process of its own.

use std::time::Duration;

use futures_util::{StreamExt as _, future::BoxFuture};
use lectern_kernel::{
    db::ColumnReader,
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
    store::Store,
};
use serde::Deserialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    embedding::{Whose, array, of_pieces},
    extract::{Extracted, Extractor, Piece, Refusal},
    sql,
};

/// Reads a revision of a document. The third worker that dies of it is the last: it is FAILED then, with GAVE_UP.
pub const PROCESS: JobKind = JobKind { attempts: 3, ..JobKind::new("document.process", JobLane::Bulk, process) };

/// Looks after documents that wait although there is a place for them.
pub const SWEEP: JobKind = JobKind::new("document.sweep", JobLane::Default, |job| Box::pin(job.in_batches(sql::SWEEP)))
    .every(Duration::from_secs(60), Scope::Schools);

/// Bytes that are read of a file.
const LARGEST: usize = 20 * 1024 * 1024;

#[derive(Deserialize)]
struct Payload {
    document: Uuid,
    revision: i32,
}

fn process(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { document, revision } = job.payload()?;
        let of_job = job.id;
        let tx = job.begin().await?;
        let rows = tx.query(sql::TAKE, &[&document, &revision, &of_job]).await?;
        let Some(row) = rows.first() else {
            // It is another job's, was changed since, or waits for its turn: whoever ends asks for it.
            return job.finish(tx).await;
        };
        let mut reader = ColumnReader::new(row);
        let (media_type, text, object): (String, Option<String>, Option<String>) = (reader.next()?, reader.next()?, reader.next()?);
        let (person, project, embeds): (Option<Uuid>, Option<Uuid>, bool) = (reader.next()?, reader.next()?, reader.next()?);
        job.step(tx).await?;

        let bytes = match (text, object) {
            (Some(text), _) => Some(text.into_bytes()),
            (None, Some(object)) => bytes_of(&job, &object).await?,
            (None, None) => None,
        };
        let read = match bytes {
            Some(bytes) => {
                let extractor = job.outside::<Extractor>()?;
                extractor
                    .read(&media_type, bytes)
                    .await
                    .map_err(|error| Error::unavailable(format!("no process that reads a document: {error}")))?
            }
            None => Err(Refusal::Unreadable),
        };
        match read {
            Err(refusal) => {
                let tx = job.begin().await?;
                tx.query(sql::FAIL, &[&document, &revision, &of_job, &refusal.as_str()]).await?;
                job.finish(tx).await
            }
            Ok(Extracted { pages, characters, pieces }) => {
                let vectors = match person {
                    Some(person) if embeds => of_pieces(&mut job, Whose { document, person, project }, &pieces).await?,
                    _ => None,
                };
                let tx = job.begin().await?;
                let on_pages: Vec<Option<i32>> = pieces.iter().map(|piece| piece.page).collect();
                let headings: Vec<Option<&str>> = pieces.iter().map(|piece| piece.heading.as_deref()).collect();
                let texts: Vec<&str> = pieces.iter().map(|piece: &Piece| piece.text.as_str()).collect();
                let params: [&(dyn ToSql + Sync); 8] = [&document, &revision, &of_job, &pages, &characters, &on_pages, &headings, &texts];
                tx.query(sql::FINISH, &params).await?;
                if let Some(vectors) = vectors {
                    let places: Vec<i32> = (1..).take(vectors.len()).collect();
                    let vectors: Vec<String> = vectors.iter().map(|vector| array(vector)).collect();
                    tx.query(sql::SET_EMBEDDINGS, &[&document, &revision, &places, &vectors]).await?;
                }
                job.finish(tx).await
            }
        }
    })
}

/// The bytes of a file; none where the store has none, or too many.
async fn bytes_of(job: &Job, object: &str) -> Result<Option<Vec<u8>>, Failure> {
    let store = job.outside::<Store>()?;
    let Some(mut stream) = store.objects().read(object, None).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part?);
        if bytes.len() > LARGEST {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
