//! ParsedDocument bookings and availability.

use async_graphql::{Context, ID, MergedObject, Object};
use lectern_kernel::{
    db::{ColumnReader, PageArgs, Record, page_size},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, SignedIn, Total},
};

use super::{
    Availability, Booking, availability_list, booking_list,
    calendar::CalendarQueries,
    lists::{AvailabilityFilter, BY_START, BookingFilter, BookingJoins, BookingOrder, INSTRUCTOR_JOIN, booking_order},
};
use crate::domains::identity::User;

/// Queries of bookings, availability and the calendar.
#[derive(MergedObject, Default)]
pub struct BookingQueries(ListQueries, CalendarQueries);

/// Queries of bookings and availability.
#[derive(Default)]
pub struct ListQueries;

#[Object]
impl ListQueries {
    /// The availability of the school's instructors, in the order of its start.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, None) * child_complexity")]
    async fn availabilities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "Which availability.")] filter: Option<AvailabilityFilter>,
    ) -> Result<Option<Connection<Availability>>> {
        let page = PageArgs { first, after, ..PageArgs::default() }.check(&ctx.cursors(), "availabilities", &BY_START)?;
        let mut list = availability_list("availabilities");
        filter.unwrap_or_default().narrow(&mut list)?;
        let fetched = if ctx.selects_in_nodes("instructor") {
            list.join::<User>(INSTRUCTOR_JOIN, "i");
            list.fetch(ctx.tx(), &page, Availability::read_with_instructor).await?
        } else {
            list.fetch(ctx.tx(), &page, Availability::read).await?
        };
        Ok(Some(Connection::new(fetched, ctx.cursors(), "availabilities", &BY_START, Total::of_list(list))))
    }

    /// A booking; null when there is none, or none that you may see.
    #[graphql(guard = "SignedIn")]
    async fn booking(&self, ctx: &Context<'_>, #[graphql(desc = "The booking's id.")] id: ID) -> Result<Option<Booking>> {
        let id = Id::<Booking>::parse("id", &id)?;
        let joins = BookingJoins::new(|child| ctx.selects(child));
        let rows = ctx.tx().query(&joins.statement("b.id = $2"), &[&id]).await?;
        Ok(rows.first().map(|row| joins.read(&mut ColumnReader::new(row))).transpose()?)
    }

    /// The bookings that you may see: your own, as learner, as wished or as assigned instructor; with BOOKING_READ_ALL, all
    /// of the school. In the order of their start unless ordered otherwise.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, last) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "The last so many; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: go back before it.")] before: Option<String>,
        #[graphql(desc = "Which bookings.")] filter: Option<BookingFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<BookingOrder>,
    ) -> Result<Option<Connection<Booking>>> {
        let order = booking_order(order_by);
        let page = PageArgs { first, after, last, before }.check(&ctx.cursors(), "bookings", &order)?;
        let mut list = booking_list("bookings", order, &*ctx.actor()?);
        filter.unwrap_or_default().narrow(&mut list)?;
        let joins = BookingJoins::of_nodes(ctx);
        joins.add_to(&mut list);
        let fetched = list.fetch(ctx.tx(), &page, |reader| joins.read(reader)).await?;
        Ok(Some(Connection::new(fetched, ctx.cursors(), "bookings", &order, Total::of_list(list))))
    }
}
