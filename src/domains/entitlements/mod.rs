//! Entitlements: what attendees of a program get beside their tickets. Courses and groups, once they have earned them and are known; and the directory, where
//! participants find each other. Table: `attendee_grant`, a row for what was tried.
//!
//! No permission of their own: whoever sees an application sees what its attendees get; participants and APPLICATION_READ_ALL see the directory.
//! Invariants, kept by the database: what is earned is given in the transaction that earns it, and what a course or a group refuses never stops that; what a grant
//! itself gave is taken back when its claim ends, and nothing else is.

mod grant;
mod jobs;
mod participants;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::{attendees::Attendee, courses::Course, groups::Group};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[grant::AttendeeGrant::object, participants::ProgramParticipant::object],
    operations: &[participants::ParticipantQueries::OPERATIONS],
    extensions: &[&grant::AttendeeGrants::EXTENSION],
    jobs: &[jobs::RETRY, jobs::SETTLE],
    parts: &[(Attendee::TYPE, "course_id", "grant")],
    references: &[("attendee_id", Attendee::PREFIX), ("course_id", Course::PREFIX), ("group_id", Group::PREFIX)],
    ..Domain::new("entitlements")
};
