use async_graphql::Object;
/// Stub.
#[derive(Default)]
pub struct ReportQueries;
#[Object]
impl ReportQueries {
    async fn stub_reportqueries(&self) -> bool {
        true
    }
}
