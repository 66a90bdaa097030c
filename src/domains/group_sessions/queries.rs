//! Reading group sessions.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{GroupSession, lists::GroupSessionFilter, session::BY_START};

/// Queries of group sessions.
pub struct GroupSessionQueries;

#[queries]
impl GroupSessionQueries {
    /// A group session; null when there is none.
    async fn group_session(
        ctx: &Context<'_>,
        /// The session's id.
        id: Id<GroupSession>,
    ) -> Result<Option<Loaded<GroupSession>>> {
        one(ctx, id).await
    }

    /// The school's group sessions, in the order of their start.
    async fn group_sessions(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which sessions.
        filter: Option<GroupSessionFilter>,
    ) -> Result<Option<Connection<GroupSession>>> {
        let mut list = list_of::<GroupSession>("groupSessions", BY_START);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<GroupSessionFilter>(ctx, list)?, paging).await.map(Some)
    }
}
