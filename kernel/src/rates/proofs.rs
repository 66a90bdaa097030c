//! Passwords and codes that somebody gives who is signed in: so many wrong ones of a person, then none is looked at for a while. Whoever has taken a
//! token from somebody guesses no better than at a sign-in; and keeps nobody else out.

use super::{
    RateLimits, Subject,
    guesses::Allowance,
    keys::{KeyGuess, Keys},
};
use crate::{
    db::{DbError, Pool},
    error::{Error, Result},
};

/// Counts wrong passwords and codes of people who are signed in.
pub struct Proofs {
    keys: Keys,
    per_person: u32,
}

impl Proofs {
    /// Counts in this database, by the limits of sign-ins to one account.
    pub fn new(pool: Pool, limits: &RateLimits) -> Self {
        Proofs { keys: Keys::counting(pool, limits.sign_in_minutes, refused), per_person: limits.sign_ins_per_account }
    }

    /// Whether one may be tried by a person, who is named by school and id.
    ///
    /// # Errors
    /// `RATE_LIMITED`; `UNAVAILABLE` where the counters can't be read.
    pub async fn admit(&self, person: [&[u8]; 2], correlation_id: &str) -> Result<KeyGuess> {
        let person: Vec<Allowance> =
            Some((Subject::of("proof of a person", &person), self.per_person)).filter(|(_, limit)| *limit > 0).into_iter().collect();
        self.keys.enter(person.clone(), person, correlation_id).await
    }

    /// Counts one that was wrong, before that is answered.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn failed(&self, guess: KeyGuess, correlation_id: &str) -> Result<(), DbError> {
        self.keys.failed_with(guess, correlation_id).await
    }

    /// One that was not wrong counts for nothing.
    pub fn ended(&self, guess: KeyGuess) {
        self.keys.ended(guess);
    }
}

fn refused(seconds: u32) -> Error {
    Error::rate_limited("Too many passwords or codes were wrong.", u64::from(seconds.max(1)))
}
