mod availability;
mod booking;
use async_graphql::Object;
pub use {availability::Availability, booking::Booking};
/// Stub.
#[derive(Default)]
pub struct BookingQueries;
#[Object]
impl BookingQueries {
    async fn stub_bookingqueries(&self) -> bool {
        true
    }
}
/// Stub.
#[derive(Default)]
pub struct BookingMutations;
#[Object]
impl BookingMutations {
    async fn stub_bookingmutations(&self) -> bool {
        true
    }
}
