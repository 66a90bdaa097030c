//! Founding, changing and deleting groups.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::GroupRead,
    resolve::{Ctx, Insert, Loaded, Patch},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    Group,
    inputs::{CreateGroupInput, UpdateGroupInput},
    sql,
};
use crate::domains::{courses::Course, identity::User};

/// Mutations of groups themselves.
pub struct FoundingMutations;

/// Too many members for the group's places.
pub(super) fn full(error: &DbError) -> Error {
    let places = error.number("limit").unwrap_or(0);
    Error::conflict("GROUP_FULL", format!("The group would have more than {places} members."))
}

fn key_taken(_: &DbError) -> Error {
    Error::conflict("CODE_TAKEN", "Another group of the school has this key.").field("joinKey")
}

/// There is no group to add to or to take from.
pub(super) fn no_group() -> Error {
    Error::not_found("group").field("groupId")
}

/// Enrolls those who were just added, or the members in what was just added (null: all), where the group says so. `field`
/// is what asked for it.
pub(super) async fn auto_enroll(
    ctx: &Context<'_>,
    group: Id<Group>,
    people: Option<&[Id<User>]>,
    courses: Option<&[Id<Course>]>,
    field: &str,
) -> Result<()> {
    // Who is named, or is in a group that is given a course by name, comes back; a mere change of the group's mind
    // takes nobody back who had dropped out.
    let revive = people.is_some() || courses.is_some();
    ctx.tx().query(sql::AUTO_ENROLL, &[&group, &people, &courses, &revive]).await.on_constraint("course_seats", |error| {
        let seats = error.number("limit").unwrap_or(0);
        Error::conflict("COURSE_FULL", format!("A course of the group has only {seats} seats, too few for all of its members."))
            .field(field)
    })?;
    Ok(())
}

/// Changes what belongs to a group, by a statement for [`sql::with_group`]: the group, and the ids of what was changed. None
/// where there is no such group.
pub(super) async fn change<T>(
    ctx: &Context<'_>,
    change: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Option<(Loaded<Group>, Vec<Id<T>>)>, DbError> {
    let (columns, shape) = ctx.request().catalog().whole::<Group>("g");
    let rows = ctx.tx().query(&sql::with_group(change, &columns), params).await?;
    let Some(row) = rows.into_iter().next().map(Arc::new) else { return Ok(None) };
    let ids: Vec<Id<T>> = row.try_get(0)?;
    Ok(Loaded::<Group>::joined(&row, 1, &shape).map(|group| (group, ids)))
}

/// The first of the wanted ids that was not changed, and its place.
pub(super) fn first_left<T>(wanted: &[Id<T>], changed: &[Id<T>]) -> Option<(usize, Id<T>)> {
    wanted.iter().copied().enumerate().find(|(_, id)| !changed.contains(id))
}

#[mutations("Group")]
impl FoundingMutations {
    /// Founds a group. CONFLICT with CODE_TAKEN for a `joinKey` that another group has.
    #[needs(GroupCreate)]
    async fn create_group(
        ctx: &Context<'_>,
        /// The group.
        input: CreateGroupInput,
    ) -> Result<Loaded<Group>> {
        let group = Insert::<Group>::new().input(ctx, &input)?.set(Group::COLUMNS.auto_enroll, input.auto_enroll.unwrap_or(false));
        Ok(group
            .run(ctx)
            .await
            .on_constraint("user_group_join_key", key_taken)
            .on_row_security(|| Error::missing_permission(&[GroupRead]))?) // it could not be answered
    }

    /// Changes a group. What is left out stays as it is. CONFLICT with GROUP_FULL for a capacity below the number of
    /// members, with COURSE_FULL where `autoEnroll` finds too few seats for the present members, with CODE_TAKEN for a `joinKey` that another group has.
    #[needs(GroupUpdate)]
    async fn update_group(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateGroupInput,
    ) -> Result<Loaded<Group>> {
        let id = Id::<Group>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        let group = change
            .run(ctx)
            .await
            .on_constraint("user_group_places", |error| full(error).field("capacity"))
            .on_constraint("user_group_join_key", key_taken)?;
        let group = group.ok_or_else(|| Error::not_found("group").field("id"))?;
        if input.auto_enroll.value() == Some(&true) {
            auto_enroll(ctx, id, None, None, "autoEnroll").await?;
        }
        Ok(group)
    }

    /// Deletes a group without members; history keeps it. CONFLICT with IN_USE for one that has members. Answers its id.
    #[needs(GroupDelete)]
    async fn delete_group(
        ctx: &Context<'_>,
        /// The group's id.
        id: Id<Group>,
    ) -> Result<Id<Group>> {
        let deleted =
            ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("user_group_in_use", |_| {
                Error::conflict("IN_USE", "The group has members: remove them first.").field("id")
            })?;
        if deleted.is_empty() { Err(Error::not_found("group").field("id")) } else { Ok(id) }
    }
}
