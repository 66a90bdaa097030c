//! Passwords: Argon2id, off the async threads, a limited number at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    text,
};

/// Characters.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=128;

/// Why a new password is refused, as the end of the sentence "`field` …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordError(pub String);

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of nobody's password, verified where there is no person, so that both take the same time.
    dummy: &'static str,
    taken: Arc<AtomicU64>,
}

fn argon2() -> Argon2<'static> {
    // 19 MiB, two passes, one lane: OWASP's first recommendation for Argon2id.
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).expect("constant parameters"))
}

fn composed(password: &str) -> Zeroizing<String> {
    Zeroizing::new(text::composed(password).into_owned())
}

fn hash(password: &str) -> Result<String> {
    argon2().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| Error::internal(format!("argon2: {error}")))
}

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not the one behind the hash.
    Wrong,
    /// The one behind the hash.
    Right,
    /// The one behind the hash, which was made of its characters as they were typed, before these were composed: it is to be made anew.
    Outdated,
}

impl Passwords {
    /// With as many computations at once as there are cores.
    pub fn new() -> Result<Self> {
        static DUMMY: OnceLock<Result<String>> = OnceLock::new();
        let dummy = DUMMY.get_or_init(|| hash("nobody has this password")).as_deref().map_err(Error::clone)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Passwords { turns: Arc::new(Semaphore::new(cores)), dummy, taken: Arc::default() })
    }

    /// Checks what a new password must be: 10 to 128 characters, and not weak to a guesser who knows `hints`.
    ///
    /// # Errors
    /// The end of a sentence that says what would be right.
    pub fn check(password: &str, hints: &[&str]) -> Result<(), PasswordError> {
        let password = &*text::composed(password);
        if !LENGTH.contains(&password.chars().count()) {
            return Err(PasswordError(format!("must have {} to {} characters", LENGTH.start(), LENGTH.end())));
        }
        if password.contains('\0') {
            return Err(PasswordError("must not contain NUL characters".into()));
        }
        let estimate = zxcvbn::zxcvbn(password, hints);
        if estimate.score() < zxcvbn::Score::Three {
            let advice = estimate.feedback().and_then(|feedback| feedback.suggestions().first().map(ToString::to_string));
            return Err(PasswordError(format!(
                "is too easy to guess: {}",
                advice.unwrap_or_else(|| "use a few uncommon words.".into()).trim_end_matches('.')
            )));
        }
        Ok(())
    }

    /// Hashes a password, in PHC format, and wipes it from memory. Its characters are composed first (Unicode's form C): what the same
    /// keys make on one machine and on another is one password.
    ///
    /// # Errors
    /// `INTERNAL` where hashing fails.
    pub async fn hash(&self, password: String) -> Result<String> {
        let password = Zeroizing::new(password);
        self.turn(move || hash(&composed(&password))).await?
    }

    /// Whether the password is the one behind the hash; wipes it from memory. Takes its time where there is no hash, too.
    ///
    /// # Errors
    /// `INTERNAL` where verifying fails.
    pub async fn verify(&self, password: String, known: Option<String>) -> Result<Verdict> {
        let (password, dummy) = (Zeroizing::new(password), self.dummy);
        self.turn(move || {
            let reference = PasswordHash::new(known.as_deref().unwrap_or(dummy))
                .map_err(|error| Error::internal(format!("a stored hash can't be read: {error}")))?;
            let composed = composed(&password);
            let matches = |password: &str| argon2().verify_password(password.as_bytes(), &reference).is_ok() && known.is_some();
            Ok(if matches(&composed) {
                Verdict::Right
            } else if *composed != *password && matches(&password) {
                Verdict::Outdated
            } else {
                Verdict::Wrong
            })
        })
        .await?
    }

    /// How often it has hashed or verified so far.
    pub fn turns_taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Error::unavailable("the service is stopping"))?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || {
            let _turn = turn; // kept while the work runs, even if nobody waits for it any more
            work()
        })
        .await
        .map_err(|error| Error::internal(format!("hashing panicked: {error}")))
    }
}
