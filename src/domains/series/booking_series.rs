//! Bookings that come again and again.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Date, DateTime, Forward, Loaded, Nested, Orders, Rows, many},
    text_enum,
};
use lectern_macros::{extends, object, resolvers};
use serde::{Deserialize, Serialize};

use crate::domains::{
    bookings::{Booking, BookingOrders},
    identity::User,
    slots::{BookingType, SlotReason},
};

text_enum! {
    /// What becomes of several bookings or sessions where some can't be had.
    pub enum OnClash {
        /// Nothing is booked or moved: CONFLICT with SERIES_CLASH, and each in `clashes`.
        Refuse = "REFUSE",
        /// Those are left out; they stand in `skipped`.
        Skip = "SKIP",
    }
}

text_enum! {
    /// Which bookings of a series a change reaches.
    pub enum SeriesScope {
        /// The one that is named.
        This = "THIS",
        /// That one, and all later ones.
        Following = "FOLLOWING",
        /// All.
        All = "ALL",
    }
}

/// Bookings of one learner that come again by the clock of a time zone. Each is a booking of its own, with its own time, notice and limits. You see a series where you
/// see one of its bookings.
#[object(table = "booking_series", alias = "bs", id = "series", node, resolvers)]
#[derive(Clone, Debug)]
pub struct BookingSeries {
    /// Its id.
    pub id: Id<BookingSeries>,
    /// The rule by which they come again, as in `bookSeries`.
    pub recurrence: String,
    /// Dates on which the rule was left out.
    pub excluded_dates: Vec<Date>,
    /// The IANA time zone of the clock by which they come again.
    pub time_zone: String,
    /// When it was booked.
    pub created_at: DateTime,
    /// Whose it is; null when you may not see them.
    #[one]
    pub learner_id: Id<User>,
    #[hidden]
    pub booking_type_id: Id<BookingType>,
    #[hidden]
    #[wide]
    pub skipped: serde_json::Value,
}

/// An occurrence of a series that could not be booked, or not be moved.
#[object]
#[derive(Clone, Debug)]
pub struct SeriesClash {
    /// When it would begin.
    pub starts_at: DateTime,
    /// When it would end.
    pub ends_at: DateTime,
    /// Why it can't be had.
    pub reason: SlotReason,
}

/// The same as it is kept, and as errors show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    starts_at: jiff::Timestamp,
    ends_at: jiff::Timestamp,
    reason: String,
}

impl SeriesClash {
    /// As it is kept.
    pub fn kept(&self) -> Kept {
        Kept { starts_at: self.starts_at.0, ends_at: self.ends_at.0, reason: self.reason.as_str().to_owned() }
    }
}

static BOOKINGS: Nested = Nested::new("bookingSeries.bookings", BookingOrders::USUAL, "b.series_id");

#[resolvers]
impl BookingSeries {
    /// What is booked.
    async fn booking_type(booking_type_id: Id<BookingType>, ctx: &Context<'_>) -> Result<Loaded<BookingType>> {
        ctx.whole(booking_type_id).await?.ok_or_else(|| Error::internal("a series' type is gone"))
    }

    /// Its bookings that you may see, in the order of their start, cancelled ones included.
    async fn bookings(id: Id<BookingSeries>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Booking>> {
        many(ctx, &BOOKINGS, id.0, page).await
    }

    /// What could not be booked, or not be moved, where clashes were to be skipped.
    async fn skipped(skipped: serde_json::Value, _ctx: &Context<'_>) -> Result<Vec<SeriesClash>> {
        let kept: Vec<Kept> =
            serde_json::from_value(skipped).map_err(|error| Error::internal(format!("what was skipped can't be read: {error}")))?;
        let clash = |kept: Kept| {
            let reason = SlotReason::from_text(&kept.reason).ok_or_else(|| Error::internal("no such reason"))?;
            Ok(SeriesClash { starts_at: DateTime(kept.starts_at), ends_at: DateTime(kept.ends_at), reason })
        };
        kept.into_iter().map(clash).collect()
    }
}

/// What is added to bookings.
pub struct BookingOfSeries;

#[extends(Booking)]
impl BookingOfSeries {
    /// The series that it belongs to; null for others.
    #[one]
    #[column]
    fn series(series_id: Option<Id<BookingSeries>>) -> BookingSeries;
}
