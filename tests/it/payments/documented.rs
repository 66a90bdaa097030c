//! Stripe as its documentation describes it: one key for each request however often it is sent, signatures, and events in any order, late, twice, unknown, of others.

use data_encoding::HEXLOWER;
use futures_util::future::join_all;
use lectern::domains::payments::sign;
use serde_json::{Value, json};

use super::{
    REFUND, Shop, assert_balanced, books, of_payment, post, read, read_all,
    stripe::{KEY, SECRET, paid, place, say, shop},
};
use crate::{app::now, classroom::uuid};

const PATH: &str = "/webhooks/payments/oak/stripe";
const CANCEL: &str = "mutation($id: ID!) { cancelOrder(id: $id) { status } }";

/// What was to be told again later is told now.
async fn again(shop: &Shop) {
    shop.app.sql("UPDATE job SET run_at = now() WHERE kind IN ('payment.start', 'refund.send') AND state = 'QUEUED'").await;
    shop.app.work().await;
}

/// An event of Stripe's, with all that it writes beside what is read.
fn event(id: &str, kind: &str, object: &Value) -> Vec<u8> {
    let event = json!({
        "id": id, "object": "event", "type": kind, "api_version": "2024-06-20", "created": now().as_second(), "livemode": false, "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null }, "data": { "object": object },
    });
    event.to_string().into_bytes()
}

/// Posts it with a header; answers the status.
async fn deliver(shop: &Shop, header: String, body: &[u8]) -> u16 {
    post(shop, PATH, Some(("stripe-signature", header)), body.to_vec()).await.0
}

/// What was taken: `id OUTCOME`, in the order of ids.
async fn taken(shop: &Shop) -> String {
    let events = "SELECT string_agg(event_id || ' ' || outcome, ', ' ORDER BY event_id) FROM payment_event";
    shop.app.text(events).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_to_stripe_carries_the_key_of_what_it_makes_and_is_sent_again_alike_until_it_is_answered() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    for (n, status) in [409, 429, 500, 503].into_iter().enumerate() {
        stripe.books(|books| (books.failing, books.posts) = ((2, status), Vec::new()));
        let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), &format!("status-{status}")).await;
        shop.app.work().await;
        let seen = read(&shop.lea, &order).await;
        assert_eq!(
            (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["checkoutUrl"]),
            (&json!("PENDING"), &json!("PENDING"), &Value::Null),
            "{status}: nothing has come of it yet"
        );
        for _ in 0..2 {
            again(&shop).await;
        }
        let posts = stripe.books(|books| std::mem::take(&mut books.posts));
        assert!(posts.len() == 3 && posts.iter().all(|post| *post == posts[0] && post.0 == payment), "{status}: {posts:?}");
        assert_eq!(stripe.books(|books| books.sessions.len()), n + 1, "{status}");

        // And so is a refund.
        say(&shop, &format!("evt_{status}"), "checkout.session.completed", &stripe.settle(&format!("cs_test_{n}"), "complete", "paid"))
            .await;
        shop.app.work().await;
        stripe.books(|books| books.failing = (2, status));
        let refund = json!({ "i": { "orderId": order, "reason": "Rain", "idempotencyKey": format!("refund-{status}") } });
        shop.admin.ok(REFUND, refund).await;
        for _ in 0..3 {
            again(&shop).await;
        }
        let posts = stripe.books(|books| std::mem::take(&mut books.posts));
        let made = format!("SELECT app.type_id('refund', id) FROM refund WHERE order_id = '{}'", uuid(&order));
        let made = shop.app.text(&made).await.unwrap();
        assert!(posts.len() == 3 && posts.iter().all(|post| *post == posts[0] && post.0 == made), "{status}: {posts:?}");
        assert_eq!((read(&shop.lea, &order).await["status"].take(), stripe.books(|books| books.refunds.len())), (json!("REFUNDED"), n + 1));
        assert_balanced(&shop).await;
    }
    assert_eq!(books(&shop).await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stripe_refuses_for_good_is_asked_once_and_another_try_has_a_key_of_its_own() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let (order, first) = place(&shop, &shop.cart(&[(&product, 1)]), "refused-1").await;
    for (n, status) in [400, 401, 402, 403, 404].into_iter().enumerate() {
        stripe.books(|books| (books.failing, books.posts) = ((1, status), Vec::new()));
        shop.app.work().await;
        again(&shop).await;
        assert_eq!(stripe.books(|books| books.posts.len()), 1, "{status}");
        let seen = read(&shop.lea, &order).await;
        let tries = seen["payments"].as_array().unwrap();
        assert_eq!((tries.len(), &tries[n]["status"], &seen["status"]), (n + 1, &json!("REJECTED"), &json!("PENDING")), "{status}");
        assert!(!tries[n]["failure"].as_str().unwrap().contains(KEY), "{status}");
        let pay = json!({ "i": { "orderId": order, "provider": "STRIPE", "returnUrl": "https://shop.example/thanks" } });
        shop.lea.ok(super::PAY, pay).await;
    }
    stripe.books(|books| books.posts = Vec::new());
    shop.app.work().await;
    let keys: Vec<String> = stripe.books(|books| books.posts.iter().map(|post| post.0.clone()).collect());
    assert!(keys.len() == 1 && keys[0] != first, "{keys:?}");
    say(&shop, "evt_1", "checkout.session.completed", &stripe.settle("cs_test_0", "complete", "paid")).await;
    assert_eq!((read(&shop.lea, &order).await["status"].take(), shop.held(&product).await), (json!("PAID"), 1));
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, REVENUE -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_signature_is_good_for_five_minutes_and_while_a_secret_is_rolled_one_of_several_is_enough() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "signed-01").await;
    let body = event("evt_1", "checkout.session.completed", &paid(&payment, 1000));
    let at = now().as_second();
    let tag = |secret: &str, at: i64| sign(secret, at, &body).split_once(",v1=").unwrap().1.to_owned();
    let (good, rolled) = (tag(SECRET, at), tag("whsec_fedcba9876543210", at));
    let zeros = HEXLOWER.encode(&[0; 32]);
    for header in [
        // Too old, and from the future.
        sign(SECRET, at - 330, &body),
        sign(SECRET, at + 330, &body),
        // Of another time than it says; under a scheme of tests, under none, by another secret alone.
        format!("t={},v1={good}", at - 1),
        format!("t={at},v0={good}"),
        format!("t={at},{good}"),
        format!("t={at},v1={rolled}"),
        format!("t={at},v1={zeros},v1={rolled}"),
        format!("t={at},v1={}", &good[..62]),
        format!("v1={good}"),
        String::new(),
    ] {
        assert_eq!(deliver(&shop, header.clone(), &body).await, 400, "{header}");
    }
    assert_eq!((taken(&shop).await.as_str(), of_payment(&shop, &payment, "status").await.as_str()), ("", "PENDING"));
    // As Stripe writes it while two secrets hold, and minutes after it was signed.
    let late = at - 240;
    let header = format!("t={late},v1={},v1={},v0={zeros}", tag("whsec_fedcba9876543210", late), tag(SECRET, late));
    assert_eq!(deliver(&shop, header, &body).await, 200);
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_school_that_has_another_secret_takes_what_is_signed_by_it_and_nothing_of_before() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "rolled-01").await;
    let body = event("evt_1", "checkout.session.completed", &paid(&payment, 1000));
    let other = "whsec_of_another_endpoint";
    shop.admin.ok(super::SETTINGS, json!({ "i": { "stripeWebhookSecret": other } })).await;
    assert_eq!(deliver(&shop, sign(SECRET, now().as_second(), &body), &body).await, 400);
    assert_eq!((taken(&shop).await.as_str(), of_payment(&shop, &payment, "status").await.as_str()), ("", "PENDING"));
    assert_eq!(deliver(&shop, sign(other, now().as_second(), &body), &body).await, 200);
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn events_of_unknown_types_and_of_what_the_school_sells_elsewhere_are_taken_and_do_nothing() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "unknown-1").await;
    shop.app.work().await;
    let session = stripe.settle("cs_test_0", "open", "unpaid");
    let ours = paid(&payment, 1000);
    let mut theirs = ours.clone();
    (theirs["id"], theirs["payment_intent"], theirs["client_reference_id"]) = (json!("cs_test_x"), json!("pi_x"), json!("cart-4711"));
    let mut of_nobody = theirs.clone();
    of_nobody["client_reference_id"] = Value::Null;
    let mut gone = theirs.clone();
    gone["client_reference_id"] = json!("payment_00000000000000000000000000");
    for (id, kind, object) in [
        (
            "evt_1",
            "payment_intent.succeeded",
            json!({ "id": "pi_0", "amount": 1000, "currency": "eur", "metadata": { "payment": payment } }),
        ),
        (
            "evt_2",
            "charge.succeeded",
            json!({ "id": "ch_0", "payment_intent": "pi_0", "amount": 1000, "metadata": { "payment": payment } }),
        ),
        ("evt_3", "checkout.session.renamed", ours.clone()),
        ("evt_4", "customer.created", json!({ "id": "cus_1" })),
        ("evt_5", "checkout.session.completed", theirs),
        ("evt_6", "checkout.session.completed", of_nobody),
        ("evt_7", "checkout.session.completed", gone),
        ("evt_8", "charge.refunded", json!({ "id": "ch_x", "payment_intent": "pi_x", "amount_refunded": 500 })),
        ("evt_9", "refund.updated", json!({ "id": "re_x", "payment_intent": "pi_x", "status": "succeeded", "amount": 500 })),
    ] {
        say(&shop, id, kind, &object).await;
    }
    let ignored: Vec<String> = (1..=9).map(|n| format!("evt_{n} IGNORED")).collect();
    assert_eq!(taken(&shop).await, ignored.join(", "));
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("PENDING"), &json!("PENDING")));
    assert_eq!((session["status"].as_str(), books(&shop).await.as_str()), (Some("open"), ""));
    // The event of the other school's account is signed by another secret: none of this school's.
    let (body, at) = (event("evt_x", "checkout.session.completed", &ours), now().as_second());
    assert_eq!(deliver(&shop, sign("whsec_of_another_account", at, &body), &body).await, 400);
    let (status, _) = post(&shop, "/webhooks/payments/elm/stripe", Some(("stripe-signature", sign(SECRET, at, &body))), body).await;
    assert_eq!((status, of_payment(&shop, &payment, "status").await.as_str()), (400, "PENDING"));
    say(&shop, "evt_a", "checkout.session.completed", &ours).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_out_of_order_days_late_and_several_times_at_once() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let mut payments = Vec::new();
    for n in 0..3 {
        let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), &format!("disorder-{n}")).await;
        shop.app.work().await;
        let mut unpaid = stripe.settle(&format!("cs_test_{n}"), "complete", "paid");
        let all = unpaid.clone();
        unpaid["payment_status"] = json!("unpaid");
        let mut events = vec![
            ("completed", "checkout.session.completed", unpaid.clone()),
            ("succeeded", "checkout.session.async_payment_succeeded", all),
            ("failed", "checkout.session.async_payment_failed", unpaid.clone()),
            ("expired", "checkout.session.expired", unpaid),
        ];
        // As it happened; the other way round; all at once.
        if n == 1 {
            events.reverse();
        }
        if n == 2 {
            let told = events.iter().chain(&events).map(|(id, kind, object)| {
                let (shop, id) = (&shop, format!("{id}_{n}"));
                async move { say(shop, &id, kind, object).await }
            });
            join_all(told).await;
        } else {
            for (id, kind, object) in &events {
                say(&shop, &format!("{id}_{n}"), kind, object).await;
            }
        }
        assert_eq!(read(&shop.lea, &order).await["status"], "PAID", "{n}");
        assert_eq!(of_payment(&shop, &payment, "status").await, "APPROVED", "{n}");
        assert_eq!(books(&shop).await, format!("CASH_STRIPE {}, REVENUE -{}", 1000 * (n + 1), 1000 * (n + 1)));
        assert_balanced(&shop).await;
        payments.push((order, payment));
    }
    // Three days later Stripe tells an old event again, signed anew: it was taken. What it has not told yet is new, however old.
    shop.app.sql("UPDATE payment_event SET received_at = received_at - interval '3 days'").await;
    let (order, payment) = &payments[0];
    say(&shop, "succeeded_0", "checkout.session.async_payment_succeeded", &paid(payment, 1000)).await;
    say(&shop, "later_0", "checkout.session.completed", &paid(payment, 1000)).await;
    let seen = read_all(&shop.admin, order).await;
    let events: Vec<String> = seen["payments"][0]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} {}", event["eventId"].as_str().unwrap(), event["outcome"].as_str().unwrap()))
        .collect();
    assert!(
        events.contains(&"later_0 IGNORED".to_owned()) && events.iter().filter(|event| event.starts_with("succeeded_0")).count() == 1,
        "{events:?}"
    );
    assert_eq!(books(&shop).await, "CASH_STRIPE 3000, REVENUE -3000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_session_in_another_currency_or_of_another_amount_approves_nothing() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "amounts-1").await;
    for (n, (name, value)) in
        [("amount_total", json!(999)), ("amount_total", Value::Null), ("currency", json!("usd")), ("currency", Value::Null)]
            .into_iter()
            .enumerate()
    {
        let mut session = paid(&payment, 1000);
        session[name] = value;
        say(&shop, &format!("evt_{n}"), "checkout.session.completed", &session).await;
        let seen = read(&shop.lea, &order).await;
        assert_eq!(
            (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["attention"]),
            (&json!("PENDING"), &json!("PENDING"), &json!("AMOUNT_MISMATCH"))
        );
    }
    assert_eq!(taken(&shop).await, "evt_0 MISMATCH, evt_1 MISMATCH, evt_2 MISMATCH, evt_3 MISMATCH");
    assert_eq!(books(&shop).await, "");
    say(&shop, "evt_9", "checkout.session.completed", &paid(&payment, 1000)).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_cancelled_while_stripe_is_asked_is_given_back_when_it_is_paid_after_all() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    stripe.books(|books| books.failing = (1, 503));
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "too-late-1").await;
    shop.app.work().await;
    shop.lea.ok(CANCEL, json!({ "id": order })).await;
    again(&shop).await;
    assert_eq!(stripe.books(|books| books.sessions.len()), 0, "nobody is asked to pay what is cancelled");
    // One that was made before is paid in a window that was left open.
    let (order_2, payment_2) = place(&shop, &shop.cart(&[(&product, 1)]), "too-late-2").await;
    shop.app.work().await;
    shop.lea.ok(CANCEL, json!({ "id": order_2 })).await;
    say(&shop, "evt_1", "checkout.session.completed", &stripe.settle("cs_test_0", "complete", "paid")).await;
    shop.app.work().await;
    let seen = read(&shop.lea, &order_2).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["attention"]), (&json!("CANCELLED"), &json!("LATE")));
    assert_eq!(
        (of_payment(&shop, &payment, "status").await, of_payment(&shop, &payment_2, "status").await),
        ("CANCELLED".to_owned(), "REFUNDED".to_owned())
    );
    assert_eq!((stripe.books(|books| books.refunds.len()), shop.held(&product).await, books(&shop).await.as_str()), (1, 0, ""));
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_whose_key_stripe_has_forgotten_is_looked_for_and_not_made_again() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "forgotten1").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &stripe.settle("cs_test_0", "complete", "paid")).await;
    shop.app.work().await;
    let asked = async |amount: i64, key: &str| {
        let refund = json!({ "i": { "orderId": order, "amount": amount, "reason": "Rain", "idempotencyKey": key } });
        shop.admin.ok(REFUND, refund).await;
        // Nobody ran for almost a day.
        shop.app.sql("UPDATE refund SET created_at = created_at - interval '21 hours' WHERE status = 'PENDING'").await;
        shop.app.text("SELECT app.type_id('refund', id) FROM refund WHERE status = 'PENDING'").await.unwrap()
    };
    let made = asked(300, "made-already").await;
    stripe.books(|books| {
        books.posts = Vec::new();
        let refund = json!({ "id": "re_made", "status": "succeeded", "payment_intent": "pi_0", "amount": 300, "metadata": { "refund": made, "payment": payment } });
        books.refunds.insert("re_made".to_owned(), refund);
    });
    shop.app.work().await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["refunded"]["amount"], &seen["refunds"][0]["status"]), (&json!(300), &json!("SUCCEEDED")));
    // One that Stripe does not know is not made so late: whoever asked is told, and asks again.
    asked(200, "never-told").await;
    shop.app.work().await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["refunded"]["amount"], &seen["refunds"][1]["status"]), (&json!(300), &json!("FAILED")));
    assert_eq!((stripe.books(|books| books.posts.len()), books(&shop).await.as_str()), (0, "CASH_STRIPE 700, REVENUE -700"));
    let again = json!({ "i": { "orderId": order, "amount": 200, "reason": "Rain", "idempotencyKey": "asked-again" } });
    shop.admin.ok(REFUND, again).await;
    shop.app.work().await;
    assert_eq!((stripe.books(|books| books.posts.len()), books(&shop).await.as_str()), (1, "CASH_STRIPE 500, REVENUE -500"));
    assert_balanced(&shop).await;
}
