//! What attendees get beside their tickets: courses and groups, when they have earned them, and what becomes of that; and the directory.

mod directory;
mod ends;
mod many;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, group, uuid},
};

/// A program to which everybody is accepted, and who runs it.
pub struct Camp {
    pub app: TestApp,
    pub admin: Client,
    pub program: Value,
    pub product: Value,
}

pub const GRANTS: &str =
    "query($id: ID!) { application(id: $id) { attendees { id grants { state reason course { title } group { name } } } } }";
const ORDER: &str = "mutation($i: PlaceOrderInput!) { placeOrder(input: $i) { id status lines { tickets { id } } } }";

impl Camp {
    pub async fn start(terms: Value) -> Camp {
        let app = TestApp::start().await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let mut input = json!({ "name": "Camp", "currencies": ["EUR"], "reviewStrategy": "AUTO_ACCEPT" });
        input.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let create = "mutation($i: CreateProgramInput!) { createProgram(input: $i) { id } }";
        let program = admin.ok(create, json!({ "i": input })).await["createProgram"]["id"].take();
        let activate = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { status } }";
        admin.ok(activate, json!({ "i": { "id": program, "status": "ACTIVE" } })).await;
        let product = json!({ "programId": program, "name": "Week", "kind": "TICKET", "prices": [{ "amount": 10000, "currency": "EUR" }] });
        let create = "mutation($i: CreateProductInput!) { createProduct(input: $i) { id } }";
        let product = admin.ok(create, json!({ "i": product })).await["createProduct"]["id"].take();
        Camp { app, admin, program, product }
    }

    /// Says what its attendees get.
    pub async fn link(&self, courses: &[&str], groups: &[&str]) {
        let set = "mutation($i: SetProgramLinksInput!) { setProgramLinks(input: $i) { courses { id } groups { id } } }";
        self.admin.ok(set, json!({ "i": { "programId": self.program, "courseIds": courses, "groupIds": groups } })).await;
    }

    /// Applies; answers the application.
    pub async fn apply(&self, client: &Client) -> Value {
        let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id } }";
        let id = client.ok(start, json!({ "i": { "programId": self.program } })).await["startApplication"]["id"].take();
        let submit = "mutation($id: ID!) { submitApplication(id: $id) { status } }";
        assert_eq!(client.ok(submit, json!({ "id": id })).await["submitApplication"]["status"], "ACCEPTED");
        id
    }

    /// The MAIN attendee of an application.
    pub async fn main(&self, application: &Value) -> Value {
        self.admin.ok(GRANTS, json!({ "id": application })).await["application"]["attendees"][0]["id"].take()
    }

    /// A ticket for somebody that costs nothing; answers its order.
    pub async fn give_ticket(&self, application: &Value, key: &str) -> Value {
        let attendee = self.main(application).await;
        let input = json!({ "applicationId": application, "lines": [{ "productId": self.product, "attendeeId": attendee }], "complimentary": true,
            "expectedTotal": 0, "idempotencyKey": key });
        let order = self.admin.ok(ORDER, json!({ "i": input })).await["placeOrder"].take();
        assert_eq!(order["status"], "PAID");
        order["id"].clone()
    }

    /// How the grants of the MAIN attendee stand: `Algebra DONE`, `Cohort FAILED GROUP_FULL`.
    pub async fn grants(&self, application: &Value) -> Vec<String> {
        let mut found = self.admin.ok(GRANTS, json!({ "id": application })).await;
        let grants = found["application"]["attendees"][0]["grants"].take();
        let say = |grant: &Value| {
            let what = grant["course"]["title"].as_str().or(grant["group"]["name"].as_str()).unwrap();
            format!("{what} {} {}", grant["state"].as_str().unwrap(), grant["reason"].as_str().unwrap_or_default()).trim_end().to_owned()
        };
        let mut said: Vec<String> = grants.as_array().unwrap().iter().map(say).collect();
        said.sort();
        said
    }

    /// How somebody stands in a course, if they do.
    pub async fn standing(&self, client: &Client, course: &str) -> Option<String> {
        let (person, course) = (uuid(&client.user_id), uuid(course));
        self.app.text(&format!("SELECT status FROM enrollment WHERE user_id = '{person}' AND course_id = '{course}'")).await
    }

    /// Whether somebody is in a group.
    pub async fn is_member(&self, client: &Client, group: &str) -> bool {
        self.app.count(&format!("group_member WHERE user_id = '{}' AND group_id = '{}'", uuid(&client.user_id), uuid(group))).await > 0
    }

    /// Lets time pass for what has failed, and does what is to be done then.
    pub async fn retry(&self) {
        self.app.sql("UPDATE attendee_grant SET tried_at = now() - interval '6 minutes'").await;
        let retried = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.operation = 'system:grant.retry'; SELECT app.retry_grants(100); COMMIT",
            self.app.oak.tenant
        );
        self.app.sql(&retried).await;
    }
}

#[tokio::test]
async fn whoever_has_a_ticket_is_enrolled_and_joins() {
    let camp = Camp::start(json!({})).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let (algebra, cohort) =
        (course(&camp.admin, json!({ "title": "Algebra" })).await, group(&camp.admin, json!({ "name": "Cohort" })).await);
    camp.link(&[&algebra], &[&cohort]).await;
    let application = camp.apply(&lea).await;
    // Accepted is not enough.
    assert_eq!(camp.grants(&application).await, ["Algebra PENDING", "Cohort PENDING"]);
    assert_eq!((camp.standing(&lea, &algebra).await, camp.is_member(&lea, &cohort).await), (None, false));
    camp.give_ticket(&application, "first-order").await;
    assert_eq!(camp.grants(&application).await, ["Algebra DONE", "Cohort DONE"]);
    assert_eq!((camp.standing(&lea, &algebra).await.as_deref(), camp.is_member(&lea, &cohort).await), (Some("NOT_STARTED"), true));
    // Whoever has a ticket gives it back before they leave.
    let steps = "query($id: ID!) { application(id: $id) { allowedTransitions } }";
    for client in [&lea, &camp.admin] {
        assert_eq!(client.ok(steps, json!({ "id": application })).await["application"]["allowedTransitions"], json!([]));
    }
    // They see it themselves; who checks people in sees them, and not this.
    let own = lea.ok(GRANTS, json!({ "id": application })).await;
    assert_eq!(own["application"]["attendees"][0]["grants"].as_array().unwrap().len(), 2);
    let ada = camp.app.sign_in(&camp.app.oak, Who::Instructor).await;
    let seen = ada
        .ok("query($p: ID!) { attendees(filter: { programId: $p }) { nodes { name grants { state } } } }", json!({ "p": camp.program }))
        .await;
    assert_eq!(seen["attendees"]["nodes"][0]["grants"], json!([]));
}

#[tokio::test]
async fn a_program_may_give_with_the_acceptance_already() {
    let camp = Camp::start(json!({ "enrollWhen": "ACCEPTED" })).await;
    let paul = camp.app.person(&camp.app.oak, "paul@oak.example", &["PARTICIPANT"]).await;
    let algebra = course(&camp.admin, json!({ "title": "Algebra" })).await;
    camp.link(&[&algebra], &[]).await;
    let application = camp.apply(&paul).await;
    assert_eq!(camp.grants(&application).await, ["Algebra DONE"]);
    // Whoever may not enroll becomes a learner by it.
    let roles = paul.ok("{ viewer { user { roles { key } } } }", json!({})).await.to_string();
    assert!(roles.contains("LEARNER"), "{roles}");
    // What is linked later is given at once.
    let cohort = group(&camp.admin, json!({ "name": "Cohort" })).await;
    camp.link(&[&algebra], &[&cohort]).await;
    assert_eq!(camp.grants(&application).await, ["Algebra DONE", "Cohort DONE"]);
    assert!(camp.is_member(&paul, &cohort).await);
    // Where more is asked for than they have done, it is taken back; and given again where it is not.
    let update = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }";
    camp.admin.ok(update, json!({ "i": { "id": camp.program, "enrollWhen": "PAID" } })).await;
    assert_eq!(camp.grants(&application).await, ["Algebra REVOKED", "Cohort REVOKED"]);
    assert!(!camp.is_member(&paul, &cohort).await);
    camp.admin.ok(update, json!({ "i": { "id": camp.program, "enrollWhen": "ACCEPTED" } })).await;
    assert_eq!(camp.grants(&application).await, ["Algebra DONE", "Cohort DONE"]);
}

#[tokio::test]
async fn what_is_linked_to_a_program_of_many_is_given_by_a_job() {
    let camp = Camp::start(json!({ "enrollWhen": "ACCEPTED" })).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let application = camp.apply(&lea).await;
    let cohort = group(&camp.admin, json!({ "name": "Cohort" })).await;
    // As what is beyond the first twenty.
    let (tenant, program) = (camp.app.oak.tenant, uuid(camp.program.as_str().unwrap()));
    camp.app
        .sql(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.audit = 'off';
             INSERT INTO program_link_group (tenant_id, program_id, group_id) VALUES ('{tenant}', '{program}', '{}');
             SELECT app.enqueue('grant.settle', 'camp', '{{\"program\": \"{program}\"}}'); COMMIT",
            uuid(&cohort)
        ))
        .await;
    assert_eq!(camp.grants(&application).await, ["Cohort PENDING"]);
    camp.app.work().await;
    assert_eq!(camp.grants(&application).await, ["Cohort DONE"]);
}

#[tokio::test]
async fn what_a_course_or_a_group_refuses_stops_nothing_and_is_tried_again() {
    let camp = Camp::start(json!({})).await;
    let lea = camp.app.sign_in(&camp.app.oak, Who::Learner).await;
    let eve = camp.app.person(&camp.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let full = course(&camp.admin, json!({ "title": "Full", "capacity": 1 })).await;
    let draft = crate::classroom::draft(&camp.admin, json!({ "title": "Draft" })).await;
    let tight = group(&camp.admin, json!({ "name": "Tight", "capacity": 1 })).await;
    crate::classroom::enroll(&camp.admin, &full, &eve.user_id).await;
    camp.admin.ok(crate::classroom::ADD_MEMBERS, json!({ "i": { "groupId": tight, "userIds": [eve.user_id] } })).await;
    camp.link(&[&full, &draft], &[&tight]).await;
    let application = camp.apply(&lea).await;
    camp.give_ticket(&application, "first-order").await;
    assert_eq!(
        camp.grants(&application).await,
        ["Draft FAILED COURSE_NOT_PUBLISHED", "Full FAILED COURSE_FULL", "Tight FAILED GROUP_FULL"]
    );
    let widen = "mutation($c: UpdateCourseInput!, $g: UpdateGroupInput!) { updateCourse(input: $c) { id } updateGroup(input: $g) { id } }";
    camp.admin.ok(widen, json!({ "c": { "id": full, "capacity": 2 }, "g": { "id": tight, "capacity": 2 } })).await;
    camp.retry().await;
    assert_eq!(camp.grants(&application).await, ["Draft FAILED COURSE_NOT_PUBLISHED", "Full DONE", "Tight DONE"]);
    camp.admin.ok(crate::classroom::PUBLISH, json!({ "id": draft })).await;
    assert!(!crate::classroom::is_due(&camp.app, &camp.app.oak, "grant.retry").await, "each at most once in five minutes");
    camp.app.sql("UPDATE attendee_grant SET tried_at = now() - interval '6 minutes'").await;
    assert!(crate::classroom::is_due(&camp.app, &camp.app.oak, "grant.retry").await);
    camp.retry().await;
    assert_eq!(camp.grants(&application).await, ["Draft DONE", "Full DONE", "Tight DONE"]);
    assert!(!crate::classroom::is_due(&camp.app, &camp.app.oak, "grant.retry").await);
}
