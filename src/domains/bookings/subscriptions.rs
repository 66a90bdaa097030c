//! Hearing of bookings.

use async_graphql::Subscription;
use futures_util::{Stream, stream};
use lectern_kernel::resolve::SignedIn;

use super::Booking;

/// The root of subscriptions.
#[derive(Default)]
pub struct Subscription;

/// What can be listened to, over a WebSocket (`graphql-transport-ws`) at the same address. Every event is read anew in a
/// transaction of the listener's own, with what the listener may see at that moment.
#[Subscription]
impl Subscription {
    /// A booking that you may see is new or has changed: as it is now. Several changes in quick succession may arrive as
    /// one. Where events may have been missed, the socket is closed with 1012 or 1013: connect again, and read anew what you
    /// show.
    #[graphql(guard = "SignedIn")]
    async fn booking_changed(&self) -> impl Stream<Item = Booking> {
        // Says what there is and who may. Events are executed as the query `booking`, one by one: kernel/src/execute/subscription.rs.
        stream::empty()
    }
}
