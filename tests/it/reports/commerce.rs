//! What programs bring in: sums of the books that agree with each other, and with everything else.

use std::collections::BTreeMap;

use lectern::ops;
use serde_json::{Value, json};

use crate::{
    app::{Client, School, TestApp, Who, sealer},
    classroom::nothing,
    doors::{Kind, SCAN, program, scan, ticket},
    orders::Shop,
    payments::REFUND,
};

const REPORT: &str = "query($from: DateTime, $to: DateTime, $p: ID) { reports(from: $from, to: $to) { commerce(programId: $p) {
    totals { currency orders sales discounts refunds revenue tax received outstanding creditBalance averageOrder }
    revenueByProduct { name kind quantity revenue { amount currency } product { id } }
    revenuePerDay { date orders revenue { amount currency } }
    funnel { started submitted inReview waitlisted accepted rejected withdrawn paid checkedIn }
    coupons { uses coupon { code } discounts { amount currency } revenue { amount currency } }
    referrals { code uses } attendance { tickets checkedIn rate perDay { date count } }
    accounts { account balance { amount currency } } reconciled } } }";

async fn report(client: &Client, variables: Value) -> Value {
    client.ok(REPORT, variables).await["reports"]["commerce"].take()
}

/// Sums by currency of what a list says at a pointer.
fn sums(list: &Value, at: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for line in list.as_array().unwrap() {
        let money = line.pointer(at).unwrap();
        *sums.entry(money["currency"].as_str().unwrap().to_owned()).or_insert(0) += money["amount"].as_i64().unwrap();
    }
    sums
}

/// That the parts of a report come to its totals.
fn agrees(report: &Value) {
    let totals: BTreeMap<String, i64> = report["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|total| (total["currency"].as_str().unwrap().to_owned(), total["revenue"].as_i64().unwrap()))
        .collect();
    assert_eq!(sums(&report["revenueByProduct"], "/revenue"), totals, "{report:#}");
    assert_eq!(sums(&report["revenuePerDay"], "/revenue"), totals, "{report:#}");
    assert!(sums(&report["accounts"], "/balance").values().all(|sum| *sum == 0), "{report:#}");
}

#[tokio::test]
async fn the_demos_books_agree_with_all_that_was_bought() {
    let app = TestApp::start().await;
    let objects = app.store().objects().clone();
    ops::seed_demo(&app.database.url("lectern_platform"), &sealer(), &objects).await.unwrap();
    for (slug, domain, currency) in [("alpha-flight-school", "alpha.example", "USD"), ("bravo-academy", "bravo.example", "EUR")] {
        let tenant = app.text(&format!("SELECT tenant_id::text FROM tenant WHERE slug = '{slug}'")).await.unwrap();
        let school = School { slug, tenant: tenant.parse().unwrap() };
        let admin = app.sign_in_as(&school, &format!("admin@{domain}"), "lectern-demo").await;
        let all = report(&admin, json!({})).await;
        assert_eq!(all["reconciled"], true);
        agrees(&all);
        let total = &all["totals"][0];
        assert_eq!(total["currency"], currency);
        for field in
            ["orders", "sales", "discounts", "refunds", "revenue", "tax", "received", "outstanding", "creditBalance", "averageOrder"]
        {
            assert!(total[field].as_i64().unwrap() > 0, "{field} of {slug}: {total:#}");
        }
        let sum = |name: &str| total[name].as_i64().unwrap();
        assert_eq!(sum("averageOrder"), (2 * (sum("sales") - sum("discounts")) + sum("orders")) / (2 * sum("orders")));
        let funnel = &all["funnel"];
        let standing = ["inReview", "waitlisted", "accepted", "rejected", "withdrawn"].map(|name| funnel[name].as_i64().unwrap());
        assert!(standing.iter().all(|count| *count > 0) && funnel["started"].as_i64().unwrap() > standing.iter().sum::<i64>(), "{funnel}");
        // What programs bring in one by one is what all bring in.
        let programs = admin.ok("{ programs { nodes { id } } }", json!({})).await["programs"]["nodes"].take();
        let mut revenue = 0;
        for program in programs.as_array().unwrap() {
            let one = report(&admin, json!({ "p": program["id"] })).await;
            assert_eq!(one["reconciled"], true);
            agrees(&one);
            revenue += one["totals"].as_array().unwrap().iter().map(|total| total["revenue"].as_i64().unwrap()).sum::<i64>();
        }
        assert_eq!(revenue, sum("revenue"));
        // A range holds what was booked in it.
        let half = crate::app::now() - jiff::SignedDuration::from_hours(24 * 20);
        let (before, since) =
            (report(&admin, json!({ "to": half.to_string() })).await, report(&admin, json!({ "from": half.to_string() })).await);
        agrees(&before);
        agrees(&since);
        for field in ["orders", "sales", "discounts", "refunds", "revenue", "tax", "received", "creditBalance"] {
            let parts = [&before, &since].map(|part| part["totals"][0][field].as_i64().unwrap());
            assert_eq!(parts.iter().sum::<i64>(), sum(field), "{field}");
        }
    }
}

#[tokio::test]
async fn a_cent_that_is_wrong_is_found() {
    let app = TestApp::start().await;
    let objects = app.store().objects().clone();
    ops::seed_demo(&app.database.url("lectern_platform"), &sealer(), &objects).await.unwrap();
    let tenant = app.text("SELECT tenant_id::text FROM tenant WHERE slug = 'bravo-academy'").await.unwrap();
    let school = School { slug: "bravo-academy", tenant: tenant.parse().unwrap() };
    let admin = app.sign_in_as(&school, "admin@bravo.example", "lectern-demo").await;
    let reconciled = async || report(&admin, json!({})).await["reconciled"].clone();
    let of = format!("tenant_id = '{tenant}'");
    for (harm, mend) in [
        (
            "UPDATE payment SET amount = amount + 1 WHERE {of} AND status = 'APPROVED' AND provider = 'TEST'",
            "UPDATE payment SET amount = amount - 1 WHERE {of} AND status = 'APPROVED' AND provider = 'TEST'",
        ),
        ("UPDATE credit_balance SET amount = amount + 1 WHERE {of}", "UPDATE credit_balance SET amount = amount - 1 WHERE {of}"),
        (
            "UPDATE ticket SET price = price + 1 WHERE {of} AND status = 'ISSUED'",
            "UPDATE ticket SET price = price - 1 WHERE {of} AND status = 'ISSUED'",
        ),
        (
            "UPDATE product_stock SET held = held - 1 WHERE {of} AND held > 0",
            "UPDATE product_stock SET held = held + 1 WHERE {of} AND product_id IN (SELECT product_id FROM ticket WHERE status IN ('HELD', 'ISSUED'))",
        ),
        ("UPDATE refund SET amount = amount - 1 WHERE {of}", "UPDATE refund SET amount = amount + 1 WHERE {of}"),
        (
            "UPDATE ledger_posting SET amount = amount + 1 WHERE {of} AND account = 'TAX'",
            "UPDATE ledger_posting SET amount = amount - 1 WHERE {of} AND account = 'TAX'",
        ),
    ] {
        assert_eq!(reconciled().await, true, "before {harm}");
        let past_rules = |sql: &str| {
            format!("SET session_replication_role = replica; {}; SET session_replication_role = DEFAULT", sql.replace("{of}", &of))
        };
        app.sql(&past_rules(harm)).await;
        assert_eq!(reconciled().await, false, "{harm}");
        app.sql(&past_rules(mend)).await;
    }
    assert_eq!(reconciled().await, true);
}

#[tokio::test]
async fn reports_of_what_is_sold_are_for_who_reads_orders_and_of_the_own_school() {
    let app = TestApp::start().await;
    let fair = program(&app, &app.oak, "fair").await;
    ticket(&app, &fair, "AAAABBBBCCCCDDDD", Kind::default()).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    ada.ok(SCAN, scan(&fair, "a", "AAAABBBBCCCCDDDD")).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let seen = report(&viewer, json!({ "p": fair })).await;
    assert_eq!(seen["attendance"]["rate"], 1.0);
    assert_eq!((&seen["attendance"]["tickets"], &seen["attendance"]["perDay"][0]["count"]), (&json!(1), &json!(1)));
    assert_eq!((&seen["funnel"]["accepted"], &seen["funnel"]["paid"], &seen["funnel"]["checkedIn"]), (&json!(1), &json!(1), &json!(1)));
    for stranger in [nothing("program"), program(&app, &app.elm, "fair").await] {
        assert_eq!(report(&viewer, json!({ "p": stranger })).await, Value::Null);
    }
    let elm = report(&app.sign_in(&app.elm, Who::Viewer).await, json!({})).await;
    assert_eq!((&elm["totals"], &elm["attendance"]["tickets"], &elm["reconciled"]), (&json!([]), &json!(0), &json!(true)));
    let answer = ada.ask("{ reports { commerce { reconciled } } }", json!({})).await;
    assert_eq!(crate::app::refusal(&answer["errors"][0]), "FORBIDDEN [ORDER_READ_ALL]");
    let zone = "query($z: String!) { reports { commerce { revenuePerDay(timeZone: $z) { date } } } }";
    assert_eq!(viewer.refused(zone, json!({ "z": "Mars/Olympus" })).await, "BAD_USER_INPUT @timeZone");
}

#[tokio::test]
async fn a_product_that_one_does_not_see_goes_by_the_name_that_it_was_sold_under() {
    let shop = Shop::start(json!({})).await;
    let product = shop.product(json!({ "name": "Week" })).await;
    let order = shop.buy(&shop.lea, &shop.cart(&[(&product, 1)]), "in-summer").await;
    // That was long ago; it goes back now, and the program is put away.
    shop.app
        .sql(
            "SET session_replication_role = replica; UPDATE ledger_posting SET at = at - interval '40 days';
             UPDATE sales_order SET paid_at = paid_at - interval '40 days'; SET session_replication_role = DEFAULT",
        )
        .await;
    let refund = json!({ "orderId": order["id"], "reason": "Rain", "idempotencyKey": "it-has-rained" });
    shop.admin.ok(REFUND, json!({ "i": refund })).await;
    for status in ["ENDED", "ARCHIVED"] {
        crate::applications::set_status(&shop.admin, &shop.program, status).await;
    }
    shop.app.sql("INSERT INTO role (tenant_id, id, key, name, permissions) SELECT tenant_id, gen_random_uuid(), 'CLERK', 'Clerk', '{REPORT_READ,ORDER_READ_ALL}' FROM tenant WHERE slug = 'oak'").await;
    let clerk = shop.app.person(&shop.app.oak, "clerk@oak.example", &["CLERK"]).await;
    let since = crate::app::now() - jiff::SignedDuration::from_hours(24 * 20);
    let seen = report(&clerk, json!({ "from": since.to_string() })).await;
    let line = json!({ "name": "Week", "kind": null, "quantity": 0, "revenue": { "amount": -1000, "currency": "EUR" }, "product": null });
    assert_eq!(seen["revenueByProduct"], json!([line]));
    agrees(&seen);
}

#[tokio::test]
async fn each_block_is_one_statement() {
    let app = TestApp::start().await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let of = |block: &str| format!("{{ reports {{ commerce {{ {block} }} }} }}");
    let nothing = app.statements(&viewer, &of("__typename"), json!({})).await;
    for block in [
        "totals { revenue }",
        "revenueByProduct { name product { id } }",
        "revenuePerDay { date }",
        "funnel { started }",
        "coupons { uses coupon { code } }",
        "referrals { code }",
        "attendance { tickets }",
        "accounts { account }",
        "reconciled",
    ] {
        assert_eq!(app.statements(&viewer, &of(block), json!({})).await, nothing + 1, "{block}");
    }
}
