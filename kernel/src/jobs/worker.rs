//! Claims jobs and runs them, as long as there are free slots, and until it is told to stop.

use std::{sync::Arc, time::Duration};

use metrics::counter;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    JobKind, JobLane, JobOptions, Outside,
    attempt::{Claim, attempt},
    schedule, statements,
};
use crate::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Pool, Tx},
    seen::meters,
};

/// How long jobs may take to be given back that did not finish in time.
const GIVING_BACK: Duration = Duration::from_secs(5);
/// How long is waited where the database can't be reached, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Runs jobs in this process.
pub struct Worker {
    shared: Arc<Shared>,
}

/// What every attempt needs.
pub(super) struct Shared {
    /// Of this worker alone.
    pub pool: Pool,
    pub kinds: Vec<&'static JobKind>,
    pub outside: Outside,
    pub options: JobOptions,
    /// By which its jobs know it.
    id: Uuid,
}

impl Worker {
    /// A worker over connections of its own: jobs keep no request waiting. What a process enqueues wakes it where its pool shares the
    /// other's bell ([`Pool::ringing`]).
    pub fn new(pool: Pool, kinds: Vec<&'static JobKind>, outside: Outside, options: JobOptions) -> Self {
        // A series that begins with its first one is no increase to Prometheus.
        for kind in kinds.iter().filter(|_| meters().is_some()) {
            counter!("lectern_job_attempts_total", "kind" => kind.name, "lane" => kind.lane.as_str(), "outcome" => "dead").increment(0);
        }
        Worker { shared: Arc::new(Shared { pool, kinds, outside, options, id: Uuid::now_v7() }) }
    }

    /// Works until told to stop. Then it claims no more; what runs may finish within the drain time, and is given back otherwise.
    pub async fn run(self, stop: CancellationToken) {
        let shared = self.shared;
        let give_up = CancellationToken::new();
        let mut running = Running::default();
        let schedule = tokio::spawn(schedule::run(shared.clone(), stop.clone()));
        let mut pause = Duration::ZERO;
        while !stop.is_cancelled() {
            let claimed = match claim(&shared, &running).await {
                Ok(claimed) => {
                    pause = Duration::ZERO;
                    claimed
                }
                Err(error) => {
                    if pause.is_zero() {
                        tracing::warn!(reason = error.for_operator(), "no jobs can be claimed now");
                    }
                    pause = (pause * 2).clamp(shared.options.poll.min(LONGEST_PAUSE), LONGEST_PAUSE);
                    Vec::new()
                }
            };
            let found_any = !claimed.is_empty();
            for (claim, lane, kind) in claimed {
                let attempt = attempt(shared.clone(), claim, kind, give_up.clone());
                #[cfg(debug_assertions)]
                let attempt = crate::db::carried(attempt);
                running.start(lane, attempt);
            }
            if found_any && running.has_room(&shared.options) {
                continue;
            }
            let next = Instant::now() + pause.max(shared.options.poll);
            tokio::select! {
                () = running.one_ended() => {}
                () = shared.pool.bell().notified(), if pause.is_zero() && running.has_room(&shared.options) => {}
                () = sleep_until(next) => {}
                () = stop.cancelled() => {}
            }
        }
        let deadline = Instant::now() + shared.options.drain;
        let _ended = timeout_at(deadline, schedule).await;
        if timeout_at(deadline, running.all_ended()).await.is_err() {
            tracing::warn!(jobs = running.count(), "some jobs did not finish in time, and are given back");
            give_up.cancel();
            let _given_back = timeout_at(Instant::now() + GIVING_BACK, running.all_ended()).await;
        }
        shared.pool.close();
    }
}

/// What runs, by lane.
#[derive(Default)]
struct Running {
    tasks: JoinSet<JobLane>,
    counts: [u16; 4],
}

impl Running {
    fn start(&mut self, lane: JobLane, attempt: impl Future<Output = ()> + Send + 'static) {
        self.counts[lane as usize] += 1;
        self.tasks.spawn(async move {
            attempt.await;
            lane
        });
    }

    fn free(&self, options: &JobOptions) -> Vec<(JobLane, u16, u16)> {
        options.slots.iter().map(|(lane, slots)| (*lane, *slots, slots.saturating_sub(self.counts[*lane as usize]))).collect()
    }

    fn has_room(&self, options: &JobOptions) -> bool {
        self.free(options).iter().any(|(.., free)| *free > 0)
    }

    fn count(&self) -> usize {
        self.tasks.len()
    }

    /// Waits for one to end; for ever, where none runs.
    async fn one_ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(lane)) => self.counts[lane as usize] -= 1,
            // An attempt catches its handler's panics, and nobody aborts one.
            Some(Err(error)) => tracing::error!(%error, "an attempt ended by itself: its slot is lost"),
            None => std::future::pending().await,
        }
        // Those that have ended as well, so that one claim fills their slots.
        while let Some(Ok(lane)) = self.tasks.try_join_next() {
            self.counts[lane as usize] -= 1;
        }
    }

    async fn all_ended(&mut self) {
        while self.count() > 0 {
            self.one_ended().await;
        }
    }
}

/// Claims as many jobs as there are free slots; where there are none, nobody is asked.
async fn claim(shared: &Shared, running: &Running) -> Result<Vec<(Claim, JobLane, String)>, DbError> {
    let free: Vec<(JobLane, u16, u16)> = running.free(&shared.options).into_iter().filter(|(.., free)| *free > 0).collect();
    if free.is_empty() {
        return Ok(Vec::new());
    }
    let lanes: Vec<&str> = free.iter().map(|(lane, ..)| lane.as_str()).collect();
    let wanted: Vec<i32> = free.iter().map(|(.., free)| i32::from(*free)).collect();
    let most: Vec<i32> = free.iter().map(|(lane, slots, _)| i32::from(most_of_one_school(*lane, *slots))).collect();
    let lease = Uuid::now_v7();
    let seconds = shared.options.lease.as_secs_f64();
    let (tx, rows) =
        Tx::open_asking(&shared.pool, &of_no_school(), statements::CLAIM, &[&lanes, &wanted, &most, &shared.id, &lease, &seconds]).await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let claim = Claim { tenant: row.try_get(0)?, id: row.try_get(1)?, attempt: row.try_get(4)?, lease };
            Ok((claim, row.try_get(3)?, row.try_get(2)?))
        })
        .collect()
}

/// Whoever waits long for others, as deliveries do for strangers' servers, must leave room.
fn most_of_one_school(lane: JobLane, slots: u16) -> u16 {
    if lane == JobLane::Delivery { slots.div_ceil(2) } else { slots }
}

/// A transaction in which all schools are looked over.
pub(super) fn of_no_school() -> Opening<'static> {
    Opening { mode: Mode::Write, identity: Identity::default(), correlation_id: "jobs", actors: &ActorKind::TENANT }
}
