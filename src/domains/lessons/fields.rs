//! What lessons add to courses, sections, enrollments and bookings.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Nested, Rows, all},
};
use lectern_macros::extends;

use super::{
    CourseMaterial, Lesson, LessonProgress, UnlockOverride,
    lists::{BY_POSITION, OLDEST_MATERIAL, OLDEST_UNLOCK},
    locks::{LockReason, SectionLockOf},
    progress::{ProgressOf, ResumeOf},
};
use crate::domains::{
    bookings::Booking,
    courses::{Course, Section},
    enrollments::Enrollment,
};

static LESSONS: Nested = Nested::new("section.lessons", BY_POSITION, "l.section_id");
static MATERIALS: Nested = Nested::new("course.materials", OLDEST_MATERIAL, "cm.course_id");
static UNLOCKS: Nested = Nested::new("course.unlockOverrides", OLDEST_UNLOCK, "uo.course_id");

/// What is added to courses.
pub struct CourseLessons;

#[extends(Course)]
impl CourseLessons {
    /// How many published lessons it has.
    #[count(function = "app.lesson_counts", key = "course_id")]
    fn lesson_count() -> i32;

    /// How many minutes its published lessons take together, as far as somebody has said so.
    #[count(function = "app.lesson_minutes", key = "course_id")]
    fn duration_minutes() -> i32;

    /// What goes with it and with its lessons, as far as it is open to you; the oldest first.
    #[cost(20)]
    async fn materials(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<CourseMaterial>>> {
        all(ctx, &MATERIALS, id.0).await
    }

    /// When it, or a section of it, opens for some people and groups otherwise; the oldest first. Empty for who is not of its staff.
    #[cost(20)]
    #[needs(EnrollmentManage)]
    async fn unlock_overrides(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<UnlockOverride>>> {
        all(ctx, &UNLOCKS, id.0).await
    }
}

/// What is added to sections.
pub struct SectionLessons;

#[extends(Section)]
impl SectionLessons {
    /// Its lessons, in their order: the published ones, and for the course's staff all.
    #[cost(20)]
    async fn lessons(id: Id<Section>, ctx: &Context<'_>) -> Result<Vec<Loaded<Lesson>>> {
        all(ctx, &LESSONS, id.0).await
    }

    /// Whether something keeps its lessons closed for you, but for previews and for what you have completed.
    async fn is_locked(id: Id<Section>, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.load(SectionLockOf(id)).await?.is_some())
    }

    /// What keeps its lessons closed for you; null when nothing does. Never AFTER_LESSON, which concerns single lessons.
    async fn lock_reason(id: Id<Section>, ctx: &Context<'_>) -> Result<Option<LockReason>> {
        Ok(ctx.load(SectionLockOf(id)).await?.map(|lock| lock.reason))
    }

    /// When they open for you, where time alone opens them.
    async fn unlocks_at(id: Id<Section>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(ctx.load(SectionLockOf(id)).await?.and_then(|lock| lock.unlocks_at))
    }
}

/// What is added to enrollments.
pub struct EnrollmentLessons;

#[extends(Enrollment)]
impl EnrollmentLessons {
    /// The lesson in which the person goes on: the one opened last that is not completed, else the first that is open and not completed. Null when
    /// there is none, and where the enrollment gives no access.
    #[cost(5)]
    async fn resume_lesson(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Option<Loaded<Lesson>>> {
        match ctx.load(ResumeOf(id)).await? {
            Some(lesson) => ctx.whole(lesson).await,
            None => Ok(None),
        }
    }

    /// How far the person is in the lessons that they have opened or completed, in the order of the lessons.
    #[cost(20)]
    async fn lesson_progress(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Vec<LessonProgress>> {
        Ok(ctx.load(ProgressOf(id)).await?.unwrap_or_default())
    }
}

/// What is added to bookings.
pub struct BookingLessons;

#[extends(Booking)]
impl BookingLessons {
    /// The LIVE lesson that it is of; null when of none, or when you may not see it.
    #[one]
    #[column]
    fn lesson(lesson_id: Option<Id<Lesson>>) -> Lesson;
}
