//! What the rules of a slot know, what is asked of them, and what they answer.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use lectern_kernel::{ids::Id, text_enum};
use uuid::Uuid;

use super::{booking_type::AssignmentStrategy, grid::Grid};
use crate::domains::{bookings::Span, identity::User, resources::Resource};

text_enum! {
    /// Why a start can't be booked: the same words as the refusals' reasons, in the order in which the rules are looked at. The first that fails is the
    /// reason.
    pub enum SlotReason {
        /// The booking type takes no new bookings.
        TypeInactive = "TYPE_INACTIVE",
        /// The learner does not meet a rule of its eligibility.
        NotEligible = "NOT_ELIGIBLE",
        /// It has begun, or begins sooner than the type's notice allows.
        TooSoon = "TOO_SOON",
        /// It begins later than the type can be booked ahead.
        TooFar = "TOO_FAR",
        /// The learner, or every instructor who is free, has as many bookings as there may be.
        BookingLimit = "BOOKING_LIMIT",
        /// A resource that it needs is not to be booked.
        ResourceUnbookable = "RESOURCE_UNBOOKABLE",
        /// A resource that it needs is not open all the while.
        ResourceClosed = "RESOURCE_CLOSED",
        /// No instructor is open all the while.
        OutsideAvailability = "OUTSIDE_AVAILABILITY",
        /// Bookings of the type don't begin at this time.
        NotOnGrid = "NOT_ON_GRID",
        /// Its group session has no seat left.
        SessionFull = "SESSION_FULL",
        /// The learner, every instructor who is open, or a resource that it needs is taken at that time.
        BookingConflict = "BOOKING_CONFLICT",
    }
}

/// Rules that a manager may skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// The notice.
    pub notice: bool,
    /// How far ahead.
    pub horizon: bool,
    /// Limits of the type; what an instructor may be booked for in all holds nevertheless.
    pub limits: bool,
    /// Eligibility.
    pub eligibility: bool,
}

/// At most so many; none: any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Of one learner, ever.
    pub per_learner: Option<i64>,
    /// Of one learner on a date.
    pub per_learner_per_day: Option<i64>,
    /// Of one learner in a week.
    pub per_learner_per_week: Option<i64>,
    /// Of one learner that are not over.
    pub open_per_learner: Option<i64>,
    /// Of one instructor on a date.
    pub per_instructor_per_day: Option<i64>,
    /// Of one instructor in a week.
    pub per_instructor_per_week: Option<i64>,
}

/// What a type asks for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Whether it takes new bookings.
    pub is_active: bool,
    /// What the instructor's time is claimed for before a booking.
    pub before: SignedDuration,
    /// And after it.
    pub after: SignedDuration,
    /// How long before its start a booking is made at the latest.
    pub notice: SignedDuration,
    /// How many days ahead at the most.
    pub horizon_days: Option<i32>,
    /// 1: one to one; more: group sessions.
    pub seats: i64,
    /// Whether somebody takes it.
    pub needs_instructor: bool,
    /// How they are chosen.
    pub strategy: AssignmentStrategy,
    /// Whether the school answers each booking.
    pub needs_approval: bool,
    /// How many there may be.
    pub limits: Limits,
}

/// Numbers by local dates of the school.
pub type Days = HashMap<civil::Date, i64>;

/// One who could take it, with their time.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub id: Id<User>,
    /// Their share, for ROUND_ROBIN.
    pub weight: i64,
    /// How many bookings of the type they were given.
    pub assigned: i64,
    /// When the last.
    pub last_assigned: Option<Timestamp>,
    /// Where starts lie.
    pub grid: Grid,
    /// When they are open: in order, without overlaps.
    pub open: Vec<Span>,
    /// When they are taken, with the buffers of what takes them; likewise.
    pub claimed: Vec<Span>,
    /// Their bookings of the type.
    pub bookings: Days,
    /// Their booked minutes, of any type.
    pub minutes: Days,
    /// Group sessions of the type that are among these bookings: further seats in them count no more.
    pub led: Vec<Span>,
    /// Their claimed minutes, whatever claims them.
    pub claimed_minutes: Days,
    /// How many minutes they may be booked for on a date.
    pub max_minutes_per_day: Option<i64>,
    /// And in a week.
    pub max_minutes_per_week: Option<i64>,
}

/// One of the resources that it could take.
#[derive(Debug, Clone)]
pub struct Thing {
    /// Which.
    pub id: Id<Resource>,
    /// Whether it is to be booked at all.
    pub is_bookable: bool,
    /// Whether the school answers each booking of it.
    pub needs_approval: bool,
    /// What a booking takes of it beforehand.
    pub setup: SignedDuration,
    /// And afterwards.
    pub teardown: SignedDuration,
    /// How many people it takes; none: any number.
    pub capacity: Option<i64>,
    /// Where starts lie without an instructor.
    pub grid: Grid,
    /// When it is open: in order, without overlaps.
    pub open: Vec<Span>,
    /// When it is taken; likewise.
    pub claimed: Vec<Span>,
}

/// Whoever would learn.
#[derive(Debug, Clone)]
pub struct Learner {
    /// Who.
    pub id: Id<User>,
    /// When they are taken, as learner or as instructor: in order, without overlaps.
    pub claimed: Vec<Span>,
    /// Their bookings of the type.
    pub ever: i64,
    /// Those that are not over.
    pub open: i64,
    /// Those by dates.
    pub bookings: Days,
    /// Whether each rule of eligibility is met, in their order.
    pub eligibility: Vec<bool>,
}

/// A group session of the type that there is already.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// When it is.
    pub span: Span,
    /// Who takes it.
    pub instructor: Option<Id<User>>,
    /// What it takes.
    pub things: Vec<Id<Resource>>,
    /// How many seats are left.
    pub seats_left: i64,
}

/// All that is known.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The time.
    pub now: Timestamp,
    /// The school's zone.
    pub zone: TimeZone,
    /// What the type asks for.
    pub terms: Terms,
    /// Its instructors, in their order.
    pub candidates: Vec<Candidate>,
    /// One of each is needed.
    pub requirements: Vec<Vec<Thing>>,
    /// Whoever would learn; none where nobody is asked about.
    pub learner: Option<Learner>,
    /// The type's sessions.
    pub sessions: Vec<Session>,
    /// What a manager skips.
    pub skipped: Skipped,
    /// Managers are not bound to the grid.
    pub is_bound_to_grid: bool,
}

/// What is asked of the facts.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// From when to when.
    pub span: Span,
    /// With whom; none: with whoever the strategy takes.
    pub instructor: Option<Id<User>>,
    /// With what, of the requirements that these belong to; of others, the first that is free.
    pub things: &'a [Id<Resource>],
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Each rule, and whether it is met, in their order.
    pub checks: Vec<(SlotReason, bool)>,
    /// Each instructor, and why they can't take it.
    pub candidates: Vec<(Id<User>, Option<SlotReason>)>,
    /// Each resource, and why it can't be taken.
    pub things: Vec<(Id<Resource>, Option<SlotReason>)>,
    /// Who would take it, the first first.
    pub takers: Vec<Id<User>>,
    /// What it would take: one for each requirement.
    pub taken: Vec<Id<Resource>>,
    /// Whether the school answers a learner's booking first.
    pub needs_approval: bool,
    /// The group session that it would be a seat of.
    pub session: Option<Uuid>,
    /// How many seats there are.
    pub seats_left: i64,
    /// The limit that is reached, and how many there are, where BOOKING_LIMIT is not met.
    pub limit: Option<(i64, i64)>,
    /// Whether the learner is somewhere else then.
    pub is_learner_busy: bool,
}

impl Verdict {
    /// The first rule that fails; none: it can be booked.
    pub fn reason(&self) -> Option<SlotReason> {
        self.checks.iter().find(|(_, is_met)| !is_met).map(|(reason, _)| *reason)
    }
}
