//! Applications: their answers, their steps, places and who waits for them.

mod answers;
mod races;
mod steps;
mod telling;
mod times;
mod waiting;

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who};
pub use crate::classroom::{nothing, refused, uuid};

pub const START: &str = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id status answers notShared allowedTransitions attendees { id kind name email user { id } } form { version } } }";
pub const UPDATE: &str = "mutation($i: UpdateApplicationInput!) { updateApplication(input: $i) { id status answers notShared } }";
pub const SUBMIT: &str = "mutation($id: ID!) { submitApplication(id: $id) { id status answers submittedAt waitlistPosition } }";
pub const WITHDRAW: &str = "mutation($i: WithdrawApplicationInput!) { withdrawApplication(input: $i) { id status } }";
pub const REOPEN: &str = "mutation($id: ID!) { reopenApplication(id: $id) { id status } }";
pub const ACCEPT: &str = "mutation($id: ID!) { acceptPlace(id: $id) { id status } }";
pub const DECIDE: &str = "mutation($i: DecideApplicationInput!) { decideApplication(input: $i) { id status decidedAt } }";
pub const REVIEW: &str = "mutation($i: ReviewApplicationInput!) { reviewApplication(input: $i) { id status } }";
pub const ADD: &str = "mutation($i: AddAttendeeInput!) { addAttendee(input: $i) { id kind name email } }";
pub const READ: &str = "query($id: ID!) { application(id: $id) { status answers allowedTransitions waitlistPosition offerExpiresAt payBy
    events { from to message answers formVersion actor { id } } attendees { kind name email } form { version fields { key } } } }";
const CREATE_PROGRAM: &str = "mutation($i: CreateProgramInput!) { createProgram(input: $i) { id } }";
const UPDATE_PROGRAM: &str = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id placesTaken waitlistCount } }";
const SET_STATUS: &str = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { id } }";
const SET_FORM: &str = "mutation($i: SetProgramFormInput!) { setProgramForm(input: $i) { form { version } } }";

/// An ACTIVE program, with a form of these fields; its id.
pub async fn program(admin: &Client, mut input: Value, fields: Value) -> String {
    if input["currencies"].is_null() {
        input["currencies"] = json!(["EUR"]);
    }
    if input["name"].is_null() {
        input["name"] = json!("Camp");
    }
    let id = admin.ok(CREATE_PROGRAM, json!({ "i": input })).await["createProgram"]["id"].as_str().unwrap().to_owned();
    if fields.as_array().is_some_and(|fields| !fields.is_empty()) {
        admin.ok(SET_FORM, json!({ "i": { "programId": id, "expectedVersion": 0, "fields": fields } })).await;
    }
    set_status(admin, &id, "ACTIVE").await;
    id
}

/// Takes a program to another state.
pub async fn set_status(admin: &Client, program: &str, status: &str) {
    admin.ok(SET_STATUS, json!({ "i": { "id": program, "status": status } })).await;
}

/// Changes a program; how many places are taken then, and how many wait.
pub async fn change(admin: &Client, program: &str, mut input: Value) -> (i64, i64) {
    input["id"] = json!(program);
    let changed = admin.ok(UPDATE_PROGRAM, json!({ "i": input })).await["updateProgram"].take();
    (changed["placesTaken"].as_i64().unwrap(), changed["waitlistCount"].as_i64().unwrap())
}

/// How many places of a program are taken, and how many parties wait.
pub async fn places(client: &Client, program: &str) -> (i64, i64) {
    let read = client.ok("query($id: ID!) { program(id: $id) { placesTaken waitlistCount } }", json!({ "id": program })).await;
    (read["program"]["placesTaken"].as_i64().unwrap(), read["program"]["waitlistCount"].as_i64().unwrap())
}

/// Names the reviewers of a program: who is required, and who is not.
pub async fn reviewers(admin: &Client, program: &str, people: &[(&Client, bool)]) {
    let people: Vec<Value> =
        people.iter().map(|(person, is_required)| json!({ "userId": person.user_id, "isRequired": is_required })).collect();
    let document = "mutation($i: SetProgramReviewersInput!) { setProgramReviewers(input: $i) { id } }";
    admin.ok(document, json!({ "i": { "programId": program, "reviewers": people } })).await;
}

/// A draft of somebody's own; its id.
pub async fn start(client: &Client, program: &str) -> String {
    client.ok(START, json!({ "i": { "programId": program } })).await["startApplication"]["id"].as_str().unwrap().to_owned()
}

/// The same, handed in; its id and where it stands.
pub async fn apply(client: &Client, program: &str) -> (String, String) {
    let id = start(client, program).await;
    let status = submit(client, &id).await;
    (id, status)
}

/// A draft with so many children, handed in; its id and where it stands.
pub async fn apply_with(client: &Client, program: &str, children: usize) -> (String, String) {
    let id = start(client, program).await;
    for n in 0..children {
        client.ok(ADD, json!({ "i": { "applicationId": id, "kind": "CHILD", "name": format!("Child {n}") } })).await;
    }
    let status = submit(client, &id).await;
    (id, status)
}

/// Hands in; where it stands then.
pub async fn submit(client: &Client, id: &str) -> String {
    client.ok(SUBMIT, json!({ "id": id })).await["submitApplication"]["status"].as_str().unwrap().to_owned()
}

/// Votes; where the application stands then.
pub async fn vote(client: &Client, id: &str, decision: &str) -> String {
    let input = json!({ "i": { "applicationId": id, "decision": decision } });
    client.ok(REVIEW, input).await["reviewApplication"]["status"].as_str().unwrap().to_owned()
}

/// Decides; where the application stands then.
pub async fn decide(client: &Client, id: &str, status: &str) -> String {
    let input = json!({ "i": { "id": id, "status": status } });
    client.ok(DECIDE, input).await["decideApplication"]["status"].as_str().unwrap().to_owned()
}

/// Withdraws.
pub async fn withdraw(client: &Client, id: &str) {
    client.ok(WITHDRAW, json!({ "i": { "id": id } })).await;
}

/// Where an application stands.
pub async fn status(client: &Client, id: &str) -> String {
    client.ok(READ, json!({ "id": id })).await["application"]["status"].as_str().unwrap().to_owned()
}

/// A school with its people: who manages everything, who reviews, and learners by name.
pub struct Stage {
    pub app: TestApp,
    pub admin: Client,
    pub ada: Client,
}

impl Stage {
    pub async fn start() -> Stage {
        let app = TestApp::start().await;
        let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
        Stage { app, admin, ada }
    }

    /// Somebody who applies.
    pub async fn learner(&self, name: &str) -> Client {
        self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await
    }

    /// Somebody who may review.
    pub async fn reviewer(&self, name: &str) -> Client {
        self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["INSTRUCTOR"]).await
    }

    /// An ACTIVE program without a form.
    pub async fn program(&self, input: Value) -> String {
        program(&self.admin, input, json!([])).await
    }
}
