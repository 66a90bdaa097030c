//! What applications to a program ask for.

use serde_json::{Value, json};

use super::{active, program};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused, uuid},
};

pub const SET: &str = "mutation($i: SetProgramFormInput!) { setProgramForm(input: $i) { form { version fields { key label type required position section options help placeholder \
     min max maxLength inDirectory sensitive } } } }";

/// A form of these fields, in place of a version.
pub fn form(program: &str, version: i32, fields: Value) -> Value {
    json!({ "i": { "programId": program, "expectedVersion": version, "fields": fields } })
}

#[tokio::test]
async fn a_form_is_set_as_a_whole_and_its_versions_stay() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = active(&admin, json!({ "name": "Camp" })).await;
    let fields = json!([
        { "key": "diet", "label": " Diet ", "type": "SELECT", "options": ["none", "vegan"], "required": true, "section": "Food", "help": "What you eat", "inDirectory": true },
        { "key": "age", "label": "Age", "type": "NUMBER", "min": 6, "max": 99.5, "sensitive": true },
        { "key": "about", "label": "About you", "type": "TEXTAREA", "maxLength": 500, "placeholder": "I am" },
    ]);
    let set = admin.ok(SET, form(&id, 0, fields)).await["setProgramForm"]["form"].take();
    assert_eq!(
        set,
        json!({ "version": 1, "fields": [
            { "key": "diet", "label": "Diet", "type": "SELECT", "required": true, "position": 1, "section": "Food", "options": ["none", "vegan"], "help": "What you eat",
              "placeholder": null, "min": null, "max": null, "maxLength": null, "inDirectory": true, "sensitive": false },
            { "key": "age", "label": "Age", "type": "NUMBER", "required": false, "position": 2, "section": null, "options": [], "help": null, "placeholder": null,
              "min": 6.0, "max": 99.5, "maxLength": null, "inDirectory": false, "sensitive": true },
            { "key": "about", "label": "About you", "type": "TEXTAREA", "required": false, "position": 3, "section": null, "options": [], "help": null,
              "placeholder": "I am", "min": null, "max": null, "maxLength": 500, "inDirectory": false, "sensitive": false },
        ] })
    );
    let text = |key: &str| json!([{ "key": key, "label": "A", "type": "TEXT" }]);
    let keys = |answer: &Value| {
        answer["setProgramForm"]["form"]["fields"].as_array().unwrap().iter().map(|field| field["key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&admin.ok(SET, form(&id, 1, text("shirt"))).await), ["shirt"]);
    assert_eq!(admin.ok(SET, form(&id, 2, json!([]))).await["setProgramForm"]["form"], json!({ "version": 3, "fields": [] }));
    assert_eq!(
        app.count(&format!("program_form_field WHERE program_id = '{}' AND version = 1", uuid(&id))).await,
        3,
        "what was asked stays"
    );
    refused(&app, &admin, SET, form(&id, 2, text("shirt")), "CONFLICT STALE @expectedVersion").await;
    let reused = json!([{ "key": "shirt", "label": "A", "type": "TEXT" }, { "key": "age", "label": "A", "type": "TEXT" }]);
    refused(&app, &admin, SET, form(&id, 3, reused), "CONFLICT KEY_REUSED @fields.1.key").await;
    admin.ok(SET, form(&id, 3, json!([{ "key": "age", "label": "How old?", "type": "NUMBER" }]))).await;
    // Another program's keys are its own, and everybody who sees a program sees its form.
    let other = program(&admin, json!({ "name": "Other" })).await;
    admin.ok(SET, form(&other, 0, text("age"))).await;
    let read = "query($id: ID!) { program(id: $id) { form { version fields { label } } } }";
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(lea.ok(read, json!({ "id": id })).await["program"]["form"], json!({ "version": 4, "fields": [{ "label": "How old?" }] }));
}

#[tokio::test]
async fn what_is_wrong_in_a_form_is_refused_with_its_place() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = program(&admin, json!({ "name": "Camp" })).await;
    let good = json!({ "key": "diet", "label": "Diet", "type": "TEXT" });
    for (field, line) in [
        (json!({ "key": "name" }), "BAD_USER_INPUT @fields.1.key"),
        (json!({ "key": "Age" }), "BAD_USER_INPUT @fields.1.key"),
        (json!({ "key": "diet" }), "BAD_USER_INPUT @fields.1.key"),
        (json!({ "label": " " }), "BAD_USER_INPUT @fields.1.label"),
        (json!({ "type": "SELECT" }), "BAD_USER_INPUT @fields.1.options"),
        (json!({ "type": "SELECT", "options": ["a", "a "] }), "BAD_USER_INPUT @fields.1.options.1"),
        (json!({ "options": ["a"] }), "BAD_USER_INPUT @fields.1.options"),
        (json!({ "min": 1 }), "BAD_USER_INPUT @fields.1.min"),
        (json!({ "type": "NUMBER", "min": 2, "max": 1 }), "BAD_USER_INPUT @fields.1.max"),
        (json!({ "maxLength": 201 }), "BAD_USER_INPUT @fields.1.maxLength"),
        (json!({ "type": "DATE", "maxLength": 10 }), "BAD_USER_INPUT @fields.1.maxLength"),
        (json!({ "inDirectory": true, "sensitive": true }), "BAD_USER_INPUT @fields.1.inDirectory"),
    ] {
        let mut wrong = json!({ "key": "other", "label": "Other", "type": "TEXT" });
        wrong.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        refused(&app, &admin, SET, form(&id, 0, json!([good, wrong])), line).await;
    }
    let many: Vec<Value> = (0..61).map(|nth| json!({ "key": format!("k{nth}"), "label": "A", "type": "TEXT" })).collect();
    refused(&app, &admin, SET, form(&id, 0, json!(many)), "BAD_USER_INPUT @fields").await;
    admin.ok(SET, form(&id, 0, json!(many[..60]))).await;
    refused(&app, &admin, SET, form(&nothing("program"), 0, json!([])), "NOT_FOUND @programId").await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &elm, SET, form(&id, 1, json!([])), "NOT_FOUND @programId").await;
    refused(&app, &app.sign_in(&app.oak, Who::Instructor).await, SET, form(&id, 1, json!([])), "FORBIDDEN [PROGRAM_MANAGE]").await;
}
