//! Lists of bookings, by their series.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id, resolve::registry::Narrows};

use super::BookingSeries;

/// Which bookings, by their series.
#[derive(InputObject, Default, Clone)]
pub struct SeriesFilter {
    /// Of this series.
    pub series_id: Option<ID>,
}

impl Narrows for SeriesFilter {
    fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(series) = Id::<BookingSeries>::parse_opt("filter.seriesId", self.series_id.as_ref())? {
            let series = list.bind(series);
            list.filter(format!("b.series_id = {series}"));
        }
        Ok(())
    }
}
