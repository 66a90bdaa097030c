use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::Batch,
    ids::{Id, Kind},
};
use async_graphql::{SimpleObject, dataloader::Loader};
use std::collections::HashMap;
/// AuditEntry.
#[derive(SimpleObject, Clone, Debug)]
pub struct AuditEntry {
    /// Its id.
    pub id: Id<AuditEntry>,
}
impl Kind for AuditEntry {
    const PREFIX: &'static str = "audit";
    const TYPE: &'static str = "AuditEntry";
}
impl Record for AuditEntry {
    const COLUMNS: &'static [&'static str] = &["id"];
    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(AuditEntry { id: cells.next()? })
    }
}
impl Loader<Id<AuditEntry>> for Batch {
    type Value = AuditEntry;
    type Error = Error;
    async fn load(&self, ids: &[Id<AuditEntry>]) -> Result<HashMap<Id<AuditEntry>, AuditEntry>> {
        let sql = format!("SELECT {} FROM audit_entry t WHERE t.tenant_id = $1 AND t.id = ANY ($2)", select::<AuditEntry>("t"));
        let rows: Vec<AuditEntry> = self.tx.all(&sql, &[&ids]).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
