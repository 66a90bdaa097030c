//! What attendees add to applications.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{Attendee, attendee::BY_COMING};
use crate::domains::applications::Application;

static OF_APPLICATION: Nested = Nested::new("application.attendees", BY_COMING, "ae.application_id");

/// What is added to applications.
pub struct ApplicationAttendees;

#[extends(Application)]
impl ApplicationAttendees {
    /// Who is to come with it, the applicant first.
    #[cost(20)]
    async fn attendees(id: Id<Application>, ctx: &Context<'_>) -> Result<Vec<Loaded<Attendee>>> {
        all(ctx, &OF_APPLICATION, id.0).await
    }
}
