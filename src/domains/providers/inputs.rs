//! What the mutations of providers take, and its checks.

use std::net::IpAddr;

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;
use url::{Host, Url};

use super::SignInProvider;
use crate::domains::{
    identity::{each_once, role_key},
    tenants::email_domains,
};

/// Somebody who wants to sign in with an account elsewhere.
#[derive(InputObject)]
pub struct BeginProviderSignInInput {
    /// The school's slug.
    pub tenant: String,
    /// The provider's key.
    pub provider_key: String,
    /// Where the browser is to come back to: exactly one of those that the school has named.
    pub redirect_uri: String,
}

/// Somebody who has come back.
#[derive(InputObject)]
pub struct CompleteProviderSignInInput {
    /// What the browser came back with as `state`: that which `beginProviderSignIn` has answered in the same browser.
    pub state: String,
    /// What it came back with as `code`.
    pub code: String,
}

/// A provider to be created.
#[writes(SignInProvider)]
pub struct CreateSignInProviderInput {
    /// Its key, for ever: 2 to 40 of the letters a to z, digits and hyphens.
    #[check(provider_key)]
    pub key: String,
    /// What it is called on the page for signing in; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
    /// Its issuer, letter by letter as the provider says it: `https`, at a public address, without query; at most 2,000 characters.
    #[by_hand]
    pub issuer: String,
    /// As what the school is known there; 1 to 500 characters.
    #[check(client_id)]
    pub client_id: String,
    /// The secret by which the school proves itself there; at most 1,000 characters. Never answered.
    #[by_hand]
    pub client_secret: Option<String>,
    /// Where browsers may come back to, pages of the school's apps: 1 to 20, each once; `https`, or `http` on the same machine.
    #[check(redirect_uris)]
    pub redirect_uris: Vec<String>,
    /// The domains of the email addresses that come in, as `school.example`: at most 100, each once; none: all.
    #[check(email_domains)]
    pub email_domains: Option<Vec<String>>,
    /// The key of the role of whoever is new: one that LEARNER covers. Null or left out: nobody new comes in.
    #[check(new_role)]
    pub role_key: Option<String>,
    /// Whether people may sign in by it; true unless given.
    #[by_hand]
    pub is_enabled: Option<bool>,
}

/// A change of a provider. What is left out stays as it is; an explicit null clears.
#[writes(SignInProvider)]
pub struct UpdateSignInProviderInput {
    /// The provider.
    #[by_hand]
    pub id: ID,
    /// What it is called from now on; 1 to 200 characters, not null.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// Another issuer, as for a new provider; not null. The accounts of the one before are linked no more, and its secret is cleared unless another is
    /// given.
    #[by_hand]
    pub issuer: MaybeUndefined<String>,
    /// As what the school is known there; 1 to 500 characters, not null.
    #[check(client_id)]
    pub client_id: MaybeUndefined<String>,
    /// Another secret; at most 1,000 characters; null for none.
    #[by_hand]
    pub client_secret: MaybeUndefined<String>,
    /// Where browsers may come back to, as for a new provider; not null.
    #[by_hand]
    pub redirect_uris: MaybeUndefined<Vec<String>>,
    /// The domains of the email addresses that come in; null or none: all.
    #[check(email_domains)]
    pub email_domains: MaybeUndefined<Vec<String>>,
    /// The key of the role of whoever is new; null: nobody new comes in.
    #[check(new_role)]
    pub role_key: MaybeUndefined<String>,
    /// Whether people may sign in by it; not null.
    #[by_hand]
    pub is_enabled: MaybeUndefined<bool>,
}

/// A value that can't be cleared; none where it is left out.
///
/// # Errors
/// `BAD_USER_INPUT` for null, and what the check says.
pub fn present<T, U>(field: &str, value: &MaybeUndefined<T>, check: impl Fn(&T) -> Result<U>) -> Result<Option<U>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::bad_input(field, "can't be null: leave it out to keep it")),
        MaybeUndefined::Value(value) => check(value).map(Some),
    }
}

fn provider_key(field: &str, key: &str) -> Result<String> {
    let is_one =
        (2..=40).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_one { Ok(key.to_owned()) } else { Err(Error::bad_input(field, "must be 2 to 40 of the letters a to z, digits and hyphens")) }
}

fn client_id(field: &str, id: &str) -> Result<String> {
    text::short(field, id, 500)
}

fn new_role(field: &str, key: &str) -> Result<String> {
    role_key(field, key).map(str::to_owned)
}

/// A secret as it is given: nothing of it is changed.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn client_secret(secret: &str) -> Result<&str> {
    const MOST: usize = 1000;
    let is_one = !secret.is_empty() && secret.chars().count() <= MOST && !secret.contains(char::is_control);
    if is_one {
        Ok(secret)
    } else {
        Err(Error::bad_input("clientSecret", format!("must have 1 to {MOST} characters, without control characters")))
    }
}

/// Pages that browsers may come back to, as they are written: what a browser is sent to is compared with them.
///
/// # Errors
/// `BAD_USER_INPUT`.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
pub fn redirect_uris(field: &str, named: &Vec<String>) -> Result<Vec<String>> {
    const MOST: usize = 20;
    if named.is_empty() || named.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold 1 to {MOST} addresses")));
    }
    for (index, uri) in named.iter().enumerate() {
        if !is_page(uri) {
            let expected = "must be an address such as https://school.example/signed-in, without fragment, of at most 2,000 characters";
            return Err(Error::bad_input(format!("{field}.{index}"), expected));
        }
    }
    each_once(field, named)?;
    Ok(named.clone())
}

/// Whether an address is that of a page that nobody on the way can read: by `https`, or on the same machine.
fn is_page(uri: &str) -> bool {
    const LONGEST: usize = 2000;
    let Ok(url) = Url::parse(uri) else { return false };
    let is_near = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => return false,
    };
    let is_kept = url.scheme() == "https" || url.scheme() == "http" && is_near;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    is_kept && is_plain && uri.len() <= LONGEST && !uri.contains(|letter: char| letter.is_control() || letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_come_back_to_pages_that_nobody_on_the_way_can_read() {
        for page in [
            "https://school.example/back",
            "https://school.example/back?to=1",
            "http://localhost:3000/",
            "http://127.0.0.1:5173/b",
            "http://[::1]/",
        ] {
            assert!(is_page(page), "{page}");
        }
        for other in [
            "",
            "/back",
            "http://school.example/back",
            "javascript:alert(1)",
            "ftp://school.example/",
            "https://user@school.example/",
            "https://school.example/#back",
            " https://school.example/",
            "https://school.example/\nback",
        ] {
            assert!(!is_page(other), "{other}");
        }
    }
}
