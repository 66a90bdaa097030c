//! The way of an upload.

use std::time::{Duration, Instant};

use async_graphql::Context;
use futures_util::StreamExt as _;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Rows},
    store::{Kept, Writer, admitted, staged},
};
use lectern_macros::mutations;

use super::{File, UPLOADS, Upload, UploadStatus, content::Content, file::store, inputs::CreateUploadInput, sql};

/// Mutations of uploads.
pub struct UploadMutations;

/// How long the transaction is left alone while bytes are read. The database ends those that are silent for long.
const SILENCE: Duration = Duration::from_secs(3);

fn numbers(error: &DbError) -> (i64, i64) {
    (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default())
}

fn too_much(error: &DbError) -> Error {
    let (limit, used) = numbers(error);
    let message = format!("The school's files may take {limit} bytes, and {used} are taken or reserved.");
    Error::limit_reached(message, limit, used).reason("STORAGE_QUOTA").field("size")
}

fn too_many_at_once(error: &DbError) -> Error {
    let (limit, used) = numbers(error);
    Error::limit_reached("You have too many uploads under way: complete or cancel one first.", limit, used).reason("UPLOADS_PENDING")
}

fn empty() -> Error {
    Error::conflict("UPLOAD_EMPTY", "The bytes of this upload have not come: send them to its `url` first.").field("id")
}

fn over() -> Error {
    Error::conflict("UPLOAD_EXPIRED", "The time of this upload is over: begin another.").field("id")
}

/// The file that an upload has become.
async fn file_of(ctx: &Context<'_>, id: Id<Upload>) -> Result<Loaded<File>> {
    ctx.row(sql::OF_UPLOAD, &[&id]).await?.ok_or_else(|| Error::not_found("file").because("It was deleted.").field("id"))
}

/// The file that somebody faster has made of an upload meanwhile, whose bytes or whose time are gone with that; else the refusal.
async fn became(ctx: &Context<'_>, id: Id<Upload>, refusal: Error) -> Result<Loaded<File>> {
    ctx.row(sql::OF_UPLOAD, &[&id]).await?.ok_or(refusal)
}

/// Reads the bytes of an upload once: looks whether they are what was declared, and writes them where they will be served from. Its
/// name is made of the upload's id, so that doing it again writes the same. None where nothing has come.
async fn admit(ctx: &Context<'_>, upload: &Upload) -> Result<Option<String>> {
    let (store, tenant) = (store(ctx.request())?, ctx.tx().identity().tenant);
    let objects = store.objects();
    let Some(mut bytes) = objects.read(&staged(tenant, upload.id.0), None).await? else { return Ok(None) };
    let object = admitted(tenant, &upload.folder, upload.id.0, &upload.name);
    let mut writer = objects.write(&object, Some(Kept { name: &upload.name, content_type: &upload.content_type }));
    let copied = async {
        let mut content = Content::of(&upload.content_type);
        let mut asked_at = Instant::now();
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            content.take(&chunk);
            if content.size() > u64::from(upload.size.unsigned_abs()) {
                return Err(other_bytes());
            }
            writer.push(chunk).await?;
            if asked_at.elapsed() > SILENCE {
                ctx.tx().query(sql::STAY, &[]).await?;
                asked_at = Instant::now();
            }
        }
        let size = content.size();
        let (fits, sha256) = content.end();
        if size != u64::from(upload.size.unsigned_abs()) || sha256 != upload.sha256 {
            return Err(other_bytes());
        }
        if !fits {
            let message = format!("These bytes are not {}, as was declared.", upload.content_type);
            return Err(Error::bad_request(message).reason("FILE_CONTENT_MISMATCH").field("id"));
        }
        Ok(())
    };
    let copied = copied.await;
    end(writer, copied).await?;
    Ok(Some(object))
}

fn other_bytes() -> Error {
    Error::bad_request("The bytes are not those that were declared: send them again.").reason("CHECKSUM_MISMATCH").field("id")
}

async fn end(writer: Writer, written: Result<()>) -> Result<()> {
    match written {
        Ok(()) => writer.finish().await,
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

#[mutations("Upload")]
impl UploadMutations {
    /// Begins to upload a file: its bytes are then sent to the answer's `url`, and `completeUpload` makes it a file. What it takes is
    /// reserved for 30 minutes. LIMIT_REACHED with STORAGE_QUOTA where the school's files would take too much, with UPLOADS_PENDING for more
    /// than 20 uploads of yours under way, or more than 1 GiB together. BAD_USER_INPUT with FILE_TYPE_NOT_ALLOWED or FILE_TOO_LARGE.
    #[needs(FileUpload)]
    #[budget(UPLOADS)]
    async fn create_upload(
        ctx: &Context<'_>,
        /// What is to come.
        input: CreateUploadInput,
    ) -> Result<Loaded<Upload>> {
        let declared = input.check(store(ctx.request())?.limits())?;
        let upload = Insert::<Upload>::new()
            .set(Upload::COLUMNS.user_id, Id::from_uuid(ctx.actor()?.user))
            .set(Upload::COLUMNS.name, declared.name)
            .set(Upload::COLUMNS.content_type, declared.content_type)
            .set(Upload::COLUMNS.size, declared.size)
            .set(Upload::COLUMNS.sha256, declared.sha256)
            .set(Upload::COLUMNS.folder, declared.folder);
        let begun = upload.run(ctx).await;
        Ok(begun
            .on_constraint("storage_quota", too_much)
            .on_constraint("upload_pending_count", too_many_at_once)
            .on_constraint("upload_pending_bytes", too_many_at_once)?)
    }

    /// Makes an upload a file, once its bytes have come; PRIVATE at first. Asked again, it answers the same file. CONFLICT with UPLOAD_EMPTY where
    /// nothing has come, with UPLOAD_EXPIRED after 30 minutes. BAD_USER_INPUT with CHECKSUM_MISMATCH for other bytes than were declared,
    /// with FILE_CONTENT_MISMATCH for bytes of another type: send them again.
    #[needs(FileUpload)]
    #[stores]
    async fn complete_upload(
        ctx: &Context<'_>,
        /// The upload's id.
        id: Id<Upload>,
    ) -> Result<Loaded<File>> {
        let upload = ctx.get(id).await?.ok_or_else(|| Error::not_found("upload").field("id"))?;
        match upload.status {
            UploadStatus::Completed => return file_of(ctx, id).await,
            UploadStatus::Expired => {
                ctx.tx().query(sql::IS_OVER, &[&id]).await?; // waits for whoever completes it at this moment
                return became(ctx, id, over()).await;
            }
            UploadStatus::Pending => {}
        }
        // Nothing of the database is locked meanwhile.
        let Some(object) = admit(ctx, &upload).await? else { return became(ctx, id, empty()).await };
        match ctx.tx().value::<Option<bool>>(sql::IS_OVER, &[&id]).await?.flatten() {
            Some(false) => {}
            Some(true) => return became(ctx, id, over()).await,
            None => return Err(Error::not_found("upload").field("id")), // cancelled meanwhile
        }
        match ctx.row(sql::COMPLETE, &[&id, &Id::<File>::generate(), &object]).await? {
            Some(file) => Ok(file),
            None => file_of(ctx, id).await,
        }
    }

    /// Gives up an upload that is under way, and frees what it has reserved. CONFLICT with INVALID_TRANSITION once it is COMPLETED. Answers its
    /// id.
    #[needs(FileUpload)]
    async fn cancel_upload(
        ctx: &Context<'_>,
        /// The upload's id.
        id: Id<Upload>,
    ) -> Result<Id<Upload>> {
        if !ctx.tx().query(sql::CANCEL, &[&id]).await?.is_empty() {
            return Ok(id);
        }
        Err(match ctx.whole(id).await? {
            Some(_) => Error::conflict("INVALID_TRANSITION", "It has become a file: delete that.").field("id"),
            None => Error::not_found("upload").field("id"),
        })
    }
}
