//! Slots: booking types, what of them can be booked and why the rest can't, holds, and booking. Tables: `booking_type`, `booking_type_instructor`,
//! `booking_type_requirement`, `booking_type_resource`, `booking_type_rule`, `booking_assignment`, `instructor_limit`, `slot_hold`, `slot_hold_resource`.
//!
//! Permissions: SCHEDULE_MANAGE (booking types), BOOKING_REQUEST (holds and books in one's own name), BOOKING_MANAGE (for anybody).
//! Invariants: what is offered can be booked, and what is not is refused with the reason that is given for it, for one code (`rules.rs`) says both over the same
//! facts, before and under the turns of all whose time it is; kept by the database: holds claim time as bookings do (`time_claim`), a hold is redeemed once, what
//! was booked stays as it was booked whatever becomes of its type.

mod booking_type;
mod eligibility;
mod facts;
mod grid;
mod parts;
mod rules;
mod sql;
mod taking;
mod terms;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

pub use self::{
    booking_type::{AssignmentStrategy, BookingType, EligibilityKind},
    facts::{About, facts},
    rules::{Candidate, Facts, Learner, Session, Skipped, SlotReason, Terms, Thing, Verdict, Wanted},
    taking::{Choice, Taking, assignment, ordered, refused},
    terms::{TypeTerms, terms_of, terms_of_anybody},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[BookingType::object],
    references: &[("booking_type_id", BookingType::PREFIX), ("type_id", BookingType::PREFIX)],
    ..Domain::new("slots")
};
