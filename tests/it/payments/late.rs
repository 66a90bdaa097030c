//! Money that comes when nothing is waited for: it is used, given back or turned into credit, by itself.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{PLACE, RECORD, Shop, approve, assert_balanced, books, event, of_payment, place, read, say, shop};
use crate::app::Who;

/// The refunds of an order: how much, whether as credit, and where they stand.
fn refunds(order: &Value) -> Vec<String> {
    let refunds = order["refunds"].as_array().unwrap().iter();
    refunds.map(|refund| format!("{} {} {}", refund["amount"]["amount"], refund["toCredit"], refund["status"].as_str().unwrap())).collect()
}

async fn expire(shop: &Shop, payment: &str) {
    say(shop, &event(&format!("expire-{payment}"), "payment.expired", payment, 1000)).await;
}

#[tokio::test]
async fn an_order_that_has_expired_is_revived_where_all_that_it_held_can_be_had_again() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "revived-1").await;
    expire(&shop, &payment).await;
    assert_eq!((read(&shop.lea, &order).await["status"].clone(), shop.held(&product).await), (json!("EXPIRED"), 0));
    // Neither the sale's window nor the price matters any more.
    let change = json!({ "i": { "id": product, "saleEndsAt": "2020-01-01T00:00:00Z", "prices": [{ "amount": 9000, "currency": "EUR" }] } });
    shop.admin.ok("mutation($i: UpdateProductInput!) { updateProduct(input: $i) { id } }", change).await;
    approve(&shop, &payment, 1000).await;
    let revived = read(&shop.lea, &order).await;
    assert_eq!(
        (&revived["status"], &revived["payments"][0]["status"], &revived["payments"][0]["attention"]),
        (&json!("PAID"), &json!("APPROVED"), &json!("LATE"))
    );
    assert_eq!((shop.held(&product).await, books(&shop).await.as_str()), (1, "CASH_TEST 1000, REVENUE -1000"));
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn where_something_is_gone_the_money_goes_back_by_its_provider() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "the-last-1").await;
    expire(&shop, &payment).await;
    let bob = shop.app.person(&shop.app.oak, "bob@oak.example", &["LEARNER"]).await;
    let (application, attendee) = crate::orders::applied(&bob, &shop.program).await;
    shop.buy(&bob, &crate::orders::cart_for(&application, &attendee, &[(&product, 1)]), "the-last-2").await;
    approve(&shop, &payment, 1000).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["paid"]["amount"]),
        (&json!("EXPIRED"), &json!("REFUNDED"), &json!(0))
    );
    assert_eq!(refunds(&seen), ["1000 false SUCCEEDED"]);
    assert_eq!(books(&shop).await, "CASH_MANUAL 1000, REVENUE -1000");
    assert_balanced(&shop).await;
    approve(&shop, &payment, 1000).await;
    assert_eq!(refunds(&read(&shop.lea, &order).await).len(), 1, "a replay gives nothing back");
}

#[tokio::test]
async fn money_for_a_cancelled_order_goes_back_and_so_does_what_is_paid_twice() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "cancelled1").await;
    shop.lea.ok("mutation($id: ID!) { cancelOrder(id: $id) { status } }", json!({ "id": order })).await;
    assert_eq!(of_payment(&shop, &payment, "status").await, "CANCELLED");
    approve(&shop, &payment, 1000).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["attention"]),
        (&json!("CANCELLED"), &json!("REFUNDED"), &json!("LATE"))
    );

    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "paid-twice").await;
    let input = json!({ "orderId": order, "amount": 1000, "idempotencyKey": "by-transfer-1" });
    shop.admin.ok(RECORD, json!({ "i": input })).await;
    assert_eq!(of_payment(&shop, &payment, "status").await, "CANCELLED");
    approve(&shop, &payment, 1000).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["attention"]),
        (&json!("PAID"), &json!("REFUNDED"), &json!("SURPLUS"))
    );
    assert_eq!(books(&shop).await, "CASH_MANUAL 1000, REVENUE -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_late_transfer_revives_or_becomes_credit() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 1)]), "transfer-1").await;
    let id = order["id"].as_str().unwrap();
    shop.overdue(&order).await;
    shop.app.sql(&opened(&shop, "PERFORM app.expire_orders(100)")).await;
    let record = |amount: i64, key: &str| json!({ "i": { "orderId": id, "amount": amount, "idempotencyKey": key } });
    // Too little revives nothing.
    shop.admin.ok(RECORD, record(400, "too-little-1")).await;
    let seen = read(&shop.lea, id).await;
    assert_eq!((&seen["status"], refunds(&seen)), (&json!("EXPIRED"), vec!["400 true SUCCEEDED".to_owned()]));
    shop.admin.ok(RECORD, record(1100, "enough-0001")).await;
    let seen = read(&shop.lea, id).await;
    assert_eq!((&seen["status"], &seen["paid"]["amount"]), (&json!("PAID"), &json!(1000)));
    assert_eq!(seen["application"]["credit"], json!([{ "amount": 500, "currency": "EUR" }]));
    assert_eq!(books(&shop).await, "CASH_MANUAL 1500, CREDIT -500, REVENUE -1000");
    assert_balanced(&shop).await;
}

/// Something in a transaction of the school, for nobody.
fn opened(shop: &Shop, what: &str) -> String {
    format!(
        "DO $$ BEGIN PERFORM set_config('app.tenant_id', '{}', true), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), \
         set_config('app.correlation_id', 'trial', true); {what}; END $$",
        shop.app.oak.tenant
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_that_races_a_payment_leaves_the_books_in_order() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "stock": 30 })).await;
    for n in 0..20 {
        let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), &format!("racing-{n:02}")).await;
        shop.overdue(&json!({ "id": order })).await;
        let expiry = opened(&shop, "PERFORM app.expire_orders(100)");
        join(approve(&shop, &payment, 1000), shop.app.sql(&expiry)).await;
        let seen = read(&shop.lea, &order).await;
        assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("PAID"), &json!("APPROVED")), "{n}");
    }
    assert_eq!((shop.held(&product).await, books(&shop).await.as_str()), (20, "CASH_TEST 20000, REVENUE -20000"));
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn another_order_that_waits_is_not_pushed_aside_by_late_money() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "the-first-1").await;
    expire(&shop, &payment).await;
    let mut second = shop.priced(&shop.lea, &shop.cart(&[(&product, 1)]), "the-second-1").await;
    second["provider"] = json!("TEST");
    shop.lea.ok(PLACE, json!({ "i": second })).await;
    approve(&shop, &payment, 1000).await;
    assert_eq!(refunds(&read(&shop.lea, &order).await), ["1000 false SUCCEEDED"]);
    assert_balanced(&shop).await;
    let viewer = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let attention = viewer.ok("{ payments(filter: { needsAttention: true }) { nodes { attention status } totalCount } }", json!({})).await;
    assert_eq!(attention["payments"], json!({ "nodes": [{ "attention": "LATE", "status": "REFUNDED" }], "totalCount": 1 }));
}
