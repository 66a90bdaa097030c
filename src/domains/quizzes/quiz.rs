//! A quiz: how it is taken, and by which rules it is marked.

use async_graphql::Context;
use futures_util::future::try_join_all;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Nested, Rows, all_where, many_where},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    Question, QuestionPool, QuizAttempt, Regrade,
    lists::{AS_ASKED, EARLIEST_ATTEMPT, LATEST_ATTEMPT, QuizAttemptFilter},
    regrade::RegradesOf,
    statistics::{QuestionStatistic, StatisticsOf},
    terms::{Draw, DrawsOf, SizeOf, TermsOf},
};
use crate::domains::{courses::Course, lessons::Lesson};

text_enum! {
    /// What a quiz is for. It is fixed once something was submitted.
    pub enum QuizMode {
        /// Its score counts in the grade book.
        Graded = "GRADED",
        /// It is marked, and counts nowhere.
        Practice = "PRACTICE",
        /// Nothing in it is right or wrong: no keys, no score.
        Survey = "SURVEY",
    }
}

text_enum! {
    /// How answers are marked. An attempt is marked by the rules under which it began.
    pub enum QuizMarking {
        /// The question's points for a right answer, else 0.
        AllOrNothing = "ALL_OR_NOTHING",
        /// The same, but for MULTIPLE: the share (right − wrong) / all right ones of the points, at least 0.
        Partial = "PARTIAL",
        /// MULTIPLE: that share, down to minus the points. Any other wrong answer costs `wrongPenalty` × points, a blank nothing. The sum is
        /// at least 0.
        Negative = "NEGATIVE",
    }
}

text_enum! {
    /// Which attempt counts.
    pub enum AttemptGrading {
        /// The best one.
        Highest = "HIGHEST",
        /// The last one.
        Latest = "LATEST",
        /// The mean of all.
        Average = "AVERAGE",
    }
}

text_enum! {
    /// When people see marks, keys and explanations of an attempt of theirs. The score itself they see at once.
    pub enum QuizReview {
        /// Never.
        Never = "NEVER",
        /// As soon as it is submitted.
        AfterSubmission = "AFTER_SUBMISSION",
        /// Once they can't start another one.
        AfterLastAttempt = "AFTER_LAST_ATTEMPT",
        /// Once the quiz is closed for everybody, the latest extension included.
        AfterClose = "AFTER_CLOSE",
    }
}

/// What a lesson of the kind QUIZ asks. Seen by those for whom the lesson is open, and by the course's staff; its questions by those who write
/// the course, and by a learner in their own attempts alone.
#[object(table = "quiz", alias = "qz", id = "quiz", node(CourseRead), resolvers, dear)]
#[derive(Clone, Debug)]
pub struct Quiz {
    /// Its id.
    pub id: Id<Quiz>,
    /// What it is for.
    pub mode: QuizMode,
    /// How many percent pass, compared before rounding; null: whatever is submitted.
    pub pass_mark: Option<f64>,
    /// How many attempts everybody has; null for any number.
    pub max_attempts: Option<i32>,
    /// How many minutes an attempt takes at most; null for any number.
    pub time_limit_minutes: Option<i32>,
    /// When it opens, inclusive; null: it is open.
    pub opens_at: Option<DateTime>,
    /// When it closes, inclusive; null: never.
    pub closes_at: Option<DateTime>,
    /// Whether each attempt asks in an order of its own.
    pub shuffle_questions: bool,
    /// Whether each attempt shows options in an order of its own.
    pub shuffle_options: bool,
    /// How answers are marked.
    pub marking: QuizMarking,
    /// What a wrong answer costs under NEGATIVE, in shares of the question's points.
    pub wrong_penalty: f64,
    /// Which attempt counts.
    pub attempt_grading: AttemptGrading,
    /// When people see marks, keys and explanations of their attempts.
    pub review: QuizReview,
    /// The lesson.
    #[one]
    pub lesson_id: Id<Lesson>,
    #[hidden]
    pub course_id: Id<Course>,
    #[hidden]
    pub created_at: DateTime,
}

static QUESTIONS: Nested = Nested::new("quiz.questions", AS_ASKED, "qn.quiz_id");
static OWN_ATTEMPTS: Nested = Nested::new("quiz.viewerAttempts", EARLIEST_ATTEMPT, "qa.quiz_id");
static ATTEMPTS: Nested = Nested::new("quiz.attempts", LATEST_ATTEMPT, "qa.quiz_id");

#[resolvers]
impl Quiz {
    /// How many questions an attempt that starts now would hold.
    async fn question_count(id: Id<Quiz>, ctx: &Context<'_>) -> Result<i32> {
        Ok(ctx.load(SizeOf(id)).await?.map_or(0, |size| size.questions))
    }

    /// What an attempt that starts now would be worth at most; 0 for a survey.
    async fn max_score(id: Id<Quiz>, ctx: &Context<'_>) -> Result<f64> {
        Ok(ctx.load(SizeOf(id)).await?.map_or(0.0, |size| size.max_score))
    }

    /// When it closes for you, with your extension, and later by the minutes that your `timeFactor` adds; null: never.
    async fn viewer_closes_at(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(ctx.load(TermsOf(id)).await?.and_then(|terms| terms.closes_at))
    }

    /// How many minutes you have, with your `timeFactor` and your extension; null for any number.
    async fn viewer_time_limit_minutes(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(ctx.load(TermsOf(id)).await?.and_then(|terms| terms.minutes))
    }

    /// How many attempts you may still start; null for any number. What is VOID does not count.
    async fn viewer_attempts_left(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(TermsOf(id)).await?.and_then(|terms| terms.attempts_left))
    }

    /// Your own attempts, the first one first.
    #[cost(10)]
    async fn viewer_attempts(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Vec<Loaded<QuizAttempt>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &OWN_ATTEMPTS, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("qa.user_id = {viewer}"));
        });
        own.await
    }

    /// Its own questions, in their order, for those who write the course; empty for anybody else.
    #[cost(20)]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn questions(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Vec<Loaded<Question>>> {
        all_where(ctx, &QUESTIONS, id.0, |list| list.filter("qn.retired_at IS NULL")).await
    }

    /// What an attempt draws from pools beside them, for those who write the course.
    #[cost(5)]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn draws(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Vec<QuizDraw>> {
        let draws = ctx.load(DrawsOf(id)).await?.unwrap_or_default();
        let pools = try_join_all(draws.iter().map(|draw| ctx.whole(draw.pool))).await?;
        let shown = |(draw, pool): (Draw, Option<_>)| Some(QuizDraw { pool: pool?, count: draw.count, points: draw.points });
        Ok(draws.into_iter().zip(pools).filter_map(shown).collect())
    }

    /// How its questions were answered in what was submitted, for those who grade the course.
    #[cost(20)]
    #[needs(GradeManage)]
    async fn statistics(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Vec<QuestionStatistic>> {
        let numbers = ctx.load(StatisticsOf(id)).await?.unwrap_or_default();
        let questions = try_join_all(numbers.iter().map(|numbers| ctx.whole(numbers.question))).await?;
        Ok(numbers.into_iter().zip(questions).filter_map(|(numbers, question)| Some(QuestionStatistic::of(question?, numbers))).collect())
    }

    /// What was graded anew in it, questions that it drew included, the first time first; for those who grade the course.
    #[cost(5)]
    #[needs(GradeManage)]
    async fn regrades(id: Id<Quiz>, ctx: &Context<'_>) -> Result<Vec<Loaded<Regrade>>> {
        let regrades = ctx.load(RegradesOf(id)).await?.unwrap_or_default();
        Ok(try_join_all(regrades.into_iter().map(|regrade| ctx.whole(regrade))).await?.into_iter().flatten().collect())
    }

    /// Attempts at it that you may see, the latest first.
    #[needs(GradeManage, GradeReadAll)]
    async fn attempts(
        id: Id<Quiz>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which of them.
        filter: Option<QuizAttemptFilter>,
    ) -> Result<Connection<QuizAttempt>> {
        let narrowing = filter.unwrap_or_default().check()?;
        many_where(ctx, &ATTEMPTS, id.0, page, move |list| narrowing.narrow(list)).await
    }
}

/// So many questions of a pool, drawn at random for each attempt.
#[object]
pub struct QuizDraw {
    /// The pool.
    pub pool: Loaded<QuestionPool>,
    /// How many.
    pub count: i32,
    /// What each of them is worth.
    pub points: f64,
}
