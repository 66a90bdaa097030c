//! What time does to orders: what they hold lasts as long as it was said, ends by itself, and is told once; sales, coupons and exchanges begin and end when they say.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{CANCEL, ORDER, PLACE, PREVIEW, Shop, applied, cart_for, order_of, with};
use crate::{
    app::Client,
    classroom::uuid,
    payments::{self, CREDIT, assert_balanced, books, of_payment, read, stripe},
};

/// Minutes for which an order is held, from when it was placed.
async fn minutes(shop: &Shop, order: &str) -> i64 {
    let sql =
        format!("SELECT (extract(epoch FROM expires_at - created_at) / 60)::bigint::text FROM sales_order WHERE id = '{}'", uuid(order));
    shop.app.text(&sql).await.unwrap().parse().unwrap()
}

/// Places a cart by a provider; answers the order.
async fn placed(shop: &Shop, cart: &Value, provider: &str, key: &str) -> String {
    let input = with(&shop.priced(&shop.lea, cart, key).await, json!({ "provider": provider }));
    shop.lea.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"].as_str().unwrap().to_owned()
}

async fn status(client: &Client, order: &str) -> String {
    client.ok(ORDER, json!({ "id": order })).await["order"]["status"].as_str().unwrap().to_owned()
}

/// A job of the school is asked for, by nobody, and it and all others that wait are run: by two workers at once.
async fn run(shop: &Shop, kind: &str) {
    let tenant = shop.app.oak.tenant;
    shop.app
        .sql(&format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SELECT app.enqueue('{kind}', '{}', '{{}}'); COMMIT", Uuid::now_v7()))
        .await;
    let (stop, working) = shop.app.keep_working();
    shop.app.work().await;
    stop.cancel();
    working.await.unwrap();
    shop.app.work().await;
}

#[tokio::test]
async fn an_order_is_held_for_as_long_as_its_program_says() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let cart = shop.cart(&[(&product, 1)]);
    let update = "mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }";
    for (n, (terms, by_test, by_transfer)) in
        [(json!({}), 35, 7 * 1440), (json!({ "paymentMinutes": 45, "transferDays": 3 }), 45, 3 * 1440)].into_iter().enumerate()
    {
        shop.admin.ok(update, json!({ "i": with(&json!({ "id": shop.program }), terms) })).await;
        for (provider, lasts) in [("TEST", by_test), ("MANUAL", by_transfer)] {
            let order = placed(&shop, &cart, provider, &format!("held-{provider}-{n}")).await;
            assert_eq!(minutes(&shop, &order).await, lasts, "{provider}");
            shop.lea.ok(CANCEL, json!({ "id": order })).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_an_order_held_is_free_once_its_time_is_over_and_its_buyer_is_told_once() {
    let shop = payments::shop(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let day = shop.product(json!({ "name": "Day", "stock": 2 })).await;
    let week = shop.product(json!({ "name": "Week", "stock": 1, "prices": [{ "amount": 5000, "currency": "EUR" }] })).await;
    let coupon = shop.coupon("TEN", json!({ "percentOff": 10, "maxUses": 1 })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&day, 1)]), "a-day-first").await;
    let ticket = bought["lines"][0]["tickets"][0]["id"].as_str().unwrap();
    let credit = json!({ "applicationId": shop.application, "amount": { "amount": 300, "currency": "EUR" }, "reason": "Rain", "idempotencyKey": "for-the-rain" });
    shop.admin.ok(CREDIT, json!({ "i": credit })).await;
    let cart = with(&shop.cart(&[(&week, 1)]), json!({ "returnTicketIds": [ticket], "couponCode": "TEN" }));
    let shown = shop.lea.ok(PREVIEW, json!({ "i": cart })).await["previewOrder"].take();
    assert_eq!((&shown["discount"]["amount"]["amount"], &shown["total"]["amount"]), (&json!(500), &json!(4500 - 1000 - 300)));
    // What is held: the week, the coupon's only use, the credit, the ticket that is to be exchanged.
    let holds = format!(
        "SELECT concat_ws(' ', (SELECT held FROM product_stock WHERE product_id = '{}'), (SELECT uses FROM coupon_uses WHERE coupon_id = '{}'), \
         (SELECT held FROM credit_balance), (SELECT count(*) FROM ticket WHERE return_order_id IS NOT NULL))",
        uuid(&week),
        uuid(&coupon)
    );
    for round in 1..=2 {
        let order = placed(&shop, &cart, "TEST", &format!("for-a-week-{round}")).await;
        assert_eq!(shop.app.text(&holds).await.unwrap(), "1 1 300 1");
        let before = books(&shop).await;
        // Not before its time.
        run(&shop, "order.expire").await;
        assert_eq!(status(&shop.lea, &order).await, "PENDING");
        shop.overdue(&json!({ "id": order })).await;
        for _ in 0..2 {
            run(&shop, "order.expire").await;
        }
        let payment = read(&shop.lea, &order).await["payments"][0].take();
        assert_eq!((status(&shop.lea, &order).await.as_str(), payment["status"].as_str()), ("EXPIRED", Some("EXPIRED")));
        assert_eq!(shop.app.text(&holds).await.unwrap(), "0 0 0 0", "each of it once");
        assert_eq!(books(&shop).await, before);
        let told = (
            shop.app.count("notification WHERE kind = 'ORDER_EXPIRED'").await,
            shop.app.count("mail WHERE template = 'order_expired'").await,
            shop.app.count("notification WHERE kind = 'ORDER_PLACED' AND facts ->> 'total' LIKE '32%'").await,
        );
        assert_eq!(told, (round, round, round));
        assert_balanced(&shop).await;
    }
    // The ticket lets in as before, and all of it can be had by others.
    assert_eq!(shop.app.count("ticket WHERE status = 'ISSUED' AND return_order_id IS NULL").await, 1);
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    let theirs = with(&cart_for(&application, &attendee, &[(&week, 1)]), json!({ "couponCode": "TEN" }));
    shop.buy(&eve, &theirs, "a-week-for-eve").await;
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_between_banks_holds_for_fourteen_days_and_then_no_longer() {
    let (shop, books_of_stripe) = stripe::shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let (order, payment) = stripe::place(&shop, &shop.cart(&[(&product, 1)]), "by-bank-01").await;
    shop.app.work().await;
    let session = books_of_stripe.settle("cs_test_0", "complete", "unpaid");
    stripe::say(&shop, "evt_1", "checkout.session.completed", &session).await;
    let lasts = minutes(&shop, &order).await;
    assert!((14 * 1440..14 * 1440 + 60).contains(&lasts), "{lasts}");
    run(&shop, "order.expire").await;
    assert_eq!((status(&shop.lea, &order).await.as_str(), shop.held(&product).await), ("PENDING", 1));
    shop.overdue(&json!({ "id": order })).await;
    run(&shop, "order.expire").await;
    assert_eq!((status(&shop.lea, &order).await.as_str(), shop.held(&product).await), ("EXPIRED", 0));
    assert_eq!(shop.app.count("notification WHERE kind = 'ORDER_EXPIRED'").await, 1);
    // The bank was slower still: the money is used, since what it is for can be had again.
    let session = books_of_stripe.settle("cs_test_0", "complete", "paid");
    stripe::say(&shop, "evt_2", "checkout.session.async_payment_succeeded", &session).await;
    assert_eq!((status(&shop.lea, &order).await.as_str(), of_payment(&shop, &payment, "attention").await.as_str()), ("PAID", "LATE"));
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, REVENUE -1000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn an_overdue_order_can_not_be_paid_in_another_way_and_what_it_held_is_lost_to_who_comes_first() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({ "stock": 1 })).await;
    let order = placed(&shop, &shop.cart(&[(&product, 1)]), "TEST", "overdue-01").await;
    shop.overdue(&json!({ "id": order })).await;
    // No job has seen it.
    let pay = json!({ "i": { "orderId": order, "provider": "MANUAL" } });
    assert!(shop.lea.refused(payments::PAY, pay).await.starts_with("CONFLICT"));
    assert_eq!((shop.app.count("payment").await, shop.held(&product).await), (1, 1), "a refusal changes nothing");
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    shop.buy(&eve, &cart_for(&application, &attendee, &[(&product, 1)]), "first-come").await;
    assert_eq!(status(&shop.lea, &order).await, "EXPIRED");
    let payment = read(&shop.lea, &order).await["payments"][0]["id"].as_str().unwrap().to_owned();
    payments::approve(&shop, &payment, 1000).await;
    assert_eq!(
        (of_payment(&shop, &payment, "status").await.as_str(), books(&shop).await.as_str()),
        ("REFUNDED", "CASH_MANUAL 1000, REVENUE -1000")
    );
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn sales_coupons_and_exchanges_begin_and_end_when_they_say() {
    let shop = Shop::start(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let product = shop.product(json!({})).await;
    shop.coupon("TEN", json!({ "percentOff": 10 })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&product, 1)]), "the-first-one").await;
    let ticket = bought["lines"][0]["tickets"][0]["id"].clone();
    let sold = shop.cart(&[(&product, 1)]);
    let cheaper = with(&sold, json!({ "couponCode": "TEN" }));
    let back = with(&shop.cart(&[]), json!({ "returnTicketIds": [ticket] }));
    let (later, before) = ("now() + interval '1 hour'", "now() - interval '1 second'");
    let of_sale = "CONFLICT NOT_ON_SALE @lines.0";
    for (change, cart, total, refusal) in [
        (format!("product SET sale_starts_at = {later}"), &sold, 1000, of_sale),
        (format!("product SET sale_starts_at = {before}"), &sold, 1000, ""),
        (format!("product SET sale_ends_at = {later}"), &sold, 1000, ""),
        (format!("product SET sale_ends_at = {before}"), &sold, 1000, of_sale),
        ("product SET sale_starts_at = NULL, sale_ends_at = NULL".to_owned(), &sold, 1000, ""),
        (format!("coupon SET starts_at = {later}"), &cheaper, 900, "CONFLICT CODE_NOT_YET_VALID @couponCode"),
        (format!("coupon SET starts_at = {before}, ends_at = {later}"), &cheaper, 900, ""),
        (format!("coupon SET ends_at = clock_timestamp(), starts_at = {before}"), &cheaper, 900, "CONFLICT CODE_EXPIRED @couponCode"),
        (format!("program SET exchanges_until = {later}"), &back, 0, ""),
        (format!("program SET exchanges_until = {before}"), &back, 0, "CONFLICT NOT_EXCHANGEABLE @returnTicketIds.0"),
    ] {
        shop.app.sql(&format!("UPDATE {change}")).await;
        if refusal.is_empty() {
            assert_eq!(shop.lea.ok(PREVIEW, json!({ "i": cart })).await["previewOrder"]["total"]["amount"], total, "{change}");
            continue;
        }
        assert_eq!(shop.lea.refused(PREVIEW, json!({ "i": cart })).await, refusal, "{change}");
        let order = json!({ "i": order_of(cart, &json!(total), "not-at-this-time") });
        assert_eq!(shop.lea.refused(PLACE, order).await, refusal, "{change}");
        assert_eq!((shop.app.count("sales_order").await, shop.held(&product).await), (1, 1), "{change}: a refusal changes nothing");
    }
    shop.assert_counted().await;
}

#[tokio::test]
async fn ten_minutes_after_ten_unknown_codes_a_code_is_looked_at_again() {
    let shop = Shop::start(json!({})).await;
    let product = shop.product(json!({})).await;
    shop.coupon("REAL", json!({ "percentOff": 10 })).await;
    let by = |code: &str| json!({ "i": with(&shop.cart(&[(&product, 1)]), json!({ "couponCode": code })) });
    for n in 0..10 {
        assert_eq!(shop.lea.refused(PREVIEW, by(&format!("GUESS-{n}"))).await, "NOT_FOUND CODE_UNKNOWN @couponCode");
    }
    for minutes in [0, 9] {
        pass(&shop, minutes).await;
        assert!(shop.lea.refused(PREVIEW, by("REAL")).await.starts_with("RATE_LIMITED"), "{minutes}");
    }
    pass(&shop, 2).await;
    assert_eq!(shop.lea.ok(PREVIEW, by("REAL")).await["previewOrder"]["total"]["amount"], 900);
    assert_eq!(shop.lea.refused(PREVIEW, by("GUESS-X")).await, "NOT_FOUND CODE_UNKNOWN @couponCode");
}

/// As if so many minutes had passed since somebody was wrong.
async fn pass(shop: &Shop, minutes: u32) {
    shop.app
        .sql(&format!(
            "UPDATE failed_sign_in SET at = ARRAY(SELECT failure - interval '{minutes} minutes' FROM unnest(at) AS failure ORDER BY failure),
                last_at = last_at - interval '{minutes} minutes'"
        ))
        .await;
}
