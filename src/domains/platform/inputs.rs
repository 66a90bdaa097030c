//! What the platform's mutations take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};

use super::tenant::TenantState;

/// Credentials of an administrator of the platform.
#[derive(InputObject)]
pub struct LoginInput {
    /// The email address, in any case.
    pub email: String,
    /// The password.
    pub password: String,
    /// A code of the second factor, or a recovery code, where one is on.
    pub second_factor: Option<String>,
}

/// A refresh token to exchange.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The latest refresh token of this sign-in.
    pub refresh_token: String,
}

/// A change of the own password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password as it is.
    pub current_password: String,
    /// The password as it shall be: 10 to 128 characters, not easy to guess.
    pub new_password: String,
}

/// The beginning of a second factor.
#[derive(InputObject)]
pub struct BeginSecondFactorInput {
    /// The own password.
    pub password: String,
}

/// A code that turns a second factor on.
#[derive(InputObject)]
pub struct ConfirmSecondFactorInput {
    /// Six digits, as the app shows them.
    pub code: String,
}

/// What turns a second factor off.
#[derive(InputObject)]
pub struct DisableSecondFactorInput {
    /// The own password.
    pub password: String,
    /// A code of the second factor, or a recovery code.
    pub code: String,
}

/// An administrator of the platform to be added.
#[derive(InputObject)]
pub struct CreateAdminInput {
    /// Their email address, unique among administrators of the platform without regard to case; at most 254 characters.
    pub email: String,
    /// Their name; 1 to 200 characters.
    pub name: String,
    /// Their password: 10 to 128 characters, not easy to guess.
    pub password: String,
}

/// A school to be founded.
#[derive(InputObject)]
pub struct CreateTenantInput {
    /// Its short name, for good: 2 to 63 lower-case letters and digits, with single hyphens between them.
    pub slug: String,
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// Its time zone, as IANA names it; UTC unless given.
    pub time_zone: Option<String>,
    /// The language in which it is written to, BCP 47; `en` unless given.
    pub locale: Option<String>,
    /// Whether it stands in the public list of schools; it does unless told otherwise.
    pub is_listed: Option<bool>,
    /// When its subscription begins; now unless given.
    pub subscription_start: Option<DateTime>,
    /// When its subscription lapses; never unless given.
    pub subscription_end: Option<DateTime>,
    /// How many people it may have; as many as there are unless given.
    pub max_users: Option<i32>,
    /// How many instructors it may have; as many as there are unless given.
    pub max_instructors: Option<i32>,
    /// Its first administrator.
    pub first_admin: Option<FirstAdminInput>,
}

/// The first administrator of a school.
#[derive(InputObject)]
pub struct FirstAdminInput {
    /// Their email address.
    pub email: String,
    /// Their name; 1 to 200 characters.
    pub name: String,
    /// Their password; without one they are invited by mail.
    pub password: Option<String>,
}

/// A change of a school. What is left out stays as it is; an explicit null clears.
#[derive(InputObject)]
pub struct UpdateTenantInput {
    /// The school.
    pub id: ID,
    /// A new name; 1 to 200 characters, not null.
    pub name: MaybeUndefined<String>,
    /// A new time zone, not null.
    pub time_zone: MaybeUndefined<String>,
    /// Whether it stands in the public list of schools; not null.
    pub is_listed: MaybeUndefined<bool>,
    /// How many people it may have; null for any number. Below what it has, it refuses the next.
    pub max_users: MaybeUndefined<i32>,
    /// How many instructors it may have; null for any number.
    pub max_instructors: MaybeUndefined<i32>,
}

/// A new end of a subscription.
#[derive(InputObject)]
pub struct RenewTenantInput {
    /// The school.
    pub id: ID,
    /// When it lapses; null for never. Left out it stays as it is.
    pub subscription_end: MaybeUndefined<DateTime>,
}

/// The suspension of a school.
#[derive(InputObject)]
pub struct SuspendTenantInput {
    /// The school.
    pub id: ID,
    /// Why; 1 to 500 characters.
    pub reason: String,
}

/// An administrator for a school.
#[derive(InputObject)]
pub struct AssignTenantAdminInput {
    /// The school.
    pub tenant_id: ID,
    /// The email address of whoever it shall be.
    pub email: String,
    /// Their name, where the school does not have them yet; 1 to 200 characters.
    pub name: Option<String>,
}

/// The erasure of a school.
#[derive(InputObject)]
pub struct EraseTenantInput {
    /// The school: a suspended one.
    pub id: ID,
    /// Its slug, typed again.
    pub confirm_slug: String,
}

/// Which schools.
#[derive(InputObject, Default)]
pub struct TenantFilter {
    /// Beginnings of words in slug and name, whatever their case and accents.
    pub search: Option<String>,
    /// In one of these states.
    pub states: Option<Vec<TenantState>>,
    /// Whose subscription lapses before this moment.
    pub subscription_ends_before: Option<DateTime>,
}

/// A slug: lower-case letters, digits and single hyphens between them, 2 to 63 characters.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn slug<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !text.split('-').all(is_part) || !(2..=63).contains(&text.len()) {
        return Err(Error::bad_input(
            field,
            "must have 2 to 63 lower-case letters and digits, with single hyphens between them: oak-school",
        ));
    }
    Ok(text)
}

/// A language, as BCP 47 writes it.
pub(super) fn locale(field: &str, text: &str) -> Result<String> {
    let mut parts = text.split('-');
    let is_language = parts.next().is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let fits = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if is_language && fits && text.len() <= 35 {
        return Ok(text.to_owned());
    }
    Err(Error::bad_input(field, "must be a language such as en or de-AT"))
}

/// The name of a time zone, as IANA writes it.
pub(super) fn zone(field: &str, text: &str) -> Result<String> {
    let zone = text::time_zone(field, text)?;
    Ok(zone.iana_name().unwrap_or(text).to_owned())
}

/// A cap of a plan.
pub(super) fn cap(field: &str, cap: Option<i32>) -> Result<Option<i32>> {
    match cap {
        Some(cap) if cap < 1 => Err(Error::bad_input(field, "must be at least 1")),
        cap => Ok(cap),
    }
}
