//! Whom a file is shared with.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::{Id, Kind},
    permission::Permission,
    resolve::{Ctx, Rows},
};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    File, FileVisibility,
    inputs::{MAX_IDS, UpdateFileVisibilityInput},
    sql,
};
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Whom a file is to be shared with.
pub struct Audience {
    users: Vec<Id<User>>,
    groups: Vec<Id<Group>>,
    courses: Vec<Id<Course>>,
}

fn ids<T: Kind>(field: &str, given: Option<&Vec<ID>>) -> Result<Vec<Id<T>>> {
    match given {
        None => Ok(Vec::new()),
        Some(ids) if ids.is_empty() => Ok(Vec::new()),
        Some(ids) => Id::parse_list(field, ids, MAX_IDS),
    }
}

/// The first of the wanted ids that is not among those found, and its field.
fn missing<T: Kind>(field: &str, wanted: &[Id<T>], found: &[Id<T>]) -> Option<(String, Id<T>)> {
    wanted.iter().enumerate().find(|(_, id)| !found.contains(id)).map(|(index, id)| (format!("{field}.{index}"), *id))
}

/// Runs one of the statements that share, and answers which ids it found.
async fn share<T>(ctx: &Context<'_>, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Id<T>>, DbError> {
    ctx.tx().query(sql, params).await?.iter().map(|row| ColumnReader::new(row).next()).collect()
}

impl Audience {
    /// What an input says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` where it names nobody and should, or somebody and should not.
    pub fn of(input: &UpdateFileVisibilityInput) -> Result<Self> {
        let users = ids("userIds", input.user_ids.as_ref())?;
        let groups = ids("groupIds", input.group_ids.as_ref())?;
        let courses = ids("courseIds", input.course_ids.as_ref())?;
        let named = [("userIds", users.is_empty()), ("groupIds", groups.is_empty()), ("courseIds", courses.is_empty())];
        let first = named.iter().find(|(_, is_empty)| !is_empty).map(|(field, _)| *field);
        match (input.visibility, first) {
            (FileVisibility::Shared, None) => {
                Err(Error::bad_input("visibility", "is SHARED: name people, groups or courses to share it with"))
            }
            (FileVisibility::Shared, Some(_)) | (_, None) => Ok(Audience { users, groups, courses }),
            (_, Some(field)) => Err(Error::bad_input(field, "can be given with SHARED alone")),
        }
    }

    /// All of them.
    pub fn members(&self) -> Vec<Uuid> {
        let (users, groups) = (self.users.iter().map(|id| id.0), self.groups.iter().map(|id| id.0));
        users.chain(groups).chain(self.courses.iter().map(|id| id.0)).collect()
    }

    /// Shares a file with these, and with nobody else.
    ///
    /// # Errors
    /// `NOT_FOUND` for whom the actor can't see, `NOT_YOURS` for a course that is not theirs to share with.
    pub async fn set(&self, ctx: &Context<'_>, file: Id<File>) -> Result<()> {
        let Audience { users, groups, courses } = self;
        ctx.tx().query(sql::UNSHARE_OTHERS, &[&file, &self.members()]).await?;
        if !users.is_empty() {
            let found = share(ctx, sql::SHARE_WITH_USERS, &[&file, users]).await?;
            if let Some((field, _)) = missing("userIds", users, &found) {
                return Err(Error::not_found("person").field(field));
            }
        }
        if !groups.is_empty() {
            let found = share(ctx, sql::SHARE_WITH_GROUPS, &[&file, groups]).await?;
            if let Some((field, _)) = missing("groupIds", groups, &found) {
                return Err(Error::not_found("group").field(field));
            }
        }
        if !courses.is_empty() {
            let any = ctx.actor()?.can(Permission::CourseUpdateAll);
            let found = share(ctx, sql::SHARE_WITH_COURSES, &[&file, courses, &any]).await?;
            if let Some((field, course)) = missing("courseIds", courses, &found) {
                return Err(match ctx.whole(course).await? {
                    Some(_) => Error::not_yours().field(field),
                    None => Error::not_found("course").field(field),
                });
            }
        }
        Ok(())
    }
}
