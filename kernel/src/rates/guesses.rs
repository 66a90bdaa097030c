//! Guesses at secrets: passwords at a sign-in (`sign_ins.rs`), enrollment keys (`keys.rs`). Wrong ones count for budgets, which the
//! replicas share through PostgreSQL; where one is spent, nothing is tried until older failures have expired. Right ones don't
//! count, because a whole school signs in from one address at eight o'clock.
//!
//! Those under way might all fail: as many as are still allowed are tried at once, and the others wait for them. So no more than
//! the limit are tried, however many come at once; with several replicas, no more than the limit and what the other replicas
//! were trying at that moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_postgres::Row;

use super::{Subject, open};
use crate::db::{DbError, Mode, Pool, Tx};

/// How long a guess waits for others of the same budgets.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Beyond so many lanes, those that nobody needs any more are removed.
const MANY: usize = 10_000;

/// Whom failures are counted for, and how many of them are allowed.
pub(super) type Allowance = (Subject, u32);

/// How often something has failed, and for how many seconds to wait where that is too often.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Failed {
    pub(super) count: u32,
    pub(super) wait: u32,
}

impl Failed {
    /// Out of the first two columns of a row.
    pub(super) fn read(row: &Row) -> Self {
        let (count, wait): (i64, i32) = (row.get(0), row.get(1));
        Failed { count: u32::try_from(count).unwrap_or(u32::MAX), wait: u32::try_from(wait).unwrap_or(1) }
    }
}

/// Guesses at one kind of secret.
pub(super) struct Guesses {
    pub(super) pool: Pool,
    /// How long a failure counts.
    pub(super) span: String,
    lanes: Arc<Lanes>,
}

/// What is being tried in this process, by budget.
#[derive(Default)]
struct Lanes {
    by_subject: Mutex<HashMap<Subject, Lane>>,
}

#[derive(Default)]
struct Lane {
    under_way: u32,
    /// How many were tried and have ended.
    ended: u64,
    last_ended: Option<Instant>,
    /// Wakes one of those who wait, for each that ends.
    bell: Arc<Notify>,
}

impl Lane {
    /// Nobody asks any more how many have ended, for whoever does so waits no longer than that.
    fn is_idle(&self) -> bool {
        self.under_way == 0 && Arc::strong_count(&self.bell) == 1 && self.last_ended.is_none_or(|last| last.elapsed() > PATIENCE)
    }
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Lane>> {
        self.by_subject.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// How many had ended before the database was asked how many have failed.
pub(super) struct Ended(HashMap<Subject, u64>);

/// A guess that is tried: it counts as under way as long as this lives.
pub(super) struct UnderWay {
    subjects: Vec<Subject>,
    lanes: Arc<Lanes>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock();
        for subject in &self.subjects {
            if let Some(lane) = lanes.get_mut(subject) {
                lane.under_way -= 1;
                lane.ended += 1;
                lane.last_ended = Some(Instant::now());
                lane.bell.notify_one();
            }
        }
    }
}

/// That a guess was woken: whoever doesn't take the place that is free, because of another budget or because they have gone, wakes the next.
#[derive(Default)]
pub(super) struct Woken(Option<Arc<Notify>>);

impl Drop for Woken {
    fn drop(&mut self) {
        if let Some(bell) = &self.0 {
            bell.notify_one();
        }
    }
}

/// Whether a guess may be tried now.
enum Entry {
    Open(UnderWay),
    /// Some have ended since the database was asked, and may have failed.
    Outdated,
    /// Others are being tried; the bell rings when one of them ends.
    Full(Arc<Notify>),
}

impl Guesses {
    pub(super) fn new(pool: Pool, minutes: u32) -> Self {
        Guesses { pool, span: format!("{minutes} minutes"), lanes: Arc::default() }
    }

    /// How many have ended until now. To be asked before the database is.
    pub(super) fn ended(&self, subjects: &[Subject]) -> Ended {
        let lanes = self.lanes.lock();
        Ended(subjects.iter().filter_map(|subject| Some((*subject, lanes.get(subject)?.ended))).collect())
    }

    /// Begins a guess whose budgets are not spent. Where those under way might spend them, waits for one of these; `None`: then all of it
    /// has to be asked anew, with the same `woken`.
    pub(super) async fn enter(
        &self,
        budgets: &[Allowance],
        failed: impl Fn(&Subject) -> Failed,
        ended: &Ended,
        woken: &mut Woken,
    ) -> Option<UnderWay> {
        match self.try_to_enter(budgets, failed, ended) {
            Entry::Open(under_way) => {
                if woken.0.as_ref().is_some_and(|bell| self.rings_for(bell, &under_way.subjects)) {
                    woken.0 = None;
                }
                Some(under_way)
            }
            Entry::Outdated => None,
            Entry::Full(bell) => {
                // Full again: somebody else has the place, and rings when they end.
                if woken.0.as_ref().is_some_and(|rung| Arc::ptr_eq(rung, &bell)) {
                    woken.0 = None;
                }
                *woken = Woken::default();
                bell.notified().await;
                woken.0 = Some(bell);
                None
            }
        }
    }

    /// Whether it is the bell of one of these budgets.
    fn rings_for(&self, bell: &Arc<Notify>, subjects: &[Subject]) -> bool {
        let lanes = self.lanes.lock();
        subjects.iter().any(|subject| lanes.get(subject).is_some_and(|lane| Arc::ptr_eq(&lane.bell, bell)))
    }

    fn try_to_enter(&self, budgets: &[Allowance], failed: impl Fn(&Subject) -> Failed, ended: &Ended) -> Entry {
        let mut lanes = self.lanes.lock();
        if lanes.len() > MANY {
            lanes.retain(|_, lane| !lane.is_idle());
        }
        for (subject, limit) in budgets {
            let Some(lane) = lanes.get(subject) else { continue };
            let unsure = lane.ended.abs_diff(ended.0.get(subject).copied().unwrap_or_default());
            let might_fail = u64::from(failed(subject).count) + u64::from(lane.under_way) + unsure;
            if might_fail >= u64::from(*limit) {
                return if unsure > 0 { Entry::Outdated } else { Entry::Full(lane.bell.clone()) };
            }
        }
        let subjects: Vec<Subject> = budgets.iter().map(|(subject, _)| *subject).collect();
        for subject in &subjects {
            lanes.entry(*subject).or_default().under_way += 1;
        }
        Entry::Open(UnderWay { subjects, lanes: self.lanes.clone() })
    }

    /// Counts a failure for each of these, and keeps so many of their latest. Answers how often the first has failed, and in how many
    /// seconds that is less than it keeps.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub(super) async fn count(pool: &Pool, span: &str, counted: &[Allowance], correlation_id: &str) -> Result<Failed, DbError> {
        if counted.is_empty() {
            return Ok(Failed::default());
        }
        let (subjects, kept) = arrays(counted);
        let tx = open(pool, Mode::Write, correlation_id).await?;
        let rows = tx
            .query(
                "SELECT failures, coalesce(wait, 0) FROM app.count_failed_sign_ins($2, $3, $4::text::interval) WHERE app.tenant_id() = $1",
                &[&subjects, &kept, &span],
            )
            .await?;
        tx.commit().await?;
        Ok(rows.first().map_or_else(Failed::default, Failed::read))
    }
}

/// How often each of these has failed.
///
/// # Errors
/// When the database can't be reached.
pub(super) async fn failures(tx: &Tx, budgets: &[Allowance], span: &str) -> Result<Vec<Failed>, DbError> {
    let (subjects, allowed) = arrays(budgets);
    let sql = "SELECT failures, coalesce(wait, 0) FROM app.failed_sign_ins($2, $3, $4::text::interval) WHERE app.tenant_id() = $1";
    Ok(tx.query(sql, &[&subjects, &allowed, &span]).await?.iter().map(Failed::read).collect())
}

/// Whom, and how many, as PostgreSQL takes them.
pub(super) fn arrays(allowances: &[Allowance]) -> (Vec<&[u8]>, Vec<i32>) {
    allowances.iter().map(|(subject, limit)| (subject.bytes(), number(*limit))).unzip()
}

/// As PostgreSQL takes it.
pub(super) fn number(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;
    use crate::db::PoolOptions;

    /// Of a database that nobody connects to: no failure is counted here.
    fn unconnected() -> Guesses {
        Guesses::new(Pool::new("postgres://nobody@localhost/none?sslmode=disable", &PoolOptions::default()).unwrap(), 15)
    }

    /// A budget that one guess fills.
    fn one_of(whom: &str) -> Allowance {
        (Subject::of(whom, &[]), 1)
    }

    async fn ask(guesses: &Guesses, budgets: &[Allowance], woken: &mut Woken) -> Option<UnderWay> {
        let subjects: Vec<Subject> = budgets.iter().map(|(subject, _)| *subject).collect();
        let ended = guesses.ended(&subjects);
        guesses.enter(budgets, |_| Failed::default(), &ended, woken).await
    }

    /// Asks until it may be tried.
    async fn turn(guesses: &Guesses, budgets: &[Allowance]) -> UnderWay {
        let mut woken = Woken::default();
        loop {
            if let Some(under_way) = ask(guesses, budgets, &mut woken).await {
                return under_way;
            }
        }
    }

    async fn soon(test: impl Future<Output = ()>) {
        tokio::time::timeout(Duration::from_secs(10), test).await.expect("somebody waits beside a place that is free");
    }

    #[tokio::test]
    async fn a_guess_that_was_woken_and_goes_wakes_the_next() {
        soon(async {
            let (guesses, budgets) = (unconnected(), [one_of("person")]);
            let holder = turn(&guesses, &budgets).await;
            let mut woken = Woken::default();
            let mut first = Box::pin(ask(&guesses, &budgets, &mut woken));
            let mut second = pin!(turn(&guesses, &budgets));
            assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none(), "both wait");
            drop(holder);
            assert!(first.await.is_none(), "all of it is to be asked anew");
            assert!(second.as_mut().now_or_never().is_none(), "one is woken for one that ended");
            drop(woken);
            second.await;
        })
        .await;
    }

    #[tokio::test]
    async fn a_guess_that_was_woken_and_finds_another_budget_full_wakes_the_next() {
        soon(async {
            let (guesses, person, address) = (unconnected(), one_of("person"), one_of("address"));
            let (both, one) = ([person, address], [person]);
            let holder = turn(&guesses, &one).await;
            let elsewhere = turn(&guesses, &[address]).await;
            let mut first = pin!(turn(&guesses, &both));
            let mut second = pin!(turn(&guesses, &one));
            assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none(), "both wait");
            drop(holder);
            assert!(first.as_mut().now_or_never().is_none(), "the address is full");
            let second = second.await;
            drop(elsewhere);
            assert!(first.as_mut().now_or_never().is_none(), "the person is");
            drop(second);
            first.await;
        })
        .await;
    }
}
