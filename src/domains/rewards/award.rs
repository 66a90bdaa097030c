//! Badges that people have.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded},
};
use lectern_macros::object;

use super::{Badge, sql};
use crate::domains::identity::User;

/// A badge that somebody has.
#[object]
#[derive(Clone)]
pub struct AwardedBadge {
    /// The badge.
    pub badge: Loaded<Badge>,
    /// Since when they have it.
    pub awarded_at: DateTime,
    /// Why, where somebody has given it; null where they have earned it.
    pub reason: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct AwardsOf(Id<User>);

/// Where the badge's columns begin: behind the person, the moment, the reason.
const BADGE: usize = 3;

impl Loader<AwardsOf> for Batch {
    type Value = Vec<AwardedBadge>;
    type Error = Error;

    async fn load(&self, keys: &[AwardsOf]) -> Result<HashMap<AwardsOf, Vec<AwardedBadge>>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let (columns, shape) = self.catalog().whole::<Badge>("bd");
        let mut found: HashMap<AwardsOf, Vec<AwardedBadge>> = HashMap::new();
        for row in self.tx.query(&sql::awards(&columns), &[&people]).await? {
            let row = Arc::new(row);
            let mut reader = ColumnReader::new(&row);
            let (person, at, reason) = (reader.next()?, reader.next()?, reader.next()?);
            if let Some(badge) = Loaded::joined(&row, BADGE, &shape) {
                found.entry(AwardsOf(person)).or_default().push(AwardedBadge { badge, awarded_at: DateTime(at), reason });
            }
        }
        Ok(found)
    }
}

/// The badges that a person has, as far as the viewer sees them, the latest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn awards_of(ctx: &Context<'_>, person: Id<User>) -> Result<Vec<AwardedBadge>> {
    Ok(ctx.load(AwardsOf(person)).await?.unwrap_or_default())
}
