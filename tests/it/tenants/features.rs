//! Flags: what a school has switched on, for everybody or for some roles.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who, refusal},
    classroom::{insist, refused},
};

const SET: &str = "mutation($i: SetFeatureFlagInput!) { setFeatureFlag(input: $i) { key isOn roleKeys } }";
const DELETE: &str = "mutation($key: String!) { deleteFeatureFlag(key: $key) }";
const ON: &str = "{ viewer { features } }";

fn flag(key: &str, is_on: bool, roles: Value) -> Value {
    json!({ "i": { "key": key, "isOn": is_on, "roleKeys": roles } })
}

#[tokio::test]
async fn a_flag_is_on_for_everybody_or_for_the_role_that_somebody_acts_in() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let answered = admin.ok(SET, flag("new-home", true, json!(null))).await["setFeatureFlag"].take();
    assert_eq!(answered, json!({ "key": "new-home", "isOn": true, "roleKeys": null }));
    admin.ok(SET, flag("chat-2", true, json!(["INSTRUCTOR", "VIEWER"]))).await;
    admin.ok(SET, flag("later", false, json!(null))).await;
    for (who, on) in
        [(Who::Admin, json!(["new-home"])), (Who::Instructor, json!(["chat-2", "new-home"])), (Who::Learner, json!(["new-home"]))]
    {
        assert_eq!(app.sign_in(&app.oak, who).await.ok(ON, json!({})).await["viewer"]["features"], on, "{who:?}");
    }
    let two = app.person(&app.oak, "two@oak.example", &["LEARNER", "VIEWER"]).await;
    assert_eq!(two.ok(ON, json!({})).await["viewer"]["features"], json!(["chat-2", "new-home"]));
    two.ok("mutation { switchRole(input: { roleKey: \"LEARNER\" }) { accessToken } }", json!({})).await;
    assert_eq!(two.ok(ON, json!({})).await["viewer"]["features"], json!(["new-home"]));
    assert_eq!(app.sign_in(&app.elm, Who::Admin).await.ok(ON, json!({})).await["viewer"]["features"], json!([]));

    admin.ok(SET, flag("new-home", false, json!(["LEARNER"]))).await;
    let all = admin.ok("{ viewer { tenant { settings { features { key isOn roleKeys } } } } }", json!({})).await;
    let learner = json!(["LEARNER"]);
    assert_eq!(
        all["viewer"]["tenant"]["settings"]["features"],
        json!([
            { "key": "chat-2", "isOn": true, "roleKeys": ["INSTRUCTOR", "VIEWER"] },
            { "key": "later", "isOn": false, "roleKeys": null },
            { "key": "new-home", "isOn": false, "roleKeys": learner },
        ])
    );
    assert_eq!(admin.ok(DELETE, json!({ "key": "later" })).await, json!({ "deleteFeatureFlag": "later" }));
    refused(&app, &admin, DELETE, json!({ "key": "later" }), "NOT_FOUND @key").await;
    assert_eq!(app.count("audit_entry WHERE resource = 'FeatureFlag' AND outcome = 'CHANGED'").await, 5);
}

#[tokio::test]
async fn wrong_flags_are_refused_and_a_role_that_one_names_is_in_use() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (variables, field) in [
        (flag("x", true, json!(null)), "key"),
        (flag("New-Home", true, json!(null)), "key"),
        (flag("new home", true, json!(null)), "key"),
        (flag(&"x".repeat(41), true, json!(null)), "key"),
        (flag("new-home", true, json!([])), "roleKeys"),
        (flag("new-home", true, json!(["LEARNER", "LEARNER"])), "roleKeys.1"),
        (flag("new-home", true, json!(["LEARNER", "NOBODY"])), "roleKeys.1"),
        (flag("new-home", true, json!(["learner"])), "roleKeys.0"),
    ] {
        refused(&app, &admin, SET, variables, &format!("BAD_USER_INPUT @{field}")).await;
    }
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        refused(&app, &client, SET, flag("mine", true, json!(null)), "FORBIDDEN [TENANT_MANAGE]").await;
        refused(&app, &client, DELETE, json!({ "key": "mine" }), "FORBIDDEN [TENANT_MANAGE]").await;
    }
    let tutor = crate::identity::add_role(&admin, "TUTOR", &["COURSE_READ"]).await;
    admin.ok(SET, flag("tutoring", true, json!(["TUTOR"]))).await;
    refused(&app, &admin, "mutation($id: ID!) { deleteRole(id: $id) }", json!({ "id": tutor }), "CONFLICT IN_USE").await;
    admin.ok(SET, flag("tutoring", true, json!(null))).await;
    admin.ok("mutation($id: ID!) { deleteRole(id: $id) }", json!({ "id": tutor })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_add_the_hundredth_flag_one_does() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO feature_flag (tenant_id, id, key, is_on) SELECT '{}', gen_random_uuid(), 'flag-' || n, true FROM generate_series(1, 99) AS n; RESET app.audit",
        app.oak.tenant
    ))
    .await;
    let answers = join_all((0..20).map(|number| insist(&admin, SET, flag(&format!("more-{number}"), true, json!(null))))).await;
    let won = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    let lost: Vec<String> = answers.iter().filter_map(|answer| answer["errors"].get(0)).map(refusal).collect();
    assert_eq!((won, lost.iter().filter(|line| *line == "LIMIT_REACHED").count()), (1, 19), "{lost:?}");
    admin.ok(SET, flag("flag-7", false, json!(null))).await; // one that there is already
}
