//! Payments: what providers say, in whatever order and however often; money that comes late; what goes back.

mod deaths;
mod documented;
mod killed;
mod late;
mod manual;
mod refunds;
mod settings;
pub mod stripe;
mod webhooks;

use lectern::domains::payments::sign;
use serde_json::{Value, json};

pub use crate::orders::{PLACE, Shop};
use crate::{app::Client, classroom::uuid};

pub const SECRET: &str = "test_webhook_secret_0123";
pub const SETTINGS: &str = "mutation($i: UpdatePaymentSettingsInput!) { updatePaymentSettings(input: $i) { providers transferInstructions hasStripeSecretKey hasStripeWebhookSecret \
     hasTestWebhookSecret stripeWebhookPath testWebhookPath returnOrigins sellerName sellerAddress sellerTaxId invoicePrefix } }";
pub const ORDER: &str = "query($id: ID!) { order(id: $id) { status paid { amount } refunded { amount } due { amount } expiresAt \
     payments { id provider status amount { amount currency } refunded { amount } reference checkoutUrl instructions failure attention settledAt events { eventId type outcome } } \
     refunds { amount { amount } toCredit status reason payment { id } } invoices { kind number code total { amount } tax { amount } } lines { tickets { id status } } \
     application { credit { amount currency } } } }";
pub const RECORD: &str = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { status paid { amount } due { amount } payments { status provider amount { amount } } } }";
pub const REFUND: &str = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { status refunded { amount } refunds { status amount { amount } toCredit } } }";
pub const PAY: &str = "mutation($i: PayOrderInput!) { payOrder(input: $i) { status payments { provider status } } }";
pub const CREDIT: &str = "mutation($i: GrantCreditInput!) { grantCredit(input: $i) { credit { amount currency } } }";

/// A shop that takes transfers and payments of the test provider.
pub async fn shop(terms: Value) -> Shop {
    let shop = Shop::start(terms).await;
    let input = json!({ "providers": ["MANUAL", "TEST"], "testWebhookSecret": SECRET, "returnOrigins": ["https://shop.example"] });
    shop.admin.ok(SETTINGS, json!({ "i": input })).await;
    shop
}

/// Places a cart, to be paid at the test provider; answers the order's id and its payment's.
pub async fn place(shop: &Shop, client: &Client, cart: &Value, key: &str) -> (String, String) {
    let mut input = shop.priced(client, cart, key).await;
    input["provider"] = json!("TEST");
    let placed = client.ok(PLACE, json!({ "i": input })).await["placeOrder"].take();
    let order = placed["id"].as_str().unwrap().to_owned();
    let payments = read(client, &order).await["payments"].take();
    (order, payments[0]["id"].as_str().unwrap().to_owned())
}

/// An order as somebody sees it.
pub async fn read(client: &Client, order: &str) -> Value {
    client.ok(&ORDER.replace(" events { eventId type outcome }", ""), json!({ "id": order })).await["order"].take()
}

/// The same with what providers have said.
pub async fn read_all(client: &Client, order: &str) -> Value {
    client.ok(ORDER, json!({ "id": order })).await["order"].take()
}

/// What the test provider says of a payment.
pub fn event(id: &str, kind: &str, payment: &str, amount: i64) -> Value {
    json!({ "id": id, "type": kind, "created": crate::app::now().as_second(), "payment": payment, "amount": amount, "currency": "EUR" })
}

/// Posts a body as it is; answers the status and what was said.
pub async fn post(shop: &Shop, path: &str, header: Option<(&str, String)>, body: Vec<u8>) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(format!("{}{path}", shop.app.url)).body(body);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// The test provider says something, and it is taken.
pub async fn say(shop: &Shop, said: &Value) {
    let body = said.to_string().into_bytes();
    let signed = sign(SECRET, crate::app::now().as_second(), &body);
    let answer = post(shop, "/webhooks/payments/oak/test", Some(("lectern-signature", signed)), body).await;
    assert_eq!(answer, (200, json!({ "received": true })));
}

/// The money of a payment comes.
pub async fn approve(shop: &Shop, payment: &str, amount: i64) {
    say(shop, &event(&format!("approve-{payment}"), "payment.approved", payment, amount)).await;
}

/// What stands on each account that is not 0.
pub async fn books(shop: &Shop) -> String {
    let balances = "SELECT string_agg(b.account || ' ' || b.sum, ', ' ORDER BY b.account) FROM (SELECT account, sum(amount) AS sum FROM ledger_posting GROUP BY account) AS b WHERE b.sum <> 0";
    shop.app.text(balances).await.unwrap_or_default()
}

/// What could be wrong with the books: what it is, and the rows that are so. Each goes over everything once, for they are asked after each of thousands of steps.
const WRONGS: [(&str, &str); 12] = [
    ("an entry does not sum to 0", "SELECT FROM ledger_posting GROUP BY tenant_id, entry_id, currency HAVING sum(amount) <> 0"),
    ("the accounts of a currency do not sum to 0", "SELECT FROM ledger_posting GROUP BY tenant_id, currency HAVING sum(amount) <> 0"),
    (
        "CUSTOMER holds something else than what was paid of orders that wait",
        "SELECT FROM sales_order o LEFT JOIN (SELECT e.tenant_id, e.order_id, sum(p.amount) AS amount FROM ledger_posting p JOIN ledger_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id \
         WHERE p.account = 'CUSTOMER' GROUP BY 1, 2) AS c ON c.tenant_id = o.tenant_id AND c.order_id = o.id WHERE coalesce(c.amount, 0) <> CASE o.status WHEN 'PENDING' THEN -o.paid ELSE 0 END",
    ),
    (
        "SUSPENSE holds something else than what is about to go back",
        "SELECT FROM (SELECT 1) AS one WHERE (SELECT coalesce(sum(p.amount), 0) FROM ledger_posting p WHERE p.account = 'SUSPENSE') \
         <> -(SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.is_late AND r.status = 'PENDING')",
    ),
    (
        "CASH is not what came less what went back",
        "SELECT FROM (SELECT replace(p.account, 'CASH_', '') AS provider, p.currency, sum(p.amount) AS amount FROM ledger_posting p WHERE p.account LIKE 'CASH\\_%' GROUP BY 1, 2) AS c \
         FULL JOIN (SELECT m.provider, m.currency, sum(m.amount - m.refunded) AS amount FROM payment m WHERE m.status IN ('APPROVED', 'REFUNDED') GROUP BY 1, 2) AS m \
         ON m.provider = c.provider AND m.currency = c.currency WHERE coalesce(c.amount, 0) <> coalesce(m.amount, 0)",
    ),
    (
        "CREDIT is not the balances",
        "SELECT FROM credit_balance b FULL JOIN (SELECT e.tenant_id, e.application_id, p.currency, sum(p.amount) AS amount FROM ledger_posting p \
         JOIN ledger_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id WHERE p.account = 'CREDIT' GROUP BY 1, 2, 3) AS c \
         ON c.tenant_id = b.tenant_id AND c.application_id = b.application_id AND c.currency = b.currency WHERE coalesce(b.amount, 0) <> -coalesce(c.amount, 0)",
    ),
    (
        "more went back than the lines came to, or a fee",
        "SELECT FROM sales_order o LEFT JOIN (SELECT l.tenant_id, l.order_id, sum(l.total) AS total FROM order_line l GROUP BY 1, 2) AS l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
         LEFT JOIN (SELECT t.tenant_id, t.order_id, sum(r.amount) AS amount FROM ticket t JOIN order_return r ON r.tenant_id = t.tenant_id AND r.ticket_id = t.id \
         JOIN sales_order b ON b.tenant_id = r.tenant_id AND b.id = r.order_id AND b.status IN ('PAID', 'REFUNDED') GROUP BY 1, 2) AS e ON e.tenant_id = o.tenant_id AND e.order_id = o.id \
         WHERE o.refunded + coalesce(e.amount, 0) > coalesce(l.total, o.paid)",
    ),
    (
        "a refund that was made is not what went back of its payment or its order",
        "SELECT FROM payment m LEFT JOIN (SELECT r.tenant_id, r.payment_id, sum(r.amount) AS amount FROM refund r WHERE r.status = 'SUCCEEDED' AND NOT r.to_credit GROUP BY 1, 2) AS r \
         ON r.tenant_id = m.tenant_id AND r.payment_id = m.id WHERE coalesce(r.amount, 0) <> m.refunded OR m.refunded > m.amount \
         UNION ALL SELECT FROM sales_order o LEFT JOIN (SELECT r.tenant_id, r.order_id, sum(r.amount) AS amount FROM refund r WHERE r.status = 'SUCCEEDED' AND NOT r.is_late GROUP BY 1, 2) AS r \
         ON r.tenant_id = o.tenant_id AND r.order_id = o.id WHERE coalesce(r.amount, 0) <> o.refunded",
    ),
    (
        "a paid order was charged something else than it came to",
        "SELECT FROM sales_order o WHERE o.status IN ('PAID', 'REFUNDED') AND o.paid <> o.total",
    ),
    (
        "a paid order has a ticket that is held, or one that waits an issued one",
        "SELECT FROM ticket t JOIN sales_order o ON o.tenant_id = t.tenant_id AND o.id = t.order_id WHERE (t.status = 'HELD' AND o.status <> 'PENDING') OR (t.status = 'ISSUED' AND o.status NOT IN ('PAID', 'REFUNDED'))",
    ),
    (
        "an order that is paid has no invoice, or another has one",
        "SELECT FROM sales_order o LEFT JOIN (SELECT l.tenant_id, l.order_id, max(l.total) AS total FROM order_line l GROUP BY 1, 2) AS l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
         LEFT JOIN invoice i ON i.tenant_id = o.tenant_id AND i.order_id = o.id AND i.kind = 'INVOICE' WHERE (o.status IN ('PAID', 'REFUNDED') AND coalesce(l.total, 0) > 0) <> (i.id IS NOT NULL)",
    ),
    (
        "numbers of invoices have gaps",
        "SELECT FROM invoice i GROUP BY i.tenant_id, i.kind HAVING max(i.number) <> count(*) OR min(i.number) <> 1",
    ),
];

/// Whether the books are in order, and say what the rows say.
pub async fn assert_balanced(shop: &Shop) {
    // Counted, since PostgreSQL looks for a first one by loops.
    let wrong = |(what, rows): &(&str, &str)| format!("SELECT '{what}' AS what WHERE (SELECT count(*) FROM ({rows}) AS r) > 0");
    let all: Vec<String> = WRONGS.iter().map(wrong).collect();
    let found = shop.app.text(&format!("SELECT string_agg(w.what, '; ') FROM ({}) AS w", all.join(" UNION ALL "))).await;
    assert_eq!(found, None, "{}", books(shop).await);
    shop.assert_counted().await;
}

/// A column of a payment.
pub async fn of_payment(shop: &Shop, payment: &str, column: &str) -> String {
    shop.app.text(&format!("SELECT coalesce({column}::text, '') FROM payment WHERE id = '{}'", uuid(payment))).await.unwrap()
}
