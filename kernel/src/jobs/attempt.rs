//! One attempt at a claimed job, from its claim to whatever becomes of it.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use metrics::{counter, histogram};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::{
    JobKind,
    job::{Done, Failure, Job, said},
    statements,
    worker::Shared,
};
use crate::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Tx},
    error::Error,
    seen::{meters, trace},
};

/// A job that this worker may run, until the lease ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub tenant: Uuid,
    pub id: Uuid,
    pub lease: Uuid,
    /// Which attempt this is; the first is 1.
    pub attempt: i32,
}

/// How long a job waits whose kind this process does not know: another version's, which shall have it.
const STRANGER: Duration = Duration::from_secs(60);

/// Tries a job, and says in the database what became of it. `give_up` ends it unfinished.
pub(super) async fn attempt(shared: Arc<Shared>, claim: Claim, kind: String, give_up: CancellationToken) {
    let Some(kind) = shared.kinds.iter().copied().find(|known| known.name == kind) else {
        tracing::warn!(kind, "a job of a kind that this version does not know is left to others");
        return tell(&shared, &claim, statements::GIVE_BACK, &[&STRANGER.as_secs_f64()]).await;
    };
    let began = Instant::now();
    let span = trace::job(kind.name, claim.attempt);
    // Only what was awaited inside goes on; whatever else is dropped, and its transaction rolled back.
    let ended = tokio::select! {
        ended = run(&shared, &claim, kind).instrument(span) => Some(ended),
        () = renew(&shared, &claim) => Some(Err(Failure::Lost)),
        () = give_up.cancelled() => None,
    };
    count(kind, began, &ended);
    match ended {
        Some(Ok(_done)) => {}
        Some(Err(failure)) => fail(&shared, &claim, kind, failure).await,
        None => tell(&shared, &claim, statements::GIVE_BACK, &[&0f64]).await,
    }
}

/// Counts an attempt by what came of it.
fn count(kind: &JobKind, began: Instant, ended: &Option<Result<Done, Failure>>) {
    if meters().is_none() {
        return;
    }
    let (lane, outcome) = match ended {
        Some(Ok(_done)) => (kind.lane.as_str(), "done"),
        Some(Err(Failure::Again(..))) => (kind.lane.as_str(), "again"),
        Some(Err(Failure::Dead(_))) => (kind.lane.as_str(), "dead"),
        Some(Err(Failure::Lost)) => (kind.lane.as_str(), "lost"),
        None => (kind.lane.as_str(), "given_back"),
    };
    histogram!("lectern_job_duration_seconds", "lane" => lane).record(began.elapsed().as_secs_f64());
    counter!("lectern_job_attempts_total", "kind" => kind.name, "lane" => lane, "outcome" => outcome).increment(1);
}

async fn run(shared: &Arc<Shared>, claim: &Claim, kind: &JobKind) -> Result<Done, Failure> {
    let work = async {
        let job = Job::enter(shared.clone(), *claim).await?;
        trace::asked_for_by(&Span::current(), &job.correlation_id);
        (kind.handler)(job).await
    };
    match timeout(kind.limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_panic)) => Err(Error::internal("its handler panicked").into()),
        Err(_elapsed) => Err(Error::unavailable(format!("it took longer than {:?}", kind.limit)).reason("TOOK_TOO_LONG").into()),
    }
}

/// Renews the lease for as long as it is polled; ends where the job is somebody else's by now.
async fn renew(shared: &Shared, claim: &Claim) {
    let mut beats = interval(shared.options.renewal());
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats.tick().await;
    loop {
        beats.tick().await;
        match say(shared, claim, statements::KEEP, &[&shared.options.lease.as_secs_f64()]).await {
            Err(error) if error.constraint() == Some("job_lease") => return,
            Err(error) => tracing::warn!(job = %claim.id, reason = error.for_operator(), "the lease of a job could not be renewed now"),
            Ok(()) => {}
        }
    }
}

async fn fail(shared: &Shared, claim: &Claim, kind: &JobKind, failure: Failure) {
    let (error, wait) = match failure {
        Failure::Lost => {
            tracing::warn!(job = %claim.id, kind = kind.name, "a job was taken from this worker, and nothing of it was committed here");
            return;
        }
        Failure::Dead(error) => (error, None),
        Failure::Again(error, wait) => (error, Some(wait)),
    };
    tracing::warn!(job = %claim.id, kind = kind.name, ?error, for_good = wait.is_none(), "a job has failed");
    let seconds = match wait {
        None => None,
        Some(Some(wait)) => Some(wait.as_secs_f64()),
        Some(None) => Some(shared.options.wait(claim.attempt, chance()).as_secs_f64()),
    };
    tell(shared, claim, statements::FAIL, &[&said(&error), &seconds]).await;
}

/// From 0 to 1.
fn chance() -> f64 {
    f64::from(Uuid::now_v7().as_u128() as u32) / f64::from(u32::MAX)
}

/// Says something of a job. Where that is not possible, its lease ends by itself.
async fn tell(shared: &Shared, claim: &Claim, sql: &str, more: &[&(dyn ToSql + Sync)]) {
    match say(shared, claim, sql, more).await {
        Err(error) if error.constraint() != Some("job_lease") => {
            tracing::warn!(job = %claim.id, reason = error.for_operator(), "what became of a job could not be written: its lease will end");
        }
        _ => {}
    }
}

async fn say(shared: &Shared, claim: &Claim, sql: &str, more: &[&(dyn ToSql + Sync)]) -> Result<(), DbError> {
    let identity = Identity { tenant: claim.tenant, ..Identity::default() };
    let opening = Opening { mode: Mode::Write, identity, correlation_id: "job", actors: &ActorKind::TENANT };
    let params: Vec<&(dyn ToSql + Sync)> =
        [&claim.id as &(dyn ToSql + Sync), &claim.lease].into_iter().chain(more.iter().copied()).collect();
    let (tx, _) = Tx::open_asking(&shared.pool, &opening, sql, &params).await?;
    tx.commit().await
}
