//! The subjects, one folder each. A domain has the same name here, in `policies/` and in `tests/it/`; it never imports
//! `http`, and reaches another domain only through that domain's `mod.rs`.

pub mod audit;
pub mod bookings;
pub mod courses;
pub mod enrollments;
pub mod groups;
pub mod identity;
pub mod reports;
pub mod tenants;
