//! Several courses that belong together.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Nested, Rows, all_where, many},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    PathEnrollment,
    lists::{LATEST_ENROLLED, LATEST_IN_COURSE},
    loaders::CoursesOf,
};
use crate::domains::{
    courses::{Course, CourseStatus},
    enrollments::Enrollment,
};

text_enum! {
    /// When a course of a path opens to somebody in it.
    pub enum PathUnlock {
        /// At once.
        None = "NONE",
        /// Once another course of the path is completed.
        AfterCourse = "AFTER_COURSE",
        /// Once the final grade of another course of the path is high enough.
        AfterScore = "AFTER_SCORE",
    }
}

/// Several courses that belong together. Whoever is in it is enrolled in each of them as it opens. Drafts are seen by PATH_MANAGE, all others by whoever sees
/// courses.
#[object(table = "learning_path", alias = "lp", id = "path", live = "{}.deleted_at IS NULL", node(CourseRead), resolvers)]
#[derive(Clone, Debug)]
pub struct LearningPath {
    /// Its id.
    pub id: Id<LearningPath>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub title: String,
    /// Where it stands in its life, as a course does.
    pub status: CourseStatus,
    /// What it is about; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// When it was created.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed, not counting its courses.
    #[wide]
    pub updated_at: DateTime,
}

static OWN: Nested = Nested::new("path.viewerEnrollment", LATEST_ENROLLED, "pe.path_id");
static ENROLLMENTS: Nested = Nested::new("path.enrollments", LATEST_ENROLLED, "pe.path_id");
static IN_COURSE: Nested = Nested::new("pathCourse.viewerEnrollment", LATEST_IN_COURSE, "e.course_id");

#[resolvers]
impl LearningPath {
    /// Its courses, in their order.
    #[cost(25)]
    async fn courses(id: Id<LearningPath>, ctx: &Context<'_>) -> Result<Vec<PathCourse>> {
        Ok(ctx.load(CoursesOf(id)).await?.unwrap_or_default())
    }

    /// Your own part in it; null when you have none.
    async fn viewer_enrollment(id: Id<LearningPath>, ctx: &Context<'_>) -> Result<Option<Loaded<PathEnrollment>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &OWN, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("pe.user_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }

    /// Who is in it, the latest first.
    #[needs(PathManage, EnrollmentReadAll)]
    async fn enrollments(id: Id<LearningPath>, ctx: &Context<'_>, page: Forward) -> Result<Connection<PathEnrollment>> {
        many(ctx, &ENROLLMENTS, id.0, page).await
    }
}

/// A course of a path, and how it stands for you.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct PathCourse {
    #[hidden]
    pub course_id: Id<Course>,
    #[hidden]
    pub after_course_id: Option<Id<Course>>,
    /// Where it stands in the path: 1 for the first.
    pub position: i32,
    /// When it opens.
    pub unlock: PathUnlock,
    /// The final grade of `afterCourse` from which on it opens, in percent; null unless it waits for one.
    pub min_score: Option<f64>,
    /// Whether it is closed to you yet. What has opened to you stays open.
    pub is_locked: bool,
    /// Why it could not take you when it opened, or when that was last tried: COURSE_NOT_PUBLISHED, COURSE_FULL, or ALREADY_ENROLLED where you have an
    /// enrollment that has failed or expired. It is tried again within the hour. Null where nothing was in the way, and where you are not in the path.
    pub obstacle: Option<String>,
}

#[resolvers]
impl PathCourse {
    /// The course; null when you may not see it, or when it was deleted.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Course>>> {
        ctx.whole(self.course_id).await
    }

    /// The course that it waits for; null for none, and when you may not see it.
    async fn after_course(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Course>>> {
        match self.after_course_id {
            Some(course) => ctx.whole(course).await,
            None => Ok(None),
        }
    }

    /// Your own enrollment in the course; null when you have none.
    async fn viewer_enrollment(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Enrollment>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &IN_COURSE, self.course_id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("e.user_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }
}
