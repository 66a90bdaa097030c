//! How a school is paid: secrets are never answered, and no key changes any of it.

use serde_json::{Value, json};

use super::SETTINGS;
use crate::{
    app::{TestApp, Who},
    classroom::refused,
};

#[tokio::test]
async fn a_school_says_how_it_is_paid_and_nobody_reads_its_secrets() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let usual = admin
        .ok(
            "{ paymentSettings { providers hasStripeSecretKey returnOrigins sellerName invoicePrefix stripeWebhookPath testWebhookPath } }",
            json!({}),
        )
        .await;
    let expected = json!({
        "providers": [], "hasStripeSecretKey": false, "returnOrigins": [], "sellerName": null, "invoicePrefix": "",
        "stripeWebhookPath": "/webhooks/payments/oak/stripe", "testWebhookPath": "/webhooks/payments/oak/test",
    });
    assert_eq!(usual["paymentSettings"], expected);
    let set = json!({
        "providers": ["STRIPE", "MANUAL", "TEST"], "transferInstructions": "IBAN DE02", "stripeSecretKey": "sk_test_0123456789abcdef", "stripeWebhookSecret": "whsec_0123456789abcdef",
        "testWebhookSecret": "test_0123456789abcdef", "returnOrigins": ["https://Oak.example/", "http://localhost:3000"], "sellerName": "Oak Ltd", "sellerAddress": "1 Oak Lane\nOakham",
        "sellerTaxId": "DE1", "invoicePrefix": "OAK-",
    });
    let settings = admin.ok(SETTINGS, json!({ "i": set })).await["updatePaymentSettings"].take();
    assert_eq!(settings["providers"], json!(["MANUAL", "STRIPE", "TEST"]));
    assert_eq!(settings["returnOrigins"], json!(["https://oak.example", "http://localhost:3000"]));
    assert!(["hasStripeSecretKey", "hasStripeWebhookSecret", "hasTestWebhookSecret"].iter().all(|has| settings[has] == true));
    // Absent stays, null clears.
    let settings = admin.ok(SETTINGS, json!({ "i": { "sellerTaxId": null, "invoicePrefix": null } })).await["updatePaymentSettings"].take();
    assert_eq!(
        (&settings["sellerName"], &settings["sellerTaxId"], &settings["invoicePrefix"]),
        (&json!("Oak Ltd"), &Value::Null, &json!(""))
    );
    let log = app.text("SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), ' ') FROM audit_entry WHERE resource = 'PaymentSettings'").await.unwrap();
    assert!(log.contains("has_stripe_secret_key") && !log.contains("sk_test") && !log.contains("whsec"), "{log}");
    let kept = app.text("SELECT encode(stripe_secret_key, 'escape') FROM payment_settings").await.unwrap();
    assert!(!kept.contains("sk_test"), "sealed");
    // Elm has said nothing.
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(
        elm.ok("{ paymentSettings { providers sellerName } }", json!({})).await["paymentSettings"],
        json!({ "providers": [], "sellerName": null })
    );
}

#[tokio::test]
async fn a_provider_needs_its_secrets_for_as_long_as_it_is_on() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let lacking = "BAD_USER_INPUT PROVIDER_NOT_CONFIGURED @providers";
    for set in [
        json!({ "providers": ["STRIPE"] }),
        json!({ "providers": ["TEST"] }),
        json!({ "providers": ["STRIPE"], "stripeSecretKey": "sk_test_0123456789abcdef" }),
    ] {
        refused(&app, &admin, SETTINGS, json!({ "i": set }), lacking).await;
    }
    admin.ok(SETTINGS, json!({ "i": { "providers": ["TEST"], "testWebhookSecret": "test_0123456789abcdef" } })).await;
    refused(&app, &admin, SETTINGS, json!({ "i": { "testWebhookSecret": null } }), lacking).await;
    let off = admin.ok(SETTINGS, json!({ "i": { "providers": [], "testWebhookSecret": null } })).await["updatePaymentSettings"].take();
    assert_eq!((&off["providers"], &off["hasTestWebhookSecret"]), (&json!([]), &json!(false)));
    for (set, line) in [
        (json!({ "testWebhookSecret": "fifteen_letters" }), "BAD_USER_INPUT @testWebhookSecret"),
        (json!({ "returnOrigins": ["http://oak.example"] }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnOrigins.0"),
        (json!({ "returnOrigins": ["https://oak.example/shop"] }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnOrigins.0"),
        (json!({ "returnOrigins": ["https://oak.example", "https://oak.example/"] }), "BAD_USER_INPUT @returnOrigins.1"),
        (json!({ "invoicePrefix": "NO BLANKS" }), "BAD_USER_INPUT @invoicePrefix"),
        (json!({ "providers": null }), "BAD_USER_INPUT @providers"),
    ] {
        refused(&app, &admin, SETTINGS, json!({ "i": set }), line).await;
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    refused(&app, &learner, SETTINGS, json!({ "i": {} }), "FORBIDDEN [PAYMENT_MANAGE]").await;
}

#[tokio::test]
async fn where_the_operator_allows_no_test_provider_nobody_switches_it_on() {
    let app = TestApp::start_with(&["--test-payments=false"], lectern::http::HttpOptions::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let set = json!({ "i": { "providers": ["TEST"], "testWebhookSecret": "test_0123456789abcdef" } });
    refused(&app, &admin, SETTINGS, set, "BAD_USER_INPUT PROVIDER_NOT_CONFIGURED @providers").await;
}
