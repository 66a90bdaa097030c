//! What a school has decided about itself.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::OnConstraint as _,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, all, as_given, one, present, text},
    text::email_key,
    text_enum,
};
use lectern_macros::{mutations, object, resolvers, writes};
use url::Host;

use super::{
    Tenant, bounds,
    branding::{Branding, color, website},
    features::{FEATURES, FeatureFlag},
};
use crate::domains::{
    files::{File, must_be_public, require_public},
    identity::{each_once, role_key, zone},
    notifications::locale_of,
};

text_enum! {
    /// Who may sign up by themselves.
    pub enum SignUpPolicy {
        /// Nobody: people are added and invited.
        Closed = "CLOSED",
        /// Everybody may ask; somebody of the school decides.
        Approval = "APPROVAL",
        /// Who has proven an address of the school's domains comes in at once, in a role that grants no more than LEARNER; about all others somebody
        /// decides.
        Open = "OPEN",
    }
}

text_enum! {
    /// Who may sign in by a mailed code.
    pub enum CodeSignInPolicy {
        /// Nobody.
        Off = "OFF",
        /// Who holds PARTICIPANT, alone or beside LEARNER; and strangers, who become such people.
        Participants = "PARTICIPANTS",
        /// Every active person; and strangers, who become participants.
        Everybody = "EVERYBODY",
    }
}

/// The settings of a school. Everybody in it reads them.
#[object(table = "tenant_settings", alias = "ts", id = "tenantsettings", key = "tenant_id", resolvers)]
#[derive(Clone, Debug)]
pub struct TenantSettings {
    #[hidden]
    #[column("tenant_id")]
    pub id: Id<TenantSettings>,
    /// The name that the school's mails are sent under; null for the school's own.
    pub mail_sender_name: Option<String>,
    /// What stands at the end of the school's mails; null for nothing.
    pub mail_footer: Option<String>,
    /// The hosts, with those below them, from which EMBED lessons may take what they show.
    pub embed_hosts: Vec<String>,
    /// Whether people earn points and badges. What they have earned stays.
    pub gamification: bool,
    /// Whether there are leaderboards.
    pub leaderboards: bool,
    /// After how many days without any activity a learner is at risk.
    pub risk_inactive_days: i32,
    /// After how many hours a request of a booking that nobody has answered is brought before whoever manages bookings.
    pub booking_escalation_hours: i32,
    /// For how many minutes a slot is held, unless whoever holds it says otherwise.
    pub slot_hold_minutes: i32,
    /// For how many minutes a place that has become free is offered to whoever waits for it.
    pub waitlist_offer_minutes: i32,
    /// How many minutes before a booking its people are reminded of it, each once; of a booking of a type, as the type says.
    pub booking_reminder_minutes: Vec<i32>,
    /// How many minutes before a booking without a type its learner may cancel it at the latest; 0: until it is over.
    pub booking_cancel_notice_minutes: i32,
    /// Who may sign up by themselves.
    pub sign_up: SignUpPolicy,
    /// The keys of the roles that whoever signs up may wish for.
    pub sign_up_role_keys: Vec<String>,
    /// The domains of email addresses that come in at once where the school is OPEN; none: all.
    pub sign_up_domains: Vec<String>,
    /// Who may sign in by a mailed code.
    pub code_sign_in: CodeSignInPolicy,
    /// The keys of the roles that grant nothing to whoever has no second factor.
    pub second_factor_role_keys: Vec<String>,
    /// Whether somebody above decides about a change of password (`requestPasswordChange`), but of holders of ADMIN.
    pub password_change_needs_approval: bool,
    /// The language that people are told in who have chosen none, as a tag of BCP 47.
    pub locale: String,
    /// Whether the school stands in the public list of schools.
    #[column("(SELECT t.is_listed FROM tenant t WHERE t.tenant_id = {}.tenant_id)")]
    pub is_listed: bool,
    #[hidden]
    pub logo_file_id: Option<Id<File>>,
    #[hidden]
    pub primary_color: Option<String>,
    #[hidden]
    pub website: Option<String>,
    #[hidden]
    pub support_email: Option<String>,
}

#[resolvers]
impl TenantSettings {
    /// How it looks, and where it is reached.
    async fn branding(
        logo_file_id: Option<Id<File>>,
        primary_color: Option<String>,
        website: Option<String>,
        support_email: Option<String>,
    ) -> Result<Branding> {
        Ok(Branding { primary_color, website, support_email, logo_file_id })
    }

    /// What it has switched on and off, by the keys.
    #[cost(10)]
    async fn features(id: Id<TenantSettings>, ctx: &Context<'_>) -> Result<Vec<Loaded<FeatureFlag>>> {
        all(ctx, &FEATURES, id.0).await
    }

    /// The school.
    async fn tenant(id: Id<TenantSettings>, ctx: &Context<'_>) -> Result<Loaded<Tenant>> {
        let tenant = one(ctx, Id::<Tenant>::from_uuid(id.0)).await?;
        tenant.ok_or_else(|| Error::not_found("school"))
    }
}

/// The settings of a school.
///
/// # Errors
/// `NOT_FOUND` for another school's.
pub(super) async fn settings_of(ctx: &Context<'_>, tenant: Id<Tenant>) -> Result<Loaded<TenantSettings>> {
    let settings = one(ctx, Id::<TenantSettings>::from_uuid(tenant.0)).await?;
    settings.ok_or_else(|| Error::not_found("school"))
}

/// A change of the school's settings. What is left out stays as it is; an explicit null clears.
#[writes(TenantSettings)]
pub struct UpdateTenantSettingsInput {
    /// The name that the school's mails are sent under; 1 to 100 characters; null for the school's own.
    #[check(sender_name)]
    pub mail_sender_name: MaybeUndefined<String>,
    /// What stands at the end of the school's mails: who it is, where it is; at most 1,000 characters, with line breaks; null for nothing.
    #[check(footer)]
    pub mail_footer: MaybeUndefined<String>,
    /// The hosts, with those below them, from which EMBED lessons may take what they show: at most 50, such as `player.vimeo.com`; null for none. Lessons that
    /// are there stay.
    #[check(hosts)]
    pub embed_hosts: MaybeUndefined<Vec<String>>,
    /// Whether people earn points and badges; not null.
    #[check(as_given)]
    pub gamification: MaybeUndefined<bool>,
    /// Whether there are leaderboards; not null.
    #[check(as_given)]
    pub leaderboards: MaybeUndefined<bool>,
    /// After how many days without any activity a learner is at risk; 1 to 365; not null.
    #[check(bounds::risk_days)]
    pub risk_inactive_days: MaybeUndefined<i32>,
    /// After how many hours a request of a booking that nobody has answered is brought before whoever manages bookings; 1 to 720; not null.
    #[check(bounds::escalation_hours)]
    pub booking_escalation_hours: MaybeUndefined<i32>,
    /// For how many minutes a slot is held unless whoever holds it says otherwise; 1 to 15; not null.
    #[check(bounds::hold_minutes)]
    pub slot_hold_minutes: MaybeUndefined<i32>,
    /// For how many minutes a place that has become free is offered to whoever waits for it; 5 to 10,080; not null.
    #[check(bounds::offer_minutes)]
    pub waitlist_offer_minutes: MaybeUndefined<i32>,
    /// How many minutes before a booking its people are reminded of it: at most 3, each once, of 5 to 43,200; null or none: not at all. Booking types keep their
    /// own.
    #[check(bounds::reminder_minutes)]
    pub booking_reminder_minutes: MaybeUndefined<Vec<i32>>,
    /// How many minutes before a booking without a type its learner may cancel it at the latest; 0 to 525,600, 0: until it is over; not null.
    #[check(bounds::notice_minutes)]
    pub booking_cancel_notice_minutes: MaybeUndefined<i32>,
    /// Who may sign up by themselves; not null.
    #[check(as_given)]
    pub sign_up: MaybeUndefined<SignUpPolicy>,
    /// The keys of the roles that whoever signs up may wish for: at most 50, each once, none that grants ROLE_MANAGE or TENANT_MANAGE.
    #[check(offered)]
    pub sign_up_role_keys: MaybeUndefined<Vec<String>>,
    /// The domains of email addresses that come in at once where the school is OPEN, as `school.example`: at most 100, each once; none: all.
    #[check(domains)]
    pub sign_up_domains: MaybeUndefined<Vec<String>>,
    /// Who may sign in by a mailed code; not null.
    #[check(as_given)]
    pub code_sign_in: MaybeUndefined<CodeSignInPolicy>,
    /// The keys of the roles that grant nothing to whoever has no second factor: at most 50, each once.
    #[check(offered)]
    pub second_factor_role_keys: MaybeUndefined<Vec<String>>,
    /// Whether somebody above decides about a change of password, but of holders of ADMIN; not null.
    #[check(as_given)]
    pub password_change_needs_approval: MaybeUndefined<bool>,
    /// The school's name; 1 to 200 characters, not null.
    #[by_hand]
    pub name: MaybeUndefined<String>,
    /// The school's time zone, as IANA names it; not null.
    #[by_hand]
    pub time_zone: MaybeUndefined<String>,
    /// The language that people are told in who have chosen none, as a tag of BCP 47; not null. There are texts in `en` and `de`; any other tag
    /// gets English.
    #[check(locale_of)]
    pub locale: MaybeUndefined<String>,
    /// Whether the school stands in the public list of schools; not null.
    #[by_hand]
    pub is_listed: MaybeUndefined<bool>,
    /// The school's logo: a file that is PUBLIC; null for none.
    #[by_hand]
    pub logo_file_id: MaybeUndefined<ID>,
    /// The school's colour, as `#rrggbb`; null for none.
    #[check(color)]
    pub primary_color: MaybeUndefined<String>,
    /// The school's own website: `https`, at most 500 characters; null for none.
    #[check(website)]
    pub website: MaybeUndefined<String>,
    /// The email address at which the school helps its people; at most 254 characters; null for none.
    #[check(text::email)]
    pub support_email: MaybeUndefined<String>,
}

/// The logo that is given; none inside for none.
async fn logo(ctx: &Context<'_>, id: &MaybeUndefined<ID>) -> Result<Option<Option<Id<File>>>> {
    match id {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(id) => {
            let id = Id::<File>::parse("logoFileId", id)?;
            require_public(ctx, "logoFileId", id).await?;
            Ok(Some(Some(id)))
        }
    }
}

/// What stands in the school's own row: name, time zone, whether it is listed; what is null stays as it is.
const CHANGE_SCHOOL: &str = "SELECT app.change_school($2, $3, $4) WHERE app.tenant_id() = $1";

#[allow(clippy::ptr_arg, reason = "as the field's type is")]
fn offered(field: &str, keys: &Vec<String>) -> Result<Vec<String>> {
    const MOST: usize = 50;
    if keys.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} keys of roles")));
    }
    for (index, key) in keys.iter().enumerate() {
        role_key(&format!("{field}.{index}"), key)?;
    }
    each_once(field, keys)?;
    Ok(keys.clone())
}

/// Domains of email addresses, as addresses are compared: at most 100, each once.
///
/// # Errors
/// `BAD_USER_INPUT`.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
pub fn domains(field: &str, domains: &Vec<String>) -> Result<Vec<String>> {
    const MOST: usize = 100;
    if domains.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} domains")));
    }
    let mut kept = Vec::with_capacity(domains.len());
    for (index, domain) in domains.iter().enumerate() {
        let field = format!("{field}.{index}");
        // As addresses are compared.
        let address = text::email(&field, &format!("anybody@{}", domain.trim()));
        let key = address.ok().and_then(|address| email_key(&address));
        let domain = key.as_deref().and_then(|key| key.strip_prefix("anybody@"));
        kept.push(domain.ok_or_else(|| Error::bad_input(&field, "must be a domain such as school.example"))?.to_owned());
    }
    each_once(field, &kept)?;
    Ok(kept)
}

fn sender_name(field: &str, name: &str) -> Result<String> {
    text::short(field, name, 100)
}

fn footer(field: &str, footer: &str) -> Result<Option<String>> {
    const MOST: usize = 1000;
    let text = text::long(field, footer)?;
    match text {
        Some(text) if text.chars().count() > MOST => Err(Error::bad_input(field, format!("must have at most {MOST} characters"))),
        text => Ok(text),
    }
}

/// Hosts: at most 50, each once, in lower case.
fn hosts(field: &str, hosts: &[String]) -> Result<Vec<String>> {
    const MOST: usize = 50;
    if hosts.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} hosts")));
    }
    let mut known = Vec::with_capacity(hosts.len());
    for (index, host) in hosts.iter().enumerate() {
        let field = format!("{field}.{index}");
        let read = Host::parse(host.trim()).ok().filter(|read| matches!(read, Host::Domain(name) if is_host(name)));
        let host = read.ok_or_else(|| Error::bad_input(&field, "must be a host such as player.vimeo.com"))?.to_string();
        if known.contains(&host) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
        known.push(host);
    }
    Ok(known)
}

/// Whether a name is one of DNS, with a dot in it: without blanks, stars and underscores.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// Mutations of settings.
pub struct SettingsMutations;

#[mutations("TenantSettings")]
impl SettingsMutations {
    /// Changes the settings of your school. What is out of bounds is BAD_USER_INPUT with its field.
    #[needs(TenantManage)]
    #[in_person]
    async fn update_tenant_settings(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateTenantSettingsInput,
    ) -> Result<Loaded<TenantSettings>> {
        let own = Id::<TenantSettings>::from_uuid(ctx.tx().identity().tenant);
        let name = present("name", &input.name, |field, name| text::name(field, name))?;
        let time_zone = present("timeZone", &input.time_zone, |field, name| zone(field, name))?;
        let is_listed = present("isListed", &input.is_listed, as_given)?;
        let change = Patch::of(own).input(ctx, &input)?;
        let change = change.set_if(TenantSettings::COLUMNS.logo_file_id, logo(ctx, &input.logo_file_id).await?);
        if name.is_some() || time_zone.is_some() || is_listed.is_some() {
            ctx.tx().query(CHANGE_SCHOOL, &[&name, &time_zone, &is_listed]).await?;
        }
        let changed = change
            .run(ctx)
            .await
            .on_constraint("tenant_settings_roles", |error| {
                let field = format!("signUpRoleKeys.{}", error.number("at").unwrap_or_default());
                Error::bad_input(field, "must be the key of a role of this school that grants neither ROLE_MANAGE nor TENANT_MANAGE")
            })
            .on_constraint("tenant_settings_factor_roles", |error| {
                let field = format!("secondFactorRoleKeys.{}", error.number("at").unwrap_or_default());
                Error::bad_input(field, "must be the key of a role of this school")
            })
            .on_constraint("tenant_settings_logo_public", |_| must_be_public("logoFileId"))
            .on_constraint("tenant_settings_logo_fkey", |_| Error::not_found("file").field("logoFileId"))?;
        changed.ok_or_else(|| Error::not_found("school"))
    }
}
