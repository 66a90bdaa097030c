//! A course or a group that an attendee gets.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Rows},
    text_enum,
};
use lectern_macros::{extends, object, resolvers};

use super::sql;
use crate::domains::{attendees::Attendee, courses::Course, groups::Group};

text_enum! {
    /// How a grant stands.
    pub enum AttendeeGrantState {
        /// Not earned yet, or nobody has signed in with the attendee's address.
        Pending = "PENDING",
        /// The person has it: by this grant, or from before.
        Done = "DONE",
        /// The course or the group has refused it; it is tried again every few minutes.
        Failed = "FAILED",
        /// It is earned no more. What this grant itself had given was taken back.
        Revoked = "REVOKED",
    }
}

/// A course or a group that an attendee gets beside their tickets, once they have earned it: exactly one of the two.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct AttendeeGrant {
    #[hidden]
    pub course_id: Option<Id<Course>>,
    #[hidden]
    pub group_id: Option<Id<Group>>,
    /// How it stands.
    pub state: AttendeeGrantState,
    /// Why it is FAILED: COURSE_FULL, COURSE_NOT_PUBLISHED, GROUP_FULL or NOT_AVAILABLE.
    pub reason: Option<String>,
}

#[resolvers]
impl AttendeeGrant {
    /// The course; null for a group, and when you may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Course>>> {
        match self.course_id {
            Some(course) => ctx.whole(course).await,
            None => Ok(None),
        }
    }

    /// The group; null for a course, and when you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Group>>> {
        match self.group_id {
            Some(group) => ctx.whole(group).await,
            None => Ok(None),
        }
    }
}

/// What is added to attendees.
pub struct AttendeeGrants;

#[extends(Attendee)]
impl AttendeeGrants {
    /// The courses and groups that they get beside their tickets. Empty for whoever sees the attendee and not their application, but for themselves.
    #[cost(20)]
    async fn grants(id: Id<Attendee>, ctx: &Context<'_>) -> Result<Vec<AttendeeGrant>> {
        Ok(ctx.load(GrantsOf(id)).await?.unwrap_or_default())
    }
}

/// What an attendee gets.
#[derive(Clone, PartialEq, Eq, Hash)]
struct GrantsOf(Id<Attendee>);

impl Loader<GrantsOf> for Batch {
    type Value = Vec<AttendeeGrant>;
    type Error = Error;

    async fn load(&self, keys: &[GrantsOf]) -> Result<HashMap<GrantsOf, Vec<AttendeeGrant>>> {
        let attendees: Vec<Id<Attendee>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<GrantsOf, Vec<AttendeeGrant>> = HashMap::new();
        for row in &self.tx.query(sql::GRANTS, &[&attendees]).await? {
            let mut reader = ColumnReader::new(row);
            let attendee = GrantsOf(reader.next()?);
            let (course_id, group_id, state, reason) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
            found.entry(attendee).or_default().push(AttendeeGrant { course_id, group_id, state, reason });
        }
        Ok(found)
    }
}
