//! Bookings, availability and allowed steps by key, many keys in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, ById},
};

use super::{Availability, Booking, BookingStatus, sql};

impl ById for Booking {
    fn by_ids() -> String {
        sql::bookings_by_ids()
    }

    fn id(&self) -> Id<Booking> {
        self.id
    }
}

impl ById for Availability {
    fn by_ids() -> String {
        sql::availability_by_ids()
    }

    fn id(&self) -> Id<Availability> {
        self.id
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
            let mut reader = ColumnReader::new(row);
            steps.entry(AllowedTransitionsOf(reader.next()?)).or_default().push(reader.next()?);
        }
        for steps in steps.values_mut() {
            steps.sort_unstable();
        }
        Ok(steps)
    }
}
