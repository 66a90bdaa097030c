//! Taking quizzes: one call of a function each, which decides by the database's clock and under its locks.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint, Outcome},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;
use serde_json::{Map, Value, json};
use tokio_postgres::types::ToSql;

use super::{
    Question, QuestionOption, Quiz, QuizAttempt,
    inputs::{QuizAnswerInput, SaveQuizAnswersInput, VoidQuizAttemptInput, words},
    quiz_mutations::MOST,
    sql,
};

/// Mutations of attempts.
pub struct AttemptMutations;

fn not_enrolled(field: &'static str) -> Error {
    Error::forbidden("NOT_ENROLLED", "This takes an enrollment in the course that gives access.").field(field)
}

fn over() -> Error {
    Error::conflict("DEADLINE_PASSED", "The time of the attempt is over.")
}

fn no_attempt(field: &'static str) -> Error {
    Error::not_found("attempt").field(field)
}

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or(0), error.number("used").unwrap_or(0));
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    Error::conflict("MAX_ATTEMPTS", format!("There are {limit} attempts at this quiz, and all are used.")).limit(count(limit), count(used))
}

fn path(error: &DbError, rest: &str) -> String {
    format!("answers.{}.{rest}", error.number("place").unwrap_or(0))
}

/// A rehearsal would show questions without starting the clock, and what is right without handing in.
fn not_rehearsed(ctx: &Context<'_>, name: &str) -> Result<()> {
    if ctx.request().is_rehearsal {
        let message = format!("`{name}` can't be rehearsed: what it shows could not be taken back.");
        return Err(Error::bad_request(message).reason("DRY_RUN_NOT_POSSIBLE"));
    }
    Ok(())
}

/// Asks a function about an attempt of the actor's, and maps what it refuses.
async fn ask(ctx: &Context<'_>, field: &'static str, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Loaded<QuizAttempt>, Outcome> {
    let rows = ctx
        .tx()
        .query(sql, params)
        .await
        .on_constraint("lesson_not_enrolled", |_| not_enrolled(field))
        .on_constraint("lesson_locked", |_| Error::conflict("LESSON_LOCKED", "The lesson is not open to you yet.").field(field))
        .on_constraint("quiz_not_open", |_| Error::conflict("NOT_OPEN_YET", "The quiz opens later.").field(field))
        .on_constraint("quiz_closed", |_| Error::conflict("DEADLINE_PASSED", "The quiz is closed for you.").field(field))
        .on_constraint("quiz_attempts", |error| too_many(error).field(field))
        .on_constraint("quiz_empty", |_| Error::conflict("EMPTY_QUIZ", "The quiz asks nothing yet.").field(field))
        .on_constraint("quiz_attempt_over", |_| over().field(field))
        .on_constraint("quiz_attempt_submitted", |_| Error::conflict("ALREADY_SUBMITTED", "The attempt was submitted.").field(field))
        .on_constraint("quiz_attempt_transition", |_| Error::conflict("INVALID_TRANSITION", "The attempt is VOID.").field(field))
        .on_constraint("quiz_answer_question", |error| Error::not_found("question of this attempt").field(path(error, "questionId")))
        .on_constraint("quiz_answer_kind", |error| {
            let what = error.text("what").unwrap_or_default();
            Error::bad_input(path(error, &what), "must be left out: this question takes none")
        })
        .on_constraint("quiz_answer_option", |error| {
            let place = error.number("option").unwrap_or(0);
            Error::bad_input(path(error, &format!("optionIds.{place}")), "must be an option of the question")
        })
        .on_constraint("quiz_answer_single", |error| Error::bad_input(path(error, "optionIds"), "must name one option at most"))?;
    let attempt: Option<Id<QuizAttempt>> = rows.first().and_then(|row| row.get(0));
    let attempt = attempt
        .ok_or_else(|| Outcome::Mapped(if field == "quizId" { Error::not_found("quiz").field(field) } else { no_attempt(field) }))?;
    let attempt = ctx.whole(attempt).await.map_err(Outcome::Mapped)?;
    attempt.ok_or_else(|| Outcome::Mapped(no_attempt(field)))
}

/// An answer as `app.save_quiz_answers` takes it.
fn answer(index: usize, given: &QuizAnswerInput, seen: &mut Vec<Id<Question>>) -> Result<Value> {
    let question = Id::<Question>::parse(&format!("answers.{index}.questionId"), &given.question_id)?;
    if seen.contains(&question) {
        return Err(Error::bad_input(format!("answers.{index}.questionId"), "stands in the list twice"));
    }
    seen.push(question);
    let mut answer = Map::from_iter([("question".to_owned(), json!(question.0.to_string()))]);
    if let Some(options) = &given.option_ids {
        let field = format!("answers.{index}.optionIds");
        let options = if options.is_empty() { Vec::new() } else { Id::<QuestionOption>::parse_list(&field, options, 20)? };
        answer.insert("options".to_owned(), json!(options.iter().map(|option| option.0.to_string()).collect::<Vec<_>>()));
    }
    if let Some(number) = given.number {
        answer.insert("number".to_owned(), json!(number));
    }
    if let Some(words) = &given.text {
        answer.insert("text".to_owned(), json!(text::longer(&format!("answers.{index}.text"), words, 1000)?));
    }
    Ok(Value::Object(answer))
}

#[mutations("QuizAttempt")]
impl AttemptMutations {
    /// Starts an attempt at a quiz, or answers the one that is open. FORBIDDEN with NOT_ENROLLED; CONFLICT with LESSON_LOCKED, with NOT_OPEN_YET before
    /// the quiz opens, with DEADLINE_PASSED after it has closed for you, with MAX_ATTEMPTS (`limit`, `used`). Can't be rehearsed.
    #[needs(EnrollmentSelf)]
    async fn start_quiz_attempt(
        ctx: &Context<'_>,
        /// The quiz.
        quiz_id: Id<Quiz>,
    ) -> Result<Loaded<QuizAttempt>> {
        not_rehearsed(ctx, "startQuizAttempt")?;
        Ok(ask(ctx, "quizId", sql::START, &[&quiz_id]).await?)
    }

    /// Saves answers of an attempt of yours, in place of those that you gave to the same questions. At the very end of its time is in time, later is
    /// CONFLICT with DEADLINE_PASSED; with ALREADY_SUBMITTED once it is submitted. All or none: BAD_USER_INPUT with the path for what is no answer to its
    /// question, NOT_FOUND for a question that the attempt does not ask.
    #[needs(EnrollmentSelf)]
    async fn save_quiz_answers(
        ctx: &Context<'_>,
        /// The answers.
        input: SaveQuizAnswersInput,
    ) -> Result<Loaded<QuizAttempt>> {
        let id = Id::<QuizAttempt>::parse("attemptId", &input.attempt_id)?;
        if input.answers.len() > MOST {
            return Err(Error::bad_input("answers", format!("must hold at most {MOST} answers")));
        }
        let mut seen = Vec::with_capacity(input.answers.len());
        let answers: Vec<Value> =
            input.answers.iter().enumerate().map(|(index, given)| answer(index, given, &mut seen)).collect::<Result<_>>()?;
        Ok(ask(ctx, "attemptId", sql::SAVE, &[&id, &Value::Array(answers)]).await?)
    }

    /// Hands in an attempt of yours, with the answers that were saved. CONFLICT with DEADLINE_PASSED after its end, with ALREADY_SUBMITTED for one that
    /// was handed in. Can't be rehearsed.
    #[needs(EnrollmentSelf)]
    async fn submit_quiz_attempt(
        ctx: &Context<'_>,
        /// The attempt's id.
        id: Id<QuizAttempt>,
    ) -> Result<Loaded<QuizAttempt>> {
        not_rehearsed(ctx, "submitQuizAttempt")?;
        Ok(ask(ctx, "id", sql::SUBMIT, &[&id]).await?)
    }

    /// Takes an attempt out of what counts, for those who grade the course: it is not in the grade book and no attempt any more; what it completed stays
    /// completed. CONFLICT with INVALID_TRANSITION for one that is VOID.
    #[needs(GradeManage)]
    async fn void_quiz_attempt(
        ctx: &Context<'_>,
        /// Which, and why.
        input: VoidQuizAttemptInput,
    ) -> Result<Loaded<QuizAttempt>> {
        let id = Id::<QuizAttempt>::parse("id", &input.id)?;
        let reason = words("reason", &input.reason, 10_000)?;
        match ask(ctx, "id", sql::VOID, &[&id, &reason]).await {
            Ok(attempt) => Ok(attempt),
            // One that they see and don't grade.
            Err(Outcome::Mapped(error)) if error.code() == lectern_kernel::error::Code::NotFound => Err(ctx.untouched(id, "attempt").await),
            Err(error) => Err(error.into()),
        }
    }
}
