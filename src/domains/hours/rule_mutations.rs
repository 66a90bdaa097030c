//! Saying when instructors and resources are open every week.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Date, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    AvailabilityRule, Owner,
    inputs::{CreateAvailabilityRuleInput, UpdateAvailabilityRuleInput, beginning, date, kept, weekdays},
    sql,
};
use crate::domains::tenants;

/// Mutations of weekly rules.
pub struct RuleMutations;

/// What the database refuses in a rule.
fn refused<T>(written: Result<T, DbError>) -> Result<T> {
    let many = |error: &DbError| {
        let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
        Error::limit_reached(format!("There may be {limit} rules of one owner: delete one first."), limit, used).reason("TOO_MANY_RULES")
    };
    Ok(written
        .on_constraint("availability_rule_span_check", |_| Error::bad_input("until", "must be another time than `from`"))
        .on_constraint("availability_rule_dates_check", |_| Error::bad_input("validUntil", "must be no earlier than `validFrom`"))
        .on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))
        .on_constraint("availability_rule_places", many)?)
}

#[mutations("AvailabilityRule")]
impl RuleMutations {
    /// Says when an instructor (you, or with BOOKING_MANAGE another) or with SCHEDULE_MANAGE a resource is open every week. LIMIT_REACHED with
    /// TOO_MANY_RULES where there are 100 of the owner. A resource without any rule is open day and night; with one, by its rules and availability alone.
    #[needs(AvailabilityManage, BookingManage, ScheduleManage)]
    async fn create_availability_rule(
        ctx: &Context<'_>,
        /// The rule.
        input: CreateAvailabilityRuleInput,
    ) -> Result<Loaded<AvailabilityRule>> {
        let rule = Insert::<AvailabilityRule>::new().input(ctx, &input)?;
        let from = beginning(input.from)?;
        let zone = tenants::time_zone(ctx, "timeZone", input.time_zone.as_deref())?;
        let name = match &input.time_zone {
            Some(name) => name.clone(),
            None => ctx.actor()?.time_zone.clone(),
        };
        let valid_from = match &input.valid_from {
            Some(first) => date("validFrom", first)?,
            None => Date(ctx.now().to_zoned(zone).date()),
        };
        let owner = Owner::of(ctx, input.instructor_id.as_ref(), input.resource_id.as_ref()).await?;
        let rule = rule
            .set(AvailabilityRule::COLUMNS.instructor_id, owner.instructor)
            .set(AvailabilityRule::COLUMNS.resource_id, owner.resource)
            .set(AvailabilityRule::COLUMNS.from_time, from)
            .set(AvailabilityRule::COLUMNS.until_time, input.until)
            .set(AvailabilityRule::COLUMNS.time_zone, name)
            .set(AvailabilityRule::COLUMNS.valid_from, valid_from);
        refused(rule.run(ctx).await)
    }

    /// Changes a rule. What is left out stays as it is. Bookings stay where they are. FORBIDDEN with NOT_YOURS for another instructor's without
    /// BOOKING_MANAGE, for a resource's without SCHEDULE_MANAGE.
    #[needs(AvailabilityManage, BookingManage, ScheduleManage)]
    async fn update_availability_rule(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAvailabilityRuleInput,
    ) -> Result<Loaded<AvailabilityRule>> {
        let id = Id::<AvailabilityRule>::parse("id", &input.id)?;
        let days = kept("weekdays", &input.weekdays)?.map(|days| weekdays("weekdays", &days)).transpose()?;
        let change = Patch::of(id)
            .input(ctx, &input)?
            .set_if(AvailabilityRule::COLUMNS.weekdays, days)
            .set_if(AvailabilityRule::COLUMNS.from_time, kept("from", &input.from)?.map(beginning).transpose()?)
            .set_if(AvailabilityRule::COLUMNS.until_time, kept("until", &input.until)?);
        match refused(change.run(ctx).await)? {
            Some(rule) => Ok(rule),
            None => Err(ctx.untouched(id, "rule").await),
        }
    }

    /// Deletes a rule. Bookings stay where they are. Answers its id. FORBIDDEN with NOT_YOURS as in `updateAvailabilityRule`.
    #[needs(AvailabilityManage, BookingManage, ScheduleManage)]
    async fn delete_availability_rule(
        ctx: &Context<'_>,
        /// The rule's id.
        id: Id<AvailabilityRule>,
    ) -> Result<Id<AvailabilityRule>> {
        let deleted = ctx.tx().query(sql::DELETE_RULE, &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "rule").await) } else { Ok(id) }
    }
}
