//! What the mutations of resources take, and its checks.

use async_graphql::{ID, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::{
    Resource,
    resource::{ResourceKind, ResourceMode},
};
use crate::domains::identity::zone;

/// A resource to be added.
#[writes(Resource)]
pub struct CreateResourceInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// More about it; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// Where it is; 1 to 200 characters.
    #[check(text::name)]
    pub location: Option<String>,
    /// Words to find it by; at most 20, each 1 to 40 characters, kept in lower case.
    #[check(text::tags)]
    pub tags: Option<Vec<String>>,
    /// Whether it can be booked; FREE unless given.
    pub mode: Option<ResourceMode>,
    /// How many people it takes, 1 to 100,000; null: any number.
    #[check(capacity)]
    pub capacity: Option<i32>,
    /// Minutes that each booking of it takes beforehand; 0 to 480, 0 unless given.
    #[check(minutes)]
    pub setup_minutes: Option<i32>,
    /// Minutes that each booking of it takes afterwards; 0 to 480, 0 unless given.
    #[check(minutes)]
    pub teardown_minutes: Option<i32>,
    /// The IANA time zone of its days; the school's own unless given.
    #[by_hand]
    pub time_zone: Option<String>,
}

/// A change of a resource. What is left out stays as it is; an explicit null clears.
#[writes(Resource)]
pub struct UpdateResourceInput {
    /// The resource.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// What it is.
    pub kind: MaybeUndefined<ResourceKind>,
    /// More about it; at most 10,000 characters; null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Where it is; 1 to 200 characters; null for nowhere in particular.
    #[check(text::name)]
    pub location: MaybeUndefined<String>,
    /// New tags in place of the old; null for none.
    #[check(text::tags)]
    pub tags: MaybeUndefined<Vec<String>>,
    /// Whether it can be booked. What is booked stays.
    pub mode: MaybeUndefined<ResourceMode>,
    /// How many people it takes, 1 to 100,000; null: any number.
    #[check(capacity)]
    pub capacity: MaybeUndefined<i32>,
    /// Minutes that each booking of it takes beforehand, from now on; 0 to 480.
    #[check(minutes)]
    pub setup_minutes: MaybeUndefined<i32>,
    /// Minutes that each booking of it takes afterwards, from now on; 0 to 480.
    #[check(minutes)]
    pub teardown_minutes: MaybeUndefined<i32>,
    /// The IANA time zone of its days.
    #[check(zone)]
    pub time_zone: MaybeUndefined<String>,
}

fn capacity(field: &str, people: &i32) -> Result<i32> {
    if (1..=100_000).contains(people) {
        Ok(*people)
    } else {
        Err(Error::bad_input(field, "must be between 1 and 100000, or null for any number"))
    }
}

fn minutes(field: &str, minutes: &i32) -> Result<i32> {
    if (0..=480).contains(minutes) { Ok(*minutes) } else { Err(Error::bad_input(field, "must be between 0 and 480")) }
}
