//! What learners book without being answered one by one.

use async_graphql::Context;
use futures_util::future::try_join_all;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    eligibility::{EligibilityCheck, EligibilityRule, viewer_checks},
    parts::{InstructorsOf, RequirementsOf, RulesOf},
};
use crate::domains::{courses::Course, identity::User, resources::Resource};

text_enum! {
    /// Who of a type's instructors takes a booking for which nobody is named: of those who are open, free, and under their limits.
    pub enum AssignmentStrategy {
        /// The first, in the order of the type.
        Fixed = "FIXED",
        /// In turn: whoever was given the fewest for their weight, and of these whoever was given one longest ago.
        RoundRobin = "ROUND_ROBIN",
        /// Whoever has the fewest minutes claimed in the week of the start, whatever claims them; of these, in turn.
        LeastBusy = "LEAST_BUSY",
    }
}

text_enum! {
    /// What is asked of a learner before they book.
    pub enum EligibilityKind {
        /// A seat in a course: NOT_STARTED, IN_PROGRESS or COMPLETED.
        CourseEnrolled = "COURSE_ENROLLED",
        /// To have begun a course: IN_PROGRESS or COMPLETED.
        CourseInProgress = "COURSE_IN_PROGRESS",
        /// To have completed a course.
        CourseCompleted = "COURSE_COMPLETED",
        /// To have completed a lesson.
        LessonCompleted = "LESSON_COMPLETED",
        /// To be a member of a group.
        GroupMember = "GROUP_MEMBER",
        /// To have missed no more than `maxCount` bookings within 90 days, of any type.
        MaxNoShows = "MAX_NO_SHOWS",
    }
}

/// What learners book without being answered one by one: how long, with whom, by what, under which rules. The whole school sees them.
#[object(table = "booking_type", alias = "bt", id = "bookingtype", live = "{}.deleted_at IS NULL", node, resolvers)]
#[derive(Clone, Debug)]
pub struct BookingType {
    /// Its id.
    pub id: Id<BookingType>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// More about it; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// Whether it takes new bookings.
    pub is_active: bool,
    /// The course that its bookings belong to; null: learners may name one, or when you may not see it.
    #[one]
    pub course_id: Option<Id<Course>>,
    /// Where it takes place; at most 200 characters.
    pub location: Option<String>,
    /// How many minutes a booking may have; the first is what it has unless somebody says otherwise.
    pub durations: Vec<i32>,
    /// The minutes from one start to the next, counted from where each stretch of the instructor's open time begins, as rules and availability give it;
    /// without an instructor, of the first requirement's resource, whose days begin at midnight of its zone where it is always open.
    pub slot_step_minutes: i32,
    /// Minutes that are claimed of the instructor before each booking.
    pub buffer_before_minutes: i32,
    /// Minutes that are claimed of the instructor after each booking.
    pub buffer_after_minutes: i32,
    /// How many minutes before its start a booking is made at the latest.
    pub min_notice_minutes: i32,
    /// How many days ahead it can be booked: until the end of that date; null: as far as somebody is open.
    pub max_horizon_days: Option<i32>,
    /// 1: one to one; more: group sessions of so many seats.
    pub seats: i32,
    /// Whether an instructor takes it.
    pub needs_instructor: bool,
    /// How an instructor is chosen where nobody is named.
    pub strategy: AssignmentStrategy,
    /// Whether learners may name an instructor.
    pub learner_chooses_instructor: bool,
    /// Whether the school answers each booking of a learner first.
    pub needs_approval: bool,
    /// Whether a booking that waits for its answer holds the time of learner, instructor and resources already.
    pub holds_while_requested: bool,
    #[hidden]
    #[wide]
    pub per_learner: Option<i32>,
    #[hidden]
    #[wide]
    pub per_learner_per_day: Option<i32>,
    #[hidden]
    #[wide]
    pub per_learner_per_week: Option<i32>,
    #[hidden]
    #[wide]
    pub open_per_learner: Option<i32>,
    #[hidden]
    #[wide]
    pub per_instructor_per_day: Option<i32>,
    #[hidden]
    #[wide]
    pub per_instructor_per_week: Option<i32>,
    /// How many minutes before its start a learner cancels a booking at the latest.
    #[wide]
    pub cancel_notice_minutes: i32,
    /// Whether a learner may cancel later than that; it is then noted.
    #[wide]
    pub allows_late_cancel: bool,
    /// How many minutes before its start a learner moves a booking at the latest.
    #[wide]
    pub reschedule_notice_minutes: i32,
    /// How often a learner may move a booking; null: any number.
    #[wide]
    pub max_reschedules: Option<i32>,
    /// Whether a learner says why they cancel or move a booking.
    #[wide]
    pub requires_reason: bool,
    /// How many minutes before its start people are reminded of a booking.
    #[wide]
    pub reminder_minutes: Vec<i32>,
    /// When it was added.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed, not counting its lists.
    #[wide]
    pub updated_at: DateTime,
}

/// By name.
pub const BY_NAME: Order = Order { key: SortKey::name("NAME", "bt.name"), id: "bt.id", descending: false };

#[resolvers]
impl BookingType {
    /// Who takes its bookings, in their order; none where it needs nobody.
    #[cost(10)]
    async fn instructors(id: Id<BookingType>, ctx: &Context<'_>) -> Result<Vec<BookingTypeInstructor>> {
        let staff = ctx.load(InstructorsOf(id)).await?.unwrap_or_default();
        let people = try_join_all(staff.iter().map(|(person, _)| ctx.whole(*person))).await?;
        Ok(staff.into_iter().zip(people).map(|((_, weight), instructor)| BookingTypeInstructor { instructor, weight }).collect())
    }

    /// What a booking takes of the school's resources, in their order: one of each of these.
    #[cost(10)]
    async fn requirements(id: Id<BookingType>, ctx: &Context<'_>) -> Result<Vec<ResourceRequirement>> {
        let requirements = ctx.load(RequirementsOf(id)).await?.unwrap_or_default();
        let shown = requirements.into_iter().map(|(name, things)| async move {
            let found = try_join_all(things.iter().map(|thing| ctx.whole(*thing))).await?;
            Ok::<_, lectern_kernel::error::Error>(ResourceRequirement { name, resources: found.into_iter().flatten().collect() })
        });
        try_join_all(shown).await
    }

    /// How many bookings of it there may be.
    async fn limits(
        per_learner: Option<i32>,
        per_learner_per_day: Option<i32>,
        per_learner_per_week: Option<i32>,
        open_per_learner: Option<i32>,
        per_instructor_per_day: Option<i32>,
        per_instructor_per_week: Option<i32>,
    ) -> Result<BookingLimits> {
        Ok(BookingLimits {
            per_learner,
            per_learner_per_day,
            per_learner_per_week,
            open_per_learner,
            per_instructor_per_day,
            per_instructor_per_week,
        })
    }

    /// What is asked of a learner, in its order: every rule must hold.
    #[cost(5)]
    async fn eligibility(id: Id<BookingType>, ctx: &Context<'_>) -> Result<Vec<EligibilityRule>> {
        let rules = ctx.load(RulesOf(id)).await?.unwrap_or_default();
        Ok(rules.into_iter().map(EligibilityRule::of).collect())
    }

    /// The same, and which of them you meet.
    #[cost(5)]
    async fn viewer_eligibility(id: Id<BookingType>, ctx: &Context<'_>) -> Result<Vec<EligibilityCheck>> {
        viewer_checks(ctx, id).await
    }
}

/// One who takes bookings of a type.
#[object]
pub struct BookingTypeInstructor {
    /// Who; null when you may not see them.
    pub instructor: Option<Loaded<User>>,
    /// Their share, for ROUND_ROBIN: somebody of weight 2 is given twice as many as somebody of weight 1.
    pub weight: i32,
}

/// What a booking needs beside people.
#[object]
pub struct ResourceRequirement {
    /// What it is for.
    pub name: String,
    /// One of these, the first that is free, unless the learner names one.
    pub resources: Vec<Loaded<Resource>>,
}

/// How many bookings of a type there may be that are not CANCELLED; null: any number. Dates and weeks are those of the start, by the school's clock.
#[object]
pub struct BookingLimits {
    /// Of one learner, ever.
    pub per_learner: Option<i32>,
    /// Of one learner on a date.
    pub per_learner_per_day: Option<i32>,
    /// Of one learner in a week from Monday.
    pub per_learner_per_week: Option<i32>,
    /// Of one learner at a time: REQUESTED, APPROVED or ASSIGNED, and not over.
    pub open_per_learner: Option<i32>,
    /// Of one instructor on a date: ASSIGNED or COMPLETED.
    pub per_instructor_per_day: Option<i32>,
    /// Of one instructor in a week from Monday: ASSIGNED or COMPLETED.
    pub per_instructor_per_week: Option<i32>,
}
