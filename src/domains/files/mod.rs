//! Files: their uploads, whom they are shown to, and what they take. Tables: `file`, `file_audience`, `upload`. Their bytes lie in the
//! store (`kernel/src/store/`), and come and go by signed addresses (`src/http/files/`).
//!
//! Permissions: FILE_UPLOAD (the own), FILE_MANAGE (all, showing them to anybody, and what they take).
//! Invariants, kept by the database: an upload becomes one file; the school's files and reservations stay within its quota; a file names
//! bytes of its own school alone; what anybody may fetch is an image; the bytes go after the row, and never before.

mod answered;
mod audience;
mod content;
mod file;
mod file_mutations;
mod inputs;
mod kinds;
mod lists;
mod queries;
mod sql;
mod storage;
mod sweep;
mod types;
mod upload;
mod upload_mutations;

use lectern_kernel::{ids::Kind as _, rates::Budget, resolve::registry::Domain};

pub use self::{
    answered::answered,
    file::{File, FileDownload, FileVisibility, must_be_public, public_url, require_own, require_own_picture, require_public},
    sweep::{Door, Found, look, remove},
    types::USUAL as USUAL_TYPES,
    upload::{Upload, UploadStatus},
};

/// Uploads that one person may begin.
pub static UPLOADS: Budget = Budget { name: "uploads", a_minute: 20, refusal: "You begin uploads too often.", is_of_address: false };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        File::object,
        file::FileAudience::object,
        FileDownload::object,
        Upload::object,
        upload::UploadHeader::object,
        storage::StorageUsage::object,
    ],
    operations: &[
        queries::FileQueries::OPERATIONS,
        upload_mutations::UploadMutations::OPERATIONS,
        file_mutations::FileMutations::OPERATIONS,
    ],
    extensions: &[&storage::TenantStorage::EXTENSION],
    jobs: &[kinds::DELETE, kinds::SWEEP],
    references: &[("file_id", File::PREFIX), ("upload_id", Upload::PREFIX)],
    parts: &[(File::TYPE, "user_id", "audience")],
    ..Domain::new("files")
};
