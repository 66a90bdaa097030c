//! Programs: what a school sells places in, with their forms, reviewers, and groups that get in on terms of their own; money, as all of commerce has it. Tables:
//! `currency`, `program`, `program_transition`, `program_currency`, `program_form_key`, `program_form_field`, `program_reviewer`, `program_course`,
//! `program_link_group`, `program_group`, `program_places`, `program_group_places`.
//!
//! Permissions: PROGRAM_MANAGE (makes and changes them, sees all), APPLICATION_READ_ALL (sees all), APPLICATION_REVIEW (sees those that name one, how they review and
//! who does). Everybody sees those that are ACTIVE or ENDED; everybody at all what `publicPrograms` says.
//! Invariants, kept by the database: a program moves by the rows of `program_transition`, and is no draft once somebody has applied; no more places are taken than
//! there are; no currency goes that something is priced in; the versions of a form never change, and a key keeps its type.

pub mod answers;
mod form;
mod inputs;
mod jobs;
mod lists;
mod loaders;
pub mod money;
mod mutations;
mod part_mutations;
mod parts;
mod program;
mod public;
mod queries;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

pub use self::{
    form::{FormFieldType, FormOf, ProgramForm, ProgramFormField, form_of},
    money::{MinorUnits, Money, MoneyInput, MoneyTotal, hundredths, hundredths_or_none, percent},
    mutations::below_used,
    parts::ProgramGroup,
    program::{EnrollWhen, Program, ProgramKind, ProgramStatus, ReviewStrategy, ReviewVeto},
    public::PublicProgram,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Program::object,
        PublicProgram::object,
        ProgramForm::object,
        ProgramFormField::object,
        parts::ReviewPolicy::object,
        parts::ProgramReviewer::object,
        ProgramGroup::object,
        Money::object,
        MoneyTotal::object,
    ],
    operations: &[
        queries::ProgramQueries::OPERATIONS,
        mutations::ProgramMutations::OPERATIONS,
        part_mutations::ProgramPartMutations::OPERATIONS,
    ],
    extensions: &[&parts::GroupPrograms::EXTENSION],
    jobs: &[jobs::END],
    references: &[("program_id", Program::PREFIX)],
    parts: &[(Program::TYPE, "user_id", "reviewer"), (Program::TYPE, "course_id", "course"), (Program::TYPE, "group_id", "group")],
    ..Domain::new("programs")
};
