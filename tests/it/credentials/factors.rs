use futures_util::future::join_all;
use serde_json::json;

use super::{BEGIN, CONFIRM, DISABLE, LOGIN, RENEW, STANDING, code, later, login, refused, secret, with_factor};
use crate::app::{PASSWORD, TestApp, Who, refusal};

#[tokio::test]
async fn a_second_factor_is_begun_with_the_password_and_on_once_it_is_confirmed() {
    let app = TestApp::start().await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let off = json!({ "viewer": { "hasPassword": true, "hasSecondFactor": false, "secondFactorDue": false, "recoveryCodesLeft": null } });
    assert_eq!(learner.ok(STANDING, json!({})).await, off);
    for (password, line) in [(json!(null), "BAD_USER_INPUT @password"), (json!("wrong horse battery"), "BAD_USER_INPUT @password")] {
        refused(&app, learner, BEGIN, json!({ "i": { "password": password } }), line).await;
    }
    refused(&app, learner, CONFIRM, json!({ "i": { "code": "123456" } }), "CONFLICT SECOND_FACTOR_OFF").await;

    let first = learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    let begun = learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    assert_ne!(first["secret"], begun["secret"]);
    let uri = begun["otpauthUri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Oak%20School:") && uri.contains(begun["secret"].as_str().unwrap()), "{uri}");
    assert_eq!(learner.ok(STANDING, json!({})).await, off, "nothing is on");
    refused(&app, learner, CONFIRM, json!({ "i": { "code": code(&secret(&first), 0) } }), "BAD_USER_INPUT @code").await;

    let secret = secret(&begun);
    let codes = learner.ok(CONFIRM, json!({ "i": { "code": code(&secret, 0) } })).await["confirmSecondFactor"]["codes"].take();
    assert_eq!(codes.as_array().unwrap().len(), 10);
    let on = json!({ "viewer": { "hasPassword": true, "hasSecondFactor": true, "secondFactorDue": false, "recoveryCodesLeft": 10 } });
    assert_eq!(learner.ok(STANDING, json!({})).await, on);
    refused(&app, learner, BEGIN, json!({ "i": { "password": PASSWORD } }), "CONFLICT SECOND_FACTOR_ON").await;
    refused(&app, learner, CONFIRM, json!({ "i": { "code": code(&secret, 1) } }), "CONFLICT SECOND_FACTOR_ON").await;

    // Nothing secret lies open, nor stands in the log.
    let plain = app.text("SELECT encode(secret, 'escape') FROM second_factor").await.unwrap();
    assert!(!plain.contains(begun["secret"].as_str().unwrap()));
    let log = app.text("SELECT string_agg(a::text, ' ') FROM audit_entry a").await.unwrap();
    assert!(log.contains("second_factor_at") && !log.contains(begun["secret"].as_str().unwrap()));
    assert!(!log.contains(codes[0].as_str().unwrap()));
}

#[tokio::test]
async fn what_is_not_confirmed_within_ten_minutes_is_gone() {
    let app = TestApp::start().await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let begun = learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    app.sql("UPDATE second_factor SET expires_at = now() - interval '1 second'").await;
    let code = code(&secret(&begun), 0);
    refused(&app, learner, CONFIRM, json!({ "i": { "code": code } }), "CONFLICT SECOND_FACTOR_OFF").await;
    let tenant = app.oak.tenant;
    app.text(&format!("SELECT app.purge_credentials(10)::text FROM (SELECT set_config('app.tenant_id', '{tenant}', false)) AS entered"))
        .await;
    assert_eq!(app.count("second_factor").await, 0);
}

#[tokio::test]
async fn a_sign_in_needs_a_code_that_was_not_used() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=0"], Default::default()).await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let (secret, recovery) = with_factor(&app, learner).await;
    let (stranger, email) = (&app.stranger(), &app.oak.email(Who::Learner));
    let sign_in = |factor: Option<String>| login(&app.oak, email, factor.as_deref());

    refused(&app, stranger, LOGIN, sign_in(None), "UNAUTHENTICATED SECOND_FACTOR_REQUIRED").await;
    for wrong in ["000000", ""] {
        refused(&app, stranger, LOGIN, sign_in(Some(wrong.to_owned())), "UNAUTHENTICATED CODE_INVALID").await;
    }
    // The third is told of.
    assert_eq!(stranger.refused(LOGIN, sign_in(Some("12345".to_owned()))).await, "UNAUTHENTICATED CODE_INVALID");
    for wrong in ["not-a-code", &"x".repeat(5000)] {
        refused(&app, stranger, LOGIN, sign_in(Some(wrong.to_owned())), "UNAUTHENTICATED CODE_INVALID").await;
    }
    let now = code(&secret, 0);
    stranger.ok(LOGIN, sign_in(Some(format!("{} {}", &now[..3], &now[3..])))).await;
    refused(&app, stranger, LOGIN, sign_in(Some(now)), "UNAUTHENTICATED CODE_INVALID").await;
    refused(&app, stranger, LOGIN, sign_in(Some(code(&secret, -1))), "UNAUTHENTICATED CODE_INVALID").await;
    stranger.ok(LOGIN, sign_in(Some(code(&secret, 1)))).await;
    // A recovery code, however it is written, once.
    stranger.ok(LOGIN, sign_in(Some(recovery[0].to_uppercase().replace('-', " ")))).await;
    refused(&app, stranger, LOGIN, sign_in(Some(recovery[0].clone())), "UNAUTHENTICATED CODE_INVALID").await;
    assert_eq!(learner.ok(STANDING, json!({})).await["viewer"]["recoveryCodesLeft"], 9);
    // A wrong password is answered as ever, whatever the code.
    let wrong = json!({ "i": { "tenant": "oak", "email": email, "password": "wrong horse battery", "secondFactor": code(&secret, 0) } });
    refused(&app, stranger, LOGIN, wrong, "UNAUTHENTICATED").await;
    // Whoever has none may give what they like.
    stranger.ok(LOGIN, login(&app.oak, &app.oak.email(Who::Viewer), Some("000000"))).await;
}

#[tokio::test]
async fn recovery_codes_are_renewed_and_the_factor_turned_off_with_a_code() {
    let app = TestApp::start().await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    refused(&app, learner, RENEW, json!({ "i": { "code": "123456" } }), "CONFLICT SECOND_FACTOR_OFF").await;
    let off = json!({ "i": { "password": PASSWORD, "code": "123456" } });
    refused(&app, learner, DISABLE, off, "CONFLICT SECOND_FACTOR_OFF").await;

    let (secret, old) = with_factor(&app, learner).await;
    refused(&app, learner, RENEW, json!({ "i": { "code": "000000" } }), "BAD_USER_INPUT @code").await;
    let used = code(&secret, 0);
    let codes = learner.ok(RENEW, json!({ "i": { "code": used } })).await["renewRecoveryCodes"]["codes"].take();
    let new: Vec<String> = serde_json::from_value(codes).unwrap();
    refused(&app, learner, RENEW, json!({ "i": { "code": old[0] } }), "BAD_USER_INPUT @code").await;
    refused(&app, learner, RENEW, json!({ "i": { "code": used } }), "BAD_USER_INPUT @code").await;

    let with = |password: &str, code: &str| json!({ "i": { "password": password, "code": code } });
    refused(&app, learner, DISABLE, with("wrong horse battery", &new[0]), "BAD_USER_INPUT @password").await;
    refused(&app, learner, DISABLE, with(PASSWORD, "000000"), "BAD_USER_INPUT @code").await;
    let user = learner.ok(DISABLE, with(PASSWORD, &new[0])).await;
    assert_eq!(user["disableSecondFactor"]["hasSecondFactor"], false);
    assert_eq!(app.count("second_factor").await + app.count("recovery_code").await, 0);
    app.stranger().ok(LOGIN, login(&app.oak, &app.oak.email(Who::Learner), None)).await;
}

#[tokio::test]
async fn too_many_wrong_passwords_and_codes_of_one_who_is_signed_in_are_not_looked_at() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=3"], Default::default()).await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
    refused(&app, learner, BEGIN, json!({ "i": { "password": "wrong horse battery" } }), "BAD_USER_INPUT @password").await;
    let wrong = json!({ "i": { "currentPassword": "wrong horse battery", "newPassword": "violet umbrella kingdom" } });
    refused(&app, learner, change, wrong, "BAD_USER_INPUT @currentPassword").await;
    learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await;
    refused(&app, learner, CONFIRM, json!({ "i": { "code": "000000" } }), "BAD_USER_INPUT @code").await;
    refused(&app, learner, BEGIN, json!({ "i": { "password": PASSWORD } }), "RATE_LIMITED").await;
    // Neither is somebody else kept out, nor the person from signing in.
    app.sign_in(&app.oak, Who::Viewer).await.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await;
    app.sign_in_as(&app.oak, &app.oak.email(Who::Learner), PASSWORD).await;
}

#[tokio::test]
async fn wrong_second_factors_count_with_the_wrong_passwords_and_a_missing_one_does_not() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=3"], Default::default()).await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let (secret, _) = with_factor(&app, learner).await;
    let (stranger, email) = (&app.stranger(), &app.oak.email(Who::Learner));
    for _ in 0..5 {
        refused(&app, stranger, LOGIN, login(&app.oak, email, None), "UNAUTHENTICATED SECOND_FACTOR_REQUIRED").await;
    }
    for _ in 0..3 {
        assert_eq!(stranger.refused(LOGIN, login(&app.oak, email, Some("000000"))).await, "UNAUTHENTICATED CODE_INVALID");
    }
    refused(&app, stranger, LOGIN, login(&app.oak, email, Some(&code(&secret, 0))), "RATE_LIMITED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_use_one_code_at_once_one_wins() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=0", "--rate-sign-ins-per-address=0"], Default::default()).await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    let begun = learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    let secret = secret(&begun);
    let now = code(&secret, 0);
    let confirming = join_all((0..20).map(|_| learner.ask(CONFIRM, json!({ "i": { "code": now } })))).await;
    assert_eq!(confirming.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{confirming:#?}");
    let email = &app.oak.email(Who::Learner);
    let recovery = confirming.iter().find_map(|answer| answer["data"]["confirmSecondFactor"]["codes"][0].as_str()).unwrap();
    for factor in [code(&secret, 1), recovery.to_owned()] {
        let stranger = app.stranger();
        let answers = join_all((0..20).map(|_| stranger.ask(LOGIN, login(&app.oak, email, Some(&factor))))).await;
        assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{factor}");
        for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
            // Only so many passwords are hashed at once.
            assert!(["UNAUTHENTICATED CODE_INVALID", "UNAVAILABLE"].contains(&&*refusal(&answer["errors"][0])), "{answer}");
        }
    }
    later(&app).await;
    let off = json!({ "i": { "password": PASSWORD, "code": code(&secret, 0) } });
    let answers = join_all((0..20).map(|_| learner.ask(DISABLE, off.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{answers:#?}");
}

#[tokio::test]
async fn what_takes_a_password_or_a_code_stands_alone_in_its_document() {
    let app = TestApp::start().await;
    let learner = &app.sign_in(&app.oak, Who::Learner).await;
    for (name, input) in [
        ("beginSecondFactor", "password: \"x\""),
        ("confirmSecondFactor", "code: \"x\""),
        ("renewRecoveryCodes", "code: \"x\""),
        ("disableSecondFactor", "code: \"x\""),
        ("requestPasswordChange", "newPassword: \"x\""),
    ] {
        let document =
            format!("mutation {{ a: {name}(input: {{ {input} }}) {{ __typename }} b: {name}(input: {{ {input} }}) {{ __typename }} }}");
        refused(&app, learner, &document, json!({}), "BAD_USER_INPUT").await;
    }
}
