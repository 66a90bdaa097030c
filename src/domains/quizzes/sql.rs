//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/quizzes.sql` say what a
//! learner, an author or a grader may do.

/// How large an attempt at the quizzes `$2` is.
pub const SIZES: &str = "SELECT s.quiz_id, s.questions, s.max_score FROM app.quiz_sizes($2) AS s WHERE app.tenant_id() = $1";

/// The actor's own terms in the quizzes `$2`.
pub const TERMS: &str = "SELECT t.quiz_id, t.closes_at, t.minutes, t.attempts_left FROM app.quiz_terms($2) AS t WHERE app.tenant_id() = $1";

/// What the quizzes `$2` draw.
pub const DRAWS: &str = "SELECT d.quiz_id, d.pool_id, d.count, d.points FROM quiz_draw d WHERE d.tenant_id = $1 AND d.quiz_id = ANY ($2) ORDER BY d.quiz_id, d.position";

/// The options of the questions `$2`.
pub const OPTIONS: &str = "SELECT o.question_id, o.id, o.text FROM question_option o WHERE o.tenant_id = $1 AND o.question_id = ANY ($2) \
     ORDER BY o.question_id, o.position";

/// What is right at the questions `$2`, for those who write their courses.
pub const KEYS: &str = "SELECT k.question_id, k.has_key, k.option_ids, k.number, k.tolerance, k.texts, k.explanation FROM app.question_keys($2) AS k \
     WHERE app.tenant_id() = $1";

/// What the attempts `$2` ask.
pub const SHEETS: &str = "SELECT s.attempt_id, s.question_id, s.kind, s.prompt, s.points, s.option_ids, s.option_texts, s.answer_options, s.answer_number, \
     s.answer_text, s.score, s.is_correct, s.has_key, s.key_options, s.key_number, s.key_tolerance, s.key_texts, s.explanation \
     FROM app.attempt_sheets($2) AS s WHERE app.tenant_id() = $1";

/// Of the attempts `$2`, those that their owners may review.
pub const REVIEWABLE: &str = "SELECT a FROM app.reviewable_attempts($2) AS a WHERE app.tenant_id() = $1";

/// The scores of the attempts `$2`.
pub const HISTORY: &str = "SELECT c.attempt_id, c.changed_at, c.cause, c.score, c.reason, c.by_id FROM score_change c \
     WHERE c.tenant_id = $1 AND c.attempt_id = ANY ($2) ORDER BY c.attempt_id, c.changed_at, c.id";

/// How the questions of the quizzes `$2` were answered.
pub const STATISTICS: &str = "SELECT s.quiz_id, s.question_id, s.answers, s.blanks, s.choices, s.average, s.discrimination \
     FROM app.quiz_statistics($2) AS s WHERE app.tenant_id() = $1";

/// What was graded anew in the quizzes `$2`, the first time first.
pub const REGRADES: &str = "SELECT r.quiz_id, r.regrade_id FROM app.quiz_regrades($2) AS r WHERE app.tenant_id() = $1";

/// Waits for the turn of the keys of the course `$2`.
pub const LOCK_KEYS: &str = "SELECT app.lock_keys($2) WHERE app.tenant_id() = $1";

/// How many questions the quiz `$2` asks of its own.
pub const ASKED: &str = "SELECT count(*) FROM question q WHERE q.tenant_id = $1 AND q.quiz_id = $2 AND q.retired_at IS NULL";

pub const CLEAR_DRAWS: &str = "DELETE FROM quiz_draw d WHERE d.tenant_id = $1 AND d.quiz_id = $2";

/// The quiz `$2` of the course `$3` draws from the pools `$4` so many (`$5`), each worth `$6`. Answers the pools that are there.
pub const ADD_DRAWS: &str = "INSERT INTO quiz_draw AS d (tenant_id, quiz_id, pool_id, course_id, position, count, points) \
     SELECT $1, $2, p.id, p.course_id, w.nth, w.count, w.points \
     FROM unnest($4::uuid[], $5::integer[], $6::double precision[]) WITH ORDINALITY AS w(pool_id, count, points, nth) \
     JOIN question_pool p ON p.tenant_id = $1 AND p.id = w.pool_id AND p.course_id = $3 RETURNING d.pool_id";

/// Whether what the quiz `$2` draws can be drawn.
pub const CHECK_DRAWS: &str = "SELECT app.check_quiz_draws($2) WHERE app.tenant_id() = $1";

/// The question `$2` has the options `$3`, in this order. Answers their ids, in this order.
pub const ADD_OPTIONS: &str = "INSERT INTO question_option AS o (tenant_id, id, question_id, position, text) \
     SELECT $1, gen_random_uuid(), $2, w.nth, w.text FROM unnest($3::text[]) WITH ORDINALITY AS w(text, nth) RETURNING o.position, o.id";

/// What is right at the question `$2`: options `$3`, number `$4`, tolerance `$5`, texts `$6`; and why, `$7`.
pub const ADD_KEY: &str = "INSERT INTO question_key (tenant_id, question_id, option_ids, number, tolerance, texts, explanation) \
     VALUES ($1, $2, $3, $4::text::numeric, $5::text::numeric, $6, $7)";

/// Why it is right at the question `$2`: `$3`.
pub const EXPLAIN: &str = "UPDATE question_key k SET explanation = $3 WHERE k.tenant_id = $1 AND k.question_id = $2";

/// The question `$2` has the options `$3` (ids, null for new ones) with the words `$4`.
pub const SET_OPTIONS: &str = "SELECT app.set_question_options($2, $3, $4) WHERE app.tenant_id() = $1";

pub const QUESTION_IDS: &str = "SELECT q.id FROM question q WHERE q.tenant_id = $1 AND q.quiz_id = $2 AND q.retired_at IS NULL";

/// The questions `$3` of the quiz `$2` in their new order.
pub const REORDER: &str = "UPDATE question q SET position = o.position FROM unnest($3::uuid[]) WITH ORDINALITY AS o(id, position) \
     WHERE q.tenant_id = $1 AND q.quiz_id = $2 AND q.id = o.id AND q.position <> o.position";

pub const REMOVE_QUESTION: &str = "SELECT app.remove_question($2) WHERE app.tenant_id() = $1";

pub const REMOVE_POOL: &str = "SELECT app.remove_question_pool($2) WHERE app.tenant_id() = $1";

/// What of the question `$2` those who grade its course must know: its kind, whether it is of a pool, whether of a survey.
pub const TO_GRADE: &str = "SELECT q.kind, q.is_of_pool, q.is_of_survey FROM app.question_to_grade($2) AS q WHERE app.tenant_id() = $1";

/// Grades the question `$2` anew, as `$3`: options `$4`, number `$5`, tolerance `$6`, texts `$7`, points `$8`, void `$9`; whether somebody may fall by it,
/// `$10`; why, `$11`.
pub const REGRADE: &str =
    "SELECT app.regrade_question($2, $3, $4, $5::text::numeric, $6::text::numeric, $7, $8, $9, $10, $11) WHERE app.tenant_id() = $1";

/// The actor starts the quiz `$2`, or goes on with it.
pub const START: &str = "SELECT app.start_quiz_attempt($2) WHERE app.tenant_id() = $1";

/// Saves the answers `$3` of the actor's attempt `$2`.
pub const SAVE: &str = "SELECT app.save_quiz_answers($2, $3) WHERE app.tenant_id() = $1";

/// The actor hands in their attempt `$2`.
pub const SUBMIT: &str = "SELECT app.submit_quiz_attempt($2) WHERE app.tenant_id() = $1";

/// The attempt `$2` counts no more, because of `$3`.
pub const VOID: &str = "SELECT app.void_quiz_attempt($2, $3) WHERE app.tenant_id() = $1";

/// Closes the attempt `$2`, if its time is over.
pub const CLOSE: &str = "SELECT app.close_quiz_attempt($2) WHERE app.tenant_id() = $1";

/// Closes at most `$2` attempts whose time is over.
pub const CLOSE_OVERDUE: &str = "SELECT app.close_overdue_attempts($2) WHERE app.tenant_id() = $1";
