//! What an operator sees of the service: numbers for Prometheus, and spans for a collector of traces. Whoever runs the process says where both go
//! ([`start`], [`trace::start`]); until then each is one look at an empty place.
//!
//! Every number is in [`METRICS`]. Labels are words of the code, but for the names of operations, of which so many are told apart ([`start`]): never
//! a school, a person, a header or an id.

mod meters;
mod metric;
mod operations;
pub mod trace;

pub use meters::{Meters, Present, added, at_each_look, counted, look, meters, present, start};
pub use metric::{BUCKETS, Kind, METRICS, Metric};
