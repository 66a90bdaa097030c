//! Budgets of a minute: what a person has used is counted in memory, where it costs a request nothing. Once a second it is merged
//! with what the other replicas have counted, where it is enough to matter.
//!
//! The minute slides: of the one before, the part counts that still lies within the last sixty seconds, as if what was
//! used then had been spread evenly.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;

use super::{Subject, open};
use crate::{
    db::{DbError, Mode, Pool},
    error::{Error, Result},
    seen::counted,
};

/// How long what was counted here may be unknown to the other replicas.
const PERIOD: Duration = Duration::from_secs(1);

/// Less than this part of a budget (one in so many) is not written.
const WORTH_TELLING: u64 = 20;

/// People that are remembered at most; beyond them, those of an earlier minute are forgotten sooner.
const MANY: usize = 100_000;

/// What a person may use up a minute. Domains declare theirs, and name them at mutations: `#[budget(CHANGES)]`.
#[derive(Debug)]
pub struct Budget {
    /// Its name, which is part of what is stored.
    pub name: &'static str,
    /// How much it is a minute, unless the operator says otherwise; 0 for no limit.
    pub a_minute: u64,
    /// What is answered when it is spent, as a whole sentence.
    pub refusal: &'static str,
    /// Whether it is an address's, signed in or not, rather than a person's.
    pub is_of_address: bool,
}

/// What documents cost.
pub static COST: Budget =
    Budget { name: "cost", a_minute: 5_000_000, refusal: "Your documents ask for too much at a time.", is_of_address: false };

/// Budgets of people.
#[derive(Clone)]
pub struct Budgets {
    /// Those that the operator has set, by their names.
    set: Arc<HashMap<&'static str, u64>>,
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    accounts: HashMap<Subject, Account>,
    /// Whether somebody is about to merge.
    merging: bool,
}

/// What somebody has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Account {
    minute: i64,
    /// In this minute, here, not written yet.
    untold: u64,
    /// In this minute, as all replicas know it.
    known: u64,
    /// In the minute before.
    before: u64,
    /// From how much on it is written.
    threshold: u64,
}

impl Account {
    fn roll(&mut self, minute: i64) {
        if minute > self.minute {
            let used = self.known + self.untold;
            self.before = if minute == self.minute + 1 { used } else { 0 };
            (self.minute, self.known, self.untold) = (minute, 0, 0);
        }
    }

    /// Milliseconds until so much may be spent; none, where it was.
    fn spend(&mut self, amount: u64, limit: u64, millisecond: i64) -> Option<u64> {
        const MINUTE: u64 = 60_000;
        self.roll(millisecond.div_euclid(MINUTE as i64));
        let passed = millisecond.rem_euclid(MINUTE as i64).unsigned_abs();
        // More than the whole budget at once is the whole budget: nobody is shut out for good.
        let amount = amount.min(limit);
        let used = self.known + self.untold;
        let room = limit.saturating_sub(used.saturating_add(amount));
        if used + amount <= limit && self.before.saturating_mul(MINUTE - passed) <= room.saturating_mul(MINUTE) {
            self.untold += amount;
            return None;
        }
        // The part of a minute that must have passed until so little of it counts that there is room.
        let until = |counted: u64, room: u64| if counted <= room { 0 } else { MINUTE - room.saturating_mul(MINUTE) / counted };
        Some(if used + amount <= limit {
            until(self.before, room).saturating_sub(passed)
        } else {
            MINUTE - passed + until(used, limit - amount)
        })
    }
}

impl Budgets {
    /// Budgets, of which some have another size than they declare.
    pub fn new(pool: Pool, set: &[(&'static Budget, u64)]) -> Self {
        let set = Arc::new(set.iter().map(|(budget, a_minute)| (budget.name, *a_minute)).collect());
        Budgets { set, shared: Arc::new(Shared { pool, used: Mutex::default() }) }
    }

    /// Spends what a document is about to use, of a person's budget.
    ///
    /// # Errors
    /// `RATE_LIMITED` where nothing is left; nothing is spent then.
    pub fn spend(&self, budget: &Budget, whose: &[&[u8]], amount: u64, now: Timestamp) -> Result<()> {
        let limit = self.set.get(budget.name).copied().unwrap_or(budget.a_minute);
        if limit == 0 || amount == 0 {
            return Ok(());
        }
        let subject = Subject::of(budget.name, whose);
        let mut used = self.shared.used();
        let account = used.accounts.entry(subject).or_default();
        account.threshold = limit.div_ceil(WORTH_TELLING);
        let wait = account.spend(amount, limit, now.as_millisecond());
        if account.untold >= account.threshold && !used.merging {
            used.merging = true;
            tokio::spawn(merge_soon(self.shared.clone()));
        }
        if used.accounts.len() > MANY {
            let minute = now.as_second().div_euclid(60);
            used.accounts.retain(|_, account| account.minute >= minute);
        }
        match wait {
            None => Ok(()),
            Some(milliseconds) => {
                counted("lectern_rate_limited_total", "limit", budget.name);
                Err(Error::rate_limited(budget.refusal, milliseconds.div_ceil(1000).max(1)))
            }
        }
    }

    /// Gives back what was spent just now, because nothing was done for it.
    pub fn give_back(&self, budget: &Budget, whose: &[&[u8]], amount: u64) {
        if let Some(account) = self.shared.used().accounts.get_mut(&Subject::of(budget.name, whose)) {
            account.untold = account.untold.saturating_sub(amount);
        }
    }

    /// Writes what was counted here now, and reads what the other replicas have counted.
    pub async fn merge(&self) -> Result<(), DbError> {
        self.shared.merge().await
    }
}

async fn merge_soon(shared: Arc<Shared>) {
    tokio::time::sleep(PERIOD).await;
    shared.used().merging = false;
    if let Err(error) = shared.merge().await {
        tracing::warn!(reason = error.for_operator(), "what was counted for rate limits can't be shared with other replicas now");
    }
}

impl Shared {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    async fn merge(&self) -> Result<(), DbError> {
        let told: Vec<(Subject, i64, u64)> = {
            let mut used = self.used();
            let newest = used.accounts.values().map(|account| account.minute).max().unwrap_or_default();
            used.accounts.retain(|_, account| account.minute >= newest - 1);
            let worth = used.accounts.iter_mut().filter(|(_, account)| account.untold >= account.threshold.max(1));
            worth
                .map(|(subject, account)| {
                    let amount = std::mem::take(&mut account.untold);
                    account.known += amount;
                    (*subject, account.minute, amount)
                })
                .collect()
        };
        if told.is_empty() {
            return Ok(());
        }
        let subjects: Vec<&[u8]> = told.iter().map(|(subject, ..)| subject.bytes()).collect();
        let minutes: Vec<i64> = told.iter().map(|(_, minute, _)| *minute).collect();
        let amounts: Vec<i64> = told.iter().map(|(.., amount)| i64::try_from(*amount).unwrap_or(i64::MAX)).collect();
        let tx = open(&self.pool, Mode::Write, "rates").await?;
        let rows = tx
            .query(
                "SELECT used, used_before FROM app.merge_budgets($2, $3, $4) WHERE app.tenant_id() = $1",
                &[&subjects, &minutes, &amounts],
            )
            .await?;
        tx.commit().await?;
        let mut used = self.used();
        for ((subject, minute, _), row) in told.iter().zip(&rows) {
            let all = |column: usize| row.get::<_, i64>(column).unsigned_abs();
            if let Some(account) = used.accounts.get_mut(subject) {
                if account.minute == *minute {
                    (account.known, account.before) = (account.known.max(all(0)), account.before.max(all(1)));
                } else if account.minute == minute + 1 {
                    account.before = account.before.max(all(0));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once_a_minute_and_comes_back_little_by_little() {
        let mut account = Account::default();
        let minute = 60_000;
        assert_eq!(account.spend(60, 100, 10 * minute), None);
        assert_eq!(account.spend(40, 100, 10 * minute + 100), None);
        // Of the hundred, 10 no longer count when a tenth of the next minute has passed.
        assert_eq!(account.spend(10, 100, 10 * minute + 30_000), Some(30_000 + 6_000));
        assert_eq!(account.spend(10, 100, 11 * minute + 5_900), Some(100));
        assert_eq!(account.spend(10, 100, 11 * minute + 6_000), None);
        assert_eq!(account.spend(1, 100, 11 * minute + 6_000), Some(600));
        assert_eq!(account.spend(90, 100, 13 * minute), None, "an empty minute lies between");
        // More than the whole budget counts as the whole budget.
        assert_eq!(account.spend(1_000, 100, 13 * minute), Some(60_000 + 60_000));
        assert_eq!(account.spend(1_000, 100, 15 * minute), None);
    }

    #[test]
    fn whoever_waits_as_long_as_they_are_told_is_served() {
        let mut account = Account::default();
        let (mut now, mut refused) = (0, 0);
        for step in 0..10_000u64 {
            let amount = 1 + step * 7919 % 50;
            now += (step * 104_729 % 900) as i64;
            if let Some(wait) = account.spend(amount, 100, now) {
                assert!((1..=120_000).contains(&wait), "{wait}");
                refused += 1;
                now += i64::try_from(wait).unwrap();
                assert_eq!(account.spend(amount, 100, now), None, "step {step} after {wait}");
            }
        }
        assert!(refused > 1000);
    }
}
