use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::Batch,
    ids::{Id, Kind},
};
use async_graphql::{SimpleObject, dataloader::Loader};
use std::collections::HashMap;
/// Group.
#[derive(SimpleObject, Clone, Debug)]
pub struct Group {
    /// Its id.
    pub id: Id<Group>,
}
impl Kind for Group {
    const PREFIX: &'static str = "group";
    const TYPE: &'static str = "Group";
}
impl Record for Group {
    const COLUMNS: &'static [&'static str] = &["id"];
    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(Group { id: cells.next()? })
    }
}
impl Loader<Id<Group>> for Batch {
    type Value = Group;
    type Error = Error;
    async fn load(&self, ids: &[Id<Group>]) -> Result<HashMap<Id<Group>, Group>> {
        let sql = format!("SELECT {} FROM user_group t WHERE t.tenant_id = $1 AND t.id = ANY ($2)", select::<Group>("t"));
        let rows: Vec<Group> = self.tx.all(&sql, &[&ids]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
