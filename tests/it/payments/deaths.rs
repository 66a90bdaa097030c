//! A process dies at each step of a payment, a refund and an exchange: nothing is lost by it, and nothing is done twice.

use std::{
    process::{Child, Command},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use lectern::domains::payments::sign;
use lectern_kernel::auth::SigningKey;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::{
    PLACE, RECORD, REFUND, Shop, assert_balanced, books, event,
    killed::{end, payer},
    read,
    stripe::{self, Held, Stripe, paid, say},
};
use crate::{
    app::{Client, PASSWORD, School},
    classroom::uuid,
    ops::lectern,
    orders::with,
    serve::Served,
};

/// Longer than anything here may take.
const NEVER: Duration = Duration::from_secs(60);

/// Where a worker is when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It has its job, and Stripe has heard nothing.
    Claimed,
    /// Stripe has heard of it, and done nothing.
    Asked,
    /// Stripe has done it, and answered nobody.
    Done,
    /// Stripe has answered, and nothing of that is written.
    Answered,
    /// It is written, and the job not finished: both would be committed together.
    Written,
}

const STEPS: [Step; 5] = [Step::Claimed, Step::Asked, Step::Done, Step::Answered, Step::Written];

/// Somebody at work in the database, for whom others wait.
struct Holder(tokio_postgres::Client);

impl Holder {
    async fn begin(shop: &Shop) -> Holder {
        let (client, connection) = tokio_postgres::connect(&shop.app.database.superuser_url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("BEGIN").await.unwrap();
        Holder(client)
    }

    async fn takes(&self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap();
    }

    async fn lets_go(self) {
        self.takes("ROLLBACK").await;
    }
}

async fn until(what: &str, mut there: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !there().await {
        assert!(began.elapsed() < NEVER, "never {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether somebody of the service waits for a lock, to say this.
async fn waits(shop: &Shop, saying: &str) -> bool {
    let waiting = "pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app' AND wait_event_type = 'Lock'";
    shop.app.count(&format!("{waiting} AND query LIKE '%{saying}%'")).await > 0
}

/// A worker takes up the only job of what is told to Stripe, and dies at a step of it. `effect` locks what the job writes in the end. Whoever is answered lets go.
async fn die(shop: &Shop, stripe: &Stripe, step: Step, effect: &str) -> Holder {
    let holder = Holder::begin(shop).await;
    match step {
        Step::Claimed => holder.takes("LOCK TABLE payment_settings IN ACCESS EXCLUSIVE MODE").await,
        Step::Asked => stripe.hold(Held::Before),
        Step::Done | Step::Written => stripe.hold(Held::After),
        Step::Answered => holder.takes(effect).await,
    }
    let worker: Child = payer(shop);
    match step {
        Step::Claimed => until("claimed", async || waits(shop, "_to_").await).await,
        Step::Answered => until("answered", async || waits(shop, "app.").await).await,
        Step::Asked | Step::Done => until("asked", async || stripe.books(|books| books.is_holding)).await,
        Step::Written => {
            until("asked", async || stripe.books(|books| books.is_holding)).await;
            holder.takes("SELECT FROM job WHERE state = 'RUNNING' FOR UPDATE").await;
            stripe.release();
            until("written", async || waits(shop, "app.finish_job").await).await;
        }
    }
    end(worker);
    holder
}

/// Who died lets go of everything; its job is taken up by another.
async fn goes_on(shop: &Shop, stripe: &Stripe, holder: Holder) {
    holder.lets_go().await;
    stripe.release();
    shop.app.sql("UPDATE job SET leased_until = now() - interval '1 second' WHERE state = 'RUNNING'").await;
    shop.app.work().await;
}

/// What came to Stripe less what went back, as it knows that, is what we know.
async fn assert_agreed(shop: &Shop, stripe: &Stripe) {
    let theirs = stripe.books(|books| {
        let paid = books.sessions.values().filter(|session| session["payment_status"] == "paid");
        let back = books.refunds.values().filter(|refund| refund["status"] == "succeeded");
        paid.map(|session| session["amount_total"].as_i64().unwrap()).sum::<i64>()
            - back.map(|refund| refund["amount"].as_i64().unwrap()).sum::<i64>()
    });
    let ours = "SELECT coalesce(sum(amount), 0)::text FROM ledger_posting WHERE account = 'CASH_STRIPE'";
    assert_eq!(shop.app.text(ours).await.unwrap(), theirs.to_string());
}

/// The sessions that Stripe has of a payment: one, and no other.
fn session_of(stripe: &Stripe, payment: &str) -> String {
    let of = |session: &&Value| session["client_reference_id"] == payment;
    let mut sessions: Vec<String> =
        stripe.books(|books| books.sessions.values().filter(of).map(|session| session["id"].as_str().unwrap().to_owned()).collect());
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    sessions.remove(0)
}

/// What is known of a payment: its state, and where it is made.
async fn known(shop: &Shop, payment: &str) -> String {
    let sql = format!("SELECT concat_ws(' ', status, provider_id, checkout_url) FROM payment WHERE id = '{}'", uuid(payment));
    shop.app.text(&sql).await.unwrap()
}

/// Somebody pays at Stripe, which tells us; as often as it likes.
async fn pay(shop: &Shop, stripe: &Stripe, payment: &str) {
    let session = stripe.settle(&session_of(stripe, payment), "complete", "paid");
    for _ in 0..2 {
        say(shop, &format!("evt_{payment}"), "checkout.session.completed", &session).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_dies_at_each_step_of_a_payment_and_it_is_made_and_paid_once() {
    let (shop, stripe) = stripe::shop(json!({})).await;
    let product = shop.product(json!({ "taxPercent": 19, "stock": 10 })).await;
    for (n, step) in STEPS.into_iter().enumerate() {
        let (order, payment) = stripe::place(&shop, &shop.cart(&[(&product, 1)]), &format!("dying-0{n}")).await;
        let locks = format!("SELECT FROM payment WHERE id = '{}' FOR UPDATE", uuid(&payment));
        let holder = die(&shop, &stripe, step, &locks).await;
        assert_eq!(known(&shop, &payment).await, "PENDING", "{step:?}");
        goes_on(&shop, &stripe, holder).await;
        let session = session_of(&stripe, &payment);
        assert_eq!(known(&shop, &payment).await, format!("PENDING {session} https://checkout.stripe.com/c/pay/{session}"), "{step:?}");
        // However often it was asked, it was asked the same under the same key.
        let posts: Vec<(String, String)> = stripe.books(|books| books.posts.iter().filter(|(key, _)| *key == payment).cloned().collect());
        assert!(!posts.is_empty() && posts.iter().all(|post| *post == posts[0]), "{step:?} {posts:?}");
        pay(&shop, &stripe, &payment).await;
        let seen = read(&shop.lea, &order).await;
        assert_eq!(
            (&seen["status"], &seen["paid"]["amount"], &seen["invoices"].as_array().unwrap().len()),
            (&json!("PAID"), &json!(1000), &1)
        );
        assert_balanced(&shop).await;
        assert_agreed(&shop, &stripe).await;
    }
    assert_eq!((stripe.books(|books| books.sessions.len()), shop.held(&product).await), (5, 5));
    assert_eq!(books(&shop).await, "CASH_STRIPE 5000, REVENUE -4200, TAX -800");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_dies_at_each_step_of_a_refund_and_the_money_goes_back_once() {
    let (shop, stripe) = stripe::shop(json!({})).await;
    let product = shop.product(json!({ "stock": 10 })).await;
    for (n, step) in STEPS.into_iter().enumerate() {
        let (order, payment) = stripe::place(&shop, &shop.cart(&[(&product, 1)]), &format!("back-000{n}")).await;
        shop.app.work().await;
        pay(&shop, &stripe, &payment).await;
        shop.app.work().await;
        let refund = json!({ "i": { "orderId": order, "reason": "Rain", "idempotencyKey": format!("refund-000{n}") } });
        assert_eq!(shop.admin.ok(REFUND, refund.clone()).await["refundOrder"]["refunds"][0]["status"], "PENDING");
        let before = books(&shop).await;
        let holder = die(&shop, &stripe, step, "SELECT FROM application FOR UPDATE").await;
        let of_order = format!("refund WHERE order_id = '{}'", uuid(&order));
        assert_eq!(shop.app.count(&format!("{of_order} AND status = 'PENDING' AND provider_id IS NULL")).await, 1, "{step:?}");
        assert_eq!(books(&shop).await, before, "{step:?}: nothing is booked of it");
        goes_on(&shop, &stripe, holder).await;
        // Whoever asked gets the same answer to the same request, and nothing more goes back.
        let again = shop.admin.ok(REFUND, refund).await["refundOrder"].take();
        assert_eq!((&again["status"], &again["refunds"][0]["status"]), (&json!("REFUNDED"), &json!("SUCCEEDED")), "{step:?}");
        assert_eq!((shop.app.count(&of_order).await, stripe.books(|books| books.refunds.len())), (1, n + 1), "{step:?}");
        assert_balanced(&shop).await;
        assert_agreed(&shop, &stripe).await;
    }
    assert_eq!((books(&shop).await.as_str(), shop.held(&product).await), ("", 0));
}

/// The binary as another process on the test's database.
fn beside(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = lectern(arguments);
    command
        .args(["--log", "off"])
        .env("DATABASE_URL", shop.app.database.url("lectern_app"))
        .env("LECTERN_SECRET_KEYS", &shop.app.seal)
        .env("LECTERN_STRIPE_API_BASE", &shop.app.settings.stripe_api_base)
        .env("LECTERN_DATA_DIR", shop.app.files().join("data"))
        .env("LECTERN_FILES", shop.app.files());
    command
}

/// A service beside the test's own.
fn serve(shop: &Shop) -> Served {
    let mut command = beside(shop, &["serve", "--listen", "127.0.0.1:0", "--worker", "false"]);
    command.env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text()).env("LECTERN_TEST_PAYMENTS", "true");
    Served::start(command)
}

/// Somebody who is signed in there.
async fn signed_in(shop: &Shop, at: &Served, school: &School, email: &str) -> Client {
    let there = Client { url: at.url.clone(), ..shop.app.stranger() };
    let login = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
    let input = json!({ "i": { "tenant": school.slug, "email": email, "password": PASSWORD } });
    there.with_session(&there.ok(login, input).await["login"])
}

/// A webhook of Stripe's, and whether it was answered.
async fn deliver(at: &str, id: &str, session: &Value) -> Option<u16> {
    let body = json!({ "id": id, "object": "event", "type": "checkout.session.completed", "data": { "object": session } }).to_string();
    let signed = sign(stripe::SECRET, crate::app::now().as_second(), body.as_bytes());
    let request = reqwest::Client::new().post(format!("{at}/webhooks/payments/oak/stripe")).header("stripe-signature", signed).body(body);
    request.send().await.ok().map(|answer| answer.status().as_u16())
}

/// Where a service dies that takes something: what it waits for then, and what it is about to do.
const PLACES: [(&str, &str); 3] = [
    ("LOCK TABLE payment_event IN ACCESS EXCLUSIVE MODE", "nothing is written yet"),
    ("SELECT FROM application FOR UPDATE", "the event is kept"),
    ("SELECT FROM invoice_counter FOR UPDATE", "all is done but the invoice's number"),
];

/// Something is asked of a service that dies while it does so. Nobody is answered.
async fn dies_of<T>(shop: &Shop, served: Served, asked: impl Future<Output = Option<T>>) -> bool {
    let (answer, ()) = tokio::join!(asked, async {
        until("at work", async || waits(shop, "app.").await).await;
        tokio::task::spawn_blocking(move || served.stop(Signal::SIGKILL)).await.unwrap();
    });
    answer.is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_dies_at_each_step_of_a_webhook_which_is_told_again_and_pays_once() {
    let (shop, stripe) = stripe::shop(json!({})).await;
    let product = shop.product(json!({ "stock": 10 })).await;
    // There is a row to be waited for once there is an invoice.
    shop.buy(&shop.lea, &shop.cart(&[(&product, 1)]), "the-first-of-all").await;
    for (n, (lock, step)) in PLACES.into_iter().enumerate() {
        let (order, payment) = stripe::place(&shop, &shop.cart(&[(&product, 1)]), &format!("webhook-0{n}")).await;
        shop.app.work().await;
        let session = stripe.settle(&session_of(&stripe, &payment), "complete", "paid");
        let (served, before) = (serve(&shop), books(&shop).await);
        let holder = Holder::begin(&shop).await;
        holder.takes(lock).await;
        let (at, id) = (served.url.clone(), format!("evt_{n}"));
        assert!(dies_of(&shop, served, deliver(&at, &id, &session)).await, "{step}: answered");
        holder.lets_go().await;
        // Nothing of it is there, whatever it had done.
        until("forgotten", async || !waits(&shop, "app.").await).await;
        assert_eq!((known(&shop, &payment).await.split(' ').next(), books(&shop).await), (Some("PENDING"), before), "{step}");
        let held = format!("ticket WHERE order_id = '{}' AND status = 'HELD'", uuid(&order));
        assert_eq!(
            (shop.app.count(&held).await, shop.app.count(&format!("payment_event WHERE event_id = '{id}'")).await),
            (1, 0),
            "{step}"
        );
        // Stripe got no answer: it tells it again, until it gets one, and once more.
        for _ in 0..2 {
            assert_eq!(deliver(&shop.app.url, &id, &session).await, Some(200));
        }
        assert_eq!(read(&shop.lea, &order).await["status"], "PAID", "{step}");
        assert_balanced(&shop).await;
        assert_agreed(&shop, &stripe).await;
    }
    assert_eq!(books(&shop).await, "CASH_MANUAL 1000, CASH_STRIPE 3000, REVENUE -4000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_dies_with_many_webhooks_in_its_hands_and_each_order_is_paid_once() {
    let (shop, stripe) = stripe::shop(json!({})).await;
    let product = shop.product(json!({ "taxPercent": 7, "stock": 12 })).await;
    let mut sessions = Vec::new();
    for n in 0..12 {
        let client = shop.app.person(&shop.app.oak, &format!("buyer{n}@oak.example"), &["LEARNER"]).await;
        let (application, attendee) = crate::orders::applied(&client, &shop.program).await;
        let cart = crate::orders::cart_for(&application, &attendee, &[(&product, 1)]);
        let mut input = shop.priced(&client, &cart, &format!("crowd-{n:04}")).await;
        input["provider"] = json!("STRIPE");
        let order = client.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"].as_str().unwrap().to_owned();
        let payment = read(&client, &order).await["payments"][0]["id"].as_str().unwrap().to_owned();
        sessions.push((payment, application));
    }
    shop.app.work().await;
    let sessions: Vec<(String, String, Value)> = sessions
        .into_iter()
        .map(|(payment, application)| {
            let session = stripe.settle(&session_of(&stripe, &payment), "complete", "paid");
            (payment, application, session)
        })
        .collect();
    let served = serve(&shop);
    // Three of them can't be done while it lives.
    let holder = Holder::begin(&shop).await;
    for (_, application, _) in &sessions[9..] {
        holder.takes(&format!("SELECT FROM application WHERE id = '{}' FOR UPDATE", uuid(application))).await;
    }
    let at = served.url.clone();
    let told = sessions.iter().enumerate().map(|(n, (_, _, session))| {
        let (at, id) = (at.clone(), format!("evt_{n}"));
        async move { deliver(&at, &id, session).await }
    });
    let (answers, ()) = tokio::join!(join_all(told), async {
        until("some are taken", async || shop.app.count("payment_event").await >= 4).await;
        tokio::task::spawn_blocking(move || served.stop(Signal::SIGKILL)).await.unwrap();
    });
    holder.lets_go().await;
    until("forgotten", async || !waits(&shop, "app.").await).await;
    assert!(answers.iter().filter(|answer| answer.is_none()).count() >= 3, "{answers:?}");
    for (n, ((payment, _, _), answer)) in sessions.iter().zip(&answers).enumerate() {
        let is_paid = known(&shop, payment).await.starts_with("APPROVED");
        assert!(is_paid || answer.is_none(), "{n}: what was acknowledged is lost");
        let is_kept = shop.app.count(&format!("payment_event WHERE event_id = 'evt_{n}'")).await == 1;
        assert_eq!(is_paid, is_kept, "{n}: an event and what follows from it are one");
    }
    assert_balanced(&shop).await;
    let again = join_all(sessions.iter().enumerate().map(|(n, (_, _, session))| {
        let (at, id) = (shop.app.url.clone(), format!("evt_{n}"));
        async move { deliver(&at, &id, session).await }
    }));
    assert!(again.await.iter().all(|answer| *answer == Some(200)));
    assert_eq!(shop.app.count("sales_order WHERE status = 'PAID'").await, 12);
    assert_eq!(shop.app.count("ticket WHERE status = 'ISSUED'").await, 12);
    assert_balanced(&shop).await;
    assert_agreed(&shop, &stripe).await;
    assert_eq!(books(&shop).await, "CASH_STRIPE 12000, REVENUE -11220, TAX -780");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_die_at_each_step_of_an_exchange_and_one_ticket_takes_the_place_of_the_other() {
    let (shop, stripe) = stripe::shop(json!({ "exchangesUntil": "2099-01-01T00:00:00Z" })).await;
    let day = shop.product(json!({ "name": "Day", "stock": 3 })).await;
    let week = shop.product(json!({ "name": "Week", "stock": 3, "prices": [{ "amount": 2500, "currency": "EUR" }] })).await;
    let bought = shop.buy(&shop.lea, &shop.cart(&[(&day, 1)]), "one-day-only").await;
    let old = bought["lines"][0]["tickets"][0]["id"].as_str().unwrap().to_owned();
    let status = format!("SELECT status FROM ticket WHERE id = '{}'", uuid(&old));
    let mut input = shop.priced(&shop.lea, &with(&shop.cart(&[(&week, 1)]), json!({ "returnTicketIds": [old] })), "day-for-week").await;
    (input["provider"], input["returnUrl"]) = (json!("STRIPE"), json!("https://shop.example/thanks"));
    let input = json!({ "i": input });

    // While it is placed: nothing of it is there, and the same request is the first one.
    let served = serve(&shop);
    let lea = signed_in(&shop, &served, &shop.app.oak, "learner@oak.example").await;
    let holder = Holder::begin(&shop).await;
    holder.takes(&format!("SELECT FROM product_stock WHERE product_id = '{}' FOR UPDATE", uuid(&week))).await;
    let asked = async { lea.post(PLACE, input.clone()).send().await.ok() };
    assert!(dies_of(&shop, served, asked).await, "answered");
    holder.lets_go().await;
    until("forgotten", async || !waits(&shop, "app.").await).await;
    assert_eq!((shop.app.count("sales_order").await, shop.app.count("order_key WHERE key = 'day-for-week'").await), (1, 0));
    assert_eq!((shop.held(&week).await, shop.app.count("ticket WHERE return_order_id IS NOT NULL").await), (0, 0));
    let order = shop.lea.ok(PLACE, input.clone()).await["placeOrder"].take();
    assert_eq!((&order["returned"]["amount"], &order["total"]["amount"]), (&json!(1000), &json!(1500)));
    assert_eq!(shop.lea.ok(PLACE, input).await["placeOrder"]["id"], order["id"]);
    let order = order["id"].as_str().unwrap();
    let payment = read(&shop.lea, order).await["payments"][0]["id"].as_str().unwrap().to_owned();

    // While Stripe is told of it.
    let holder = die(&shop, &stripe, Step::Done, "").await;
    goes_on(&shop, &stripe, holder).await;

    // While its payment is taken, when all is done but the number of the invoice: the old ticket still is what lets in.
    let session = stripe.settle(&session_of(&stripe, &payment), "complete", "paid");
    let (served, holder) = (serve(&shop), Holder::begin(&shop).await);
    holder.takes("SELECT FROM invoice_counter FOR UPDATE").await;
    let at = served.url.clone();
    assert!(dies_of(&shop, served, deliver(&at, "evt_x", &session)).await, "answered");
    assert_eq!(
        (shop.app.text(&status).await.as_deref(), read(&shop.lea, order).await["status"].take()),
        (Some("ISSUED"), json!("PENDING"))
    );
    holder.lets_go().await;
    until("forgotten", async || !waits(&shop, "app.").await).await;
    for _ in 0..2 {
        assert_eq!(deliver(&shop.app.url, "evt_x", &session).await, Some(200));
    }
    assert_eq!(
        (shop.app.text(&status).await.as_deref(), read(&shop.lea, order).await["status"].take()),
        (Some("CANCELLED"), json!("PAID"))
    );
    assert_eq!((shop.held(&day).await, shop.held(&week).await), (0, 1));
    assert_balanced(&shop).await;
    assert_agreed(&shop, &stripe).await;

    // And while it goes back: its money at Stripe, the worth of the old ticket as credit.
    let refund = json!({ "i": { "orderId": order, "reason": "Rain", "idempotencyKey": "week-back" } });
    shop.admin.ok(REFUND, refund).await;
    let holder = die(&shop, &stripe, Step::Answered, "SELECT FROM application FOR UPDATE").await;
    goes_on(&shop, &stripe, holder).await;
    assert_eq!((stripe.books(|books| books.refunds.len()), shop.held(&week).await), (1, 0));
    let seen = read(&shop.lea, order).await;
    assert_eq!((&seen["status"], &seen["application"]["credit"]), (&json!("REFUNDED"), &json!([{ "amount": 1000, "currency": "EUR" }])));
    assert_eq!(books(&shop).await, "CASH_MANUAL 1000, CREDIT -1000");
    assert_balanced(&shop).await;
    assert_agreed(&shop, &stripe).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_dies_while_money_is_recorded_or_given_back_and_the_same_request_does_it_once() {
    let shop = super::shop(json!({})).await;
    let product = shop.product(json!({ "stock": 5 })).await;
    shop.buy(&shop.lea, &shop.cart(&[(&product, 1)]), "the-first-of-all").await;
    let (order, payment) = super::place(&shop, &shop.lea, &shop.cart(&[(&product, 2)]), "recorded-1").await;
    let record = json!({ "i": { "orderId": order, "amount": 2000, "idempotencyKey": "by-transfer" } });
    let refund = json!({ "i": { "orderId": order, "amount": 700, "reason": "Rain", "toCredit": true, "idempotencyKey": "some-of-it" } });
    for (mutation, field, input, paid, balances) in [
        (RECORD, "recordPayment", record, 2000, "CASH_MANUAL 3000, REVENUE -3000"),
        (REFUND, "refundOrder", refund, 2000, "CASH_MANUAL 3000, CREDIT -700, REVENUE -2300"),
    ] {
        let (served, before) = (serve(&shop), books(&shop).await);
        let admin = signed_in(&shop, &served, &shop.app.oak, "admin@oak.example").await;
        let holder = Holder::begin(&shop).await;
        // The numbers of invoices and of credit notes are taken last.
        holder.takes("LOCK TABLE invoice IN ACCESS EXCLUSIVE MODE").await;
        let asked = async { admin.post(mutation, input.clone()).send().await.ok() };
        assert!(dies_of(&shop, served, asked).await, "{field}: answered");
        assert_eq!(books(&shop).await, before, "{field}");
        holder.lets_go().await;
        until("forgotten", async || !waits(&shop, "app.").await).await;
        for _ in 0..2 {
            assert_eq!(shop.admin.ok(mutation, input.clone()).await[field]["status"], "PAID", "{field}");
        }
        assert_eq!((read(&shop.lea, &order).await["paid"]["amount"].take(), books(&shop).await.as_str()), (json!(paid), balances));
        assert_balanced(&shop).await;
    }
    // The other way to pay it was ended by the transfer, and what comes by it goes back.
    super::say(&shop, &event("evt-late", "payment.approved", &payment, 2000)).await;
    assert_eq!(books(&shop).await, "CASH_MANUAL 3000, CREDIT -700, REVENUE -2300");
    assert_balanced(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_dies_between_a_payment_and_what_follows_it_and_all_of_it_is_told_and_drawn_once() {
    let (shop, _) = stripe::shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let (order, payment) = stripe::place(&shop, &shop.cart(&[(&product, 1)]), "followed-1").await;
    shop.app.work().await;
    say(&shop, "evt_1", "checkout.session.completed", &paid(&payment, 1000)).await;
    // Whoever is to be told is not told yet, the invoice not drawn: the webhook has only asked for that.
    let told = "notification WHERE kind = 'ORDER_PAID' AND count = 1";
    assert_eq!((shop.app.count(told).await, shop.app.count("invoice WHERE file_id IS NULL").await), (0, 1));
    let holder = Holder::begin(&shop).await;
    holder.takes("LOCK TABLE notification IN ACCESS EXCLUSIVE MODE; SELECT FROM invoice FOR UPDATE").await;
    let working = beside(&shop, &["worker"]).spawn().unwrap();
    let at_work = "pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app' AND wait_event_type = 'Lock'";
    until("at work", async || shop.app.count(at_work).await > 0).await;
    end(working);
    holder.lets_go().await;
    until("forgotten", async || !waits(&shop, "").await).await;
    shop.app.sql("UPDATE job SET leased_until = now() - interval '1 second' WHERE state = 'RUNNING'").await;
    for _ in 0..2 {
        shop.app.work().await;
    }
    assert_eq!((shop.app.count(told).await, shop.app.count("mail WHERE template = 'order_paid'").await), (1, 1));
    assert_eq!((shop.app.count("invoice").await, shop.app.count("invoice WHERE file_id IS NOT NULL").await), (1, 1));
    assert_eq!(shop.app.count("file").await, 1, "it was drawn once");
    assert_eq!(read(&shop.lea, &order).await["status"], "PAID");
    assert_balanced(&shop).await;
}
