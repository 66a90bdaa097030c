//! What the mutations of people and roles take, and its checks.

use std::collections::HashSet;

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    permission::Permission,
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{
    User,
    profile::{username, zone},
};

/// A person to be added to the school.
#[writes(User)]
pub struct CreateUserInput {
    /// Their email address, unique in the school without regard to case, its domain in Unicode or as DNS has it (`xn--…`); at most
    /// 254 characters.
    #[check(text::email)]
    pub email: String,
    /// Their name; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
    /// The password that they sign in with: 10 to 128 characters, not easy to guess. Without one they can't sign in.
    #[by_hand]
    pub password: Option<String>,
    /// The keys of the roles that they are to hold: 1 to 50, each once, none that grants more than you hold, unless yours manages it.
    #[by_hand]
    pub role_keys: Vec<String>,
    /// A name to sign in with in place of the email address, unique in the school without regard to case: 3 to 40 of the letters a to z, digits,
    /// `.`, `_` and `-`, a letter or digit first.
    #[check(username)]
    pub username: Option<String>,
    /// The language that they are told in, as a tag of BCP 47; the school's unless given.
    #[by_hand]
    pub locale: Option<String>,
    /// Their time zone, as IANA names it; the school's unless given.
    #[check(zone)]
    pub time_zone: Option<String>,
}

/// A change of a person. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// The person.
    pub id: ID,
    /// A new email address, unique in the school without regard to case, its domain in Unicode or as DNS has it (`xn--…`); at most
    /// 254 characters, not null.
    pub email: MaybeUndefined<String>,
    /// A new name; 1 to 200 characters, not null.
    pub name: MaybeUndefined<String>,
    /// A name to sign in with, as for a new person; null for none.
    pub username: MaybeUndefined<String>,
    /// The language that they are told in, as a tag of BCP 47; null for the school's. That of their notification settings is the same one.
    pub locale: MaybeUndefined<String>,
    /// Their time zone, as IANA names it; null for the school's.
    pub time_zone: MaybeUndefined<String>,
    /// A picture of your own to show them by: PNG, JPEG, GIF or WebP; null for none. Whoever sees them sees it.
    pub avatar_file_id: MaybeUndefined<ID>,
}

/// A role for people.
#[derive(InputObject)]
pub struct GrantRoleInput {
    /// The people: 1 to 100, each once.
    pub user_ids: Vec<ID>,
    /// The key of the role.
    pub role_key: String,
    /// When it ends by itself, later than now; null or left out: it is theirs for good.
    pub until: Option<DateTime>,
}

/// A role to be taken from people.
#[derive(InputObject)]
pub struct WithdrawRoleInput {
    /// The people: 1 to 100, each once.
    pub user_ids: Vec<ID>,
    /// The key of the role.
    pub role_key: String,
}

/// What a person may do beside their roles, and what not in spite of them.
#[derive(InputObject)]
pub struct SetUserPermissionsInput {
    /// The person.
    pub user_id: ID,
    /// What they are granted from now on: each once, nothing that you don't hold.
    pub grants: Vec<Permission>,
    /// What is denied them from now on: each once. A deny wins.
    pub denies: Vec<Permission>,
}

/// The roles of a person.
#[derive(InputObject)]
pub struct SetUserRolesInput {
    /// The person.
    pub user_id: ID,
    /// The keys of all roles that they are to hold from now on: 1 to 50, each once, none that grants more than you hold, unless yours manages it. What
    /// ends by itself and stays goes on ending then.
    pub role_keys: Vec<String>,
}

/// A role to be added to the school.
#[derive(InputObject)]
pub struct CreateRoleInput {
    /// Its short name, unique in the school: 2 to 40 capital letters, digits and underscores, a letter first. It can't be
    /// changed later.
    pub key: String,
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// What it grants: each once, nothing that you don't hold.
    pub permissions: Vec<Permission>,
    /// The keys of the roles whose holders it may admit and approve: at most 50, each once, all of which yours manages, and none that grants ROLE_MANAGE
    /// or TENANT_MANAGE. None unless given.
    pub manages_role_keys: Option<Vec<String>>,
}

/// A change of a role. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateRoleInput {
    /// The role: none of the system roles.
    pub id: ID,
    /// A new name; 1 to 200 characters, not null.
    pub name: MaybeUndefined<String>,
    /// What it grants from now on, in place of what it granted: each once, nothing that you don't hold; not null.
    pub permissions: MaybeUndefined<Vec<Permission>>,
    /// The keys of the roles whose holders it may admit and approve from now on: at most 50, each once, none that grants ROLE_MANAGE or TENANT_MANAGE.
    /// Yours manages those that are new; not null.
    pub manages_role_keys: MaybeUndefined<Vec<String>>,
}

/// Roles at most in one list.
const MAX_ROLES: usize = 50;

/// The refusal of an explicit null.
pub fn required(field: &str) -> Error {
    Error::bad_input(field, "can't be null: leave it out to keep it")
}

/// The key of a role, as it is written.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn role_key<'a>(field: &str, key: &'a str) -> Result<&'a str> {
    let valid = (2..=40).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && key.starts_with(|first: char| first.is_ascii_uppercase());
    if valid { Ok(key) } else { Err(Error::bad_input(field, "must be 2 to 40 capital letters, digits and underscores, a letter first")) }
}

/// The keys of roles: at least one, each once.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn role_keys(keys: &[String]) -> Result<()> {
    if keys.is_empty() || keys.len() > MAX_ROLES {
        return Err(Error::bad_input("roleKeys", format!("must hold 1 to {MAX_ROLES} keys of roles")));
    }
    for (index, key) in keys.iter().enumerate() {
        role_key(&format!("roleKeys.{index}"), key)?;
    }
    each_once("roleKeys", keys)
}

/// The keys of roles that another one manages: each once, none at all.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn managed_keys(keys: &[String]) -> Result<()> {
    if keys.len() > MAX_ROLES {
        return Err(Error::bad_input("managesRoleKeys", format!("must hold at most {MAX_ROLES} keys of roles")));
    }
    for (index, key) in keys.iter().enumerate() {
        role_key(&format!("managesRoleKeys.{index}"), key)?;
    }
    each_once("managesRoleKeys", keys)
}

/// Refuses a list in which something stands twice.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn each_once<T: std::hash::Hash + Eq>(field: &str, list: &[T]) -> Result<()> {
    let mut seen = HashSet::new();
    match list.iter().position(|item| !seen.insert(item)) {
        Some(index) => Err(Error::bad_input(format!("{field}.{index}"), "stands in the list twice")),
        None => Ok(()),
    }
}

/// What a guesser of somebody's password would try first.
pub fn password_hints<'a>(email: &'a str, name: &'a str) -> Vec<&'a str> {
    let words = email.split(['@', '.', '+', '-', '_']).chain(name.split_whitespace());
    [email, name].into_iter().chain(words).filter(|word| word.len() > 2).collect()
}
