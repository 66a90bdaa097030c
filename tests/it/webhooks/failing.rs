//! Receivers that fail, hang, drip, redirect, or are gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use lectern_kernel::outbound::{Addresses, Outbound, Resolver};
use serde_json::{Value, json};

use super::{NEVER, Receiver, TEST, UPDATE, Working, endpoint, happen, pass_time, read, start, states, until};
use crate::{app::Who, classroom::draft};

/// How long the next attempt is off, in seconds.
const OFF: &str = "SELECT extract(epoch FROM next_attempt_at - now())::integer::text FROM webhook_delivery";

#[tokio::test]
async fn what_fails_is_tried_again_after_longer_and_longer_waits_and_fails_at_last() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.answer(500);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/status")).await;
    admin.ok(TEST, json!({ "id": id })).await;
    let working = Working::start(&app);
    // The second attempt comes by itself, after five seconds: one that was looked for could be gone before it was looked at.
    for (attempt, wait) in [300, 1800, 7200, 18_000, 36_000, 50_400, 72_000].into_iter().enumerate() {
        until(&app, &format!("webhook_delivery WHERE failures = {} AND NOT in_flight", attempt + 2), 1).await;
        let off: f64 = app.text(OFF).await.unwrap().parse().unwrap();
        assert!(off > 0.75 * f64::from(wait) && off < 1.25 * f64::from(wait), "before attempt {}: {off} s", attempt + 3);
        pass_time(&app).await;
    }
    until(&app, "webhook_delivery WHERE state = 'FAILED'", 1).await;
    working.stop().await;
    let seen = read(&admin, &id).await;
    let delivery = &seen["deliveries"]["nodes"][0];
    assert_eq!((delivery["attempts"].as_array().unwrap().len(), receiver.received().len()), (9, 9));
    assert!(delivery["attempts"].as_array().unwrap().iter().all(|attempt| attempt["status"] == 500));
    assert!(delivery["nextAttemptAt"].is_null() && seen["failingSince"].is_string() && seen["state"] == "ACTIVE");
    let bodies: std::collections::BTreeSet<(String, String)> =
        receiver.received().into_iter().map(|received| (received.body, received.headers["webhook-id"].clone())).collect();
    assert_eq!(bodies.len(), 1, "the same bytes each time");
    assert_eq!(app.count("job WHERE state = 'DEAD'").await, 0, "a receiver that fails is no failure of the job");
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/later")).await;
    admin.ok(TEST, json!({ "id": id })).await;
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE failures = 1", 1).await;
    working.stop().await;
    let off: i64 = app.text(OFF).await.unwrap().parse().unwrap();
    assert!((7100..=7200).contains(&off), "{off} s");
}

#[tokio::test]
async fn a_receiver_that_asks_for_more_than_a_day_gets_a_day() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/much-later")).await;
    admin.ok(TEST, json!({ "id": id })).await;
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE failures = 1", 1).await;
    working.stop().await;
    let off: i64 = app.text(OFF).await.unwrap().parse().unwrap();
    assert!((86_300..=86_400).contains(&off), "{off} s");
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_that_fails_for_days_is_switched_off() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/status")).await;
    receiver.answer(410);
    let working = Working::start(&app);
    happen(&app, &app.oak).await;
    until(&app, "webhook_endpoint WHERE state = 'DISABLED'", 1).await;
    let seen = read(&admin, &id).await;
    assert_eq!((&seen["disabledReason"], &seen["deliveries"]["nodes"][0]["state"]), (&json!("GONE"), &json!("FAILED")));
    let entry = "audit_entry WHERE operation = 'system:webhook.deliver' AND resource = 'WebhookEndpoint' AND actor_id IS NULL";
    assert_eq!(app.count(entry).await, 1, "nobody did it");

    let on = admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": true } })).await["updateWebhookEndpoint"].take();
    assert_eq!((&on["state"], &on["disabledReason"], &on["failingSince"]), (&json!("ACTIVE"), &Value::Null, &Value::Null));
    receiver.answer(500);
    app.sql("UPDATE webhook_endpoint SET failures = 8, failing_at = now() - interval '4 days'").await;
    happen(&app, &app.oak).await;
    until(&app, "webhook_endpoint WHERE failures = 9", 1).await;
    assert_eq!(app.count("webhook_endpoint WHERE state = 'ACTIVE'").await, 1, "ten attempts are needed");
    pass_time(&app).await;
    until(&app, "webhook_endpoint WHERE state = 'DISABLED'", 1).await;
    assert_eq!(read(&admin, &id).await["disabledReason"], "FAILING");
    assert_eq!(states(&app).await, "CANCELLED FAILED");
    // Nothing is queued for it.
    happen(&app, &app.oak).await;
    until(&app, "job WHERE payload ? 'data' AND state = 'SUCCEEDED'", 3).await;
    working.stop().await;
    assert_eq!(app.count("webhook_delivery").await, 2);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_switched_off_also_while_it_is_paused() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.answer(410);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/status")).await;
    let paused = admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": false } })).await;
    assert_eq!(paused["updateWebhookEndpoint"]["state"], "PAUSED");
    // Its last attempt failed: one after the other.
    app.sql("UPDATE webhook_endpoint SET failures = 1, failing_at = now()").await;
    for _ in 0..3 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    let working = Working::start(&app);
    until(&app, "webhook_endpoint WHERE state = 'DISABLED'", 1).await;
    working.stop().await;
    assert_eq!(read(&admin, &id).await["disabledReason"], "GONE");
    assert_eq!((states(&app).await, receiver.received().len()), ("CANCELLED CANCELLED FAILED".to_owned(), 1));
}

#[tokio::test]
async fn an_endpoint_that_fails_has_one_delivery_under_way_and_four_once_it_works() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/slow")).await;
    for _ in 0..12 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 12).await;
    assert!((2..=4).contains(&receiver.most()), "{}", receiver.most());
    app.sql("UPDATE webhook_endpoint SET failures = 1, failing_at = now()").await;
    receiver.answer(500);
    let failing = Receiver::start().await;
    failing.answer(500);
    admin.ok(UPDATE, json!({ "i": { "id": id, "url": failing.at("/slow") } })).await;
    app.sql("UPDATE webhook_endpoint SET failures = 1, failing_at = now()").await;
    for _ in 0..6 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    until(&app, "webhook_delivery WHERE failures > 0", 6).await;
    assert_eq!(failing.most(), 1);
    // It works again: what waits is let in; and so is one that was refused once more just now, and waits since.
    failing.answer(200);
    let waits = "webhook_delivery WHERE state = 'PENDING' AND NOT in_flight AND next_attempt_at > now() + interval '1 second'";
    let began = Instant::now();
    while app.count("webhook_delivery WHERE state = 'DELIVERED'").await < 18 {
        assert!(began.elapsed() < NEVER, "{}", states(&app).await);
        if app.count(waits).await > 0 {
            pass_time(&app).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    working.stop().await;
    assert_eq!(app.count("webhook_delivery WHERE in_flight OR job_id IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_drips_or_redirects_delays_no_other_school() {
    let app = start().await;
    let (bad, good) = (Receiver::start().await, Receiver::start().await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut ids = Vec::new();
    for path in ["/hang", "/hang", "/hang", "/drip", "/redirect"] {
        let (id, _) = endpoint(&app, &app.oak, &bad.at(path)).await;
        for _ in 0..4 {
            admin.ok(TEST, json!({ "id": id })).await;
        }
        ids.push(id);
    }
    endpoint(&app, &app.elm, &good.at("/ok")).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let working = Working::start(&app);
    until(&app, "job WHERE kind = 'webhook.deliver' AND state = 'RUNNING'", 8).await;
    let running = "job WHERE kind = 'webhook.deliver' AND state = 'RUNNING'";
    assert_eq!(app.count(running).await, 8, "half of the lane's slots");
    draft(&elm, json!({ "title": "Algebra" })).await;
    until(&app, &format!("webhook_delivery WHERE state = 'DELIVERED' AND tenant_id = '{}'", app.elm.tenant), 1).await;
    // One that hangs is given up after ten seconds; a head is an answer, however long its body is; a redirect is no success.
    until(&app, "webhook_delivery WHERE attempts @> '[{\"error\": \"TIMED_OUT\", \"status\": null}]'", 12).await;
    until(&app, "webhook_delivery WHERE attempts @> '[{\"status\": 307}]' AND state = 'PENDING'", 4).await;
    working.stop().await;
    // Elm's went out while the first of those that hang were still waited for.
    let attempts = "FROM webhook_delivery d CROSS JOIN jsonb_array_elements(d.attempts) AS a WHERE";
    let ended = "(a ->> 'at')::timestamptz + (a ->> 'durationMs')::integer * interval '1 millisecond'";
    let before = format!(
        "SELECT ((SELECT min({ended}) {attempts} a ->> 'error' = 'TIMED_OUT') - (SELECT min((a ->> 'at')::timestamptz) {attempts} d.tenant_id = '{}'))::text",
        app.elm.tenant
    );
    let before = app.text(&before).await.unwrap();
    assert!(!before.starts_with('-'), "it waited for one that hangs: {before}");
    assert!(bad.at_path("/elsewhere").is_empty(), "nobody follows");
    let dripped = read(&admin, &ids[3]).await["deliveries"]["nodes"].take();
    assert!(dripped.as_array().unwrap().iter().all(|delivery| delivery["state"] == "DELIVERED"), "{dripped}");
}

/// Says that every name is this machine.
struct Rebinding;

impl Resolver for Rebinding {
    fn resolve(&self, _name: String) -> BoxFuture<'static, std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(async { Ok(vec!["1.1.1.1".parse().unwrap(), "127.0.0.1".parse().unwrap()]) })
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_by_the_time_of_the_attempt_gets_no_connection() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let port = receiver.url.rsplit(':').next().unwrap().to_owned();
    let (named, _) = endpoint(&app, &app.oak, &format!("https://rebind.example.org:{port}/ok")).await;
    // What the operator allowed when it was named, and allows no more.
    let (literal, _) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    for id in [&named, &literal] {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    let working = Working::over(&app, Outbound::resolving(Addresses::default(), Arc::new(Rebinding)).unwrap());
    until(&app, "webhook_delivery WHERE attempts @> '[{\"error\": \"URL_NOT_ALLOWED\"}]'", 2).await;
    working.stop().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(receiver.received().is_empty());
    assert_eq!(read(&admin, &named).await["deliveries"]["nodes"][0]["attempts"][0]["status"], Value::Null);
}
