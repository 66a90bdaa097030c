//! Who verifies a certificate, and how it is drawn.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{REVOKE, certifying, complete};
use crate::app::{Client, TestApp, Who, refusal};

const VERIFY: &str = "query($t: String!, $c: String!) { verifyCertificate(tenant: $t, code: $c) { status isValid schoolName learnerName title text signatory grade
    issuedAt expiresAt revokedAt } }";

async fn code_of(app: &TestApp) -> String {
    app.text("SELECT code FROM certificate").await.unwrap()
}

async fn verify(client: &Client, tenant: &str, code: &str) -> Value {
    client.ok(VERIFY, json!({ "t": tenant, "c": code })).await["verifyCertificate"].take()
}

async fn drawn(app: &TestApp, path: &str) -> (StatusCode, String, Vec<u8>) {
    let answer = app.stranger().http.get(format!("{}{path}", app.url)).send().await.unwrap();
    let media = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status(), media, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn anybody_who_knows_the_code_sees_all_that_is_printed_and_how_it_stands() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (_, enrolled) =
        certifying(&app, json!({ "title": "Glider pilot", "text": "Forty hours.", "signatory": "Ada", "validMonths": 12 })).await;
    let id = complete(&ada, &enrolled).await.unwrap();
    let (code, stranger) = (code_of(&app).await, app.stranger());
    let found = verify(&stranger, "oak", &code).await;
    assert_eq!(
        (&found["status"], &found["isValid"], &found["title"], &found["text"], &found["signatory"], &found["grade"], &found["revokedAt"]),
        (&json!("VALID"), &json!(true), &json!("Glider pilot"), &json!("Forty hours."), &json!("Ada"), &json!(null), &json!(null))
    );
    // In any case, with or without dashes; by whoever is signed in anywhere.
    let dashed = format!("{}-{}-{} {}", &code[..4], &code[4..8], &code[8..12], &code[12..]).to_lowercase();
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    assert_eq!(verify(&elm, "OAK", &dashed).await, found);
    for (tenant, code) in [("elm", code.as_str()), ("nowhere", &code), ("oak", "0000000000000000"), ("oak", ""), ("oak", "' OR true --")] {
        assert_eq!(verify(&stranger, tenant, code).await, json!(null), "{tenant} {code}");
    }
    // The reader stays in their own school.
    let both = "query($t: String!, $c: String!) { a: viewer { user { id } } verifyCertificate(tenant: $t, code: $c) { title } b: certificates { totalCount } }";
    let read = elm.ok(both, json!({ "t": "oak", "c": code })).await;
    assert_eq!((&read["a"]["user"]["id"], &read["b"]["totalCount"]), (&json!(elm.user_id), &json!(0)));
    // Expired, at the instant; revoked; and after the subscription has lapsed.
    for (moment, status) in [("now() + interval '1 minute'", "VALID"), ("now()", "EXPIRED")] {
        app.sql(&format!("UPDATE certificate SET issued_at = now() - interval '1 year', expires_at = {moment}")).await;
        let found = verify(&stranger, "oak", &code).await;
        assert_eq!((&found["status"], &found["isValid"]), (&json!(status), &json!(status == "VALID")));
    }
    admin.ok(REVOKE, json!({ "i": { "id": id, "reason": "Private words" } })).await;
    app.sql(&format!("UPDATE tenant SET subscription_end = now() - interval '1 day', subscription_start = now() - interval '9 days' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    let found = verify(&stranger, "oak", &code).await;
    assert_eq!((&found["status"], found["revokedAt"].is_string()), (&json!("REVOKED"), true));
    assert!(!found.to_string().contains("Private"), "why is for the learner and the school");
    app.sql(&format!("UPDATE tenant SET suspended_at = now() WHERE tenant_id = '{}'", app.oak.tenant)).await;
    assert_eq!(verify(&stranger, "oak", &code).await, json!(null));
}

#[tokio::test]
async fn a_certificate_is_drawn_as_page_and_picture_and_marked_when_it_holds_no_longer() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (_, enrolled) = certifying(&app, json!({ "validMonths": 12 })).await;
    let id = complete(&ada, &enrolled).await.unwrap();
    let code = code_of(&app).await;
    let (status, media, pdf) = drawn(&app, &format!("/certificates/oak/{code}.pdf")).await;
    assert_eq!((status, media.as_str()), (StatusCode::OK, "application/pdf"));
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 100_000);
    let picture = async || {
        let (status, media, svg) = drawn(&app, &format!("/certificates/oak/{code}.svg")).await;
        assert_eq!((status, media.as_str()), (StatusCode::OK, "image/svg+xml"));
        String::from_utf8(svg).unwrap()
    };
    let valid = picture().await;
    assert!(valid.contains("Gliding") && !valid.contains("EXPIRED") && !valid.contains("REVOKED"));
    app.sql("UPDATE certificate SET issued_at = now() - interval '1 year', expires_at = now()").await;
    assert!(picture().await.contains("<title>EXPIRED"));
    admin.ok(REVOKE, json!({ "i": { "id": id, "reason": "No" } })).await;
    assert!(picture().await.contains("<title>REVOKED"));
    for path in [
        "/certificates/oak/0000000000000000.pdf",
        "/certificates/elm/{}.svg",
        "/certificates/oak/{}.png",
        "/certificates/oak/{}",
        "/certificates/none/{}.pdf",
    ] {
        let (status, media, body) = drawn(&app, &path.replace("{}", &code)).await;
        assert_eq!((status, media.as_str()), (StatusCode::NOT_FOUND, "application/json"), "{path}");
        assert!(String::from_utf8(body).unwrap().contains("NOT_FOUND"));
    }
}

#[tokio::test]
async fn an_address_verifies_thirty_a_minute_and_has_as_many_drawn() {
    let app = TestApp::start().await;
    let (lea, stranger) = (app.sign_in(&app.oak, Who::Learner).await, app.stranger());
    // A new minute begins whenever it does: then every two seconds one more.
    let as_many = |began: Instant| 30..=31 + began.elapsed().as_secs() / 2;
    let (mut answered, mut limited) = (0, 0);
    let began = Instant::now();
    // Signed in or not, it is one address; in one document or in several.
    for n in 0..40 {
        let client = if n % 2 == 0 { &lea } else { &stranger };
        let answer = client.ask(VERIFY, json!({ "t": "oak", "c": "0000000000000000" })).await;
        match answer.get("errors") {
            None => answered += 1,
            Some(errors) => {
                assert_eq!(refusal(&errors[0]), "RATE_LIMITED");
                limited += 1;
            }
        }
    }
    assert!(as_many(began).contains(&answered) && answered + limited == 40, "{answered} {limited}");
    let (mut absent, mut limited) = (0, 0);
    let began = Instant::now();
    for _ in 0..40 {
        match drawn(&app, "/certificates/oak/0000000000000000.svg").await.0 {
            StatusCode::NOT_FOUND => absent += 1,
            StatusCode::TOO_MANY_REQUESTS => limited += 1,
            other => panic!("{other}"),
        }
    }
    assert!(as_many(began).contains(&absent) && absent + limited == 40, "{absent} {limited}");
    assert!(lea.ok("{ viewer { user { id } } }", json!({})).await["viewer"].is_object(), "all else goes on");
}
