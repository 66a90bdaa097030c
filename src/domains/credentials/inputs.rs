//! What the mutations of credentials take.

use async_graphql::{ID, InputObject};

/// A second factor to be set up.
#[derive(InputObject)]
pub struct BeginSecondFactorInput {
    /// Your password; required where you have one.
    pub password: Option<String>,
}

/// A second factor to be turned on.
#[derive(InputObject)]
pub struct ConfirmSecondFactorInput {
    /// The six digits that the app shows.
    pub code: String,
}

/// Other recovery codes.
#[derive(InputObject)]
pub struct RenewRecoveryCodesInput {
    /// Six digits of your second factor, or a recovery code.
    pub code: String,
}

/// A second factor to be turned off.
#[derive(InputObject)]
pub struct DisableSecondFactorInput {
    /// Your password; required where you have one.
    pub password: Option<String>,
    /// Six digits of your second factor, or a recovery code.
    pub code: String,
}

/// Another password, about which somebody above decides.
#[derive(InputObject)]
pub struct RequestPasswordChangeInput {
    /// The password as it shall be: 10 to 128 characters, not easy to guess.
    pub new_password: String,
    /// For who decides; at most 2,000 characters.
    pub note: Option<String>,
}

/// A request for another password to be rejected.
#[derive(InputObject)]
pub struct RejectPasswordChangeInput {
    /// The request.
    pub id: ID,
    /// Why, for the person; at most 2,000 characters.
    pub note: Option<String>,
}
