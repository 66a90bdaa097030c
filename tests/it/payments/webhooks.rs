//! What a provider says: once, proven, and in whatever order.

use futures_util::future::join_all;
use lectern::domains::payments::sign;
use serde_json::{Value, json};

use super::{SECRET, approve, assert_balanced, books, event, of_payment, place, post, read, read_all, say, shop};

const PATH: &str = "/webhooks/payments/oak/test";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_approval_of_five_replays_pays_the_order() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "taxPercent": 19, "stock": 5 })).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 2)]), "approval-1").await;
    let said = event("evt-1", "payment.approved", &payment, 2000);
    join_all((0..5).map(|_| say(&shop, &said))).await;
    let paid = read_all(&shop.admin, &order).await;
    assert_eq!((&paid["status"], &paid["paid"]["amount"], &paid["due"]["amount"]), (&json!("PAID"), &json!(2000), &json!(0)));
    assert_eq!(paid["payments"][0]["status"], "APPROVED");
    assert_eq!(paid["payments"][0]["events"], json!([{ "eventId": "evt-1", "type": "payment.approved", "outcome": "APPLIED" }]));
    assert!(paid["lines"][0]["tickets"].as_array().unwrap().iter().all(|ticket| ticket["status"] == "ISSUED"));
    assert_eq!(paid["invoices"].as_array().unwrap().len(), 1);
    assert_eq!(books(&shop).await, "CASH_TEST 2000, REVENUE -1681, TAX -319");
    assert_balanced(&shop).await;
    assert_eq!(shop.app.count("audit_entry WHERE operation = 'system:payment' AND actor_id IS NOT NULL").await, 0);
    assert!(shop.app.count("audit_entry WHERE operation = 'system:payment' AND resource = 'Payment'").await > 0);
}

#[tokio::test]
async fn whatever_is_wrong_with_it_is_answered_alike_and_changes_nothing() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "wrong-001").await;
    let body = event("evt-1", "payment.approved", &payment, 1000).to_string().into_bytes();
    let now = crate::app::now().as_second();
    let header = |signed: String| Some(("lectern-signature", signed));
    let good = sign(SECRET, now, &body);
    let mut big = body.clone();
    big.extend(vec![b' '; 65_536]);
    let none = b"nothing".to_vec();
    let wrong = vec![
        ("/webhooks/payments/elm/test", header(good.clone()), body.clone()),
        ("/webhooks/payments/nowhere/test", header(good.clone()), body.clone()),
        ("/webhooks/payments/%ff/test", header(good.clone()), body.clone()),
        ("/webhooks/payments/oak/%ff", header(good.clone()), body.clone()),
        ("/webhooks/payments/oak/stripe", Some(("stripe-signature", good.clone())), body.clone()),
        ("/webhooks/payments/oak/manual", header(good.clone()), body.clone()),
        (PATH, None, body.clone()),
        (PATH, Some(("stripe-signature", good.clone())), body.clone()),
        (PATH, header("t=1".to_owned()), body.clone()),
        (PATH, header(sign("another_secret_012345", now, &body)), body.clone()),
        (PATH, header(sign(SECRET, now - 400, &body)), body.clone()),
        (PATH, header(sign(SECRET, now + 400, &body)), body.clone()),
        (PATH, header(good.clone()), [body.clone(), b" ".to_vec()].concat()),
        (PATH, header(sign(SECRET, now, &none)), none),
        (PATH, header(sign(SECRET, now, &big)), big),
    ];
    let mut answers = Vec::new();
    for (path, header, body) in wrong {
        let (status, mut said) = post(&shop, path, header, body).await;
        said["errors"][0]["extensions"]["correlationId"] = Value::Null;
        answers.push((status, said.to_string()));
    }
    assert!(answers.iter().all(|answer| answer.0 == 400 && *answer == answers[0]), "{answers:#?}");
    assert_eq!((shop.app.count("payment_event").await, read(&shop.lea, &order).await["status"].clone()), (0, json!("PENDING")));
    // A school that has lapsed takes no money silently: the provider tries again later.
    shop.app.sql("UPDATE tenant SET subscription_start = now() - interval '1 day', subscription_end = now() - interval '1 minute' WHERE slug = 'oak'").await;
    let (status, _) = post(&shop, PATH, header(sign(SECRET, now, &body)), body.clone()).await;
    assert_eq!((status, shop.app.count("payment_event").await), (400, 0));
    shop.app.sql("UPDATE tenant SET subscription_end = NULL WHERE slug = 'oak'").await;
    approve(&shop, &payment, 1000).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
}

#[tokio::test]
async fn what_is_of_no_payment_here_is_taken_and_does_nothing() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (_, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "nothing-1").await;
    say(&shop, &event("evt-1", "payment.approved", "payment_00000000000000000000000000", 1000)).await;
    say(&shop, &event("evt-2", "payment.approved", "rubbish", 1000)).await;
    say(&shop, &event("evt-3", "payment.renamed", &payment, 1000)).await;
    assert_eq!(
        shop.app.text("SELECT string_agg(event_id || ' ' || outcome, ', ' ORDER BY event_id) FROM payment_event").await.unwrap(),
        "evt-1 IGNORED, evt-2 IGNORED, evt-3 IGNORED"
    );
    assert_eq!((of_payment(&shop, &payment, "status").await.as_str(), books(&shop).await.as_str()), ("PENDING", ""));
}

#[tokio::test]
async fn another_amount_or_currency_approves_nothing_and_is_told() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "mismatch1").await;
    say(&shop, &event("evt-1", "payment.approved", &payment, 999)).await;
    let mut other = event("evt-2", "payment.approved", &payment, 1000);
    other["currency"] = json!("USD");
    say(&shop, &other).await;
    let mut without = event("evt-3", "payment.approved", &payment, 1000);
    without.as_object_mut().unwrap().remove("amount");
    say(&shop, &without).await;
    let seen = read_all(&shop.admin, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["attention"]),
        (&json!("PENDING"), &json!("PENDING"), &json!("AMOUNT_MISMATCH"))
    );
    assert!(seen["payments"][0]["events"].as_array().unwrap().iter().all(|event| event["outcome"] == "MISMATCH"));
    assert_eq!(books(&shop).await, "");
    shop.app.work().await;
    let told = "notification n JOIN app_user u ON u.tenant_id = n.tenant_id AND u.id = n.recipient_id WHERE n.kind = 'PAYMENT_ATTENTION' AND u.email = 'admin@oak.example'";
    assert!(shop.app.count(told).await >= 1);
}

/// Every order of four things.
fn orders() -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..4 {
        let longer = all.iter().flat_map(|begun: &Vec<usize>| {
            (0..4).filter(|next| !begun.contains(next)).map(|next| [begun.clone(), vec![next]].concat()).collect::<Vec<_>>()
        });
        all = longer.collect();
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_events_ends_in_the_same_books() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "taxPercent": 7 })).await;
    let all = orders();
    assert_eq!(all.len(), 24);
    for (n, sequence) in all.iter().enumerate() {
        let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), &format!("sequence-{n}")).await;
        for which in sequence {
            let (name, kind) =
                [("a", "payment.approved"), ("b", "payment.approved"), ("r", "payment.rejected"), ("e", "payment.expired")][*which];
            say(&shop, &event(&format!("{name}-{n}"), kind, &payment, 1000)).await;
        }
        assert_eq!(read(&shop.lea, &order).await["status"], "PAID", "{sequence:?}");
        assert_eq!(of_payment(&shop, &payment, "status").await, "APPROVED", "{sequence:?}");
        let many = i64::try_from(n).unwrap() + 1;
        assert_eq!(books(&shop).await, format!("CASH_TEST {}, REVENUE {}, TAX {}", 1000 * many, -935 * many, -65 * many), "{sequence:?}");
    }
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn what_is_refused_leaves_the_order_waiting_and_what_has_expired_ends_it() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "refused-1").await;
    say(&shop, &event("evt-1", "payment.rejected", &payment, 1000)).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("PENDING"), &json!("REJECTED")));
    assert!(seen["payments"][0]["failure"].is_string() && seen["payments"][0]["checkoutUrl"].is_null());
    let again = json!({ "i": { "orderId": order, "provider": "TEST", "returnUrl": "https://shop.example/back" } });
    let payments = shop.lea.ok(super::PAY, again).await["payOrder"]["payments"].take();
    assert_eq!(payments, json!([{ "provider": "TEST", "status": "REJECTED" }, { "provider": "TEST", "status": "PENDING" }]));
    let second = read(&shop.lea, &order).await["payments"][1]["id"].as_str().unwrap().to_owned();
    say(&shop, &event("evt-2", "payment.expired", &second, 1000)).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "EXPIRED");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn the_test_providers_page_says_that_no_money_moves_and_settles_the_payment() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, _) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "the-page-1").await;
    let url = read(&shop.lea, &order).await["payments"][0]["checkoutUrl"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&shop.app.url), "{url}");
    let http = reqwest::Client::new();
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("No money moves here") && page.contains("1000 EUR"), "{page}");
    assert_eq!(read(&shop.lea, &order).await["status"], "PENDING", "looking changes nothing");
    assert_eq!(http.post(&url).body("outcome=stolen").send().await.unwrap().status(), 400);
    let pressed = http.post(&url).body("outcome=approved").send().await.unwrap();
    assert!(pressed.status().is_success() && pressed.text().await.unwrap().contains("APPROVED"));
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    for gone in ["payment_00000000000000000000000000", "rubbish"] {
        assert_eq!(http.get(format!("{}/payments/test/oak/{gone}", shop.app.url)).send().await.unwrap().status(), 404);
    }
}
