//! Secrets that somebody signed in may be guessing: so many wrong ones of a person and so many from an address, then none is tried for a
//! while. Enrollment keys, whichever course they are for; and the password that
//! somebody has now, or a code of their second factor.

use std::mem;

use super::{
    Closed, RateLimits, Subject,
    guesses::{Allowance, Failed, Guesses, PATIENCE, UnderWay, Woken, failures},
    open,
};
use crate::{
    db::{DbError, Mode, Pool},
    error::Error,
    seen::counted,
};

/// Counts wrong secrets of one sort.
pub struct Keys {
    guesses: Guesses,
    /// What they are counted as.
    sort: &'static str,
    per_person: u32,
    per_address: u32,
    /// What is answered where too many were wrong.
    refused: fn(u32) -> Error,
}

/// A key that is tried.
pub struct KeyGuess {
    budgets: Vec<Allowance>,
    /// Counts this guess as wrong where its end is not waited for.
    abandoned: Option<Abandoned>,
    _under_way: UnderWay,
}

struct Abandoned {
    pool: Pool,
    span: String,
    person: Vec<Allowance>,
    correlation_id: String,
}

impl Drop for KeyGuess {
    /// Whoever hangs up could otherwise guess for ever: the database says afterwards whether they were right. It counts for the person
    /// alone, so that a bad connection, or a service that takes too long, does not close a school's address.
    fn drop(&mut self) {
        let Some(Abandoned { pool, span, person, correlation_id }) = self.abandoned.take() else { return };
        if let (false, Ok(runtime)) = (person.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = Guesses::count(&pool, &span, &person, &correlation_id).await {
                    tracing::error!(correlation_id, reason = error.for_operator(), "an abandoned key could not be counted");
                }
            });
        }
    }
}

impl Keys {
    /// Counts enrollment keys in this database.
    pub fn new(pool: Pool, limits: &RateLimits) -> Self {
        let (per_person, per_address) = (limits.keys_per_person, limits.keys_per_address);
        Keys { guesses: Guesses::new(pool, limits.key_minutes), sort: "key", per_person, per_address, refused }
    }

    /// Counts passwords and codes that people give while they are signed in; as many wrong ones as of sign-ins to an account are answered.
    pub fn passwords(pool: Pool, limits: &RateLimits) -> Self {
        let guesses = Guesses::new(pool, limits.sign_in_minutes);
        let refused = |seconds: u32| {
            counted("lectern_rate_limited_total", "limit", "passwords");
            Error::rate_limited("Too many passwords or codes were wrong.", u64::from(seconds.max(1)))
        };
        Keys { guesses, sort: "password", per_person: limits.sign_ins_per_account, per_address: 0, refused }
    }

    /// Counts codes that take something off a price: coupons and referrals together.
    pub fn discounts(pool: Pool, limits: &RateLimits) -> Self {
        let (per_person, per_address) = (limits.discounts_per_person, limits.discounts_per_address);
        let refused = |seconds: u32| {
            counted("lectern_rate_limited_total", "limit", "discounts");
            Error::rate_limited("Too many codes were unknown.", u64::from(seconds.max(1)))
        };
        Keys { guesses: Guesses::new(pool, limits.discount_minutes), sort: "discount", per_person, per_address, refused }
    }

    /// Counts other secrets, whose budgets the caller names.
    pub(super) fn counting(pool: Pool, minutes: u32, refused: fn(u32) -> Error) -> Self {
        Keys { guesses: Guesses::new(pool, minutes), sort: "code", per_person: 0, per_address: 0, refused }
    }

    /// Whether a key may be tried by a person, who is named by school and id.
    ///
    /// # Errors
    /// `RATE_LIMITED`; `UNAVAILABLE` where the counters can't be read.
    pub async fn admit(&self, person: [&[u8]; 2], address: Option<&str>, correlation_id: &str) -> Result<KeyGuess, Closed> {
        let sort = self.sort;
        let person = Some((Subject::of(&format!("{sort} of a person"), &person), self.per_person)).filter(|(_, limit)| *limit > 0);
        let address = address.map(|address| (Subject::of(&format!("{sort} from an address"), &[address.as_bytes()]), self.per_address));
        let budgets: Vec<Allowance> = person.into_iter().chain(address.filter(|(_, limit)| *limit > 0)).collect();
        self.enter(budgets, person.into_iter().collect(), correlation_id).await
    }

    /// Whether a secret may be tried that counts for these budgets; for those of `person` where its end is not waited for.
    pub(super) async fn enter(&self, budgets: Vec<Allowance>, person: Vec<Allowance>, correlation_id: &str) -> Result<KeyGuess, Closed> {
        let admitted = async {
            let mut woken = Woken::default();
            loop {
                if let Some(under_way) = self.admit_once(&budgets, &mut woken, correlation_id).await? {
                    return Ok(under_way);
                }
            }
        };
        let too_long = || match budgets.first() {
            Some((subject, _)) => Closed::new((self.refused)(1), *subject, &self.guesses.span),
            None => (self.refused)(1).into(),
        };
        let under_way = tokio::time::timeout(PATIENCE, admitted).await.unwrap_or_else(|_| Err(too_long()))?;
        let abandoned = Abandoned {
            pool: self.guesses.pool.clone(),
            span: self.guesses.span.clone(),
            person,
            correlation_id: correlation_id.to_owned(),
        };
        Ok(KeyGuess { budgets, abandoned: Some(abandoned), _under_way: under_way })
    }

    /// Nothing where others had to be waited for.
    async fn admit_once(&self, budgets: &[Allowance], woken: &mut Woken, correlation_id: &str) -> Result<Option<UnderWay>, Closed> {
        let subjects: Vec<Subject> = budgets.iter().map(|(subject, _)| *subject).collect();
        let ended = self.guesses.ended(&subjects);
        let failed = self.failed(budgets, correlation_id).await?;
        let spent = failed.iter().zip(budgets).filter(|(failed, (_, limit))| failed.count >= *limit);
        if let Some((failed, (subject, _))) = spent.max_by_key(|(failed, _)| failed.wait) {
            return Err(Closed::new((self.refused)(failed.wait), *subject, &self.guesses.span));
        }
        let of = |subject: &Subject| subjects.iter().position(|known| known == subject).map_or_else(Failed::default, |at| failed[at]);
        Ok(self.guesses.enter(budgets, of, &ended, woken).await)
    }

    /// How many were wrong, of each budget.
    async fn failed(&self, budgets: &[Allowance], correlation_id: &str) -> Result<Vec<Failed>, DbError> {
        if budgets.is_empty() {
            return Ok(Vec::new());
        }
        let tx = open(&self.guesses.pool, Mode::Read, correlation_id).await?;
        let failed = failures(&tx, budgets, &self.guesses.span).await?;
        tx.end_read();
        Ok(failed)
    }

    /// Counts a key that was wrong, before that is answered.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn failed_with(&self, mut guess: KeyGuess, correlation_id: &str) -> Result<(), DbError> {
        let budgets = mem::take(&mut guess.budgets);
        Guesses::count(&self.guesses.pool, &self.guesses.span, &budgets, correlation_id).await?;
        guess.abandoned = None;
        Ok(())
    }

    /// A key that was not wrong counts for nothing.
    pub fn ended(&self, mut guess: KeyGuess) {
        guess.abandoned = None;
    }
}

fn refused(seconds: u32) -> Error {
    counted("lectern_rate_limited_total", "limit", "enrollment_keys");
    Error::rate_limited("Too many enrollment keys were wrong.", u64::from(seconds.max(1)))
}
