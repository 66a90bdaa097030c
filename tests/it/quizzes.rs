//! Quizzes: what they ask, who sees what is right, attempts, marks, and grading anew.

mod attempts;
mod authoring;
mod costs;
mod deadlines;
mod keys;
mod marks;
mod pools;
mod races;
mod regrades;
mod rows;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, uuid},
    lessons::{UPDATE, lesson_of, section},
};

pub const UPDATE_QUIZ: &str = "mutation($i: UpdateQuizInput!) { updateQuiz(input: $i) { id mode passMark maxAttempts timeLimitMinutes marking review draws { pool { id } count points } } }";
pub const CREATE: &str = "mutation($i: CreateQuestionInput!) { createQuestion(input: $i) { id position options { id text } } }";
pub const UPDATE_QUESTION: &str =
    "mutation($i: UpdateQuestionInput!) { updateQuestion(input: $i) { id prompt explanation options { id text } } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteQuestion(id: $id) }";
pub const START: &str =
    "mutation($id: ID!) { startQuizAttempt(quizId: $id) { id number status endsAt questions { questionId kind options { id text } } } }";
pub const SAVE: &str = "mutation($i: SaveQuizAnswersInput!) { saveQuizAnswers(input: $i) { id status questions { questionId answer { optionIds number text } score isCorrect } } }";
pub const SUBMIT: &str = "mutation($id: ID!) { submitQuizAttempt(id: $id) { id status score maxScore percent isPassed isAutoSubmitted } }";
pub const VOID: &str = "mutation($i: VoidQuizAttemptInput!) { voidQuizAttempt(input: $i) { id status voidReason } }";
pub const REGRADE: &str = "mutation($i: RegradeQuestionInput!) { regradeQuestion(input: $i) { id attempts raised lowered newlyPassed reason question { id } by { id } } }";
pub const SHEET: &str = "query($id: ID!) { quizAttempt(id: $id) { status score percent isPassed isReviewable isAutoSubmitted submittedAt endsAt
    questions { questionId score isCorrect key { optionIds number tolerance texts } explanation } scoreHistory { cause score reason by { id } } } }";

/// A published quiz in a course of Ada's, in which Lea is enrolled.
pub struct Exam {
    pub app: TestApp,
    pub ada: Client,
    pub lea: Client,
    pub course: String,
    pub section: String,
    pub lesson: String,
    pub quiz: String,
    pub enrollment: String,
}

/// A question and its options, as they were made: right ones first.
#[derive(Debug, Clone)]
pub struct Asked {
    pub id: String,
    pub options: Vec<String>,
}

impl Exam {
    /// Without questions yet, and not published.
    pub async fn draft() -> Exam {
        let app = TestApp::start().await;
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let course = course(&ada, json!({ "title": "Algebra" })).await;
        let section = section(&ada, &course, "Sets").await;
        let lesson = lesson_of(&ada, &section, json!({ "kind": "QUIZ", "title": "Quiz" })).await;
        let quiz = quiz_of(&ada, &lesson).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let enrollment = enroll(&admin, &course, &lea.user_id).await;
        Exam { app, ada, lea, course, section, lesson, quiz, enrollment }
    }

    /// With one question of each kind: right are option 0 of the SINGLE, 0 and 1 of the MULTIPLE, 4 ± 0.5, and "blue".
    pub async fn published() -> (Exam, Vec<Asked>) {
        let exam = Exam::draft().await;
        let mut asked = Vec::new();
        for question in [
            json!({ "kind": "SINGLE", "prompt": "One?", "options": ["yes", "no", "perhaps"], "correctOptions": [0], "points": 2, "explanation": "Because yes." }),
            json!({ "kind": "MULTIPLE", "prompt": "Some?", "options": ["a", "b", "c", "d"], "correctOptions": [0, 1], "points": 4 }),
            json!({ "kind": "NUMERIC", "prompt": "How many?", "number": 4, "tolerance": 0.5 }),
            json!({ "kind": "SHORT_TEXT", "prompt": "Which colour?", "texts": ["blue", "Azure  Blue"] }),
        ] {
            asked.push(exam.ask(question).await);
        }
        exam.publish().await;
        (exam, asked)
    }

    pub async fn ask(&self, mut question: Value) -> Asked {
        if question.get("poolId").is_none() {
            question["quizId"] = json!(self.quiz);
        }
        let made = self.ada.ok(CREATE, json!({ "i": question })).await["createQuestion"].take();
        let options = made["options"].as_array().unwrap().iter().map(|option| option["id"].as_str().unwrap().to_owned()).collect();
        Asked { id: made["id"].as_str().unwrap().to_owned(), options }
    }

    pub async fn publish(&self) {
        self.ada.ok(UPDATE, json!({ "i": { "id": self.lesson, "isPublished": true } })).await;
    }

    pub async fn set(&self, mut change: Value) {
        change["id"] = json!(self.quiz);
        self.ada.ok(UPDATE_QUIZ, json!({ "i": change })).await;
    }

    pub async fn start(&self, client: &Client) -> String {
        client.ok(START, json!({ "id": self.quiz })).await["startQuizAttempt"]["id"].as_str().unwrap().to_owned()
    }

    /// Starts, saves and hands in; answers the attempt's id and what `submitQuizAttempt` said.
    pub async fn sit(&self, client: &Client, answers: Value) -> (String, Value) {
        let attempt = self.start(client).await;
        client.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": answers } })).await;
        let result = client.ok(SUBMIT, json!({ "id": attempt })).await["submitQuizAttempt"].take();
        (attempt, result)
    }

    /// Somebody else who is enrolled.
    pub async fn learner(&self, name: &str) -> Client {
        let client = self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await;
        enroll(&self.app.sign_in(&self.app.oak, Who::Admin).await, &self.course, &client.user_id).await;
        client
    }

    /// Moves an attempt so that it ends so many seconds from now; negative: ago.
    pub async fn end_in(&self, attempt: &str, seconds: f64) {
        self.app
            .sql(&format!(
                "UPDATE quiz_attempt SET started_at = now() - interval '1 day', ends_at = now() + make_interval(secs => {seconds}) WHERE id = '{}'",
                uuid(attempt)
            ))
            .await;
    }
}

/// The quiz of a lesson.
pub async fn quiz_of(client: &Client, lesson: &str) -> String {
    let found = client.ok("query($id: ID!) { lesson(id: $id) { quiz { id } } }", json!({ "id": lesson })).await;
    found["lesson"]["quiz"]["id"].as_str().unwrap().to_owned()
}

/// What is answered by whoever knows everything.
pub fn all_right(asked: &[Asked]) -> Value {
    json!([
        { "questionId": asked[0].id, "optionIds": [asked[0].options[0]] },
        { "questionId": asked[1].id, "optionIds": [asked[1].options[0], asked[1].options[1]] },
        { "questionId": asked[2].id, "number": 4.5 },
        { "questionId": asked[3].id, "text": "  AZURE\tblue " },
    ])
}

/// What is answered by whoever knows nothing.
pub fn all_wrong(asked: &[Asked]) -> Value {
    json!([
        { "questionId": asked[0].id, "optionIds": [asked[0].options[1]] },
        { "questionId": asked[1].id, "optionIds": [asked[1].options[2], asked[1].options[3]] },
        { "questionId": asked[2].id, "number": 4.51 },
        { "questionId": asked[3].id, "text": "red" },
    ])
}
