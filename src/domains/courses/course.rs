//! A unit of teaching that one school offers.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, PageArgs, Record, page_size},
    error::Result,
    ids::{Id, Kind},
    resolve::{Connection, Ctx, DateTime, SummaryColumns},
    text_enum,
};

use super::{
    Section,
    loaders::{EnrollmentCountOf, SectionsOf, ViewerEnrollmentOf},
};
use crate::domains::{
    enrollments::{Enrollment, EnrollmentFilter, enrollments_in_course},
    groups::{Group, groups_with_course},
    identity::User,
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
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Course {
    /// Its id.
    pub id: Id<Course>,
    /// The name shown in the catalogue; 1 to 200 characters, not necessarily unique.
    pub title: String,
    /// What it is about; at most 10,000 characters.
    pub description: Option<String>,
    /// Where it stands in its life.
    pub status: CourseStatus,
    /// How many seats it has; null for any number.
    pub capacity: Option<i32>,
    /// Words to find it by; at most 20, in lower case.
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    pub(super) instructor_id: Option<Id<User>>,
    /// Read by the same statement, where the document asks for it.
    #[graphql(skip)]
    pub(super) joined_instructor: Option<Option<User>>,
    /// The same.
    #[graphql(skip)]
    pub(super) joined_enrollment_count: Option<i32>,
}

impl Kind for Course {
    const PREFIX: &'static str = "course";
    const TYPE: &'static str = "Course";
}

impl Record for Course {
    const COLUMNS: &'static [&'static str] =
        &["id", "title", "description", "status", "capacity", "tags", "created_at", "updated_at", "instructor_id"];

    const SUMMARY: &'static [&'static str] = &["id", "title", "status", "instructor_id"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Course {
            id: reader.next()?,
            title: reader.next()?,
            description: reader.next()?,
            status: reader.next()?,
            capacity: reader.next()?,
            tags: reader.next()?,
            created_at: reader.next()?,
            updated_at: reader.next()?,
            instructor_id: reader.next()?,
            joined_instructor: None,
            joined_enrollment_count: None,
        })
    }
}

impl Course {
    /// What takes no more than the summary.
    pub const SUMMARY_FIELDS: SummaryColumns = SummaryColumns {
        fields: &["id", "title", "status", "enrollmentCount", "enrollments", "groups", "sections", "viewerEnrollment"],
        children: &[("instructor", &User::SUMMARY_FIELDS)],
    };
}

#[ComplexObject]
impl Course {
    /// Who teaches it; null when nobody does, or when you may not see them.
    async fn instructor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        if let Some(instructor) = &self.joined_instructor {
            return Ok(instructor.clone());
        }
        match self.instructor_id {
            Some(id) => ctx.load(id).await,
            None => Ok(None),
        }
    }

    /// Its sections, in their order.
    #[graphql(complexity = "20 * child_complexity")]
    async fn sections(&self, ctx: &Context<'_>) -> Result<Vec<Section>> {
        Ok(ctx.load(SectionsOf(self.id)).await?.unwrap_or_default())
    }

    /// How many people hold a seat (NOT_STARTED, IN_PROGRESS or COMPLETED), whether or not you may see them.
    async fn enrollment_count(&self, ctx: &Context<'_>) -> Result<i32> {
        match self.joined_enrollment_count {
            Some(count) => Ok(count),
            None => Ok(ctx.load(EnrollmentCountOf(self.id)).await?.unwrap_or(0)),
        }
    }

    /// Your own enrollment in it; null when you have none.
    async fn viewer_enrollment(&self, ctx: &Context<'_>) -> Result<Option<Enrollment>> {
        let viewer = Id::from_uuid(ctx.actor()?.user);
        ctx.load(ViewerEnrollmentOf { course: self.id, viewer }).await
    }

    /// The enrollments in it that you may see, the latest first: all for its instructor and for ENROLLMENT_READ_ALL, else
    /// your own. `enrollmentCount` counts everybody's.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "Which of its enrollments.")] filter: Option<EnrollmentFilter>,
    ) -> Result<Connection<Enrollment>> {
        enrollments_in_course(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }, filter).await
    }

    /// The groups that it was given to and that you may see, by name.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Group>> {
        groups_with_course(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }).await
    }
}

lectern_kernel::eager! {
    Course {
        "id": id, "title": title, "description": description, "status": status, "capacity": capacity, "tags": tags,
        "createdAt": created_at, "updatedAt": updated_at,
    } with { "instructor": joined_instructor } and { "enrollmentCount": joined_enrollment_count }
}
