//! The codes of tickets: made of a key of the school, which is random, sealed and never replaced, of the ticket and of how often its code was renewed. The database
//! keeps hashes of them alone.

use async_graphql::Context;
use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Ctx,
    sealing::{Place, Sealer},
};
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{cart::Cart, refusing::refused, sql};
use crate::domains::attendees::Attendee;

/// Bytes of a school's key.
const KEY: usize = 32;
/// Bytes of a signature that become a code: 80 bits, in 16 characters.
const BYTES: usize = 10;
/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What the codes of a school's tickets are made of.
pub struct CodeKey(hmac::Key);

fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "ticket_key", column: "sealed" }
}

/// A new key of a school, as the database keeps it.
///
/// # Errors
/// When the system gives no randomness.
pub fn sealed_ticket_key(sealer: &Sealer, tenant: Uuid) -> Result<Vec<u8>> {
    let mut bytes = Zeroizing::new([0; KEY]);
    SystemRandom::new().fill(bytes.as_mut()).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(sealer.seal(place(tenant), bytes.as_ref()))
}

/// What the database keeps of a ticket's code, for seeds.
///
/// # Errors
/// When the key does not open.
pub fn code_hash(sealer: &Sealer, tenant: Uuid, sealed: &[u8], ticket: Uuid, generation: i32) -> Result<Vec<u8>> {
    Ok(CodeKey::open(sealer, tenant, sealed)?.hash(ticket, generation))
}

impl CodeKey {
    /// The key that the database keeps.
    ///
    /// # Errors
    /// `INTERNAL` where it does not open.
    pub fn open(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Self> {
        let wrong = |_| Error::internal("the key of a school's tickets does not open: LECTERN_SECRET_KEYS lacks its key");
        let bytes = sealer.open(place(tenant), sealed).map_err(wrong)?;
        Ok(CodeKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The key of the request's school, which it gets with its first order.
    ///
    /// # Errors
    /// As [`CodeKey::open`].
    pub async fn of_school(ctx: &Context<'_>) -> Result<Self> {
        CodeKey::asked(ctx, sql::KEY, &[]).await
    }

    /// The same, before a cart is placed under a key.
    ///
    /// # Errors
    /// Where there is not so much left of something; and as [`CodeKey::open`].
    pub async fn before(ctx: &Context<'_>, cart: &Cart, key: &str) -> Result<Self> {
        let params: Vec<&(dyn ToSql + Sync)> = cart.params().into_iter().chain([&key as &(dyn ToSql + Sync)]).collect();
        CodeKey::asked(ctx, sql::BEGIN, &params).await
    }

    /// By a statement whose last parameter is a key for a school that has none.
    async fn asked(ctx: &Context<'_>, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Self> {
        let (sealer, tenant) = (&ctx.request().services.sealer, ctx.tx().identity().tenant);
        let fresh = sealed_ticket_key(sealer, tenant)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().copied().chain([&fresh as &(dyn ToSql + Sync)]).collect();
        let kept: Option<Vec<u8>> = refused(ctx.tx().value(sql, &params).await)?;
        CodeKey::open(sealer, tenant, &kept.unwrap_or_default())
    }

    /// The code of a ticket.
    pub fn code(&self, ticket: Uuid, generation: i32) -> String {
        let signed = [ticket.as_bytes().as_slice(), &generation.to_be_bytes()].concat();
        let signature = hmac::sign(&self.0, &signed);
        let bits = signature.as_ref().iter().take(BYTES).fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        (0..BYTES * 8 / 5).rev().map(|n| char::from(ALPHABET[(bits >> (5 * n)) as usize & 31])).collect()
    }

    /// What the database keeps of it.
    pub fn hash(&self, ticket: Uuid, generation: i32) -> Vec<u8> {
        digest(&SHA256, self.code(ticket, generation).as_bytes()).as_ref().to_vec()
    }
}

/// Gives an attendee's live tickets new codes, because they go to somebody else: the codes of before are worth nothing. For APPLICATION_MANAGE and the applicant; does nothing
/// for others.
///
/// # Errors
/// When the database can't be asked.
pub async fn renew_codes(ctx: &Context<'_>, attendee: Id<Attendee>) -> Result<()> {
    let rows = ctx.tx().query(sql::RENEW_CODES, &[&attendee]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let key = CodeKey::of_school(ctx).await?;
    let (mut tickets, mut hashes) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let (ticket, generation): (Uuid, i32) = (reader.next()?, reader.next()?);
        hashes.push(key.hash(ticket, generation));
        tickets.push(ticket);
    }
    ctx.tx().query(sql::KEEP_CODES, &[&tickets, &hashes]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_sixteen_letters_that_no_other_ticket_and_no_other_generation_has() {
        let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
        let sealed = sealed_ticket_key(&sealer, Uuid::nil()).unwrap();
        let key = CodeKey::open(&sealer, Uuid::nil(), &sealed).unwrap();
        let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
        let code = key.code(one, 0);
        assert!(code.len() == 16 && code.bytes().all(|letter| ALPHABET.contains(&letter)), "{code}");
        assert_eq!(code, key.code(one, 0));
        assert!(code != key.code(one, 1) && code != key.code(two, 0));
        assert_eq!(key.hash(one, 0), digest(&SHA256, code.as_bytes()).as_ref());
        assert_eq!(code_hash(&sealer, Uuid::nil(), &sealed, one, 0).unwrap(), key.hash(one, 0));
        assert!(CodeKey::open(&sealer, Uuid::max(), &sealed).is_err());
    }
}
