//! Time that is taken off.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::{Error, Result},
    ids::Id,
    permission::Permission::BookingManage,
    resolve::{Connection, DateTime, Forward, Nested, Orders, Request, many},
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{
    bookings::{Booking, BookingOrders},
    identity::User,
    resources::Resource,
};

/// A span in which an instructor or a resource is not open, whatever rules and availability say. It cancels nothing. You see your own and those of
/// resources; with BOOKING_MANAGE or BOOKING_READ_ALL, all of the school.
#[object(table = "time_off", alias = "o", id = "timeoff", node, resolvers)]
#[derive(Clone, Debug)]
pub struct TimeOff {
    /// Its id.
    pub id: Id<TimeOff>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 366 days later.
    pub ends_at: DateTime,
    /// When it was entered.
    pub created_at: DateTime,
    /// Who is away; null where it is a resource's, or where you may not see them.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// What is out of service; null where it is an instructor's time off.
    #[one]
    pub resource_id: Option<Id<Resource>>,
    #[hidden]
    #[wide]
    pub reason: Option<String>,
}

/// By their start.
pub const BY_START: Order = Order { key: SortKey::moment("STARTS_AT", "o.starts_at"), id: "o.id", descending: false };

static BOOKINGS: Nested = Nested::new("timeOff.bookings", BookingOrders::USUAL, "off.time_off_id").by(sql::BOOKED_IN_TIME_OFF);

#[resolvers]
impl TimeOff {
    /// Why; null unless it is yours, a resource's, or you hold BOOKING_MANAGE.
    fn reason(instructor_id: Option<Id<User>>, reason: Option<String>, request: &Request) -> Result<Option<String>> {
        let actor = request.actor().ok_or_else(Error::unauthenticated)?;
        let is_open = actor.can(BookingManage) || instructor_id.is_none_or(|instructor| actor.is(instructor.0));
        Ok(if is_open { reason } else { None })
    }

    /// What is booked in it all the same, of what you may see: bookings that the instructor is assigned to, or that have the resource, and that
    /// have not taken place. In the order of their start.
    async fn bookings(id: Id<TimeOff>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Booking>> {
        many(ctx, &BOOKINGS, id.0, page).await
    }
}
