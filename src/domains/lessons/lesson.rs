//! A lesson, what it holds, and whether it is open.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Nested, all, all_where},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    CourseMaterial, LessonProgress,
    content::{ContentOf, LessonContent},
    files::attached_file,
    lists::{BOOKED, OLDEST_MATERIAL},
    locks::{LockOf, LockReason},
    markdown,
    progress::OwnProgressOf,
};
use crate::domains::{
    bookings::Booking,
    courses::{Course, Section},
    files::File,
};

text_enum! {
    /// What a lesson is. It never changes.
    pub enum LessonKind {
        /// Something to read: its `body`.
        Text = "TEXT",
        /// A film: its `url` or its `file`.
        Video = "VIDEO",
        /// Something to listen to: its `url` or its `file`.
        Audio = "AUDIO",
        /// A file to work with.
        File = "FILE",
        /// A page elsewhere: its `url`.
        Link = "LINK",
        /// A page elsewhere, shown within the lesson: its `url`, on one of the school's `embedHosts`.
        Embed = "EMBED",
        /// Something to answer: its `quiz`.
        Quiz = "QUIZ",
        /// Something to hand in: its `assignment`.
        Assignment = "ASSIGNMENT",
        /// A meeting: for a group from `startsAt` to `endsAt`, or booked one by one (`requestLessonBooking`).
        Live = "LIVE",
    }
}

/// A step of a course. Its outline is shown to whoever sees the course; what it holds, to those for whom it is open: live enrollments, as
/// soon as nothing locks it, and the course's staff. What is not published yet is seen by the staff alone.
#[object(table = "lesson", alias = "l", id = "lesson", node(CourseRead), resolvers)]
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its id.
    pub id: Id<Lesson>,
    /// What it is.
    pub kind: LessonKind,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// Where it stands in its section: 1 for the first, without gaps.
    pub position: i32,
    /// How many minutes it takes; null where nobody has said so.
    pub duration_minutes: Option<i32>,
    /// Whether others than the course's staff see it.
    pub is_published: bool,
    /// Whether it must be completed to complete the course.
    pub is_required: bool,
    /// Whether it is open to everybody who sees the course, enrolled or not.
    pub is_preview: bool,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    /// The section.
    #[one]
    pub section_id: Id<Section>,
    /// How many seconds after its first opening a learner completes it at the earliest; null for at once.
    #[wide]
    pub min_seconds: Option<i32>,
    /// What it weighs among the graded lessons of the course.
    #[wide]
    pub weight: f64,
    /// When it was created.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed.
    #[wide]
    pub updated_at: DateTime,
}

static MATERIALS: Nested = Nested::new("lesson.materials", OLDEST_MATERIAL, "cm.lesson_id");
static BOOKINGS: Nested = Nested::new("lesson.viewerBooking", BOOKED, "b.lesson_id");

/// What a lesson holds; none while it is locked.
async fn content(ctx: &Context<'_>, id: Id<Lesson>) -> Result<Option<LessonContent>> {
    ctx.load(ContentOf(id)).await
}

#[resolvers]
impl Lesson {
    /// Whether something keeps it closed for you. What it holds is null then.
    async fn is_locked(id: Id<Lesson>, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.load(LockOf(id)).await?.is_some())
    }

    /// What keeps it closed for you; null when nothing does.
    async fn lock_reason(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<LockReason>> {
        Ok(ctx.load(LockOf(id)).await?.map(|lock| lock.reason))
    }

    /// When it opens for you, where time alone opens it.
    async fn unlocks_at(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(ctx.load(LockOf(id)).await?.and_then(|lock| lock.unlocks_at))
    }

    /// What it says, in Markdown: CommonMark with tables. Null while it is locked.
    async fn body(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(content(ctx, id).await?.and_then(|content| content.body))
    }

    /// The same as HTML: without what was written as HTML, and without addresses that are not https, mailto or relative. Null while it is locked.
    #[cost(10)]
    async fn body_html(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(content(ctx, id).await?.and_then(|content| content.body).map(|body| markdown::to_html(&body)))
    }

    /// Where its film, its sound, its page or its meeting is. Null where it has none, and while it is locked.
    async fn url(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(content(ctx, id).await?.and_then(|content| content.url))
    }

    /// How long its film or sound takes. Null where nobody has said so, and while it is locked.
    async fn media_seconds(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(content(ctx, id).await?.and_then(|content| content.media_seconds))
    }

    /// Its file, whoever the file itself is shown to. Null where it has none, and while it is locked.
    async fn file(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        let file = content(ctx, id).await?.and_then(|content| content.file);
        attached_file(ctx, file).await
    }

    /// When its meeting begins. Null where it is booked one by one, and while it is locked.
    async fn starts_at(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(content(ctx, id).await?.and_then(|content| content.starts_at))
    }

    /// When its meeting ends. Null where it is booked one by one, and while it is locked.
    async fn ends_at(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(content(ctx, id).await?.and_then(|content| content.ends_at))
    }

    /// What goes with it, the oldest first. Null while it is locked.
    #[cost(10)]
    async fn materials(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Vec<Loaded<CourseMaterial>>>> {
        if content(ctx, id).await?.is_none() {
            return Ok(None);
        }
        all(ctx, &MATERIALS, id.0).await.map(Some)
    }

    /// Your latest booking of it that was not cancelled; null when there is none, and while it is locked.
    async fn viewer_booking(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Loaded<Booking>>> {
        if content(ctx, id).await?.is_none() {
            return Ok(None);
        }
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &BOOKINGS, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("b.student_id = {viewer} AND b.status <> 'CANCELLED'"));
        });
        Ok(own.await?.pop())
    }

    /// How far you are in it; null until you have opened or completed it.
    async fn viewer_progress(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<LessonProgress>> {
        ctx.load(OwnProgressOf(id)).await
    }
}
