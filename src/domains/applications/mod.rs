//! Applications to programs: their answers, their steps, places and who waits for them. Tables: `application`, `application_secret`, `application_event`, `application_event_secret`,
//! `application_file`, `application_transition`; places are counted in `program_places`.
//!
//! Permissions: APPLICATION_SUBMIT (applies), APPLICATION_MANAGE (decides, corrects, acts for everybody), APPLICATION_READ_ALL (sees all), APPLICATION_REVIEW (sees what was handed in to
//! programs that name one as a reviewer).
//! Invariants, kept by the database: one application a person and program; it moves by the rows of `application_transition`, each step leaving one event; what is sensitive is read by the
//! applicant and APPLICATION_MANAGE alone; no more places are taken than there are, by parties as a whole; what comes free is offered in the same transaction to the longest waiting party
//! that fits.

mod answering;
mod application;
mod event;
mod fields;
mod inputs;
mod jobs;
mod lists;
mod loaders;
mod mutations;
mod notices;
mod queries;
mod refusal;
mod sql;
mod step_mutations;

use lectern_kernel::{
    ids::Kind as _,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

use crate::domains::programs::Program;

pub use self::{
    application::{Application, ApplicationStatus},
    notices::{APPLICATION_DECIDED, APPLICATION_SUBMITTED, PLACE_OFFERED},
    refusal::{answered, refusal},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Application::object, event::ApplicationEvent::object],
    operations: &[
        queries::ApplicationQueries::OPERATIONS,
        mutations::AnswerMutations::OPERATIONS,
        step_mutations::StepMutations::OPERATIONS,
    ],
    extensions: &[&fields::ProgramApplication::EXTENSION, &fields::DashboardApplications::EXTENSION],
    jobs: &[jobs::ADVANCE],
    events: &[Event {
        name: "applicationChanged",
        description: "An application that you may see is new or has changed, its votes and its attendees included: as it is now.",
        of: Heard::Row(Application::object),
        topic: "application",
        key: HeardKey::Named {
            argument: "programId",
            description: "Those to this program; every application that you may see, unless given.",
            object: Program::object,
            is_required: false,
        },
        since: None,
        query: "application",
    }],
    emits: &[
        ("application.submitted", "An application was handed in. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`."),
        ("application.accepted", "An application was accepted. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`."),
        ("application.rejected", "An application was rejected. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`."),
        (
            "application.waitlisted",
            "An application was put on the waiting list. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`.",
        ),
        (
            "application.offered",
            "Places are held for an application on the waiting list. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`.",
        ),
        (
            "application.withdrawn",
            "An application was taken back, or has lost its places. `id`, `status`, `programId`, `userId`, `groupId`, `offerExpiresAt`.",
        ),
    ],
    references: &[("application_id", Application::PREFIX)],
    parts: &[(Application::TYPE, "key", "file"), (Application::TYPE, "user_id", "sensitive")],
    ..Domain::new("applications")
};
