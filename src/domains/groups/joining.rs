//! Joining a group by its key.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{Group, inputs::JoinGroupInput, mutations::full, sql};

/// The key of a group; none where it has none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JoinKeyOf(pub Id<Group>);

impl Loader<JoinKeyOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[JoinKeyOf]) -> Result<HashMap<JoinKeyOf, String>> {
        let groups: Vec<Id<Group>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::JOIN_KEYS, &[&groups]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((JoinKeyOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}

/// Mutations of whoever joins.
pub struct JoiningMutations;

fn bad_key() -> Error {
    Error::forbidden("BAD_JOIN_KEY", "No group has this key.").field("joinKey")
}

#[mutations("Group")]
impl JoiningMutations {
    /// Makes you a member of the group that has this key; with `autoEnroll` you are enrolled in its published courses, also where you had dropped out. FORBIDDEN
    /// with BAD_JOIN_KEY where no group has it; CONFLICT with ALREADY_MEMBER, GROUP_FULL, or COURSE_FULL where a course has no seat left; RATE_LIMITED after too
    /// many wrong keys, of yours or from your address.
    #[needs(EnrollmentSelf)]
    #[guesses("joinKey", Key("BAD_JOIN_KEY"))]
    async fn join_group(
        ctx: &Context<'_>,
        /// The key.
        input: JoinGroupInput,
    ) -> Result<Loaded<Group>> {
        let key = text::search("joinKey", Some(&input.join_key))?.ok_or_else(bad_key)?;
        let joined: Option<Option<Id<Group>>> = ctx
            .tx()
            .value(sql::JOIN, &[&key])
            .await
            .on_constraint("group_member_already", |_| {
                Error::conflict("ALREADY_MEMBER", "You are a member of the group already.").field("joinKey")
            })
            .on_constraint("user_group_places", |error| full(error).field("joinKey"))
            .on_constraint("user_group_deleted", |_| bad_key())
            .on_constraint("course_seats", |_| {
                Error::conflict("COURSE_FULL", "A course of the group has no seat left.").field("joinKey")
            })?;
        let group = joined.flatten().ok_or_else(bad_key)?;
        ctx.whole(group).await?.ok_or_else(|| Error::internal("a group can't be read by its member"))
    }
}
