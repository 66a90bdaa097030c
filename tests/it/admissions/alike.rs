//! Nobody learns from an answer who exists: the same bytes, the same statements, the same rows.

use lectern_kernel::request::GraphqlRequest;
use serde_json::{Value, json};

use super::{
    ASK_CODE, CONFIRM, GIVE_CODE, PREVIEW, RESET, SET_PASSWORD, SIGN_UP, code, confirm, reset_token, set, sign_up_token, take_applicants,
    to, work,
};
use crate::app::{TestApp, Who, refusal};

/// People who exist, who don't, and schools that don't.
async fn concerned(app: &TestApp) -> Vec<(&'static str, &'static str)> {
    take_applicants(app, "APPROVAL").await;
    set(app, json!({ "codeSignIn": "EVERYBODY" })).await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'viewer@oak.example'").await;
    vec![
        ("oak", "learner@oak.example"),
        ("oak", "nobody@oak.example"),
        ("oak", "viewer@oak.example"),
        ("oak", "learner@elm.example"),
        ("nowhere", "learner@oak.example"),
    ]
}

/// What an answer is, with what it cost.
async fn measured(app: &TestApp, query: &str, variables: &Value) -> (String, u32, u32) {
    let request = app.stranger().post(query, variables.clone()).header("x-correlation-id", "the-same");
    let body = request.send().await.unwrap().text().await.unwrap();
    let request = GraphqlRequest {
        query: query.to_owned(),
        variables: Some(async_graphql::Variables::from_json(variables.clone())),
        ..GraphqlRequest::default()
    };
    let answer = app.engine.execute(app.engine.read(&request).unwrap(), None, "counting").await;
    (body, answer.statements, answer.round_trips)
}

#[tokio::test]
async fn what_a_stranger_asks_for_is_answered_and_costs_alike_whoever_it_concerns() {
    let app = TestApp::start().await;
    let concerned = concerned(&app).await;
    for (query, more) in [(RESET, json!({})), (ASK_CODE, json!({ "name": "N" })), (SIGN_UP, json!({ "name": "N", "roleKey": "LEARNER" }))] {
        let mut seen = Vec::new();
        for (school, email) in &concerned {
            let mut input = to(school, email);
            for (name, value) in more.as_object().unwrap() {
                input["i"][name] = value.clone();
            }
            let before = app.count("account_request").await;
            seen.push(measured(&app, query, &input).await);
            assert_eq!(app.count("account_request").await, before + 2, "{school} {email}");
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{query}: {seen:#?}");
        assert!(seen[0].0.contains("true"), "{seen:?}");
    }
    let asked = app.count("account_request").await;
    assert_eq!(app.count("job WHERE kind = 'account.request'").await, asked);
    assert_eq!(
        app.count("job WHERE kind = 'account.request' AND (tenant_id <> '00000000-0000-0000-0000-000000000000' OR actor_id IS NOT NULL)")
            .await,
        0
    );
    work(&app).await;
    assert_eq!(app.count("account_request").await, 0);
}

#[tokio::test]
async fn every_code_that_is_not_good_is_answered_and_costs_alike() {
    let app = TestApp::start_with(&["--rate-codes-per-address=0"], lectern::http::HttpOptions::default()).await;
    let concerned = concerned(&app).await;
    app.stranger().ok(ASK_CODE, to("oak", "learner@oak.example")).await;
    work(&app).await;
    let digits = code(&app, &app.oak, "learner@oak.example").await;
    let wrong = format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000);
    let mut seen = Vec::new();
    for (school, email) in &concerned {
        seen.push(measured(&app, GIVE_CODE, &json!({ "i": { "tenant": school, "email": email, "code": wrong } })).await);
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    let answer: Value = serde_json::from_str(&seen[0].0).unwrap();
    assert_eq!((refusal(&answer["errors"][0]), &answer["data"]), ("UNAUTHENTICATED CODE_INVALID".into(), &Value::Null));
    // Nonsense is refused with the same words.
    for code in ["", "12345", "abcdef", "1234567"] {
        let request = app.stranger().post(GIVE_CODE, json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "code": code } }));
        let body = request.header("x-correlation-id", "the-same").send().await.unwrap().text().await.unwrap();
        assert_eq!(body, seen[0].0, "{code}");
    }
    // And so is a code that was spent, that is over, and that was tried five times.
    let given = |email: &str, code: &str| json!({ "i": { "tenant": "oak", "email": email, "code": code } });
    app.stranger().ok(ASK_CODE, to("oak", "learner@oak.example")).await;
    work(&app).await;
    let digits = code(&app, &app.oak, "learner@oak.example").await;
    app.stranger().ok(GIVE_CODE, given("learner@oak.example", &digits)).await;
    assert_eq!(measured(&app, GIVE_CODE, &given("learner@oak.example", &digits)).await, seen[0], "spent");
    for (email, why) in [("instructor@oak.example", "over"), ("admin@oak.example", "no try left")] {
        app.stranger().ok(ASK_CODE, to("oak", email)).await;
        work(&app).await;
        let digits = code(&app, &app.oak, email).await;
        if why == "over" {
            app.sql("UPDATE sign_in_code SET expires_at = now()").await;
        } else {
            let wrong = format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000);
            for _ in 0..5 {
                app.stranger().ask(GIVE_CODE, given(email, &wrong)).await;
            }
        }
        assert_eq!(measured(&app, GIVE_CODE, &given(email, &digits)).await, seen[0], "{why}");
    }
}

#[tokio::test]
async fn a_link_that_died_for_whatever_reason_is_answered_like_one_that_never_was() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let voided = reset_token(&app, "learner@oak.example").await;
    let spent = reset_token(&app, "learner@oak.example").await;
    app.stranger().ok(SET_PASSWORD, json!({ "i": { "token": spent, "newPassword": super::NEW_PASSWORD } })).await;
    let over = reset_token(&app, "viewer@oak.example").await;
    app.sql("UPDATE mailed_token SET expires_at = now()").await;
    let suspended = reset_token(&app, "instructor@oak.example").await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'instructor@oak.example'").await;
    let gone = app.person(&app.oak, "gone@oak.example", &["LEARNER"]).await;
    let deleted = reset_token(&app, "gone@oak.example").await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    let earlier = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    let of_another_kind = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    let never = lectern_kernel::auth::LinkToken::generate(app.oak.tenant).unwrap().to_text();
    let body = async |token: &str| {
        let input = json!({ "i": { "token": token, "newPassword": super::NEW_PASSWORD } });
        app.stranger().post(SET_PASSWORD, input).header("x-correlation-id", "the-same").send().await.unwrap().text().await.unwrap()
    };
    let expected = body(&never).await;
    let tokens = [
        (&voided, "voided"),
        (&spent, "spent"),
        (&over, "over"),
        (&suspended, "suspended"),
        (&deleted, "deleted"),
        (&of_another_kind, "another kind"),
    ];
    for (token, why) in tokens {
        assert_eq!(body(token).await, expected, "{why}");
        if why != "another kind" {
            assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": token })).await["linkPreview"], Value::Null, "{why}");
        }
    }
    // A later link to the same applicant voids the earlier, and what was refused has spent nothing.
    super::refused(&app, &app.stranger(), CONFIRM, confirm(&earlier), "UNAUTHENTICATED LINK_INVALID").await;
    app.stranger().ok(CONFIRM, confirm(&of_another_kind)).await;
}

#[tokio::test]
async fn every_dead_link_is_answered_alike() {
    let app = TestApp::start().await;
    let link = super::reset_token(&app, "learner@oak.example").await;
    app.sql("UPDATE mailed_token SET expires_at = now()").await;
    let strange = lectern_kernel::auth::LinkToken::generate(app.oak.tenant).unwrap().to_text();
    let nowhere = lectern_kernel::auth::LinkToken::generate(uuid::Uuid::now_v7()).unwrap().to_text();
    let documents = [
        ("mutation($t: String!) { resetPassword(input: { token: $t, newPassword: \"violet umbrella kingdom\" }) }", "resetPassword"),
        ("mutation($t: String!) { confirmSignUp(input: { token: $t, password: \"violet umbrella kingdom\" }) { state } }", "confirmSignUp"),
        (
            "mutation($t: String!) { acceptInvitation(input: { token: $t, name: \"N\", password: \"violet umbrella kingdom\" }) { accessToken } }",
            "acceptInvitation",
        ),
        ("mutation($t: String!) { revertEmailChange(input: { token: $t }) }", "revertEmailChange"),
    ];
    for (document, name) in documents {
        let mut bodies = Vec::new();
        for token in [link.as_str(), &strange, &nowhere, "", "nonsense", &"x".repeat(5000), "link_.\u{0}"] {
            let request = app.stranger().post(document, json!({ "t": token })).header("x-correlation-id", "the-same");
            bodies.push(request.send().await.unwrap().text().await.unwrap());
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{name}: {bodies:#?}");
        assert!(bodies[0].contains("LINK_INVALID"), "{bodies:?}");
        let audited = format!("audit_entry WHERE operation = '{name}' AND outcome = 'REFUSED'");
        assert_eq!(app.count(&audited).await, 1, "{name}: of the link that there was");
    }
    let public = "query($s: String!) { publicTenant(slug: $s) { name } }";
    app.sql("UPDATE tenant SET is_listed = false WHERE slug = 'elm'").await;
    for slug in ["elm", "nowhere", "", "o\u{0}k"] {
        assert_eq!(app.stranger().ok(public, json!({ "s": slug })).await["publicTenant"], Value::Null);
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(public, json!({ "s": " OAK" })).await["publicTenant"]["name"], "Oak School");
}
