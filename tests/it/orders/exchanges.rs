//! Exchanges: tickets count for what was paid for them, and admit until the order that exchanges them is paid.

use serde_json::{Value, json};

use super::{ORDER, PLACE, PREVIEW, Shop, applied, cart_for, order_of, with};
use crate::classroom::uuid;

const UNTIL: &str = "2099-01-01T00:00:00Z";
const CREDIT: &str = "query($id: ID!) { application(id: $id) { credit { amount currency } } }";

fn ticket(order: &Value) -> Value {
    order["lines"][0]["tickets"][0]["id"].clone()
}

async fn status(shop: &Shop, ticket: &Value) -> String {
    let sql = format!("SELECT status FROM ticket WHERE id = '{}'", uuid(ticket.as_str().unwrap()));
    shop.app.text(&sql).await.unwrap()
}

#[tokio::test]
async fn a_ticket_admits_until_what_it_is_exchanged_for_is_paid() {
    let shop = Shop::start(json!({ "exchangesUntil": UNTIL })).await;
    let day = shop.product(json!({ "name": "Day", "duration": "DAY", "exclusive": true, "stock": 1 })).await;
    let week = shop
        .product(
            json!({ "name": "Week", "duration": "WEEK", "exclusive": true, "stock": 1, "prices": [{ "amount": 5000, "currency": "EUR" }] }),
        )
        .await;
    shop.coupon("HALF", json!({ "percentOff": 50 })).await;
    let bought = shop.buy(&shop.lea, &with(&shop.cart(&[(&day, 1)]), json!({ "couponCode": "HALF" })), "one-a-day").await;
    let day_ticket = ticket(&bought);
    // Of exclusive ones an attendee has one, unless it is given back.
    assert_eq!(shop.lea.refused(PREVIEW, json!({ "i": shop.cart(&[(&week, 1)]) })).await, "CONFLICT EXCLUSIVE_PRODUCT @lines.0");
    // What was paid counts, whatever a day costs today.
    shop.admin
        .ok(
            "mutation($i: UpdateProductInput!) { updateProduct(input: $i) { id } }",
            json!({ "i": { "id": day, "prices": [{ "amount": 9000, "currency": "EUR" }] } }),
        )
        .await;
    let upgrade = with(&shop.cart(&[(&week, 1)]), json!({ "returnTicketIds": [day_ticket] }));
    let order = shop.place(&shop.lea, &upgrade, "to-a-week").await;
    assert_eq!((&order["returned"]["amount"], &order["total"]["amount"]), (&json!(500), &json!(4500)));
    assert_eq!((status(&shop, &day_ticket).await.as_str(), shop.held(&day).await, shop.held(&week).await), ("ISSUED", 1, 1));
    // It expires: the day is as it was, and can be exchanged again.
    shop.overdue(&order).await;
    shop.app.work().await;
    assert_eq!((status(&shop, &day_ticket).await.as_str(), shop.held(&day).await, shop.held(&week).await), ("ISSUED", 1, 0));
    let order = shop.buy(&shop.lea, &upgrade, "to-a-week-2").await;
    assert_eq!((status(&shop, &day_ticket).await.as_str(), status(&shop, &ticket(&order)).await.as_str()), ("CANCELLED", "ISSUED"));
    assert_eq!((shop.held(&day).await, shop.held(&week).await), (0, 1));
    shop.assert_counted().await;
}

#[tokio::test]
async fn what_is_over_becomes_credit_and_pays_the_next_order() {
    let shop = Shop::start(json!({ "exchangesUntil": UNTIL })).await;
    let (dear, cheap) = (
        shop.product(json!({ "name": "Dear" })).await,
        shop.product(json!({ "name": "Cheap", "prices": [{ "amount": 300, "currency": "EUR" }] })).await,
    );
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&dear, 1)]), "something-dear").await;
    let down = with(&shop.cart(&[(&cheap, 1)]), json!({ "returnTicketIds": [ticket(&bought)] }));
    let order = shop.place(&shop.lea, &down, "something-cheap").await;
    assert_eq!((&order["status"], &order["total"]["amount"], &order["creditGranted"]["amount"]), (&json!("PAID"), &json!(0), &json!(700)));
    let credit = shop.lea.ok(CREDIT, json!({ "id": shop.application })).await;
    assert_eq!(credit["application"]["credit"], json!([{ "amount": 700, "currency": "EUR" }]));
    // Given back for nothing, it is all credit.
    let back = json!({ "applicationId": shop.application, "lines": [], "returnTicketIds": [ticket(&order)] });
    let order = shop.place(&shop.lea, &back, "nothing-instead").await;
    assert_eq!((&order["status"], &order["creditGranted"]["amount"], &order["lines"]), (&json!("PAID"), &json!(300), &json!([])));
    // Credit is used unless one says otherwise.
    let cart = shop.cart(&[(&dear, 1)]);
    let without = shop.lea.ok(PREVIEW, json!({ "i": with(&cart, json!({ "useCredit": false })) })).await;
    assert_eq!(without["previewOrder"]["total"]["amount"], 1000);
    let order = shop.place(&shop.lea, &cart, "by-credit").await;
    assert_eq!((&order["status"], &order["creditApplied"]["amount"], &order["total"]["amount"]), (&json!("PAID"), &json!(1000), &json!(0)));
    assert_eq!(shop.lea.ok(CREDIT, json!({ "id": shop.application })).await["application"]["credit"], json!([]));
    shop.assert_counted().await;
}

#[tokio::test]
async fn credit_that_an_order_holds_is_given_back_with_it() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let grant = "mutation($i: GrantCreditInput!) { grantCredit(input: $i) { credit { amount } } }";
    let input = json!({ "applicationId": shop.application, "amount": { "amount": 400, "currency": "EUR" }, "reason": "Sorry", "idempotencyKey": "sorry-for-that" });
    shop.admin.ok(grant, json!({ "i": input })).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&ticket, 1)]), "partly-by-credit").await;
    assert_eq!((&order["creditApplied"]["amount"], &order["total"]["amount"]), (&json!(400), &json!(600)));
    assert_eq!(shop.app.count("credit_balance WHERE amount = 400 AND held = 400").await, 1);
    // Overdue, it is as good as given back, also to who asks before the job has come.
    shop.overdue(&order).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&ticket, 1)]), "once-more").await;
    assert_eq!((&order["creditApplied"]["amount"], &order["total"]["amount"]), (&json!(400), &json!(600)));
    shop.pay(&order).await;
    assert_eq!(shop.app.count("credit_balance WHERE amount = 0 AND held = 0").await, 1);
    shop.assert_counted().await;
}

#[tokio::test]
async fn not_every_ticket_can_be_given_back() {
    let shop = Shop::start(json!({ "exchangesUntil": UNTIL })).await;
    let (entry, fixed) =
        (shop.product(json!({ "name": "Entry" })).await, shop.product(json!({ "name": "Fixed", "exchangeable": false })).await);
    let extra = shop.product(json!({ "name": "Dinner", "kind": "OTHER", "requiresProductId": entry })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&entry, 2), (&fixed, 1), (&extra, 1)]), "all-of-it").await;
    let tickets =
        |line: usize| bought["lines"][line]["tickets"].as_array().unwrap().iter().map(|ticket| ticket["id"].clone()).collect::<Vec<_>>();
    let back = |tickets: Vec<Value>| json!({ "i": { "applicationId": shop.application, "lines": [], "returnTicketIds": tickets } });
    assert_eq!(shop.lea.refused(PREVIEW, back(tickets(1))).await, "CONFLICT NOT_EXCHANGEABLE @returnTicketIds.0");
    // One of two may go, but not both: dinner requires one.
    shop.lea.ok(PREVIEW, back(vec![tickets(0)[0].clone()])).await;
    assert_eq!(shop.lea.refused(PREVIEW, back(tickets(0))).await, "CONFLICT REQUIRES_PRODUCT @returnTicketIds.0");
    shop.lea.ok(PREVIEW, back([tickets(0), tickets(2)].concat())).await;
    // Who was let in has used it.
    let used = uuid(tickets(2)[0].as_str().unwrap());
    shop.app.sql(&format!("UPDATE ticket SET checked_in_at = now() WHERE id = '{used}'")).await;
    assert_eq!(shop.lea.refused(PREVIEW, back(tickets(2))).await, "CONFLICT TICKET_USED @returnTicketIds.0");
    // Another's does not exist.
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    let theirs = with(&cart_for(&application, &attendee, &[(&entry, 1)]), json!({ "returnTicketIds": [tickets(0)[0]] }));
    assert_eq!(eve.refused(PLACE, json!({ "i": order_of(&theirs, &json!(0), "not-my-ticket") })).await, "NOT_FOUND @returnTicketIds.0");
    // In the end nothing can be exchanged any more.
    shop.admin
        .ok(
            "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }",
            json!({ "i": { "id": shop.program, "exchangesUntil": null } }),
        )
        .await;
    assert_eq!(shop.lea.refused(PREVIEW, back(vec![tickets(0)[0].clone()])).await, "CONFLICT NOT_EXCHANGEABLE @returnTicketIds.0");
}

#[tokio::test]
async fn what_was_given_back_as_money_does_not_count_once_more() {
    let shop = Shop::start(json!({ "exchangesUntil": UNTIL })).await;
    let entry = shop.product(json!({})).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&entry, 1)]), "an-entry").await;
    let refund = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { status } }";
    let input = json!({ "orderId": bought["id"], "amount": 600, "toCredit": true, "reason": "Rain", "idempotencyKey": "it-has-rained" });
    shop.admin.ok(refund, json!({ "i": input })).await;
    let back = json!({ "applicationId": shop.application, "lines": [], "returnTicketIds": [ticket(&bought)] });
    let quote = shop.lea.ok(PREVIEW, json!({ "i": back })).await;
    assert_eq!(quote["previewOrder"]["returned"]["amount"], 400);
}

#[tokio::test]
async fn an_overdue_exchange_keeps_nothing_from_the_next_one_nor_from_a_refund() {
    let shop = Shop::start(json!({ "exchangesUntil": UNTIL })).await;
    let day = shop.product(json!({ "name": "Day" })).await;
    let week = shop.product(json!({ "name": "Week", "prices": [{ "amount": 1500, "currency": "EUR" }] })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&day, 1)]), "one-day-of-it").await;
    let upgrade = with(&shop.cart(&[(&week, 1)]), json!({ "returnTicketIds": [ticket(&bought)] }));
    let mut order = Value::Null;
    // At the price that the preview says, before the job has come.
    for key in ["to-a-week-1", "to-a-week-2"] {
        order = shop.place(&shop.lea, &upgrade, key).await;
        assert_eq!((&order["returned"]["amount"], &order["total"]["amount"]), (&json!(1000), &json!(500)));
        shop.overdue(&order).await;
    }
    let refund = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { status refunded { amount } } }";
    let input = json!({ "orderId": bought["id"], "reason": "Rain", "idempotencyKey": "it-has-rained" });
    let back = shop.admin.ok(refund, json!({ "i": input })).await["refundOrder"].take();
    assert_eq!(back, json!({ "status": "REFUNDED", "refunded": { "amount": 1000 } }));
    assert_eq!(shop.lea.ok(ORDER, json!({ "id": order["id"] })).await["order"]["status"], "EXPIRED");
    assert_eq!((shop.held(&day).await, shop.held(&week).await), (0, 0));
    shop.assert_counted().await;
}
