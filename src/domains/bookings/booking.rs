use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::Batch,
    ids::{Id, Kind},
};
use async_graphql::{SimpleObject, dataloader::Loader};
use std::collections::HashMap;
/// Booking.
#[derive(SimpleObject, Clone, Debug)]
pub struct Booking {
    /// Its id.
    pub id: Id<Booking>,
}
impl Kind for Booking {
    const PREFIX: &'static str = "booking";
    const TYPE: &'static str = "Booking";
}
impl Record for Booking {
    const COLUMNS: &'static [&'static str] = &["id"];
    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(Booking { id: cells.next()? })
    }
}
impl Loader<Id<Booking>> for Batch {
    type Value = Booking;
    type Error = Error;
    async fn load(&self, ids: &[Id<Booking>]) -> Result<HashMap<Id<Booking>, Booking>> {
        let sql = format!("SELECT {} FROM booking t WHERE t.tenant_id = $1 AND t.id = ANY ($2)", select::<Booking>("t"));
        let rows: Vec<Booking> = self.tx.all(&sql, &[&ids]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
