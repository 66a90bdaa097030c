//! The second factor of administrators of the platform: the codes themselves are the kernel's (`auth::FactorSecret`), their rows are the platform's.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    auth::{FactorSecret, RECOVERY_CODES, RecoveryCode},
    db::OnConstraint,
    error::{Error, Result},
    resolve::{Ctx, DateTime, Loaded},
    sealing::Place,
};
use lectern_macros::{mutations, object};
use uuid::Uuid;

use super::{
    PlatformAdmin,
    admin::myself,
    inputs::{BeginSecondFactorInput, ConfirmSecondFactorInput, DisableSecondFactorInput},
    session::verify_own,
    sql,
};

/// The secret of a second factor that is being set up.
#[object]
pub struct SecondFactorSetup {
    /// For typing it into an app, in base32.
    pub secret: String,
    /// For a QR code that an app scans.
    pub otpauth_uri: String,
    /// Until when a code may be given.
    pub expires_at: DateTime,
}

/// Codes for whoever has lost their app. They are shown once.
#[object]
pub struct RecoveryCodes {
    /// Ten of them; each works once in place of a code.
    pub codes: Vec<String>,
}

/// Who asks, as apps show it.
const ISSUER: &str = "Lectern Platform";

const PLACE: Place<'static> = Place { tenant: Uuid::nil(), table: "platform_factor", column: "secret" };

fn opened(ctx: &Context<'_>, sealed: &[u8]) -> Result<FactorSecret> {
    let bytes =
        ctx.request().services.sealer.open(PLACE, sealed).map_err(|_| Error::internal("the secret of a second factor does not open"))?;
    FactorSecret::of(&bytes).ok_or_else(|| Error::internal("the secret of a second factor has another length"))
}

/// Spends a code of a second factor that is on, or a recovery code: each once. Answers whether it was good.
///
/// # Errors
/// When the database can't be reached, or the secret does not open.
pub(super) async fn spend(ctx: &Context<'_>, admin: Uuid, sealed: &[u8], code: &str) -> Result<bool> {
    if let Some(step) = opened(ctx, sealed)?.step_of(code, ctx.now()) {
        return Ok(ctx.tx().value(sql::SPEND_STEP, &[&admin, &step]).await? == Some(true));
    }
    match RecoveryCode::parse(code) {
        Some(code) => Ok(ctx.tx().value(sql::SPEND_RECOVERY_CODE, &[&admin, &code.hash()]).await? == Some(true)),
        None => Ok(false),
    }
}

fn is_on() -> Error {
    Error::conflict("SECOND_FACTOR_ON", "A second factor is on already.")
}

fn is_off() -> Error {
    Error::conflict("SECOND_FACTOR_OFF", "No second factor is on.")
}

fn wrong_code() -> Error {
    Error::bad_input("code", "is wrong, or was used before")
}

/// Mutations of the own second factor.
pub struct FactorMutations;

#[mutations("PlatformAdmin")]
impl FactorMutations {
    /// Begins to set a second factor up: nothing is on before `confirmSecondFactor`, within 10 minutes. BAD_USER_INPUT for a wrong password, CONFLICT with
    /// SECOND_FACTOR_ON where one is.
    #[authenticated]
    #[session]
    #[hashes_password]
    #[guesses("password", Proof)]
    async fn begin_second_factor(
        ctx: &Context<'_>,
        /// The own password.
        input: BeginSecondFactorInput,
    ) -> Result<SecondFactorSetup> {
        let known = ctx.tx().query(sql::OWN_SECRETS, &[]).await?;
        let known = known.first().ok_or_else(Error::unauthenticated)?;
        verify_own(ctx, "password", &input.password, known.get(0)).await?;
        let secret = FactorSecret::generate()?;
        let sealed = ctx.request().services.sealer.seal(PLACE, secret.bytes());
        let until: Option<Timestamp> =
            ctx.tx().value(sql::BEGIN_FACTOR, &[&sealed]).await.on_constraint("platform_factor_on", |_| is_on())?;
        Ok(SecondFactorSetup {
            secret: secret.to_base32(),
            otpauth_uri: secret.otpauth_uri(ISSUER, known.get(1))?,
            expires_at: DateTime(until.unwrap_or_else(|| ctx.now())),
        })
    }

    /// Turns the second factor on that was begun, by a code that the app makes of it. BAD_USER_INPUT for a wrong code, CONFLICT with SECOND_FACTOR_OFF where
    /// none was begun within 10 minutes, SECOND_FACTOR_ON where one is on.
    #[authenticated]
    #[session]
    #[guesses("code", Proof)]
    async fn confirm_second_factor(
        ctx: &Context<'_>,
        /// The code.
        input: ConfirmSecondFactorInput,
    ) -> Result<RecoveryCodes> {
        let known = ctx.tx().query(sql::OWN_SECRETS, &[]).await?;
        let known = known.first().ok_or_else(Error::unauthenticated)?;
        let sealed: Option<Vec<u8>> = known.get(3);
        if known.get(4) {
            return Err(is_on());
        }
        let sealed = sealed.ok_or_else(is_off)?;
        let step = opened(ctx, &sealed)?.step_of(&input.code, ctx.now()).ok_or_else(wrong_code)?;
        let codes = (0..RECOVERY_CODES).map(|_| RecoveryCode::generate()).collect::<Result<Vec<_>>>()?;
        let hashes: Vec<Vec<u8>> = codes.iter().map(RecoveryCode::hash).collect();
        let confirmed: Option<bool> = ctx.tx().value(sql::CONFIRM_FACTOR, &[&sealed, &step, &hashes]).await?;
        if confirmed != Some(true) {
            return Err(is_on());
        }
        Ok(RecoveryCodes { codes: codes.iter().map(RecoveryCode::to_text).collect() })
    }

    /// Turns the own second factor off. BAD_USER_INPUT for a wrong password or code, CONFLICT with SECOND_FACTOR_OFF where none is on.
    #[session]
    #[hashes_password]
    #[guesses("code", Proof)]
    async fn disable_second_factor(
        ctx: &Context<'_>,
        /// The own password, and a code.
        input: DisableSecondFactorInput,
    ) -> Result<Loaded<PlatformAdmin>> {
        let known = ctx.tx().query(sql::OWN_SECRETS, &[]).await?;
        let known = known.first().ok_or_else(Error::unauthenticated)?;
        verify_own(ctx, "password", &input.password, known.get(0)).await?;
        let sealed: Option<Vec<u8>> = known.get(3);
        let sealed = sealed.filter(|_| known.get(4)).ok_or_else(is_off)?;
        if !spend(ctx, ctx.actor()?.user, &sealed, &input.code).await? {
            return Err(wrong_code());
        }
        if ctx.tx().value(sql::DISABLE_FACTOR, &[]).await? != Some(true) {
            return Err(is_off());
        }
        myself(ctx).await
    }
}
