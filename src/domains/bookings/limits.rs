//! How much of an instructor's time may be booked.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::BookingManage,
    resolve::{Batch, Ctx, Loaded, Rows},
};
use lectern_macros::{extends, mutations, object};
use tokio_postgres::Row;

use super::sql;
use crate::domains::identity::{self, User};

/// For how many minutes an instructor may be booked, over all booking types and none: ASSIGNED and COMPLETED bookings by the date of their start in the
/// school's time zone. Holds where a manager assigns, too.
#[object]
#[derive(Clone, Debug, Default)]
pub struct InstructorLimits {
    /// Minutes of a date; null: any number.
    pub max_minutes_per_day: Option<i32>,
    /// Minutes of a week from Monday to Sunday; null: any number.
    pub max_minutes_per_week: Option<i32>,
}

/// Somebody's limits; absent where there are none, and where the viewer may not know.
#[derive(Clone, PartialEq, Eq, Hash)]
struct LimitsOf(Id<User>);

impl Loader<LimitsOf> for Batch {
    type Value = InstructorLimits;
    type Error = Error;

    async fn load(&self, keys: &[LimitsOf]) -> Result<HashMap<LimitsOf, InstructorLimits>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::INSTRUCTOR_LIMITS, &[&people]).await?;
        let read = |row: &Row| -> Result<(LimitsOf, InstructorLimits)> {
            let mut reader = ColumnReader::new(row);
            let person = LimitsOf(reader.next()?);
            Ok((person, InstructorLimits { max_minutes_per_day: reader.next()?, max_minutes_per_week: reader.next()? }))
        };
        rows.iter().map(read).collect()
    }
}

/// What is added to people.
pub struct UserLimits;

#[extends(User)]
impl UserLimits {
    /// For how many minutes they may be booked as an instructor. It shows to them and to BOOKING_MANAGE; null for anybody else.
    async fn instructor_limits(id: Id<User>, ctx: &Context<'_>) -> Result<Option<InstructorLimits>> {
        let actor = ctx.actor()?;
        if !actor.is(id.0) && !actor.can(BookingManage) {
            return Ok(None);
        }
        Ok(Some(ctx.load(LimitsOf(id)).await?.unwrap_or_default()))
    }
}

/// For how many minutes an instructor may be booked, in place of what was said before.
#[derive(InputObject)]
pub struct SetInstructorLimitsInput {
    /// The instructor.
    pub user_id: ID,
    /// Minutes of a date in the school's time zone, 1 to 1,440; null or left out: any number.
    pub max_minutes_per_day: Option<i32>,
    /// Minutes of a week from Monday to Sunday, 1 to 10,080; null or left out: any number.
    pub max_minutes_per_week: Option<i32>,
}

fn within(field: &str, minutes: Option<i32>, most: i32) -> Result<()> {
    match minutes {
        Some(minutes) if !(1..=most).contains(&minutes) => Err(Error::bad_input(field, format!("must be between 1 and {most}"))),
        _ => Ok(()),
    }
}

/// Mutations of limits.
pub struct LimitMutations;

#[mutations("User")]
impl LimitMutations {
    /// Says for how many minutes an instructor may be booked. What is booked already stays.
    #[needs(BookingManage)]
    async fn set_instructor_limits(
        ctx: &Context<'_>,
        /// Whose, and how many.
        input: SetInstructorLimitsInput,
    ) -> Result<Loaded<User>> {
        let person = Id::<User>::parse("userId", &input.user_id)?;
        let (day, week) = (input.max_minutes_per_day, input.max_minutes_per_week);
        within("maxMinutesPerDay", day, 1_440)?;
        within("maxMinutesPerWeek", week, 10_080)?;
        let person = identity::require_instructor(ctx, "userId", person).await?;
        let nobody = || Error::not_found("person").field("userId");
        if day.is_none() && week.is_none() {
            ctx.tx().query(sql::DROP_LIMITS, &[&person]).await?;
        } else {
            let set = ctx.tx().query(sql::SET_LIMITS, &[&person, &day, &week]).await;
            set.on_constraint("instructor_limit_user_fkey", |_| nobody())?;
        }
        ctx.whole(person).await?.ok_or_else(nobody)
    }
}
