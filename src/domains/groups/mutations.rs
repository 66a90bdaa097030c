//! Founding, changing and deleting groups.

use async_graphql::{Context, ID, MaybeUndefined, Object};
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint, Record},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{GroupCreate, GroupDelete, GroupRead, GroupUpdate},
    resolve::{Ctx, Require, requires_permission, text},
};
use tokio_postgres::Row;

use super::{
    Group,
    inputs::{CreateGroupInput, UpdateGroupInput, capacity},
    sql,
};
use crate::domains::{courses::Course, identity::User};

/// Mutations of groups themselves.
#[derive(Default)]
pub struct FoundingMutations;

/// Too many members for the group's places.
pub(super) fn full(error: &DbError) -> Error {
    let places = error.number("limit").unwrap_or(0);
    Error::conflict("GROUP_FULL", format!("The group would have more than {places} members."))
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

/// The group that a statement of [`sql`] changed something about, and what it changed.
pub(super) fn changed<T>(rows: &[Row]) -> Result<(Group, Vec<Id<T>>)> {
    let mut reader = ColumnReader::new(rows.first().ok_or_else(|| Error::not_found("group").field("groupId"))?);
    let ids = reader.next()?;
    Ok((Group::read(&mut reader)?, ids))
}

/// The first of the wanted ids that was not changed, and its place.
pub(super) fn first_left<T>(wanted: &[Id<T>], changed: &[Id<T>]) -> Option<(usize, Id<T>)> {
    wanted.iter().copied().enumerate().find(|(_, id)| !changed.contains(id))
}

fn required(field: &str) -> Error {
    Error::bad_input(field, "can't be null: leave it out to keep it")
}

#[Object]
impl FoundingMutations {
    /// Founds a group. Needs GROUP_CREATE.
    #[graphql(guard = "Require([GroupCreate])", directive = requires_permission::apply(vec![GroupCreate]))]
    async fn create_group(&self, ctx: &Context<'_>, #[graphql(desc = "The group.")] input: CreateGroupInput) -> Result<Group> {
        let name = text::name("name", &input.name)?;
        let description = input.description.map(|text| text::long("description", &text)).transpose()?.flatten();
        let places = input.capacity.map(capacity).transpose()?;
        let auto_enroll = input.auto_enroll.unwrap_or(false);
        let group = ctx
            .tx()
            .opt(&sql::insert(), &[&Id::<Group>::generate(), &name, &description, &places, &auto_enroll])
            .await
            .on_row_security(|| Error::missing_permission(&[GroupRead]))?; // it could not be answered
        group.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Changes a group. What is left out stays as it is. CONFLICT with GROUP_FULL for a capacity below the number of
    /// members, with COURSE_FULL where `autoEnroll` finds too few seats for the present members. Needs GROUP_UPDATE.
    #[graphql(guard = "Require([GroupUpdate])", directive = requires_permission::apply(vec![GroupUpdate]))]
    async fn update_group(&self, ctx: &Context<'_>, #[graphql(desc = "The changes.")] input: UpdateGroupInput) -> Result<Group> {
        let id = Id::<Group>::parse("id", &input.id)?;
        let name = match &input.name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("name")),
            MaybeUndefined::Value(name) => Some(text::name("name", name)?),
        };
        let description = input
            .description
            .as_opt_ref()
            .map(|text| text.map(|text| text::long("description", text)).transpose().map(Option::flatten))
            .transpose()?;
        let places = input.capacity.as_opt_ref().map(|places| places.copied().map(capacity).transpose()).transpose()?;
        let enrolls = match input.auto_enroll {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("autoEnroll")),
            MaybeUndefined::Value(enrolls) => Some(enrolls),
        };
        let group: Option<Group> = ctx
            .tx()
            .opt(
                &sql::update(),
                &[
                    &id,
                    &name.is_some(),
                    &name,
                    &description.is_some(),
                    &description.flatten(),
                    &places.is_some(),
                    &places.flatten(),
                    &enrolls.is_some(),
                    &enrolls.unwrap_or_default(),
                ],
            )
            .await
            .on_constraint("user_group_places", |error| full(error).field("capacity"))?;
        let group = group.ok_or_else(|| Error::not_found("group").field("id"))?;
        if enrolls == Some(true) {
            auto_enroll(ctx, id, None, None, "autoEnroll").await?;
        }
        Ok(group)
    }

    /// Deletes a group without members; history keeps it. CONFLICT with IN_USE for one that has members. Answers its id.
    /// Needs GROUP_DELETE.
    #[graphql(guard = "Require([GroupDelete])", directive = requires_permission::apply(vec![GroupDelete]))]
    async fn delete_group(&self, ctx: &Context<'_>, #[graphql(desc = "The group's id.")] id: ID) -> Result<Id<Group>> {
        let id = Id::<Group>::parse("id", &id)?;
        let deleted =
            ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("user_group_in_use", |_| {
                Error::conflict("IN_USE", "The group has members: remove them first.").field("id")
            })?;
        if deleted.is_empty() { Err(Error::not_found("group").field("id")) } else { Ok(id) }
    }
}
