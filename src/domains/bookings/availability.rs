use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::Batch,
    ids::{Id, Kind},
};
use async_graphql::{SimpleObject, dataloader::Loader};
use std::collections::HashMap;
/// Availability.
#[derive(SimpleObject, Clone, Debug)]
pub struct Availability {
    /// Its id.
    pub id: Id<Availability>,
}
impl Kind for Availability {
    const PREFIX: &'static str = "availability";
    const TYPE: &'static str = "Availability";
}
impl Record for Availability {
    const COLUMNS: &'static [&'static str] = &["id"];
    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(Availability { id: cells.next()? })
    }
}
impl Loader<Id<Availability>> for Batch {
    type Value = Availability;
    type Error = Error;
    async fn load(&self, ids: &[Id<Availability>]) -> Result<HashMap<Id<Availability>, Availability>> {
        let sql = format!("SELECT {} FROM availability t WHERE t.tenant_id = $1 AND t.id = ANY ($2)", select::<Availability>("t"));
        let rows: Vec<Availability> = self.tx.all(&sql, &[&ids]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
