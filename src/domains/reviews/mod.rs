//! Reviews: votes on applications, what rules make of them, and people who get no place. Tables: `application_review`, `red_flag`.
//!
//! Permissions: APPLICATION_REVIEW (votes in programs that name one, and sees votes there), APPLICATION_MANAGE (votes everywhere, flags people), APPLICATION_READ_ALL (sees votes).
//! Invariants, kept by the database: one vote a reviewer and application, none on one's own; an application is decided under its program's turn, so that of two last votes one decides; the
//! applicant sees neither votes nor flags.

mod fields;
mod mutations;
mod review;
mod sql;
mod summary;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::identity::User;

pub use self::review::{ApplicationReview, ReviewDecision};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[ApplicationReview::object, summary::ReviewSummary::object],
    operations: &[mutations::ReviewMutations::OPERATIONS],
    extensions: &[&fields::ApplicationReviews::EXTENSION, &fields::UserFlag::EXTENSION, &fields::DashboardReviews::EXTENSION],
    references: &[("reviewer_id", User::PREFIX)],
    parts: &[(User::TYPE, "raised_at", "redFlag")],
    ..Domain::new("reviews")
};
