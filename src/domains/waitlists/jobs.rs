//! Offering what comes free, and ending what was not taken.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Code, Error, Result},
    ids::Id,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
};
use serde::Deserialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{WaitlistEntry, finding::Window, sql};
use crate::domains::{
    bookings::Span,
    identity::User,
    slots::{BookingType, SlotHold, Taking, terms_of},
};

/// Offers what has come free to who waits, first come first: asked for where time is freed; and every five minutes of everything, for new hours free time, too.
pub const OFFER: JobKind = JobKind::new("waitlist.offer", JobLane::Default, offer).every(Duration::from_secs(300), Scope::Schools);

/// Ends offers that were not taken, and waiting for what is over: asked for with each offer, for when it expires; and every minute, for what was missed.
pub const EXPIRE: JobKind = JobKind::new("waitlist.expire", JobLane::Default, |job| Box::pin(job.in_batches(sql::EXPIRE)))
    .every(Duration::from_secs(60), Scope::Schools);

/// The shortest time for which something is offered.
const LEAD: SignedDuration = SignedDuration::from_mins(5);
/// Entries that are read at a time.
const BATCH: i32 = 50;
/// Starts that are tried for one entry.
const TRIES: usize = 5;

/// What has come free; nothing: everything is looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Freed {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// One who waits.
struct Waiting {
    id: Id<WaitlistEntry>,
    learner: Id<User>,
    of: Id<BookingType>,
    session: Option<Uuid>,
    span: Span,
    instructor: Option<Id<User>>,
    since: Timestamp,
}

fn offer(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Freed { from, to } = job.payload()?;
        let mut after: Option<(Timestamp, Uuid)> = None;
        loop {
            let tx = job.begin().await?;
            let now = tx.value::<Timestamp>(sql::AS_NOBODY, &[]).await?.unwrap_or_default();
            let waiting = who_waits(&tx, from, to, after).await?;
            let is_last = waiting.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            let mut is_offered = false;
            for one in &waiting {
                after = Some((one.since, one.id.0));
                // Turns are held from here on: the next is asked in a transaction of its own.
                if offer_to(&tx, now, one).await? {
                    is_offered = true;
                    break;
                }
            }
            if is_last && !is_offered {
                return job.finish(tx).await;
            }
            job.step(tx).await?;
        }
    })
}

async fn who_waits(tx: &Tx, from: Option<Timestamp>, to: Option<Timestamp>, after: Option<(Timestamp, Uuid)>) -> Result<Vec<Waiting>> {
    let (at, id) = after.unzip();
    let rows = tx.query(sql::WHO_WAITS, &[&from, &to, &at, &id, &BATCH]).await?;
    let waiting = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (id, learner, of, session) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        let span = Span { start: reader.next()?, end: reader.next()? };
        Ok(Waiting { id, learner, of, session, span, instructor: reader.next()?, since: reader.next()? })
    });
    waiting.collect()
}

/// Offers somebody the first start that they could book. Whoever can book none stays where they are.
async fn offer_to(tx: &Tx, now: Timestamp, one: &Waiting) -> Result<bool> {
    let Some(of) = terms_of(tx, one.of).await? else { return Ok(false) };
    let window = Window {
        of: &of,
        learner: one.learner,
        instructor: one.instructor,
        span: one.span,
        session: one.session,
        durations: of.durations.get(..1).unwrap_or_default(),
        holder: Uuid::nil(),
    };
    for span in window.free(tx, now, LEAD, TRIES).await? {
        let about = window.about(now, span.start, span.start);
        let mut taking = Taking::begin(tx, &of, about).await?;
        loop {
            let choice = match taking.choose().await {
                Ok(choice) => choice,
                // Somebody came first: the next start may do.
                Err(error) if error.code() == Code::Conflict => break,
                Err(error) => return Err(error),
            };
            let hold = Id::<SlotHold>::generate();
            let params: [&(dyn ToSql + Sync); 7] =
                [&one.id, &hold, &span.start, &span.end, &choice.instructor, &choice.things, &choice.assignment];
            match tx.attempt(sql::OFFER, &params).await {
                Ok(rows) => {
                    let is_offered = rows.first().map(|row| row.try_get::<_, bool>(0)).transpose();
                    if is_offered.map_err(|error| Error::from(lectern_kernel::db::DbError::from(error)))? == Some(true) {
                        return Ok(true);
                    }
                    break;
                }
                Err(error) => taking.lost(error).await?,
            }
        }
    }
    Ok(false)
}
