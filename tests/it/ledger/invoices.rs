//! Invoices and credit notes.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{Client, Who},
    payments::{REFUND, SETTINGS, approve, assert_balanced, place, shop},
};

const INVOICES: &str = "query($f: InvoiceFilter) { invoices(filter: $f) { nodes { id kind number code order { id } total { amount currency } tax { amount } document file { name contentType size download { url } } issuedAt } totalCount } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_have_no_gaps_however_many_are_paid_at_once_and_however_many_fail() {
    let shop = shop(json!({ "capacity": 100 })).await;
    let product = shop.product(json!({})).await;
    let mut people: Vec<(Client, Value)> = Vec::new();
    for n in 0..12 {
        let client = shop.app.person(&shop.app.oak, &format!("buyer{n}@oak.example"), &["LEARNER"]).await;
        let (application, attendee) = crate::orders::applied(&client, &shop.program).await;
        people.push((client, crate::orders::cart_for(&application, &attendee, &[(&product, 1)])));
    }
    let mut payments = Vec::new();
    for (n, (client, cart)) in people.iter().enumerate() {
        payments.push(place(&shop, client, cart, &format!("raced-{n:04}")).await.1);
    }
    // Every third is said with an amount that approves nothing, before it is said aright.
    let all = payments.iter().enumerate().map(|(n, payment)| {
        let shop = &shop;
        async move {
            if n % 3 == 0 {
                crate::payments::say(shop, &crate::payments::event(&format!("wrong-{n}"), "payment.approved", payment, 1)).await;
            }
            approve(shop, payment, 1000).await;
        }
    });
    join_all(all).await;
    let numbers = shop.app.text("SELECT string_agg(number::text, ',' ORDER BY number) FROM invoice").await.unwrap();
    assert_eq!(numbers, (1..=12).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn an_invoice_is_what_was_so_when_it_was_issued_and_is_drawn() {
    let shop = shop(json!({})).await;
    let set =
        json!({ "i": { "sellerName": "Oak Ltd", "sellerAddress": "1 Oak Lane\nOakham", "sellerTaxId": "DE1", "invoicePrefix": "OAK-" } });
    shop.admin.ok(SETTINGS, set).await;
    let product = shop.product(json!({ "name": "Week ticket", "taxPercent": 19 })).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 2)]), "drawn-0001").await;
    approve(&shop, &payment, 2000).await;
    shop.admin
        .ok("mutation($i: UpdateProductInput!) { updateProduct(input: $i) { id } }", json!({ "i": { "id": product, "name": "Renamed" } }))
        .await;
    shop.admin.ok(SETTINGS, json!({ "i": { "sellerName": "Elm Ltd", "invoicePrefix": "NEW-" } })).await;
    shop.app.work().await;
    let mine = shop.lea.ok(INVOICES, json!({})).await["invoices"].take();
    let invoice = &mine["nodes"][0];
    assert_eq!(
        (&mine["totalCount"], &invoice["code"], &invoice["number"], &invoice["kind"]),
        (&json!(1), &json!("OAK-000001"), &json!(1), &json!("INVOICE"))
    );
    assert_eq!(
        (&invoice["total"]["amount"], &invoice["tax"]["amount"], &invoice["order"]["id"]),
        (&json!(2000), &json!(319), &json!(order))
    );
    let document = &invoice["document"];
    assert_eq!(
        (&document["seller"]["name"], &document["lines"][0]["name"], &document["lines"][0]["quantity"]),
        (&json!("Oak Ltd"), &json!("Week ticket"), &json!(2))
    );
    assert_eq!(document["taxes"][0]["net"].as_i64().unwrap() + document["taxes"][0]["tax"].as_i64().unwrap(), 2000);
    assert_eq!((&invoice["file"]["name"], &invoice["file"]["contentType"]), (&json!("OAK-000001.pdf"), &json!("application/pdf")));
    let url = invoice["file"]["download"]["url"].as_str().unwrap();
    let pdf = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));

    let refund = json!({ "i": { "orderId": order, "amount": 500, "reason": "Rain", "idempotencyKey": "drawn-0002" } });
    shop.admin.ok(REFUND, refund).await;
    let notes = shop.admin.ok(INVOICES, json!({ "f": { "kind": "CREDIT_NOTE" } })).await["invoices"].take();
    assert_eq!(
        (&notes["totalCount"], &notes["nodes"][0]["code"], &notes["nodes"][0]["total"]["amount"]),
        (&json!(1), &json!("NEW-000001"), &json!(500))
    );
    assert_eq!(
        (&notes["nodes"][0]["document"]["invoice"], &notes["nodes"][0]["document"]["reason"]),
        (&json!("OAK-000001"), &json!("Rain"))
    );
    // By number, the latest first; of one order; of nobody else.
    let all = shop.admin.ok(INVOICES, json!({ "f": { "orderId": order } })).await["invoices"]["totalCount"].take();
    assert_eq!(all, 2);
    let bob = shop.app.person(&shop.app.oak, "bob@oak.example", &["LEARNER"]).await;
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    for nobody in [&bob, &elm] {
        assert_eq!(nobody.ok(INVOICES, json!({})).await["invoices"]["totalCount"], 0);
        let node = nobody.ok("query($id: ID!) { node(id: $id) { __typename } }", json!({ "id": invoice["id"] })).await;
        assert_eq!(node["node"], Value::Null);
    }
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn what_costs_nothing_has_no_invoice() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "prices": [{ "amount": 0, "currency": "EUR" }] })).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&product, 1)]), "for-free-1").await;
    assert_eq!(order["status"], "PAID");
    let refund = json!({ "i": { "orderId": order["id"], "reason": "Rain", "idempotencyKey": "for-free-2" } });
    let back = shop.admin.ok(REFUND, refund).await["refundOrder"].take();
    assert_eq!((&back["status"], &back["refunds"][0]["amount"]["amount"]), (&json!("REFUNDED"), &json!(0)));
    assert_eq!(shop.app.count("invoice").await + shop.app.count("ledger_entry").await, 0);
    assert_balanced(&shop).await;
}
