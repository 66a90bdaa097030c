//! Stripe, as far as it is spoken to: a server of the tests that answers as its API does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use lectern::{domains::payments::sign, http::HttpOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{PAY, PLACE, REFUND, SETTINGS, Shop, assert_balanced, books, of_payment, post as send, read, read_all};
use crate::{
    app::TestApp,
    classroom::{is_due, refused, uuid},
    orders,
};

pub const KEY: &str = "sk_test_0123456789abcdef";
pub const SECRET: &str = "whsec_0123456789abcdef";

/// Where a request is held up that makes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing is made yet.
    Before,
    /// It is made, and not answered.
    After,
}

/// What a server of the tests knows, and what is wrong with it.
#[derive(Default)]
pub struct Books {
    /// What was made under which key: the same again answers the same.
    keys: HashMap<String, (String, Value)>,
    pub sessions: HashMap<String, Value>,
    pub refunds: HashMap<String, Value>,
    /// The form of each request that made something.
    pub asked: Vec<HashMap<String, String>>,
    /// The key and the body of each request that was to make something, whatever came of it.
    pub posts: Vec<(String, String)>,
    /// So many requests are answered with this status.
    pub failing: (u32, u16),
    /// Whether it takes its time, before it does something and after.
    pub is_slow: bool,
    /// Where requests wait until this is taken away, and whether one does.
    pub held: Option<Held>,
    pub is_holding: bool,
    /// In which state refunds begin.
    pub refund_state: Option<&'static str>,
}

/// A Stripe of the tests.
#[derive(Clone, Default)]
pub struct Stripe(Arc<Mutex<Books>>);

fn answer(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

impl Stripe {
    pub async fn start() -> (Stripe, String) {
        let stripe = Stripe::default();
        let routes = Router::new()
            .route("/v1/checkout/sessions", post(make_session))
            .route("/v1/checkout/sessions/{id}", get(show_session))
            .route("/v1/refunds", post(make_refund).get(list_refunds))
            .route("/v1/refunds/{id}", get(show_refund))
            .with_state(stripe.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        (stripe, format!("http://{address}"))
    }

    /// Looks into its books.
    pub fn books<T>(&self, with: impl FnOnce(&mut Books) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }

    /// Makes something out of a form, once for each key; or refuses what Stripe would.
    fn make(
        &self,
        headers: &HeaderMap,
        body: &str,
        make: impl FnOnce(&mut Books, &HashMap<String, String>) -> Result<Value, String>,
    ) -> Response {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let key = text("idempotency-key");
        let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let refused = |status: u16, message: &str| answer(status, &json!({ "error": { "message": message } }));
        self.books(|books| {
            books.posts.push((key.clone(), body.to_owned()));
            if books.failing.0 > 0 {
                books.failing.0 -= 1;
                return refused(books.failing.1, &format!("No: {KEY}"));
            }
            if text("authorization") != format!("Bearer {KEY}") {
                return refused(401, "Invalid API Key");
            }
            match books.keys.get(&key) {
                Some((same, made)) if same == body => return answer(200, made),
                Some(_) => return refused(400, "Keys for idempotent requests can only be used with the same parameters."),
                None => {}
            }
            match make(books, &form) {
                Ok(made) => {
                    books.keys.insert(key, (body.to_owned(), made.clone()));
                    books.asked.push(form);
                    answer(200, &made)
                }
                Err(message) => refused(400, &message),
            }
        })
    }

    /// Waits where it is told to.
    async fn pause(&self, here: Held) {
        if self.books(|books| books.is_slow) {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        while self.books(|books| {
            books.is_holding |= books.held == Some(here);
            books.held == Some(here)
        }) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Holds requests up.
    pub fn hold(&self, here: Held) {
        self.books(|books| (books.held, books.is_holding) = (Some(here), false));
    }

    /// Lets them go.
    pub fn release(&self) {
        self.books(|books| books.held = None);
    }

    /// Somebody pays a session, or lets it expire.
    pub fn settle(&self, session: &str, status: &str, payment_status: &str) -> Value {
        self.books(|books| {
            let session = books.sessions.get_mut(session).unwrap();
            (session["status"], session["payment_status"]) = (json!(status), json!(payment_status));
            session.clone()
        })
    }
}

async fn make_session(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Response {
    stripe.pause(Held::Before).await;
    let made = stripe.make(&headers, &body, |books, form| {
        let lasts = form["expires_at"].parse::<i64>().unwrap() - crate::app::now().as_second();
        if !(1800..=86_400).contains(&lasts) {
            return Err("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.".to_owned());
        }
        let n = books.sessions.len();
        let session = json!({
            "id": format!("cs_test_{n}"), "object": "checkout.session", "url": format!("https://checkout.stripe.com/c/pay/cs_test_{n}"), "status": "open",
            "payment_status": "unpaid", "payment_intent": format!("pi_{n}"), "client_reference_id": form["client_reference_id"],
            "amount_total": form["line_items[0][price_data][unit_amount]"].parse::<i64>().unwrap(), "currency": form["line_items[0][price_data][currency]"],
        });
        books.sessions.insert(format!("cs_test_{n}"), session.clone());
        Ok(session)
    });
    stripe.pause(Held::After).await;
    made
}

async fn show_session(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    stripe.books(|books| {
        if books.failing.0 > 0 {
            books.failing.0 -= 1;
            return answer(books.failing.1, &json!({ "error": { "message": "No" } }));
        }
        match books.sessions.get(&id) {
            Some(session) => answer(200, session),
            None => answer(404, &json!({ "error": { "message": "No such session" } })),
        }
    })
}

async fn make_refund(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Response {
    stripe.pause(Held::Before).await;
    let made = stripe.make(&headers, &body, |books, form| {
        let (n, state) = (books.refunds.len(), books.refund_state.unwrap_or("succeeded"));
        let refund = json!({
            "id": format!("re_{n}"), "object": "refund", "status": state, "payment_intent": form["payment_intent"], "amount": form["amount"].parse::<i64>().unwrap(),
            "metadata": { "refund": form["metadata[refund]"], "payment": form["metadata[payment]"] },
        });
        books.refunds.insert(format!("re_{n}"), refund.clone());
        Ok(refund)
    });
    stripe.pause(Held::After).await;
    made
}

async fn list_refunds(State(stripe): State<Stripe>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let of = |refund: &&Value| refund["payment_intent"].as_str() == asked.get("payment_intent").map(String::as_str);
    let found: Vec<Value> = stripe.books(|books| books.refunds.values().filter(of).cloned().collect());
    answer(200, &json!({ "data": found }))
}

async fn show_refund(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    answer(200, &stripe.books(|books| books.refunds[&id].clone()))
}

/// A shop that is paid at Stripe.
pub async fn shop(terms: Value) -> (Shop, Stripe) {
    let (stripe, url) = Stripe::start().await;
    // What fails is tried again when a test says so, and not by itself.
    let app = TestApp::start_with(&[&format!("--stripe-api-base={url}"), "--job-backoff=3600"], HttpOptions::default()).await;
    let shop = Shop::of(app, terms).await;
    let set = json!({ "providers": ["MANUAL", "STRIPE"], "stripeSecretKey": KEY, "stripeWebhookSecret": SECRET, "returnOrigins": ["https://shop.example"] });
    shop.admin.ok(SETTINGS, json!({ "i": set })).await;
    (shop, stripe)
}

/// Places a cart, to be paid at Stripe; answers the order's id and its payment's.
pub async fn place(shop: &Shop, cart: &Value, key: &str) -> (String, String) {
    let mut input = shop.priced(&shop.lea, cart, key).await;
    (input["provider"], input["returnUrl"]) = (json!("STRIPE"), json!("https://shop.example/thanks"));
    let order = shop.lea.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"].as_str().unwrap().to_owned();
    let payment = read(&shop.lea, &order).await["payments"][0]["id"].as_str().unwrap().to_owned();
    (order, payment)
}

/// Stripe says something, and it is taken.
pub async fn say(shop: &Shop, id: &str, kind: &str, object: &Value) {
    let body = json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } }).to_string().into_bytes();
    let signed = sign(SECRET, crate::app::now().as_second(), &body);
    let answer = send(shop, "/webhooks/payments/oak/stripe", Some(("stripe-signature", signed)), body).await;
    assert_eq!(answer, (200, json!({ "received": true })));
}

/// What a session would look like that was paid.
pub fn paid(payment: &str, amount: i64) -> Value {
    json!({ "id": "cs_test_0", "client_reference_id": payment, "payment_intent": "pi_0", "status": "complete", "payment_status": "paid", "amount_total": amount, "currency": "eur" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_made_once_however_often_stripe_fails() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    stripe.books(|books| books.failing = (2, 500));
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 2)]), "stripe-0001").await;
    assert!(read(&shop.lea, &order).await["payments"][0]["checkoutUrl"].is_null());
    for _ in 0..3 {
        shop.app.sql("UPDATE job SET run_at = now() WHERE kind = 'payment.start' AND state = 'QUEUED'").await;
        shop.app.work().await;
    }
    assert_eq!(read(&shop.lea, &order).await["payments"][0]["checkoutUrl"], "https://checkout.stripe.com/c/pay/cs_test_0");
    let asked = stripe.books(|books| (books.sessions.len(), books.asked[0].clone()));
    let form = asked.1;
    assert_eq!(asked.0, 1);
    for (name, value) in [
        ("mode", "payment"),
        ("client_reference_id", payment.as_str()),
        ("metadata[payment]", payment.as_str()),
        ("payment_intent_data[metadata][payment]", payment.as_str()),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "2000"),
        ("success_url", "https://shop.example/thanks"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    say(&shop, "evt_1", "checkout.session.completed", &stripe.settle("cs_test_0", "complete", "paid")).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_eq!(books(&shop).await, "CASH_STRIPE 2000, REVENUE -2000");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn what_stripe_refuses_leaves_the_order_waiting_and_says_why_without_the_key() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    stripe.books(|books| books.failing = (1, 402));
    let (order, _) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["failure"]),
        (&json!("PENDING"), &json!("REJECTED"), &json!("No: …"))
    );
}

#[tokio::test]
async fn a_webhook_may_come_before_the_session_is_known() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    shop.app.work().await;
    assert_eq!(of_payment(&shop, &payment, "provider_id || ' ' || intent_id").await, "cs_test_0 pi_0");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_transfer_between_banks_keeps_the_hold_and_then_pays_or_does_not() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    let mut session = paid(&payment, 1000);
    session["payment_status"] = json!("unpaid");
    say(&shop, "evt_1", "checkout.session.completed", &session).await;
    let waits = format!("sales_order WHERE id = '{}' AND status = 'PENDING' AND expires_at > now() + interval '13 days'", uuid(&order));
    assert_eq!(shop.app.count(&waits).await, 1);
    say(&shop, "evt_2", "checkout.session.async_payment_failed", &session).await;
    assert_eq!(read(&shop.lea, &order).await["payments"][0]["status"], "REJECTED");
    say(&shop, "evt_3", "checkout.session.async_payment_succeeded", &session).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_transfer_between_banks_that_fails_holds_no_longer_than_another_way_to_pay_would() {
    let (shop, _) = shop(json!({})).await;
    let last = shop.product(json!({ "stock": 1 })).await;
    let fails = async |payment: &str, n: u32| {
        let mut session = paid(payment, 1000);
        session["payment_status"] = json!("unpaid");
        (session["id"], session["payment_intent"]) = (json!(format!("cs_test_{n}")), json!(format!("pi_{n}")));
        say(&shop, &format!("evt_w{n}"), "checkout.session.completed", &session).await;
        say(&shop, &format!("evt_f{n}"), "checkout.session.async_payment_failed", &session).await;
    };
    let held = |order: &str, from: &str, to: &str| {
        let order = uuid(order);
        format!(
            "sales_order WHERE id = '{order}' AND status = 'PENDING' AND expires_at BETWEEN now() + interval '{from}' AND now() + interval '{to}'"
        )
    };
    let (order, payment) = place(&shop, &shop.cart(&[(&last, 1)]), "stripe-0001").await;
    fails(&payment, 0).await;
    assert_eq!(read(&shop.lea, &order).await["payments"][0]["status"], "REJECTED");
    assert_eq!(shop.app.count(&held(&order, "1 minute", "35 minutes")).await, 1);
    // It is over: somebody else has the last one. That a transfer to the school had its days stays.
    shop.overdue(&json!({ "id": order })).await;
    let eve = shop.app.person(&shop.app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (application, attendee) = orders::applied(&eve, &shop.program).await;
    let theirs = shop.place(&eve, &orders::cart_for(&application, &attendee, &[(&last, 1)]), "by-transfer").await["id"].take();
    assert_eq!(read(&shop.lea, &order).await["status"], "EXPIRED");
    let otherwise = json!({ "i": { "orderId": theirs, "provider": "STRIPE", "returnUrl": "https://shop.example/thanks" } });
    eve.ok(PAY, otherwise).await;
    let theirs = theirs.as_str().unwrap();
    let seen = read(&eve, theirs).await;
    let payments = seen["payments"].as_array().unwrap();
    let payment = payments.iter().find(|payment| payment["provider"] == "STRIPE").unwrap()["id"].as_str().unwrap();
    fails(payment, 1).await;
    assert_eq!(of_payment(&shop, payment, "status").await, "REJECTED");
    assert_eq!(shop.app.count(&held(theirs, "6 days", "7 days")).await, 1);
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_lost_heals() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    stripe.settle("cs_test_0", "complete", "paid");
    let reconcile = || async {
        let ask = "SELECT app.enqueue('payment.reconcile', NULL)";
        let open = format!(
            "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.correlation_id', 'trial', true)",
            shop.app.oak.tenant
        );
        shop.app.sql(&format!("{open}; {ask}; COMMIT")).await;
        shop.app.work().await;
    };
    reconcile().await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PENDING", "it is not asked about yet");
    assert!(!is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
    shop.app.sql("UPDATE payment SET created_at = created_at - interval '16 minutes'").await;
    assert!(is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
    reconcile().await;
    assert!(!is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
    assert_eq!(
        (read(&shop.lea, &order).await["status"].clone(), of_payment(&shop, &payment, "status").await.as_str()),
        (json!("PAID"), "APPROVED")
    );
    // The webhook comes after all.
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    let events = read_all(&shop.admin, &order).await["payments"][0]["events"].take();
    assert_eq!(
        events.as_array().unwrap().iter().map(|event| event["outcome"].as_str().unwrap()).collect::<Vec<_>>(),
        ["APPLIED", "IGNORED"]
    );
    assert_balanced(&shop).await;
    // What was paid at the last moment, of an order that has expired since.
    let (order, _) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0002").await;
    shop.app.work().await;
    shop.overdue(&json!({ "id": order })).await;
    shop.app.work().await;
    let expire = format!(
        "DO $$ BEGIN PERFORM set_config('app.tenant_id', '{}', true), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.correlation_id', 'x', true); \
         PERFORM app.expire_orders(100); END $$",
        shop.app.oak.tenant
    );
    shop.app.sql(&expire).await;
    assert_eq!(read(&shop.lea, &order).await["status"], "EXPIRED");
    assert!(!is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
    shop.app.sql("UPDATE payment SET settled_at = settled_at - interval '11 minutes' WHERE status = 'EXPIRED'").await;
    let later = "UPDATE payment SET asked_at = asked_at - interval '6 minutes'";
    // While its page is open, and while Stripe can't or won't say, nothing is known yet.
    for failing in [(0, 0), (1, 503), (1, 404)] {
        assert!(is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
        stripe.books(|books| books.failing = failing);
        reconcile().await;
        assert_eq!((read(&shop.lea, &order).await["status"].take(), stripe.books(|books| books.failing.0)), (json!("EXPIRED"), 0));
        assert!(!is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
        stripe.settle("cs_test_1", "complete", "paid");
        shop.app.sql(later).await;
    }
    assert!(is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
    reconcile().await;
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
    // What is on its way is asked about further; what has expired or failed there as well is not.
    for (session, ends) in [("cs_test_2", "expired"), ("cs_test_3", "failed")] {
        let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), &format!("stripe-{ends}")).await;
        shop.app.work().await;
        shop.lea.ok("mutation($id: ID!) { cancelOrder(id: $id) { status } }", json!({ "id": order })).await;
        shop.app.sql("UPDATE payment SET settled_at = settled_at - interval '11 minutes' WHERE status = 'CANCELLED'").await;
        assert!(is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
        stripe.settle(session, "complete", "unpaid");
        reconcile().await;
        shop.app.sql(later).await;
        assert!(is_due(&shop.app, &shop.app.oak, "payment.reconcile").await);
        if ends == "expired" {
            stripe.settle(session, "expired", "unpaid");
            reconcile().await;
            shop.app.sql(later).await;
        } else {
            let mut failed = paid(&payment, 1000);
            (failed["id"], failed["payment_intent"], failed["payment_status"]) = (json!(session), json!("pi_3"), json!("unpaid"));
            say(&shop, "evt_f", "checkout.session.async_payment_failed", &failed).await;
        }
        assert!(!is_due(&shop.app, &shop.app.oak, "payment.reconcile").await, "{ends}");
        assert_eq!(read(&shop.lea, &order).await["status"], "CANCELLED");
    }
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_is_booked_when_stripe_has_made_it() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    let refund = |amount: i64, key: &str| json!({ "i": { "orderId": order, "amount": amount, "reason": "Sorry", "idempotencyKey": key } });
    stripe.books(|books| books.refund_state = Some("pending"));
    let asked = shop.admin.ok(REFUND, refund(300, "refund-0001")).await["refundOrder"].take();
    assert_eq!((&asked["refunded"]["amount"], &asked["refunds"][0]["status"]), (&json!(0), &json!("PENDING")));
    shop.app.work().await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, REVENUE -1000", "nothing is booked before it is made");
    // What is under way can't be given back again.
    let too_much = shop.admin.refused(REFUND, refund(701, "refund-0002")).await;
    assert_eq!(too_much, "CONFLICT REFUND_TOO_LARGE @amount");
    let made = stripe.books(|books| {
        let made = books.refunds.get_mut("re_0").unwrap();
        made["status"] = json!("succeeded");
        made.clone()
    });
    for n in 0..2 {
        say(&shop, &format!("evt_r{n}"), "refund.updated", &made).await;
    }
    let charge = json!({ "amount_refunded": 300, "payment_intent": "pi_0", "metadata": { "payment": payment } });
    say(&shop, "evt_c", "charge.refunded", &charge).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!((&seen["refunded"]["amount"], &seen["refunds"].as_array().unwrap().len()), (&json!(300), &1));
    assert_eq!(books(&shop).await, "CASH_STRIPE 700, REVENUE -700");
    assert_balanced(&shop).await;
    // Somebody gives more back at Stripe itself.
    let charge = json!({ "amount_refunded": 450, "payment_intent": "pi_0", "metadata": { "payment": payment } });
    say(&shop, "evt_d", "charge.refunded", &charge).await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 550, REVENUE -550");
    assert_balanced(&shop).await;
    let asked = stripe.books(|books| books.asked.iter().filter(|form| form.contains_key("payment_intent")).count());
    assert_eq!(asked, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_of_what_went_back_at_stripe_itself_expires_and_its_money_goes_back_too() {
    let (shop, stripe) = shop(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let day = shop.product(json!({ "name": "Day" })).await;
    let week = shop.product(json!({ "name": "Week", "prices": [{ "amount": 1500, "currency": "EUR" }] })).await;
    let (bought, payment) = place(&shop, &shop.cart(&[(&day, 2)]), "two-days-1").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 2000)).await;
    let ticket = read(&shop.lea, &bought).await["lines"][0]["tickets"][0]["id"].take();
    let upgrade = orders::with(&shop.cart(&[(&week, 1)]), json!({ "returnTicketIds": [ticket] }));
    let (exchange, _) = place(&shop, &upgrade, "to-a-week-1").await;
    shop.app.work().await;
    let goes_back = async |id: &str, amount: i64| {
        let charge = json!({ "amount_refunded": amount, "payment_intent": "pi_0", "metadata": { "payment": payment } });
        say(&shop, id, "charge.refunded", &charge).await;
        read(&shop.lea, &exchange).await
    };
    // One of the two days is left to be exchanged; then no longer.
    let waits = goes_back("evt_2", 1000).await;
    assert_eq!((&waits["status"], &waits["due"]["amount"]), (&json!("PENDING"), &json!(500)));
    let ended = goes_back("evt_3", 1500).await;
    assert_eq!((&ended["status"], &ended["payments"][0]["status"]), (&json!("EXPIRED"), &json!("EXPIRED")));
    assert_eq!((books(&shop).await.as_str(), shop.held(&day).await, shop.held(&week).await), ("CASH_STRIPE 500, REVENUE -500", 2, 0));
    assert_balanced(&shop).await;
    say(&shop, "evt_4", "checkout.session.completed", &stripe.settle("cs_test_1", "complete", "paid")).await;
    shop.app.work().await;
    let seen = read(&shop.lea, &exchange).await;
    assert_eq!((&seen["status"], &seen["payments"][0]["status"]), (&json!("EXPIRED"), &json!("REFUNDED")));
    assert_eq!(books(&shop).await, "CASH_STRIPE 500, REVENUE -500");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_fails_is_told_and_can_be_asked_for_again() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    stripe.books(|books| books.refund_state = Some("failed"));
    let refund = |key: &str| json!({ "i": { "orderId": order, "reason": "Sorry", "idempotencyKey": key } });
    shop.admin.ok(REFUND, refund("refund-0001")).await;
    shop.app.work().await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["refunded"]["amount"], &seen["refunds"][0]["status"]),
        (&json!("PAID"), &json!(0), &json!("FAILED"))
    );
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, REVENUE -1000");
    shop.app.work().await;
    let told = "notification n JOIN app_user u ON u.tenant_id = n.tenant_id AND u.id = n.recipient_id WHERE n.kind = 'PAYMENT_ATTENTION' AND u.email = 'admin@oak.example'";
    assert!(shop.app.count(told).await >= 1);
    stripe.books(|books| books.refund_state = None);
    shop.admin.ok(REFUND, refund("refund-0002")).await;
    shop.app.work().await;
    assert_eq!((read(&shop.lea, &order).await["status"].clone(), books(&shop).await.as_str()), (json!("REFUNDED"), ""));
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_was_made_and_fails_after_all_is_told_once_and_stays_in_the_books() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    let refund = json!({ "i": { "orderId": order, "amount": 300, "reason": "Sorry", "idempotencyKey": "refund-0001" } });
    shop.admin.ok(REFUND, refund).await;
    shop.app.work().await;
    let mut undone = stripe.books(|books| books.refunds["re_0"].clone());
    (undone["status"], undone["failure_reason"]) = (json!("failed"), json!("expired_or_canceled_card"));
    for n in 0..2 {
        say(&shop, &format!("evt_f{n}"), "refund.updated", &undone).await;
    }
    shop.app.work().await;
    let told = shop.admin.ok("{ notifications { nodes { kind } } }", json!({})).await["notifications"]["nodes"].take();
    assert_eq!(told.as_array().unwrap().iter().filter(|one| one["kind"] == "PAYMENT_ATTENTION").count(), 1, "{told}");
    let seen = read_all(&shop.admin, &order).await;
    let events = seen["payments"][0]["events"].as_array().unwrap();
    let outcomes: Vec<&str> =
        events.iter().filter(|event| event["type"] == "refund.updated").map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["APPLIED", "IGNORED"]);
    assert_eq!((&seen["refunded"]["amount"], &seen["refunds"][0]["status"]), (&json!(300), &json!("SUCCEEDED")));
    assert_eq!(books(&shop).await, "CASH_STRIPE 700, REVENUE -700");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_its_way_back_of_a_fee_is_not_credited_as_well_and_goes_back_another_time_where_that_fails() {
    let (shop, stripe) = shop(json!({})).await;
    let terms = json!({ "id": shop.program, "applicationFee": { "amount": 2500, "currency": "EUR" }, "creditFeeOnAcceptance": true });
    shop.admin.ok("mutation($i: UpdateProgramInput!) { updateProgram(input: $i) { id } }", json!({ "i": terms })).await;
    let back = |order: &str, amount: &Value, key: &str| json!({ "i": { "orderId": order, "amount": amount, "reason": "Sorry", "idempotencyKey": key } });
    let mut order = String::new();
    // All of it, and a part: what is credit then, what Stripe says to it, and the books.
    for (n, (amount, credit, state, expected)) in [
        (Value::Null, json!([]), "succeeded", ""),
        (json!(1000), json!([{ "amount": 1500, "currency": "EUR" }]), "failed", "CASH_STRIPE 2500, CREDIT -1500, REVENUE -1000"),
    ]
    .into_iter()
    .enumerate()
    {
        let client = shop.app.person(&shop.app.oak, &format!("person{n}@oak.example"), &["LEARNER"]).await;
        let application = orders::id(&client, "startApplication", "StartApplicationInput", json!({ "programId": shop.program })).await;
        let fee = json!({ "applicationId": application, "expectedTotal": 2500, "provider": "STRIPE", "returnUrl": "https://shop.example/thanks", "idempotencyKey": "the-fee-0001" });
        order = orders::id(&client, "payApplicationFee", "PayApplicationFeeInput", fee).await;
        shop.app.work().await;
        let session = stripe.settle(&format!("cs_test_{n}"), "complete", "paid");
        say(&shop, &format!("evt_{n}"), "checkout.session.completed", &session).await;
        let asked = shop.admin.ok(REFUND, back(&order, &amount, &format!("fee-back-000{n}"))).await["refundOrder"].take();
        assert_eq!(asked["refunds"][0]["status"], "PENDING");
        let submit = "mutation($id: ID!) { submitApplication(id: $id) { status } }";
        assert_eq!(client.ok(submit, json!({ "id": application })).await["submitApplication"]["status"], "ACCEPTED");
        assert_eq!(read(&client, &order).await["application"]["credit"], credit);
        stripe.books(|books| books.refund_state = Some(state));
        shop.app.work().await;
        assert_eq!(books(&shop).await, expected);
        assert_balanced(&shop).await;
    }
    // What failed is still theirs, and no more than that.
    refused(&shop.app, &shop.admin, REFUND, back(&order, &json!(1001), "fee-back-0002"), "CONFLICT REFUND_TOO_LARGE @amount").await;
    stripe.books(|books| books.refund_state = None);
    shop.admin.ok(REFUND, back(&order, &Value::Null, "fee-back-0003")).await;
    shop.app.work().await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 1500, CREDIT -1500");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_money_that_stripe_does_not_take_back_becomes_credit() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    shop.app.work().await;
    shop.lea.ok("mutation($id: ID!) { cancelOrder(id: $id) { status } }", json!({ "id": order })).await;
    stripe.books(|books| books.refund_state = Some("failed"));
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, SUSPENSE -1000");
    assert_balanced(&shop).await;
    shop.app.work().await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 1000, CREDIT -1000");
    assert_eq!(read(&shop.lea, &order).await["application"]["credit"], json!([{ "amount": 1000, "currency": "EUR" }]));
    assert_balanced(&shop).await;
}

#[tokio::test]
async fn a_dispute_is_told_and_changes_nothing_else() {
    let (shop, _) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = place(&shop, &shop.cart(&[(&product, 1)]), "stripe-0001").await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    say(&shop, "evt_2", "charge.dispute.created", &json!({ "id": "dp_1", "payment_intent": "pi_0" })).await;
    let seen = read(&shop.lea, &order).await;
    assert_eq!(
        (&seen["status"], &seen["payments"][0]["status"], &seen["payments"][0]["attention"]),
        (&json!("PAID"), &json!("APPROVED"), &json!("DISPUTED"))
    );
    assert_balanced(&shop).await;
}
