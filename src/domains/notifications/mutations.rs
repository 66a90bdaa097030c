//! Reading, and taking back that one has read.

use async_graphql::{Context, ID, InputObject};
use futures_util::future::try_join_all;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{notification::Notification, sql};

/// Notifications at most in one call.
const MANY: usize = 100;

/// Which notifications you have read, or have not.
#[derive(InputObject)]
pub struct SetNotificationsReadInput {
    /// The notifications; 1 to 100.
    pub ids: Vec<ID>,
    /// Whether they are read from now on.
    pub is_read: bool,
}

/// Mutations of notifications.
pub struct NotificationMutations;

#[mutations("Notification")]
impl NotificationMutations {
    /// Says of some of your notifications that you have read them, or takes it back. Answers them in the order asked for. All or none:
    /// NOT_FOUND for one that is not yours.
    async fn set_notifications_read(
        ctx: &Context<'_>,
        /// Which, and what.
        input: SetNotificationsReadInput,
    ) -> Result<Vec<Loaded<Notification>>> {
        let ids = Id::<Notification>::parse_list("ids", &input.ids, MANY)?;
        let changed = ctx.tx().query(sql::SET_READ, &[&ids, &input.is_read]).await?;
        let changed: Vec<Id<Notification>> = changed.iter().map(|row| row.get(0)).collect();
        if let Some(place) = ids.iter().position(|id| !changed.contains(id)) {
            return Err(no_notification(place));
        }
        let rows = try_join_all(ids.iter().map(|id| ctx.whole(*id))).await?;
        rows.into_iter().enumerate().map(|(place, row)| row.ok_or_else(|| no_notification(place))).collect()
    }

    /// Says of all your notifications that you have read them, but for those whose latest event came later than `upTo`. Answers how many were
    /// unread.
    #[about("User")]
    async fn mark_all_notifications_read(
        ctx: &Context<'_>,
        /// What you have seen: what came later stays unread. Now unless given.
        up_to: Option<DateTime>,
    ) -> Result<i32> {
        let (person, up_to) = (ctx.actor()?.user, up_to.map_or_else(|| ctx.now(), |up_to| up_to.0));
        let marked = ctx.tx().value::<i64>(sql::MARK_ALL, &[&person, &up_to]).await?.unwrap_or_default();
        i32::try_from(marked).map_err(|_| Error::internal(format!("a count of {marked}")))
    }
}

fn no_notification(place: usize) -> Error {
    Error::not_found("notification").field(format!("ids.{place}"))
}
