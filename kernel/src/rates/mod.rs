//! How much one person, account or address may ask for; shared by the replicas through PostgreSQL. See
//! docs/adr/0010-rate-limits.md and docs/adr/0021-device-tokens.md.

mod budget;
mod closed;
mod codes;
mod guesses;
mod keys;
mod paid;
mod sign_ins;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use crate::db::{ActorKind, Identity, Mode, Opening, Pool, Tx};

pub(crate) use self::paid::Paid;
pub use self::{
    budget::{Budget, Budgets, COST},
    closed::{Closed, Spent},
    codes::{Asks, Codes, Turn},
    keys::{KeyGuess, Keys},
    sign_ins::{Account, SignInAttempt, SignInTerms, SignIns},
};

/// The limits; 0 for none.
#[derive(Debug, Clone)]
pub struct RateLimits {
    /// Failed sign-ins from one address, to accounts that are strange to its network.
    pub sign_ins_per_address: u32,
    /// Failed sign-ins from one address, to accounts that have signed in from its network before.
    pub sign_ins_per_known_address: u32,
    /// Failed sign-ins to one account; and, beside that, from one device that has a token of it.
    pub sign_ins_per_account: u32,
    /// The minutes within which failed sign-ins count.
    pub sign_in_minutes: u32,
    /// For how many days it is remembered from which networks an account has signed in.
    pub known_network_days: u32,
    /// Wrong enrollment keys from one address.
    pub keys_per_address: u32,
    /// Wrong enrollment keys of one person.
    pub keys_per_person: u32,
    /// The minutes within which wrong enrollment keys count.
    pub key_minutes: u32,
    /// Unknown codes of coupons and referrals from one address.
    pub discounts_per_address: u32,
    /// Unknown codes of coupons and referrals of one person.
    pub discounts_per_person: u32,
    /// The minutes within which unknown codes of coupons and referrals count.
    pub discount_minutes: u32,
    /// Wrong sign-in codes of one account.
    pub codes_per_account: u32,
    /// Wrong sign-in codes from one address.
    pub codes_per_address: u32,
    /// The minutes within which wrong sign-in codes count.
    pub code_minutes: u32,
    /// How often each of the mails that strangers may ask for is asked for, of one account.
    pub asks_per_account: u32,
    /// How often any of them is asked for, from one address.
    pub asks_per_address: u32,
    /// The minutes within which that counts.
    pub ask_minutes: u32,
    /// Budgets of a person that have another size than they declare.
    pub budgets: Vec<(&'static Budget, u64)>,
}

impl Default for RateLimits {
    fn default() -> Self {
        RateLimits {
            sign_ins_per_address: 20,
            sign_ins_per_known_address: 200,
            sign_ins_per_account: 10,
            sign_in_minutes: 15,
            known_network_days: 90,
            keys_per_address: 20,
            keys_per_person: 10,
            key_minutes: 15,
            discounts_per_address: 300,
            discounts_per_person: 10,
            discount_minutes: 10,
            codes_per_account: 10,
            codes_per_address: 50,
            code_minutes: 15,
            asks_per_account: 5,
            asks_per_address: 100,
            ask_minutes: 15,
            budgets: Vec::new(),
        }
    }
}

/// The person, account or address that something is counted for, as it is stored: a hash, so that the table names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject([u8; 32]);

impl Subject {
    fn of(scope: &str, parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(scope.as_bytes());
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Subject(hash)
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A transaction of no school, in which counters are read and written.
async fn open(pool: &Pool, mode: Mode, correlation_id: &str) -> Result<std::sync::Arc<Tx>, crate::db::DbError> {
    let nobody = Identity { tenant: Uuid::nil(), user: Uuid::nil(), session: Uuid::nil() };
    Ok(Tx::open(pool, &Opening { mode, identity: nobody, correlation_id, actors: &ActorKind::TENANT }).await?.0)
}
