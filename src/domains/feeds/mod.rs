//! Feeds: bookings in calendars that people already use. Table: `calendar_feed`.
//!
//! A feed is read at `/calendar/{token}.ics` by whoever knows its address (`src/http/calendar.rs`), as its owner: with what they may do at that moment.
//! Invariants: of the secret in it the database keeps the hash; it is answered once and stands in no log; a feed shows no more than its owner sees, and
//! nothing to whoever looks in the owner's place. A booking is written as a calendar entry in one place (`ics.rs`), for feeds, `Booking.ics` and the
//! `invite.ics` of mails alike.

mod entry;
mod feed;
mod fields;
mod ics;
mod inputs;
mod invite;
mod mutations;
mod queries;
mod reading;
mod secret;
mod sql;

use lectern_kernel::{rates::Budget, resolve::registry::Domain};

pub use self::{
    feed::{CalendarFeed, FeedDetail},
    invite::{Invite, Party},
    reading::{FIND, Feed, read},
    secret::{FeedAddress, secret_hash},
};

/// Feeds that are read from one address: a calendar service reads those of many people from one.
pub static READS: Budget =
    Budget { name: "calendar-feeds", a_minute: 600, refusal: "Calendars are read too often from here.", is_of_address: true };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[CalendarFeed::object],
    operations: &[queries::FeedQueries::OPERATIONS, mutations::FeedMutations::OPERATIONS],
    extensions: &[&fields::BookingIcs::EXTENSION],
    ..Domain::new("feeds")
};
