//! Allowed steps by key, many keys in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};

use super::{Booking, BookingStatus, sql};

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
