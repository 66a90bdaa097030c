//! Teaching a course together.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission::CourseUpdateAll,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    Course,
    inputs::{AddCourseInstructorsInput, RemoveCourseInstructorsInput},
    sql,
};
use crate::domains::identity::{self, User};

/// Mutations of who teaches a course.
pub struct InstructorMutations;

/// How many teach a course beside its owner.
const MOST: usize = 20;

/// A course of which the actor decides who teaches it: their own, or any with COURSE_UPDATE_ALL.
async fn own_course(ctx: &Context<'_>, id: Id<Course>) -> Result<Loaded<Course>> {
    let course = ctx.whole(id).await?.ok_or_else(|| Error::not_found("course").field("courseId"))?;
    let (actor, owner) = (ctx.actor()?, course.get(Course::COLUMNS.instructor_id)?);
    let is_own = owner.is_some_and(|owner| actor.is(owner.0)) || actor.can(CourseUpdateAll);
    if is_own { Ok(course) } else { Err(Error::not_yours().field("courseId")) }
}

fn already(field: String) -> Error {
    Error::conflict("ALREADY_INSTRUCTOR", "This person teaches the course already.").field(field)
}

/// The first of some people who is not among others, and the field that names them.
fn first_left(wanted: &[Id<User>], done: &[Id<User>]) -> Option<(Id<User>, String)> {
    let left = wanted.iter().enumerate().find(|(_, person)| !done.contains(person));
    left.map(|(index, person)| (*person, format!("userIds.{index}")))
}

#[mutations("Course")]
impl InstructorMutations {
    /// Adds people who teach a course together with its owner: they change it, see who is in it and manage them, by the permissions that they
    /// hold. All or nobody. For its owner and for COURSE_UPDATE_ALL. BAD_USER_INPUT for who is no instructor of the school, and beyond 20;
    /// CONFLICT with ALREADY_INSTRUCTOR.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn add_course_instructors(
        ctx: &Context<'_>,
        /// Whom, and where.
        input: AddCourseInstructorsInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("courseId", &input.course_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MOST)?;
        let course = own_course(ctx, id).await?;
        if let Some(index) =
            people.iter().position(|person| course.get(Course::COLUMNS.instructor_id).is_ok_and(|owner| owner == Some(*person)))
        {
            return Err(already(format!("userIds.{index}")));
        }
        let rows = ctx
            .tx()
            .query(sql::ADD_INSTRUCTORS, &[&id, &people])
            .await
            .on_constraint("course_instructor_limit", |_| Error::bad_input("userIds", "would make more than 20 beside the owner"))
            .on_constraint("course_instructor_owner", |_| already("userIds".to_owned()))
            .on_constraint("person_deleted", |_| Error::not_found("person").field("userIds"))?;
        let added: Vec<Id<User>> = rows.iter().map(|row| row.get(0)).collect();
        let Some((person, field)) = first_left(&people, &added) else { return Ok(course) };
        if !ctx.tx().query(sql::IS_INSTRUCTOR, &[&id, &person]).await?.is_empty() {
            return Err(already(field));
        }
        identity::require_instructor(ctx, &field, person).await?;
        Err(Error::unavailable("somebody became an instructor between two statements"))
    }

    /// Takes people away from those who teach a course together with its owner. All or nobody: NOT_FOUND for who is none of them. For its owner
    /// and for COURSE_UPDATE_ALL.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn remove_course_instructors(
        ctx: &Context<'_>,
        /// Whom, and where.
        input: RemoveCourseInstructorsInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("courseId", &input.course_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MOST)?;
        let course = own_course(ctx, id).await?;
        let rows = ctx.tx().query(sql::REMOVE_INSTRUCTORS, &[&id, &people]).await?;
        let removed: Vec<Id<User>> = rows.iter().map(|row| row.get(0)).collect();
        match first_left(&people, &removed) {
            Some((_, field)) => Err(Error::not_found("co-instructor of this course").field(field)),
            None => Ok(course),
        }
    }
}
