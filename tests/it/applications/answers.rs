//! What is answered, who reads it, and what is sensitive.

use serde_json::{Value, json};

use super::*;
use crate::app::Who;

fn form() -> Value {
    json!([
        { "key": "diet", "label": "Diet", "type": "SELECT", "options": ["all", "vegan"], "required": true, "inDirectory": true },
        { "key": "age", "label": "Age", "type": "NUMBER", "min": 16, "max": 99 },
        { "key": "health", "label": "Health", "type": "TEXTAREA", "sensitive": true },
        { "key": "photo", "label": "Photo", "type": "FILE" },
        { "key": "letter", "label": "Letter", "type": "FILE", "sensitive": true },
    ])
}

async fn answers(client: &Client, id: &str) -> Value {
    client.ok(READ, json!({ "id": id })).await["application"]["answers"].take()
}

#[tokio::test]
async fn keys_that_are_given_are_set_null_clears_and_absent_keys_stay() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), form()).await;
    let bob = stage.learner("bob").await;
    let input = json!({ "programId": program, "answers": { "age": 20, "health": "well" }, "notShared": ["diet", "diet", "name"] });
    let begun = bob.ok(START, json!({ "i": input })).await["startApplication"].take();
    assert_eq!((&begun["answers"], &begun["notShared"]), (&json!({ "age": 20, "health": "well" }), &json!(["diet", "name"])));
    let id = begun["id"].as_str().unwrap();
    let change = |answers: Value| json!({ "i": { "id": id, "answers": answers } });
    let changed = bob.ok(UPDATE, change(json!({ "age": null, "diet": "vegan" }))).await["updateApplication"].take();
    assert_eq!((&changed["answers"], &changed["notShared"]), (&json!({ "diet": "vegan", "health": "well" }), &json!(["diet", "name"])));
    for (given, line) in [
        (json!({ "diet": "none", "zz": 1 }), "BAD_USER_INPUT UNKNOWN_FIELD @answers.zz"),
        (json!({ "red_flag": true }), "BAD_USER_INPUT UNKNOWN_FIELD @answers.red_flag"),
        (json!({ "age": 5, "diet": "none" }), "BAD_USER_INPUT NOT_AN_OPTION @answers.diet"),
        (json!({ "age": 5 }), "BAD_USER_INPUT OUT_OF_RANGE @answers.age"),
        (json!({ "age": "20" }), "BAD_USER_INPUT WRONG_TYPE @answers.age"),
        (json!({ "photo": nothing("file") }), "BAD_USER_INPUT WRONG_TYPE @answers.photo"),
        (json!(["age"]), "BAD_USER_INPUT @answers"),
        (json!({ "health": "x".repeat(10_001) }), "BAD_USER_INPUT OUT_OF_RANGE @answers.health"),
    ] {
        refused(&stage.app, &bob, UPDATE, change(given), line).await;
    }
    bob.ok(UPDATE, change(json!({ "diet": null }))).await;
    refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "BAD_USER_INPUT REQUIRED @answers.diet").await;
}

#[tokio::test]
async fn the_address_of_an_answer_names_its_host() {
    let stage = Stage::start().await;
    let form = json!([{ "key": "page", "label": "Page", "type": "URL" }]);
    let program = program(&stage.admin, json!({}), form).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    let change = |page: &str| json!({ "i": { "id": id, "answers": { "page": page } } });
    for page in ["https://bob.example/me?x=1", "http://bob.example"] {
        bob.ok(UPDATE, change(page)).await;
        assert_eq!(answers(&bob, &id).await, json!({ "page": page }));
    }
    // As links these lead to pages of whoever shows them, or run.
    for page in ["https:bob.example", "http:/bob.example", "//bob.example", "ftp://bob.example", "javascript://bob.example/%0aalert(1)"] {
        refused(&stage.app, &bob, UPDATE, change(page), "BAD_USER_INPUT WRONG_TYPE @answers.page").await;
    }
}

#[tokio::test]
async fn at_submission_answers_are_held_against_the_form_of_that_moment() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), form()).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": { "diet": "vegan", "age": 20 } } })).await;
    let set = "mutation($i: SetProgramFormInput!) { setProgramForm(input: $i) { id } }";
    let fields = json!([
        { "key": "diet", "label": "Diet", "type": "SELECT", "options": ["all", "vegan"], "required": true },
        { "key": "name_tag", "label": "Name tag", "type": "TEXT", "required": true },
    ]);
    stage.admin.ok(set, json!({ "i": { "programId": program, "expectedVersion": 1, "fields": fields } })).await;
    assert_eq!(bob.ok(READ, json!({ "id": id })).await["application"]["form"]["version"], 2, "a draft shows the present form");
    refused(&stage.app, &bob, SUBMIT, json!({ "id": id }), "BAD_USER_INPUT REQUIRED @answers.name_tag").await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": { "name_tag": "Bob" } } })).await;
    submit(&bob, &id).await;
    assert_eq!(answers(&bob, &id).await, json!({ "diet": "vegan", "name_tag": "Bob" }), "what the form asks for no more is dropped");
    stage.admin.ok(set, json!({ "i": { "programId": program, "expectedVersion": 2, "fields": [] } })).await;
    let read = bob.ok(READ, json!({ "id": id })).await["application"].take();
    assert_eq!((&read["form"]["version"], &read["form"]["fields"][1]["key"]), (&json!(2), &json!("name_tag")));
}

#[tokio::test]
async fn what_is_sensitive_reaches_the_applicant_and_who_manages_applications_alone() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), form()).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let bob = stage.learner("bob").await;
    let input = json!({ "programId": program, "answers": { "diet": "all", "health": "a secret illness" } });
    let id = bob.ok(START, json!({ "i": input })).await["startApplication"]["id"].as_str().unwrap().to_owned();
    submit(&bob, &id).await;
    let viewer = stage.app.sign_in(&stage.app.oak, Who::Viewer).await;
    let whole = json!({ "diet": "all", "health": "a secret illness" });
    for (client, expected) in
        [(&bob, &whole), (&stage.admin, &whole), (&stage.ada, &json!({ "diet": "all" })), (&viewer, &json!({ "diet": "all" }))]
    {
        let read = client.ok(READ, json!({ "id": id })).await["application"].take();
        assert_eq!(&read["answers"], expected);
        assert!(read["events"].as_array().unwrap().iter().all(|event| &event["answers"] == expected), "{read:#}");
    }
    // Nor does the log know any answer.
    let log = stage.admin.ok("{ auditLog(first: 100) { nodes { before after } } }", json!({})).await.to_string();
    assert!(!log.contains("a secret illness") && !log.contains("\"diet\""), "{log}");
    assert!(log.contains("hasAnswers"));
}

#[tokio::test]
async fn a_draft_hides_what_the_present_form_calls_sensitive() {
    let stage = Stage::start().await;
    let fields = |sensitive: bool| json!([{ "key": "diet", "label": "Diet", "type": "TEXT", "sensitive": sensitive }, { "key": "photo", "label": "Photo", "type": "FILE", "sensitive": sensitive }]);
    let program = program(&stage.admin, json!({}), fields(false)).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let photo = crate::files::text(&bob, "photo.txt").await;
    let whole = json!({ "diet": "vegan", "photo": photo });
    let (draft, withdrawn) = (start(&bob, &program).await, start(&eve, &program).await);
    bob.ok(UPDATE, json!({ "i": { "id": draft, "answers": whole } })).await;
    eve.ok(UPDATE, json!({ "i": { "id": withdrawn, "answers": { "diet": "all" } } })).await;
    withdraw(&eve, &withdrawn).await;
    let viewer = stage.app.sign_in(&stage.app.oak, Who::Viewer).await;
    assert_eq!(answers(&viewer, &draft).await, whole);
    stage.admin.ok(SET_FORM, json!({ "i": { "programId": program, "expectedVersion": 1, "fields": fields(true) } })).await;
    assert_eq!(
        (answers(&bob, &draft).await, answers(&stage.admin, &draft).await, answers(&viewer, &draft).await),
        (whole.clone(), whole, json!({}))
    );
    assert_eq!(viewer.ok("query($id: ID!) { file(id: $id) { name } }", json!({ "id": photo })).await["file"], Value::Null);
    // One that is opened again is a draft of that form, too.
    eve.ok(REOPEN, json!({ "id": withdrawn })).await;
    assert_eq!((answers(&eve, &withdrawn).await, answers(&viewer, &withdrawn).await), (json!({ "diet": "all" }), json!({})));
}

/// What the steps of an application say was answered, other than this.
async fn answered_but(client: &Client, id: &str, expected: &Value) -> Vec<Value> {
    let events = client.ok(READ, json!({ "id": id })).await["application"]["events"].take();
    events.as_array().unwrap().iter().map(|event| event["answers"].clone()).filter(|answers| answers != expected).collect()
}

#[tokio::test]
async fn the_steps_of_a_draft_hide_what_it_hides() {
    let stage = Stage::start().await;
    let fields = |sensitive: bool| json!([{ "key": "diet", "label": "Diet", "type": "TEXT", "sensitive": sensitive }, { "key": "health", "label": "Health", "type": "TEXT", "sensitive": true }]);
    let program = program(&stage.admin, json!({}), fields(false)).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let (whole, shown, nothing) = (json!({ "diet": "vegan", "health": "ill" }), json!({ "diet": "vegan" }), json!({}));
    let input = json!({ "i": { "programId": program, "answers": whole } });
    let draft = bob.ok(START, input.clone()).await["startApplication"]["id"].as_str().unwrap().to_owned();
    let withdrawn = eve.ok(START, input).await["startApplication"]["id"].as_str().unwrap().to_owned();
    submit(&eve, &withdrawn).await;
    withdraw(&eve, &withdrawn).await;
    // What was answered once stands in a step, whatever is answered now.
    bob.ok(UPDATE, json!({ "i": { "id": draft, "answers": { "diet": null } } })).await;
    let viewer = stage.app.sign_in(&stage.app.oak, Who::Viewer).await;
    assert_eq!(answered_but(&viewer, &draft, &shown).await, Vec::<Value>::new());
    stage.admin.ok(SET_FORM, json!({ "i": { "programId": program, "expectedVersion": 1, "fields": fields(true) } })).await;
    // What was handed in is shown by the form of that time, until it is a draft again.
    assert_eq!(answered_but(&viewer, &withdrawn, &shown).await, Vec::<Value>::new());
    eve.ok(REOPEN, json!({ "id": withdrawn })).await;
    for (applicant, id) in [(&bob, &draft), (&eve, &withdrawn)] {
        assert_eq!(answered_but(&viewer, id, &nothing).await, Vec::<Value>::new());
        for client in [applicant, &stage.admin] {
            assert_eq!(answered_but(client, id, &whole).await, Vec::<Value>::new());
        }
    }
}

#[tokio::test]
async fn after_submission_only_who_manages_applications_corrects_answers() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), form()).await;
    let bob = stage.learner("bob").await;
    let id = start(&bob, &program).await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": { "diet": "all" } } })).await;
    submit(&bob, &id).await;
    let change = json!({ "i": { "id": id, "answers": { "diet": "vegan" } } });
    refused(&stage.app, &bob, UPDATE, change.clone(), "CONFLICT NOT_EDITABLE @answers").await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "notShared": ["name", "email"] } })).await;
    stage.admin.ok(UPDATE, change).await;
    let read = bob.ok(READ, json!({ "id": id })).await["application"].take();
    let last = read["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["from"], &last["to"], &last["answers"]), (&json!("IN_REVIEW"), &json!("IN_REVIEW"), &json!({ "diet": "vegan" })));
    assert_eq!(read["answers"], json!({ "diet": "vegan" }));
    assert_eq!(read["events"].as_array().unwrap().len(), 3, "what is not shared is no step");
}

#[tokio::test]
async fn a_file_that_is_answered_is_the_applicants_own_is_read_with_the_answer_and_in_use() {
    const FILE: &str = "query($id: ID!) { file(id: $id) { name } node(id: $id) { id ... on File { name } } }";
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({}), form()).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let (photo, letter) = (crate::files::text(&bob, "photo.txt").await, crate::files::text(&bob, "letter.txt").await);
    let id = start(&bob, &program).await;
    let strange = start(&eve, &program).await;
    let of_bob = json!({ "i": { "id": strange, "answers": { "photo": photo } } });
    refused(&stage.app, &eve, UPDATE, of_bob, "BAD_USER_INPUT WRONG_TYPE @answers.photo").await;
    let given = json!({ "diet": "all", "photo": photo, "letter": letter });
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": given } })).await;
    let reads = |client: &Client, file: &str| {
        let (client, file) = (client.clone(), file.to_owned());
        async move {
            let answer = client.ok(FILE, json!({ "id": file })).await;
            assert_eq!(answer["node"]["name"], answer["file"]["name"], "a node is seen as its own field shows it");
            !answer["file"].is_null()
        }
    };
    assert!(!reads(&stage.ada, &photo).await, "a draft is not the reviewers' business");
    submit(&bob, &id).await;
    assert!(reads(&stage.ada, &photo).await && !reads(&stage.ada, &letter).await && !reads(&eve, &photo).await);
    let delete = "mutation($id: ID!) { deleteFile(id: $id) }";
    let both = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let seen = stage.ada.ok(both, json!({ "ids": [letter, photo] })).await["nodes"].take();
    assert_eq!(seen, json!([null, { "id": photo }]));
    refused(&stage.app, &bob, delete, json!({ "id": photo }), "CONFLICT IN_USE @id").await;
    stage.admin.ok(UPDATE, json!({ "i": { "id": id, "answers": { "photo": null } } })).await;
    assert!(!reads(&stage.ada, &photo).await);
    bob.ok(delete, json!({ "id": photo })).await;
}

#[tokio::test]
async fn nothing_is_left_of_a_person_who_is_deleted_but_that_they_applied() {
    let stage = Stage::start().await;
    let program = program(&stage.admin, json!({ "capacity": 2 }), form()).await;
    let (bob, eve) = (stage.learner("bob").await, stage.learner("eve").await);
    let id = start(&bob, &program).await;
    let photo = crate::files::text(&bob, "photo.txt").await;
    bob.ok(UPDATE, json!({ "i": { "id": id, "answers": { "diet": "all", "health": "ill", "photo": photo } } })).await;
    let child = json!({ "i": { "applicationId": id, "kind": "CHILD", "name": "Kim Bobson", "email": "kim@oak.example" } });
    bob.ok(ADD, child).await;
    submit(&bob, &id).await;
    decide(&stage.admin, &id, "ACCEPTED").await;
    let waiting = start(&eve, &program).await;
    eve.ok(UPDATE, json!({ "i": { "id": waiting, "answers": { "diet": "all" } } })).await;
    submit(&eve, &waiting).await;
    decide(&stage.admin, &waiting, "WAITLISTED").await;
    let flag = json!({ "i": { "userId": bob.user_id, "redFlag": true } });
    stage.admin.ok("mutation($i: SetRedFlagInput!) { setRedFlag(input: $i) { id } }", flag).await;
    stage.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id })).await;
    let read = stage.admin.ok(READ, json!({ "id": id })).await["application"].take();
    assert_eq!((&read["status"], &read["answers"]), (&json!("WITHDRAWN"), &json!({})));
    assert!(read["events"].as_array().unwrap().iter().all(|event| event["answers"] == json!({}) && event["message"].is_null()));
    assert!(read["attendees"].as_array().unwrap().iter().all(|attendee| attendee["name"] == "" && attendee["email"].is_null()));
    let log = stage.admin.ok("{ auditLog(first: 100) { nodes { before after } } }", json!({})).await.to_string();
    assert!(!log.contains("Kim Bobson") && !log.contains("kim@oak.example"), "{log}");
    assert_eq!(
        stage.app.count("application_secret").await + stage.app.count("application_file").await + stage.app.count("red_flag").await,
        0
    );
    let offered = eve.ok(READ, json!({ "id": waiting })).await["application"]["offerExpiresAt"].take();
    assert!(offered.is_string(), "their places are offered to who waits");
}
