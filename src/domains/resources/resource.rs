//! Something that bookings take beside people.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::hours::{AvailabilityRule, BY_CREATION};

text_enum! {
    /// What a resource is.
    pub enum ResourceKind {
        /// A room.
        Room = "ROOM",
        /// Something that flies.
        Aircraft = "AIRCRAFT",
        /// Something that drives or floats.
        Vehicle = "VEHICLE",
        /// A device or tool.
        Device = "DEVICE",
        /// Something else.
        Other = "OTHER",
    }
}

text_enum! {
    /// Whether a resource can be booked. Of all that a booking needs, the strictest decides.
    pub enum ResourceMode {
        /// By whoever may book.
        Free = "FREE",
        /// A learner's booking of it waits until the school has approved it.
        ApprovalRequired = "APPROVAL_REQUIRED",
        /// By nobody; what is booked stays.
        Unbookable = "UNBOOKABLE",
    }
}

/// Something that bookings take beside people: a room, an aircraft, a device. One booking at a time. The whole school sees them.
#[object(table = "resource", alias = "re", id = "resource", live = "{}.deleted_at IS NULL", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its id.
    pub id: Id<Resource>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// More about it; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// Where it is; at most 200 characters.
    pub location: Option<String>,
    /// Words to find it by; at most 20, in lower case.
    #[wide]
    pub tags: Vec<String>,
    /// Whether it can be booked.
    pub mode: ResourceMode,
    /// How many people it takes; null: any number.
    pub capacity: Option<i32>,
    /// Minutes that each booking of it takes beforehand; 0 to 480.
    pub setup_minutes: i32,
    /// Minutes that each booking of it takes afterwards; 0 to 480.
    pub teardown_minutes: i32,
    /// The IANA time zone of its days.
    pub time_zone: String,
    /// When it was added.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed, not counting its rules.
    #[wide]
    pub updated_at: DateTime,
}

static RULES: Nested = Nested::new("resource.rules", BY_CREATION, "ar.resource_id");

#[resolvers]
impl Resource {
    /// When it is open every week, in the order in which the rules were made. Without any rule it is open day and night.
    #[cost(20)]
    async fn rules(id: Id<Resource>, ctx: &Context<'_>) -> Result<Vec<Loaded<AvailabilityRule>>> {
        all(ctx, &RULES, id.0).await
    }
}
