//! What feeds add to bookings.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx},
};
use lectern_macros::extends;

use super::{entry::Entry, ics, sql};
use crate::domains::{bookings::Booking, mail::Language};

/// What is added to bookings.
pub struct BookingIcs;

#[extends(Booking)]
impl BookingIcs {
    /// It as a file of iCalendar, as mails carry it: with what you may see of it.
    #[cost(5)]
    async fn ics(id: Id<Booking>, ctx: &Context<'_>) -> Result<String> {
        // It was there when it was read, in the same snapshot.
        ctx.load(IcsOf(id)).await?.ok_or_else(|| Error::internal("a booking that was read is not there"))
    }
}

/// A booking as a file.
#[derive(Clone, PartialEq, Eq, Hash)]
struct IcsOf(Id<Booking>);

impl Loader<IcsOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[IcsOf]) -> Result<HashMap<IcsOf, String>> {
        let bookings: Vec<Id<Booking>> = keys.iter().map(|key| key.0).collect();
        let locale: Option<String> = self.tx.value(sql::LOCALE, &[]).await?;
        let language = Language::of(&locale.unwrap_or_default());
        let mut files = HashMap::new();
        for row in &self.tx.query(&sql::entries(sql::THESE), &[&bookings]).await? {
            let entry = Entry::read(row)?;
            files.insert(IcsOf(entry.booking), ics::file(&entry, language));
        }
        Ok(files)
    }
}
