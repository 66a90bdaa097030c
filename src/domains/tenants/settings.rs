//! What a school has decided about itself.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, one, text},
};
use lectern_macros::{mutations, object, resolvers, writes};
use url::Host;

use super::Tenant;

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
}

#[resolvers]
impl TenantSettings {
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
        let read =
            Host::parse(host.trim()).ok().filter(|read| matches!(read, Host::Domain(name) if name.contains('.') && !name.ends_with('.')));
        let host = read.ok_or_else(|| Error::bad_input(&field, "must be a host such as player.vimeo.com"))?.to_string();
        if known.contains(&host) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
        known.push(host);
    }
    Ok(known)
}

/// Mutations of settings.
pub struct SettingsMutations;

#[mutations("TenantSettings")]
impl SettingsMutations {
    /// Changes the settings of your school.
    #[needs(TenantManage)]
    async fn update_tenant_settings(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateTenantSettingsInput,
    ) -> Result<Loaded<TenantSettings>> {
        let own = Id::<TenantSettings>::from_uuid(ctx.tx().identity().tenant);
        let changed = Patch::of(own).input(ctx, &input)?.run(ctx).await?;
        changed.ok_or_else(|| Error::not_found("school"))
    }
}
