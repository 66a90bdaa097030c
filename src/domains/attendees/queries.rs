//! Reading attendees.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Paging, filtered, page},
};
use lectern_macros::queries;

use super::{
    Attendee,
    lists::{AttendeeFilter, seen},
};

/// Queries of attendees.
pub struct AttendeeQueries;

#[queries]
impl AttendeeQueries {
    /// The attendees that you may see, by name: you yourself, and who comes with the applications that you see; with ATTENDEE_CHECK_IN all who hold a paid ticket.
    async fn attendees(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which attendees.
        filter: Option<AttendeeFilter>,
    ) -> Result<Option<Connection<Attendee>>> {
        let mut list = seen(ctx)?;
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<AttendeeFilter>(ctx, list)?, paging).await.map(Some)
    }
}
