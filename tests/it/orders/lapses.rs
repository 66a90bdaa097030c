//! Orders that were not paid in time: whoever needs what they hold has it, and money that comes late is never lost.

use serde_json::json;

use super::{ORDER, PREVIEW, Shop, applied, cart_for, with};
use crate::app::Client;

async fn status(client: &Client, order: &serde_json::Value) -> String {
    client.ok(ORDER, json!({ "id": order["id"] })).await["order"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_job_expires_what_is_overdue_and_who_needs_it_does_before() {
    let shop = Shop::start(json!({})).await;
    let last = shop.product(json!({ "stock": 1 })).await;
    shop.coupon("ONE", json!({ "percentOff": 10, "maxUses": 1 })).await;
    let cart = with(&shop.cart(&[(&last, 1)]), json!({ "couponCode": "ONE" }));
    let first = shop.place(&shop.lea, &cart, "first-order").await;
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    let theirs = with(&cart_for(&application, &attendee, &[(&last, 1)]), json!({ "couponCode": "ONE" }));
    assert_eq!(eve.refused(PREVIEW, json!({ "i": theirs })).await, "CONFLICT SOLD_OUT @lines.0");
    shop.overdue(&first).await;
    // The preview sees that it can be had; the order takes it.
    let second = shop.place(&eve, &theirs, "second-order").await;
    assert_eq!((status(&shop.lea, &first).await.as_str(), second["status"].as_str().unwrap()), ("EXPIRED", "PENDING"));
    shop.assert_counted().await;
    shop.overdue(&second).await;
    shop.app.work().await;
    assert_eq!(status(&eve, &second).await, "EXPIRED");
    assert_eq!(shop.held(&last).await, 0);
    shop.assert_counted().await;
    // They are told, as of what they did themselves.
    let told = "{ notifications { nodes { kind } } }";
    let kinds = eve.ok(told, json!({})).await.to_string();
    assert!(kinds.contains("ORDER_PLACED") && kinds.contains("ORDER_EXPIRED"), "{kinds}");
}

#[tokio::test]
async fn money_that_comes_late_pays_what_can_be_had_again_and_else_becomes_credit() {
    let shop = Shop::start(json!({})).await;
    let last = shop.product(json!({ "stock": 1 })).await;
    let first = shop.place(&shop.lea, &shop.cart(&[(&last, 1)]), "first-order").await;
    shop.overdue(&first).await;
    shop.app.work().await;
    assert_eq!(status(&shop.lea, &first).await, "EXPIRED");
    // Its sale is over, and it costs more: that matters no more.
    let change = "mutation($i: UpdateProductInput!) { updateProduct(input: $i) { availability } }";
    let input = json!({ "id": last, "saleEndsAt": "2020-01-01T00:00:00Z", "prices": [{ "amount": 7777, "currency": "EUR" }] });
    shop.admin.ok(change, json!({ "i": input })).await;
    shop.pay(&first).await;
    assert_eq!((status(&shop.lea, &first).await.as_str(), shop.held(&last).await), ("PAID", 1));
    shop.admin.ok(change, json!({ "i": { "id": last, "saleEndsAt": null, "stock": 2 } })).await;
    // Another has the last by then.
    let late = shop.place(&shop.lea, &shop.cart(&[(&last, 1)]), "late-order").await;
    shop.overdue(&late).await;
    shop.app.work().await;
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    shop.buy(&eve, &cart_for(&application, &attendee, &[(&last, 1)]), "the-last-one").await;
    let record = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { status } }";
    let money = json!({ "orderId": late["id"], "amount": late["total"]["amount"], "idempotencyKey": "late-money" });
    assert_eq!(shop.admin.ok(record, json!({ "i": money })).await["recordPayment"]["status"], "EXPIRED");
    let credit = "query($id: ID!) { application(id: $id) { credit { amount } } }";
    assert_eq!(shop.lea.ok(credit, json!({ "id": shop.application })).await["application"]["credit"], json!([{ "amount": 7777 }]));
    shop.assert_counted().await;
}

#[tokio::test]
async fn whoever_is_deleted_buys_nothing_any_more() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({ "stock": 5 })).await;
    shop.buy(&shop.lea, &shop.cart(&[(&ticket, 1)]), "paid-order").await;
    let open = shop.place(&shop.lea, &shop.cart(&[(&ticket, 2)]), "open-order").await;
    assert_eq!(shop.held(&ticket).await, 3);
    shop.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": shop.lea.user_id })).await;
    assert_eq!(shop.held(&ticket).await, 0);
    assert_eq!(shop.app.count("ticket WHERE status <> 'CANCELLED'").await, 0);
    assert_eq!(status(&shop.admin, &open).await, "CANCELLED");
    // What was paid stays in the books, and nothing was given back by it.
    assert_eq!((shop.app.count("sales_order WHERE status = 'PAID'").await, shop.app.count("refund").await), (1, 0));
    shop.assert_counted().await;
}

#[tokio::test]
async fn a_partly_paid_order_waits_and_a_manager_turns_it_into_credit() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&ticket, 1)]), "in-two-parts").await;
    let record = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { status expiresAt paid { amount } due { amount } } }";
    let part = json!({ "orderId": order["id"], "amount": 400, "idempotencyKey": "the-first-part" });
    let partly = json!({ "status": "PENDING", "expiresAt": null, "paid": { "amount": 400 }, "due": { "amount": 600 } });
    assert_eq!(shop.admin.ok(record, json!({ "i": part })).await["recordPayment"], partly);
    assert_eq!(shop.lea.refused(super::CANCEL, json!({ "id": order["id"] })).await, "CONFLICT HAS_PAYMENTS @id");
    assert_eq!(shop.admin.ok(super::CANCEL, json!({ "id": order["id"] })).await["cancelOrder"]["status"], "CANCELLED");
    let credit = "query($id: ID!) { application(id: $id) { credit { amount } } }";
    assert_eq!(shop.lea.ok(credit, json!({ "id": shop.application })).await["application"]["credit"], json!([{ "amount": 400 }]));
    shop.assert_counted().await;
}
