mod group;
use async_graphql::Object;
pub use group::Group;
/// Stub.
#[derive(Default)]
pub struct GroupQueries;
#[Object]
impl GroupQueries {
    async fn stub_groupqueries(&self) -> bool {
        true
    }
}
/// Stub.
#[derive(Default)]
pub struct GroupMutations;
#[Object]
impl GroupMutations {
    async fn stub_groupmutations(&self) -> bool {
        true
    }
}
