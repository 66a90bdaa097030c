//! Giving courses to a group, and taking them from it.

use async_graphql::{Context, Object};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::GroupUpdate,
    resolve::{Ctx, Require, requires_permission},
};

use super::{
    Group,
    inputs::{AddGroupCoursesInput, MAX_IDS, RemoveGroupCoursesInput},
    mutations::{auto_enroll, changed, first_left},
    sql,
};
use crate::domains::courses::Course;

/// Mutations of what groups are given.
#[derive(Default)]
pub struct GroupCourseMutations;

#[Object]
impl GroupCourseMutations {
    /// Gives courses to a group; with `autoEnroll` its members are enrolled in those that are published, also where they
    /// had dropped out, and in the drafts among them when these are published. All or none: CONFLICT with
    /// ALREADY_ASSIGNED_COURSE, or COURSE_FULL where a course has too few seats. Needs GROUP_UPDATE.
    #[graphql(guard = "Require([GroupUpdate])", directive = requires_permission::apply(vec![GroupUpdate]))]
    async fn add_group_courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, and to whom.")] input: AddGroupCoursesInput,
    ) -> Result<Group> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let courses = Id::<Course>::parse_list("courseIds", &input.course_ids, MAX_IDS)?;
        let rows = ctx.tx().query(&sql::add_courses(), &[&id, &courses]).await?;
        let (group, added) = changed(&rows)?;
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
    /// Needs GROUP_UPDATE.
    #[graphql(guard = "Require([GroupUpdate])", directive = requires_permission::apply(vec![GroupUpdate]))]
    async fn remove_group_courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, and from whom.")] input: RemoveGroupCoursesInput,
    ) -> Result<Group> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let courses = Id::<Course>::parse_list("courseIds", &input.course_ids, MAX_IDS)?;
        let rows = ctx.tx().query(&sql::remove_courses(), &[&id, &courses]).await?;
        let (group, removed) = changed(&rows)?;
        match first_left(&courses, &removed) {
            Some((index, _)) => Err(Error::not_found("course of this group").field(format!("courseIds.{index}"))),
            None => Ok(group),
        }
    }
}
