//! What the mutations of admissions take, and its checks.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
    text::email_key,
};

/// Whose password is to be reset.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The school's slug.
    pub tenant: String,
    /// The email address.
    pub email: String,
}

/// A new password, by a mailed link.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token of the link.
    pub token: String,
    /// The password as it shall be: 10 to 128 characters, not easy to guess.
    pub new_password: String,
}

/// Who wants a sign-in code.
#[derive(InputObject)]
pub struct RequestSignInCodeInput {
    /// The school's slug.
    pub tenant: String,
    /// The email address.
    pub email: String,
    /// How somebody new is to be called; 1 to 200 characters. What stands before the `@` unless given.
    pub name: Option<String>,
}

/// A mailed code.
#[derive(InputObject)]
pub struct SignInWithCodeInput {
    /// The school's slug.
    pub tenant: String,
    /// The email address that the code was mailed to.
    pub email: String,
    /// The six digits.
    pub code: String,
    /// Where a second factor is on: six digits of it, or a recovery code.
    pub second_factor: Option<String>,
}

/// Somebody who wants to come in.
#[derive(InputObject)]
pub struct RequestSignUpInput {
    /// The school's slug.
    pub tenant: String,
    /// Their email address; at most 254 characters.
    pub email: String,
    /// Their name; 1 to 200 characters.
    pub name: String,
    /// The key of the role that they wish for: one of those that the school offers.
    pub role_key: String,
    /// What they want to say; at most 2,000 characters.
    pub message: Option<String>,
}

/// A sign-up to be confirmed, by a mailed link.
#[derive(InputObject)]
pub struct ConfirmSignUpInput {
    /// The token of the link.
    pub token: String,
    /// The password that they will sign in with: 10 to 128 characters, not easy to guess.
    pub password: String,
}

/// An invitation to be accepted, by a mailed link.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token of the link.
    pub token: String,
    /// Their name; 1 to 200 characters. Required where the invitation has none.
    pub name: Option<String>,
    /// The password that they will sign in with: 10 to 128 characters, not easy to guess.
    pub password: String,
}

/// A change of an email address to be taken back, by a mailed link.
#[derive(InputObject)]
pub struct RevertEmailChangeInput {
    /// The token of the link.
    pub token: String,
}

/// People to be invited.
#[derive(InputObject)]
pub struct InviteUsersInput {
    /// 1 to 100 people: all or none.
    pub invitations: Vec<InvitationInput>,
}

/// Somebody to be invited.
#[derive(InputObject)]
pub struct InvitationInput {
    /// Their email address; at most 254 characters.
    pub email: String,
    /// Their name; 1 to 200 characters. They give it themselves where it is left out.
    pub name: Option<String>,
    /// The keys of the roles that they are to hold: 1 to 50, each once, all below your own.
    pub role_keys: Vec<String>,
}

/// A sign-up to be approved.
#[derive(InputObject)]
pub struct ApproveSignUpInput {
    /// The request.
    pub id: ID,
    /// The key of the role that they get: one that grants no more than that which they wished for. That one unless given.
    pub role_key: Option<String>,
}

/// A sign-up to be rejected.
#[derive(InputObject)]
pub struct RejectSignUpInput {
    /// The request.
    pub id: ID,
    /// Why, for the applicant; at most 2,000 characters.
    pub note: Option<String>,
}

/// An email address, and how it is compared.
pub struct Address {
    /// As it was typed.
    pub typed: String,
    /// As it is compared.
    pub key: String,
}

/// Reads an email address.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn address(field: &str, email: &str) -> Result<Address> {
    let typed = text::email(field, email)?;
    Ok(Address { key: email_key(&typed).unwrap_or_else(|| typed.to_lowercase()), typed })
}

/// A name that may be left out.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn optional_name(field: &str, name: Option<&str>) -> Result<Option<String>> {
    name.map(|name| text::name(field, name)).transpose()
}

/// A message or a note: at most 2,000 characters; a blank one is none.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn words(field: &str, words: Option<&str>) -> Result<Option<String>> {
    const MOST: usize = 2000;
    match words.map(|words| text::long(field, words)).transpose()?.flatten() {
        Some(words) if words.chars().count() > MOST => Err(Error::bad_input(field, format!("must have at most {MOST} characters"))),
        words => Ok(words),
    }
}

/// A school's slug as it can be looked up; what can't be one is that of no school.
pub fn school(slug: &str) -> &str {
    const MAX_BYTES: usize = 200;
    let slug = slug.trim();
    if slug.len() > MAX_BYTES || slug.contains('\0') { "" } else { slug }
}
