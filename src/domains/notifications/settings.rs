//! How somebody has chosen to be told.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, Open},
};
use lectern_macros::{mutations, object, resolvers};

use super::{
    kind::{EmailMode, Kind, NotificationKind, kind},
    kinds::KINDS,
    sql,
};

/// When the digest is sent to whoever has chosen no hour.
const DIGEST_HOUR: i32 = 18;

/// How you have chosen to be told.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct NotificationSettings {
    /// The language that you are told in, as a tag of BCP 47; null for the school's. There are texts in `en` and `de`; any other tag gets
    /// English.
    pub locale: Option<String>,
    /// The hour at which your digest is sent, 0 to 23, in your own time zone, else the school's; 18 unless chosen.
    pub digest_hour: i32,
    #[hidden]
    chosen: Vec<NotificationPreference>,
}

/// How you are told of one kind.
#[object]
#[derive(Clone, Debug)]
pub struct NotificationPreference {
    /// The kind.
    pub kind: Open<NotificationKind>,
    /// Whether they are among your `notifications`.
    pub in_app: bool,
    /// How they are mailed to you.
    pub email: EmailMode,
    /// Whether they are always mailed to you, at once.
    pub is_essential: bool,
    /// Whether this is how everybody is told who has chosen nothing.
    pub is_default: bool,
}

#[resolvers]
impl NotificationSettings {
    /// Each kind, once.
    async fn preferences(&self) -> Vec<NotificationPreference> {
        self.chosen.clone()
    }
}

/// Reads a tag of BCP 47.
///
/// # Errors
/// `BAD_USER_INPUT` for what is none.
pub fn locale_of(field: &str, tag: &str) -> Result<String> {
    let tag = tag.trim();
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_language && tag.len() <= 35 && parts.all(is_part) {
        Ok(tag.to_owned())
    } else {
        Err(Error::bad_input(field, "must be a tag of BCP 47 of at most 35 characters, such as de-AT"))
    }
}

impl NotificationSettings {
    /// Those of the actor, in one statement.
    pub(super) async fn of(ctx: &Context<'_>) -> Result<Self> {
        let person = ctx.actor()?.user;
        let rows = ctx.tx().query(sql::SETTINGS, &[&person]).await?;
        let (mut locale, mut digest_hour, mut kept) = (None, None, HashMap::new());
        for row in &rows {
            (locale, digest_hour) = (row.get::<_, Option<String>>(0), row.get::<_, Option<i32>>(1));
            if let Some(kind) = row.get::<_, Option<String>>(2) {
                kept.insert(kind, (row.get::<_, Option<bool>>(3), row.get::<_, Option<EmailMode>>(4)));
            }
        }
        let chosen = KINDS.iter().map(|kind| {
            let (in_app, email) = kept.get(kind.name).copied().unwrap_or_default();
            let email = email.filter(|_| !kind.is_essential());
            let (in_app, email) = (in_app.unwrap_or(true), email.unwrap_or(kind.email));
            NotificationPreference {
                kind: Open::new(kind.name),
                in_app,
                email,
                is_essential: kind.is_essential(),
                is_default: in_app && email == kind.email,
            }
        });
        Ok(NotificationSettings { locale, digest_hour: digest_hour.unwrap_or(DIGEST_HOUR), chosen: chosen.collect() })
    }
}

/// What you choose. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateNotificationSettingsInput {
    /// The language that you are to be told in, as a tag of BCP 47; null for the school's.
    pub locale: MaybeUndefined<String>,
    /// The hour of your digest, 0 to 23; null for 18.
    pub digest_hour: MaybeUndefined<i32>,
    /// How you are to be told of these kinds; each may stand here once.
    pub preferences: Option<Vec<NotificationPreferenceInput>>,
}

/// What you choose of one kind. What is left out stays as it is; null is as it is for whoever has chosen nothing.
#[derive(InputObject)]
pub struct NotificationPreferenceInput {
    /// The kind.
    pub kind: Open<NotificationKind>,
    /// Whether they are to be among your `notifications`.
    pub in_app: MaybeUndefined<bool>,
    /// How they are to be mailed. Of an essential kind nothing but IMMEDIATE is taken.
    pub email: MaybeUndefined<EmailMode>,
}

/// Choices as they are kept: of what is given, null is what everybody has who has chosen nothing. What is off stays chosen, also where it is
/// usual: nothing turns on by itself what somebody has turned off.
#[derive(Default)]
struct Choices {
    kinds: Vec<&'static str>,
    has_in_app: Vec<bool>,
    in_app: Vec<Option<bool>>,
    has_email: Vec<bool>,
    email: Vec<Option<&'static str>>,
}

impl Choices {
    fn check(given: &[NotificationPreferenceInput]) -> Result<Self> {
        let mut choices = Choices::default();
        let mut sorted: Vec<(&'static Kind, &NotificationPreferenceInput)> = Vec::new();
        for (place, choice) in given.iter().enumerate() {
            let field = |name: &str| format!("preferences.{place}.{name}");
            let kind = kind(choice.kind.as_str()).ok_or_else(|| Error::bad_input(field("kind"), "is no kind that can be chosen"))?;
            if sorted.iter().any(|(known, _)| known.name == kind.name) {
                return Err(Error::bad_input(field("kind"), "stands in the list twice"));
            }
            if kind.is_essential() && choice.email.value().is_some_and(|email| *email != kind.email) {
                let refusal = format!("must be {}: this mail is about your own account", kind.email.as_str());
                return Err(Error::bad_input(field("email"), refusal).reason("ESSENTIAL_KIND"));
            }
            sorted.push((kind, choice));
        }
        // In one order, so that two of the same person do not wait for each other.
        sorted.sort_by_key(|(kind, _)| kind.name);
        for (kind, choice) in sorted {
            choices.kinds.push(kind.name);
            choices.has_in_app.push(!choice.in_app.is_undefined());
            choices.in_app.push(choice.in_app.value().copied().filter(|in_app| !in_app));
            choices.has_email.push(!choice.email.is_undefined());
            choices.email.push(
                choice.email.value().copied().filter(|email| *email == EmailMode::Off || *email != kind.email).map(EmailMode::as_str),
            );
        }
        Ok(choices)
    }
}

/// Mutations of what people have chosen.
pub struct SettingsMutations;

#[mutations("NotificationSettings")]
impl SettingsMutations {
    /// Changes how you are told. BAD_USER_INPUT with ESSENTIAL_KIND where mail about your own account would not
    /// come at once any more.
    async fn update_notification_settings(
        ctx: &Context<'_>,
        /// What you choose.
        input: UpdateNotificationSettingsInput,
    ) -> Result<NotificationSettings> {
        let person = ctx.actor()?.user;
        let locale = input.locale.as_opt_ref().map(|tag| tag.map(|tag| locale_of("locale", tag)).transpose()).transpose()?;
        let hour = input.digest_hour.as_opt_ref().map(|hour| hour.copied());
        if let Some(Some(hour)) = hour
            && !(0..=23).contains(&hour)
        {
            return Err(Error::bad_input("digestHour", "must be between 0 and 23"));
        }
        let choices = Choices::check(input.preferences.as_deref().unwrap_or_default())?;
        if locale.is_some() || hour.is_some() {
            let (has_locale, has_hour) = (locale.is_some(), hour.is_some());
            ctx.tx().query(sql::CHOOSE, &[&person, &has_locale, &locale.flatten(), &has_hour, &hour.flatten()]).await?;
        }
        if !choices.kinds.is_empty() {
            let Choices { kinds, has_in_app, in_app, has_email, email } = &choices;
            ctx.tx().query(sql::PREFER, &[&person, kinds, has_in_app, in_app, has_email, email]).await?;
        }
        NotificationSettings::of(ctx).await
    }
}
