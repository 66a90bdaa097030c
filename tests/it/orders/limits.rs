//! What can't be bought, and why: each line is refused at its place, by preview and order alike, and nothing is changed.

use serde_json::json;

use super::{PLACE, PREVIEW, Shop, applied, cart_for, id, order_of, with};
use crate::classroom::{nothing, refused};

impl Shop {
    /// A cart that can be neither shown nor ordered.
    async fn cannot(&self, cart: &serde_json::Value, line: &str) {
        assert_eq!(self.lea.refused(PREVIEW, json!({ "i": cart })).await, line, "{cart}");
        refused(&self.app, &self.lea, PLACE, json!({ "i": order_of(cart, &json!(1000), "not-at-all") }), line).await;
        // A refused order leaves no key.
        assert_eq!(self.app.count("order_key WHERE key = 'not-at-all'").await, 0);
    }
}

#[tokio::test]
async fn each_line_is_refused_at_its_place() {
    let shop = Shop::start(json!({ "currencies": ["EUR", "JPY"] })).await;
    let ok = shop.product(json!({ "name": "Always", "kind": "OTHER" })).await;
    let soon = shop.product(json!({ "saleStartsAt": "2099-01-01T00:00:00Z" })).await;
    let over = shop.product(json!({ "saleEndsAt": "2020-01-01T00:00:00Z" })).await;
    let none = shop.product(json!({ "stock": 0, "saleEndsAt": "2020-01-01T00:00:00Z" })).await;
    let two = shop.product(json!({ "stock": 2, "kind": "OTHER" })).await;
    let hidden = shop.product(json!({ "isActive": false })).await;
    let few = shop.product(json!({ "perOrderLimit": 2, "kind": "OTHER" })).await;
    let own = shop.product(json!({ "perPersonLimit": 1, "kind": "OTHER" })).await;
    let yen = shop.product(json!({ "prices": [{ "amount": 100, "currency": "JPY" }] })).await;
    let more = shop.product(json!({ "kind": "OTHER", "requiresProductId": ok })).await;
    let dear = shop.product(json!({ "kind": "OTHER", "prices": [{ "amount": 1_999_999_999, "currency": "EUR" }] })).await;
    let (one, other) = (shop.product(json!({ "exclusive": true })).await, shop.product(json!({ "exclusive": true })).await);
    for (lines, line) in [
        (vec![(&ok, 1), (&soon, 1)], "CONFLICT NOT_ON_SALE @lines.1"),
        (vec![(&over, 1)], "CONFLICT NOT_ON_SALE @lines.0"),
        (vec![(&none, 1)], "CONFLICT SOLD_OUT @lines.0"),
        (vec![(&two, 3)], "CONFLICT SOLD_OUT @lines.0"),
        (vec![(&over, 1), (&two, 3)], "CONFLICT NOT_ON_SALE @lines.0"),
        (vec![(&two, 3), (&over, 1)], "CONFLICT SOLD_OUT @lines.0"),
        (vec![(&hidden, 1)], "NOT_FOUND @lines.0.productId"),
        (vec![(&few, 3)], "CONFLICT ORDER_LIMIT @lines.0"),
        (vec![(&own, 2)], "CONFLICT PERSON_LIMIT @lines.0"),
        (vec![(&yen, 1)], "BAD_USER_INPUT CURRENCY_UNAVAILABLE @lines.0"),
        (vec![(&more, 1)], "CONFLICT REQUIRES_PRODUCT @lines.0"),
        (vec![(&one, 1), (&other, 1)], "CONFLICT EXCLUSIVE_PRODUCT @lines.1"),
        (vec![(&one, 2)], "CONFLICT EXCLUSIVE_PRODUCT @lines.0"),
        (vec![(&dear, 2)], "BAD_USER_INPUT AMOUNT_TOO_LARGE @lines.0"),
        (vec![(&ok, 1), (&dear, 1)], "BAD_USER_INPUT AMOUNT_TOO_LARGE @lines.1"),
    ] {
        let lines: Vec<(&str, i32)> = lines.into_iter().map(|(product, quantity)| (product.as_str(), quantity)).collect();
        shop.cannot(&shop.cart(&lines), line).await;
    }
    // In the same order, what it requires will do.
    shop.lea.ok(PREVIEW, json!({ "i": shop.cart(&[(&more, 1), (&ok, 1)]) })).await;
    // Limits of a person count what they hold.
    shop.buy(&shop.lea, &shop.cart(&[(&own, 1)]), "my-own-one").await;
    shop.cannot(&shop.cart(&[(&own, 1)]), "CONFLICT PERSON_LIMIT @lines.0").await;
    let answer = shop.lea.ask(PREVIEW, json!({ "i": shop.cart(&[(&own, 1)]) })).await;
    assert_eq!(answer["errors"][0]["extensions"]["limit"], 1);
}

#[tokio::test]
async fn a_cart_has_a_form_and_names_what_there_is() {
    let shop = Shop::start(json!({})).await;
    let ticket = shop.product(json!({})).await;
    let cart = shop.cart(&[(&ticket, 1)]);
    let line = |product: &str, attendee: &str, quantity: i32| json!({ "productId": product, "attendeeId": attendee, "quantity": quantity });
    let lines = |lines: Vec<serde_json::Value>| with(&cart, json!({ "lines": lines }));
    shop.cannot(&lines(vec![]), "BAD_USER_INPUT @lines").await;
    shop.cannot(&lines(vec![line(&ticket, &shop.attendee, 0)]), "BAD_USER_INPUT @lines.0.quantity").await;
    shop.cannot(&lines(vec![line(&ticket, &shop.attendee, 1), line(&ticket, &shop.attendee, 1)]), "BAD_USER_INPUT @lines.1").await;
    shop.cannot(&lines(vec![line(&nothing("product"), &shop.attendee, 1)]), "NOT_FOUND @lines.0.productId").await;
    shop.cannot(&lines(vec![line(&ticket, &nothing("attendee"), 1)]), "NOT_FOUND @lines.0.attendeeId").await;
    shop.cannot(&with(&cart, json!({ "currency": "usd" })), "BAD_USER_INPUT CURRENCY_UNAVAILABLE @currency").await;
    shop.cannot(&with(&cart, json!({ "returnTicketIds": [nothing("ticket")] })), "NOT_FOUND @returnTicketIds.0").await;
    shop.cannot(&with(&cart, json!({ "applicationId": nothing("application") })), "NOT_FOUND @applicationId").await;
    // Those of another application, and of another program.
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (theirs, attendee) = applied(&eve, &shop.program).await;
    shop.cannot(&lines(vec![line(&ticket, &attendee, 1)]), "NOT_FOUND @lines.0.attendeeId").await;
    shop.cannot(&cart_for(&theirs, &attendee, &[(&ticket, 1)]), "NOT_FOUND @applicationId").await;
    let other = id(&shop.admin, "createProgram", "CreateProgramInput", json!({ "name": "Other", "currencies": ["EUR"] })).await;
    let input = json!({ "programId": other, "name": "Else", "kind": "OTHER", "prices": [{ "amount": 1, "currency": "EUR" }] });
    let foreign = id(&shop.admin, "createProduct", "CreateProductInput", input).await;
    shop.cannot(&shop.cart(&[(&foreign, 1)]), "NOT_FOUND @lines.0.productId").await;
    // What it costs is said, and how it is paid.
    let order = |more| json!({ "i": with(&order_of(&cart, &json!(1000), "with-a-form"), more) });
    for (more, line) in [
        (json!({ "expectedTotal": 999 }), "CONFLICT PRICE_CHANGED @expectedTotal"),
        (json!({ "expectedTotal": -1 }), "BAD_USER_INPUT @expectedTotal"),
        (json!({ "provider": null }), "BAD_USER_INPUT @provider"),
        (json!({ "provider": "STRIPE" }), "CONFLICT PROVIDER_NOT_CONFIGURED @provider"),
        (json!({ "returnUrl": "https://evil.example/" }), "BAD_USER_INPUT URL_NOT_ALLOWED @returnUrl"),
        (json!({ "idempotencyKey": "short" }), "BAD_USER_INPUT @idempotencyKey"),
        (json!({ "billingName": "" }), "BAD_USER_INPUT @billingName"),
    ] {
        refused(&shop.app, &shop.lea, PLACE, order(more), line).await;
    }
    let answer = shop.lea.ask(PLACE, order(json!({ "expectedTotal": 999 }))).await;
    assert_eq!((&answer["errors"][0]["extensions"]["expected"], &answer["errors"][0]["extensions"]["actual"]), (&json!(999), &json!(1000)));
}

#[tokio::test]
async fn only_who_is_accepted_buys_and_only_while_the_program_sells() {
    let shop = Shop::open(json!({ "reviewStrategy": null })).await;
    let ticket = shop.product(json!({})).await;
    let application = id(&shop.lea, "startApplication", "StartApplicationInput", json!({ "programId": shop.program })).await;
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status attendees { id } } }";
    let submitted = shop.lea.ok(submit, json!({ "id": application })).await["submitApplication"].take();
    let cart = cart_for(&application, submitted["attendees"][0]["id"].as_str().unwrap(), &[(&ticket, 1)]);
    shop.cannot(&cart, "CONFLICT NOT_ACCEPTED @applicationId").await;
    let decide = "mutation($i: DecideApplicationInput!) { decideApplication(input: $i) { status } }";
    shop.admin.ok(decide, json!({ "i": { "id": application, "status": "ACCEPTED" } })).await;
    let order = shop.place(&shop.lea, &cart, "first-order").await;
    // One waits at a time.
    shop.cannot(&cart, "CONFLICT ORDER_PENDING @applicationId").await;
    let answer = shop.lea.ask(PREVIEW, json!({ "i": cart })).await;
    assert_eq!(answer["errors"][0]["extensions"]["orderId"], order["id"]);
    shop.pay(&order).await;
    // A program that is over sells nothing, whether or not a job has seen it.
    shop.app.sql("UPDATE program SET ends_at = now() - interval '1 second'").await;
    shop.cannot(&cart, "CONFLICT PROGRAM_CLOSED @applicationId").await;
}
