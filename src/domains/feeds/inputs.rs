//! What the mutations of feeds take.

use async_graphql::ID;
use lectern_kernel::resolve::text;
use lectern_macros::writes;

use super::{
    CalendarFeed,
    feed::{FeedDetail, FeedScope},
};

/// A feed to be created.
#[writes(CalendarFeed)]
pub struct CreateCalendarFeedInput {
    /// What you call it; 1 to 200 characters. Calendars show it.
    #[check(text::name)]
    pub name: String,
    /// Whose bookings it shows; MINE unless given.
    #[by_hand]
    pub scope: Option<FeedScope>,
    /// The instructor of an INSTRUCTOR feed; you unless given. Anybody else needs BOOKING_READ_ALL.
    #[by_hand]
    pub instructor_id: Option<ID>,
    /// The resource of a RESOURCE feed, which needs BOOKING_READ_ALL.
    #[by_hand]
    pub resource_id: Option<ID>,
    /// How much it says; FULL unless given.
    #[by_hand]
    pub detail: Option<FeedDetail>,
}
