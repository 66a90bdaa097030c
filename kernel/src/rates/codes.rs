//! Sign-in codes: so many wrong ones of an account and so many from an address, then none is looked at for a while. Besides, of each code that was
//! mailed five tries are compared: each is counted in a transaction of its own before that, so that fifty at once are no more.

use super::{
    Account, Closed, RateLimits, SignInTerms, Subject,
    closed::spend,
    guesses::{Allowance, failures},
    keys::{KeyGuess, Keys},
    open,
};
use crate::{
    db::{DbError, Mode, Pool, Tx},
    error::Error,
    seen::counted,
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
    pub async fn admit(&self, account: &Account, address: Option<&str>, correlation_id: &str) -> Result<(KeyGuess, SignInTerms), Closed> {
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
        let tx = open(&self.pool.at_school_named(school).await?, Mode::Write, correlation_id).await?;
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
    per_account: u32,
    per_address: u32,
    span: String,
}

/// That somebody asks for something to be mailed, as it counts.
#[derive(Debug, Clone)]
pub struct Turn {
    budgets: Vec<Allowance>,
    span: String,
}

impl Asks {
    /// With these limits.
    pub fn new(limits: &RateLimits) -> Self {
        let span = format!("{} minutes", limits.ask_minutes);
        Asks { per_account: limits.asks_per_account, per_address: limits.asks_per_address, span }
    }

    /// That something is asked for, of an account that may or may not exist.
    pub fn turn(&self, what: &str, account: &Account, address: Option<&str>) -> Turn {
        let [school, email] = account.named();
        let account = (Subject::of("asked for an account", &[what.as_bytes(), school.as_bytes(), email.as_bytes()]), self.per_account);
        let address = address.map(|address| (Subject::of("asked from an address", &[address.as_bytes()]), self.per_address));
        let budgets = [Some(account), address].into_iter().flatten().filter(|(_, limit)| *limit > 0).collect();
        Turn { budgets, span: self.span.clone() }
    }
}

impl Turn {
    /// Takes the turn in the transaction of what is asked for, when all of it is done but the COMMIT: what is refused for its form, or rolled back for
    /// whatever reason, counts for nothing. Answers why that is not to be, where it was asked for too often: alike for every account.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn take(&self, tx: &Tx) -> Result<Option<Closed>, DbError> {
        if self.budgets.is_empty() {
            return Ok(None);
        }
        let wait = spend(tx, &self.budgets, &self.span).await?;
        if wait == 0 {
            return Ok(None);
        }
        counted("lectern_rate_limited_total", "limit", "mails");
        let error = Error::rate_limited("This was asked for too often.", wait.into());
        let subject = spent(tx, &self.budgets, &self.span).await?;
        Ok(Some(Closed::new(error, subject, &self.span)))
    }
}

/// Which of these is spent; the first if none is any more.
async fn spent(tx: &Tx, budgets: &[Allowance], span: &str) -> Result<Subject, DbError> {
    let mut counted = failures(tx, budgets, span).await?.into_iter().zip(budgets);
    let found = counted.find(|(failed, (_, limit))| failed.count >= *limit).map(|(_, (subject, _))| *subject);
    Ok(found.unwrap_or(budgets[0].0))
}

impl Account {
    /// School and address as they are counted: one account, however its address is written.
    fn named(&self) -> [String; 2] {
        let email = text::email_key(&self.email).unwrap_or_else(|| self.email.trim().to_lowercase());
        [self.school.trim().to_lowercase(), email]
    }
}

fn refused(seconds: u32) -> Error {
    counted("lectern_rate_limited_total", "limit", "codes");
    Error::rate_limited("Too many codes were wrong.", u64::from(seconds.max(1)))
}
