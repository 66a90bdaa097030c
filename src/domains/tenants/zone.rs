//! Whose midnight begins a day.

use async_graphql::Context;
use jiff::tz::TimeZone;
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, text},
};

/// The time zone that an argument names, or else the actor's school's own.
///
/// # Errors
/// `BAD_USER_INPUT` for a name that is no time zone.
pub fn time_zone(ctx: &Context<'_>, field: &str, name: Option<&str>) -> Result<TimeZone> {
    if let Some(name) = name {
        return text::time_zone(field, name);
    }
    TimeZone::get(&ctx.actor()?.time_zone).map_err(|error| Error::internal(format!("the school's time zone: {error}")))
}
