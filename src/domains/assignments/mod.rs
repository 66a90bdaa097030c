//! Assignments: what they ask for, what people hand in, and how it is graded. Tables: `assignment`, `rubric_criterion`, `submission`, `submission_file`,
//! `submission_grade`, `rubric_score`, `submission_event`, `deadline_reminder`.
//!
//! Permissions: COURSE_UPDATE (says what is asked, in the courses that one is staff of), ENROLLMENT_SELF (hands in), GRADE_MANAGE (reads and grades the work of
//! these courses), GRADE_READ_ALL (sees all work).
//! Invariants, kept by the database: no more is handed in than may be, and nothing after its time; lateness and penalties follow the author's present due
//! date; nobody grades their own work, nor over what they have not read; a grade that is held is hidden from its author by row security, and nothing
//! follows from it; of a rubric each criterion counts once.

mod assignment;
mod fields;
mod grading_mutations;
mod inputs;
mod lists;
mod marks;
mod mutations;
mod notices;
mod queries;
mod sql;
mod submission;

use lectern_kernel::{
    ids::Kind as _,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

use crate::domains::identity::User;

pub use self::{
    assignment::{Assignment, RubricCriterion},
    notices::{ASSIGNMENT_GRADED, DEADLINE_SOON, SUBMISSION_RECEIVED, SUBMISSION_RETURNED},
    submission::Submission,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Assignment::object,
        RubricCriterion::object,
        Submission::object,
        submission::RubricScore::object,
        submission::SubmissionEvent::object,
    ],
    operations: &[
        queries::AssignmentQueries::OPERATIONS,
        mutations::AssignmentMutations::OPERATIONS,
        grading_mutations::GradingMutations::OPERATIONS,
    ],
    extensions: &[&fields::LessonAssignment::EXTENSION],
    jobs: &[notices::REMIND],
    events: &[Event {
        name: "submissionChanged",
        description: "A submission that you may see is new or has changed: as it is now. Of a grade that is held nobody hears, until it is released.",
        of: Heard::Row(Submission::object),
        topic: "submission",
        key: HeardKey::Any,
        since: None,
        query: "submission",
    }],
    emits: &[
        ("submission.submitted", "Somebody has handed something in. `id`, `status`, `number`, `assignmentId`, `courseId`, `userId`."),
        (
            "submission.graded",
            "A submission was graded; not before its grade is released. `id`, `status`, `number`, `points`, `assignmentId`, `courseId`, `userId`.",
        ),
        ("submission.returned", "A submission was given back. `id`, `status`, `number`, `assignmentId`, `courseId`, `userId`."),
    ],
    references: &[
        ("assignment_id", Assignment::PREFIX),
        ("submission_id", Submission::PREFIX),
        ("criterion_id", RubricCriterion::PREFIX),
        ("graded_by_id", User::PREFIX),
    ],
    parts: &[
        (Submission::TYPE, "file_id", "file"),
        (Submission::TYPE, "graded_by_id", "grade"),
        (Submission::TYPE, "criterion_id", "score"),
    ],
    ..Domain::new("assignments")
};
