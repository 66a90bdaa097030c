//! Bytes outside the database: where they are kept, and the signed addresses by which they come and go. It knows keys and bytes; whose
//! they are says the database.

mod disposition;
mod links;
mod objects;
mod rows;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use self::{
    disposition::{disposition, reduced},
    links::{BadLink, Link, Links, Verb},
    objects::{Bucket, Kept, Objects, Stored, Writer},
    rows::{OpenUpload, ServedFile, open_upload, school_of_public_file, served_file},
};
use crate::error::Result;

/// What may be kept, and how long an address holds.
#[derive(Debug, Clone)]
pub struct StoreLimits {
    /// Bytes of a file that a person uploads.
    pub file_bytes: u32,
    /// Media types that a person may upload.
    pub types: Vec<String>,
    /// How long the address of a download holds.
    pub download: SignedDuration,
}

/// The store of a service.
#[derive(Clone)]
pub struct Store(Arc<Parts>);

struct Parts {
    objects: Objects,
    links: Links,
    limits: StoreLimits,
}

/// A request that somebody else may make: once its address is signed, it needs no sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its address.
    pub url: String,
    /// Headers that it must carry.
    pub headers: Vec<(&'static str, String)>,
}

/// Bytes that are about to come.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The school.
    pub tenant: Uuid,
    /// The upload.
    pub id: Uuid,
    /// How many bytes.
    pub size: u64,
    /// Their media type, as declared.
    pub content_type: &'a str,
    /// Their SHA-256, as declared: 64 hex digits.
    pub sha256: &'a str,
    /// Until when they may come.
    pub until: Timestamp,
}

/// What an object is called and what it is, as whoever fetches it is told.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The school.
    pub tenant: Uuid,
    /// The file.
    pub id: Uuid,
    /// Its key.
    pub object: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// Whether a browser may show it rather than save it.
    pub inline: bool,
}

impl Store {
    /// A store.
    pub fn new(objects: Objects, links: Links, limits: StoreLimits) -> Self {
        Store(Arc::new(Parts { objects, links, limits }))
    }

    /// The objects.
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// The addresses on this service's own origin.
    pub fn links(&self) -> &Links {
        &self.0.links
    }

    /// The limits.
    pub fn limits(&self) -> &StoreLimits {
        &self.0.limits
    }

    /// Where the bytes of an upload are sent. They never lie where they are served from.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store's credentials can't be had.
    pub async fn receive(&self, expected: Expected<'_>, now: Timestamp) -> Result<Request> {
        if let Some(request) = self.0.objects.presigned_put(&expected, now).await? {
            return Ok(request);
        }
        let Expected { tenant, id, size, until, .. } = expected;
        let token = self.0.links.sign(&Link { verb: Verb::Put, tenant, id, size, inline: false, until });
        let url = format!("{}/files/uploads/{token}", self.0.links.base());
        Ok(Request { url, headers: vec![("content-type", expected.content_type.to_owned())] })
    }

    /// Where an object is fetched from, until a moment.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the store's credentials can't be had.
    pub async fn hand_out(&self, named: Named<'_>, now: Timestamp, until: Timestamp) -> Result<String> {
        if let Some(url) = self.0.objects.presigned_get(&named, now, until).await? {
            return Ok(url);
        }
        let Named { tenant, id, name, inline, .. } = named;
        let token = self.0.links.sign(&Link { verb: Verb::Get, tenant, id, size: 0, inline, until });
        Ok(format!("{}/files/{token}/{}", self.0.links.base(), reduced(name)))
    }

    /// Where a public file is fetched from by anybody, for as long as it is one.
    pub fn public_url(&self, id: Uuid, name: &str) -> String {
        format!("{}/files/public/{}/{}", self.0.links.base(), crate::ids::encode("file", id), reduced(name))
    }
}

/// Where the bytes of an upload lie until it is completed.
pub fn staged(tenant: Uuid, upload: Uuid) -> String {
    format!("uploads/{tenant}/{upload}")
}

/// Where the bytes of a completed upload lie from then on.
pub fn admitted(tenant: Uuid, folder: &str, upload: Uuid, name: &str) -> String {
    format!("schools/{tenant}/{folder}/{upload}_{}", reduced(name))
}
