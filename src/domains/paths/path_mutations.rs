//! Making, changing, publishing and deleting paths.

use std::collections::HashSet;

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission::CourseRead,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    LearningPath,
    inputs::{CreateLearningPathInput, SetPathCoursesInput, UpdateLearningPathInput, exactly, percent},
    path::PathUnlock,
    sql,
};
use crate::domains::courses::{Course, CourseStatus};

/// Mutations of paths themselves.
pub struct PathMutations;

/// Courses of a path at most.
const MOST: usize = 25;

fn no_path(field: &str) -> Error {
    Error::not_found("learning path").field(field)
}

#[mutations("LearningPath")]
impl PathMutations {
    /// Makes a learning path, as a draft without courses.
    #[needs(PathManage)]
    async fn create_learning_path(
        ctx: &Context<'_>,
        /// The path.
        input: CreateLearningPathInput,
    ) -> Result<Loaded<LearningPath>> {
        let path = Insert::<LearningPath>::new().input(ctx, &input)?;
        Ok(path.run(ctx).await.on_row_security(|| Error::missing_permission(&[CourseRead]))?)
    }

    /// Changes a learning path. What is left out stays as it is.
    #[needs(PathManage)]
    async fn update_learning_path(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateLearningPathInput,
    ) -> Result<Loaded<LearningPath>> {
        let id = Id::<LearningPath>::parse("id", &input.id)?;
        Patch::of(id).input(ctx, &input)?.run(ctx).await?.ok_or_else(|| no_path("id"))
    }

    /// Sets the courses of a path: the whole list, in its order. Everybody in it is enrolled in what is open to them now; what is completed stays so. BAD_USER_INPUT
    /// for none, for more than 25, for one that is named twice, and for anything but what an unlock takes; CONFLICT with PATH_CYCLE where they would wait for each
    /// other in a circle.
    #[needs(PathManage)]
    async fn set_path_courses(
        ctx: &Context<'_>,
        /// Which path, and its courses.
        input: SetPathCoursesInput,
    ) -> Result<Loaded<LearningPath>> {
        let id = Id::<LearningPath>::parse("pathId", &input.path_id)?;
        if input.courses.is_empty() || input.courses.len() > MOST {
            return Err(Error::bad_input("courses", format!("must hold 1 to {MOST} courses")));
        }
        let mut courses: Vec<Id<Course>> = Vec::new();
        for (index, given) in input.courses.iter().enumerate() {
            let field = format!("courses.{index}.courseId");
            let course = Id::<Course>::parse(&field, &given.course_id)?;
            if courses.contains(&course) {
                return Err(Error::bad_input(&field, "stands in the list twice"));
            }
            courses.push(course);
        }
        let (mut unlocks, mut afters, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (index, given) in input.courses.iter().enumerate() {
            let (after, score) = (format!("courses.{index}.afterCourseId"), format!("courses.{index}.minScore"));
            exactly(&after, given.after_course_id.is_some(), given.unlock != PathUnlock::None)?;
            exactly(&score, given.min_score.is_some(), given.unlock == PathUnlock::AfterScore)?;
            let after_course = Id::<Course>::parse_opt(&after, given.after_course_id.as_ref())?;
            if after_course.is_some_and(|course| !courses.contains(&course)) {
                return Err(Error::bad_input(&after, "must be another course of the list"));
            }
            unlocks.push(given.unlock);
            afters.push(after_course);
            scores.push(given.min_score.map(|given| percent(&score, given)).transpose()?);
        }
        let path = ctx.whole(id).await?.ok_or_else(|| no_path("pathId"))?;
        let seen = ctx.tx().query(sql::SEEN_COURSES, &[&courses]).await?;
        let seen: HashSet<Id<Course>> = seen.iter().map(|row| row.get(0)).collect();
        if let Some(index) = courses.iter().position(|course| !seen.contains(course)) {
            return Err(Error::not_found("course").field(format!("courses.{index}.courseId")));
        }
        let set: Option<bool> =
            ctx.tx().value(sql::SET_COURSES, &[&id, &courses, &unlocks, &afters, &scores]).await.on_constraint("path_cycle", |_| {
                Error::conflict("PATH_CYCLE", "Courses of the path would wait for each other in a circle.").field("courses")
            })?;
        if set == Some(true) { Ok(path) } else { Err(no_path("pathId")) }
    }

    /// Publishes a path: people can enroll in it. CONFLICT with INVALID_TRANSITION for one that is no draft, or has no courses.
    #[needs(PathManage)]
    async fn publish_learning_path(
        ctx: &Context<'_>,
        /// The path's id.
        id: Id<LearningPath>,
    ) -> Result<Loaded<LearningPath>> {
        set_status(ctx, id, &[CourseStatus::Draft], CourseStatus::Published).await
    }

    /// Closes a path for new people; everybody keeps what they have, and goes on. CONFLICT with INVALID_TRANSITION for one that is archived already.
    #[needs(PathManage)]
    async fn archive_learning_path(
        ctx: &Context<'_>,
        /// The path's id.
        id: Id<LearningPath>,
    ) -> Result<Loaded<LearningPath>> {
        set_status(ctx, id, &[CourseStatus::Draft, CourseStatus::Published], CourseStatus::Archived).await
    }

    /// Deletes a path that nobody is in, or has completed; history keeps it. CONFLICT with IN_USE for any other: archive it. Answers its id.
    #[needs(PathManage)]
    async fn delete_learning_path(
        ctx: &Context<'_>,
        /// The path's id.
        id: Id<LearningPath>,
    ) -> Result<Id<LearningPath>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("learning_path_in_use", |_| {
            Error::conflict("IN_USE", "People are in this path: archive it instead.").field("id")
        })?;
        if deleted.is_empty() { Err(no_path("id")) } else { Ok(id) }
    }
}

async fn set_status(ctx: &Context<'_>, id: Id<LearningPath>, from: &[CourseStatus], to: CourseStatus) -> Result<Loaded<LearningPath>> {
    if let Some(path) = ctx.row(sql::SET_STATUS, &[&id, &from, &to]).await? {
        return Ok(path);
    }
    let path = ctx.get(id).await?.ok_or_else(|| no_path("id"))?;
    let message = if from.contains(&path.status) {
        "A path without courses can't be published.".to_owned()
    } else {
        format!("A path that is {} can't become {}.", path.status.as_str(), to.as_str())
    };
    Err(Error::conflict("INVALID_TRANSITION", message).field("id"))
}
