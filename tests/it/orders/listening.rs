//! Who listens to orders and applications: they hear of each change that they may see, in whatever way it came about, and of nothing else.

use serde_json::{Value, json};

use super::{CANCEL, Shop};
use crate::{
    app::{Client, Who},
    payments::{self, RECORD, REFUND},
    socket::Socket,
};

const STATE: &str = "id status paid { amount } refunded { amount } payments { provider status checkoutUrl } lines { tickets { status } }";

/// What is subscribed to, to hear of an order.
fn listen(order: &Value) -> String {
    format!("subscription {{ orderChanged(id: {order}) {{ {STATE} }} }}")
}

/// Somebody who listens to an order: no change that is committed from now on is missed.
async fn listening(client: &Client, order: &Value) -> Socket {
    let mut socket = Socket::of(client).await;
    let early = socket.begin("1", &listen(order)).await;
    assert!(early.is_empty(), "{early:?}");
    socket
}

/// Somebody who listens while changes come about; and the order as they were told of it while they began.
async fn listening_again(client: &Client, order: &Value) -> (Socket, Vec<Value>) {
    let mut socket = Socket::of(client).await;
    let early = socket.begin("1", &listen(order)).await;
    assert!(early.iter().all(|message| message["type"] == "next" && message["payload"]["errors"].is_null()), "{early:?}");
    (socket, early.into_iter().map(|mut message| message["payload"]["data"]["orderChanged"].take()).collect())
}

/// What is heard of an order, up to when this is so of it.
async fn until(socket: &mut Socket, so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.hear().await;
        assert_eq!((&message["type"], message["payload"]["errors"].is_null()), (&json!("next"), true), "{message}");
        let order = &message["payload"]["data"]["orderChanged"];
        if so(order) {
            return order.clone();
        }
    }
}

/// Nothing was said to somebody, up to now.
async fn assert_silent(socket: &mut Socket) {
    let said = socket.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
}

/// Places a cart at the test provider; answers the order's id and its payment's.
async fn placed(shop: &Shop, key: &str, product: &str) -> (Value, String) {
    let (order, payment) = payments::place(shop, &shop.lea, &shop.cart(&[(product, 1)]), key).await;
    (json!(order), payment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sees_an_order_hears_of_each_step_of_it_and_nobody_else_of_any() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = placed(&shop, "listened-1", &product).await;
    let (other, _) = {
        // Somebody else's order, to which nobody listens.
        let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
        let (application, attendee) = super::applied(&eve, &shop.program).await;
        payments::place(&shop, &eve, &super::cart_for(&application, &attendee, &[(&product, 1)]), "not-heard-1").await
    };
    let eve = shop.app.sign_in_as(&shop.app.oak, "eve@oak.example", crate::app::PASSWORD).await;
    let (viewer, ada, elm) = (
        shop.app.sign_in(&shop.app.oak, Who::Viewer).await,
        shop.app.sign_in(&shop.app.oak, Who::Instructor).await,
        shop.app.sign_in(&shop.app.elm, Who::Admin).await,
    );
    let mut hear = Vec::new();
    for client in [&shop.lea, &shop.admin, &viewer] {
        hear.push(listening(client, &order).await);
    }
    // Those who must not are told nothing, not even that there is such an order.
    let mut deaf = Vec::new();
    for client in [&eve, &ada, &elm] {
        deaf.push(listening(client, &order).await);
    }
    // By the provider's word, in which nobody acts.
    payments::approve(&shop, &payment, 1000).await;
    for socket in &mut hear {
        let heard = until(socket, |order| order["status"] == "PAID").await;
        assert_eq!((&heard["id"], &heard["paid"]["amount"], &heard["payments"][0]["status"]), (&order, &json!(1000), &json!("APPROVED")));
        assert_eq!(heard["lines"][0]["tickets"][0]["status"], "ISSUED");
    }
    // By somebody's doing.
    let refund = json!({ "i": { "orderId": order, "reason": "Rain", "idempotencyKey": "all-of-it" } });
    shop.admin.ok(REFUND, refund).await;
    for socket in &mut hear {
        let heard = until(socket, |order| order["status"] == "REFUNDED").await;
        assert_eq!(heard["lines"][0]["tickets"][0]["status"], "CANCELLED");
    }
    // Of another order nobody hears who did not ask for it.
    let cancelled = shop.admin.ok(CANCEL, json!({ "id": other })).await;
    assert_eq!(cancelled["cancelOrder"]["status"], "CANCELLED");
    for socket in &mut deaf {
        assert_silent(socket).await;
    }
    for socket in &mut hear {
        let said = socket.until_answered().await;
        assert!(
            said.iter().filter(|message| message["id"] == "1").all(|message| message["payload"]["data"]["orderChanged"]["id"] == order),
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_a_job_expires_and_a_payment_in_parts_are_heard_of() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, _) = placed(&shop, "expiring-1", &product).await;
    let mut socket = listening(&shop.lea, &order).await;
    shop.overdue(&json!({ "id": order })).await;
    shop.app.work().await;
    let heard = until(&mut socket, |order| order["status"] == "EXPIRED").await;
    assert_eq!((&heard["payments"][0]["status"], &heard["lines"][0]["tickets"][0]["status"]), (&json!("EXPIRED"), &json!("CANCELLED")));
    // That it was placed may be told only now, to who listens already.
    let (order, _) = placed(&shop, "in-parts-1", &product).await;
    let (mut socket, _) = listening_again(&shop.lea, &order).await;
    for (n, amount) in [300, 700].into_iter().enumerate() {
        let part = json!({ "i": { "orderId": order, "amount": amount, "idempotencyKey": format!("a-part-{n}") } });
        shop.admin.ok(RECORD, part).await;
    }
    // One after the other, or what both have come to.
    let heard = until(&mut socket, |order| order["status"] == "PAID").await;
    assert_eq!(heard["paid"]["amount"], 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_an_order_is_paid_at_stripe_is_told_when_stripe_has_said_so() {
    let (shop, stripe) = payments::stripe::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, _) = payments::stripe::place(&shop, &shop.cart(&[(&product, 1)]), "at-stripe-1").await;
    let order = json!(order);
    let mut socket = listening(&shop.lea, &order).await;
    shop.app.work().await;
    let heard = until(&mut socket, |order| order["payments"][0]["checkoutUrl"].is_string()).await;
    assert_eq!(
        (&heard["status"], &heard["payments"][0]["checkoutUrl"]),
        (&json!("PENDING"), &json!("https://checkout.stripe.com/c/pay/cs_test_0"))
    );
    payments::stripe::say(&shop, "evt_1", "checkout.session.completed", &stripe.settle("cs_test_0", "complete", "paid")).await;
    until(&mut socket, |order| order["status"] == "PAID").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_after_a_lost_socket_has_missed_nothing() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let read = format!("query($id: ID!) {{ order(id: $id) {{ {STATE} }} }}");
    let (order, payment) = placed(&shop, "resumed-01", &product).await;
    let socket = listening(&shop.lea, &order).await;
    // The line is cut; it is paid; they listen again, and read what there is then.
    drop(socket);
    payments::approve(&shop, &payment, 1000).await;
    let (mut socket, _) = listening_again(&shop.lea, &order).await;
    let seen = shop.lea.ok(&read, json!({ "id": order })).await["order"].take();
    assert_eq!(seen["status"], "PAID");
    // What comes after that is heard: between the two nothing is lost, whenever it happens.
    for n in 0..5 {
        let part = json!({ "i": { "orderId": order, "amount": 100, "reason": "Rain", "idempotencyKey": format!("a-tenth-{n}") } });
        let (again, refunded) = tokio::join!(
            async {
                let (mut socket, early) = listening_again(&shop.lea, &order).await;
                let seen = shop.lea.ok("query($id: ID!) { order(id: $id) { refunded { amount } } }", json!({ "id": order })).await;
                let amount = seen["order"]["refunded"]["amount"].as_i64().unwrap();
                // What was not there when they read is told.
                let is_it = |order: &Value| order["refunded"]["amount"] == 100 * (n + 1);
                if amount < 100 * (n + 1) && !early.iter().any(is_it) {
                    until(&mut socket, is_it).await;
                }
                amount
            },
            shop.admin.ok(REFUND, part)
        );
        assert!(again >= 100 * n && refunded["refundOrder"]["refunded"]["amount"] == 100 * (n + 1), "{again} {refunded}");
        until(&mut socket, |_| true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_right_to_orders_hears_of_them_no_more() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = placed(&shop, "no-more-01", &product).await;
    let clerk = shop.app.person(&shop.app.oak, "clerk@oak.example", &["VIEWER"]).await;
    let mut socket = listening(&clerk, &order).await;
    let mut of_lea = listening(&shop.lea, &order).await;
    let roles = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    shop.admin.ok(roles, json!({ "i": { "userId": clerk.user_id, "roleKeys": ["LEARNER"] } })).await;
    payments::approve(&shop, &payment, 1000).await;
    until(&mut of_lea, |order| order["status"] == "PAID").await;
    let read = "query($id: ID!) { order(id: $id) { id } }";
    assert!(clerk.ask(read, json!({ "id": order })).await["data"]["order"].is_null());
    assert_silent(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_applicant_hears_of_the_places_that_are_offered_and_taken_and_readers_of_all() {
    let shop = Shop::open(json!({ "capacity": 1 })).await;
    let (first, _) = super::applied(&shop.lea, &shop.program).await;
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let bob = shop.app.person(&shop.app.oak, "bob@oak.example", &["LEARNER"]).await;
    let draft = super::id(&eve, "startApplication", "StartApplicationInput", json!({ "programId": shop.program })).await;
    let viewer = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    let all = "subscription { applicationChanged { id status offerExpiresAt } }";
    let own = format!("subscription {{ applicationChanged(programId: \"{}\") {{ id status offerExpiresAt }} }}", shop.program);
    let (mut of_eve, mut of_viewer) = (Socket::of(&eve).await, Socket::of(&viewer).await);
    let (mut of_bob, mut of_elm) = (Socket::of(&bob).await, Socket::of(&elm).await);
    of_eve.begin("1", &own).await;
    of_viewer.begin("1", all).await;
    of_bob.begin("1", all).await;
    of_elm.begin("1", &own).await;
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status } }";
    assert_eq!(eve.ok(submit, json!({ "id": draft })).await["submitApplication"]["status"], "WAITLISTED");
    let withdraw = "mutation($i: WithdrawApplicationInput!) { withdrawApplication(input: $i) { status } }";
    shop.lea.ok(withdraw, json!({ "i": { "id": first } })).await;
    eve.ok("mutation($id: ID!) { acceptPlace(id: $id) { status } }", json!({ "id": draft })).await;
    // An event tells what is so when it is told: later steps may show in earlier ones.
    let accepted = async |socket: &mut Socket| {
        loop {
            let message = socket.hear().await;
            let heard = &message["payload"]["data"]["applicationChanged"];
            assert!(heard["id"] == draft || heard["id"] == first, "{message}");
            if heard["id"] == draft && heard["status"] == "ACCEPTED" {
                break;
            }
        }
    };
    accepted(&mut of_eve).await;
    accepted(&mut of_viewer).await;
    for socket in [&mut of_bob, &mut of_elm] {
        assert_silent(socket).await;
    }
    let said = of_eve.until_answered().await;
    let heard = |message: &Value| message["payload"]["data"]["applicationChanged"]["id"].clone();
    assert!(said.iter().filter(|message| message["id"] == "1").all(|message| heard(message) == draft), "{said:?}");
}

#[tokio::test]
async fn whoever_asks_for_no_order_that_there_is_hears_nothing() {
    let shop = payments::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = placed(&shop, "nothing-01", &product).await;
    let mut socket = Socket::of(&shop.lea).await;
    for (n, id) in [json!("rubbish"), json!(shop.program), Value::Null].iter().enumerate() {
        let id = if id.is_null() { json!(crate::classroom::nothing("order")) } else { id.clone() };
        socket.subscribe(&format!("s{n}"), &listen(&id)).await;
    }
    payments::approve(&shop, &payment, 1000).await;
    let said = socket.until_answered().await;
    assert!(said.iter().all(|message| message["type"] != "next" || message["id"] == "last"), "{said:?}");
    assert_eq!(payments::read(&shop.lea, order.as_str().unwrap()).await["status"], "PAID");
}
