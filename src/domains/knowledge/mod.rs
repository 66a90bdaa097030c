//! Knowledge: documents, what they say, the bases that hold them, and finding in them what a question asks for. Tables: `document`, `passage`, `knowledge_base`,
//! `knowledge_base_document`, `message_citation`.
//!
//! Permissions: DOCUMENT_UPLOAD (adds documents to the own projects, changes and deletes the own ones), DOCUMENT_DELETE (deletes any that one sees), AGENT_MANAGE (documents and
//! bases of the school).
//! Invariants, kept by the database: a document is COMPLETED with passages alone; two of a school are read at a time; what is found are passages of documents that the
//! person reads; a base holds documents of its own project and of the school, 500 and 20,000 passages at most.

mod base;
mod base_mutations;
mod citation;
mod document;
mod document_mutations;
mod embedding;
mod extract;
mod fields;
mod files;
mod finding;
mod inputs;
mod jobs;
mod lists;
mod notice;
mod queries;
mod sql;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{
    base::KnowledgeBase,
    document::{Document, DocumentState},
    extract::Extractor,
    finding::{Among, Passage, retrieve},
    notice::DOCUMENT_FAILED,
};

/// Reads a document and ends, where this process was started for that.
pub fn read_as_child() -> Option<std::process::ExitCode> {
    extract::run_as_child()
}

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Document::object, finding::DocumentPassage::object, KnowledgeBase::object, citation::MessageCitation::object],
    extensions: &[&fields::ProjectKnowledge::EXTENSION, &fields::AgentKnowledge::EXTENSION, &citation::MessageCitations::EXTENSION],
    operations: &[
        queries::KnowledgeQueries::OPERATIONS,
        document_mutations::DocumentMutations::OPERATIONS,
        base_mutations::KnowledgeBaseMutations::OPERATIONS,
    ],
    jobs: &[jobs::PROCESS, jobs::SWEEP],
    references: &[("document_id", Document::PREFIX), ("knowledge_base_id", KnowledgeBase::PREFIX)],
    parts: &[(KnowledgeBase::TYPE, "document_id", "document")],
    ..Domain::new("knowledge")
};
