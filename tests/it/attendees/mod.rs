//! Attendees: who comes with an application, and whose an address turns out to be.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    admissions,
    app::{Client, TestApp},
    applications::{ADD, START, Stage, apply, apply_with, decide, nothing, places, refused, start, submit, uuid, withdraw},
};

const CHANGE: &str = "mutation($i: UpdateAttendeeInput!) { updateAttendee(input: $i) { id name email user { id } } }";
const REMOVE: &str = "mutation($id: ID!) { removeAttendee(id: $id) }";
const LIST: &str =
    "query($f: AttendeeFilter) { attendees(filter: $f) { totalCount nodes { id name email kind user { id } application { id } } } }";

async fn add(client: &Client, application: &str, kind: &str, name: &str, email: Option<&str>) -> String {
    let input = json!({ "i": { "applicationId": application, "kind": kind, "name": name, "email": email } });
    client.ok(ADD, input).await["addAttendee"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_application_has_one_main_one_spouse_and_ten_children() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    let input = |kind: &str, email: Option<&str>| json!({ "i": { "applicationId": id, "kind": kind, "name": "Kim", "email": email } });
    refused(&stage.app, &bob, ADD, input("MAIN", None), "CONFLICT ATTENDEE_EXISTS @kind").await;
    add(&bob, &id, "SPOUSE", "Eve", Some("Eve@Oak.example")).await;
    refused(&stage.app, &bob, ADD, input("SPOUSE", None), "CONFLICT ATTENDEE_EXISTS @kind").await;
    refused(&stage.app, &bob, ADD, input("CHILD", Some("eve@oak.example")), "CONFLICT EMAIL_TAKEN @email").await;
    refused(&stage.app, &bob, ADD, input("CHILD", Some("BOB@oak.example")), "CONFLICT EMAIL_TAKEN @email").await;
    refused(&stage.app, &bob, ADD, input("CHILD", Some("nowhere")), "BAD_USER_INPUT @email").await;
    refused(&stage.app, &bob, ADD, input("MEMBER", None), "FORBIDDEN NOT_LEADER @kind").await;
    for n in 0..10 {
        add(&bob, &id, "CHILD", &format!("Child {n}"), None).await;
    }
    refused(&stage.app, &bob, ADD, input("CHILD", None), "LIMIT_REACHED @kind").await;
    let strange = json!({ "i": { "applicationId": nothing("application"), "kind": "CHILD", "name": "Kim" } });
    refused(&stage.app, &bob, ADD, strange, "NOT_FOUND @applicationId").await;
}

#[tokio::test]
async fn a_party_changes_in_every_state_but_rejected_and_withdrawn() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 3 })).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    let main = bob.ok(LIST, json!({ "f": { "applicationId": id } })).await["attendees"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    let child = add(&bob, &id, "CHILD", "Kim", None).await;
    submit(&bob, &id).await;
    decide(&stage.admin, &id, "ACCEPTED").await;
    assert_eq!(places(&bob, &program).await.0, 2);
    add(&bob, &id, "SPOUSE", "Eve", None).await;
    assert_eq!(places(&bob, &program).await.0, 3);
    refused(&stage.app, &bob, REMOVE, json!({ "id": main }), "CONFLICT MAIN_ATTENDEE @id").await;
    assert_eq!(bob.ok(REMOVE, json!({ "id": child })).await["removeAttendee"], child);
    assert_eq!(places(&bob, &program).await.0, 2);
    let changed = bob.ok(CHANGE, json!({ "i": { "id": main, "name": "Robert" } })).await["updateAttendee"].take();
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["user"]["id"]),
        (&json!("Robert"), &json!("bob@oak.example"), &json!(bob.user_id))
    );
    // The MAIN attendee stays who they are, whatever their address.
    let changed = bob.ok(CHANGE, json!({ "i": { "id": main, "email": "robert@oak.example" } })).await["updateAttendee"].take();
    assert_eq!(changed["user"]["id"], json!(bob.user_id));
    refused(&stage.app, &bob, CHANGE, json!({ "i": { "id": main, "name": null } }), "BAD_USER_INPUT @name").await;
    withdraw(&bob, &id).await;
    assert_eq!(places(&bob, &program).await.0, 0);
    let input = json!({ "i": { "applicationId": id, "kind": "CHILD", "name": "Kim" } });
    refused(&stage.app, &bob, ADD, input, "CONFLICT NOT_EDITABLE @applicationId").await;
    refused(&stage.app, &bob, CHANGE, json!({ "i": { "id": main, "name": "Bob" } }), "CONFLICT NOT_EDITABLE @id").await;
    refused(&stage.app, &stage.admin, REMOVE, json!({ "id": main }), "CONFLICT NOT_EDITABLE @id").await;
}

/// A group that somebody leads.
async fn led(stage: &Stage, leader: &Client) -> String {
    let group = crate::classroom::group(&stage.admin, json!({ "name": "Crew" })).await;
    let add = "mutation($i: AddGroupMembersInput!) { addGroupMembers(input: $i) { id } }";
    stage.admin.ok(add, json!({ "i": { "groupId": group, "userIds": [leader.user_id] } })).await;
    stage.app.sql(&format!("UPDATE group_member SET is_leader = true WHERE group_id = '{}'", uuid(&group))).await;
    group
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_of_a_group_brings_members_as_far_as_the_program_takes_them() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let group = led(&stage, &bob).await;
    let set = "mutation($i: SetProgramGroupInput!) { setProgramGroup(input: $i) { memberCount } }";
    stage.admin.ok(set, json!({ "i": { "programId": program, "groupId": group, "maxMembers": 3 } })).await;
    let id = bob.ok(START, json!({ "i": { "programId": program, "groupId": group } })).await["startApplication"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let input = json!({ "i": { "applicationId": id, "kind": "MEMBER", "name": "Mem Ber" } });
    let answers = join_all((0..6).map(|_| bob.ask(ADD, input.clone()))).await;
    let added = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(added, 3, "{answers:?}");
    refused(&stage.app, &bob, ADD, input.clone(), "CONFLICT PROGRAM_GROUP_FULL @applicationId").await;
    let count = || async {
        stage.admin.ok(set, json!({ "i": { "programId": program, "groupId": group } })).await["setProgramGroup"]["memberCount"].as_i64()
    };
    assert_eq!(count().await, Some(3));
    withdraw(&bob, &id).await;
    assert_eq!(count().await, Some(0), "who does not come takes no place of others");
    // A member who does not lead brings nobody.
    let add_members = "mutation($i: AddGroupMembersInput!) { addGroupMembers(input: $i) { id } }";
    stage.admin.ok(add_members, json!({ "i": { "groupId": group, "userIds": [eve.user_id] } })).await;
    let own = eve.ok(START, json!({ "i": { "programId": program, "groupId": group } })).await["startApplication"]["id"].take();
    let input = json!({ "i": { "applicationId": own, "kind": "MEMBER", "name": "Mem Ber" } });
    refused(&stage.app, &eve, ADD, input, "FORBIDDEN NOT_LEADER @kind").await;
}

/// Somebody signs in by a code that was mailed to them.
async fn prove(app: &TestApp, email: &str) {
    admissions::set(app, json!({ "codeSignIn": "EVERYBODY" })).await;
    app.stranger().ok(admissions::ASK_CODE, admissions::to("oak", email)).await;
    admissions::work(app).await;
    let code = admissions::code(app, &app.oak, email).await;
    app.stranger().ok(admissions::GIVE_CODE, json!({ "i": { "tenant": "oak", "email": email, "code": code } })).await;
}

#[tokio::test]
async fn an_address_that_is_proven_makes_its_attendee_that_person_and_a_typed_one_does_not() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    let spouse = add(&bob, &id, "SPOUSE", "Eve", Some("EVE@oak.example")).await;
    let eve = stage.learner("eve").await;
    let user = |attendee: &str| format!("SELECT user_id::text FROM attendee WHERE id = '{}'", uuid(attendee));
    assert_eq!(stage.app.text(&user(&spouse)).await, None, "an account that somebody made for her proves nothing");
    prove(&stage.app, "eve@oak.example").await;
    assert_eq!(stage.app.text(&user(&spouse)).await, Some(uuid(&eve.user_id).to_string()));
    // She sees herself, and not the application.
    let seen = eve.ok(LIST, json!({})).await["attendees"].take();
    assert_eq!(
        (&seen["totalCount"], &seen["nodes"][0]["email"], &seen["nodes"][0]["application"]),
        (&json!(1), &json!("EVE@oak.example"), &Value::Null)
    );
    refused(&stage.app, &eve, CHANGE, json!({ "i": { "id": spouse, "name": "Evelyn" } }), "FORBIDDEN NOT_YOURS @id").await;
    // The same address in other letters changes nothing; another hands over.
    let changed = bob.ok(CHANGE, json!({ "i": { "id": spouse, "email": "eve@OAK.example" } })).await["updateAttendee"].take();
    assert_eq!(changed["user"], Value::Null, "the applicant learns of no account that they do not see");
    let changed = stage.admin.ok(CHANGE, json!({ "i": { "id": spouse, "name": "Eve" } })).await["updateAttendee"].take();
    assert_eq!(changed["user"]["id"], json!(eve.user_id));
    bob.ok(CHANGE, json!({ "i": { "id": spouse, "email": "kim@oak.example" } })).await;
    assert_eq!(stage.app.text(&user(&spouse)).await, None);
    assert_eq!(stage.app.count(&format!("attendee WHERE id = '{}' AND code_generation = 1", uuid(&spouse))).await, 1);
    prove(&stage.app, "eve@oak.example").await;
    assert_eq!(stage.app.text(&user(&spouse)).await, None);
    bob.ok(CHANGE, json!({ "i": { "id": spouse, "email": null } })).await;
}

#[tokio::test]
async fn who_checks_people_in_sees_holders_of_paid_tickets_without_their_addresses() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "reviewStrategy": "AUTO_ACCEPT" })).await;
    let bob = stage.learner("bob").await;
    apply_with(&bob, &program, 1).await;
    assert_eq!(stage.ada.ok(LIST, json!({})).await["attendees"]["totalCount"], 0);
    stage.app.sql("UPDATE attendee SET issued_tickets = 1 WHERE kind = 'MAIN'").await;
    let seen = stage.ada.ok(LIST, json!({})).await["attendees"].take();
    assert_eq!(
        (&seen["totalCount"], &seen["nodes"][0]["email"], &seen["nodes"][0]["application"]),
        (&json!(1), &Value::Null, &Value::Null)
    );
    let found = |client: &Client, filter: Value| {
        let client = client.clone();
        async move { client.ok(LIST, json!({ "f": filter })).await["attendees"]["totalCount"].as_i64().unwrap() }
    };
    for (filter, of_ada, of_admin) in [
        (json!({ "search": "bob" }), 1, 1),
        (json!({ "search": "child" }), 0, 1),
        (json!({ "hasTicket": true }), 1, 1),
        (json!({ "hasTicket": false }), 0, 1),
        (json!({ "kinds": ["CHILD"] }), 0, 1),
        (json!({ "programId": program }), 1, 2),
        (json!({ "programId": nothing("program") }), 0, 0),
        (json!({ "checkedIn": true }), 0, 0),
    ] {
        assert_eq!((found(&stage.ada, filter.clone()).await, found(&stage.admin, filter.clone()).await), (of_ada, of_admin), "{filter}");
    }
    // By an address she does not see, she finds nobody.
    stage.app.sql("UPDATE attendee SET name = 'Somebody' WHERE kind = 'MAIN'").await;
    assert_eq!(
        (found(&stage.ada, json!({ "search": "bob@oak" })).await, found(&stage.admin, json!({ "search": "bob@oak" })).await),
        (0, 1)
    );
    let eve = stage.learner("eve").await;
    apply(&eve, &program).await;
    let walked = crate::classroom::walk(&stage.admin, "attendees", "", "/name").await;
    assert_eq!(walked, ["Child 0", "eve@oak.example", "Somebody"]);
}
