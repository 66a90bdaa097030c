//! What a school says of assistants.

use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who},
    classroom::refused,
};

const UPDATE: &str = "mutation($i: UpdateAssistantPolicyInput!) { updateAssistantPolicy(input: $i) { isEnabled roleKeys models { name contextTokens inputPrice outputPrice currency } \
    defaultModel dailyTokenLimitPerUser monthlyTokenLimit retentionDays auditsContent generatesCourses silentDuringQuizzes allowedImageHosts blockedPhrases \
    usesProviderModeration responseTimeoutSeconds } }";
const POLICY: &str = "{ assistantPolicy { isConfigured isEnabled viewerMayUse roleKeys models { name contextTokens inputPrice currency } defaultModel dailyTokenLimitPerUser monthlyTokenLimit \
    retentionDays auditsContent generatesCourses silentDuringQuizzes allowedImageHosts blockedPhrases usesProviderModeration responseTimeoutSeconds hasEmbeddings updatedAt } }";

#[tokio::test]
async fn a_school_that_says_nothing_has_the_defaults() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let defaults = json!({
        "isConfigured": false, "isEnabled": true, "viewerMayUse": false, "roleKeys": null,
        "models": [{ "name": "default", "contextTokens": 32768, "inputPrice": null, "currency": null }], "defaultModel": null, "dailyTokenLimitPerUser": null,
        "monthlyTokenLimit": null, "retentionDays": null, "auditsContent": false, "generatesCourses": true, "silentDuringQuizzes": true, "allowedImageHosts": [],
        "blockedPhrases": [], "usesProviderModeration": false, "responseTimeoutSeconds": 60, "hasEmbeddings": false, "updatedAt": null
    });
    assert_eq!(admin.ok(POLICY, json!({})).await["assistantPolicy"], defaults);
    let seen = lea.ok(POLICY, json!({})).await["assistantPolicy"].take();
    assert_eq!(json!([seen["blockedPhrases"], seen["usesProviderModeration"], seen["auditsContent"]]), json!([null, null, false]));
    let settings = "{ viewer { tenant { settings { assistantPolicy { isEnabled } } } } }";
    assert_eq!(lea.ok(settings, json!({})).await["viewer"]["tenant"]["settings"]["assistantPolicy"]["isEnabled"], true);
}

#[tokio::test]
async fn what_is_said_is_kept_and_shown_to_whom_it_is_for() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let set = |input: Value| json!({ "i": input });
    refused(&app, &lea, UPDATE, set(json!({ "isEnabled": false })), "FORBIDDEN [ASSISTANT_MANAGE]").await;
    let whole = json!({
        "isEnabled": false, "roleKeys": ["INSTRUCTOR"], "models": [{ "name": "small", "contextTokens": 8000, "inputPrice": 15.5, "outputPrice": 60.0, "currency": "EUR" }],
        "defaultModel": "small", "dailyTokenLimitPerUser": 1000, "monthlyTokenLimit": 50000, "retentionDays": 30, "auditsContent": true, "generatesCourses": false,
        "silentDuringQuizzes": false, "allowedImageHosts": ["images.example.org"], "blockedPhrases": ["Top secret"], "usesProviderModeration": true, "responseTimeoutSeconds": 5
    });
    assert_eq!(admin.ok(UPDATE, set(whole.clone())).await["updateAssistantPolicy"], whole);
    let changed =
        admin.ok(UPDATE, set(json!({ "retentionDays": null, "allowedImageHosts": ["IMG.Example.org"] }))).await["updateAssistantPolicy"]
            .take();
    assert_eq!(
        json!([changed["retentionDays"], changed["allowedImageHosts"], changed["defaultModel"]]),
        json!([null, ["img.example.org"], "small"])
    );
    let seen = lea.ok(POLICY, json!({})).await["assistantPolicy"].take();
    assert_eq!(seen["models"], json!([{ "name": "small", "contextTokens": 8000, "inputPrice": null, "currency": null }]));
    assert_eq!(
        json!([seen["roleKeys"], seen["monthlyTokenLimit"], seen["dailyTokenLimitPerUser"], seen["auditsContent"]]),
        json!([null, null, 1000, true])
    );
    assert!(seen["updatedAt"].is_string());
    // The other school's stays as it is.
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(POLICY, json!({})).await["assistantPolicy"]["isEnabled"], true);
}

#[tokio::test]
async fn each_wrong_input_is_named() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let model = |input: Value| {
        let mut model = json!({ "name": "m", "contextTokens": 8000 });
        model.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        json!({ "models": [model] })
    };
    for (input, line) in [
        (json!({ "isEnabled": null }), "BAD_USER_INPUT @isEnabled"),
        (json!({ "roleKeys": ["learner"] }), "BAD_USER_INPUT @roleKeys.0"),
        (json!({ "models": [] }), "BAD_USER_INPUT @models"),
        (model(json!({ "name": " " })), "BAD_USER_INPUT @models.0.name"),
        (model(json!({ "contextTokens": 999 })), "BAD_USER_INPUT @models.0.contextTokens"),
        (model(json!({ "inputPrice": -1.0, "currency": "EUR" })), "BAD_USER_INPUT @models.0.inputPrice"),
        (model(json!({ "inputPrice": 1.0 })), "BAD_USER_INPUT @models.0.currency"),
        (model(json!({ "inputPrice": 1.0, "currency": "euro" })), "BAD_USER_INPUT @models.0.currency"),
        (json!({ "defaultModel": "other" }), "BAD_USER_INPUT MODEL_NOT_ALLOWED @defaultModel"),
        (json!({ "dailyTokenLimitPerUser": -1 }), "BAD_USER_INPUT @dailyTokenLimitPerUser"),
        (json!({ "retentionDays": 0 }), "BAD_USER_INPUT @retentionDays"),
        (json!({ "retentionDays": 3651 }), "BAD_USER_INPUT @retentionDays"),
        (json!({ "allowedImageHosts": ["https://x.example"] }), "BAD_USER_INPUT @allowedImageHosts.0"),
        (json!({ "allowedImageHosts": ["x.example", "X.example"] }), "BAD_USER_INPUT @allowedImageHosts.1"),
        (json!({ "blockedPhrases": ["a".repeat(101)] }), "BAD_USER_INPUT @blockedPhrases.0"),
        (json!({ "blockedPhrases": vec!["a"; 201] }), "BAD_USER_INPUT @blockedPhrases"),
        (json!({ "responseTimeoutSeconds": 4 }), "BAD_USER_INPUT @responseTimeoutSeconds"),
        (json!({ "responseTimeoutSeconds": 601 }), "BAD_USER_INPUT @responseTimeoutSeconds"),
    ] {
        refused(&app, &admin, UPDATE, json!({ "i": input }), line).await;
    }
}
