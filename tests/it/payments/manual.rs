//! Transfers and cash: in parts, too much, and once for each key.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREDIT, PAY, RECORD, approve, assert_balanced, books, of_payment, place, read, shop};
use crate::{app::Who, classroom::refused};

#[tokio::test]
async fn what_is_missing_is_waited_for_and_what_is_over_becomes_credit() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 1)]), "in-parts-1").await;
    let id = order["id"].as_str().unwrap();
    let seen = read(&shop.lea, id).await;
    assert_eq!(seen["payments"][0]["reference"], order["reference"]);
    assert_eq!(seen["payments"][0]["instructions"], "IBAN DE02");
    let record = |amount: i64, key: &str| json!({ "i": { "orderId": id, "amount": amount, "idempotencyKey": key } });
    let paid = shop.admin.ok(RECORD, record(400, "part-00001")).await["recordPayment"].take();
    assert_eq!((&paid["status"], &paid["paid"]["amount"], &paid["due"]["amount"]), (&json!("PENDING"), &json!(400), &json!(600)));
    let payments = json!([
        { "status": "APPROVED", "provider": "MANUAL", "amount": { "amount": 400 } },
        { "status": "PENDING", "provider": "MANUAL", "amount": { "amount": 600 } },
    ]);
    assert_eq!(paid["payments"], payments);
    assert_eq!(books(&shop).await, "CASH_MANUAL 400, CUSTOMER -400");
    assert_balanced(&shop).await;
    // What is partly paid does not expire; and only a manager cancels it.
    assert_eq!(read(&shop.lea, id).await["expiresAt"], Value::Null);
    let cancel = "mutation($id: ID!) { cancelOrder(id: $id) { status } }";
    refused(&shop.app, &shop.lea, cancel, json!({ "id": id }), "CONFLICT HAS_PAYMENTS @id").await;
    let paid = shop.admin.ok(RECORD, record(700, "part-00002")).await["recordPayment"].take();
    assert_eq!((&paid["status"], &paid["paid"]["amount"], &paid["due"]["amount"]), (&json!("PAID"), &json!(1000), &json!(0)));
    let seen = read(&shop.lea, id).await;
    assert_eq!(seen["application"]["credit"], json!([{ "amount": 100, "currency": "EUR" }]));
    assert_eq!(books(&shop).await, "CASH_MANUAL 1100, CREDIT -100, REVENUE -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn what_was_paid_of_an_order_that_is_cancelled_becomes_credit() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 1)]), "half-paid1").await;
    let id = order["id"].as_str().unwrap();
    shop.admin.ok(RECORD, json!({ "i": { "orderId": id, "amount": 400, "idempotencyKey": "half-00001" } })).await;
    shop.admin.ok("mutation($id: ID!) { cancelOrder(id: $id) { status } }", json!({ "id": id })).await;
    let seen = read(&shop.lea, id).await;
    assert_eq!((&seen["status"], &seen["paid"]["amount"]), (&json!("CANCELLED"), &json!(0)));
    assert_eq!(seen["application"]["credit"], json!([{ "amount": 400, "currency": "EUR" }]));
    assert_eq!(books(&shop).await, "CASH_MANUAL 400, CREDIT -400");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_recorded_once_and_another_under_its_key_is_refused() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 2)]), "same-key-1").await;
    let id = order["id"].as_str().unwrap();
    let record = |amount: i64| json!({ "i": { "orderId": id, "amount": amount, "idempotencyKey": "same-00001" } });
    let answers = join_all((0..5).map(|_| shop.admin.ok(RECORD, record(500)))).await;
    assert!(answers.iter().all(|answer| answer["recordPayment"]["paid"]["amount"] == 500), "{answers:?}");
    assert_eq!(books(&shop).await, "CASH_MANUAL 500, CUSTOMER -500");
    for other in [501, 0, -1] {
        refused(&shop.app, &shop.admin, RECORD, record(other), "CONFLICT IDEMPOTENCY_KEY_REUSED @idempotencyKey").await;
    }
    // A refused one leaves no key.
    let wrong = json!({ "i": { "orderId": "order_00000000000000000000000000", "amount": 5, "idempotencyKey": "other-0001" } });
    refused(&shop.app, &shop.admin, RECORD, wrong, "NOT_FOUND @orderId").await;
    shop.admin.ok(RECORD, json!({ "i": { "orderId": id, "amount": 5, "idempotencyKey": "other-0001" } })).await;
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_payment_of_another_provider_is_cancelled_beside_money_that_came_by_transfer() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "both-ways1").await;
    let input = json!({ "i": { "orderId": order, "amount": 300, "note": "cash", "receivedAt": "2026-01-01T12:00:00Z", "idempotencyKey": "cash-00001" } });
    let paid = shop.admin.ok(RECORD, input).await["recordPayment"]["payments"].take();
    let expected = json!([
        { "status": "CANCELLED", "provider": "TEST", "amount": { "amount": 1000 } },
        { "status": "APPROVED", "provider": "MANUAL", "amount": { "amount": 300 } },
        { "status": "PENDING", "provider": "MANUAL", "amount": { "amount": 700 } },
    ]);
    assert_eq!(paid, expected);
    // The whole comes after all: what is over becomes credit, and somebody is told.
    approve(&shop, &payment, 1000).await;
    assert_eq!(of_payment(&shop, &payment, "attention").await, "SURPLUS");
    assert_eq!(books(&shop).await, "CASH_MANUAL 300, CASH_TEST 1000, CREDIT -300, REVENUE -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn each_wrong_request_says_what_is_wrong_and_changes_nothing() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, _) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "wrongs-001").await;
    let record = |changes: Value| {
        let mut input = json!({ "orderId": order, "amount": 5, "idempotencyKey": "wrong-0001" });
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (changes, line) in [
        (json!({ "amount": 0 }), "BAD_USER_INPUT @amount"),
        (json!({ "amount": 2_000_000_000 }), "BAD_USER_INPUT AMOUNT_TOO_LARGE @amount"),
        (json!({ "receivedAt": "2999-01-01T00:00:00Z" }), "BAD_USER_INPUT @receivedAt"),
        (json!({ "idempotencyKey": "short" }), "BAD_USER_INPUT @idempotencyKey"),
        (json!({ "orderId": "rubbish" }), "BAD_USER_INPUT @orderId"),
    ] {
        refused(&shop.app, &shop.admin, RECORD, record(changes), line).await;
    }
    let pay = |changes: Value| {
        let mut input = json!({ "orderId": order, "provider": "TEST" });
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (changes, line) in [
        (json!({ "provider": "STRIPE" }), "CONFLICT PROVIDER_NOT_CONFIGURED @provider"),
        (json!({ "returnUrl": "https://evil.example/" }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnUrl"),
        (json!({ "returnUrl": "https://shop.example.evil.example/" }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnUrl"),
        (json!({ "returnUrl": "https://shop.example@evil.example/" }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnUrl"),
        (json!({ "returnUrl": "javascript:alert(1)" }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnUrl"),
    ] {
        refused(&shop.app, &shop.lea, PAY, pay(changes), line).await;
    }
    // Somebody else's order is none; who only reads may not pay it.
    let bob = shop.app.person(&shop.app.oak, "bob@oak.example", &["LEARNER"]).await;
    refused(&shop.app, &bob, PAY, pay(json!({})), "NOT_FOUND @orderId").await;
    let stranger = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    refused(&shop.app, &stranger, RECORD, record(json!({})), "NOT_FOUND @orderId").await;
    refused(&shop.app, &shop.lea, RECORD, record(json!({})), "FORBIDDEN [PAYMENT_MANAGE]").await;
}

#[tokio::test]
async fn credit_out_of_goodwill_is_booked_once() {
    let shop = shop(json!({})).await;
    let grant = |currency: &str, reason: &str| json!({ "i": { "applicationId": shop.application, "amount": { "amount": 700, "currency": currency }, "reason": reason, "idempotencyKey": "credit-0001" } });
    refused(&shop.app, &shop.admin, CREDIT, grant("USD", "Sorry"), "BAD_USER_INPUT CURRENCY_UNAVAILABLE @amount.currency").await;
    for _ in 0..2 {
        let credit = shop.admin.ok(CREDIT, grant("EUR", "Sorry")).await["grantCredit"]["credit"].take();
        assert_eq!(credit, json!([{ "amount": 700, "currency": "EUR" }]));
    }
    assert_eq!(books(&shop).await, "CREDIT -700, GOODWILL 700");
    refused(&shop.app, &shop.admin, CREDIT, grant("EUR", "Sorrier"), "CONFLICT IDEMPOTENCY_KEY_REUSED @idempotencyKey").await;
    let product = shop.product(json!({})).await;
    shop.buy(&shop.lea, &shop.cart(&[(&product, 1)]), "with-credit").await;
    assert_eq!(books(&shop).await, "CASH_MANUAL 300, GOODWILL 700, REVENUE -1000");
    assert_balanced(&shop).await;
}
