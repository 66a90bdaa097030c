//! Who sees and does what with orders and tickets.

use serde_json::{Value, json};

use super::{CANCEL, PLACE, PREVIEW, Shop, applied, cart_for, order_of};
use crate::{
    app::Who,
    classroom::{nothing, walk},
};

const READ: &str = "query($id: ID!) { order(id: $id) { status application { id } buyer { id } } }";

#[tokio::test]
async fn an_order_is_its_buyers_and_theirs_who_read_orders() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&ticket, 1)]), "my-order").await;
    let id = json!({ "id": order["id"] });
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let vera = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let ada = shop.app.sign_in(&shop.app.oak, Who::Instructor).await;
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    for client in [&shop.lea, &vera, &shop.admin] {
        assert_eq!(client.ok(READ, id.clone()).await["order"]["status"], "PENDING");
    }
    for client in [&eve, &ada, &elm] {
        assert_eq!(client.ok(READ, id.clone()).await["order"], Value::Null);
        assert_eq!(client.ok("{ orders { totalCount } }", json!({})).await["orders"]["totalCount"], 0);
    }
    assert_eq!(eve.refused(CANCEL, id.clone()).await, "NOT_FOUND @id");
    assert_eq!(elm.refused(CANCEL, id.clone()).await, "NOT_FOUND @id");
    assert_eq!(vera.refused(CANCEL, id).await, "FORBIDDEN [APPLICATION_SUBMIT PAYMENT_MANAGE]");
    // Nobody buys for another, but who manages payments.
    let cart = shop.cart(&[(&ticket, 1)]);
    assert_eq!(eve.refused(PREVIEW, json!({ "i": cart })).await, "NOT_FOUND @applicationId");
    assert_eq!(elm.refused(PREVIEW, json!({ "i": cart })).await, "NOT_FOUND @applicationId");
    // To see an order is not to see its application.
    shop.app.sql("INSERT INTO role (tenant_id, id, key, name, permissions) SELECT tenant_id, gen_random_uuid(), 'TILL', 'Till', '{PAYMENT_MANAGE}' FROM tenant WHERE slug = 'oak'").await;
    let till = shop.app.person(&shop.app.oak, "till@oak.example", &["TILL"]).await;
    let seen = till.ok(READ, json!({ "id": order["id"] })).await["order"].take();
    assert_eq!((&seen["status"], &seen["application"]), (&json!("PENDING"), &Value::Null));
    assert_eq!(till.ok(CANCEL, json!({ "id": order["id"] })).await["cancelOrder"]["status"], "CANCELLED");
    let placed = till.ok(PLACE, json!({ "i": order_of(&cart, &json!(1000), "for-somebody") })).await;
    let buyer = shop.lea.ok(READ, json!({ "id": placed["placeOrder"]["id"] })).await["order"]["buyer"]["id"].take();
    assert_eq!(buyer, json!(shop.lea.user_id));
}

#[tokio::test]
async fn a_code_is_its_holders_and_the_applicants_and_changes_with_hands() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let add = "mutation($i: AddAttendeeInput!) { addAttendee(input: $i) { id } }";
    let spouse = json!({ "applicationId": shop.application, "kind": "SPOUSE", "name": "Sam", "email": "sam@oak.example" });
    let sam = shop.lea.ok(add, json!({ "i": spouse })).await["addAttendee"]["id"].as_str().unwrap().to_owned();
    let order = shop.buy(&shop.lea, &cart_for(&shop.application, &sam, &[(&ticket, 1)]), "for-sams-day").await;
    let read = "query($id: ID!) { order(id: $id) { lines { tickets { code } } } }";
    let code = async |client: &crate::app::Client| {
        client.ok(read, json!({ "id": order["id"] })).await["order"]["lines"][0]["tickets"][0]["code"].take()
    };
    let vera = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let first = code(&shop.lea).await;
    assert_eq!((first.as_str().unwrap().len(), code(&shop.admin).await, code(&vera).await), (16, first.clone(), Value::Null));
    // Another name changes nothing; another address is another person.
    let update = "mutation($i: UpdateAttendeeInput!) { updateAttendee(input: $i) { tickets { status } } }";
    shop.lea.ok(update, json!({ "i": { "id": sam, "name": "Samuel" } })).await;
    assert_eq!(code(&shop.lea).await, first);
    shop.lea.ok(update, json!({ "i": { "id": sam, "email": "kim@oak.example" } })).await;
    let second = code(&shop.lea).await;
    assert!(second != first && second.as_str().unwrap().len() == 16);
    let known = |code: &Value| format!("ticket WHERE code_hash = sha256('{}')", code.as_str().unwrap());
    assert_eq!((shop.app.count(&known(&first)).await, shop.app.count(&known(&second)).await), (0, 1));
}

#[tokio::test]
async fn orders_are_listed_the_latest_first_and_found_by_what_is_known_of_them() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let mut references = Vec::new();
    for n in 0..5 {
        let order = shop.buy(&shop.lea, &shop.cart(&[(&ticket, 1)]), &format!("order-number-{n}")).await;
        references.insert(0, order["reference"].as_str().unwrap().to_owned());
    }
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = applied(&eve, &shop.program).await;
    shop.place(&eve, &cart_for(&application, &attendee, &[(&ticket, 1)]), "of-somebody-else").await;
    assert_eq!(walk(&shop.lea, "orders", "", "/reference").await, references);
    assert_eq!(
        walk(&shop.admin, "orders", &format!(", filter: {{ buyerId: \"{}\", statuses: [PAID] }}", shop.lea.user_id), "/reference").await,
        references
    );
    let one = format!(", filter: {{ reference: \" {} \" }}", references[2].to_lowercase());
    assert_eq!(walk(&shop.admin, "orders", &one, "/reference").await, references[2..3]);
    assert_eq!(
        walk(&shop.admin, "orders", &format!(", filter: {{ programId: \"{}\" }}", nothing("program")), "/reference").await,
        Vec::<String>::new()
    );
    let mine = "{ dashboard { tickets { id } openOrders { id } } }";
    let dashboard = shop.lea.ok(mine, json!({})).await["dashboard"].take();
    assert_eq!((dashboard["tickets"].as_array().unwrap().len(), dashboard["openOrders"].as_array().unwrap().len()), (5, 0));
    assert_eq!(eve.ok(mine, json!({})).await["dashboard"]["openOrders"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_preview_costs_two_statements_and_an_order_three() {
    let shop = Shop::start(json!({})).await;
    let mut lines = Vec::new();
    for n in 0..10 {
        lines.push(shop.product(json!({ "name": format!("Product {n}"), "kind": "OTHER" })).await);
    }
    // The school's key is made with its first order.
    let first = shop.place(&shop.lea, &shop.cart(&[(&lines[0], 1)]), "the-first-of-all").await;
    shop.lea.ok(CANCEL, json!({ "id": first["id"] })).await;
    let cart = |count: usize| shop.cart(&lines[..count].iter().map(|product| (product.as_str(), 3)).collect::<Vec<_>>());
    let plain = "query($i: PreviewOrderInput!) { previewOrder(input: $i) { total { amount } } }";
    let (one, ten) = (
        shop.app.statements(&shop.lea, plain, json!({ "i": cart(1) })).await,
        shop.app.statements(&shop.lea, plain, json!({ "i": cart(10) })).await,
    );
    assert!(one == ten && one <= 3, "{one} {ten}");
    let place = "mutation($i: PlaceOrderInput!) { placeOrder(input: $i) { id } }";
    let order = |count: usize, key: &str| json!({ "i": order_of(&cart(count), &json!(3000 * count), key) });
    let small = shop.app.statements(&shop.lea, place, order(1, "a-small-one")).await;
    let open = shop.lea.ok("{ dashboard { openOrders { id } } }", json!({})).await["dashboard"]["openOrders"][0]["id"].take();
    shop.lea.ok(CANCEL, json!({ "id": open })).await;
    let large = shop.app.statements(&shop.lea, place, order(10, "a-large-one")).await;
    // Three, and that of the actor.
    assert!(small == large && small <= 4, "{small} {large}");
}
