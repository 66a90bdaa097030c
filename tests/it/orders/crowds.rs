//! Crowds: more people at once than there is of something, and exactly as many get it as there is.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    PLACE, Shop, applied, cart_for, order_of,
    races::{buyers, outcome},
    with,
};
use crate::{
    app::{Client, refusal},
    classroom::uuid,
    payments::{approve, assert_balanced, books, read},
};

/// How many of each outcome there were.
fn counted(outcomes: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

/// Asks for an order, and again under the same key as long as the service has too much to do.
async fn insist(client: &Client, input: Value) -> Value {
    loop {
        let answer = client.ask(PLACE, json!({ "i": input })).await;
        if answer["errors"][0]["extensions"]["code"] != "UNAVAILABLE" {
            return answer;
        }
    }
}

/// Some outcomes, and how often each is expected.
fn of(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(outcome, count)| ((*outcome).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_forty_who_want_ten_tickets_ten_get_one_and_pay_for_it_and_the_others_take_nothing() {
    let shop = Shop::open(json!({})).await;
    let settings = json!({ "i": { "providers": ["MANUAL", "TEST"], "testWebhookSecret": crate::payments::SECRET } });
    shop.admin.ok(crate::payments::SETTINGS, settings).await;
    let ticket = shop.product(json!({ "stock": 10, "taxPercent": 19 })).await;
    let buyers = buyers(&shop, 40, &ticket).await;
    let asking = buyers
        .iter()
        .map(|(client, cart)| insist(client, with(&order_of(cart, &json!(1000), "all-at-once"), json!({ "provider": "TEST" }))));
    let answers = join_all(asking).await;
    let outcomes = counted(answers.iter().map(outcome));
    assert_eq!(outcomes, of(&[("CONFLICT SOLD_OUT @lines.0", 30), ("PENDING", 10)]));
    let rows = (shop.app.count("sales_order").await, shop.app.count("ticket").await, shop.app.count("payment").await);
    assert_eq!((rows, shop.app.count("order_key").await, shop.held(&ticket).await), ((10, 10, 10), 10, 10), "who was refused left nothing");
    // All of them pay at once, each twice.
    let orders: Vec<String> = answers.iter().filter_map(|answer| answer["data"]["placeOrder"]["id"].as_str().map(str::to_owned)).collect();
    let mut payments = Vec::new();
    for order in &orders {
        payments.push(read(&shop.admin, order).await["payments"][0]["id"].as_str().unwrap().to_owned());
    }
    join_all(payments.iter().chain(&payments).map(|payment| approve(&shop, payment, 1000))).await;
    assert_eq!((shop.app.count("ticket WHERE status = 'ISSUED'").await, shop.app.count("invoice").await), (10, 10));
    assert_eq!(books(&shop).await, "CASH_TEST 10000, REVENUE -8400, TAX -1600");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_use_a_coupon_for_five_five_pay_less_and_nobody_else_uses_it() {
    let shop = Shop::open(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let coupon = shop.coupon("FIVE", json!({ "percentOff": 25, "maxUses": 5 })).await;
    let mut buyers = buyers(&shop, 20, &ticket).await;
    for (_, cart) in &mut buyers {
        *cart = with(cart, json!({ "couponCode": "FIVE" }));
    }
    let asking = buyers.iter().map(|(client, cart)| insist(client, order_of(cart, &json!(750), "all-at-once")));
    let outcomes = counted(join_all(asking).await.iter().map(outcome));
    assert_eq!(outcomes, of(&[("CONFLICT CODE_EXHAUSTED @couponCode", 15), ("PENDING", 5)]));
    let uses = format!("coupon_uses WHERE coupon_id = '{}' AND uses = 5", uuid(&coupon));
    assert_eq!((shop.app.count(&uses).await, shop.app.count("sales_order WHERE total = 750").await), (1, 5));
    assert_eq!(shop.app.count("sales_order").await, 5, "nobody is charged what they were not shown");
    shop.assert_counted().await;
    // Two who cancel make room for two of those who come then, all at once.
    let held = "SELECT string_agg(app.type_id('order', o.id), ',') FROM (SELECT id FROM sales_order LIMIT 2) AS o";
    for order in shop.app.text(held).await.unwrap().split(',') {
        shop.admin.ok(super::CANCEL, json!({ "id": order })).await;
    }
    let asking = buyers.iter().map(|(client, cart)| insist(client, order_of(cart, &json!(750), "once-again")));
    let outcomes = counted(join_all(asking).await.iter().map(outcome));
    let pending = outcomes.get("CONFLICT ORDER_PENDING @applicationId").copied().unwrap_or_default();
    assert_eq!((outcomes["PENDING"], pending), (2, 3), "{outcomes:?}");
    assert_eq!(shop.app.count(&uses).await, 1);
    shop.assert_counted().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_who_apply_for_the_last_four_places_four_are_accepted_and_the_others_wait() {
    let shop = Shop::open(json!({ "capacity": 4 })).await;
    let mut drafts = Vec::new();
    for n in 0..12 {
        let client = shop.app.person(&shop.app.oak, &format!("crowd{n}@oak.example"), &["LEARNER"]).await;
        let draft = super::id(&client, "startApplication", "StartApplicationInput", json!({ "programId": shop.program })).await;
        drafts.push((client, draft));
    }
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status waitlistPosition } }";
    let answers = join_all(drafts.iter().map(|(client, draft)| client.ok(submit, json!({ "id": draft })))).await;
    let outcomes = counted(answers.iter().map(|answer| answer["submitApplication"]["status"].as_str().unwrap().to_owned()));
    assert_eq!(outcomes, of(&[("ACCEPTED", 4), ("WAITLISTED", 8)]));
    let places = "query($id: ID!) { program(id: $id) { placesTaken waitlistCount } }";
    let places = shop.admin.ok(places, json!({ "id": shop.program })).await["program"].take();
    assert_eq!(places, json!({ "placesTaken": 4, "waitlistCount": 8 }));
    // Everybody stands somewhere, and no two at the same place.
    let position = "query($id: ID!) { application(id: $id) { status waitlistPosition } }";
    let mut positions = Vec::new();
    for (client, draft) in &drafts {
        positions.extend(client.ok(position, json!({ "id": draft })).await["application"]["waitlistPosition"].as_i64());
    }
    positions.sort_unstable();
    assert_eq!(positions, (1..=8).collect::<Vec<i64>>());
    // Three leave at once: three of those who wait are offered a place, and no fourth.
    let accepted: Vec<&(Client, String)> = drafts
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer["submitApplication"]["status"] == "ACCEPTED")
        .map(|(draft, _)| draft)
        .collect();
    let withdraw = "mutation($i: WithdrawApplicationInput!) { withdrawApplication(input: $i) { status } }";
    join_all(accepted[..3].iter().map(|(client, draft)| client.ok(withdraw, json!({ "i": { "id": draft } })))).await;
    assert_eq!(shop.app.count("application WHERE status = 'WAITLISTED' AND offer_expires_at IS NOT NULL").await, 3);
    assert_eq!(shop.app.count("program_places WHERE taken = 4").await, 1);
    // Each takes it three times at once, and has one.
    let accept = "mutation($id: ID!) { acceptPlace(id: $id) { status } }";
    let tries = drafts.iter().flat_map(|one| [one, one, one]).map(|(client, draft)| client.ask(accept, json!({ "id": draft })));
    let outcomes = counted(join_all(tries).await.iter().map(|answer| match answer["errors"].get(0) {
        Some(error) => refusal(error),
        None => answer["data"]["acceptPlace"]["status"].as_str().unwrap().to_owned(),
    }));
    assert_eq!(outcomes, of(&[("ACCEPTED", 3), ("CONFLICT NO_OFFER @id", 33)]));
    assert_eq!(shop.app.count("program_places WHERE taken = 4 AND waiting = 5").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_families_who_want_the_last_beds_no_bed_is_sold_twice_whatever_else_is_in_their_carts() {
    let shop = Shop::open(json!({})).await;
    let (bed, meal) = (
        shop.product(json!({ "name": "Bed", "kind": "HOUSING", "stock": 7 })).await,
        shop.product(json!({ "name": "Meal", "kind": "OTHER", "stock": 9 })).await,
    );
    let mut carts: Vec<(Client, Value)> = Vec::new();
    for n in 0..10 {
        let client = shop.app.person(&shop.app.oak, &format!("family{n}@oak.example"), &["LEARNER"]).await;
        let (application, attendee) = applied(&client, &shop.program).await;
        // In both orders: whoever takes two things takes them in the same one.
        let lines = if n % 2 == 0 { [(bed.as_str(), 2), (meal.as_str(), 2)] } else { [(meal.as_str(), 2), (bed.as_str(), 2)] };
        carts.push((client, cart_for(&application, &attendee, &lines)));
    }
    let asking = carts.iter().map(|(client, cart)| insist(client, order_of(cart, &json!(4000), "all-at-once")));
    let answers = join_all(asking).await;
    let won = answers.iter().filter(|answer| answer["errors"].is_null()).count();
    let lost = answers.iter().map(outcome).filter(|outcome| outcome.starts_with("CONFLICT SOLD_OUT @lines.")).count();
    assert_eq!((won, lost), (3, 7), "{answers:?}");
    assert_eq!((shop.held(&bed).await, shop.held(&meal).await, shop.app.count("ticket").await), (6, 6, 12));
    shop.assert_counted().await;
}
