//! Whatever happens, in whatever order: after each step the books balance, and say what the rows say.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    app::{Client, PASSWORD},
    orders::{CANCEL, PREVIEW},
    payments::{CREDIT, PAY, PLACE, RECORD, REFUND, Shop, assert_balanced, event, say, shop},
};

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// Somebody who buys.
struct Buyer {
    client: Client,
    application: String,
    attendee: String,
}

struct Trial {
    shop: Shop,
    buyers: Vec<Buyer>,
    products: Vec<String>,
    dice: Dice,
    n: usize,
    done: usize,
    signed_in: Instant,
}

/// One of the ids that a statement answers, separated by commas.
async fn some(trial: &mut Trial, ids: &str) -> Option<String> {
    let all = trial.shop.app.text(&format!("SELECT string_agg(i.id, ',' ORDER BY i.id) FROM ({ids}) AS i(id)")).await?;
    let all: Vec<&str> = all.split(',').collect();
    Some((*trial.dice.pick(&all)).to_owned())
}

/// The same, mostly of those that are still waited for; of the others now and then, however many they have become.
async fn mostly_pending(trial: &mut Trial, ids: &str) -> Option<String> {
    if trial.dice.roll(4) > 0
        && let Some(one) = some(trial, &format!("{ids} AND o.status = 'PENDING'")).await
    {
        return Some(one);
    }
    some(trial, ids).await
}

const CURRENCIES: [&str; 3] = ["EUR", "USD", "JPY"];

impl Trial {
    async fn start(seed: u64) -> Trial {
        let shop = shop(json!({ "currencies": CURRENCIES, "exchangesUntil": "2099-01-01T00:00:00Z", "paymentMinutes": 1440 })).await;
        let mut products = Vec::new();
        for (n, (tax, included, amount)) in [(19, true, 999), (7, false, 333), (0, true, 12_345), (25, true, 1)].into_iter().enumerate() {
            let prices: Vec<Value> = CURRENCIES.iter().map(|currency| json!({ "amount": amount, "currency": currency })).collect();
            let product = json!({ "name": format!("Product {n}"), "prices": prices, "taxPercent": tax, "taxIncluded": included, "stock": if n < 2 { json!(60) } else { Value::Null } });
            products.push(shop.product(product).await);
        }
        let coupon = json!({ "i": { "programId": shop.program, "code": "TEN", "percentOff": 12.34 } });
        shop.admin.ok("mutation($i: CreateCouponInput!) { createCoupon(input: $i) { id } }", coupon).await;
        let mut buyers = Vec::new();
        for n in 0..4 {
            let client = shop.app.person(&shop.app.oak, &format!("buyer{n}@oak.example"), &["LEARNER"]).await;
            let (application, attendee) = crate::orders::applied(&client, &shop.program).await;
            buyers.push(Buyer { client, application, attendee });
        }
        Trial { shop, buyers, products, dice: Dice(seed), n: 0, done: 0, signed_in: Instant::now() }
    }

    /// Everybody signs in anew, where many steps take longer than a token lasts.
    async fn stay_signed_in(&mut self) {
        if self.signed_in.elapsed() < Duration::from_secs(300) {
            return;
        }
        self.signed_in = Instant::now();
        let (app, oak) = (&self.shop.app, &self.shop.app.oak);
        self.shop.admin = app.sign_in_as(oak, "admin@oak.example", PASSWORD).await;
        for (n, buyer) in self.buyers.iter_mut().enumerate() {
            buyer.client = app.sign_in_as(oak, &format!("buyer{n}@oak.example"), PASSWORD).await;
        }
    }

    fn key(&self) -> String {
        format!("step-{:06}", self.n)
    }

    /// Asks for something that may be refused, but never breaks.
    async fn ask(&mut self, client: Option<usize>, query: &str, input: Value) {
        let client = client.map_or(&self.shop.admin, |n| &self.buyers[n].client);
        let answer = client.ask(query, json!({ "i": input })).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none");
        assert!(["none", "CONFLICT", "NOT_FOUND"].contains(&code), "step {}: {answer}", self.n);
        self.done += usize::from(code == "none");
    }

    async fn buy(&mut self) {
        let (buyer, currency) = (self.dice.roll(self.buyers.len()), *self.dice.pick(&CURRENCIES));
        self.order(buyer, currency, &[]).await;
    }

    /// One ticket or two are given back, for something else or for credit.
    async fn exchange(&mut self) {
        let free = "SELECT concat_ws(' ', t.application_id, t.currency) FROM ticket t WHERE t.status = 'ISSUED' AND NOT EXISTS \
                    (SELECT FROM sales_order o WHERE o.tenant_id = t.tenant_id AND o.application_id = t.application_id AND o.status = 'PENDING') GROUP BY 1";
        let Some(whose) = some(self, free).await else { return };
        let (application, currency) = whose.split_once(' ').unwrap();
        let buyer = self.buyers.iter().position(|buyer| crate::classroom::uuid(&buyer.application).to_string() == application).unwrap();
        let tickets = format!(
            "SELECT app.type_id('ticket', t.id) FROM ticket t WHERE t.application_id = '{application}' AND t.currency = '{currency}' AND t.status = 'ISSUED'"
        );
        let mut back = Vec::new();
        for _ in 0..=self.dice.roll(2) {
            back.extend(some(self, &tickets).await);
        }
        back.dedup();
        self.order(buyer, currency, &back).await;
    }

    /// Orders what the preview shows, for the price that it shows: nothing else is charged.
    async fn order(&mut self, buyer: usize, currency: &str, back: &[String]) {
        let (application, attendee) = (self.buyers[buyer].application.clone(), self.buyers[buyer].attendee.clone());
        let mut lines = Vec::new();
        for product in self.products.clone() {
            if self.dice.roll(2) == 0 {
                lines.push(json!({ "productId": product, "attendeeId": attendee, "quantity": 1 + self.dice.roll(3) }));
            }
        }
        let mut cart = json!({ "applicationId": application, "currency": currency, "lines": lines, "returnTicketIds": back });
        if self.dice.roll(3) == 0 {
            cart["couponCode"] = json!("TEN");
        }
        if self.dice.roll(3) == 0 {
            cart["useCredit"] = json!(false);
        }
        let client = &self.buyers[buyer].client;
        let mut preview = client.ask(PREVIEW, json!({ "i": cart })).await;
        if let Some(error) = preview["errors"].get(0) {
            let code = error["extensions"]["code"].as_str().unwrap();
            assert!(["CONFLICT", "BAD_USER_INPUT"].contains(&code), "step {}: {preview}", self.n);
            return;
        }
        let shown = preview["data"]["previewOrder"].take();
        (cart["expectedTotal"], cart["idempotencyKey"]) = (shown["total"]["amount"].clone(), json!(self.key()));
        cart["provider"] = json!(if self.dice.roll(2) == 0 { "TEST" } else { "MANUAL" });
        // What was shown can be had: nobody else is there.
        let placed = client.ok(PLACE, json!({ "i": cart })).await["placeOrder"].take();
        for part in ["currency", "subtotal", "discount", "returned", "creditApplied", "tax", "total", "creditGranted"] {
            assert_eq!(placed[part], shown[part], "step {}: {part} of {placed} and {shown}", self.n);
        }
        for (line, of_preview) in placed["lines"].as_array().unwrap().iter().zip(shown["lines"].as_array().unwrap()) {
            for part in ["quantity", "unitPrice", "subtotal", "discount", "tax", "total"] {
                assert_eq!(line[part], of_preview[part], "step {}: {part} of {placed} and {shown}", self.n);
            }
            let tickets = line["tickets"].as_array().unwrap().iter();
            assert_eq!(tickets.map(|ticket| ticket["price"]["amount"].as_i64().unwrap()).sum::<i64>(), line["total"]["amount"]);
        }
        let id = crate::classroom::uuid(placed["id"].as_str().unwrap());
        let asked = format!("SELECT coalesce(sum(amount), 0)::text FROM payment WHERE order_id = '{id}'");
        assert_eq!(self.shop.app.text(&asked).await.unwrap(), shown["total"]["amount"].to_string(), "step {}", self.n);
        self.done += 1;
    }

    /// The test provider says something of any payment that was ever begun.
    async fn hear(&mut self) {
        let ids = "SELECT app.type_id('payment', o.id) FROM payment o WHERE o.provider = 'TEST'";
        let Some(payment) = mostly_pending(self, ids).await else { return };
        let id = crate::classroom::uuid(&payment);
        let of = self.shop.app.text(&format!("SELECT amount || ' ' || currency FROM payment WHERE id = '{id}'")).await.unwrap();
        let (amount, currency) = of.split_once(' ').unwrap();
        let kind = *self.dice.pick(&["payment.approved", "payment.approved", "payment.approved", "payment.rejected", "payment.expired"]);
        let mut said = event(&self.key(), kind, &payment, amount.parse().unwrap());
        said["currency"] = json!(currency);
        say(&self.shop, &said).await;
        self.done += 1;
    }

    async fn record(&mut self) {
        let ids = "SELECT app.type_id('order', o.id) FROM sales_order o WHERE o.total > 0";
        let Some(order) = mostly_pending(self, ids).await else { return };
        let due = format!("SELECT (total - paid)::text FROM sales_order WHERE id = '{}' AND total > paid", crate::classroom::uuid(&order));
        let due: i64 = self.shop.app.text(&due).await.map_or(1, |due| due.parse().unwrap());
        let amount = *self.dice.pick(&[1, 100, 999, 5000, due, due, due]);
        let input = json!({ "orderId": order, "amount": amount, "idempotencyKey": self.key() });
        self.ask(None, RECORD, input).await;
    }

    async fn refund(&mut self) {
        let Some(order) = some(self, "SELECT app.type_id('order', o.id) FROM sales_order o WHERE o.status = 'PAID'").await else { return };
        let id = crate::classroom::uuid(&order);
        let mut input = json!({ "orderId": order, "reason": "Rain", "idempotencyKey": self.key(), "toCredit": self.dice.roll(3) == 0 });
        match self.dice.roll(3) {
            0 => input["amount"] = json!(1 + self.dice.roll(700)),
            1 => {
                let tickets = format!("SELECT app.type_id('ticket', t.id) FROM ticket t WHERE t.order_id = '{id}' AND t.status = 'ISSUED'");
                if let Some(ticket) = some(self, &tickets).await {
                    input["ticketIds"] = json!([ticket]);
                }
            }
            _ => {}
        }
        self.ask(None, REFUND, input).await;
    }

    async fn end(&mut self) {
        let Some(order) = some(self, "SELECT app.type_id('order', o.id) FROM sales_order o WHERE o.status = 'PENDING'").await else {
            return;
        };
        if self.dice.roll(3) > 0 {
            assert_eq!(self.shop.admin.ok(CANCEL, json!({ "id": order })).await["cancelOrder"]["status"], "CANCELLED");
            self.done += 1;
        } else {
            let provider = *self.dice.pick(&["TEST", "MANUAL"]);
            self.ask(None, PAY, json!({ "orderId": order, "provider": provider })).await;
        }
    }

    /// The time of an order passes.
    async fn lapse(&mut self) {
        let open = "SELECT o.id::text FROM sales_order o WHERE o.status = 'PENDING' AND o.expires_at IS NOT NULL";
        let Some(order) = some(self, open).await else { return };
        let expire = format!(
            "UPDATE sales_order SET expires_at = now() - interval '1 minute' WHERE id = '{order}';
             BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), \
                 set_config('app.correlation_id', 'trial', true); SELECT app.expire_orders(100); COMMIT",
            self.shop.app.oak.tenant
        );
        self.shop.app.sql(&expire).await;
        self.done += 1;
    }

    async fn credit(&mut self) {
        let buyer = self.dice.roll(self.buyers.len());
        let (application, currency) = (self.buyers[buyer].application.clone(), *self.dice.pick(&CURRENCIES));
        let input = json!({ "applicationId": application, "amount": { "amount": 1 + self.dice.roll(900), "currency": currency }, "reason": "Sorry", "idempotencyKey": self.key() });
        self.ask(None, CREDIT, input).await;
    }
}

/// What has come about in the end: in how many currencies.
const OUTCOMES: [(&str, &str); 7] = [
    ("orders were paid", "sales_order o WHERE o.status IN ('PAID', 'REFUNDED') AND o.total > 0"),
    ("orders were cancelled", "sales_order o WHERE o.status = 'CANCELLED'"),
    ("orders have expired", "sales_order o WHERE o.status = 'EXPIRED'"),
    (
        "tickets were exchanged",
        "order_return r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id AND o.status = 'PAID'",
    ),
    ("money went back", "refund o WHERE o.status = 'SUCCEEDED' AND NOT o.to_credit AND NOT o.is_late"),
    ("credit was given instead", "refund o WHERE o.status = 'SUCCEEDED' AND o.to_credit"),
    ("money came late, or twice", "payment o WHERE o.attention IN ('LATE', 'SURPLUS')"),
];

/// `make ledger` takes 10,000 steps; `LECTERN_LEDGER_STEPS` says how many, `LECTERN_LEDGER_SEED` which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_each_of_many_random_steps_the_books_balance() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (steps, seed) = (number("LECTERN_LEDGER_STEPS", 300), number("LECTERN_LEDGER_SEED", 0x1eaf_cafe));
    let mut trial = Trial::start(seed.max(1)).await;
    let steps = usize::try_from(steps).unwrap();
    let report = "query($p: ID!) { reports { commerce(programId: $p) { reconciled accounts { balance { amount currency } } } } }";
    for n in 0..steps {
        trial.n = n;
        trial.stay_signed_in().await;
        match trial.dice.roll(16) {
            0..=4 => trial.buy().await,
            5..=6 => trial.exchange().await,
            7..=9 => trial.hear().await,
            10..=11 => trial.record().await,
            12..=13 => trial.refund().await,
            14 => trial.end().await,
            _ => match trial.dice.roll(2) {
                0 => trial.lapse().await,
                _ => trial.credit().await,
            },
        }
        assert_balanced(&trial.shop).await;
        if n % 100 == 99 {
            // Nobody else does so on a server of tests.
            trial.shop.app.sql("VACUUM ANALYZE sales_order, order_line, order_return, ticket, payment, refund, ledger_entry, ledger_posting, invoice, product_stock").await;
            let commerce = trial.shop.admin.ok(report, json!({ "p": trial.shop.program })).await["reports"]["commerce"].take();
            assert_eq!(commerce["reconciled"], true, "step {n}: {commerce}");
            for currency in CURRENCIES {
                let balances = commerce["accounts"].as_array().unwrap().iter().map(|account| &account["balance"]);
                let sum: i64 =
                    balances.filter(|balance| balance["currency"] == currency).map(|balance| balance["amount"].as_i64().unwrap()).sum();
                assert_eq!(sum, 0, "step {n}: {commerce}");
            }
        }
    }
    assert!(trial.done > steps / 4, "only {} of {steps} steps were done", trial.done);
    for (what, rows) in OUTCOMES {
        let currencies = trial.shop.app.count(&format!("(SELECT DISTINCT o.currency FROM {rows}) AS c")).await;
        // In a few hundred steps not all of it happens in each.
        assert!(currencies >= if steps >= 2000 { 3 } else { i64::from(steps >= 300) }, "{what} in {currencies} currencies");
    }
}
