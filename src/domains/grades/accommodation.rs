//! How much more time a person takes.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Batch, Ctx, Loaded, Rows},
};
use lectern_macros::{extends, mutations};

use super::sql;
use crate::domains::identity::User;

/// How much more time somebody takes; absent where nothing was said, and where the viewer may not know.
#[derive(Clone, PartialEq, Eq, Hash)]
struct TimeFactorOf(Id<User>);

impl Loader<TimeFactorOf> for Batch {
    type Value = f64;
    type Error = Error;

    async fn load(&self, keys: &[TimeFactorOf]) -> Result<HashMap<TimeFactorOf, f64>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::TIME_FACTORS, &[&people]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((TimeFactorOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}

/// What is added to people.
pub struct UserAccommodation;

#[extends(User)]
impl UserAccommodation {
    /// By how much longer the person's attempts at timed quizzes are, 1 to 4; 1 unless the school says otherwise. It shows to them and to
    /// ACCOMMODATION_MANAGE; null for anybody else.
    async fn time_factor(id: Id<User>, ctx: &Context<'_>) -> Result<Option<f64>> {
        let actor = ctx.actor()?;
        if !actor.is(id.0) && !actor.can(Permission::AccommodationManage) {
            return Ok(None);
        }
        Ok(Some(ctx.load(TimeFactorOf(id)).await?.unwrap_or(1.0)))
    }
}

/// How much more time a person is to have.
#[derive(InputObject)]
pub struct SetTimeFactorInput {
    /// The person.
    pub user_id: ID,
    /// By how much longer their attempts are: 1 to 4, 1 for as long as everybody's.
    pub factor: f64,
}

/// Mutations of accommodations.
pub struct AccommodationMutations;

#[mutations("User")]
impl AccommodationMutations {
    /// Says how much more time a person has in every timed quiz of the school; for attempts that start later. They see it themselves.
    #[needs(AccommodationManage)]
    async fn set_time_factor(
        ctx: &Context<'_>,
        /// Who, and how much.
        input: SetTimeFactorInput,
    ) -> Result<Loaded<User>> {
        let person = Id::<User>::parse("userId", &input.user_id)?;
        if !(1.0..=4.0).contains(&input.factor) {
            return Err(Error::bad_input("factor", "must be between 1 and 4"));
        }
        let nobody = || Error::not_found("person").field("userId");
        let set: Option<Id<User>> =
            ctx.tx().value(sql::SET_TIME_FACTOR, &[&person, &input.factor]).await.on_constraint("person_deleted", |_| nobody())?;
        match set {
            Some(id) => ctx.whole(id).await?.ok_or_else(nobody),
            None => Err(nobody()),
        }
    }
}
