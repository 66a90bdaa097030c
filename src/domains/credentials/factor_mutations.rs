//! Setting up a second factor, and turning it off.

use async_graphql::Context;
use lectern_kernel::{
    auth::FactorSecret,
    db::OnConstraint as _,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows as _},
};
use lectern_macros::mutations;

use super::{
    factor::{self, RecoveryCodes, SecondFactorSetup},
    inputs::{BeginSecondFactorInput, ConfirmSecondFactorInput, DisableSecondFactorInput, RenewRecoveryCodesInput},
    sql,
};
use crate::domains::identity::User;

/// Mutations of the own second factor.
pub struct FactorMutations;

fn is_on() -> Error {
    Error::conflict("SECOND_FACTOR_ON", "A second factor is on. Turn it off first.")
}

fn is_off() -> Error {
    Error::conflict("SECOND_FACTOR_OFF", "No second factor is set up. Begin one first.")
}

fn wrong_code() -> Error {
    Error::bad_input("code", "is wrong, or was used before")
}

/// Demands a code of the own second factor.
async fn require_code(ctx: &Context<'_>, code: &str) -> Result<()> {
    match factor::accepts(ctx, code).await? {
        None => Err(is_off()),
        Some(false) => Err(wrong_code()),
        Some(true) => Ok(()),
    }
}

#[mutations("User")]
impl FactorMutations {
    /// Begins a second factor: answers the secret that you put into your app. Nothing is on before `confirmSecondFactor`, within 10 minutes; beginning
    /// again replaces what was begun. BAD_USER_INPUT for a wrong password (`password`), RATE_LIMITED after too many; CONFLICT with SECOND_FACTOR_ON
    /// where one is on.
    #[session]
    #[guesses("password", Proof)]
    #[hashes_password]
    async fn begin_second_factor(
        ctx: &Context<'_>,
        /// Your password.
        input: BeginSecondFactorInput,
    ) -> Result<SecondFactorSetup> {
        let account = factor::require_password(ctx, input.password).await?;
        let secret = FactorSecret::generate()?;
        let begun = ctx.tx().value(sql::BEGIN_FACTOR, &[&factor::seal(ctx, &secret)]).await;
        let ends: Option<jiff::Timestamp> = begun.on_constraint("second_factor_on", |_| is_on())?;
        let ends = ends.ok_or_else(|| Error::internal("begin_second_factor answered nothing"))?;
        Ok(SecondFactorSetup {
            secret: secret.to_base32(),
            otpauth_uri: secret.otpauth_uri(&account.school, &account.name)?,
            expires_at: DateTime(ends),
        })
    }

    /// Turns the second factor on that was begun: from then on a code of it is asked at each sign-in. Answers ten recovery codes, once. BAD_USER_INPUT
    /// for a wrong code (`code`), RATE_LIMITED after too many; CONFLICT with SECOND_FACTOR_OFF where none was begun in time, with SECOND_FACTOR_ON
    /// where one is on.
    #[session]
    #[guesses("code", Proof)]
    async fn confirm_second_factor(
        ctx: &Context<'_>,
        /// A code of it.
        input: ConfirmSecondFactorInput,
    ) -> Result<RecoveryCodes> {
        let (secret, was_on) = factor::own(ctx).await?.ok_or_else(is_off)?;
        if was_on {
            return Err(is_on());
        }
        let step = secret.step_of(&input.code, ctx.now()).ok_or_else(wrong_code)?;
        let (codes, hashes) = factor::recovery_codes()?;
        match ctx.tx().value(sql::CONFIRM_FACTOR, &[&step, &hashes]).await? {
            Some(true) => Ok(codes),
            _ => Err(is_on()), // by somebody else in the meantime
        }
    }

    /// Answers ten other recovery codes, once; those before are dead. BAD_USER_INPUT for a wrong code (`code`), RATE_LIMITED after too many; CONFLICT
    /// with SECOND_FACTOR_OFF without a second factor.
    #[session]
    #[guesses("code", Proof)]
    async fn renew_recovery_codes(
        ctx: &Context<'_>,
        /// A code of the second factor.
        input: RenewRecoveryCodesInput,
    ) -> Result<RecoveryCodes> {
        require_code(ctx, &input.code).await?;
        let (codes, hashes) = factor::recovery_codes()?;
        match ctx.tx().value(sql::RENEW_RECOVERY, &[&hashes]).await? {
            Some(true) => Ok(codes),
            _ => Err(is_off()),
        }
    }

    /// Turns your second factor off. BAD_USER_INPUT for a wrong password (`password`) or code (`code`), RATE_LIMITED after too many; CONFLICT with
    /// SECOND_FACTOR_OFF without a second factor.
    #[session]
    #[guesses("code", Proof)]
    #[hashes_password]
    async fn disable_second_factor(
        ctx: &Context<'_>,
        /// Your password, and a code.
        input: DisableSecondFactorInput,
    ) -> Result<Loaded<User>> {
        factor::require_password(ctx, input.password).await?;
        require_code(ctx, &input.code).await?;
        if ctx.tx().value(sql::DISABLE_FACTOR, &[]).await? != Some(true) {
            return Err(is_off());
        }
        let own = Id::<User>::from_uuid(ctx.actor()?.user);
        ctx.whole(own).await?.ok_or_else(Error::unauthenticated)
    }
}
