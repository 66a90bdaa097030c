//! Slots: booking types, what of them can be booked and why the rest can't, holds, and booking. Tables: `booking_type`, `booking_type_instructor`,
//! `booking_type_requirement`, `booking_type_resource`, `booking_type_rule`, `booking_assignment`, `instructor_limit`, `slot_hold`, `slot_hold_resource`.
//!
//! Permissions: SCHEDULE_MANAGE (booking types), BOOKING_REQUEST (holds and books in one's own name), BOOKING_MANAGE (for anybody).
//! Invariants: what is offered can be booked, and what is not is refused with the reason that is given for it, for one code (`judge.rs`) says both over the same
//! facts, before and under the turns of all whose time it is; kept by the database: holds claim time as bookings do (`time_claim`), a hold is redeemed once, what
//! was booked stays as it was booked whatever becomes of its type.

mod assignment;
mod booking_type;
mod eligibility;
mod facts;
mod grid;
mod hold;
mod inputs;
mod judge;
mod lists;
mod offer;
mod parts;
mod queries;
mod refusing;
mod rules;
mod slot;
mod slot_inputs;
mod slot_mutations;
mod sql;
mod taking;
mod terms;
mod tidy;
mod type_lists;
mod type_mutations;
mod wish;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::identity::User;

pub use self::{
    assignment::AssignmentCandidate,
    booking_type::{AssignmentStrategy, BookingType, EligibilityKind},
    facts::{About, facts},
    hold::SlotHold,
    offer::accept,
    refusing::{refused, why_not},
    rules::{Candidate, Facts, Learner, Session, Skipped, SlotReason, Terms, Thing, Verdict, Wanted},
    slot::starts,
    slot_inputs::BookingRule,
    taking::{Choice, Taking, assignment, ordered, take_time_turns, take_type_turn},
    terms::{TypeTerms, terms_of, terms_of_anybody},
    wish::{Named, Wish, learner_of, or_nothing},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        BookingType::object,
        booking_type::BookingTypeInstructor::object,
        booking_type::ResourceRequirement::object,
        booking_type::BookingLimits::object,
        eligibility::EligibilityRule::object,
        eligibility::EligibilityCheck::object,
        slot::Slots::object,
        slot::SlotDay::object,
        slot::Slot::object,
        slot::SlotExplanation::object,
        slot::SlotCheck::object,
        slot::SlotCandidate::object,
        SlotHold::object,
        assignment::BookingAssignment::object,
        AssignmentCandidate::object,
    ],
    operations: &[queries::SlotQueries::OPERATIONS, type_mutations::TypeMutations::OPERATIONS, slot_mutations::SlotMutations::OPERATIONS],
    extensions: &[&assignment::BookingOfType::EXTENSION],
    jobs: &[tidy::TIDY],
    references: &[("type_id", BookingType::PREFIX), ("cancelled_by_id", User::PREFIX)],
    parts: &[
        (BookingType::TYPE, "instructor_id", "instructor"),
        (BookingType::TYPE, "resource_id", "resource"),
        (BookingType::TYPE, "kind", "eligibility"),
        (BookingType::TYPE, "place", "requirement"),
        (User::TYPE, "max_minutes_per_day", "instructorLimits"),
    ],
    ..Domain::new("slots")
};
