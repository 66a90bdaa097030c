//! Failed sign-ins. Which budgets they count for depends on what a sign-in brings with it (docs/adr/0021-device-tokens.md):
//!
//! - a device token of that very account: the device's own, and no other;
//! - none, but the account has signed in from this network before: the account's, and the large one of the address;
//! - neither: the account's, and the small one of the address.
//!
//! Nobody may learn which of the last two it was, for that tells which accounts there are. So what a *failed* sign-in is
//! answered depends on nothing but how many have failed from its address before, whatever they were; and whoever is not
//! tried waits as long as if they were.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use aws_lc_rs::hmac;
use uuid::Uuid;

use super::{
    Closed, RateLimits, Subject,
    guesses::{Allowance, Failed, Guesses, PATIENCE, UnderWay, Woken, number},
    open,
};
use crate::{
    auth::{DeviceToken, Tokens},
    clock,
    db::{DbError, Mode, Pool},
    error::Error,
    seen::counted,
    text,
};

/// Bytes of what was given that are looked up at most: nothing longer is stored.
const MAX_BYTES: usize = 1024;

/// The account that somebody wants to sign in to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The school's slug, as it was given.
    pub school: String,
    /// The email address, as it was given.
    pub email: String,
    /// The token of a device that they say they have signed in on.
    pub device_token: Option<String>,
    /// Whether they give a code of a second factor.
    pub has_second_factor: bool,
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
    guesses: Guesses,
    tokens: Tokens,
    per_account: Option<u32>,
    per_address: Option<u32>,
    per_known_address: Option<u32>,
    kept: String,
}

/// A sign-in that may be tried, or must look as if it were.
pub struct SignInAttempt {
    terms: SignInTerms,
    /// What its failure counts for, and how many of each are kept; that of the address as a whole first.
    counted: Vec<Allowance>,
    /// How many may fail from its address, of whatever kind, before failures are answered otherwise.
    seen: Option<u32>,
    /// The account at its network, where that is not known yet, or not lately.
    network: Option<Subject>,
    /// Where it is counted.
    pool: Pool,
    _under_way: Option<UnderWay>,
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

/// What the database knows of a sign-in.
struct Standing {
    has_device: bool,
    is_known: bool,
    is_fresh: bool,
    failed: HashMap<Subject, Failed>,
    /// Where they are counted: beside the school.
    pool: Pool,
}

impl SignIns {
    /// Counts in this database.
    pub fn new(pool: Pool, limits: &RateLimits, tokens: &Tokens) -> Self {
        let limit = |limit: u32| (limit > 0).then_some(limit);
        let per_address = limit(limits.sign_ins_per_address);
        // Those who belong there are not worse off than strangers.
        let per_known_address = per_address.and_then(|strange| limit(limits.sign_ins_per_known_address).map(|known| known.max(strange)));
        SignIns {
            guesses: Guesses::new(pool, limits.sign_in_minutes),
            tokens: tokens.clone(),
            per_account: limit(limits.sign_ins_per_account),
            per_address,
            per_known_address,
            kept: format!("{} days", limits.known_network_days),
        }
    }

    /// Whether a sign-in may be tried, to an account that may or may not exist.
    ///
    /// # Errors
    /// `RATE_LIMITED`, alike for every account; `UNAVAILABLE` where the counters can't be read.
    pub async fn admit(&self, account: &Account, address: Option<&str>, correlation_id: &str) -> Result<SignInAttempt, Closed> {
        let names = self.names(account, address);
        let admitted = async {
            let mut woken = Woken::default();
            loop {
                if let Some(attempt) = self.admit_once(account, &names, &mut woken, correlation_id).await? {
                    return Ok(attempt);
                }
            }
        };
        tokio::time::timeout(PATIENCE, admitted).await.unwrap_or_else(|_too_long| Err(self.closed(refused(1), names.account)))
    }

    /// Nothing where others had to be waited for.
    async fn admit_once(
        &self,
        account: &Account,
        names: &Names,
        woken: &mut Woken,
        correlation_id: &str,
    ) -> Result<Option<SignInAttempt>, Closed> {
        let subjects = names.all();
        let ended = self.guesses.ended(&subjects);
        let standing = self.standing(account, names, &subjects, correlation_id).await?;
        let failed = |subject: &Subject| standing.failed.get(subject).copied().unwrap_or_default();
        let network = names.address.as_ref().map(|address| address.network).filter(|_| !standing.is_fresh);
        let device = names.device.as_ref().filter(|_| standing.has_device).map(|(_, subject)| *subject);

        // The budgets that apply: of what, and how much.
        let budgets: Vec<Allowance> = match (device, &names.address) {
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

        let spent = budgets.iter().filter(|(subject, limit)| failed(subject).count >= *limit).map(|(subject, _)| *subject);
        if let Some(spent) = spent.max_by_key(|subject| failed(subject).wait) {
            let Some((limit, address)) = seen.filter(|_| is_closed) else { return Err(self.closed(refused(failed(&spent).wait), spent)) };
            let idle = address.idle.iter().take(budgets.len()).map(|idle| (*idle, 1));
            return Ok(Some(SignInAttempt {
                terms: SignInTerms { looks: false, is_audited: false },
                counted: counted_always.into_iter().chain(idle).collect(),
                seen: Some(limit),
                network: None,
                pool: standing.pool.clone(),
                _under_way: None,
            }));
        }
        let Some(under_way) = self.guesses.enter(&budgets, failed, &ended, woken).await else { return Ok(None) };
        Ok(Some(SignInAttempt {
            terms: SignInTerms { looks: true, is_audited: !is_closed },
            counted: counted_always.into_iter().chain(budgets).collect(),
            seen: seen.map(|(limit, _)| limit),
            network,
            pool: standing.pool.clone(),
            _under_way: Some(under_way),
        }))
    }

    fn closed(&self, error: Error, spent: Subject) -> Closed {
        Closed::new(error, spent, &self.guesses.span)
    }

    fn names(&self, account: &Account, address: Option<&str>) -> Names {
        let school = account.school.trim().to_lowercase();
        // One account, however its address is written.
        let email = text::email_key(&account.email).unwrap_or_else(|| account.email.trim().to_lowercase());
        let device = account.device_token.as_deref().and_then(|token| self.tokens.read_device(token, clock::now()));
        // What is counted at one endpoint counts for no account and no address at another.
        let realm = self.tokens.realm();
        Names {
            account: Subject::of(&format!("{realm}account"), &[school.as_bytes(), email.as_bytes()]),
            device: device.map(|device| (device, Subject::of("device", &[device.user.as_bytes(), device.device.as_bytes()]))),
            address: address.map(|address| {
                let of = |scope: &str| Subject::of(&format!("{realm}{scope}"), &[address.as_bytes()]);
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

    /// What the database knows of it: the same work for every account, with and without a device token.
    async fn standing(&self, account: &Account, names: &Names, subjects: &[Subject], correlation_id: &str) -> Result<Standing, DbError> {
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
        let (school, typed) = (storable(&account.school), storable(&text::composed(&account.email)));
        let email = text::email_key(&typed);
        let pool = self.guesses.pool.at_school_named(&school).await?;
        let tx = open(&pool, Mode::Read, correlation_id).await?;
        let rows = tx
            .query(
                "SELECT f.failures, coalesce(f.wait, 0), s.has_device, s.is_known, s.is_fresh \
                 FROM app.failed_sign_ins($2, $3, $4::text::interval) WITH ORDINALITY AS f(failures, wait, place) \
                 CROSS JOIN app.sign_in_standing($5, $6, $7, $8, $9, $10, $11, $12::text::interval) AS s \
                 WHERE app.tenant_id() = $1 ORDER BY f.place",
                &[&hashes, &allowed, &self.guesses.span, &school, &email, &typed, &tenant, &person, &version, &network, &self.kept],
            )
            .await?;
        tx.end_read();
        let bit = |column: usize| rows.first().is_some_and(|row| row.get::<_, bool>(column));
        let failed = subjects.iter().copied().zip(rows.iter().map(Failed::read)).collect();
        Ok(Standing { has_device: device.is_some() && bit(2), is_known: bit(3), is_fresh: bit(4), failed, pool })
    }

    /// Counts a sign-in that failed, before that is answered. Answers with what it is to be refused, where that is not
    /// that it has failed.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn failed(&self, attempt: SignInAttempt, correlation_id: &str) -> Result<Option<Closed>, DbError> {
        let seen = Guesses::count(&attempt.pool, &self.guesses.span, &attempt.counted, correlation_id).await?;
        let is_closed = attempt.seen.is_some_and(|limit| seen.count > limit);
        let (true, Some((address, _))) = (is_closed || !attempt.terms.looks, attempt.counted.first()) else { return Ok(None) };
        Ok(Some(self.closed(misled(seen.wait), *address)))
    }

    /// Remembers from which network an account has signed in.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn succeeded(&self, attempt: SignInAttempt, correlation_id: &str) -> Result<(), DbError> {
        let Some(network) = attempt.network else { return Ok(()) };
        let tx = open(&attempt.pool, Mode::Write, correlation_id).await?;
        tx.query("SELECT app.remember_network($2, $3::text::interval) WHERE app.tenant_id() = $1", &[&network.bytes(), &self.kept]).await?;
        tx.commit().await
    }
}

impl Names {
    /// Everything that is counted; a device that there is not, as nobody's.
    fn all(&self) -> Vec<Subject> {
        let device = self.device.as_ref().map_or_else(|| Subject::of("device", &[]), |(_, subject)| *subject);
        let address = self.address.iter().flat_map(|address| [address.all, address.strange, address.known]);
        [self.account, device].into_iter().chain(address).collect()
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
    counted("lectern_rate_limited_total", "limit", "sign_ins");
    Error::rate_limited("Too many sign-ins have failed.", u64::from(seconds.max(1)))
}

/// What a failed sign-in is answered where many have failed from its address: the same, whether it was wrong or was not tried.
fn misled(seconds: u32) -> Error {
    counted("lectern_rate_limited_total", "limit", "sign_ins");
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
