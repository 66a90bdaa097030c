//! A part of a course.

use lectern_kernel::{ids::Id, resolve::DateTime, text_enum};
use lectern_macros::object;

use super::Course;

text_enum! {
    /// What the lessons of a section wait for.
    pub enum DripKind {
        /// Nothing.
        None = "NONE",
        /// So many days of 24 hours after the learner's `enrolledAt`.
        DaysAfterEnrollment = "DAYS_AFTER_ENROLLMENT",
        /// A moment, the same for everybody.
        OnDate = "ON_DATE",
        /// The learner's completion of every required lesson of another section of the course.
        AfterSection = "AFTER_SECTION",
    }
}

/// A part of a course.
#[object(table = "section", alias = "s", id = "section", node(CourseRead))]
#[derive(Clone, Debug)]
pub struct Section {
    /// Its id.
    pub id: Id<Section>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// Where it stands in the course: 1 for the first, without gaps.
    pub position: i32,
    /// What its lessons wait for.
    pub drip_kind: DripKind,
    /// After how many days they open; null unless `dripKind` is DAYS_AFTER_ENROLLMENT.
    pub drip_days: Option<i32>,
    /// When they open; null unless `dripKind` is ON_DATE.
    pub drip_at: Option<DateTime>,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    /// The section that they wait for; null unless `dripKind` is AFTER_SECTION.
    #[one]
    pub drip_after_id: Option<Id<Section>>,
}
