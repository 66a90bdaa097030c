//! The second factor of whoever asks: how it is kept, and how a code of it is looked at.

use async_graphql::Context;
use lectern_kernel::{
    auth::{FactorSecret, RECOVERY_CODES, RecoveryCode, Verdict},
    error::{Error, Result},
    resolve::{Ctx, DateTime},
    sealing::Place,
};
use lectern_macros::object;
use tokio_postgres::Row;
use uuid::Uuid;

use super::sql;

/// A second factor that waits to be confirmed. Nothing is on before.
#[object]
pub struct SecondFactorSetup {
    /// The secret in base32, for those who type it into their app; answered once.
    pub secret: String,
    /// The same as an `otpauth` address, to be shown as a QR code; answered once.
    pub otpauth_uri: String,
    /// Until when it can be confirmed: 10 minutes.
    pub expires_at: DateTime,
}

/// Codes for whoever has lost their app.
#[object]
pub struct RecoveryCodes {
    /// Ten codes, each good once in place of six digits; answered once.
    pub codes: Vec<String>,
}

/// The greatest length of a password or a code, in bytes.
const MAX_BYTES: usize = 1024;

fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "second_factor", column: "secret" }
}

/// A secret as the database keeps it.
pub(super) fn seal(ctx: &Context<'_>, secret: &FactorSecret) -> Vec<u8> {
    ctx.request().services.sealer.seal(place(ctx.tx().identity().tenant), secret.bytes())
}

/// The actor's secret, and whether it is on; none where none was begun, or not in time, or under keys that are gone.
pub(super) async fn own(ctx: &Context<'_>) -> Result<Option<(FactorSecret, bool)>> {
    let rows = ctx.tx().query(sql::OWN_FACTOR, &[]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (sealed, is_on): (Vec<u8>, bool) = (row.get(0), row.get(1));
    let opened = ctx.request().services.sealer.open(place(ctx.tx().identity().tenant), &sealed);
    if opened.is_err() && !is_on {
        return Ok(None);
    }
    let opened = opened.map_err(|_| Error::internal("a second factor does not open: LECTERN_SECRET_KEYS lacks its key"))?;
    let secret = FactorSecret::of(&opened).ok_or_else(|| Error::internal("a second factor is none"))?;
    Ok(Some((secret, is_on)))
}

/// Whether a code of the actor's second factor is right and was not used, which spends it; none where no second factor is on. The actor is whoever the
/// transaction is open for: who signs in is not signed in yet.
///
/// # Errors
/// When the database can't be reached.
pub async fn accepts(ctx: &Context<'_>, code: &str) -> Result<Option<bool>> {
    let Some((secret, true)) = own(ctx).await? else { return Ok(None) };
    if code.len() > MAX_BYTES {
        return Ok(Some(false));
    }
    let accepted: Option<bool> = match (secret.step_of(code, ctx.now()), RecoveryCode::parse(code)) {
        (Some(step), _) => ctx.tx().value(sql::SPEND_STEP, &[&step]).await?,
        (None, Some(code)) => ctx.tx().value(sql::SPEND_RECOVERY, &[&code.hash()]).await?,
        (None, None) => None,
    };
    Ok(Some(accepted == Some(true)))
}

/// What there is to know of the actor's account.
pub(super) struct Account {
    /// What their app is to call it.
    pub name: String,
    /// The school's name.
    pub school: String,
}

/// Demands the password of whoever has one.
///
/// # Errors
/// `BAD_USER_INPUT` (`password`) where it is wrong or missing.
pub(super) async fn require_password(ctx: &Context<'_>, password: Option<String>) -> Result<Account> {
    let rows = ctx.tx().query(sql::ACCOUNT, &[&ctx.actor()?.user]).await?;
    let row: &Row = rows.first().ok_or_else(Error::unauthenticated)?;
    let hash: Option<String> = row.get(0);
    if hash.is_some() {
        let password = password.filter(|password| password.len() <= MAX_BYTES).ok_or_else(|| Error::bad_input("password", "is needed"))?;
        if ctx.request().services.passwords.verify(password, hash).await? == Verdict::Wrong {
            return Err(Error::bad_input("password", "is wrong"));
        }
    }
    Ok(Account { name: row.get(1), school: row.get(2) })
}

/// Ten codes, and what is kept of each.
pub(super) fn recovery_codes() -> Result<(RecoveryCodes, Vec<Vec<u8>>)> {
    let codes = (0..RECOVERY_CODES).map(|_| RecoveryCode::generate()).collect::<Result<Vec<_>>>()?;
    let hashes = codes.iter().map(RecoveryCode::hash).collect();
    Ok((RecoveryCodes { codes: codes.iter().map(RecoveryCode::to_text).collect() }, hashes))
}

/// Whether the actor has a password.
///
/// # Errors
/// When the database can't be reached.
pub async fn has_password(ctx: &Context<'_>) -> Result<bool> {
    Ok(ctx.tx().value(sql::HAS_PASSWORD, &[]).await? == Some(true))
}

/// How many recovery codes the actor has left; none without a second factor.
///
/// # Errors
/// When the database can't be reached.
pub async fn recovery_codes_left(ctx: &Context<'_>) -> Result<Option<i32>> {
    Ok(ctx.tx().value::<Option<i32>>(sql::RECOVERY_LEFT, &[]).await?.flatten())
}
