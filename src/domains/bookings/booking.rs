//! A span of time that a learner asks for, and that an instructor is assigned to.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, Record},
    error::Result,
    ids::{Id, Kind},
    resolve::{Ctx, DateTime, SummaryColumns},
    text_enum,
};

use super::loaders::AllowedTransitionsOf;
use crate::domains::{courses::Course, identity::User};

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
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
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
    pub notes: Option<String>,
    /// Why it was cancelled; at most 10,000 characters.
    pub cancel_reason: Option<String>,
    /// When the school's admins were reminded that the request waits for an answer; null when they were not.
    pub escalated_at: Option<DateTime>,
    /// When it was requested.
    pub created_at: DateTime,
    #[graphql(skip)]
    pub(super) student_id: Id<User>,
    #[graphql(skip)]
    pub(super) requested_instructor_id: Option<Id<User>>,
    #[graphql(skip)]
    pub(super) instructor_id: Option<Id<User>>,
    #[graphql(skip)]
    pub(super) course_id: Option<Id<Course>>,
    /// Read by the same statement, where the document asks for it; likewise the following.
    #[graphql(skip)]
    pub(super) joined_student: Option<Option<User>>,
    #[graphql(skip)]
    pub(super) joined_requested_instructor: Option<Option<User>>,
    #[graphql(skip)]
    pub(super) joined_instructor: Option<Option<User>>,
    #[graphql(skip)]
    pub(super) joined_course: Option<Option<Course>>,
}

impl Kind for Booking {
    const PREFIX: &'static str = "booking";
    const TYPE: &'static str = "Booking";
}

impl Record for Booking {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "starts_at",
        "ends_at",
        "status",
        "notes",
        "cancel_reason",
        "escalated_at",
        "created_at",
        "student_id",
        "requested_instructor_id",
        "instructor_id",
        "course_id",
    ];

    const SUMMARY: &'static [&'static str] =
        &["id", "starts_at", "ends_at", "status", "student_id", "requested_instructor_id", "instructor_id", "course_id"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Booking {
            id: reader.next()?,
            starts_at: reader.next()?,
            ends_at: reader.next()?,
            status: reader.next()?,
            notes: reader.next()?,
            cancel_reason: reader.next()?,
            escalated_at: reader.next()?,
            created_at: reader.next()?,
            student_id: reader.next()?,
            requested_instructor_id: reader.next()?,
            instructor_id: reader.next()?,
            course_id: reader.next()?,
            joined_student: None,
            joined_requested_instructor: None,
            joined_instructor: None,
            joined_course: None,
        })
    }
}

impl Booking {
    /// What takes no more than the summary.
    pub const SUMMARY_FIELDS: SummaryColumns = SummaryColumns {
        fields: &["id", "startsAt", "endsAt", "status", "allowedTransitions"],
        children: &[
            ("student", &User::SUMMARY_FIELDS),
            ("requestedInstructor", &User::SUMMARY_FIELDS),
            ("instructor", &User::SUMMARY_FIELDS),
            ("course", &Course::SUMMARY_FIELDS),
        ],
    };
}

/// A person who was read along, or else is loaded with those of the other bookings.
async fn person(ctx: &Context<'_>, joined: &Option<Option<User>>, id: Option<Id<User>>) -> Result<Option<User>> {
    match (joined, id) {
        (Some(person), _) => Ok(person.clone()),
        (None, Some(id)) => ctx.load(id).await,
        (None, None) => Ok(None),
    }
}

#[ComplexObject]
impl Booking {
    /// The learner who asked for it; null when you may not see them.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, &self.joined_student, Some(self.student_id)).await
    }

    /// The instructor whom the learner wishes for. It binds nobody: `instructor` is who was assigned.
    async fn requested_instructor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, &self.joined_requested_instructor, self.requested_instructor_id).await
    }

    /// The instructor who is assigned; null until then. A booking that was cancelled later still names them.
    async fn instructor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, &self.joined_instructor, self.instructor_id).await
    }

    /// The course that it belongs to; null when to none, or when you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Course>> {
        match (&self.joined_course, self.course_id) {
            (Some(course), _) => Ok(course.clone()),
            (None, Some(id)) => ctx.load(id).await,
            (None, None) => Ok(None),
        }
    }

    /// The states that you may take it to now, in the order of the enum; empty when none. From ASSIGNED to APPROVED leads
    /// `rescheduleBooking`, and for managers `approveBooking` as well.
    async fn allowed_transitions(&self, ctx: &Context<'_>) -> Result<Vec<BookingStatus>> {
        Ok(ctx.load(AllowedTransitionsOf(self.id)).await?.unwrap_or_default())
    }
}

lectern_kernel::eager! {
    Booking {
        "id": id, "startsAt": starts_at, "endsAt": ends_at, "status": status, "notes": notes, "cancelReason": cancel_reason,
        "escalatedAt": escalated_at, "createdAt": created_at,
    } with {
        "student": joined_student, "requestedInstructor": joined_requested_instructor, "instructor": joined_instructor,
        "course": joined_course,
    }
}
