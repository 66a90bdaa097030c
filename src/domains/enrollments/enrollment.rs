use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::Batch,
    ids::{Id, Kind},
};
use async_graphql::{SimpleObject, dataloader::Loader};
use std::collections::HashMap;
/// Enrollment.
#[derive(SimpleObject, Clone, Debug)]
pub struct Enrollment {
    /// Its id.
    pub id: Id<Enrollment>,
}
impl Kind for Enrollment {
    const PREFIX: &'static str = "enrollment";
    const TYPE: &'static str = "Enrollment";
}
impl Record for Enrollment {
    const COLUMNS: &'static [&'static str] = &["id"];
    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(Enrollment { id: cells.next()? })
    }
}
impl Loader<Id<Enrollment>> for Batch {
    type Value = Enrollment;
    type Error = Error;
    async fn load(&self, ids: &[Id<Enrollment>]) -> Result<HashMap<Id<Enrollment>, Enrollment>> {
        let sql = format!("SELECT {} FROM enrollment t WHERE t.tenant_id = $1 AND t.id = ANY ($2)", select::<Enrollment>("t"));
        let rows: Vec<Enrollment> = self.tx.all(&sql, &[&ids]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
