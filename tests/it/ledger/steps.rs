//! Whatever happens, in whatever order: after each step the books balance, and say what the rows say.

use serde_json::{Value, json};

use crate::{
    app::Client,
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
}

/// One of the ids that a statement answers, separated by commas.
async fn some(trial: &mut Trial, ids: &str) -> Option<String> {
    let all = trial.shop.app.text(&format!("SELECT string_agg(i.id, ',' ORDER BY i.id) FROM ({ids}) AS i(id)")).await?;
    let all: Vec<&str> = all.split(',').collect();
    Some((*trial.dice.pick(&all)).to_owned())
}

const CURRENCIES: [&str; 3] = ["EUR", "USD", "JPY"];

impl Trial {
    async fn start(seed: u64) -> Trial {
        let shop = shop(json!({ "currencies": CURRENCIES, "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
        let mut products = Vec::new();
        for (n, (tax, included, amount)) in [(19, true, 999), (7, false, 333), (0, true, 12_345), (25, true, 1)].into_iter().enumerate() {
            let prices: Vec<Value> = CURRENCIES.iter().map(|currency| json!({ "amount": amount, "currency": currency })).collect();
            let product =
                json!({ "name": format!("Product {n}"), "prices": prices, "taxPercent": tax, "taxIncluded": included, "stock": 40 });
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
        Trial { shop, buyers, products, dice: Dice(seed), n: 0, done: 0 }
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
        let buyer = self.dice.roll(self.buyers.len());
        let currency = *self.dice.pick(&CURRENCIES);
        let (application, attendee) = (self.buyers[buyer].application.clone(), self.buyers[buyer].attendee.clone());
        let mut lines = Vec::new();
        for product in self.products.clone() {
            if self.dice.roll(2) == 0 {
                lines.push(json!({ "productId": product, "attendeeId": attendee, "quantity": 1 + self.dice.roll(3) }));
            }
        }
        let mut cart = json!({ "applicationId": application, "currency": currency, "lines": lines });
        if self.dice.roll(3) == 0 {
            cart["couponCode"] = json!("TEN");
        }
        if self.dice.roll(3) == 0 {
            cart["useCredit"] = json!(false);
        }
        if self.dice.roll(2) == 0 {
            let mine = crate::classroom::uuid(&application);
            let tickets = format!(
                "SELECT app.type_id('ticket', t.id) FROM ticket t WHERE t.application_id = '{mine}' AND t.status = 'ISSUED' AND t.currency = '{currency}'"
            );
            if let Some(ticket) = some(self, &tickets).await {
                cart["returnTicketIds"] = json!([ticket]);
            }
        }
        let client = &self.buyers[buyer].client;
        let preview = client.ask(crate::orders::PREVIEW, json!({ "i": cart })).await;
        let total = preview["data"]["previewOrder"]["total"]["amount"].clone();
        if total.is_null() {
            return;
        }
        (cart["expectedTotal"], cart["idempotencyKey"]) = (total, json!(self.key()));
        cart["provider"] = json!(if self.dice.roll(2) == 0 { "TEST" } else { "MANUAL" });
        self.ask(Some(buyer), PLACE, cart).await;
    }

    /// The test provider says something of any payment that was ever begun.
    async fn hear(&mut self) {
        let Some(payment) = some(self, "SELECT app.type_id('payment', p.id) FROM payment p WHERE p.provider = 'TEST'").await else {
            return;
        };
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
        let Some(order) = some(self, "SELECT app.type_id('order', o.id) FROM sales_order o WHERE o.total > 0").await else { return };
        let amount = *self.dice.pick(&[1, 100, 999, 5000, 50_000]);
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
        if self.dice.roll(2) == 0 {
            let answer = self.shop.admin.ask("mutation($id: ID!) { cancelOrder(id: $id) { id } }", json!({ "id": order })).await;
            assert_ne!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
        } else {
            let provider = *self.dice.pick(&["TEST", "MANUAL"]);
            self.ask(None, PAY, json!({ "orderId": order, "provider": provider })).await;
        }
    }

    async fn credit(&mut self) {
        let buyer = self.dice.roll(self.buyers.len());
        let (application, currency) = (self.buyers[buyer].application.clone(), *self.dice.pick(&CURRENCIES));
        let input = json!({ "applicationId": application, "amount": { "amount": 1 + self.dice.roll(900), "currency": currency }, "reason": "Sorry", "idempotencyKey": self.key() });
        self.ask(None, CREDIT, input).await;
    }
}

/// `LECTERN_LEDGER_STEPS=10000 cargo test --test it -- ledger::steps` takes more of them; `LECTERN_LEDGER_SEED` others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_each_of_many_random_steps_the_books_balance() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (steps, seed) = (number("LECTERN_LEDGER_STEPS", 300), number("LECTERN_LEDGER_SEED", 0x1eaf_cafe));
    let mut trial = Trial::start(seed.max(1)).await;
    for n in 0..usize::try_from(steps).unwrap() {
        trial.n = n;
        match trial.dice.roll(12) {
            0..=3 => trial.buy().await,
            4..=6 => trial.hear().await,
            7..=8 => trial.record().await,
            9 => trial.refund().await,
            10 => trial.end().await,
            _ => trial.credit().await,
        }
        assert_balanced(&trial.shop).await;
    }
    assert!(trial.done > usize::try_from(steps).unwrap() / 3, "only {} of {steps} steps were done", trial.done);
    let paid = trial.shop.app.count("sales_order WHERE status IN ('PAID', 'REFUNDED')").await;
    assert!(paid > 5, "{paid}");
}
