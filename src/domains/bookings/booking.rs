//! A span of time that a learner asks for, and that an instructor is assigned to.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{BookingOutcome, lists::BY_PLACE, loaders::AllowedTransitionsOf};
use crate::domains::{courses::Course, identity::User, resources::Resource};

text_enum! {
    /// Where a booking stands: REQUESTED, APPROVED, ASSIGNED, COMPLETED, one after the other; CANCELLED from any but
    /// COMPLETED. ASSIGNED can go back to APPROVED. `allowedTransitions` says which steps you may take.
    pub enum BookingStatus {
        /// Asked for by a learner. Holds nobody's time yet.
        Requested = "REQUESTED",
        /// Granted, without an instructor so far. Holds the learner's time.
        Approved = "APPROVED",
        /// An instructor is assigned. Holds the learner's and the instructor's time.
        Assigned = "ASSIGNED",
        /// It took place. Still holds the time of both, so that history can't overlap.
        Completed = "COMPLETED",
        /// It does not take place. Holds nobody's time.
        Cancelled = "CANCELLED",
    }
}

/// A span of time that a learner asks for, and that an instructor is assigned to. You see your own, as learner, as wished
/// or as assigned instructor; with BOOKING_READ_ALL, all of the school.
#[object(table = "booking", alias = "b", id = "booking", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Booking {
    /// Its id.
    pub id: Id<Booking>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 24 hours later. A booking that begins at this very moment does not overlap.
    pub ends_at: DateTime,
    /// Where it stands.
    pub status: BookingStatus,
    /// What the learner wrote with the request; at most 10,000 characters.
    #[wide]
    pub notes: Option<String>,
    /// Why it was cancelled; at most 10,000 characters.
    #[wide]
    pub cancel_reason: Option<String>,
    /// When the school's admins were reminded that the request waits for an answer; null when they were not.
    #[wide]
    pub escalated_at: Option<DateTime>,
    /// When it was requested.
    #[wide]
    pub created_at: DateTime,
    /// What became of it; null until somebody has said so.
    #[wide]
    pub outcome: Option<BookingOutcome>,
    /// By how many minutes the learner was late; null unless the outcome is LATE.
    #[wide]
    pub minutes_late: Option<i32>,
    #[hidden]
    #[wide]
    pub reschedule_count: Option<i32>,
    /// When it was cancelled; null when it was not.
    #[wide]
    pub cancelled_at: Option<DateTime>,
    #[hidden]
    #[wide]
    pub is_late_cancel: Option<bool>,
    /// Until when its learner may cancel it without being late; null: until it begins.
    #[wide]
    #[column(
        "(CASE WHEN {}.booking_type_id IS NULL \
         THEN {}.starts_at - make_interval(mins => (SELECT nullif(ts.booking_cancel_notice_minutes, 0) FROM tenant_settings ts WHERE ts.tenant_id = $1)) \
         ELSE {}.starts_at - make_interval(mins => (SELECT nullif(ty.cancel_notice_minutes, 0) FROM booking_type ty WHERE ty.tenant_id = $1 AND ty.id = {}.booking_type_id)) END)"
    )]
    pub cancel_until: Option<DateTime>,
    /// Until when its learner may move it; null: until it begins.
    #[wide]
    #[column(
        "({}.starts_at - make_interval(mins => (SELECT nullif(ty.reschedule_notice_minutes, 0) FROM booking_type ty WHERE ty.tenant_id = $1 AND ty.id = {}.booking_type_id)))"
    )]
    pub reschedule_until: Option<DateTime>,
    /// Who cancelled it; null when nobody did, or when you may not see them.
    #[one]
    #[wide]
    pub cancelled_by_id: Option<Id<User>>,
    /// The learner who asked for it; null when you may not see them.
    #[one]
    pub student_id: Id<User>,
    /// The instructor whom the learner wishes for. It binds nobody: `instructor` is who was assigned.
    #[one]
    pub requested_instructor_id: Option<Id<User>>,
    /// The instructor who is assigned; null until then. A booking that was cancelled later still names them.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// The course that it belongs to; null when to none, or when you may not see it.
    #[one]
    pub course_id: Option<Id<Course>>,
}

static RESOURCES: Nested = Nested::new("booking.resources", BY_PLACE, "l.booking_id")
    .by("JOIN booking_resource l ON l.tenant_id = re.tenant_id AND l.resource_id = re.id")
    .with_history();

#[resolvers]
impl Booking {
    /// The states that you may take it to now, in the order of the enum; empty when none. COMPLETED is not among them before
    /// it begins. From ASSIGNED to APPROVED leads `rescheduleBooking`, and for managers `approveBooking` as well; of a type
    /// its learner's move does where the school answers such bookings, and a seat of a group session goes with its session.
    async fn allowed_transitions(id: Id<Booking>, ctx: &Context<'_>) -> Result<Vec<BookingStatus>> {
        Ok(ctx.load(AllowedTransitionsOf(id)).await?.unwrap_or_default())
    }

    /// How often it was moved to another time.
    fn reschedule_count(reschedule_count: Option<i32>) -> i32 {
        reschedule_count.unwrap_or_default()
    }

    /// Whether its learner cancelled it later than `cancelUntil`, where its type allows that.
    fn is_late_cancel(is_late_cancel: Option<bool>) -> bool {
        is_late_cancel.unwrap_or_default()
    }

    /// The resources that it takes, in the order in which they were named; from APPROVED on it holds them, with their setup and teardown.
    #[cost(5)]
    async fn resources(id: Id<Booking>, ctx: &Context<'_>) -> Result<Vec<Loaded<Resource>>> {
        all(ctx, &RESOURCES, id.0).await
    }
}
