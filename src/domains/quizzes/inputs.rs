//! What the mutations of quizzes take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{
    Question, Quiz, QuizMode,
    question::QuestionKind,
    quiz::{AttemptGrading, QuizMarking, QuizReview},
};

/// A change of a quiz. What is left out stays as it is; an explicit null clears.
#[writes(Quiz)]
pub struct UpdateQuizInput {
    /// The quiz.
    #[by_hand]
    pub id: ID,
    /// What it is for.
    pub mode: MaybeUndefined<QuizMode>,
    /// How many percent pass, 0 to 100; null: whatever is submitted.
    #[check(percent)]
    pub pass_mark: MaybeUndefined<f64>,
    /// How many attempts everybody has, 1 to 100; null for any number.
    #[check(attempts)]
    pub max_attempts: MaybeUndefined<i32>,
    /// How many minutes an attempt takes at most, 1 to 1,440; null for any number. Attempts under way end accordingly.
    #[check(minutes)]
    pub time_limit_minutes: MaybeUndefined<i32>,
    /// When it opens; null: it is open.
    pub opens_at: MaybeUndefined<DateTime>,
    /// When it closes, later than it opens; null: never. Attempts under way end accordingly.
    pub closes_at: MaybeUndefined<DateTime>,
    /// Whether each attempt asks in an order of its own.
    pub shuffle_questions: MaybeUndefined<bool>,
    /// Whether each attempt shows options in an order of its own.
    pub shuffle_options: MaybeUndefined<bool>,
    /// How answers are marked, in attempts to come.
    pub marking: MaybeUndefined<QuizMarking>,
    /// What a wrong answer costs under NEGATIVE, in shares of the question's points: 0 to 10, with two decimals at most; in attempts to come.
    #[check(penalty)]
    pub wrong_penalty: MaybeUndefined<f64>,
    /// Which attempt counts.
    pub attempt_grading: MaybeUndefined<AttemptGrading>,
    /// When people see marks, keys and explanations of their attempts.
    pub review: MaybeUndefined<QuizReview>,
    /// What is drawn from pools, in place of what was; each pool once.
    #[by_hand]
    pub draws: MaybeUndefined<Vec<QuizDrawInput>>,
}

/// So many questions of a pool, drawn at random for each attempt.
#[derive(InputObject)]
pub struct QuizDrawInput {
    /// The pool, of the same course.
    pub pool_id: ID,
    /// How many.
    pub count: i32,
    /// What each of them is worth: 0.01 to 1,000, with two decimals at most.
    pub points: f64,
}

/// A question to be added to a quiz or a pool: exactly one of `quizId` and `poolId`, and the key that its kind takes. In a survey none.
#[writes(Question)]
pub struct CreateQuestionInput {
    /// The quiz; it is asked last.
    #[by_hand]
    pub quiz_id: Option<ID>,
    /// The pool.
    #[by_hand]
    pub pool_id: Option<ID>,
    /// What kind of answer it takes; it never changes.
    pub kind: QuestionKind,
    /// What it asks; 1 to 10,000 characters.
    #[check(prompt)]
    pub prompt: String,
    /// What it is worth: 0.01 to 1,000, with two decimals at most; 1 unless given. Drawn from a pool, it is worth what the draw says.
    #[check(points)]
    pub points: Option<f64>,
    /// Why the right answer is right; at most 10,000 characters.
    #[by_hand]
    pub explanation: Option<String>,
    /// For SINGLE and MULTIPLE: 2 to 20 options, 1 to 2,000 characters each.
    #[by_hand]
    pub options: Option<Vec<String>>,
    /// The right ones among them, counted from 0: one for SINGLE, at least one for MULTIPLE.
    #[by_hand]
    pub correct_options: Option<Vec<i32>>,
    /// For NUMERIC: the right number.
    #[by_hand]
    pub number: Option<f64>,
    /// By how much an answer may differ from it; 0 unless given.
    #[by_hand]
    pub tolerance: Option<f64>,
    /// For SHORT_TEXT: 1 to 20 right texts, 1 to 1,000 characters each.
    #[by_hand]
    pub texts: Option<Vec<String>>,
}

/// A change of a question's words. What is left out stays as it is; what counts is changed by `regradeQuestion`.
#[writes(Question)]
pub struct UpdateQuestionInput {
    /// The question.
    #[by_hand]
    pub id: ID,
    /// What it asks; 1 to 10,000 characters.
    #[check(prompt)]
    pub prompt: MaybeUndefined<String>,
    /// Why the right answer is right; at most 10,000 characters; null for nothing.
    #[by_hand]
    pub explanation: MaybeUndefined<String>,
    /// All of its options in their order: those with an id are kept, those without are new and wrong, all others go.
    #[by_hand]
    pub options: Option<Vec<UpdateQuestionOptionInput>>,
}

/// An option of a question.
#[derive(InputObject)]
pub struct UpdateQuestionOptionInput {
    /// One that it has; left out: a new one.
    pub id: Option<ID>,
    /// What it says; 1 to 2,000 characters.
    pub text: String,
}

/// A new order of a quiz's questions.
#[derive(InputObject)]
pub struct ReorderQuestionsInput {
    /// The quiz.
    pub quiz_id: ID,
    /// All of its own questions, each once, in their new order.
    pub question_ids: Vec<ID>,
}

/// What is to count at a question from now on, and in what was submitted. What is left out stays as it is.
#[derive(InputObject)]
pub struct RegradeQuestionInput {
    /// The question.
    pub question_id: ID,
    /// The right options, of a SINGLE or MULTIPLE.
    pub correct_option_ids: Option<Vec<ID>>,
    /// The right number, of a NUMERIC.
    pub number: Option<f64>,
    /// By how much an answer may differ from it.
    pub tolerance: Option<f64>,
    /// The right texts, of a SHORT_TEXT.
    pub texts: Option<Vec<String>>,
    /// What it is worth: 0.01 to 1,000, with two decimals at most. Not of a question of a pool: there it is the draw's.
    pub points: Option<f64>,
    /// Whether everybody has its full points, whatever they answered.
    pub is_void: Option<bool>,
    /// Whether somebody may fall at the question; if not, they keep what they had.
    pub may_lower: Option<bool>,
    /// Why; 1 to 10,000 characters. Those whose score changes read it.
    pub reason: String,
}

/// Answers of an attempt.
#[derive(InputObject)]
pub struct SaveQuizAnswersInput {
    /// The attempt.
    pub attempt_id: ID,
    /// At most 500 answers, one for a question, in place of what was answered before.
    pub answers: Vec<QuizAnswerInput>,
}

/// An answer: what the question's kind takes. Nothing but the question: blank again.
#[derive(InputObject)]
pub struct QuizAnswerInput {
    /// The question.
    pub question_id: ID,
    /// The chosen options of a SINGLE (one) or MULTIPLE.
    pub option_ids: Option<Vec<ID>>,
    /// The number of a NUMERIC.
    pub number: Option<f64>,
    /// The text of a SHORT_TEXT; at most 1,000 characters.
    pub text: Option<String>,
}

/// An attempt that is to count no more.
#[derive(InputObject)]
pub struct VoidQuizAttemptInput {
    /// The attempt.
    pub id: ID,
    /// Why; 1 to 10,000 characters. Its owner reads it.
    pub reason: String,
}

fn within<T: PartialOrd + Copy>(field: &str, value: T, least: T, most: T, said: &str) -> Result<T> {
    if value >= least && value <= most { Ok(value) } else { Err(Error::bad_input(field, format!("must be between {said}"))) }
}

fn percent(field: &str, percent: &f64) -> Result<f64> {
    within(field, percent + 0.0, 0.0, 100.0, "0 and 100")
}

fn attempts(field: &str, attempts: &i32) -> Result<i32> {
    within(field, *attempts, 1, 100, "1 and 100")
}

fn minutes(field: &str, minutes: &i32) -> Result<i32> {
    within(field, *minutes, 1, 1440, "1 and 1440")
}

/// A number with two decimals at most.
fn two_decimals(field: &str, value: f64) -> Result<f64> {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded == value { Ok(value + 0.0) } else { Err(Error::bad_input(field, "must have two decimals at most")) }
}

fn penalty(field: &str, penalty: &f64) -> Result<f64> {
    two_decimals(field, within(field, *penalty, 0.0, 10.0, "0 and 10")?)
}

/// What a question is worth.
pub fn points(field: &str, points: &f64) -> Result<f64> {
    two_decimals(field, within(field, *points, 0.01, 1000.0, "0.01 and 1000")?)
}

fn prompt(field: &str, prompt: &str) -> Result<String> {
    words(field, prompt, 10_000)
}

/// A long text that is not blank.
pub fn words(field: &str, given: &str, most: usize) -> Result<String> {
    text::longer(field, given, most)?.ok_or_else(|| Error::bad_input(field, format!("must have 1 to {most} characters, not only blanks")))
}

/// Right texts: 1 to 20.
pub fn right_texts(field: &str, texts: &[String]) -> Result<Vec<String>> {
    if texts.is_empty() || texts.len() > 20 {
        return Err(Error::bad_input(field, "must hold 1 to 20 texts"));
    }
    texts.iter().enumerate().map(|(index, text)| text::short(&format!("{field}.{index}"), text, 1000)).collect()
}

/// By how much a number may differ.
pub fn tolerance(field: &str, tolerance: f64) -> Result<f64> {
    if tolerance.is_finite() && tolerance >= 0.0 { Ok(tolerance + 0.0) } else { Err(Error::bad_input(field, "must be 0 or more")) }
}

/// Refuses what a kind does not take.
pub fn not_taken(field: &str, is_given: bool) -> Result<()> {
    if is_given { Err(Error::bad_input(field, "must be left out: this question takes none")) } else { Ok(()) }
}
