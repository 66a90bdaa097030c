//! What a client sends: a document, found, parsed, its size counted, normalized and validated, before anything runs.

mod cache;
mod convert;
mod document;
mod limits;
mod merge;
mod normalize;
mod parsed;
#[allow(clippy::module_inception, reason = "the room is named after what it begins with")]
mod request;
mod rules;
mod size;
mod text;
mod trusted;
mod validate;

pub(crate) use self::document::Going;
pub use self::{
    cache::{CAPACITY as DOCUMENT_CACHE_BYTES, DocumentCache, PersistedQuery},
    document::{Document, OperationKind, Root},
    limits::Limits,
    request::{GraphqlRequest, RequestExtensions},
    rules::Rules,
    trusted::Trusted,
    validate::{Checker, Cost, Executor, Stop},
};
