mod entry;
use async_graphql::Object;
pub use entry::AuditEntry;
/// Stub.
#[derive(Default)]
pub struct AuditQueries;
#[Object]
impl AuditQueries {
    async fn stub_auditqueries(&self) -> bool {
        true
    }
}
