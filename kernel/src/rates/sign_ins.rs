//! Failed sign-ins are limited for each account and each address; beyond that none is tried until older ones have expired.
//! Successes don't count, because a whole school signs in from one address at eight o'clock.
//!
//! Those under way might all fail: as many as are still allowed are tried at once, and the others wait for them. So no more than
//! the limit reach a password, however many come at once; with several replicas, no more than the limit and what the other
//! replicas were trying at that moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::Notify;

use super::{RateLimits, Subject, open};
use crate::{
    db::{DbError, Mode, Pool},
    error::{Error, Result},
    text,
};

/// How long one waits for others of the same account or address that are being tried.
const PATIENCE: Duration = Duration::from_secs(3);

/// Beyond so many lanes, those that nobody uses are removed.
const MANY: usize = 10_000;

/// Counts sign-ins.
pub struct SignIns {
    pool: Pool,
    per_account: u32,
    per_address: u32,
    span: String,
    trying: Arc<Trying>,
}

/// What is being tried in this process.
#[derive(Default)]
struct Trying {
    lanes: Mutex<HashMap<Subject, Lane>>,
}

#[derive(Default)]
struct Lane {
    under_way: u32,
    done: Arc<Notify>,
}

impl Trying {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Subject, Lane>> {
        self.lanes.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// A sign-in that may be tried; it counts as under way as long as this lives.
pub struct SignInAttempt {
    subjects: Vec<Subject>,
    trying: Arc<Trying>,
}

impl Drop for SignInAttempt {
    fn drop(&mut self) {
        let mut lanes = self.trying.lanes();
        for subject in &self.subjects {
            if let Some(lane) = lanes.get_mut(subject) {
                lane.under_way -= 1;
                lane.done.notify_one();
                // Whoever waits holds it, too.
                if lane.under_way == 0 && Arc::strong_count(&lane.done) == 1 {
                    lanes.remove(subject);
                }
            }
        }
    }
}

impl SignInAttempt {
    /// Was not tried after all. Nobody is notified: whoever withdraws waits for the notification.
    fn withdraw(mut self) {
        let mut lanes = self.trying.lanes();
        for subject in std::mem::take(&mut self.subjects) {
            if let Some(lane) = lanes.get_mut(&subject) {
                lane.under_way -= 1;
            }
        }
    }
}

impl SignIns {
    /// Counts in this database.
    pub fn new(pool: Pool, limits: &RateLimits) -> Self {
        SignIns {
            pool,
            per_account: limits.sign_ins_per_account,
            per_address: limits.sign_ins_per_address,
            span: format!("{} minutes", limits.sign_in_minutes),
            trying: Arc::default(),
        }
    }

    /// Whether a sign-in may be tried, to an account that may or may not exist.
    ///
    /// # Errors
    /// `RATE_LIMITED`, alike for every account; `UNAVAILABLE` where the counters can't be read.
    pub async fn admit(&self, (school, email): (&str, &str), address: Option<&str>, correlation_id: &str) -> Result<SignInAttempt> {
        // One account, however its address is written.
        let email = text::email_key(email).unwrap_or_else(|| email.trim().to_lowercase());
        let account = Subject::of("account", &[school.trim().to_lowercase().as_bytes(), email.as_bytes()]);
        let address = address.map(|address| Subject::of("address", &[address.as_bytes()]));
        let limits: Vec<(Subject, u32)> = [(Some(account), self.per_account), (address, self.per_address)]
            .into_iter()
            .filter_map(|(subject, limit)| Some((subject?, limit)))
            .filter(|(_, limit)| *limit > 0)
            .collect();
        if limits.is_empty() {
            return Ok(self.enter(&[]).0);
        }
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let (attempt, others) = self.enter(&limits);
                let failed = self.failed(&limits, correlation_id).await?;
                if let Some((_, wait)) = failed
                    .iter()
                    .zip(&limits)
                    .filter(|((failures, _), (_, limit))| failures >= limit)
                    .map(|(failed, _)| *failed)
                    .max_by_key(|failed| failed.1)
                {
                    return Err(refused(wait));
                }
                let full =
                    failed.iter().zip(&limits).zip(&others).find(|(((failures, _), (_, limit)), (others, _))| failures + others >= *limit);
                let Some((_, (_, done))) = full else { return Ok(attempt) };
                let done = done.notified();
                tokio::pin!(done);
                done.as_mut().enable();
                attempt.withdraw();
                done.await;
            }
        });
        waited.await.unwrap_or_else(|_too_long| Err(refused(1)))
    }

    /// Counts as under way; answers how many others are, and what notifies when one of them is done.
    fn enter(&self, limits: &[(Subject, u32)]) -> (SignInAttempt, Vec<(u32, Arc<Notify>)>) {
        let mut lanes = self.trying.lanes();
        if lanes.len() > MANY {
            lanes.retain(|_, lane| lane.under_way > 0 || Arc::strong_count(&lane.done) > 1);
        }
        let others = limits
            .iter()
            .map(|(subject, _)| {
                let lane = lanes.entry(*subject).or_default();
                lane.under_way += 1;
                (lane.under_way - 1, lane.done.clone())
            })
            .collect();
        let subjects = limits.iter().map(|(subject, _)| *subject).collect();
        (SignInAttempt { subjects, trying: self.trying.clone() }, others)
    }

    /// How many have failed of each, and how long to wait where these are too many.
    async fn failed(&self, limits: &[(Subject, u32)], correlation_id: &str) -> Result<Vec<(u32, u32)>> {
        let subjects: Vec<&[u8]> = limits.iter().map(|(subject, _)| subject.bytes()).collect();
        let allowed: Vec<i32> = limits.iter().map(|(_, limit)| i32::try_from(*limit).unwrap_or(i32::MAX)).collect();
        let tx = open(&self.pool, Mode::Read, correlation_id).await?;
        let rows = tx
            .query(
                "SELECT failures, coalesce(wait, 0) FROM app.failed_sign_ins($2, $3, $4::text::interval) WHERE app.tenant_id() = $1",
                &[&subjects, &allowed, &self.span],
            )
            .await?;
        tx.end_read();
        let number = |row: &tokio_postgres::Row| {
            let (failures, wait): (i64, i32) = (row.get(0), row.get(1));
            (u32::try_from(failures).unwrap_or(u32::MAX), u32::try_from(wait).unwrap_or(1))
        };
        Ok(rows.iter().map(number).collect())
    }

    /// Counts a sign-in that failed, before that is answered.
    pub async fn count_failure(&self, attempt: &SignInAttempt, correlation_id: &str) -> Result<(), DbError> {
        if attempt.subjects.is_empty() {
            return Ok(());
        }
        let subjects: Vec<&[u8]> = attempt.subjects.iter().map(Subject::bytes).collect();
        let tx = open(&self.pool, Mode::Write, correlation_id).await?;
        tx.query("SELECT app.count_failed_sign_in($2, $3::text::interval) WHERE app.tenant_id() = $1", &[&subjects, &self.span]).await?;
        tx.commit().await
    }
}

fn refused(seconds: u32) -> Error {
    Error::rate_limited("Too many sign-ins have failed.", u64::from(seconds.max(1)))
}
