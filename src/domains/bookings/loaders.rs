//! Bookings, availability and allowed steps by key, many keys in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use super::{Availability, Booking, BookingStatus, sql};
use crate::{
    db::Cells,
    error::{Error, Result},
    graphql::Batch,
    ids::Id,
};

impl Loader<Id<Booking>> for Batch {
    type Value = Booking;
    type Error = Error;

    /// A booking that the policy hides is simply absent from the map.
    async fn load(&self, ids: &[Id<Booking>]) -> Result<HashMap<Id<Booking>, Booking>> {
        let bookings: Vec<Booking> = self.tx.all(&sql::bookings_by_ids(), &[&ids]).await?;
        Ok(bookings.into_iter().map(|booking| (booking.id, booking)).collect())
    }
}

impl Loader<Id<Availability>> for Batch {
    type Value = Availability;
    type Error = Error;

    async fn load(&self, ids: &[Id<Availability>]) -> Result<HashMap<Id<Availability>, Availability>> {
        let availability: Vec<Availability> = self.tx.all(&sql::availability_by_ids(), &[&ids]).await?;
        Ok(availability.into_iter().map(|availability| (availability.id, availability)).collect())
    }
}

/// The states that the viewer may take a booking to, in the order of the enum.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AllowedTransitionsOf(pub Id<Booking>);

impl Loader<AllowedTransitionsOf> for Batch {
    type Value = Vec<BookingStatus>;
    type Error = Error;

    async fn load(&self, keys: &[AllowedTransitionsOf]) -> Result<HashMap<AllowedTransitionsOf, Vec<BookingStatus>>> {
        let bookings: Vec<Id<Booking>> = keys.iter().map(|key| key.0).collect();
        let mut steps: HashMap<AllowedTransitionsOf, Vec<BookingStatus>> = HashMap::new();
        for row in &self.tx.query(sql::ALLOWED_TRANSITIONS, &[&bookings]).await? {
            let mut cells = Cells::new(row);
            steps.entry(AllowedTransitionsOf(cells.next()?)).or_default().push(cells.next()?);
        }
        for steps in steps.values_mut() {
            steps.sort_unstable();
        }
        Ok(steps)
    }
}
