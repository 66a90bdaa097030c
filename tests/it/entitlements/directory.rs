//! Who takes part in a program, as far as they want to be found.

use serde_json::{Value, json};

use super::Camp;
use crate::{
    app::{Client, Who},
    classroom::nothing,
};

const LIST: &str =
    "query($p: ID!, $s: String) { programParticipants(programId: $p, search: $s) { totalCount nodes { name email answers isViewer } } }";
const SHARE: &str = "mutation($i: UpdateApplicationInput!) { updateApplication(input: $i) { notShared } }";
const ADD: &str = "mutation($i: AddAttendeeInput!) { addAttendee(input: $i) { id } }";

async fn names(client: &Client, program: &Value) -> Vec<String> {
    let found = client.ok(LIST, json!({ "p": program })).await["programParticipants"].take();
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(found["totalCount"], nodes.len());
    nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn participants_find_each_other_as_far_as_they_want_to_be_found() {
    let camp = Camp::start(json!({ "hasDirectory": true })).await;
    let form = json!({ "programId": camp.program, "expectedVersion": 0, "fields": [
        { "key": "town", "label": "Where you come from", "type": "TEXT", "inDirectory": true },
        { "key": "hobby", "label": "What you like", "type": "TEXT", "inDirectory": true },
        { "key": "diet", "label": "What you eat", "type": "TEXT" },
    ] });
    camp.admin.ok("mutation($i: SetProgramFormInput!) { setProgramForm(input: $i) { id } }", json!({ "i": form })).await;
    let [bob, eve, kim] = [
        camp.app.person(&camp.app.oak, "bob@oak.example", &["LEARNER"]).await,
        camp.app.person(&camp.app.oak, "eve@oak.example", &["LEARNER"]).await,
        camp.app.person(&camp.app.oak, "kim@oak.example", &["LEARNER"]).await,
    ];
    let start = "mutation($i: StartApplicationInput!) { startApplication(input: $i) { id notShared } }";
    let answers = json!({ "town": "Oslo", "hobby": "Chess", "diet": "Cake" });
    let own = bob.ok(start, json!({ "i": { "programId": camp.program, "answers": answers } })).await["startApplication"].take();
    assert_eq!(own["notShared"], json!(["email"]));
    for (kind, name) in [("SPOUSE", "Bea"), ("CHILD", "Bo")] {
        bob.ok(ADD, json!({ "i": { "applicationId": own["id"], "kind": kind, "name": name } })).await;
    }
    assert_eq!(names(&bob, &camp.program).await, Vec::<String>::new()); // a draft
    bob.ok("mutation($id: ID!) { submitApplication(id: $id) { id } }", json!({ "id": own["id"] })).await;
    let other = camp.apply(&eve).await;
    // Never children. The answers that are meant for it, of the applicant alone.
    let seen = eve.ok(LIST, json!({ "p": camp.program })).await["programParticipants"]["nodes"].take();
    let bobs = json!({ "name": "bob@oak.example", "email": null, "answers": { "town": "Oslo", "hobby": "Chess" }, "isViewer": false });
    assert_eq!(seen[1], bobs);
    assert_eq!(seen[0], json!({ "name": "Bea", "email": null, "answers": {}, "isViewer": false }));
    assert_eq!((&seen[2]["name"], &seen[2]["isViewer"], seen.as_array().unwrap().len()), (&json!("eve@oak.example"), &json!(true), 3));
    bob.ok(SHARE, json!({ "i": { "id": own["id"], "notShared": ["hobby"] } })).await;
    let seen = eve.ok(LIST, json!({ "p": camp.program, "s": "bob" })).await["programParticipants"].take();
    let shared = json!({ "name": "bob@oak.example", "email": "bob@oak.example", "answers": { "town": "Oslo" }, "isViewer": false });
    assert_eq!((&seen["totalCount"], &seen["nodes"][0]), (&json!(1), &shared));
    eve.ok(SHARE, json!({ "i": { "id": other, "notShared": ["name"] } })).await;
    assert_eq!(names(&bob, &camp.program).await, ["Bea", "bob@oak.example"]);
    // Nobody else: no stranger to the program, no other school; but who reads all applications.
    assert!(names(&kim, &camp.program).await.is_empty());
    assert!(names(&camp.app.sign_in(&camp.app.elm, Who::Admin).await, &camp.program).await.is_empty());
    assert_eq!(names(&camp.app.sign_in(&camp.app.oak, Who::Viewer).await, &camp.program).await.len(), 2);
    assert!(names(&bob, &json!(nothing("program"))).await.is_empty());
    // Whoever leaves is found no more, and finds nobody.
    let withdraw = "mutation($i: WithdrawApplicationInput!) { withdrawApplication(input: $i) { id } }";
    bob.ok(withdraw, json!({ "i": { "id": own["id"] } })).await;
    assert!(names(&bob, &camp.program).await.is_empty());
    let off = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { hasDirectory } }";
    camp.admin.ok(off, json!({ "i": { "id": camp.program, "hasDirectory": false } })).await;
    assert!(names(&camp.admin, &camp.program).await.is_empty());
}
