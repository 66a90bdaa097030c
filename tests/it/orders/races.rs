//! Of many at once one wins: the last of a stock, the last use of a coupon, one order under a key, one of two tabs.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{CANCEL, PLACE, Shop, applied, cart_for, order_of, with};
use crate::{
    app::{Client, PASSWORD, refusal},
    classroom::{insist, learners, uuid},
};

/// So many applicants, each with a cart of one of a product.
pub async fn buyers(shop: &Shop, count: usize, product: &str) -> Vec<(Client, Value)> {
    learners(&shop.app, &shop.app.oak, count).await;
    let mut buyers = Vec::new();
    for n in 1..=count {
        let client = shop.app.sign_in_as(&shop.app.oak, &format!("person{n}@oak.example"), PASSWORD).await;
        let (application, attendee) = applied(&client, &shop.program).await;
        buyers.push((client, cart_for(&application, &attendee, &[(product, 1)])));
    }
    buyers
}

/// What became of an order: its state, or why there is none.
pub fn outcome(answer: &Value) -> String {
    match answer["errors"].as_array() {
        Some(errors) => refusal(&errors[0]),
        None => answer["data"]["placeOrder"]["status"].as_str().unwrap().to_owned(),
    }
}

async fn all_at_once(buyers: &[(Client, Value)], total: i32) -> Vec<String> {
    let asking = buyers.iter().map(|(client, cart)| insist(client, PLACE, json!({ "i": order_of(cart, &json!(total), "all-at-once") })));
    join_all(asking).await.iter().map(outcome).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_who_want_the_last_three_of_a_stock_three_get_one() {
    let shop = Shop::open(json!({})).await;
    let last = shop.product(json!({ "stock": 3 })).await;
    let buyers = buyers(&shop, 10, &last).await;
    let outcomes = all_at_once(&buyers, 1000).await;
    let won = outcomes.iter().filter(|outcome| *outcome == "PENDING").count();
    let lost = outcomes.iter().filter(|outcome| *outcome == "CONFLICT SOLD_OUT @lines.0").count();
    assert_eq!((won, lost), (3, 7), "{outcomes:?}");
    assert_eq!(shop.held(&last).await, 3);
    shop.assert_counted().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_who_have_a_coupon_for_one_one_uses_it() {
    let shop = Shop::open(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let coupon = shop.coupon("ONLY-ONE", json!({ "percentOff": 100, "maxUses": 1 })).await;
    let mut buyers = buyers(&shop, 8, &ticket).await;
    for (_, cart) in &mut buyers {
        *cart = with(cart, json!({ "couponCode": "ONLY-ONE" }));
    }
    let outcomes = all_at_once(&buyers, 0).await;
    let won = outcomes.iter().filter(|outcome| *outcome == "PAID").count();
    let lost = outcomes.iter().filter(|outcome| *outcome == "CONFLICT CODE_EXHAUSTED @couponCode").count();
    assert_eq!((won, lost), (1, 7), "{outcomes:?}");
    assert_eq!(shop.app.count(&format!("coupon_uses WHERE coupon_id = '{}' AND uses = 1", uuid(&coupon))).await, 1);
    shop.assert_counted().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_five_times_at_once_is_one_order_and_five_equal_answers() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({ "stock": 10 })).await;
    let input = json!({ "i": order_of(&shop.cart(&[(&ticket, 2)]), &json!(2000), "once-and-for-all") });
    let answers = join_all((0..5).map(|_| shop.lea.ok(PLACE, input.clone()))).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!((shop.app.count("sales_order").await, shop.app.count("payment").await, shop.held(&ticket).await), (1, 1, 2));
    // Once more, it is the order as it is now; another request under the key is none.
    let id = &answers[0]["placeOrder"]["id"];
    shop.lea.ok(CANCEL, json!({ "id": id })).await;
    let again = shop.lea.ok(PLACE, input).await;
    assert_eq!((&again["placeOrder"]["id"], &again["placeOrder"]["status"]), (id, &json!("CANCELLED")));
    let other = order_of(&shop.cart(&[(&ticket, 3)]), &json!(3000), "once-and-for-all");
    assert_eq!(shop.lea.refused(PLACE, json!({ "i": other })).await, "CONFLICT IDEMPOTENCY_KEY_REUSED @idempotencyKey");
    // It is a key of its person.
    let theirs = order_of(&shop.cart(&[(&ticket, 3)]), &json!(3000), "once-and-for-all");
    assert_eq!(shop.admin.ok(PLACE, json!({ "i": theirs })).await["placeOrder"]["status"], "PENDING");
    shop.assert_counted().await;
}

#[tokio::test]
async fn a_key_is_looked_at_before_all_else_that_is_wrong_with_a_request() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let input = order_of(&shop.cart(&[(&ticket, 1)]), &json!(1000), "used-already");
    let placed = shop.lea.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"].take();
    for wrong in [
        json!({ "lines": [] }),
        json!({ "lines": [{ "productId": "x", "attendeeId": "y" }] }),
        json!({ "expectedTotal": -1 }),
        json!({ "currency": "euro" }),
        json!({ "couponCode": "früh" }),
        json!({ "provider": null }),
    ] {
        let other = shop.lea.refused(PLACE, json!({ "i": with(&input, wrong) })).await;
        assert_eq!(other, "CONFLICT IDEMPOTENCY_KEY_REUSED @idempotencyKey");
    }
    // A refused one leaves no key.
    for _ in 0..2 {
        let empty = with(&input, json!({ "lines": [], "idempotencyKey": "not-used-yet" }));
        assert_eq!(shop.lea.refused(PLACE, json!({ "i": empty })).await, "BAD_USER_INPUT @lines");
    }
    assert_eq!(shop.app.count("order_key").await, 1);
    // Whatever has changed since, the same request answers the same order.
    let settings = "mutation($i: UpdatePaymentSettingsInput!) { updatePaymentSettings(input: $i) { providers } }";
    shop.admin.ok(settings, json!({ "i": { "providers": [] } })).await;
    let hide = "mutation($i: UpdateProductInput!) { updateProduct(input: $i) { isActive } }";
    shop.admin.ok(hide, json!({ "i": { "id": ticket, "isActive": false } })).await;
    assert_eq!(shop.lea.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"], placed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tabs_one_places_an_order() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({ "stock": 10 })).await;
    let cart = shop.cart(&[(&ticket, 1)]);
    let tab = |key: &str| shop.lea.ask(PLACE, json!({ "i": order_of(&cart, &json!(1000), key) }));
    for round in 0..5 {
        let (one, two) = (format!("tab-one-{round}"), format!("tab-two-{round}"));
        let (one, two) = join(tab(&one), tab(&two)).await;
        let mut outcomes = [outcome(&one), outcome(&two)];
        outcomes.sort();
        assert_eq!(outcomes, ["CONFLICT ORDER_PENDING @applicationId", "PENDING"]);
        let placed = if one["errors"].is_null() { one } else { two };
        shop.lea.ok(CANCEL, json!({ "id": placed["data"]["placeOrder"]["id"] })).await;
    }
    assert_eq!(shop.held(&ticket).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_paid_or_expires_and_never_both() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({ "stock": 20 })).await;
    let record = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { status } }";
    for round in 0..5 {
        let order = shop.place(&shop.lea, &shop.cart(&[(&ticket, 1)]), &format!("race-of-{round}")).await;
        shop.overdue(&order).await;
        let money = json!({ "i": { "orderId": order["id"], "amount": 1000, "idempotencyKey": format!("money-of-{round}") } });
        let (answer, ()) = join(shop.admin.ask(record, money), shop.app.work()).await;
        // Whoever comes first, the money is there: it pays the order, or revives it.
        assert_eq!(answer["data"]["recordPayment"]["status"], "PAID", "{answer}");
        assert_eq!(shop.held(&ticket).await, round + 1);
    }
    shop.assert_counted().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_the_last_of_a_stock_is_answered_their_order_and_who_comes_later_is_refused_before_anything_is_locked() {
    let shop = Shop::start(json!({})).await;
    let last = shop.product(json!({ "stock": 1 })).await;
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    let input = json!({ "i": order_of(&shop.cart(&[(&last, 1)]), &json!(1000), "the-very-last") });
    let answers = join_all((0..5).map(|_| shop.lea.ok(PLACE, input.clone()))).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!((shop.app.count("sales_order").await, shop.held(&last).await), (1, 1));
    // Now that it is sold out, the same request still is that order; another under its key is none, and under another key one waits.
    assert_eq!(shop.lea.ok(PLACE, input).await, answers[0]);
    let refused_of = async |total: i32, key: &str| {
        shop.lea.refused(PLACE, json!({ "i": order_of(&shop.cart(&[(&last, 1)]), &json!(total), key) })).await
    };
    assert_eq!(refused_of(999, "the-very-last").await, "CONFLICT IDEMPOTENCY_KEY_REUSED @idempotencyKey");
    assert_eq!(refused_of(1000, "another-key").await, "CONFLICT ORDER_PENDING @applicationId");
    // Whoever else comes is told so by the first statement, whatever price they were shown.
    let theirs = order_of(&cart_for(&application, &attendee, &[(&last, 1)]), &json!(999), "came-too-late");
    assert_eq!(eve.refused(PLACE, json!({ "i": theirs })).await, "CONFLICT SOLD_OUT @lines.0");
    let line = format!("{{ productId: \"{last}\", attendeeId: \"{attendee}\" }}");
    let document = format!(
        "mutation {{ placeOrder(input: {{ applicationId: \"{application}\", lines: [{line}], expectedTotal: 1000, provider: MANUAL, idempotencyKey: \"came-too-late\" }}) {{ id }} }}"
    );
    let (answer, runs) = shop.app.runs(&eve, &document).await;
    assert_eq!(answer.errors.len(), 1, "{answer:?}");
    assert!(runs.iter().any(|run| run.sql.contains("app.begin_order")), "the look is a statement of its own");
    assert!(!runs.iter().any(|run| run.sql.contains("app.place_order")), "what writes was not asked for");
    assert_eq!(
        (shop.app.count("order_key").await, shop.app.count("audit_entry WHERE outcome = 'REFUSED' AND reason = 'SOLD_OUT'").await),
        (1, 2)
    );
    shop.assert_counted().await;
}

#[tokio::test]
async fn an_overdue_order_of_ones_own_is_no_reason_to_be_told_that_all_is_sold() {
    let shop = Shop::start(json!({})).await;
    let two = shop.product(json!({ "stock": 2, "kind": "OTHER" })).await;
    let first = shop.place(&shop.lea, &shop.cart(&[(&two, 2)]), "the-first-one").await;
    shop.overdue(&first).await;
    let order = |count: i32, key: &str| json!({ "i": order_of(&shop.cart(&[(&two, count)]), &json!(1000 * count), key) });
    assert_eq!(shop.lea.refused(PLACE, order(3, "more-than-all")).await, "CONFLICT SOLD_OUT @lines.0");
    // Its sale is over, and nothing of it is sold once the order has expired: that comes first.
    shop.app.sql("UPDATE product SET sale_ends_at = now() - interval '1 second'").await;
    assert_eq!(shop.lea.refused(PLACE, order(3, "more-than-all")).await, "CONFLICT NOT_ON_SALE @lines.0");
    shop.app.sql("UPDATE product SET sale_ends_at = NULL").await;
    let second = shop.lea.ok(PLACE, order(2, "the-second-one")).await;
    assert_eq!((&second["placeOrder"]["status"], shop.held(&two).await), (&json!("PENDING"), 2));
    shop.assert_counted().await;
}
