//! Reading bookings and availability.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Availability, Booking, booking_list,
    lists::{AvailabilityFilter, BY_START, BookingFilter, BookingOrders},
};

/// Queries of bookings and availability.
pub struct BookingQueries;

#[queries]
impl BookingQueries {
    /// The availability of the school's instructors, in the order of its start.
    async fn availabilities(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which availability.
        filter: Option<AvailabilityFilter>,
    ) -> Result<Option<Connection<Availability>>> {
        let mut list = list_of::<Availability>("availabilities", BY_START);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<AvailabilityFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// A booking; null when there is none, or none that you may see.
    async fn booking(
        ctx: &Context<'_>,
        /// The booking's id.
        id: Id<Booking>,
    ) -> Result<Option<Loaded<Booking>>> {
        one(ctx, id).await
    }

    /// The bookings that you may see: your own, as learner, as wished or as assigned instructor; with BOOKING_READ_ALL, all
    /// of the school. In the order of their start unless ordered otherwise.
    async fn bookings(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which bookings.
        filter: Option<BookingFilter>,
        /// In which order.
        order_by: Option<OrderBy<BookingOrders>>,
    ) -> Result<Option<Connection<Booking>>> {
        let mut list = booking_list("bookings", OrderBy::or_usual(ctx, order_by), &*ctx.actor()?);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<BookingFilter>(ctx, list)?, paging).await.map(Some)
    }
}
