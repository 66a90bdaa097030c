//! What goes back: all of it, tickets, or an amount; once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{REFUND, Shop, approve, assert_balanced, books, of_payment, place, read, shop};
use crate::{app::Who, classroom::refused};

/// Three tickets that are paid; their order, its payment, and the tickets.
async fn bought(shop: &Shop, key: &str) -> (String, String, Vec<String>) {
    let product = shop.product(json!({ "taxPercent": 19, "prices": [{ "amount": 999, "currency": "EUR" }] })).await;
    let (order, payment) = place(shop, &shop.lea, &shop.cart(&[(&product, 3)]), key).await;
    approve(shop, &payment, 2997).await;
    let tickets = read(&shop.lea, &order).await["lines"][0]["tickets"].take();
    let tickets = tickets.as_array().unwrap().iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect();
    (order, payment, tickets)
}

fn refund(order: &str, key: &str, changes: Value) -> Value {
    let mut input = json!({ "orderId": order, "reason": "They asked for it", "idempotencyKey": key });
    input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({ "i": input })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_full_refunds_at_once_one_wins() {
    let shop = shop(json!({})).await;
    for round in 0..5 {
        let (order, _, _) = bought(&shop, &format!("full-{round:04}")).await;
        let answers = join_all((0..2).map(|n| shop.admin.ask(REFUND, refund(&order, &format!("full-{round:04}-{n}"), json!({}))))).await;
        let won = answers.iter().filter(|answer| answer["data"]["refundOrder"]["status"] == "REFUNDED").count();
        let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "REFUND_TOO_LARGE").count();
        assert_eq!((won, lost), (1, 1), "{answers:?}");
        let lost = answers.iter().find(|answer| answer["errors"].is_array()).unwrap();
        assert_eq!(lost["errors"][0]["extensions"]["limit"], 0);
        let seen = read(&shop.lea, &order).await;
        assert_eq!((&seen["refunded"]["amount"], &seen["payments"][0]["status"]), (&json!(2997), &json!("REFUNDED")));
        assert!(seen["lines"][0]["tickets"].as_array().unwrap().iter().all(|ticket| ticket["status"] == "CANCELLED"));
        assert_eq!(books(&shop).await, "");
    }
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn tickets_go_for_their_price_and_an_amount_leaves_them() {
    let shop = shop(json!({})).await;
    let (order, payment, tickets) = bought(&shop, "parts-0001").await;
    let part = shop.admin.ok(REFUND, refund(&order, "part-0001", json!({ "ticketIds": [tickets[0]] }))).await["refundOrder"].take();
    assert_eq!((&part["status"], &part["refunded"]["amount"]), (&json!("PAID"), &json!(999)));
    assert_eq!(of_payment(&shop, &payment, "refunded").await, "999");
    let part = shop.admin.ok(REFUND, refund(&order, "part-0002", json!({ "amount": 100 }))).await["refundOrder"].take();
    assert_eq!(part["refunded"]["amount"], 1099);
    let seen = read(&shop.lea, &order).await;
    let live: Vec<&Value> = seen["lines"][0]["tickets"].as_array().unwrap().iter().filter(|ticket| ticket["status"] == "ISSUED").collect();
    assert_eq!(live.len(), 2);
    // Tickets may go for less than their price; as credit, too.
    let part = json!({ "ticketIds": [tickets[1]], "amount": 500, "toCredit": true });
    shop.admin.ok(REFUND, refund(&order, "part-0003", part)).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["status"], &seen["refunded"]["amount"]), (&json!("PAID"), &json!(1599)));
    assert_eq!(seen["application"]["credit"], json!([{ "amount": 500, "currency": "EUR" }]));
    assert_balanced(&shop).await;
    let all = shop.admin.ok(REFUND, refund(&order, "part-0004", json!({}))).await["refundOrder"].take();
    assert_eq!((&all["status"], &all["refunded"]["amount"]), (&json!("REFUNDED"), &json!(2997)));
    // To the last unit of revenue and tax.
    assert_eq!(books(&shop).await, "CASH_TEST 500, CREDIT -500");
    let notes = read(&shop.lea, &order).await["invoices"].take();
    let codes: Vec<&str> = notes.as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["000001", "000001", "000002", "000003", "000004"]);
    let back: i64 = notes.as_array().unwrap()[1..].iter().map(|note| note["total"]["amount"].as_i64().unwrap()).sum();
    let tax: i64 = notes.as_array().unwrap()[1..].iter().map(|note| note["tax"]["amount"].as_i64().unwrap()).sum();
    assert_eq!((back, json!(tax)), (2997, notes[0]["tax"]["amount"].clone()));
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn the_newest_payments_go_back_first() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 1)]), "two-parts-1").await;
    let id = order["id"].as_str().unwrap();
    for (amount, key) in [(300, "first-part"), (700, "second-part")] {
        let input = json!({ "i": { "orderId": id, "amount": amount, "idempotencyKey": key } });
        shop.admin.ok(super::RECORD, input).await;
    }
    let mut back = shop.admin.ok(REFUND, refund(id, "newest-001", json!({ "amount": 800 }))).await["refundOrder"]["refunds"].take();
    // Both are of one moment, and stand in any order.
    back.as_array_mut().unwrap().sort_by_key(|made| -made["amount"]["amount"].as_i64().unwrap());
    let expected = json!([
        { "status": "SUCCEEDED", "amount": { "amount": 700 }, "toCredit": false },
        { "status": "SUCCEEDED", "amount": { "amount": 100 }, "toCredit": false },
    ]);
    assert_eq!(back, expected);
    let seen = read(&shop.lea, id).await;
    let payments: Vec<String> = seen["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| format!("{} {}", payment["status"].as_str().unwrap(), payment["refunded"]["amount"]))
        .collect();
    assert_eq!(payments, ["APPROVED 100", "REFUNDED 700"]);
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn each_wrong_refund_says_what_is_wrong_and_changes_nothing() {
    let shop = shop(json!({})).await;
    let (order, _, tickets) = bought(&shop, "wrongs-001").await;
    let other = bought(&shop, "wrongs-002").await.2.remove(0);
    for (changes, line) in [
        (json!({ "amount": 2998 }), "CONFLICT REFUND_TOO_LARGE @amount"),
        (json!({ "amount": 0 }), "BAD_USER_INPUT @amount"),
        (json!({ "amount": -1 }), "BAD_USER_INPUT @amount"),
        (json!({ "ticketIds": [] }), "BAD_USER_INPUT @ticketIds"),
        (json!({ "ticketIds": [tickets[0], tickets[0]] }), "BAD_USER_INPUT @ticketIds.1"),
        (json!({ "ticketIds": [tickets[0], other] }), "NOT_FOUND @ticketIds.1"),
        (json!({ "reason": " " }), "BAD_USER_INPUT @reason"),
    ] {
        refused(&shop.app, &shop.admin, REFUND, refund(&order, "wrong-0001", changes), line).await;
    }
    refused(&shop.app, &shop.lea, REFUND, refund(&order, "wrong-0001", json!({})), "FORBIDDEN [PAYMENT_MANAGE]").await;
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    refused(&shop.app, &elm, REFUND, refund(&order, "wrong-0001", json!({})), "NOT_FOUND @orderId").await;
    let product = shop.product(json!({})).await;
    let (pending, _) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "pending-01").await;
    refused(&shop.app, &shop.admin, REFUND, refund(&pending, "wrong-0001", json!({})), "CONFLICT INVALID_TRANSITION @orderId").await;
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn what_was_paid_with_a_ticket_or_with_credit_goes_back_once_and_as_credit() {
    let shop = shop(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let entry = shop.product(json!({})).await;
    let week = shop.product(json!({ "prices": [{ "amount": 1500, "currency": "EUR" }] })).await;
    let (first, payment) = place(&shop, &shop.lea, &shop.cart(&[(&entry, 1)]), "carried-01").await;
    approve(&shop, &payment, 1000).await;
    let mut cart = shop.cart(&[(&week, 1)]);
    cart["returnTicketIds"] = json!([read(&shop.lea, &first).await["lines"][0]["tickets"][0]["id"]]);
    let (second, payment) = place(&shop, &shop.lea, &cart, "carried-02").await;
    approve(&shop, &payment, 500).await;
    // The exchange has taken along all that the first was paid.
    refused(&shop.app, &shop.admin, REFUND, refund(&first, "carried-03", json!({})), "CONFLICT REFUND_TOO_LARGE @amount").await;
    assert_eq!(books(&shop).await, "CASH_TEST 1500, REVENUE -1500");
    let whole = |seen: &Value| (seen["status"].clone(), seen["refunded"]["amount"].clone(), seen["application"]["credit"].clone());
    let back = (json!("REFUNDED"), json!(1500), json!([{ "amount": 1000, "currency": "EUR" }]));
    shop.admin.ok(REFUND, refund(&second, "carried-04", json!({}))).await;
    assert_eq!(whole(&read(&shop.lea, &second).await), back);
    assert_eq!(books(&shop).await, "CASH_TEST 1000, CREDIT -1000");
    // That credit pays, and comes back as credit.
    let third = shop.buy(&shop.lea, &shop.cart(&[(&week, 1)]), "carried-05").await;
    assert_eq!((&third["creditApplied"]["amount"], &third["total"]["amount"]), (&json!(1000), &json!(500)));
    let third = third["id"].as_str().unwrap();
    // An amount is money, of which there is what was paid less what went back.
    let amount = |amount: i64, key: &str| refund(third, key, json!({ "amount": amount }));
    let said = shop.admin.ask(REFUND, amount(501, "carried-07")).await["errors"][0]["extensions"].take();
    assert_eq!((&said["reason"], &said["limit"]), (&json!("REFUND_TOO_LARGE"), &json!(500)));
    shop.admin.ok(REFUND, amount(100, "carried-08")).await;
    refused(&shop.app, &shop.admin, REFUND, amount(401, "carried-09"), "CONFLICT REFUND_TOO_LARGE @amount").await;
    shop.admin.ok(REFUND, refund(third, "carried-06", json!({}))).await;
    refused(&shop.app, &shop.admin, REFUND, amount(1, "carried-10"), "CONFLICT REFUND_TOO_LARGE @amount").await;
    assert_eq!(whole(&read(&shop.lea, third).await), back);
    assert_eq!(books(&shop).await, "CASH_TEST 1000, CREDIT -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn the_buyer_is_told_of_what_went_back() {
    let shop = shop(json!({})).await;
    let (order, _, _) = bought(&shop, "telling-01").await;
    shop.admin.ok(REFUND, refund(&order, "telling-01", json!({ "amount": 150 }))).await;
    shop.app.work().await;
    let told = shop.lea.ok("{ notifications { nodes { kind title } } }", json!({})).await["notifications"]["nodes"].take();
    let titles: Vec<&str> =
        told.as_array().unwrap().iter().filter(|one| one["kind"] == "REFUND_MADE").map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Given back: 1.50 EUR"]);
}
