//! The books, and invoices: they balance after whatever happens, nobody changes them, and no number is left out.

mod invoices;
mod steps;

use serde_json::{Value, json};

use crate::{
    app::Who,
    payments::{approve, assert_balanced, place, shop},
};

#[tokio::test]
async fn an_order_that_is_paid_is_booked_and_shown_to_who_may_read_it() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({ "taxPercent": 20, "taxIncluded": false })).await;
    let (order, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "booked-001").await;
    approve(&shop, &payment, 1200).await;
    let viewer = shop.app.sign_in(&shop.app.oak, Who::Viewer).await;
    let query = "query($f: LedgerFilter) { ledger(filter: $f) { nodes { kind order { id } payment { id } refund { id } postings { account amount currency product { id } } } totalCount } }";
    let all = viewer.ok(query, json!({ "f": { "orderId": order } })).await["ledger"].take();
    let mut kinds: Vec<&str> = all["nodes"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["PAYMENT", "SALE"]);
    let sale =
        viewer.ok(query, json!({ "f": { "orderId": order, "kind": "SALE", "account": "TAX", "programId": shop.program } })).await["ledger"]
            .take();
    let mut postings = sale["nodes"][0]["postings"].as_array().unwrap().clone();
    postings.sort_by_key(|posting| posting["account"].as_str().unwrap().to_owned());
    let expected = [
        json!({ "account": "CUSTOMER", "amount": 1200, "currency": "EUR", "product": null }),
        json!({ "account": "REVENUE", "amount": -1000, "currency": "EUR", "product": { "id": product } }),
        json!({ "account": "TAX", "amount": -200, "currency": "EUR", "product": null }),
    ];
    assert_eq!(postings, expected);
    for (filter, count) in [
        (json!({ "account": "GOODWILL" }), 0),
        (json!({ "from": "2000-01-01T00:00:00Z", "to": "2000-01-02T00:00:00Z" }), 0),
        (json!({ "from": "2000-01-01T00:00:00Z" }), 2),
    ] {
        assert_eq!(viewer.ok(query, json!({ "f": filter })).await["ledger"]["totalCount"], count, "{filter}");
    }
    assert_eq!(shop.lea.ask(query, json!({})).await["data"]["ledger"], Value::Null);
    let elm = shop.app.sign_in(&shop.app.elm, Who::Admin).await;
    assert_eq!(elm.ok(query, json!({})).await["ledger"]["totalCount"], 0);
    assert_eq!(elm.ok(query, json!({ "f": { "orderId": order } })).await["ledger"]["totalCount"], 0);
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn nobody_changes_the_books_and_nothing_that_does_not_balance_gets_in() {
    let shop = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (_, payment) = place(&shop, &shop.lea, &shop.cart(&[(&product, 1)]), "for-ever-1").await;
    approve(&shop, &payment, 1000).await;
    let tenant = shop.app.oak.tenant;
    for table in ["ledger_entry", "ledger_posting"] {
        for role in ["lectern_app", "lectern_definer", "lectern_platform"] {
            for change in [format!("UPDATE {table} SET at = now()"), format!("DELETE FROM {table}")] {
                let tried = shop
                    .app
                    .try_sql(&format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{tenant}'; {change}; COMMIT"))
                    .await;
                shop.app.sql("ROLLBACK").await;
                assert!(tried.is_err(), "{role}: {change}");
            }
        }
    }
    let entry = "(SELECT id FROM ledger_entry LIMIT 1)";
    let program = "(SELECT program_id FROM ledger_entry LIMIT 1)";
    let unbalanced = format!(
        "INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id) VALUES ('{tenant}', {entry}, 99, 'SUSPENSE', 5, 'EUR', {program})"
    );
    assert_eq!(shop.app.try_sql(&unbalanced).await, Err(Some("ledger_balance".to_owned())));
    // In each currency of its own.
    let apart = format!(
        "INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id) VALUES ('{tenant}', {entry}, 98, 'SUSPENSE', 5, 'EUR', {program}), \
         ('{tenant}', {entry}, 99, 'SUSPENSE', -5, 'USD', {program})"
    );
    assert_eq!(shop.app.try_sql(&apart).await, Err(Some("ledger_balance".to_owned())));
    let empty = format!(
        "INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id) SELECT tenant_id, gen_random_uuid(), 'CREDIT', id, program_id FROM application WHERE tenant_id = '{tenant}' LIMIT 1"
    );
    assert_eq!(shop.app.try_sql(&empty).await, Err(Some("ledger_balance".to_owned())));
    assert_balanced(&shop).await;
}
