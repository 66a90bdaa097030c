//! Sign-in codes: so many wrong ones of an account and so many from an address, then none is looked at for a while. Besides, of each code that was
//! mailed five tries are compared: each is counted in a transaction of its own before that, so that fifty at once are no more.

use super::{
    Account, RateLimits, SignInTerms, Subject,
    guesses::Allowance,
    keys::{KeyGuess, Keys},
    open,
};
use crate::{
    db::{DbError, Mode, Pool},
    error::{Error, Result},
    text,
};

/// Bytes of what was given that are looked up at most: nothing longer is stored.
const MAX_BYTES: usize = 1024;

/// Counts wrong sign-in codes.
pub struct Codes {
    pool: Pool,
    keys: Keys,
    per_account: u32,
    per_address: u32,
}

impl Codes {
    /// Counts in this database.
    pub fn new(pool: Pool, limits: &RateLimits) -> Self {
        let keys = Keys::counting(pool.clone(), limits.code_minutes, refused);
        Codes { pool, keys, per_account: limits.codes_per_account, per_address: limits.codes_per_address }
    }

    /// Whether a code may be tried, for an account that may or may not exist; and on which terms: beyond the tries of the code nothing is compared.
    ///
    /// # Errors
    /// `RATE_LIMITED`, alike for every account; `UNAVAILABLE` where the counters can't be reached.
    pub async fn admit(&self, account: &Account, address: Option<&str>, correlation_id: &str) -> Result<(KeyGuess, SignInTerms)> {
        let [school, email] = account.named();
        let account = (Subject::of("code of an account", &[school.as_bytes(), email.as_bytes()]), self.per_account);
        let address = address.map(|address| (Subject::of("code from an address", &[address.as_bytes()]), self.per_address));
        let budgets: Vec<Allowance> = [Some(account), address].into_iter().flatten().filter(|(_, limit)| *limit > 0).collect();
        let abandoned = budgets.iter().take(usize::from(self.per_account > 0)).copied().collect();
        let guess = self.keys.enter(budgets, abandoned, correlation_id).await?;
        let looks = self.count_try(&school, &email, correlation_id).await?;
        Ok((guess, SignInTerms { looks, is_audited: true }))
    }

    async fn count_try(&self, school: &str, email: &str, correlation_id: &str) -> Result<bool, DbError> {
        let storable = |text: &str| if text.len() > MAX_BYTES || text.contains('\0') { String::new() } else { text.to_owned() };
        let tx = open(&self.pool, Mode::Write, correlation_id).await?;
        let counted: Option<bool> =
            tx.value("SELECT app.count_code_try($2, $3) WHERE $1::uuid IS NOT NULL", &[&storable(school), &storable(email)]).await?;
        tx.commit().await?;
        Ok(counted == Some(true))
    }

    /// Counts a code that was wrong, before that is answered.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn failed(&self, guess: KeyGuess, correlation_id: &str) -> Result<(), DbError> {
        self.keys.failed_with(guess, correlation_id).await
    }

    /// A code that was not wrong counts for nothing.
    pub fn ended(&self, guess: KeyGuess) {
        self.keys.ended(guess);
    }
}

/// What strangers may ask to be mailed.
pub struct Asks {
    pool: Pool,
    per_account: u32,
    per_address: u32,
    span: String,
}

impl Asks {
    /// Counts in this database.
    pub fn new(pool: Pool, limits: &RateLimits) -> Self {
        let span = format!("{} minutes", limits.ask_minutes);
        Asks { pool, per_account: limits.asks_per_account, per_address: limits.asks_per_address, span }
    }

    /// Counts that something is asked for, of an account that may or may not exist.
    ///
    /// # Errors
    /// `RATE_LIMITED`, alike for every account, and nothing is counted then; `UNAVAILABLE` where the counters can't be reached.
    pub async fn spend(&self, what: &str, account: &Account, address: Option<&str>, correlation_id: &str) -> Result<()> {
        let [school, email] = account.named();
        let account = (Subject::of("asked for an account", &[what.as_bytes(), school.as_bytes(), email.as_bytes()]), self.per_account);
        let address = address.map(|address| (Subject::of("asked from an address", &[address.as_bytes()]), self.per_address));
        let budgets: Vec<Allowance> = [Some(account), address].into_iter().flatten().filter(|(_, limit)| *limit > 0).collect();
        if budgets.is_empty() {
            return Ok(());
        }
        let subjects: Vec<&[u8]> = budgets.iter().map(|(subject, _)| subject.bytes()).collect();
        let allowed: Vec<i32> = budgets.iter().map(|(_, limit)| super::guesses::number(*limit)).collect();
        let tx = open(&self.pool, Mode::Write, correlation_id).await?;
        let wait: Option<i32> = tx
            .value("SELECT app.spend_turns($2, $3, $4::text::interval) WHERE app.tenant_id() = $1", &[&subjects, &allowed, &self.span])
            .await?;
        tx.commit().await?;
        match wait {
            Some(0) => Ok(()),
            wait => Err(Error::rate_limited("This was asked for too often.", wait.map_or(1, i32::unsigned_abs).into())),
        }
    }
}

impl Account {
    /// School and address as they are counted: one account, however its address is written.
    fn named(&self) -> [String; 2] {
        let email = text::email_key(&self.email).unwrap_or_else(|| self.email.trim().to_lowercase());
        [self.school.trim().to_lowercase(), email]
    }
}

fn refused(seconds: u32) -> Error {
    Error::rate_limited("Too many codes were wrong.", u64::from(seconds.max(1)))
}
