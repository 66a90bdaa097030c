//! What is added to courses and lessons.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, Nested, all_where, many, many_where},
};
use lectern_macros::extends;

use super::{
    Announcement, CourseReview, Thread,
    lists::{LATEST_ANNOUNCEMENT, LATEST_REVIEW, LATEST_THREAD, ThreadFilter},
};
use crate::domains::{courses::Course, lessons::Lesson};

static ANNOUNCEMENTS: Nested = Nested::new("course.announcements", LATEST_ANNOUNCEMENT, "an.course_id");
static THREADS: Nested = Nested::new("course.threads", LATEST_THREAD, "th.course_id");
static REVIEWS: Nested = Nested::new("course.reviews", LATEST_REVIEW, "cr.course_id");
static OF_LESSON: Nested = Nested::new("lesson.threads", LATEST_THREAD, "th.lesson_id");

/// What is added to courses.
pub struct CourseTalk;

#[extends(Course)]
impl CourseTalk {
    /// The mean of its reviews, 1 to 5, to one decimal; null without any.
    #[column("mean_rating")]
    fn rating() -> Option<f64>;

    /// How many reviews it has.
    #[column]
    fn review_count() -> i32;

    /// What its staff says to everybody in it, the latest first. Empty for who has no part in it.
    async fn announcements(id: Id<Course>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Announcement>> {
        many(ctx, &ANNOUNCEMENTS, id.0, page).await
    }

    /// What people talk about in it: pinned threads before all, then the latest first. Empty for who has no part in it.
    async fn threads(
        id: Id<Course>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which of its threads.
        filter: Option<ThreadFilter>,
    ) -> Result<Connection<Thread>> {
        let narrowing = filter.unwrap_or_default().check()?;
        many_where(ctx, &THREADS, id.0, page, move |list| narrowing.narrow(list)).await
    }

    /// What people who have completed it think of it, the latest first.
    async fn reviews(id: Id<Course>, ctx: &Context<'_>, page: Forward) -> Result<Connection<CourseReview>> {
        many(ctx, &REVIEWS, id.0, page).await
    }

    /// Your own review of it; null when you have written none.
    async fn viewer_review(id: Id<Course>, ctx: &Context<'_>) -> Result<Option<Loaded<CourseReview>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &REVIEWS, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("cr.user_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }
}

/// What is added to lessons.
pub struct LessonTalk;

#[extends(Lesson)]
impl LessonTalk {
    /// What people talk about in it: pinned threads before all, then the latest first. Empty for who has no part in its course, and while it is locked.
    async fn threads(id: Id<Lesson>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Thread>> {
        many(ctx, &OF_LESSON, id.0, page).await
    }
}
