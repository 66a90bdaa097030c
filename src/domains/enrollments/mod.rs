mod enrollment;
use async_graphql::Object;
pub use enrollment::Enrollment;
/// Stub.
#[derive(Default)]
pub struct EnrollmentQueries;
#[Object]
impl EnrollmentQueries {
    async fn stub_enrollmentqueries(&self) -> bool {
        true
    }
}
/// Stub.
#[derive(Default)]
pub struct EnrollmentMutations;
#[Object]
impl EnrollmentMutations {
    async fn stub_enrollmentmutations(&self) -> bool {
        true
    }
}
