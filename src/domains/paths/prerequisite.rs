//! What a course asks of whoever enrolls in it by themselves.

use std::collections::HashSet;

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::{mutations, object, resolvers};

use super::{inputs::percent, sql};
use crate::domains::courses::{Course, require_author};

/// A course that another one asks for.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct CoursePrerequisite {
    #[hidden]
    pub requires_id: Id<Course>,
    /// The final grade in it that is asked for, in percent; null where it is to be completed.
    pub min_grade: Option<f64>,
    /// Whether you have it.
    pub is_met: bool,
}

#[resolvers]
impl CoursePrerequisite {
    /// The course; null when you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Course>>> {
        ctx.whole(self.requires_id).await
    }
}

/// What a course is to ask for.
#[derive(InputObject)]
pub struct SetCoursePrerequisitesInput {
    /// The course.
    pub course_id: ID,
    /// At most 10 other courses, each once, in place of those before; none for nothing.
    pub prerequisites: Vec<CoursePrerequisiteInput>,
}

/// A course that is asked for.
#[derive(InputObject)]
pub struct CoursePrerequisiteInput {
    /// The course.
    pub course_id: ID,
    /// The final grade in it that is asked for, 0 to 100; left out: it is to be completed.
    pub min_grade: Option<f64>,
}

/// Mutations of what courses ask for.
pub struct PrerequisiteMutations;

/// Courses that a course asks for at most.
const MOST: usize = 10;

#[mutations("Course")]
impl PrerequisiteMutations {
    /// Says what a course asks of those who enroll in it by themselves: other courses, completed or with a grade. Managers, groups and paths are not asked.
    /// BAD_USER_INPUT for more than 10, and for one that is named twice; CONFLICT with PREREQUISITE_CYCLE where courses would ask for each other in a circle.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn set_course_prerequisites(
        ctx: &Context<'_>,
        /// Which course, and what it asks for.
        input: SetCoursePrerequisitesInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("courseId", &input.course_id)?;
        if input.prerequisites.len() > MOST {
            return Err(Error::bad_input("prerequisites", format!("must hold at most {MOST} courses")));
        }
        let (mut wanted, mut grades) = (Vec::new(), Vec::new());
        for (index, given) in input.prerequisites.iter().enumerate() {
            let field = format!("prerequisites.{index}.courseId");
            let course = Id::<Course>::parse(&field, &given.course_id)?;
            if wanted.contains(&course) {
                return Err(Error::bad_input(&field, "stands in the list twice"));
            }
            wanted.push(course);
            grades.push(given.min_grade.map(|grade| percent(&format!("prerequisites.{index}.minGrade"), grade)).transpose()?);
        }
        let course = require_author(ctx, "courseId", id).await?;
        let seen = ctx.tx().query(sql::SEEN_COURSES, &[&wanted]).await?;
        let seen: HashSet<Id<Course>> = seen.iter().map(|row| row.get(0)).collect();
        if let Some(index) = wanted.iter().position(|course| !seen.contains(course)) {
            return Err(Error::not_found("course").field(format!("prerequisites.{index}.courseId")));
        }
        ctx.tx().query(sql::REMOVE_PREREQUISITES, &[&id, &wanted]).await?;
        ctx.tx().query(sql::SET_PREREQUISITES, &[&id, &wanted, &grades]).await.on_constraint("course_prerequisite_cycle", |_| {
            Error::conflict("PREREQUISITE_CYCLE", "Courses would ask for each other in a circle.").field("prerequisites")
        })?;
        Ok(course)
    }
}
