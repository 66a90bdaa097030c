//! Failed sign-ins: so many for an account and so many from an address, then none is tried until some are forgotten.
//! Successes don't count, because a whole school signs in from one address at eight o'clock. Which budgets apply depends on what a
//! sign-in brings with it (docs/adr/0021-device-tokens.md):
//!
//! - a device token of that very account: the device's own, and no other;
//! - none, but the account has signed in from this network before: the account's, and the large one of the address;
//! - neither: the account's, and the small one of the address.
//!
//! Nobody may learn which of the last two it was, for that tells which accounts there are. So what a *failed* sign-in is
//! answered depends on nothing but how many have failed from its address before, whatever they were; and whoever is not
//! tried waits as long as if they were.
//!
//! Those under way might all fail: as many as are still allowed are tried at once, and the others wait for them. So no
//! more than the limit reach a password, however many come at once; with several replicas, no more than the limit and
//! what the others were trying in that moment.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_lc_rs::hmac;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{RateLimits, Subject, open};
use crate::{
    auth::{DeviceToken, Tokens},
    clock,
    db::{DbError, Mode, Pool},
    error::{Error, Result},
};

/// How long one waits for others of the same account or address that are being tried.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lanes that nobody uses are swept away beyond so many.
const MANY: usize = 10_000;

/// Bytes of what was given that are looked up at most: nothing longer is stored.
const MAX_BYTES: usize = 1024;

/// Whom somebody wants to sign in as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The school's slug, as it was given.
    pub school: String,
    /// The email address, as it was given.
    pub email: String,
    /// The token of a device that they say they have signed in on.
    pub device_token: Option<String>,
}

/// On which terms a sign-in is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInTerms {
    /// Whether the password may be looked at. Where it may not, the sign-in fails, after the same work.
    pub looks: bool,
    /// Whether its refusal stands in the audit log: where very many fail, they no longer do.
    pub is_audited: bool,
}

impl Default for SignInTerms {
    fn default() -> Self {
        SignInTerms { looks: true, is_audited: true }
    }
}

/// Counts sign-ins.
pub struct SignIns {
    pool: Pool,
    tokens: Tokens,
    per_account: Option<u32>,
    per_address: Option<u32>,
    per_known_address: Option<u32>,
    span: String,
    kept: String,
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
    /// How many have been tried and are done.
    finished: u64,
    done: Arc<Notify>,
}

impl Trying {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Subject, Lane>> {
        self.lanes.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// How many are done of each.
    fn finished(&self, subjects: &[Subject]) -> Vec<u64> {
        let lanes = self.lanes();
        subjects.iter().map(|subject| lanes.get(subject).map_or(0, |lane| lane.finished)).collect()
    }
}

/// Those who are tried: they count as under way as long as this lives.
struct Entered {
    subjects: Vec<Subject>,
    trying: Arc<Trying>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut lanes = self.trying.lanes();
        for subject in &self.subjects {
            if let Some(lane) = lanes.get_mut(subject) {
                lane.under_way = lane.under_way.saturating_sub(1);
                lane.finished += 1;
                lane.done.notify_one();
            }
        }
    }
}

impl Entered {
    /// Was not tried after all; the bell does not ring, for the one who withdraws waits for it.
    fn withdraw(mut self) {
        let mut lanes = self.trying.lanes();
        for subject in std::mem::take(&mut self.subjects) {
            if let Some(lane) = lanes.get_mut(&subject) {
                lane.under_way = lane.under_way.saturating_sub(1);
            }
        }
    }
}

/// A sign-in that may be tried, or must look as if it were.
pub struct SignInAttempt {
    terms: SignInTerms,
    /// What its failure counts for, and how many of each are kept; that of the address as a whole first.
    counted: Vec<(Subject, u32)>,
    /// How many may fail from its address, of whatever kind, before failures are answered otherwise.
    seen: Option<u32>,
    /// The account at its network, where that is not known yet, or not lately.
    network: Option<Subject>,
    _entered: Option<Entered>,
}

impl SignInAttempt {
    /// On which terms it is to be tried.
    pub fn terms(&self) -> SignInTerms {
        self.terms
    }
}

/// Whom a sign-in concerns, as it is counted.
struct Names {
    /// All addresses of the account, at whatever device.
    account: Subject,
    /// The device that its token names.
    device: Option<(DeviceToken, Subject)>,
    address: Option<AddressNames>,
}

/// What is counted of an address.
struct AddressNames {
    /// Whatever failed without a device token. What failed sign-ins are answered depends on it.
    all: Subject,
    /// What failed at accounts that are strange to its network.
    strange: Subject,
    /// What failed at accounts that are not.
    known: Subject,
    /// Nothing: written where the others are not, so that both take the same work.
    idle: [Subject; 2],
    /// The account at this network.
    network: Subject,
}

/// How often something has failed, and how long it is to be waited where that is too often.
#[derive(Debug, Clone, Copy, Default)]
struct Failed {
    count: u32,
    wait: u32,
}

/// What the database knows of a sign-in.
struct Standing {
    has_device: bool,
    is_known: bool,
    is_fresh: bool,
    failed: HashMap<Subject, Failed>,
}

impl SignIns {
    /// Counts in this database.
    pub fn new(pool: Pool, limits: &RateLimits, tokens: &Tokens) -> Self {
        let limit = |limit: u32| (limit > 0).then_some(limit);
        let per_address = limit(limits.sign_ins_per_address);
        // Those who belong there are not worse off than strangers.
        let per_known_address = per_address.and_then(|strange| limit(limits.sign_ins_per_known_address).map(|known| known.max(strange)));
        SignIns {
            pool,
            tokens: tokens.clone(),
            per_account: limit(limits.sign_ins_per_account),
            per_address,
            per_known_address,
            span: format!("{} minutes", limits.sign_in_minutes),
            kept: format!("{} days", limits.known_network_days),
            trying: Arc::default(),
        }
    }

    /// Whether a sign-in may be tried, to an account that there may or may not be.
    ///
    /// # Errors
    /// `RATE_LIMITED`, alike for every account; `UNAVAILABLE` where it can't be found out.
    pub async fn admit(&self, account: &Account, address: Option<&str>, correlation_id: &str) -> Result<SignInAttempt> {
        let names = self.names(account, address);
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(attempt) = self.admit_once(account, &names, correlation_id).await? {
                    return Ok(attempt);
                }
            }
        });
        waited.await.unwrap_or_else(|_too_long| Err(refused(1)))
    }

    /// Nothing where others had to be waited for.
    async fn admit_once(&self, account: &Account, names: &Names, correlation_id: &str) -> Result<Option<SignInAttempt>> {
        let subjects = names.all();
        let finished = self.trying.finished(&subjects);
        let standing = self.standing(account, names, &subjects, correlation_id).await?;
        let failed = |subject: &Subject| standing.failed.get(subject).copied().unwrap_or_default();
        let network = names.address.as_ref().map(|address| address.network).filter(|_| !standing.is_fresh);
        let device = names.device.as_ref().filter(|_| standing.has_device).map(|(_, subject)| *subject);

        // The budgets that apply: of what, and how much.
        let budgets: Vec<(Subject, u32)> = match (device, &names.address) {
            (Some(device), _) => vec![(device, self.per_account)],
            (None, Some(address)) if standing.is_known => vec![(names.account, self.per_account), (address.known, self.per_known_address)],
            (None, Some(address)) => vec![(names.account, self.per_account), (address.strange, self.per_address)],
            (None, None) => vec![(names.account, self.per_account)],
        }
        .into_iter()
        .filter_map(|(subject, limit)| Some((subject, limit?)))
        .collect();
        let seen = self.per_address.filter(|_| device.is_none()).zip(names.address.as_ref());
        let is_closed = seen.is_some_and(|(limit, address)| failed(&address.all).count >= limit);
        let counted_always = seen.map(|(limit, address)| (address.all, limit + 1));

        let spent =
            budgets.iter().filter(|(subject, limit)| failed(subject).count >= *limit).map(|(subject, _)| failed(subject).wait).max();
        if let Some(wait) = spent {
            let Some((limit, address)) = seen.filter(|_| is_closed) else { return Err(refused(wait)) };
            let idle = address.idle.iter().take(budgets.len()).map(|idle| (*idle, 1));
            return Ok(Some(SignInAttempt {
                terms: SignInTerms { looks: false, is_audited: false },
                counted: counted_always.into_iter().chain(idle).collect(),
                seen: Some(limit),
                network: None,
                _entered: None,
            }));
        }
        let (entered, others) = self.enter(&budgets);
        let mut wait_for = None;
        for ((subject, limit), other) in budgets.iter().zip(others) {
            // What has ended since the database was asked may have failed.
            let before = subjects.iter().position(|known| known == subject).map_or(0, |at| finished[at]);
            let unsure = u32::try_from(other.finished.abs_diff(before)).unwrap_or(u32::MAX);
            if failed(subject).count.saturating_add(other.under_way).saturating_add(unsure) >= *limit {
                wait_for = Some((unsure == 0).then_some(other.done));
                if unsure > 0 {
                    break;
                }
            }
        }
        match wait_for {
            None => Ok(Some(SignInAttempt {
                terms: SignInTerms { looks: true, is_audited: !is_closed },
                counted: counted_always.into_iter().chain(budgets).collect(),
                seen: seen.map(|(limit, _)| limit),
                network,
                _entered: Some(entered),
            })),
            Some(None) => {
                entered.withdraw();
                Ok(None)
            }
            Some(Some(done)) => {
                let done = done.notified();
                tokio::pin!(done);
                done.as_mut().enable();
                entered.withdraw();
                done.await;
                Ok(None)
            }
        }
    }

    fn names(&self, account: &Account, address: Option<&str>) -> Names {
        let (school, email) = (account.school.trim().to_lowercase(), account.email.trim().to_lowercase());
        let device = account.device_token.as_deref().and_then(|token| self.tokens.read_device(token, clock::now()));
        Names {
            account: Subject::of("account", &[school.as_bytes(), email.as_bytes()]),
            device: device.map(|device| (device, Subject::of("device", &[device.user.as_bytes(), device.device.as_bytes()]))),
            address: address.map(|address| {
                let of = |scope: &str| Subject::of(scope, &[address.as_bytes()]);
                AddressNames {
                    all: of("address"),
                    strange: of("address, strange"),
                    known: of("address, known"),
                    idle: [of("address, idle"), of("address, idle too")],
                    network: Subject::keyed(
                        self.tokens.network_key(),
                        &[school.as_bytes(), email.as_bytes(), network_of(address).as_bytes()],
                    ),
                }
            }),
        }
    }

    /// Counts as under way; answers how many others are.
    fn enter(&self, budgets: &[(Subject, u32)]) -> (Entered, Vec<Others>) {
        let mut lanes = self.trying.lanes();
        if lanes.len() > MANY {
            lanes.retain(|_, lane| lane.under_way > 0 || Arc::strong_count(&lane.done) > 1);
        }
        let others = budgets
            .iter()
            .map(|(subject, _)| {
                let lane = lanes.entry(*subject).or_default();
                lane.under_way += 1;
                Others { under_way: lane.under_way - 1, finished: lane.finished, done: lane.done.clone() }
            })
            .collect();
        let subjects = budgets.iter().map(|(subject, _)| *subject).collect();
        (Entered { subjects, trying: self.trying.clone() }, others)
    }

    /// What the database knows of it: the same work for every account, with and without a device token.
    async fn standing(&self, account: &Account, names: &Names, subjects: &[Subject], correlation_id: &str) -> Result<Standing> {
        let limit_of = |subject: &Subject| match &names.address {
            Some(address) if *subject == address.known => self.per_known_address,
            Some(address) if [address.all, address.strange].contains(subject) => self.per_address,
            _ => self.per_account,
        };
        let allowed: Vec<i32> = subjects.iter().map(|subject| limit_of(subject).map_or(i32::MAX, number)).collect();
        let hashes: Vec<&[u8]> = subjects.iter().map(Subject::bytes).collect();
        let network: &[u8] = names.address.as_ref().map_or(&[], |address| address.network.bytes());
        let device = names.device.as_ref().map(|(device, _)| device);
        let (tenant, person) = device.map_or((Uuid::nil(), Uuid::nil()), |device| (device.tenant, device.user));
        let version = device.map_or(-1, |device| device.token_version);
        let (school, email) = (storable(&account.school), storable(&account.email));
        let tx = open(&self.pool, Mode::Read, correlation_id).await?;
        let rows = tx
            .query(
                "SELECT f.failures, coalesce(f.wait, 0), s.has_device, s.is_known, s.is_fresh \
                 FROM app.failed_sign_ins($2, $3, $4::text::interval) WITH ORDINALITY AS f(failures, wait, place) \
                 CROSS JOIN app.sign_in_standing($5, $6, $7, $8, $9, $10, $11::text::interval) AS s \
                 WHERE app.tenant_id() = $1 ORDER BY f.place",
                &[&hashes, &allowed, &self.span, &school, &email, &tenant, &person, &version, &network, &self.kept],
            )
            .await?;
        tx.end_read();
        let bit = |column: usize| rows.first().is_some_and(|row| row.get::<_, bool>(column));
        let failed = subjects.iter().copied().zip(rows.iter().map(|row| Failed::of(row.get(0), row.get(1)))).collect();
        Ok(Standing { has_device: device.is_some() && bit(2), is_known: bit(3), is_fresh: bit(4), failed })
    }

    /// Counts a sign-in that failed, before that is answered. Answers with what it is to be refused, where that is not
    /// that it has failed.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn failed(&self, attempt: SignInAttempt, correlation_id: &str) -> Result<Option<Error>, DbError> {
        if attempt.counted.is_empty() {
            return Ok(None);
        }
        let subjects: Vec<&[u8]> = attempt.counted.iter().map(|(subject, _)| subject.bytes()).collect();
        let kept: Vec<i32> = attempt.counted.iter().map(|(_, kept)| number(*kept)).collect();
        let tx = open(&self.pool, Mode::Write, correlation_id).await?;
        let rows = tx
            .query(
                "SELECT failures, coalesce(wait, 0) FROM app.count_failed_sign_ins($2, $3, $4::text::interval) WHERE app.tenant_id() = $1",
                &[&subjects, &kept, &self.span],
            )
            .await?;
        let seen = rows.first().map_or(Failed::default(), |row| Failed::of(row.get(0), row.get(1)));
        tx.commit().await?;
        let is_closed = attempt.seen.is_some_and(|limit| seen.count > limit);
        Ok((is_closed || !attempt.terms.looks).then(|| misled(seen.wait)))
    }

    /// Remembers from which network an account has signed in.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn succeeded(&self, attempt: SignInAttempt, correlation_id: &str) -> Result<(), DbError> {
        let Some(network) = attempt.network else { return Ok(()) };
        let tx = open(&self.pool, Mode::Write, correlation_id).await?;
        tx.query("SELECT app.remember_network($2, $3::text::interval) WHERE app.tenant_id() = $1", &[&network.bytes(), &self.kept]).await?;
        tx.commit().await
    }
}

/// Others of a budget.
struct Others {
    under_way: u32,
    finished: u64,
    /// Rings when one of them is done.
    done: Arc<Notify>,
}

impl Names {
    /// Everything that is counted; a device that there is not, as nobody's.
    fn all(&self) -> Vec<Subject> {
        let device = self.device.as_ref().map_or_else(|| Subject::of("device", &[]), |(_, subject)| *subject);
        let address = self.address.iter().flat_map(|address| [address.all, address.strange, address.known]);
        [self.account, device].into_iter().chain(address).collect()
    }
}

impl Failed {
    fn of(count: i64, wait: i32) -> Self {
        Failed { count: u32::try_from(count).unwrap_or(u32::MAX), wait: u32::try_from(wait).unwrap_or(1) }
    }
}

impl Subject {
    /// Hidden from everybody who has not the key, even if they guess what it is of.
    fn keyed(key: &hmac::Key, parts: &[&[u8]]) -> Self {
        let plain = Subject::of("network", parts);
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(key, plain.bytes()).as_ref());
        Subject(hash)
    }
}

fn number(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

/// What can be looked up of what was given.
fn storable(text: &str) -> String {
    if text.len() > MAX_BYTES || text.contains('\0') { String::new() } else { text.trim().to_owned() }
}

/// The network of an address: 24 bits of IPv4 and 48 of IPv6, which is what a school has at least.
fn network_of(address: &str) -> String {
    match address.split('/').next().and_then(|address| address.parse::<IpAddr>().ok()) {
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        None => address.to_owned(),
    }
}

fn refused(seconds: u32) -> Error {
    Error::rate_limited("Too many sign-ins have failed.", u64::from(seconds.max(1)))
}

/// What a failed sign-in is answered where many have failed from its address: the same, whether it was wrong or was not tried.
fn misled(seconds: u32) -> Error {
    Error::rate_limited("Too many sign-ins have failed from your network. Check what you typed.", u64::from(seconds.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_prefix_of_its_addresses() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("203.0.113.255", "203.0.113.0/24"),
            ("2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("somewhere", "somewhere"),
        ] {
            assert_eq!(network_of(address), network);
        }
    }

    #[test]
    fn what_is_kept_of_a_network_is_nothing_without_the_key() {
        let keys = [[1; 32], [2; 32]].map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key));
        let parts: [&[u8]; 3] = [b"oak", b"ada@oak.example", b"203.0.113.0/24"];
        assert_ne!(Subject::keyed(&keys[0], &parts), Subject::keyed(&keys[1], &parts));
        assert_eq!(Subject::keyed(&keys[0], &parts), Subject::keyed(&keys[0], &parts));
        assert_ne!(Subject::keyed(&keys[0], &parts), Subject::keyed(&keys[0], &[parts[0], parts[1], b"203.0.114.0/24"]));
    }
}
