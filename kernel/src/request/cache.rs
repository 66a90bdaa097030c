//! Documents that are known: those read lately, by the hash of their text, so that a text is parsed and its size counted once and
//! clients may send its hash alone (Apollo's automatic persisted queries); and, where an operator says so, the trusted
//! ones, beside which no other runs.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER_PERMISSIVE;
use lru::LruCache;
use serde::Deserialize;

use super::{
    limits::{Limits, within},
    parsed::ParsedDocument,
    request::GraphqlRequest,
    trusted::Trusted,
};
use crate::{
    error::{Error, Result},
    seen::meters,
};

/// SHA-256 of a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextHash([u8; 32]);

impl TextHash {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        TextHash(hash)
    }

    /// As hexadecimal digits, with or without `sha256:` in front.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?.try_into().ok().map(TextHash)
    }
}

/// `extensions.persistedQuery` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistedQuery {
    /// 1.
    pub version: i64,
    /// SHA-256 of the document's text.
    pub sha256_hash: String,
}

/// The documents that are known.
pub struct DocumentCache {
    kept: Mutex<Kept>,
    trusted: Option<Trusted>,
}

struct Kept {
    documents: LruCache<TextHash, Arc<ParsedDocument>>,
    /// What they take, in bytes, estimated.
    weight: usize,
    /// The bytes that they may take.
    capacity: usize,
}

/// The bytes that documents which are kept may take, by default.
pub const CAPACITY: usize = 16 << 20;

impl DocumentCache {
    /// Keeps documents of at most `capacity` bytes together; with trusted ones, runs no other.
    pub fn new(capacity: usize, trusted: Option<Trusted>) -> Self {
        DocumentCache { kept: Mutex::new(Kept { documents: LruCache::unbounded(), weight: 0, capacity }), trusted }
    }

    /// Whether only trusted documents run.
    pub fn is_closed(&self) -> bool {
        self.trusted.is_some()
    }

    /// How many documents are kept, and what they take, in bytes, estimated.
    pub fn kept_now(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.documents.len(), kept.weight)
    }

    /// The document of a request, by its text, its hash or its id.
    ///
    /// # Errors
    /// As [`ParsedDocument::of`]. `NOT_FOUND` for a hash whose text has not been sent lately, `FORBIDDEN` for a document that is
    /// not trusted, where only those run.
    pub fn find(&self, request: &GraphqlRequest, limits: &Limits) -> Result<Arc<ParsedDocument>> {
        let hash = request.extensions.as_ref().and_then(|extensions| extensions.persisted_query.as_ref()).map(hash_of).transpose()?;
        if !request.query.is_empty() {
            return self.by_text(&request.query, hash, limits);
        }
        if let Some(trusted) = &self.trusted {
            let found = hash.and_then(|hash| trusted.by_hash(hash)).or_else(|| trusted.by_id(request.document_id.as_deref()?));
            let sent = request.extensions.as_ref().and_then(|extensions| extensions.persisted_query.as_ref());
            // Some tools hash another form of the text than the one that they send. Their hash is looked up as a name.
            let found = found.or_else(|| trusted.by_id(&sent?.sha256_hash));
            return found.ok_or_else(|| if hash.is_some() || request.document_id.is_some() { not_trusted() } else { no_document() });
        }
        match (hash, &request.document_id) {
            (Some(hash), _) => self.by_hash(hash),
            (None, Some(id)) => self.by_hash(TextHash::parse(id).ok_or_else(Error::persisted_query_not_found)?),
            (None, None) => Err(no_document()),
        }
    }

    fn by_text(&self, text: &str, claimed: Option<TextHash>, limits: &Limits) -> Result<Arc<ParsedDocument>> {
        within(text.len(), limits.bytes, "bytes")?;
        let hash = TextHash::of(text);
        if claimed.is_some_and(|claimed| claimed != hash) && !self.is_closed() {
            return Err(Error::bad_input("extensions.persistedQuery.sha256Hash", "is not the SHA-256 of `query`"));
        }
        if let Some(trusted) = &self.trusted {
            return trusted.by_hash(hash).ok_or_else(not_trusted);
        }
        let kept = self.kept().documents.get(&hash).cloned();
        if let Some(meters) = meters() {
            meters.document(kept.is_some());
        }
        if let Some(document) = kept {
            return Ok(document);
        }
        // Outside the lock. Two requests that bring the same text for the first time both read it.
        let document = Arc::new(ParsedDocument::of(text, limits)?);
        self.kept().keep(hash, document.clone());
        Ok(document)
    }

    fn by_hash(&self, hash: TextHash) -> Result<Arc<ParsedDocument>> {
        let mut kept = self.kept();
        if kept.capacity == 0 {
            return Err(Error::persisted_query_not_supported());
        }
        kept.documents.get(&hash).cloned().ok_or_else(Error::persisted_query_not_found)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Kept {
    /// Keeps a document, and forgets those that were not asked for the longest.
    fn keep(&mut self, hash: TextHash, document: Arc<ParsedDocument>) {
        // One that would push out most of the others is not worth it.
        if document.weight > self.capacity / 4 {
            return;
        }
        self.weight += document.weight;
        if let Some((_, former)) = self.documents.push(hash, document) {
            self.weight -= former.weight;
        }
        while self.weight > self.capacity
            && let Some((_, oldest)) = self.documents.pop_lru()
        {
            self.weight -= oldest.weight;
        }
    }
}

fn hash_of(persisted: &PersistedQuery) -> Result<TextHash> {
    if persisted.version != 1 {
        return Err(Error::bad_input("extensions.persistedQuery.version", "must be 1"));
    }
    TextHash::parse(&persisted.sha256_hash)
        .ok_or_else(|| Error::bad_input("extensions.persistedQuery.sha256Hash", "must be 64 hexadecimal digits"))
}

fn no_document() -> Error {
    Error::bad_request("The document is empty.")
}

fn not_trusted() -> Error {
    Error::forbidden("DOCUMENT_NOT_TRUSTED", "This service runs the documents that it was given, and this is none of them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> GraphqlRequest {
        GraphqlRequest { query: text.to_owned(), ..GraphqlRequest::default() }
    }

    #[test]
    fn what_was_read_lately_is_kept_and_no_more_than_its_bytes() {
        let limits = Limits::default();
        let cache = DocumentCache::new(100_000, None);
        let first = cache.find(&ask("{ a }"), &limits).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.find(&ask("{ a }"), &limits).unwrap()));
        for n in 0..1000 {
            cache.find(&ask(&format!("{{ a b{n} {} }}", "c ".repeat(20))), &limits).unwrap();
            let kept = cache.kept();
            assert!(kept.weight <= 100_000);
            assert_eq!(kept.weight, kept.documents.iter().map(|(_, document)| document.weight).sum::<usize>());
        }
        assert!(!Arc::ptr_eq(&first, &cache.find(&ask("{ a }"), &limits).unwrap()), "it was forgotten");
        let huge = format!("{{ {} }}", "a ".repeat(4000));
        cache.find(&ask(&huge), &limits).unwrap();
        assert!(cache.kept().documents.get(&TextHash::of(&huge)).is_none(), "it would have pushed out the others");
    }
}
