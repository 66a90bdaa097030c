//! Adding and removing the members of a group.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded},
};
use lectern_macros::mutations;

use super::{
    Group,
    inputs::{AddGroupMembersInput, MAX_IDS, RemoveGroupMembersInput},
    mutations::{auto_enroll, change, first_left, full, no_group},
    sql,
};
use crate::domains::identity::User;

/// Mutations of memberships.
pub struct MemberMutations;

#[mutations("Group")]
impl MemberMutations {
    /// Adds people to a group; with `autoEnroll` they are enrolled in its published courses, also where they had dropped
    /// out. All or nobody: CONFLICT with ALREADY_MEMBER, GROUP_FULL, or COURSE_FULL where a course has too few seats.
    #[needs(GroupUpdate)]
    async fn add_group_members(
        ctx: &Context<'_>,
        /// Whom, and where.
        input: AddGroupMembersInput,
    ) -> Result<Loaded<Group>> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MAX_IDS)?;
        let changed = change::<User>(ctx, sql::ADD_MEMBERS, &[&id, &people, &input.as_leaders.unwrap_or(false)])
            .await
            .on_constraint("user_group_places", |error| full(error).field("userIds"))
            .on_constraint("user_group_deleted", |_| no_group())
            .on_constraint("person_deleted", |_| Error::not_found("person").field("userIds"))?;
        let (group, added) = changed.ok_or_else(no_group)?;
        if let Some((index, person)) = first_left(&people, &added) {
            let field = format!("userIds.{index}");
            let present = ctx.tx().query(sql::IS_MEMBER, &[&id, &person]).await?;
            return Err(if present.is_empty() {
                Error::not_found("person").field(field)
            } else {
                Error::conflict("ALREADY_MEMBER", "This person is a member of the group already.").field(field)
            });
        }
        auto_enroll(ctx, id, Some(&people), None, "userIds").await?;
        Ok(group)
    }

    /// Removes members from a group; it unenrolls nobody. All or nobody: NOT_FOUND for who is no member.
    #[needs(GroupUpdate)]
    async fn remove_group_members(
        ctx: &Context<'_>,
        /// Whom, and where.
        input: RemoveGroupMembersInput,
    ) -> Result<Loaded<Group>> {
        let id = Id::<Group>::parse("groupId", &input.group_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MAX_IDS)?;
        let changed = change::<User>(ctx, sql::REMOVE_MEMBERS, &[&id, &people]).await?;
        let (group, removed) = changed.ok_or_else(no_group)?;
        match first_left(&people, &removed) {
            Some((index, _)) => Err(Error::not_found("member of this group").field(format!("userIds.{index}"))),
            None => Ok(group),
        }
    }
}
