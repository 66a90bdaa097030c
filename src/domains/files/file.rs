//! A file, and whom it is shown to.

use std::sync::Arc;

use async_graphql::Context;
use jiff::SignedDuration;
use lectern_kernel::{
    db::{Order, SortKey},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, DateTime, Loaded, Nested, Request, Rows, all},
    store::{Named, Store},
    text_enum,
};
use lectern_macros::{object, resolvers};
use uuid::Uuid;

use super::types::is_shown;
use crate::domains::{courses::Course, groups::Group, identity::User};

text_enum! {
    /// Who sees a file, beside its owner and whoever holds FILE_MANAGE.
    pub enum FileVisibility {
        /// Nobody else.
        Private = "PRIVATE",
        /// The people that it is shared with, the members of those groups, and whoever holds a seat in or instructs those courses.
        Shared = "SHARED",
        /// Everybody in the school.
        Tenant = "TENANT",
        /// Everybody in the school, and anybody who has its `publicUrl`, without a sign-in. Images alone can be.
        Public = "PUBLIC",
    }
}

/// A file. You see your own, those that are shared with you, and those that are shown to the school; with FILE_MANAGE, all.
#[object(table = "file", alias = "f", id = "file", node, resolvers)]
#[derive(Clone, Debug)]
pub struct File {
    /// Its id.
    pub id: Id<File>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// Its media type, without parameters: `application/pdf`.
    pub content_type: String,
    /// How many bytes it has; a whole number.
    #[column("{}.size::float8")]
    pub size: f64,
    /// The SHA-256 of its bytes: 64 hex digits.
    #[wide]
    pub sha256: String,
    /// The folder that it is kept in; "general" unless given.
    pub folder: String,
    /// Who sees it.
    pub visibility: FileVisibility,
    /// When it was uploaded or made.
    pub created_at: DateTime,
    /// When its name, its folder or who sees it was last changed.
    pub updated_at: DateTime,
    /// When it is deleted by itself, as exports are; null for one that is kept.
    #[wide]
    pub expires_at: Option<DateTime>,
    /// Who uploaded it, or asked for it; null where the service made it for nobody, or when you may not see them.
    #[one]
    pub owner_id: Option<Id<User>>,
    /// The key of its bytes.
    #[hidden]
    #[wide]
    pub object: String,
}

const BY_NAME_OF_PERSON: Order = Order { key: SortKey::name("NAME", "u.name"), id: "u.id", descending: false };
const BY_NAME_OF_GROUP: Order = Order { key: SortKey::name("NAME", "g.name"), id: "g.id", descending: false };
const BY_TITLE: Order = Order { key: SortKey::name("TITLE", "c.title"), id: "c.id", descending: false };

static USERS: Nested = Nested::new("file.audience.users", BY_NAME_OF_PERSON, "fa.file_id")
    .by("JOIN file_audience fa ON fa.tenant_id = u.tenant_id AND fa.user_id = u.id");
static GROUPS: Nested = Nested::new("file.audience.groups", BY_NAME_OF_GROUP, "fa.file_id")
    .by("JOIN file_audience fa ON fa.tenant_id = g.tenant_id AND fa.group_id = g.id");
static COURSES: Nested = Nested::new("file.audience.courses", BY_TITLE, "fa.file_id")
    .by("JOIN file_audience fa ON fa.tenant_id = c.tenant_id AND fa.course_id = c.id");

#[resolvers]
impl File {
    /// Whom it is shared with, as far as you may see them; all lists are empty unless it is SHARED. Null unless it is yours or you hold
    /// FILE_MANAGE.
    async fn audience(id: Id<File>, owner_id: Option<Id<User>>, ctx: &Context<'_>) -> Result<Option<FileAudience>> {
        let actor = ctx.actor()?;
        let is_open = owner_id.is_some_and(|owner| actor.is(owner.0)) || actor.can(Permission::FileManage);
        Ok(is_open.then_some(FileAudience { file: id }))
    }

    /// Where its bytes can be fetched from by GET, without a sign-in, for some minutes. A browser saves them; with `inline` it may show images,
    /// MP3, MP4 and WebM in their place.
    async fn download(
        id: Id<File>,
        name: String,
        content_type: String,
        object: String,
        ctx: &Context<'_>,
        /// Whether a browser may show it rather than save it; false unless given. Of what it can't be, it makes no difference.
        inline: Option<bool>,
    ) -> Result<FileDownload> {
        let request = ctx.request();
        let (store, now, tenant) = (store(request)?, request.now, request.tx.identity().tenant);
        let inline = inline.unwrap_or(false) && is_shown(&content_type);
        // An address speaks of whole seconds.
        let until = now + store.limits().download - SignedDuration::from_nanos(now.subsec_nanosecond().into());
        let named = Named { tenant, id: id.0, object: &object, name: &name, content_type: &content_type, inline };
        Ok(FileDownload { url: store.hand_out(named, now, until).await?, expires_at: DateTime(until) })
    }

    /// Where anybody can fetch its bytes, for as long as it is PUBLIC; null otherwise.
    fn public_url(id: Id<File>, name: String, visibility: FileVisibility, request: &Request) -> Result<Option<String>> {
        if visibility != FileVisibility::Public {
            return Ok(None);
        }
        Ok(Some(store(request)?.public_url(id.0, &name)))
    }
}

/// What keeps the bytes.
pub(super) fn store(request: &Request) -> Result<Arc<Store>> {
    request.services.outside.get()
}

/// Refuses unless a file may be shown by something else: by its owner, or by whoever holds FILE_MANAGE. For the parts that point at files.
///
/// # Errors
/// `NOT_FOUND` for one that the actor can't see, `NOT_YOURS` for one that they only see.
pub async fn require_own(ctx: &Context<'_>, field: &str, id: Id<File>) -> Result<Id<File>> {
    let actor = ctx.actor()?;
    let file = ctx.get(id).await?.ok_or_else(|| Error::not_found("file").field(field))?;
    let is_theirs = file.owner_id.is_some_and(|owner| actor.is(owner.0)) || actor.can(Permission::FileManage);
    if is_theirs { Ok(id) } else { Err(Error::not_yours().field(field)) }
}

/// Refuses unless a file is a picture of the actor's own: to show somebody by.
///
/// # Errors
/// `NOT_FOUND` for one that the actor can't see, `NOT_YOURS` for another's, `BAD_USER_INPUT` for one that is no picture.
pub async fn require_own_picture(ctx: &Context<'_>, field: &str, id: Id<File>) -> Result<()> {
    let actor = ctx.actor()?;
    let file = ctx.get(id).await?.ok_or_else(|| Error::not_found("file").field(field))?;
    if !file.owner_id.is_some_and(|owner| actor.is(owner.0)) {
        return Err(Error::not_yours().field(field));
    }
    if PICTURES.contains(&file.content_type.as_str()) {
        Ok(())
    } else {
        Err(Error::bad_input(field, "must be a picture: PNG, JPEG, GIF or WebP"))
    }
}

/// What anybody may fetch, and people are shown by.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Refuses unless a file is PUBLIC, and so a picture that anybody may fetch.
///
/// # Errors
/// `NOT_FOUND` for one that the actor can't see, `BAD_USER_INPUT` for one that is not PUBLIC.
pub async fn require_public(ctx: &Context<'_>, field: &str, id: Id<File>) -> Result<()> {
    let file = ctx.get(id).await?.ok_or_else(|| Error::not_found("file").field(field))?;
    if file.visibility == FileVisibility::Public { Ok(()) } else { Err(must_be_public(field)) }
}

/// The refusal of a file that is not PUBLIC, or not any more.
pub fn must_be_public(field: &str) -> Error {
    Error::bad_input(field, "must be a file that is PUBLIC")
}

/// Where anybody can fetch the bytes of a PUBLIC file.
///
/// # Errors
/// `INTERNAL` where nothing keeps files.
pub fn public_url(request: &Request, id: Uuid, name: &str) -> Result<String> {
    Ok(store(request)?.public_url(id, name))
}

/// Whom a file is shared with, as far as you may see them.
#[object(resolvers)]
pub struct FileAudience {
    #[hidden]
    file: Id<File>,
}

#[resolvers]
impl FileAudience {
    /// People, by name.
    async fn users(&self, ctx: &Context<'_>) -> Result<Vec<Loaded<User>>> {
        all(ctx, &USERS, self.file.0).await
    }

    /// Groups, by name: their members see it.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<Loaded<Group>>> {
        all(ctx, &GROUPS, self.file.0).await
    }

    /// Courses, by title: whoever holds a seat in one or instructs it sees it.
    async fn courses(&self, ctx: &Context<'_>) -> Result<Vec<Loaded<Course>>> {
        all(ctx, &COURSES, self.file.0).await
    }
}

/// An address that holds for some minutes, whoever has it.
#[object]
pub struct FileDownload {
    /// The address.
    pub url: String,
    /// Until when it holds.
    pub expires_at: DateTime,
}
