//! An upload: bytes that are about to become a file.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Request},
    store::{Expected, Request as Sending},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{File, file::store};
use crate::domains::identity::User;

text_enum! {
    /// How far an upload is.
    pub enum UploadStatus {
        /// Its bytes may come, and what they take is reserved.
        Pending = "PENDING",
        /// It has become a file.
        Completed = "COMPLETED",
        /// Its time was over before it was completed: begin another.
        Expired = "EXPIRED",
    }
}

/// Bytes that are about to become a file: send them to `url` by `method` with `headers`, then complete the upload. You see your own.
#[object(table = "upload", alias = "up", id = "upload", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: Id<Upload>,
    /// What the file will be called.
    pub name: String,
    /// The file's media type, without parameters.
    pub content_type: String,
    /// How many bytes are to come.
    pub size: i32,
    /// The SHA-256 of the bytes that are to come: 64 hex digits.
    pub sha256: String,
    /// The folder that the file will be kept in.
    pub folder: String,
    /// How far it is.
    #[column("CASE WHEN {}.completed_at IS NOT NULL THEN 'COMPLETED' WHEN {}.expires_at <= now() THEN 'EXPIRED' ELSE 'PENDING' END")]
    pub status: UploadStatus,
    /// Until when it can be completed: 30 minutes after it was begun.
    pub expires_at: DateTime,
    /// The file that it has become; null until then, and once that is deleted.
    #[one]
    pub file_id: Option<Id<File>>,
    /// Whose it is.
    #[hidden]
    #[wide]
    pub user_id: Id<User>,
}

/// A header that the bytes must be sent with.
#[object]
pub struct UploadHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What an upload asks its client to send.
async fn request(ctx: &Context<'_>, id: Id<Upload>, size: i32, content_type: &str, sha256: &str, until: DateTime) -> Result<Sending> {
    let request = ctx.request();
    let tenant = request.tx.identity().tenant;
    let expected = Expected { tenant, id: id.0, size: size.unsigned_abs().into(), content_type, sha256, until: until.0 };
    store(request)?.receive(expected, request.now).await
}

#[resolvers]
impl Upload {
    /// The HTTP method by which the bytes are sent: PUT.
    fn method(_request: &Request) -> String {
        "PUT".to_owned()
    }

    /// Where the bytes are sent, without a sign-in, as often as it takes; null unless it is PENDING, and in a dry run.
    async fn url(
        id: Id<Upload>,
        size: i32,
        content_type: String,
        sha256: String,
        status: UploadStatus,
        expires_at: DateTime,
        ctx: &Context<'_>,
    ) -> Result<Option<String>> {
        // A bucket would take the bytes of an upload that was only rehearsed, and nothing would have reserved them.
        if status != UploadStatus::Pending || ctx.request().is_rehearsal {
            return Ok(None);
        }
        Ok(Some(request(ctx, id, size, &content_type, &sha256, expires_at).await?.url))
    }

    /// Headers that the bytes must be sent with.
    async fn headers(
        id: Id<Upload>,
        size: i32,
        content_type: String,
        sha256: String,
        expires_at: DateTime,
        ctx: &Context<'_>,
    ) -> Result<Vec<UploadHeader>> {
        let headers = request(ctx, id, size, &content_type, &sha256, expires_at).await?.headers;
        Ok(headers.into_iter().map(|(name, value)| UploadHeader { name: name.to_owned(), value }).collect())
    }
}
