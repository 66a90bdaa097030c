//! Changing, showing and deleting files.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission::FileManage,
    resolve::{Ctx, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    File,
    audience::Audience,
    inputs::{UpdateFileInput, UpdateFileVisibilityInput},
    sql,
};

/// Mutations of files.
pub struct FileMutations;

#[mutations("File")]
impl FileMutations {
    /// Changes the name and the folder of a file of yours; with FILE_MANAGE, of any. What is left out stays as it is. FORBIDDEN with NOT_YOURS
    /// for one that you only see.
    #[needs(FileUpload, FileManage)]
    async fn update_file(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateFileInput,
    ) -> Result<Loaded<File>> {
        let id = Id::<File>::parse("id", &input.id)?;
        match Patch::of(id).input(ctx, &input)?.run(ctx).await? {
            Some(file) => Ok(file),
            None => Err(ctx.untouched(id, "file").await),
        }
    }

    /// Says who sees a file of yours; with FILE_MANAGE, any. TENANT needs COURSE_CREATE or FILE_MANAGE, PUBLIC needs FILE_MANAGE and takes images
    /// alone: BAD_USER_INPUT with FILE_TYPE_NOT_ALLOWED. NOT_FOUND for people, groups and courses that you can't see, FORBIDDEN with NOT_YOURS
    /// for courses that you don't instruct, and for a file that you only see. CONFLICT with IN_USE for the school's logo, which stays PUBLIC.
    #[needs(FileUpload, FileManage)]
    async fn update_file_visibility(
        ctx: &Context<'_>,
        /// Who is to see it.
        input: UpdateFileVisibilityInput,
    ) -> Result<Loaded<File>> {
        let id = Id::<File>::parse("id", &input.id)?;
        let audience = Audience::of(&input)?;
        let changed: Option<Loaded<File>> = ctx
            .row(sql::SET_VISIBILITY, &[&id, &input.visibility, &audience.members()])
            .await
            .on_constraint("file_visibility_right", |_| Error::missing_permission(&[FileManage]).field("visibility"))
            .on_constraint("file_is_logo", |_| {
                Error::conflict("IN_USE", "This is the school's logo: take it away from the settings first.").field("id")
            })
            .on_constraint("file_public_check", |_| {
                Error::bad_input("visibility", "can be PUBLIC for PNG, JPEG, GIF and WebP alone").reason("FILE_TYPE_NOT_ALLOWED")
            })?;
        let Some(file) = changed else { return Err(ctx.untouched(id, "file").await) };
        audience.set(ctx, id).await?;
        Ok(file)
    }

    /// Deletes a file of yours, with its bytes; with FILE_MANAGE, any. CONFLICT with IN_USE for one that something else shows, FORBIDDEN with NOT_YOURS
    /// for one that you only see. Answers its id.
    #[needs(FileUpload, FileManage)]
    async fn delete_file(
        ctx: &Context<'_>,
        /// The file's id.
        id: Id<File>,
    ) -> Result<Id<File>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await;
        let deleted =
            deleted.on_reference(|| Error::conflict("IN_USE", "Something else shows this file: take it away there first.").field("id"))?;
        if deleted.is_empty() { Err(ctx.untouched(id, "file").await) } else { Ok(id) }
    }
}
