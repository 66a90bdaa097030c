//! What is known beside applications, for many of them at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime},
};

use super::{Application, sql};

/// Where an application stands in its waiting list; absent where it does not wait.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PlaceOf(pub Id<Application>);

impl Loader<PlaceOf> for Batch {
    type Value = i32;
    type Error = Error;

    async fn load(&self, keys: &[PlaceOf]) -> Result<HashMap<PlaceOf, i32>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let mut places = HashMap::new();
        for row in &self.tx.query(sql::PLACES, &[&applications]).await? {
            let mut reader = ColumnReader::new(row);
            places.insert(PlaceOf(reader.next()?), i32::try_from(reader.next::<i64>()?).unwrap_or(i32::MAX));
        }
        Ok(places)
    }
}

/// Until when something is to be paid for an application; absent where nothing is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PaymentEndOf(pub Id<Application>);

impl Loader<PaymentEndOf> for Batch {
    type Value = DateTime;
    type Error = Error;

    async fn load(&self, keys: &[PaymentEndOf]) -> Result<HashMap<PaymentEndOf, DateTime>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let mut ends = HashMap::new();
        for row in &self.tx.query(sql::PAYMENT_ENDS, &[&applications]).await? {
            let mut reader = ColumnReader::new(row);
            ends.insert(PaymentEndOf(reader.next()?), reader.next()?);
        }
        Ok(ends)
    }
}

/// Whether an application has tickets that are held or issued; absent where it has none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LiveTicketsOf(pub Id<Application>);

impl Loader<LiveTicketsOf> for Batch {
    type Value = bool;
    type Error = Error;

    async fn load(&self, keys: &[LiveTicketsOf]) -> Result<HashMap<LiveTicketsOf, bool>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::LIVE_TICKETS, &[&applications]).await?;
        rows.iter().map(|row| Ok((LiveTicketsOf(ColumnReader::new(row).next()?), true))).collect()
    }
}
