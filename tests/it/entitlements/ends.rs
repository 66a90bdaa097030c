//! What is taken back when a claim ends.

use serde_json::{Value, json};

use super::Camp;
use crate::{
    app::{Client, Who},
    classroom::{ENROLL, course, group},
};

const REFUND: &str = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { status } }";
const WITHDRAW: &str = "mutation($i: WithdrawApplicationInput!) { withdrawApplication(input: $i) { status } }";

async fn withdraw(client: &Client, application: &Value) {
    client.ok(WITHDRAW, json!({ "i": { "id": application } })).await;
}

#[tokio::test]
async fn with_the_ticket_goes_what_it_gave() {
    let camp = Camp::start(json!({})).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let (algebra, cohort) =
        (course(&camp.admin, json!({ "title": "Algebra" })).await, group(&camp.admin, json!({ "name": "Cohort" })).await);
    camp.link(&[&algebra], &[&cohort]).await;
    let application = camp.apply(&lea).await;
    let order = camp.give_ticket(&application, "first-order").await;
    camp.admin.ok(REFUND, json!({ "i": { "orderId": order, "reason": "ill", "idempotencyKey": "refund-it" } })).await;
    assert_eq!(camp.grants(&application).await, ["Algebra REVOKED", "Cohort REVOKED"]);
    assert_eq!((camp.standing(&lea, &algebra).await.as_deref(), camp.is_member(&lea, &cohort).await), (Some("DROPPED"), false));
    // Another ticket gives it anew.
    camp.give_ticket(&application, "second-order").await;
    assert_eq!(camp.grants(&application).await, ["Algebra DONE", "Cohort DONE"]);
    assert_eq!((camp.standing(&lea, &algebra).await.as_deref(), camp.is_member(&lea, &cohort).await), (Some("NOT_STARTED"), true));
}

#[tokio::test]
async fn what_somebody_had_before_is_not_taken_back() {
    let camp = Camp::start(json!({ "enrollWhen": "ACCEPTED" })).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let (had, given) = (course(&camp.admin, json!({ "title": "Had" })).await, course(&camp.admin, json!({ "title": "Given" })).await);
    lea.ok(ENROLL, json!({ "i": { "courseId": had } })).await;
    camp.link(&[&had, &given], &[]).await;
    let application = camp.apply(&lea).await;
    assert_eq!(camp.grants(&application).await, ["Given DONE", "Had DONE"]);
    withdraw(&lea, &application).await;
    assert_eq!(camp.grants(&application).await, ["Given REVOKED", "Had REVOKED"]);
    let standing = (camp.standing(&lea, &had).await, camp.standing(&lea, &given).await);
    assert_eq!(standing, (Some("NOT_STARTED".to_owned()), Some("DROPPED".to_owned())));
}

#[tokio::test]
async fn of_two_grants_of_one_course_the_last_takes_it_along() {
    let camp = Camp::start(json!({ "enrollWhen": "ACCEPTED" })).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let algebra = course(&camp.admin, json!({ "title": "Algebra" })).await;
    camp.link(&[&algebra], &[]).await;
    let first = camp.apply(&lea).await;
    // Another program gives the same course.
    let create = "mutation($i: CreateProgramInput!) { createProgram(input: $i) { id } }";
    let input = json!({ "name": "Retreat", "currencies": ["EUR"], "reviewStrategy": "AUTO_ACCEPT", "enrollWhen": "ACCEPTED" });
    let retreat = camp.admin.ok(create, json!({ "i": input })).await["createProgram"]["id"].take();
    let set = "mutation($s: SetProgramStatusInput!, $l: SetProgramLinksInput!) { setProgramStatus(input: $s) { id } setProgramLinks(input: $l) { id } }";
    let links = json!({ "programId": retreat, "courseIds": [algebra], "groupIds": [] });
    camp.admin.ok(set, json!({ "s": { "id": retreat, "status": "ACTIVE" }, "l": links })).await;
    let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id } }";
    let second = lea.ok(start, json!({ "i": { "programId": retreat } })).await["startApplication"]["id"].take();
    lea.ok("mutation($id: ID!) { submitApplication(id: $id) { id } }", json!({ "id": second })).await;
    assert_eq!(camp.grants(&second).await, ["Algebra DONE"]);
    withdraw(&lea, &first).await;
    assert_eq!(camp.standing(&lea, &algebra).await.as_deref(), Some("NOT_STARTED"));
    withdraw(&lea, &second).await;
    assert_eq!(camp.standing(&lea, &algebra).await.as_deref(), Some("DROPPED"));
}
