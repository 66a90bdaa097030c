//! Writing questions. What counts at one that there is changes by `regradeQuestion` alone.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Question, QuestionOption, QuestionPool, Quiz, QuizMode,
    inputs::{CreateQuestionInput, UpdateQuestionInput, UpdateQuestionOptionInput, not_taken, right_texts, tolerance, words},
    question::QuestionKind,
    quiz_mutations::{lock_keys, own_quiz},
    sql,
};
use crate::domains::courses::{Course, require_author};

/// Mutations of questions.
pub struct QuestionMutations;

/// What can be chosen, and what is right.
#[derive(Default)]
struct Written {
    options: Vec<String>,
    right: Vec<usize>,
    number: Option<f64>,
    tolerance: Option<f64>,
    texts: Option<Vec<String>>,
}

fn options(given: &[String]) -> Result<Vec<String>> {
    if !(2..=20).contains(&given.len()) {
        return Err(Error::bad_input("options", "must hold 2 to 20 options"));
    }
    given.iter().enumerate().map(|(index, option)| words(&format!("options.{index}"), option, 2000)).collect()
}

/// The places of the right options.
fn right(given: Option<&Vec<i32>>, kind: QuestionKind, options: usize) -> Result<Vec<usize>> {
    let given = given.ok_or_else(|| Error::bad_input("correctOptions", "is required of this kind"))?;
    let mut right = Vec::with_capacity(given.len());
    for (index, place) in given.iter().enumerate() {
        let field = || format!("correctOptions.{index}");
        let place = usize::try_from(*place).ok().filter(|place| *place < options);
        let place = place.ok_or_else(|| Error::bad_input(field(), format!("must be between 0 and {}", options - 1)))?;
        if right.contains(&place) {
            return Err(Error::bad_input(field(), "stands in the list twice"));
        }
        right.push(place);
    }
    match (kind, right.len()) {
        (QuestionKind::Single, count) if count != 1 => Err(Error::bad_input("correctOptions", "must name exactly one option")),
        (_, 0) => Err(Error::bad_input("correctOptions", "must name at least one option")),
        _ => Ok(right),
    }
}

/// Reads what an input says of options and key: exactly what the kind takes; in a survey no key.
fn written(input: &CreateQuestionInput, is_survey: bool) -> Result<Written> {
    let (kind, mut written) = (input.kind, Written::default());
    let chooses = matches!(kind, QuestionKind::Single | QuestionKind::Multiple);
    not_taken("options", input.options.is_some() && !chooses)?;
    not_taken("correctOptions", input.correct_options.is_some() && (is_survey || !chooses))?;
    let is_number = kind == QuestionKind::Numeric && !is_survey;
    not_taken("number", input.number.is_some() && !is_number)?;
    not_taken("tolerance", input.tolerance.is_some() && !is_number)?;
    not_taken("texts", input.texts.is_some() && (is_survey || kind != QuestionKind::ShortText))?;
    if chooses {
        written.options = options(input.options.as_deref().unwrap_or_default())?;
        if !is_survey {
            written.right = right(input.correct_options.as_ref(), kind, written.options.len())?;
        }
    } else if is_number {
        written.number = Some(input.number.ok_or_else(|| Error::bad_input("number", "is required of this kind"))?);
        written.tolerance = Some(tolerance("tolerance", input.tolerance.unwrap_or(0.0))?);
    } else if kind == QuestionKind::ShortText && !is_survey {
        written.texts = Some(right_texts("texts", input.texts.as_deref().unwrap_or_default())?);
    }
    Ok(written)
}

/// Where a question is to stand: its course, quiz or pool, position, and whether that is in a survey.
struct PlaceOf {
    course: Id<Course>,
    quiz: Option<Id<Quiz>>,
    pool: Option<Id<QuestionPool>>,
    position: Option<i32>,
    is_survey: bool,
}

async fn place(ctx: &Context<'_>, quiz: Option<Id<Quiz>>, pool: Option<Id<QuestionPool>>) -> Result<PlaceOf> {
    if let Some(id) = quiz {
        let quiz = own_quiz(ctx, "quizId", id).await?;
        // As it is now that nobody else changes it.
        let mode = ctx.get(id).await?.map_or(quiz.mode, |quiz| quiz.mode);
        let asked: i64 = ctx.tx().value(sql::ASKED, &[&id]).await?.unwrap_or(0);
        let position = i32::try_from(asked + 1).map_err(|_| Error::internal("a quiz has too many questions"))?;
        return Ok(PlaceOf {
            course: quiz.course_id,
            quiz: Some(id),
            pool: None,
            position: Some(position),
            is_survey: mode == QuizMode::Survey,
        });
    }
    let id = pool.ok_or_else(|| Error::bad_input("quizId", "or `poolId`: exactly one of them is required"))?;
    let pool = ctx.get(id).await?.ok_or_else(|| Error::not_found("pool").field("poolId"))?;
    require_author(ctx, "poolId", pool.course_id).await?;
    lock_keys(ctx, pool.course_id).await?;
    Ok(PlaceOf { course: pool.course_id, quiz: None, pool: Some(id), position: None, is_survey: false })
}

/// The options that a question is to have: their ids, none for new ones, and their words.
#[derive(Default)]
struct Kept {
    ids: Vec<Option<Id<QuestionOption>>>,
    texts: Vec<String>,
}

/// What an input says of options.
fn kept(options: &[UpdateQuestionOptionInput]) -> Result<Kept> {
    if !(2..=20).contains(&options.len()) {
        return Err(Error::bad_input("options", "must hold 2 to 20 options"));
    }
    let mut kept = Kept::default();
    for (index, option) in options.iter().enumerate() {
        let id = Id::<QuestionOption>::parse_opt(&format!("options.{index}.id"), option.id.as_ref())?;
        if id.is_some() && kept.ids.contains(&id) {
            return Err(Error::bad_input(format!("options.{index}.id"), "stands in the list twice"));
        }
        kept.ids.push(id);
        kept.texts.push(words(&format!("options.{index}.text"), &option.text, 2000)?);
    }
    Ok(kept)
}

/// A number as decimals are written.
pub fn decimal(number: Option<f64>) -> Option<String> {
    number.map(|number| number.to_string())
}

#[mutations("Question")]
impl QuestionMutations {
    /// Adds a question to a quiz, as the last one, or to a pool; at most 500 each. BAD_USER_INPUT with the field for what its kind does not take, and
    /// for what it misses.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn create_question(
        ctx: &Context<'_>,
        /// The question.
        input: CreateQuestionInput,
    ) -> Result<Loaded<Question>> {
        let quiz = Id::<Quiz>::parse_opt("quizId", input.quiz_id.as_ref())?;
        let pool = Id::<QuestionPool>::parse_opt("poolId", input.pool_id.as_ref())?;
        if quiz.is_some() == pool.is_some() {
            return Err(Error::bad_input("quizId", "or `poolId`: exactly one of them is required"));
        }
        let question = Insert::<Question>::new().input(ctx, &input)?;
        let explanation = input.explanation.as_deref().map(|text| text::long("explanation", text)).transpose()?.flatten();
        let place = place(ctx, quiz, pool).await?;
        let Written { options, right, number, tolerance, texts } = written(&input, place.is_survey)?;
        let (id, columns) = (question.id(), Question::COLUMNS);
        let too_many = if place.quiz.is_some() { "quizId" } else { "poolId" };
        let too_many = move || Error::bad_input(too_many, "has 500 questions already");
        let question = question
            .set(columns.course_id, place.course)
            .set(columns.quiz_id, place.quiz)
            .set(columns.pool_id, place.pool)
            .set(columns.position, place.position)
            .run(ctx)
            .await
            .on_constraint("question_position_check", |_| too_many())
            .on_constraint("question_count", |_| too_many())?;
        let mut option_ids = None;
        if !options.is_empty() {
            let rows = ctx.tx().query(sql::ADD_OPTIONS, &[&id, &options]).await?;
            let mut made: Vec<(i32, Id<QuestionOption>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            made.sort_unstable_by_key(|(position, _)| *position);
            let chosen: Vec<Id<QuestionOption>> = right.iter().filter_map(|place| made.get(*place)).map(|(_, id)| *id).collect();
            option_ids = (!place.is_survey).then_some(chosen);
        }
        let (number, tolerance) = (decimal(number), decimal(tolerance));
        ctx.tx().query(sql::ADD_KEY, &[&id, &option_ids, &number, &tolerance, &texts, &explanation]).await?;
        Ok(question)
    }

    /// Changes the words of a question: in attempts under way as well. CONFLICT with IN_USE for taking away an option that stands in the key or in an
    /// answer; a new one is wrong.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_question(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateQuestionInput,
    ) -> Result<Loaded<Question>> {
        let id = Id::<Question>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        let explanation = match &input.explanation {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => Some(text::long("explanation", text)?),
        };
        let options = input.options.as_deref().map(kept).transpose()?;
        let question = ctx.get(id).await?.ok_or_else(|| Error::not_found("question").field("id"))?;
        require_author(ctx, "id", question.course_id).await?;
        lock_keys(ctx, question.course_id).await?;
        if let Some(Kept { ids, texts }) = options {
            not_taken("options", !matches!(question.kind, QuestionKind::Single | QuestionKind::Multiple))?;
            let missing = |place: i64| Error::not_found("option of this question").field(format!("options.{place}.id"));
            ctx.tx()
                .query(sql::SET_OPTIONS, &[&id, &ids, &texts])
                .await
                .on_constraint("question_option_missing", |error| missing(error.number("place").unwrap_or(0)))
                .on_constraint("question_option_in_use", |_| {
                    Error::conflict("IN_USE", "An option that stands in the key or in an answer can't be taken away.").field("options")
                })?;
        }
        if let Some(explanation) = explanation {
            ctx.tx().query(sql::EXPLAIN, &[&id, &explanation]).await?;
        }
        change.run(ctx).await?.ok_or_else(|| Error::not_found("question").field("id"))
    }

    /// Deletes a question. One that stands in attempts is asked no more, and stays in them. CONFLICT with IN_USE where it is drawn and the pool would have too few,
    /// and for the only one of a published quiz. Answers its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn delete_question(
        ctx: &Context<'_>,
        /// The question's id.
        id: Id<Question>,
    ) -> Result<Id<Question>> {
        let removed: Option<bool> = ctx.tx().value(sql::REMOVE_QUESTION, &[&id]).await.on_constraint("question_in_use", |_| {
            Error::conflict("IN_USE", "A quiz needs the question: it draws as many from the pool, or is published and asks nothing else.")
                .field("id")
        })?;
        if removed == Some(true) { Ok(id) } else { Err(Error::not_found("question").field("id")) }
    }
}
