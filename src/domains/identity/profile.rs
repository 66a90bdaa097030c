//! What else is known of a person: the name that they sign in with, their language and clock, their picture.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, MaybeUndefined, dataloader::Loader};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Batch, Ctx, Loaded, Request, Shape, text},
};
use lectern_macros::extends;

use super::{User, inputs::UpdateUserInput, sql};
use crate::domains::{
    files::{self, File},
    notifications,
};

/// What is added to people.
pub struct UserProfile;

fn is_open(request: &Request, id: Id<User>, is_deleted: bool) -> Result<bool> {
    let actor = request.actor().ok_or_else(Error::unauthenticated)?;
    Ok(!is_deleted && (actor.is(id.0) || actor.can(Permission::UserRead)))
}

#[extends(User)]
impl UserProfile {
    /// Their picture: whoever sees them sees it. Null where they have none.
    #[signed_in]
    async fn avatar(id: Id<User>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        ctx.load(AvatarOf(id)).await
    }

    /// The name that they can sign in with in place of their email address. Null where they have none, or when you may not see it.
    fn username(id: Id<User>, is_deleted: bool, username: Option<String>, request: &Request) -> Result<Option<String>> {
        Ok(if is_open(request, id, is_deleted)? { username } else { None })
    }

    /// The language that they are told in, as a tag of BCP 47: that of their notification settings. Null for the school's, or when you may not see it.
    async fn locale(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<String>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        ctx.load(LocaleOf(id)).await
    }

    /// Their time zone, as IANA names it. Null for the school's, or when you may not see it.
    fn time_zone(id: Id<User>, is_deleted: bool, time_zone: Option<String>, request: &Request) -> Result<Option<String>> {
        Ok(if is_open(request, id, is_deleted)? { time_zone } else { None })
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct AvatarOf(Id<User>);

impl Loader<AvatarOf> for Batch {
    type Value = Loaded<File>;
    type Error = Error;

    async fn load(&self, keys: &[AvatarOf]) -> Result<HashMap<AvatarOf, Loaded<File>>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let info = self.catalog().of(File::object());
        let (sql, shape) = (sql::AVATARS.replace("{f}", &info.select("f", true)), Shape::alone(info, true));
        let mut found = HashMap::new();
        for row in self.tx.query(&sql, &[&people]).await? {
            let row = Arc::new(row);
            let person: Id<User> = row.try_get(shape.width()).map_err(DbError::from)?;
            if let Some(file) = Loaded::joined(&row, 0, &shape) {
                found.insert(AvatarOf(person), file);
            }
        }
        Ok(found)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct LocaleOf(Id<User>);

impl Loader<LocaleOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[LocaleOf]) -> Result<HashMap<LocaleOf, String>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::LOCALES, &[&people]).await?;
        let of = |row: &tokio_postgres::Row| Ok((LocaleOf(row.try_get(0)?), row.try_get(1)?));
        Ok(rows.iter().map(of).collect::<Result<_, DbError>>()?)
    }
}

/// A name to sign in with, in lower case.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn username(field: &str, name: &str) -> Result<String> {
    let name = name.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let valid = (3..=40).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
        && name.bytes().next().is_some_and(is_plain);
    if valid {
        Ok(name)
    } else {
        Err(Error::bad_input(
            field,
            "must be 3 to 40 of the letters a to z, digits, dots, underscores and hyphens, a letter or digit first",
        ))
    }
}

/// The name of a time zone.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn zone(field: &str, name: &str) -> Result<String> {
    text::time_zone(field, name)?;
    Ok(name.to_owned())
}

/// That somebody has this username.
pub fn username_taken(_: &DbError) -> Error {
    Error::conflict("USERNAME_TAKEN", "Somebody in this school has this username.").field("username")
}

/// Sets the language of somebody whom the actor may change, or has just created.
///
/// # Errors
/// When the database can't be reached.
pub async fn set_locale(ctx: &Context<'_>, person: Id<User>, locale: Option<&str>) -> Result<()> {
    ctx.tx().query(sql::SET_LOCALE, &[&person, &locale]).await?;
    Ok(())
}

/// What a change of a person says of these things, checked.
pub struct ProfileChange {
    /// Whether the username is given, and which.
    pub username: (bool, Option<String>),
    /// Whether the time zone is given, and which.
    pub time_zone: (bool, Option<String>),
    locale: Option<Option<String>>,
    avatar: Option<Option<Id<File>>>,
}

/// Whether a value is given, and which; null for none.
fn given<U>(field: &str, value: &MaybeUndefined<String>, check: impl Fn(&str, &str) -> Result<U>) -> Result<Option<Option<U>>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(value) => Ok(Some(Some(check(field, value)?))),
    }
}

impl ProfileChange {
    /// Reads an input.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn read(input: &UpdateUserInput) -> Result<Self> {
        let flat = |value: Option<Option<String>>| (value.is_some(), value.flatten());
        let avatar = match &input.avatar_file_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(Some(Id::<File>::parse("avatarFileId", id)?)),
        };
        Ok(ProfileChange {
            username: flat(given("username", &input.username, username)?),
            time_zone: flat(given("timeZone", &input.time_zone, zone)?),
            locale: given("locale", &input.locale, notifications::locale_of)?,
            avatar,
        })
    }

    /// Writes what does not stand in the person's own row, once that was changed.
    ///
    /// # Errors
    /// `NOT_FOUND` or `NOT_YOURS` for a file that is not the actor's own, `BAD_USER_INPUT` for one that is no picture.
    pub async fn write(self, ctx: &Context<'_>, person: Id<User>) -> Result<()> {
        if let Some(locale) = &self.locale {
            set_locale(ctx, person, locale.as_deref()).await?;
        }
        match self.avatar {
            None => {}
            Some(None) => {
                ctx.tx().query(sql::REMOVE_AVATAR, &[&person]).await?;
            }
            Some(Some(file)) => {
                files::require_own_picture(ctx, "avatarFileId", file).await?;
                let set = ctx.tx().query(sql::SET_AVATAR, &[&person, &file]).await;
                set.on_constraint("user_avatar_file_fkey", |_| Error::not_found("file").field("avatarFileId"))?;
            }
        }
        Ok(())
    }
}

/// The name and the email address of a change, neither of which can be null.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn present<U>(field: &str, value: &MaybeUndefined<String>, check: impl Fn(&str, &str) -> Result<U>) -> Result<Option<U>> {
    match given(field, value, check)? {
        None => Ok(None),
        Some(None) => Err(Error::not_null(field)),
        Some(value) => Ok(value),
    }
}
