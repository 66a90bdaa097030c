//! One instructor, the resources, several seats.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, DateTime, Forward, Loaded, Nested, Orders, Rows, all, many},
    text_enum,
};
use lectern_macros::{extends, object, resolvers};

use crate::domains::{
    bookings::{Booking, BookingOrders},
    identity::User,
    resources::Resource,
    slots::{BookingType, SlotHold},
};

text_enum! {
    /// Where a group session stands.
    pub enum GroupSessionStatus {
        /// It is to take place, or has.
        Scheduled = "SCHEDULED",
        /// It does not take place.
        Cancelled = "CANCELLED",
    }
}

/// One instructor and the resources for several learners at once: each seat is a Booking that names the session's instructor and resources. The whole school sees
/// sessions, but of their bookings only those that one may see.
#[object(table = "group_session", alias = "gs", id = "groupsession", node, resolvers)]
#[derive(Clone, Debug)]
pub struct GroupSession {
    /// Its id.
    pub id: Id<GroupSession>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// How many seats it has; 1 to 1,000.
    pub seats: i32,
    /// Where it stands.
    pub status: GroupSessionStatus,
    /// Why it was cancelled; at most 10,000 characters.
    #[wide]
    pub cancel_reason: Option<String>,
    /// When it was opened, or made by its first booking or hold.
    #[wide]
    pub created_at: DateTime,
    /// Who takes it; null where its type needs nobody, where they are gone, or where you may not see them.
    #[one]
    pub instructor_id: Option<Id<User>>,
    #[hidden]
    pub booking_type_id: Id<BookingType>,
}

/// By their start.
pub const BY_START: Order = Order { key: SortKey::moment("STARTS_AT", "gs.starts_at"), id: "gs.id", descending: false };

/// The resources of a session, in the order of what its type asks for.
const BY_PLACE: Order = Order { key: SortKey::whole("PLACE", "gl.place"), id: "re.id", descending: false };

static RESOURCES: Nested = Nested::new("groupSession.resources", BY_PLACE, "gl.group_session_id")
    .by("JOIN group_session_resource gl ON gl.tenant_id = re.tenant_id AND gl.resource_id = re.id")
    .with_history();
static BOOKINGS: Nested = Nested::new("groupSession.bookings", BookingOrders::USUAL, "b.group_session_id");

#[resolvers]
impl GroupSession {
    /// What is booked with it.
    async fn booking_type(booking_type_id: Id<BookingType>, ctx: &Context<'_>) -> Result<Loaded<BookingType>> {
        ctx.whole(booking_type_id).await?.ok_or_else(|| Error::internal("a group session's type is gone"))
    }

    /// The resources that it takes.
    #[cost(5)]
    async fn resources(id: Id<GroupSession>, ctx: &Context<'_>) -> Result<Vec<Loaded<Resource>>> {
        all(ctx, &RESOURCES, id.0).await
    }

    /// How many seats are taken, whether or not you may see by whom: by bookings, by holds and by offers that last.
    #[count(function = "app.session_seats", key = "group_session_id")]
    fn seats_taken() -> i32;

    /// How many people wait for a seat.
    #[count(function = "app.waiting_counts", key = "group_session_id")]
    fn waitlist_count() -> i32;

    /// Its seats, of those that you may see, cancelled ones included.
    async fn bookings(id: Id<GroupSession>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Booking>> {
        many(ctx, &BOOKINGS, id.0, page).await
    }
}

/// What is added to bookings.
pub struct BookingSession;

#[extends(Booking)]
impl BookingSession {
    /// The group session that it is a seat of; null for others.
    #[one]
    #[column]
    fn group_session(group_session_id: Option<Id<GroupSession>>) -> GroupSession;
}

/// What is added to holds.
pub struct HoldSession;

#[extends(SlotHold)]
impl HoldSession {
    /// The group session of which a seat is held; null for others.
    #[one]
    #[column]
    fn group_session(group_session_id: Option<Id<GroupSession>>) -> GroupSession;
}
