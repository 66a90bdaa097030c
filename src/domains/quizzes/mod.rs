//! Quizzes: what a lesson asks, what is right, attempts, marks, and grading anew. Tables: `quiz`, `quiz_draw`, `question`, `question_option`,
//! `question_key`, `question_pool`, `quiz_attempt`, `attempt_question`, `regrade`, `score_change`.
//!
//! Permissions: COURSE_READ (a quiz whose lesson is open), COURSE_UPDATE and COURSE_UPDATE_ALL (questions and keys of courses that one is staff of), ENROLLMENT_SELF
//! (takes quizzes), GRADE_MANAGE (sees attempts, voids them, grades anew), GRADE_READ_ALL (sees scores).
//! Invariants, kept by the database: no role of the service reads what is right, but by functions that know who may; a question exists for a learner within
//! their own attempt alone; one open attempt for each person and quiz; each attempt is marked by the old key and graded anew, or by the new one; nobody falls
//! by grading anew, unless it is said so; what was completed stays completed.

mod attempt;
mod attempt_mutations;
mod fields;
mod inputs;
mod jobs;
mod key;
mod lists;
mod notice;
mod pool;
mod queries;
mod question;
mod question_mutations;
mod quiz;
mod quiz_mutations;
mod regrade;
mod score;
mod sheet;
mod sql;
mod statistics;
mod terms;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::identity::User;

pub use self::{
    attempt::QuizAttempt,
    key::QuestionOption,
    notice::QUIZ_REGRADED,
    pool::QuestionPool,
    question::Question,
    quiz::{Quiz, QuizMode},
    regrade::Regrade,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Quiz::object,
        Question::object,
        QuestionOption::object,
        key::AnswerKey::object,
        QuestionPool::object,
        quiz::QuizDraw::object,
        QuizAttempt::object,
        sheet::AttemptQuestion::object,
        sheet::GivenAnswer::object,
        score::ScoreChange::object,
        statistics::QuestionStatistic::object,
        Regrade::object,
    ],
    operations: &[
        queries::QuizQueries::OPERATIONS,
        quiz_mutations::QuizMutations::OPERATIONS,
        question_mutations::QuestionMutations::OPERATIONS,
        pool::PoolMutations::OPERATIONS,
        regrade::RegradeMutations::OPERATIONS,
        attempt_mutations::AttemptMutations::OPERATIONS,
    ],
    extensions: &[&fields::LessonQuiz::EXTENSION, &fields::CoursePools::EXTENSION],
    jobs: &[jobs::CLOSE, jobs::SWEEP],
    emits: &[(
        "quiz_attempt.submitted",
        "An attempt at a quiz was handed in, or closed when its time was over. `id`, `status`, `quizId`, `courseId`, `userId`, `number`, `score`.",
    )],
    references: &[
        ("quiz_id", Quiz::PREFIX),
        ("pool_id", QuestionPool::PREFIX),
        ("question_id", Question::PREFIX),
        ("attempt_id", QuizAttempt::PREFIX),
        ("by_id", User::PREFIX),
    ],
    recorded: &[(QuestionOption::TYPE, QuestionOption::PREFIX)],
    parts: &[(Quiz::TYPE, "pool_id", "draw"), (Question::TYPE, "question_id", "key")],
    ..Domain::new("quizzes")
};
