//! A unit of teaching that one school offers.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Nested, Orders, all, all_where, many, many_where},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    Section,
    instructors::{HasKey, INSTRUCTORS},
};
use crate::domains::{
    enrollments::{Enrollment, EnrollmentFilter, EnrollmentOrders},
    files::File,
    groups::{Group, GroupOrders},
    identity::User,
    lessons,
};

text_enum! {
    /// Where a course stands in its life: DRAFT, then PUBLISHED, then ARCHIVED.
    pub enum CourseStatus {
        /// In the making: seen by its instructor and by COURSE_UPDATE_ALL alone.
        Draft = "DRAFT",
        /// In the catalogue, open for enrollment.
        Published = "PUBLISHED",
        /// Over: still readable, but nobody new can enroll.
        Archived = "ARCHIVED",
    }
}

/// A unit of teaching that one school offers.
#[object(table = "course", alias = "c", id = "course", live = "{}.deleted_at IS NULL", node(CourseRead), resolvers)]
#[derive(Clone, Debug)]
pub struct Course {
    /// Its id.
    pub id: Id<Course>,
    /// The name shown in the catalogue; 1 to 200 characters, not necessarily unique.
    pub title: String,
    /// What it is about; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// Where it stands in its life.
    pub status: CourseStatus,
    /// How many seats it has; null for any number.
    #[wide]
    pub capacity: Option<i32>,
    /// Words to find it by; at most 20, in lower case.
    #[wide]
    pub tags: Vec<String>,
    /// When it was created.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed.
    #[wide]
    pub updated_at: DateTime,
    /// Who owns and teaches it; null when nobody does, or when you may not see them. `instructors` are all who teach it.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// What stands below its title; 1 to 200 characters.
    #[wide]
    pub subtitle: Option<String>,
    /// Its code, unique in the school: 1 to 40 of A–Z, 0–9 and `-`.
    #[wide]
    pub code: Option<String>,
    /// Which version of its series it is: 1 for the first.
    #[wide]
    pub version: i32,
    /// When it was deleted; null for all but `deletedCourses`.
    #[wide]
    pub deleted_at: Option<DateTime>,
    /// A film that introduces it.
    #[wide]
    pub intro_video_url: Option<String>,
    /// How long that film takes.
    #[wide]
    pub intro_video_seconds: Option<i32>,
    /// Whether it is shown to nobody but its staff, the people who are or were enrolled in it, and ENROLLMENT_READ_ALL.
    #[wide]
    pub is_private: bool,
    /// Whether learners enroll themselves; managers enroll people in any case.
    #[wide]
    pub self_enroll: bool,
    /// Whether its lessons open one after the other: each once every required one before it is completed.
    #[wide]
    pub is_sequential: bool,
    /// How many days of 24 hours an enrollment gives access, counted from `enrolledAt`; null for any number. The earlier of this and
    /// `accessUntil` ends it; who has completed the course keeps access.
    #[wide]
    pub access_days: Option<i32>,
    /// When enrollments end to give access; null for never.
    #[wide]
    #[column("access_until_at")]
    pub access_until: Option<DateTime>,
    /// The course that it is the next version of; null when of none, or when you may not see it.
    #[one]
    #[wide]
    pub previous_version_id: Option<Id<Course>>,
    #[hidden]
    #[wide]
    pub intro_video_poster_id: Option<Id<File>>,
    #[secret]
    pub enrollment_key: Option<String>,
}

static SECTIONS: Nested = Nested::new("course.sections", super::lists::BY_POSITION, "s.course_id");
static ENROLLMENTS: Nested = Nested::new("course.enrollments", EnrollmentOrders::USUAL, "e.course_id");
static GROUPS: Nested = Nested::new("course.groups", GroupOrders::USUAL, "gc.course_id")
    .by("JOIN group_course gc ON gc.tenant_id = g.tenant_id AND gc.group_id = g.id");

#[resolvers]
impl Course {
    /// Its sections, in their order.
    #[cost(20)]
    async fn sections(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<Section>>> {
        all(ctx, &SECTIONS, id.0).await
    }

    /// Who teaches it: the owner first, then the others by name.
    #[cost(10)]
    async fn instructors(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<User>>> {
        all(ctx, &INSTRUCTORS, id.0).await
    }

    /// Whether learners need a key to enroll themselves.
    async fn needs_enrollment_key(id: Id<Course>, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.load(HasKey(id)).await?.is_some())
    }

    /// The picture that stands for its film, for everybody who sees the course.
    async fn intro_video_poster(intro_video_poster_id: Option<Id<File>>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        lessons::attached_file(ctx, intro_video_poster_id).await
    }

    /// How many people hold a seat (NOT_STARTED, IN_PROGRESS or COMPLETED), whether or not you may see them.
    #[count(function = "app.enrollment_counts", key = "course_id")]
    fn enrollment_count() -> i32;

    /// Your own enrollment in it; null when you have none.
    async fn viewer_enrollment(id: Id<Course>, ctx: &Context<'_>) -> Result<Option<Loaded<Enrollment>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &ENROLLMENTS, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("e.user_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }

    /// The enrollments in it that you may see, the latest first: all for its instructor and for ENROLLMENT_READ_ALL, else
    /// your own. `enrollmentCount` counts everybody's.
    async fn enrollments(
        id: Id<Course>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which of its enrollments.
        filter: Option<EnrollmentFilter>,
    ) -> Result<Connection<Enrollment>> {
        let narrowing = filter.unwrap_or_default().check()?;
        many_where(ctx, &ENROLLMENTS, id.0, page, move |list| narrowing.narrow(list)).await
    }

    /// The groups that it was given to and that you may see, by name.
    async fn groups(id: Id<Course>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Group>> {
        many(ctx, &GROUPS, id.0, page).await
    }
}
