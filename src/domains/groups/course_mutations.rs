//! Giving courses to a group, and taking them from it.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded},
};
use lectern_macros::mutations;

use super::{
    Group,
    inputs::{AddGroupCoursesInput, MAX_IDS, RemoveGroupCoursesInput},
    mutations::{auto_enroll, change, first_left, no_group},
    sql,
};
use crate::domains::courses::Course;

/// Mutations of what groups are given.
pub struct GroupCourseMutations;

#[mutations("Group")]
impl GroupCourseMutations {
    /// Gives courses to a group; with `autoEnroll` its members are enrolled in those that are published, also where they
    /// had dropped out, and in the drafts among them when these are published. All or none: CONFLICT with
    /// ALREADY_ASSIGNED_COURSE, or COURSE_FULL where a course has too few seats.
    #[needs(GroupUpdate)]
    async fn add_group_courses(
        ctx: &Context<'_>,
        /// What, and to whom.
        input: AddGroupCoursesInput,
    ) -> Result<Loaded<Group>> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let courses = Id::<Course>::parse_list("courseIds", &input.course_ids, MAX_IDS)?;
        let changed = change::<Course>(ctx, sql::ADD_COURSES, &[&id, &courses]).await?;
        let (group, added) = changed.ok_or_else(no_group)?;
        if let Some((index, course)) = first_left(&courses, &added) {
            let field = format!("courseIds.{index}");
            let present = ctx.tx().query(sql::HAS_COURSE, &[&id, &course]).await?;
            return Err(if present.is_empty() {
                Error::not_found("course").field(field)
            } else {
                Error::conflict("ALREADY_ASSIGNED_COURSE", "The group has this course already.").field(field)
            });
        }
        auto_enroll(ctx, id, None, Some(&courses), "courseIds").await?;
        Ok(group)
    }

    /// Takes courses from a group; it unenrolls nobody. All or none: NOT_FOUND for a course that it does not have.
    #[needs(GroupUpdate)]
    async fn remove_group_courses(
        ctx: &Context<'_>,
        /// What, and from whom.
        input: RemoveGroupCoursesInput,
    ) -> Result<Loaded<Group>> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let courses = Id::<Course>::parse_list("courseIds", &input.course_ids, MAX_IDS)?;
        let changed = change::<Course>(ctx, sql::REMOVE_COURSES, &[&id, &courses]).await?;
        let (group, removed) = changed.ok_or_else(no_group)?;
        match first_left(&courses, &removed) {
            Some((index, _)) => Err(Error::not_found("course of this group").field(format!("courseIds.{index}"))),
            None => Ok(group),
        }
    }
}
