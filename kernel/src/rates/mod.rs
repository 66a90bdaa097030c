//! How much one person, account or address may ask for; shared by the replicas through PostgreSQL. See
//! docs/adr/0010-rate-limits.md.

mod budget;
mod sign_ins;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use crate::db::{ActorKind, Identity, Mode, Opening, Pool, Tx};

pub use self::{
    budget::{BudgetKind, Budgets},
    sign_ins::{SignInAttempt, SignIns},
};

/// The limits; 0 for none.
#[derive(Debug, Clone)]
pub struct RateLimits {
    /// Failed sign-ins from one address.
    pub sign_ins_per_address: u32,
    /// Failed sign-ins to one account.
    pub sign_ins_per_account: u32,
    /// The minutes within which failed sign-ins count.
    pub sign_in_minutes: u32,
    /// Changes of bookings that one person may try a minute.
    pub bookings: u64,
    /// What the documents of one person may cost a minute.
    pub cost: u64,
}

impl Default for RateLimits {
    fn default() -> Self {
        RateLimits { sign_ins_per_address: 20, sign_ins_per_account: 10, sign_in_minutes: 15, bookings: 30, cost: 5_000_000 }
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
