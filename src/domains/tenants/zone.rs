//! Whose midnight begins a day.

use async_graphql::Context;
use jiff::tz::TimeZone;

use super::Tenant;
use crate::{
    error::{Error, Result},
    graphql::{Ctx, text},
    ids::Id,
};

/// The time zone that an argument names, or else the actor's school's own.
///
/// # Errors
/// `BAD_USER_INPUT` for a name that is no time zone.
pub async fn time_zone(ctx: &Context<'_>, field: &str, name: Option<&str>) -> Result<TimeZone> {
    if let Some(name) = name {
        return text::time_zone(field, name);
    }
    let id = Id::<Tenant>::from_uuid(ctx.actor()?.tenant);
    let tenant = ctx.load(id).await?.ok_or_else(|| Error::internal("the actor's own school is not visible"))?;
    TimeZone::get(&tenant.time_zone).map_err(|error| Error::internal(format!("the school's time zone: {error}")))
}
