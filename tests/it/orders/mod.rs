//! Orders: what a cart costs, what placing it takes, and how all of it is given back.

mod carts;
mod crowds;
mod discounts;
mod exchanges;
mod lapses;
mod limits;
mod listening;
mod races;
mod rights;
mod times;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
};

pub const PREVIEW: &str = "query($i: PreviewOrderInput!) { previewOrder(input: $i) { currency subtotal { amount } discount { source label percentOff amount { amount } } couponApplied \
     returned { amount } creditApplied { amount } tax { amount } total { amount currency } creditGranted { amount } \
     lines { quantity unitPrice { amount } subtotal { amount } discount { amount } tax { amount } total { amount } product { name } attendee { name } } } }";
pub const PLACE: &str = "mutation($i: PlaceOrderInput!) { placeOrder(input: $i) { id reference kind status currency couponCode subtotal { amount } discount { source label percentOff amount { amount } } \
     returned { amount } creditApplied { amount } tax { amount } total { amount currency } creditGranted { amount } expiresAt paidAt \
     lines { name quantity unitPrice { amount } subtotal { amount } discount { amount } taxPercent tax { amount } total { amount } tickets { id status price { amount } code } } } }";
pub const CANCEL: &str = "mutation($id: ID!) { cancelOrder(id: $id) { id status lines { tickets { status } } } }";
pub const ORDER: &str = "query($id: ID!) { order(id: $id) { id status lines { tickets { id status code } } } }";

/// A program that sells, to which everybody is accepted who applies; its applicant, and who runs it.
pub struct Shop {
    pub app: TestApp,
    pub admin: Client,
    pub lea: Client,
    pub program: String,
    pub application: String,
    /// Who comes as the applicant.
    pub attendee: String,
}

impl Shop {
    pub async fn start(terms: Value) -> Shop {
        Shop::of(TestApp::start().await, terms).await
    }

    /// The same, of a service that is started otherwise.
    pub async fn of(app: TestApp, terms: Value) -> Shop {
        let mut shop = Shop::opened(app, terms).await;
        (shop.application, shop.attendee) = applied(&shop.lea, &shop.program).await;
        shop
    }

    /// The same, before anybody applies.
    pub async fn open(terms: Value) -> Shop {
        Shop::opened(TestApp::start().await, terms).await
    }

    async fn opened(app: TestApp, terms: Value) -> Shop {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let lea = app.sign_in(&app.oak, Who::Learner).await;
        let mut input = json!({ "name": "Camp", "currencies": ["EUR"], "reviewStrategy": "AUTO_ACCEPT" });
        input.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let program = id(&admin, "createProgram", "CreateProgramInput", input).await;
        let activate = "mutation($i: SetProgramStatusInput!) { setProgramStatus(input: $i) { status } }";
        admin.ok(activate, json!({ "i": { "id": program, "status": "ACTIVE" } })).await;
        let settings = "mutation($i: UpdatePaymentSettingsInput!) { updatePaymentSettings(input: $i) { providers } }";
        admin.ok(settings, json!({ "i": { "providers": ["MANUAL"], "transferInstructions": "IBAN DE02" } })).await;
        Shop { app, admin, lea, program, application: String::new(), attendee: String::new() }
    }

    /// A product of the program.
    pub async fn product(&self, input: Value) -> String {
        let mut product =
            json!({ "programId": self.program, "name": "Ticket", "kind": "TICKET", "prices": [{ "amount": 1000, "currency": "EUR" }] });
        product.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        id(&self.admin, "createProduct", "CreateProductInput", product).await
    }

    /// A coupon of the program.
    pub async fn coupon(&self, code: &str, input: Value) -> String {
        let mut coupon = json!({ "programId": self.program, "code": code });
        coupon.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        id(&self.admin, "createCoupon", "CreateCouponInput", coupon).await
    }

    /// So many of products, for whoever applies.
    pub fn cart(&self, lines: &[(&str, i32)]) -> Value {
        cart_for(&self.application, &self.attendee, lines)
    }

    /// Places a cart at the price that it has now, to be transferred; answers the order.
    pub async fn place(&self, client: &Client, cart: &Value, key: &str) -> Value {
        client.ok(PLACE, json!({ "i": self.priced(client, cart, key).await })).await["placeOrder"].take()
    }

    /// A cart at the price that it has now, to be ordered under a key.
    pub async fn priced(&self, client: &Client, cart: &Value, key: &str) -> Value {
        let total = client.ok(PREVIEW, json!({ "i": cart })).await["previewOrder"]["total"]["amount"].take();
        order_of(cart, &total, key)
    }

    /// The money for an order comes.
    pub async fn pay(&self, order: &Value) {
        let record = "mutation($i: RecordPaymentInput!) { recordPayment(input: $i) { status } }";
        let id = order["id"].as_str().unwrap();
        let input = json!({ "orderId": id, "amount": order["total"]["amount"], "idempotencyKey": format!("pay-{id}") });
        assert_eq!(self.admin.ok(record, json!({ "i": input })).await["recordPayment"]["status"], "PAID");
    }

    /// Places a cart, and pays it.
    pub async fn buy(&self, client: &Client, cart: &Value, key: &str) -> Value {
        let order = self.place(client, cart, key).await;
        if order["status"] == "PENDING" {
            self.pay(&order).await;
        }
        order
    }

    /// An order's hold has ended.
    pub async fn overdue(&self, order: &Value) {
        let order = uuid(order["id"].as_str().unwrap());
        self.app
            .sql(&format!(
                "UPDATE sales_order SET expires_at = now() - interval '1 minute' WHERE id = '{order}'; SET session_replication_role = replica;
                 UPDATE job SET run_at = now() WHERE kind = 'order.expire' AND state = 'QUEUED'; RESET session_replication_role"
            ))
            .await;
    }

    /// What is held of a product.
    pub async fn held(&self, product: &str) -> i64 {
        let held = format!("SELECT held::text FROM product_stock WHERE product_id = '{}'", uuid(product));
        self.app.text(&held).await.unwrap().parse().unwrap()
    }

    /// Whether every counter says what the rows say.
    pub async fn assert_counted(&self) {
        let wrong = "(SELECT FROM product_stock s WHERE s.held <> (SELECT count(*) FROM ticket t WHERE t.tenant_id = s.tenant_id AND t.product_id = s.product_id AND t.status IN ('HELD', 'ISSUED')) \
             UNION ALL SELECT FROM coupon_uses u WHERE u.uses <> (SELECT count(*) FROM sales_order o WHERE o.tenant_id = u.tenant_id AND o.coupon_id = u.coupon_id AND o.status IN ('PENDING', 'PAID', 'REFUNDED')) \
             UNION ALL SELECT FROM credit_balance b WHERE b.held <> (SELECT coalesce(sum(o.credit_applied), 0) FROM sales_order o WHERE o.tenant_id = b.tenant_id AND o.application_id = b.application_id AND o.currency = b.currency AND o.status = 'PENDING')) AS wrong";
        assert_eq!(self.app.count(wrong).await, 0);
    }
}

/// Makes something; answers its id.
pub async fn id(client: &Client, mutation: &str, input: &str, value: Value) -> String {
    let query = format!("mutation($i: {input}!) {{ {mutation}(input: $i) {{ id }} }}");
    client.ok(&query, json!({ "i": value })).await[mutation]["id"].as_str().unwrap().to_owned()
}

/// Applies, and is accepted; answers the application and its MAIN attendee.
pub async fn applied(client: &Client, program: &str) -> (String, String) {
    let application = id(client, "startApplication", "StartApplicationInput", json!({ "programId": program })).await;
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status attendees { id } } }";
    let submitted = client.ok(submit, json!({ "id": application })).await["submitApplication"].take();
    assert_eq!(submitted["status"], "ACCEPTED");
    (application, submitted["attendees"][0]["id"].as_str().unwrap().to_owned())
}

/// So many of products, for an attendee.
pub fn cart_for(application: &str, attendee: &str, lines: &[(&str, i32)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(product, quantity)| json!({ "productId": product, "attendeeId": attendee, "quantity": quantity })).collect();
    json!({ "applicationId": application, "lines": lines })
}

/// A cart as an order to be transferred.
pub fn order_of(cart: &Value, total: &Value, key: &str) -> Value {
    let mut order = cart.clone();
    order
        .as_object_mut()
        .unwrap()
        .extend(json!({ "expectedTotal": total, "provider": "MANUAL", "idempotencyKey": key }).as_object().unwrap().clone());
    order
}

/// A cart with something else to it.
pub fn with(cart: &Value, more: Value) -> Value {
    let mut cart = cart.clone();
    cart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    cart
}

#[tokio::test]
async fn an_order_is_held_until_it_is_paid_and_its_tickets_are_issued_then() {
    let shop = Shop::start(json!({})).await;
    let week = shop.product(json!({ "name": "Week", "stock": 5, "taxPercent": 19 })).await;
    let shirt = shop.product(json!({ "name": "Shirt", "kind": "MERCH", "taxPercent": 7, "taxIncluded": false, "prices": [{ "amount": 999, "currency": "EUR" }] })).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&week, 1), (&shirt, 3)]), "first-order").await;
    assert_eq!((&order["status"], &order["kind"], &order["currency"]), (&json!("PENDING"), &json!("PURCHASE"), &json!("EUR")));
    assert_eq!(order["reference"].as_str().unwrap().len(), 8);
    // 19 % of 1000 are in it; 7 % of 2997 come on top, half up.
    assert_eq!(
        (&order["subtotal"]["amount"], &order["tax"]["amount"], &order["total"]["amount"]),
        (&json!(3997), &json!(160 + 210), &json!(1000 + 3207))
    );
    assert_eq!((&order["lines"][0]["taxPercent"], &order["lines"][1]["total"]["amount"]), (&json!(19.0), &json!(3207)));
    let tickets = order["lines"][1]["tickets"].as_array().unwrap();
    let prices: Vec<i64> = tickets.iter().map(|ticket| ticket["price"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(prices.iter().sum::<i64>(), 3207);
    assert!(tickets.iter().all(|ticket| ticket["status"] == "HELD" && ticket["code"].is_null()), "{tickets:?}");
    assert_eq!((shop.held(&week).await, shop.held(&shirt).await), (1, 3));
    shop.pay(&order).await;
    let paid = shop.lea.ok(ORDER, json!({ "id": order["id"] })).await["order"].take();
    let codes: Vec<&str> = paid["lines"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|line| line["tickets"].as_array().unwrap())
        .map(|ticket| ticket["code"].as_str().unwrap())
        .collect();
    assert!(codes.len() == 4 && codes.iter().all(|code| code.len() == 16), "{codes:?}");
    // What is kept of a code is its hash alone.
    for code in codes {
        assert_eq!(shop.app.count(&format!("ticket WHERE code_hash = sha256('{code}')")).await, 1);
    }
    assert_eq!(shop.lea.refused(CANCEL, json!({ "id": order["id"] })).await, "CONFLICT INVALID_TRANSITION @id");
    shop.assert_counted().await;
}

#[tokio::test]
async fn what_costs_nothing_is_paid_at_once() {
    let shop = Shop::start(json!({})).await;
    let free = shop.product(json!({ "prices": [{ "amount": 0, "currency": "EUR" }] })).await;
    let order = shop.place(&shop.lea, &shop.cart(&[(&free, 1)]), "for-nothing").await;
    assert_eq!((&order["status"], &order["total"]["amount"], &order["expiresAt"]), (&json!("PAID"), &json!(0), &Value::Null));
    assert_eq!(order["lines"][0]["tickets"][0]["status"], "ISSUED");
    // Something else is given for nothing by who may.
    let dear = shop.product(json!({ "name": "Dear", "discountable": false })).await;
    let cart = with(&shop.cart(&[(&dear, 2)]), json!({ "complimentary": true }));
    assert_eq!(shop.lea.refused(PREVIEW, json!({ "i": cart })).await, "FORBIDDEN [PAYMENT_MANAGE] @complimentary");
    let given = shop.place(&shop.admin, &cart, "gift-of-the-house").await;
    assert_eq!(
        (&given["status"], &given["discount"]["source"], &given["discount"]["amount"]["amount"]),
        (&json!("PAID"), &json!("COMPLIMENTARY"), &json!(2000))
    );
}

#[tokio::test]
async fn what_is_cancelled_gives_everything_back_once() {
    let shop = Shop::start(json!({})).await;
    let week = shop.product(json!({ "stock": 2 })).await;
    let coupon = shop.coupon("TEN", json!({ "percentOff": 10, "maxUses": 1 })).await;
    let cart = with(&shop.cart(&[(&week, 2)]), json!({ "couponCode": " ten " }));
    let order = shop.place(&shop.lea, &cart, "first-order").await;
    assert_eq!((&order["couponCode"], &order["total"]["amount"]), (&json!("TEN"), &json!(1800)));
    assert_eq!(
        (shop.held(&week).await, shop.app.count(&format!("coupon_uses WHERE coupon_id = '{}' AND uses = 1", uuid(&coupon))).await),
        (2, 1)
    );
    let cancelled = shop.lea.ok(CANCEL, json!({ "id": order["id"] })).await["cancelOrder"].take();
    assert_eq!((&cancelled["status"], &cancelled["lines"][0]["tickets"][0]["status"]), (&json!("CANCELLED"), &json!("CANCELLED")));
    assert_eq!(shop.lea.refused(CANCEL, json!({ "id": order["id"] })).await, "CONFLICT INVALID_TRANSITION @id");
    shop.assert_counted().await;
    // All of it can be had again.
    shop.place(&shop.lea, &cart, "second-order").await;
    shop.assert_counted().await;
}

#[tokio::test]
async fn a_fee_is_an_order_of_its_own_and_paying_it_submits_nothing() {
    let shop = Shop::open(json!({ "applicationFee": { "amount": 2500, "currency": "EUR" }, "creditFeeOnAcceptance": true })).await;
    let application = id(&shop.lea, "startApplication", "StartApplicationInput", json!({ "programId": shop.program })).await;
    let pay = "mutation($i: PayApplicationFeeInput!) { payApplicationFee(input: $i) { id kind status total { amount currency } lines { name product { id } } } }";
    let fee = |total: i32, key: &str| json!({ "i": { "applicationId": application, "expectedTotal": total, "provider": "MANUAL", "idempotencyKey": key } });
    assert_eq!(shop.lea.refused(pay, fee(2499, "fee-of-before")).await, "CONFLICT PRICE_CHANGED @expectedTotal");
    let order = shop.lea.ok(pay, fee(2500, "fee-of-today")).await["payApplicationFee"].take();
    assert_eq!(
        (&order["kind"], &order["status"], &order["lines"][0]["product"]),
        (&json!("APPLICATION_FEE"), &json!("PENDING"), &Value::Null)
    );
    assert_eq!(shop.lea.ok(pay, fee(2500, "fee-of-today")).await["payApplicationFee"]["id"], order["id"]);
    assert_eq!(shop.lea.refused(pay, fee(2500, "another-key")).await, "CONFLICT ORDER_PENDING @applicationId");
    shop.pay(&order).await;
    let read = "query($id: ID!) { application(id: $id) { status feePaid credit { amount currency } orders { totalCount } } }";
    let unsubmitted = json!({ "status": "DRAFT", "feePaid": true, "credit": [], "orders": { "totalCount": 1 } });
    assert_eq!(shop.lea.ok(read, json!({ "id": application })).await["application"], unsubmitted);
    assert_eq!(shop.lea.refused(pay, fee(2500, "once-more")).await, "CONFLICT ALREADY_PAID @applicationId");
    // Once accepted, it is to their good: once.
    let submit = "mutation($id: ID!) { submitApplication(id: $id) { status } }";
    shop.lea.ok(submit, json!({ "id": application })).await;
    let credited = shop.lea.ok(read, json!({ "id": application })).await["application"].take();
    assert_eq!((&credited["status"], &credited["credit"]), (&json!("ACCEPTED"), &json!([{ "amount": 2500, "currency": "EUR" }])));
    assert_eq!(shop.lea.refused(pay, fee(2500, "too-late-now")).await, "CONFLICT ALREADY_PAID @applicationId");
}
