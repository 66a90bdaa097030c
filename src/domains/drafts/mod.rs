//! Drafts of models: courses, sections anew, suggestions of grades. Tables: `generation`, `generation_source`, `generation_call`, `provenance`.
//!
//! Permissions: COURSE_CREATE (courses), COURSE_UPDATE and COURSE_UPDATE_ALL (sections anew), GRADE_MANAGE (suggestions). A generation is seen by who asked for it.
//! Invariants, kept by the database: a generation moves by the rows of `generation_transition`; what it makes, it makes in one transaction, by the rights of who asked; where a
//! course or a section comes from stays with it, and whether a person has changed it since.

mod asking;
mod generation;
mod inputs;
mod job;
mod lists;
mod mutations;
mod notice;
mod prompts;
mod provenance;
mod queries;
mod shapes;
mod sql;
mod writing;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{
    generation::{Generation, GenerationKind, GenerationState},
    notice::GENERATION_FINISHED,
};
use crate::domains::{courses::Section, identity::User};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Generation::object, generation::GradeSuggestion::object, provenance::Provenance::object],
    extensions: &[&provenance::CourseProvenance::EXTENSION, &provenance::SectionProvenance::EXTENSION],
    operations: &[queries::DraftQueries::OPERATIONS, mutations::DraftMutations::OPERATIONS],
    jobs: &[job::RUN],
    references: &[("generation_id", Generation::PREFIX), ("requested_by_id", User::PREFIX), ("section_id", Section::PREFIX)],
    ..Domain::new("drafts")
};
