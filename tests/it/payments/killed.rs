//! Processes that end without a word, in the middle of telling Stripe something.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use lectern::domains::{self, payments::Taking};
use lectern_kernel::{
    db::{Pool, PoolOptions},
    jobs::{JobKind, JobOptions, Outside, Worker},
    sealing::Sealer,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    PLACE, REFUND, assert_balanced,
    stripe::{Held, Stripe, say, shop},
};
use crate::classroom::uuid;

const URL: &str = "LECTERN_TRIAL_PAYER_URL";
const STRIPE: &str = "LECTERN_TRIAL_PAYER_STRIPE";
const SEAL: &str = "LECTERN_TRIAL_PAYER_SEAL";

/// What is told to Stripe.
fn kinds() -> Vec<&'static JobKind> {
    domains::registry().jobs().filter(|kind| ["payment.start", "refund.send"].contains(&kind.name)).collect()
}

fn options() -> JobOptions {
    JobOptions {
        // Longer than a busy machine keeps a worker from renewing it; of whoever was killed, the tests end it.
        lease: Duration::from_secs(30),
        poll: Duration::from_millis(20),
        tick: Duration::from_millis(50),
        backoff: Duration::from_millis(5),
        ..JobOptions::default()
    }
}

#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn a_worker_that_pays() {
    let (Ok(url), Ok(stripe), Ok(seal)) = (std::env::var(URL), std::env::var(STRIPE), std::env::var(SEAL)) else { return };
    let outside = Outside::default().with(Sealer::from_text(&seal).unwrap()).with(Taking::new(&stripe, "http://x", true).unwrap());
    let pool = Pool::new(&url, &PoolOptions { size: 8, ..PoolOptions::default() }).unwrap();
    Worker::new(pool, kinds(), outside, options()).run(CancellationToken::new()).await;
}

/// Starts a process that tells Stripe what is to be told.
pub fn payer(shop: &super::Shop) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "payments::killed::a_worker_that_pays", "--ignored"])
        .env(URL, shop.app.database.url("lectern_app"))
        .env(STRIPE, &shop.app.settings.stripe_api_base)
        .env(SEAL, &shop.app.seal)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ends a process without a word.
pub fn end(mut process: Child) {
    kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGKILL).unwrap();
    process.wait().unwrap();
}

/// Workers are killed, one after the other, until none of these jobs is left; answers how many died in the middle of one. What three of them died of
/// is run anew.
async fn until_done(shop: &super::Shop, stripe: &Stripe) -> u32 {
    const OPEN: &str = "job WHERE kind IN ('payment.start', 'refund.send') AND state IN ('QUEUED', 'RUNNING')";
    let claimed = format!("{OPEN} AND leased_until > now()");
    // The first dies with something in its hands, however fast it is.
    stripe.hold(Held::After);
    let (mut killed, mut amid) = (0, 0);
    loop {
        shop.app.sql("UPDATE job SET state = 'QUEUED', attempts = 0, losses = 0, finished_at = NULL, run_at = now() WHERE state = 'DEAD' AND kind IN ('payment.start', 'refund.send')").await;
        if shop.app.count(OPEN).await == 0 {
            return amid;
        }
        let jobs = || {
            shop.app.text(
                "SELECT string_agg(concat_ws(' ', kind, state, last_error), '; ') FROM job WHERE kind IN ('payment.start', 'refund.send')",
            )
        };
        assert!(killed < 200, "{:?}", jobs().await);
        let worker = payer(shop);
        // It has claimed something; or nothing is left to be claimed.
        let began = Instant::now();
        let idles = async || shop.app.count(&claimed).await == 0 && shop.app.count(OPEN).await > 0;
        while idles().await || (killed == 0 && !stripe.books(|books| books.is_holding)) {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", jobs().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::try_from(killed).unwrap() * 37 % 300)).await;
        end(worker);
        stripe.release();
        if shop.app.count("job WHERE kind IN ('payment.start', 'refund.send') AND state = 'RUNNING'").await > 0 {
            amid += 1;
        }
        let lapse = "UPDATE job SET leased_until = now() - interval '1 second' WHERE kind IN ('payment.start', 'refund.send') AND state = 'RUNNING'";
        shop.app.sql(lapse).await;
        killed += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_are_killed_and_stripe_is_told_everything_once() {
    let (shop, stripe) = shop(json!({})).await;
    let product = shop.product(json!({})).await;
    let mut orders = Vec::new();
    for n in 0..12 {
        let client = shop.app.person(&shop.app.oak, &format!("buyer{n}@oak.example"), &["LEARNER"]).await;
        let (application, attendee) = crate::orders::applied(&client, &shop.program).await;
        let mut input =
            shop.priced(&client, &crate::orders::cart_for(&application, &attendee, &[(&product, 1)]), &format!("killed-{n:04}")).await;
        input["provider"] = json!("STRIPE");
        orders.push(client.ok(PLACE, json!({ "i": input })).await["placeOrder"]["id"].as_str().unwrap().to_owned());
    }
    stripe.books(|books| books.is_slow = true);
    let first = until_done(&shop, &stripe).await;
    assert_eq!(stripe.books(|books| books.sessions.len()), orders.len(), "{first} workers died in the middle of one");
    assert_eq!(shop.app.count("payment WHERE checkout_url IS NOT NULL AND status = 'PENDING'").await, 12);
    let sessions: Vec<_> = stripe.books(|books| books.sessions.values().cloned().collect());
    for (n, mut session) in sessions.into_iter().enumerate() {
        (session["status"], session["payment_status"]) = (json!("complete"), json!("paid"));
        say(&shop, &format!("evt_{n}"), "checkout.session.completed", &session).await;
    }
    assert_balanced(&shop).await;
    for (n, order) in orders.iter().enumerate() {
        let input = json!({ "i": { "orderId": order, "reason": "Rain", "idempotencyKey": format!("killed-back-{n:04}") } });
        shop.admin.ok(REFUND, input).await;
    }
    let second = until_done(&shop, &stripe).await;
    assert_eq!(stripe.books(|books| books.refunds.len()), orders.len(), "{second} workers died in the middle of one");
    assert_eq!(shop.app.count("refund WHERE status = 'SUCCEEDED'").await, 12);
    assert!(first > 0 && second > 0, "{first} and {second} died with something in their hands");
    for order in &orders {
        assert_eq!(shop.app.count(&format!("sales_order WHERE id = '{}' AND status = 'REFUNDED'", uuid(order))).await, 1);
    }
    assert_balanced(&shop).await;
}
