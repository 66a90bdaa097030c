//! Standbys that queries are read from. Which of them may be read is looked at several times a second, beside the requests: one that lags, that
//! does not answer, or that follows another primary is left out. Whether one has come as far as its reader has written is asked once more, by the
//! very connection that reads ([`super::Tx`]).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio_postgres::SimpleQueryMessage;

use super::{
    DbError, Identity, Pool, PoolOptions,
    positions::{Position, Positions},
    servers::each_server,
};

/// How often is looked.
const PULSE: Duration = Duration::from_millis(100);
/// How long a server may take to say where it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a standby is; nothing where it is none.
const REPLAYED: &str = "SELECT pg_last_wal_replay_lsn() WHERE pg_is_in_recovery()";
/// How far the primary has written to its disk, which no standby is ahead of; nothing where it is none.
const WRITTEN: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn() END";

/// Standbys that queries are read from.
pub struct Standbys {
    each: Vec<Standby>,
    positions: Arc<Positions>,
    lag: Duration,
    /// Whose turn it is.
    turn: AtomicUsize,
    is_watched: AtomicBool,
    /// How many queries were sent to one of them.
    sent: AtomicU64,
}

struct Standby {
    pool: Pool,
    /// By which it is looked at.
    apart: Pool,
    state: Mutex<State>,
}

/// What is known of a standby.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    replayed: Position,
    is_fit: bool,
    /// It has gone another way than the primary: it stays away until it is another server.
    has_strayed: bool,
}

impl Standbys {
    /// Pools that connect when they are first asked, one for each server that `url` names. `lag`: how far behind one may be that is read from.
    ///
    /// # Errors
    /// When the URL can't be read.
    pub fn new(url: &str, options: &PoolOptions, lag: Duration) -> anyhow::Result<Standbys> {
        let pools = each_server(url).into_iter().map(|url| Pool::new(&url, options));
        let standby = |pool: Pool| Standby { apart: pool.apart(), pool, state: Mutex::default() };
        let each = pools.map(|pool| pool.map(standby)).collect::<anyhow::Result<_>>()?;
        Ok(Standbys {
            each,
            positions: Arc::default(),
            lag,
            turn: AtomicUsize::new(0),
            is_watched: AtomicBool::new(false),
            sent: AtomicU64::new(0),
        })
    }

    /// The connections to each of them.
    pub fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.each.iter().map(|standby| &standby.pool)
    }

    /// Connections to the primary, over which it is kept in mind how far people write.
    #[must_use]
    pub(crate) fn noting(&self, primary: Pool) -> Pool {
        primary.noting(self.positions.clone())
    }

    /// How many there are that may be read just now.
    pub fn fit(&self) -> usize {
        self.each.iter().filter(|standby| standby.state().is_fit).count()
    }

    /// How many queries were sent to one of them.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Where somebody may be read to, who has written as far as this process knows, and as far as they say; none where that is the primary alone.
    pub(crate) fn choose(self: &Arc<Self>, primary: &Pool, person: Identity, said: Position) -> Option<Pool> {
        if !self.is_watched.swap(true, Ordering::Relaxed) {
            tokio::spawn(watch(Arc::downgrade(self), primary.apart()));
        }
        let required = self.positions.of(person).max(said);
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut places = (0..self.each.len()).map(|step| &self.each[first.wrapping_add(step) % self.each.len()]);
        let standby = places.find(|standby| {
            let state = standby.state();
            state.is_fit && state.replayed >= required
        })?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Some(standby.pool.requiring(required))
    }

    /// Asks each where it is, then the primary: a standby that is further than it has gone another way.
    async fn look(&self, primary: &Pool, written: &mut VecDeque<(Instant, Position)>) {
        let replayed = join_all(self.each.iter().map(|standby| ask(&standby.apart, REPLAYED))).await;
        let asked = Instant::now();
        match ask(primary, WRITTEN).await {
            Ok(Some(position)) => written.push_back((asked, position)),
            Ok(None) => tracing::debug!("the primary is none"),
            Err(error) => tracing::debug!(reason = error.for_operator(), "the primary does not say where it is"),
        }
        // What was written longer ago than a standby may be behind is asked for no more, but for the last of it.
        while written.get(1).is_some_and(|(at, _)| at.elapsed() >= self.lag) {
            written.pop_front();
        }
        let mut passed: Option<Position> = None;
        for (standby, replayed) in self.each.iter().zip(replayed) {
            let state = match replayed {
                Ok(Some(replayed)) => standby.state().next(replayed, written, self.lag),
                // Another server may answer the next time.
                Ok(None) | Err(_) => State::default(),
            };
            if state.is_fit {
                passed = Some(passed.map_or(state.replayed, |passed| passed.min(state.replayed)));
            }
            let before = standby.set(state);
            if before.is_fit != state.is_fit {
                tracing::info!(is_read_from = state.is_fit, has_strayed = state.has_strayed, "a standby");
            }
        }
        self.positions.passed(passed.unwrap_or_default());
    }
}

impl Standby {
    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) -> State {
        std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

impl State {
    /// What is known once it has said where it is; `written`: where the primary was, and when, the last of it just now.
    fn next(self, replayed: Position, written: &VecDeque<(Instant, Position)>, lag: Duration) -> State {
        let last = written.back().map(|(_, position)| *position).unwrap_or_default();
        let has_strayed = self.has_strayed || (!written.is_empty() && replayed > last);
        // As of when it shows everything: the last moment at which the primary had written no more.
        let as_of = written.iter().rev().find(|(_, position)| replayed >= *position).map(|(at, _)| *at);
        let is_fit = !has_strayed && as_of.is_some_and(|at| at.elapsed() <= lag);
        State { replayed, is_fit, has_strayed }
    }
}

/// Looks until nobody reads from them any more.
async fn watch(standbys: Weak<Standbys>, primary: Pool) {
    let mut written = VecDeque::new();
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pulse.tick().await;
        let Some(standbys) = standbys.upgrade() else { return };
        standbys.look(&primary, &mut written).await;
    }
}

async fn ask(pool: &Pool, sql: &str) -> Result<Option<Position>, DbError> {
    let asked = async {
        let answers = pool.connection().await?.simple_query(sql).await?;
        Ok(answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0).and_then(Position::of_lsn),
            _ => None,
        }))
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_elapsed| Err(DbError::unreachable("it did not answer in time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Duration = Duration::from_secs(10);

    fn at(lsn: &str) -> Position {
        Position::of_lsn(lsn).unwrap()
    }

    fn ago(milliseconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_millis(milliseconds)).unwrap()
    }

    #[test]
    fn a_standby_is_read_from_while_it_shows_what_was_written_a_moment_ago() {
        let written = VecDeque::from([(ago(30_000), at("0/10")), (ago(4000), at("0/20")), (ago(10), at("0/30"))]);
        let looked = |lsn| State::default().next(at(lsn), &written, LAG);
        assert!(looked("0/30").is_fit, "it is where the primary is");
        assert!(looked("0/21").is_fit, "it was there 4 s ago");
        assert!(!looked("0/1F").is_fit, "it was last there 30 s ago");
        assert!(!looked("0/1").is_fit, "it was never there");
        assert!(!State::default().next(at("0/30"), &VecDeque::new(), LAG).is_fit, "nothing is known of the primary");
        assert!(!State::default().next(at("0/30"), &VecDeque::from([(ago(20_000), at("0/30"))]), LAG).is_fit, "nor for twenty seconds");
    }

    #[test]
    fn a_standby_that_was_further_than_its_primary_has_gone_another_way_for_good() {
        let strayed = State::default().next(at("0/31"), &VecDeque::from([(ago(0), at("0/30"))]), LAG);
        assert!(strayed.has_strayed && !strayed.is_fit);
        let later = strayed.next(at("0/31"), &VecDeque::from([(ago(0), at("0/31"))]), LAG);
        assert!(!later.is_fit, "although the primary has come as far meanwhile");
    }
}
