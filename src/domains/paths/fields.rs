//! What paths add to courses.

use async_graphql::Context;
use lectern_kernel::{error::Result, ids::Id, resolve::Ctx};
use lectern_macros::extends;

use super::{
    loaders::{ObstaclesOf, PrerequisitesOf},
    prerequisite::CoursePrerequisite,
};
use crate::domains::courses::Course;

/// What is added to courses.
pub struct CoursePaths;

#[extends(Course)]
impl CoursePaths {
    /// The courses that it asks for before somebody enrolls in it by themselves.
    #[cost(10)]
    async fn prerequisites(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<CoursePrerequisite>> {
        Ok(ctx.load(PrerequisitesOf(id)).await?.unwrap_or_default())
    }

    /// The reasons for which `enroll` would refuse you now, but for the key, in this order: COURSE_NOT_PUBLISHED, ALREADY_ENROLLED, ENROLLMENT_CLOSED,
    /// PREREQUISITES_MISSING, PATH_LOCKED, COURSE_FULL. Empty where nothing is in the way.
    async fn viewer_obstacles(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(ctx.load(ObstaclesOf(id)).await?.unwrap_or_default())
    }
}
