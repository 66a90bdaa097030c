//! Nobody learns from an answer who exists: the same bytes, the same statements, the same rows.

use lectern_kernel::request::GraphqlRequest;
use serde_json::{Value, json};

use super::{ASK_CODE, GIVE_CODE, RESET, SIGN_UP, code, set, take_applicants, to, work};
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
