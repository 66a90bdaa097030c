//! Reading files and uploads.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Loaded, OrderBy, Paging, filtered, one, page},
};
use lectern_macros::queries;

use super::{
    File, Upload, answered,
    lists::{FileFilter, FileOrders, file_list},
};

/// Queries of files.
pub struct FileQueries;

#[queries]
impl FileQueries {
    /// A file; null when there is none, or none that you may see. Whoever reads an answer that names it (`Application.answers`) may.
    async fn file(
        ctx: &Context<'_>,
        /// The file's id.
        id: Id<File>,
    ) -> Result<Option<Loaded<File>>> {
        match one(ctx, id).await? {
            Some(file) => Ok(Some(file)),
            None => answered(ctx, id).await,
        }
    }

    /// The files that you may see: your own, those that are shared with you, and those that are shown to the school; with FILE_MANAGE, all.
    /// The latest first unless ordered otherwise.
    async fn files(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which files.
        filter: Option<FileFilter>,
        /// In which order.
        order_by: Option<OrderBy<FileOrders>>,
    ) -> Result<Option<Connection<File>>> {
        let mut list = file_list(OrderBy::or_usual(ctx, order_by), &*ctx.actor()?);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<FileFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// An upload of yours; null when there is none.
    async fn upload(
        ctx: &Context<'_>,
        /// The upload's id.
        id: Id<Upload>,
    ) -> Result<Option<Loaded<Upload>>> {
        one(ctx, id).await
    }
}
