//! Sending: what is kept, what comes back, and in which order it is refused.

use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{SEND, answer, begin, configured, said, say, talk, words};
use crate::{
    agents::{DEACTIVATE, agent},
    app::{TestApp, Who},
    classroom::{nothing, refused, uuid},
    projects::project,
};

const POLICY: &str = "mutation($i: UpdateAssistantPolicyInput!) { updateAssistantPolicy(input: $i) { isEnabled } }";

#[tokio::test]
async fn a_message_is_kept_as_it_was_typed_and_its_answer_waits() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    let typed = "  two  blanks\n\tand a tab ";
    let input = json!({ "i": { "conversationId": id, "text": typed, "clientMessageId": "one-1_A", "metadata": { "draft": 3 } } });
    let waits = lea.ok(SEND, input.clone()).await["sendMessage"].take();
    assert_eq!(
        waits,
        json!({ "id": waits["id"], "role": "ASSISTANT", "state": "PENDING", "content": "", "clientMessageId": null,
                "parent": { "id": waits["parent"]["id"], "content": typed, "clientMessageId": "one-1_A", "metadata": { "draft": 3 } } })
    );
    // Again it is the same answer, before any other check; something else under that name is not.
    assert_eq!(lea.ok(SEND, input.clone()).await["sendMessage"]["id"], waits["id"]);
    admin.ok(POLICY, json!({ "i": { "isEnabled": false } })).await;
    assert_eq!(lea.ok(SEND, input).await["sendMessage"]["id"], waits["id"]);
    refused(&app, &lea, SEND, said(&id, "Something else", "one-1_A"), "CONFLICT CLIENT_ID_REUSED @clientMessageId").await;
    admin.ok(POLICY, json!({ "i": { "isEnabled": true } })).await;
    refused(&app, &lea, SEND, said(&id, "More", "two"), "CONFLICT ANSWER_RUNNING @conversationId").await;
    answer(&app, waits["id"].as_str().unwrap(), "Well.").await;
    say(&lea, &id, "More", "two").await;
    assert_eq!(words(&lea, &id).await, json!([typed, "Well.", "More", ""]));
    assert_eq!(app.count("answer_run").await, 1);
}

#[tokio::test]
async fn each_wrong_input_is_named() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let (id, other) = (begin(&lea, &tutor, json!({})).await, begin(&lea, &tutor, json!({})).await);
    let elsewhere = talk(&app, &lea, &other, "Elsewhere", "one").await;
    for (input, line) in [
        (json!({ "text": " \n" }), "BAD_USER_INPUT @text"),
        (json!({ "text": "a".repeat(32_001) }), "BAD_USER_INPUT @text"),
        (json!({ "text": "bell\u{7}" }), "BAD_USER_INPUT @text"),
        (json!({ "text": "return\r\n" }), "BAD_USER_INPUT @text"),
        (json!({ "clientMessageId": "" }), "BAD_USER_INPUT @clientMessageId"),
        (json!({ "clientMessageId": "a b" }), "BAD_USER_INPUT @clientMessageId"),
        (json!({ "clientMessageId": "a".repeat(65) }), "BAD_USER_INPUT @clientMessageId"),
        (json!({ "metadata": { "a": "x".repeat(4096) } }), "BAD_USER_INPUT @metadata"),
        (json!({ "parentId": elsewhere }), "BAD_USER_INPUT @parentId"),
        (json!({ "parentId": nothing("message") }), "BAD_USER_INPUT @parentId"),
        (json!({ "documentIds": [nothing("document")] }), "NOT_FOUND @documentIds.0"),
        (json!({ "conversationId": nothing("conversation") }), "NOT_FOUND @conversationId"),
    ] {
        let mut whole = json!({ "conversationId": id, "text": "Hello", "clientMessageId": "x" });
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        refused(&app, &lea, SEND, json!({ "i": whole }), line).await;
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_in_one_order() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let eva = app.person(&app.oak, "eva@oak.example", &["INSTRUCTOR"]).await;
    let winter = project(&ada, "Winter").await;
    crate::projects::join_as(&ada, &winter, &eva.user_id, "MEMBER").await;
    let own = agent(&ada, json!({ "projectId": winter, "systemPrompt": "a".repeat(2000), "model": "default" })).await;
    let id = begin(&eva, &own, json!({})).await;
    let text = format!("My password is {}", "long ".repeat(1000));
    let send = said(&id, &text, "one");
    // Everything at once is wrong; what comes first is said, and then the next.
    admin
        .ok(
            POLICY,
            json!({ "i": { "isEnabled": false, "blockedPhrases": ["Password"], "models": [{ "name": "tiny", "contextTokens": 1500 }] } }),
        )
        .await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, marking, wrong_penalty)
             VALUES ('{}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{}', 1, 'PARTIAL', 0); RESET session_replication_role",
        app.oak.tenant,
        uuid(&eva.user_id)
    ))
    .await;
    ada.ok(DEACTIVATE, json!({ "id": own })).await;
    let archive = |is_archived: bool| json!({ "i": { "id": winter, "isArchived": is_archived } });
    let update = "mutation($i: UpdateProjectInput!) { updateProject(input: $i) { id } }";
    ada.ok(update, archive(true)).await;
    refused(&app, &eva, SEND, send.clone(), "UNAVAILABLE ASSISTANT_NOT_CONFIGURED").await;
    configured(&app).await;
    refused(&app, &eva, SEND, send.clone(), "FORBIDDEN NOT_ALLOWED_BY_POLICY").await;
    admin.ok(POLICY, json!({ "i": { "isEnabled": true } })).await;
    refused(&app, &eva, SEND, send.clone(), "FORBIDDEN ASSESSMENT_OPEN").await;
    admin.ok(POLICY, json!({ "i": { "silentDuringQuizzes": false } })).await;
    refused(&app, &eva, SEND, send.clone(), "CONFLICT AGENT_UNAVAILABLE").await;
    ada.ok(update, archive(false)).await;
    ada.ok("mutation($id: ID!) { activateAgent(id: $id) { id } }", json!({ "id": own })).await;
    ada.ok(update, archive(true)).await;
    refused(&app, &eva, SEND, send.clone(), "CONFLICT PROJECT_ARCHIVED @conversationId").await;
    ada.ok(update, archive(false)).await;
    refused(&app, &eva, SEND, send.clone(), "CONFLICT MODEL_NOT_ALLOWED").await;
    admin.ok(POLICY, json!({ "i": { "models": [{ "name": "default", "contextTokens": 1500 }] } })).await;
    refused(&app, &eva, SEND, send.clone(), "FORBIDDEN MESSAGE_BLOCKED @text").await;
    assert_eq!(app.count("audit_entry WHERE operation = 'sendMessage' AND outcome = 'REFUSED' AND reason = 'MESSAGE_BLOCKED'").await, 1);
    admin.ok(POLICY, json!({ "i": { "blockedPhrases": ["is LONG"] } })).await;
    refused(&app, &eva, SEND, said(&id, &text.replace("is long", "is\nlong"), "one"), "FORBIDDEN MESSAGE_BLOCKED @text").await;
    admin.ok(POLICY, json!({ "i": { "blockedPhrases": ["word", "sword"] } })).await;
    refused(&app, &eva, SEND, send.clone(), "BAD_USER_INPUT MESSAGE_TOO_LONG @text").await;
    admin.ok(POLICY, json!({ "i": { "models": null, "dailyTokenLimitPerUser": 10 } })).await;
    refused(&app, &eva, SEND, send.clone(), "LIMIT_REACHED TOKEN_LIMIT").await;
    admin.ok(POLICY, json!({ "i": { "dailyTokenLimitPerUser": null } })).await;
    eva.ok(SEND, send).await;
    // Roles.
    admin.ok(POLICY, json!({ "i": { "roleKeys": ["LEARNER"] } })).await;
    let other = begin(&eva, &own, json!({})).await;
    refused(&app, &eva, SEND, said(&other, "Hello", "one"), "FORBIDDEN NOT_ALLOWED_BY_POLICY").await;
}

#[tokio::test]
async fn a_person_waits_for_five_answers_at_most() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    for _ in 0..5 {
        let id = begin(&lea, &tutor, json!({})).await;
        say(&lea, &id, "Hello", "one").await;
    }
    let sixth = begin(&lea, &tutor, json!({})).await;
    let refusal: Value = lea.ask(SEND, said(&sixth, "Hello", "one")).await["errors"][0]["extensions"].take();
    assert_eq!(
        json!([refusal["code"], refusal["reason"], refusal["limit"], refusal["used"]]),
        json!(["LIMIT_REACHED", "TOO_MANY_ANSWERS", 5, 5])
    );
}

#[tokio::test]
async fn what_was_sent_before_is_answered_however_often_one_has_sent() {
    let app = TestApp::start_with(&["--rate-messages=3"], HttpOptions::default()).await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    let first = talk(&app, &lea, &id, "Hello", "one").await;
    // Whatever is sent again is no send.
    for _ in 0..6 {
        assert_eq!(say(&lea, &id, "Hello", "one").await, first);
    }
    let mut sent = 1;
    loop {
        let answered = lea.ask(SEND, said(&id, "More", &format!("more-{sent}"))).await;
        let Some(error) = answered["errors"].get(0) else {
            sent += 1;
            answer(&app, answered["data"]["sendMessage"]["id"].as_str().unwrap(), "Well.").await;
            continue;
        };
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{answered}");
        assert!(error["extensions"]["retryAfter"].as_i64().unwrap() > 0);
        break;
    }
    // A minute may have begun meanwhile.
    assert!((3..=6).contains(&sent), "{sent}");
    assert_eq!(say(&lea, &id, "Hello", "one").await, first);
    let regenerate = "mutation($i: RegenerateAnswerInput!) { regenerateAnswer(input: $i) { id } }";
    let other = lea.ask(regenerate, json!({ "i": { "id": first, "clientMessageId": "one" } })).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "RATE_LIMITED", "something else is: {other}");
    assert_eq!(app.count("message WHERE role = 'USER'").await, sent);
}

#[tokio::test]
async fn a_send_that_loses_races_and_runs_again_counts_once() {
    let app = TestApp::start_with(&["--rate-messages=3"], HttpOptions::default()).await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    // Each loses twice.
    app.sql(
        "CREATE SEQUENCE public.runs; GRANT USAGE ON SEQUENCE public.runs TO PUBLIC; \
         CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('public.runs') % 3 <> 0 THEN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure'; END IF; RETURN NULL; END $$; \
         CREATE TRIGGER lose AFTER INSERT ON message FOR EACH ROW WHEN (NEW.role = 'USER') EXECUTE FUNCTION public.lose()",
    )
    .await;
    for name in ["one", "two", "three"] {
        talk(&app, &lea, &id, "Hello", name).await;
    }
    assert_eq!(app.count("message WHERE role = 'USER'").await, 3);
    assert_eq!(app.text("SELECT last_value::text FROM public.runs").await.as_deref(), Some("9"), "all of them ran three times");
}

#[tokio::test]
async fn a_message_is_as_long_as_what_the_model_takes_leaves_room_for() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({ "systemPrompt": "x", "maxTokens": 500, "tools": [] })).await;
    admin.ok(POLICY, json!({ "i": { "models": [{ "name": "default", "contextTokens": 2048 }] } })).await;
    let id = begin(&lea, &tutor, json!({})).await;
    // 2,048 less 500 for the answer, less 5 %: 1,445 tokens, of which the service and the agent say 207.
    refused(&app, &lea, SEND, said(&id, &"a".repeat(4 * 1238 + 1), "one"), "BAD_USER_INPUT MESSAGE_TOO_LONG @text").await;
    say(&lea, &id, &"a".repeat(4 * 1238), "one").await;
}
