//! What the mutations of files take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
    store::StoreLimits,
};
use lectern_macros::writes;

use super::{File, FileVisibility, types::essence};

/// Ids at most of each kind that a file is shared with.
pub const MAX_IDS: usize = 100;
/// Where files are kept unless told otherwise.
pub const FOLDER: &str = "general";

/// A file that is about to be uploaded.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// What it is called; 1 to 200 characters, without slashes and backslashes, not necessarily unique.
    pub name: String,
    /// Its media type; parameters are dropped. The operator says which there may be.
    pub content_type: String,
    /// How many bytes it has; at least 1, and as many as the operator allows.
    pub size: i32,
    /// The SHA-256 of its bytes: 64 hex digits.
    pub sha256: String,
    /// The folder to keep it in: 1 to 40 lower-case letters, digits and hyphens, no hyphen first; "general" unless given.
    pub folder: Option<String>,
}

/// A change of a file. What is left out stays as it is.
#[writes(File)]
pub struct UpdateFileInput {
    /// The file.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters, without slashes and backslashes.
    #[check(file_name)]
    pub name: MaybeUndefined<String>,
    /// Another folder: 1 to 40 lower-case letters, digits and hyphens, no hyphen first.
    #[check(folder)]
    pub folder: MaybeUndefined<String>,
}

/// Who is to see a file. It replaces whom it was shared with.
#[derive(InputObject)]
pub struct UpdateFileVisibilityInput {
    /// The file.
    pub id: ID,
    /// Who sees it. SHARED needs somebody to share it with; the others take nobody.
    pub visibility: FileVisibility,
    /// People, each once; 100 at most.
    pub user_ids: Option<Vec<ID>>,
    /// Groups, each once; 100 at most.
    pub group_ids: Option<Vec<ID>>,
    /// Courses that you instruct (with COURSE_UPDATE_ALL, any), each once; 100 at most.
    pub course_ids: Option<Vec<ID>>,
}

/// A name that is no path, and that nobody reads otherwise than it is.
pub fn file_name(field: &str, name: &str) -> Result<String> {
    let name = text::name(field, name)?;
    if name.contains(['/', '\\']) {
        return Err(Error::bad_input(field, "must not contain / or \\"));
    }
    if name == "." || name == ".." {
        return Err(Error::bad_input(field, "must be a name, not a place"));
    }
    Ok(name)
}

/// A folder.
pub fn folder(field: &str, folder: &str) -> Result<String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=40).contains(&folder.len()) && folder.bytes().all(plain) && !folder.starts_with('-') {
        Ok(folder.to_owned())
    } else {
        Err(Error::bad_input(field, "must have 1 to 40 lower-case letters, digits and hyphens, no hyphen first"))
    }
}

/// What of a [`CreateUploadInput`] is kept.
pub struct Declared {
    pub name: String,
    pub content_type: String,
    pub size: i32,
    pub sha256: String,
    pub folder: String,
}

impl CreateUploadInput {
    /// Checks it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn check(&self, limits: &StoreLimits) -> Result<Declared> {
        let name = file_name("name", &self.name)?;
        let content_type = essence(&self.content_type);
        if !limits.types.contains(&content_type) {
            let message = format!("must be one of {}", limits.types.join(", "));
            return Err(Error::bad_input("contentType", message).reason("FILE_TYPE_NOT_ALLOWED"));
        }
        let size = self.size;
        if size < 1 {
            return Err(Error::bad_input("size", "must be at least 1: an empty file can't be uploaded"));
        }
        if size.unsigned_abs() > limits.file_bytes {
            return Err(Error::bad_input("size", format!("must be at most {}", limits.file_bytes)).reason("FILE_TOO_LARGE"));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::bad_input("sha256", "must be a SHA-256 in 64 hex digits"));
        }
        let folder = self.folder.as_ref().map_or_else(|| Ok(FOLDER.to_owned()), |name| folder("folder", name))?;
        Ok(Declared { name, content_type, size, sha256: self.sha256.to_ascii_lowercase(), folder })
    }
}
