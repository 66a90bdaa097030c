//! A slot that somebody holds for some minutes.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{DateTime, Loaded, Nested, Rows, all},
};
use lectern_macros::{object, resolvers};

use super::BookingType;
use crate::domains::{bookings::BY_PLACE, identity::User, resources::Resource};

/// A slot that somebody holds for some minutes: what a booking would claim is claimed until `expiresAt`, and nobody else can book it. `bookSlot` with its id makes a
/// booking of it. You see your own; with BOOKING_MANAGE, all of the school.
#[object(table = "slot_hold", alias = "sh", id = "hold", live = "{}.expires_at > now() AND {}.booking_id IS NULL", node, resolvers)]
#[derive(Clone, Debug)]
pub struct SlotHold {
    /// Its id.
    pub id: Id<SlotHold>,
    #[hidden]
    pub booking_type_id: Id<BookingType>,
    /// When the booking would begin.
    pub starts_at: DateTime,
    /// When it would end.
    pub ends_at: DateTime,
    /// When it is over.
    pub expires_at: DateTime,
    /// When it was made.
    pub created_at: DateTime,
    /// Who would learn; null when you may not see them.
    #[one]
    pub learner_id: Id<User>,
    /// Who would take it; null where nobody has to.
    #[one]
    pub instructor_id: Option<Id<User>>,
    #[hidden]
    pub is_offer: bool,
}

static RESOURCES: Nested = Nested::new("slotHold.resources", BY_PLACE, "l.hold_id")
    .by("JOIN slot_hold_resource l ON l.tenant_id = re.tenant_id AND l.resource_id = re.id");

#[resolvers]
impl SlotHold {
    /// What is held.
    async fn booking_type(booking_type_id: Id<BookingType>, ctx: &Context<'_>) -> Result<Loaded<BookingType>> {
        ctx.whole(booking_type_id).await?.ok_or_else(|| Error::not_found("booking type"))
    }

    /// The resources that it holds, in the order of the type's requirements.
    #[cost(5)]
    async fn resources(id: Id<SlotHold>, ctx: &Context<'_>) -> Result<Vec<Loaded<Resource>>> {
        all(ctx, &RESOURCES, id.0).await
    }
}
