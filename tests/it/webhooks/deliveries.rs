//! What is sent, and what becomes of it.

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{REDELIVER, REPLAY, ROTATE, Receiver, TEST, UPDATE, Working, endpoint, happen, quoted, read, start, states, until};
use crate::{
    app::{Who, refusal},
    classroom::refused,
};

/// Whether one of the signatures of what came is by this secret.
fn is_signed(received: &super::receiver::Received, secret: &str) -> bool {
    let key = BASE64.decode(secret.trim_start_matches("whsec_").as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = format!("{}.{}.{}", received.headers["webhook-id"], received.headers["webhook-timestamp"], received.body);
    let expected = format!("v1,{}", BASE64.encode(hmac::sign(&key, signed.as_bytes()).as_ref()));
    received.headers["webhook-signature"].split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn an_event_is_posted_with_its_signature_and_is_delivered() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, secret) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    let working = Working::start(&app);
    let course = happen(&app, &app.oak).await;
    happen(&app, &app.elm).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;

    let [received] = &receiver.received()[..] else { panic!("{:?}", receiver.received()) };
    let body: Value = serde_json::from_str(&received.body).unwrap();
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    assert_eq!(body["data"], json!({ "id": course, "status": "DRAFT", "instructorId": admin.user_id }));
    assert_eq!((&body["type"], &body["tenant"]), (&json!("course.created"), &json!("oak")));
    assert!(body["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(received.headers["content-type"], "application/json");
    assert!(received.headers["webhook-id"].starts_with("event_"));
    let sent: i64 = received.headers["webhook-timestamp"].parse().unwrap();
    assert!((lectern_kernel::clock::now().as_second() - sent).abs() < 60);
    assert!(is_signed(received, &secret) && !is_signed(received, "whsec_AAAA"));

    let seen = read(&admin, &id).await;
    let delivery = &seen["deliveries"]["nodes"][0];
    assert_eq!((&delivery["state"], &delivery["eventType"], &delivery["payload"]), (&json!("DELIVERED"), &json!("course.created"), &body));
    assert_eq!(delivery["eventId"], received.headers["webhook-id"]);
    assert_eq!((&delivery["attempts"][0]["status"], &delivery["attempts"][0]["error"]), (&json!(200), &Value::Null));
    assert!(delivery["deliveredAt"].is_string() && delivery["nextAttemptAt"].is_null() && seen["lastDeliveredAt"].is_string());
    assert_eq!(
        app.text("SELECT string_agg(kind || ' ' || state || ' ' || split_part(subject, '_', 1), ', ' ORDER BY kind) FROM job")
            .await
            .as_deref(),
        Some("event.fan_out SUCCEEDED course, webhook.deliver SUCCEEDED delivery")
    );
}

#[tokio::test]
async fn where_nobody_waits_for_an_event_nothing_is_written() {
    let app = start().await;
    happen(&app, &app.oak).await;
    assert_eq!(app.count("job").await, 0);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    happen(&app, &app.elm).await;
    assert_eq!(app.count("job").await, 0);
    // And a mutation costs the same number of statements.
    let create = "mutation { createCourse(input: { title: \"A\" }) { id } }";
    let before = app.statements(&app.sign_in(&app.elm, Who::Admin).await, create, json!({})).await;
    assert_eq!(app.statements(&admin, create, json!({})).await, before);
    assert_eq!(app.count("job WHERE kind = 'event.fan_out'").await, 1);
    admin.ok("mutation($id: ID!) { deleteWebhookEndpoint(id: $id) }", json!({ "id": id })).await;
    happen(&app, &app.oak).await;
    assert_eq!(app.count("job WHERE kind = 'event.fan_out'").await, 1);
}

#[tokio::test]
async fn an_endpoint_that_is_widened_can_be_sent_what_happened_before() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "eventTypes": ["user.created"] } })).await;
    let since = lectern_kernel::clock::now().to_string();
    let working = Working::start(&app);
    happen(&app, &app.oak).await;
    until(&app, "webhook_event", 1).await;
    until(&app, "job WHERE state <> 'SUCCEEDED'", 0).await;
    assert_eq!(app.count("webhook_delivery").await, 0);
    admin.ok(UPDATE, json!({ "i": { "id": id, "eventTypes": null } })).await;
    admin.ok(REPLAY, json!({ "i": { "endpointId": id, "since": since } })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;
}

#[tokio::test]
async fn the_jobs_of_an_endpoint_that_is_switched_off_or_deleted_are_called_off() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let off = |id: &str| (UPDATE, json!({ "i": { "id": id, "isActive": false } }));
    let gone = |id: &str| ("mutation($id: ID!) { deleteWebhookEndpoint(id: $id) }", json!({ "id": id }));
    for (ends, change) in [(4, &off as &dyn Fn(&str) -> (&'static str, Value)), (8, &gone)] {
        let (id, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
        for _ in 0..6 {
            admin.ok(TEST, json!({ "id": id })).await;
        }
        assert_eq!(app.count("job WHERE kind = 'webhook.deliver' AND state = 'QUEUED'").await, 4);
        let (document, variables) = change(&id);
        admin.ok(document, variables).await;
        assert_eq!(app.count("job WHERE kind = 'webhook.deliver' AND state = 'CANCELLED' AND finished_at IS NOT NULL").await, ends);
        assert_eq!(app.count("job WHERE kind = 'webhook.deliver'").await, ends);
    }
    assert_eq!(app.count("audit_entry WHERE resource = 'Job'").await, 0, "nobody moved them by hand");
}

#[tokio::test]
async fn a_fan_out_that_is_done_again_changes_nothing() {
    let app = start().await;
    endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    endpoint(&app, &app.oak, "https://other.example.invalid/").await;
    happen(&app, &app.oak).await;
    let open = format!("SELECT set_config('app.tenant_id', '{}', true)", app.oak.tenant);
    let again = format!("BEGIN; {open}; SELECT app.fan_out(j.id, j.subject, j.payload) FROM job j WHERE j.kind = 'event.fan_out'; COMMIT");
    app.sql(&again).await;
    let rows = "SELECT count(*) || ' ' || count(DISTINCT d.event_id) || ' ' || (SELECT count(*) FROM job) FROM webhook_delivery d";
    assert_eq!(app.text(rows).await.as_deref(), Some("2 1 3"));
    app.sql(&again).await;
    assert_eq!(app.text(rows).await.as_deref(), Some("2 1 3"));
}

#[tokio::test]
async fn both_secrets_sign_during_the_time_of_grace() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, first) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    let rotate = async |hours: i32| {
        let answer = admin.ok(ROTATE, json!({ "i": { "id": id, "graceHours": hours } })).await;
        answer["rotateWebhookSecret"]["secret"].as_str().unwrap().to_owned()
    };
    let second = rotate(24).await;
    let working = Working::start(&app);
    admin.ok(TEST, json!({ "id": id })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    let third = rotate(24).await;
    admin.ok(TEST, json!({ "id": id })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 2).await;
    app.sql("UPDATE webhook_endpoint SET previous_secret_expires_at = now() - interval '1 second'").await;
    admin.ok(TEST, json!({ "id": id })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 3).await;
    working.stop().await;
    let signed: Vec<[bool; 3]> =
        receiver.received().iter().map(|received| [&first, &second, &third].map(|secret| is_signed(received, secret))).collect();
    assert_eq!(signed, [[true, true, false], [false, true, true], [false, false, true]]);
    let body: Value = serde_json::from_str(&receiver.received()[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]), (&json!("webhook.test"), &json!({ "id": id })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_tried_anew_once_however_many_ask_for_it() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    let delivery = admin.ok(TEST, json!({ "id": id })).await["sendTestWebhook"]["id"].take();
    refused(&app, &admin, REDELIVER, json!({ "id": delivery }), "CONFLICT DELIVERY_PENDING @id").await;
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;
    let answers = join_all((0..6).map(|_| admin.ask(REDELIVER, json!({ "id": delivery })))).await;
    let done = answers.iter().filter(|answer| answer["data"]["redeliverWebhook"]["state"] == "PENDING").count();
    let late = answers
        .iter()
        .filter(|answer| answer.get("errors").is_some_and(|errors| refusal(&errors[0]) == "CONFLICT DELIVERY_PENDING @id"))
        .count();
    assert_eq!((done, late), (1, 5), "{answers:?}");
    assert_eq!(app.changes("redeliverWebhook").await, 1);
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!((&received[0].body, &received[0].headers["webhook-id"]), (&received[1].body, &received[1].headers["webhook-id"]));
}

#[tokio::test]
async fn what_happens_while_an_endpoint_is_paused_is_not_queued_and_can_be_replayed() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    let since = lectern_kernel::clock::now().to_string();
    happen(&app, &app.oak).await;
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;
    // What waits is called off.
    happen(&app, &app.oak).await;
    app.sql("UPDATE job SET run_at = now() + interval '1 hour' WHERE state = 'QUEUED'").await;
    let open = format!("SELECT set_config('app.tenant_id', '{}', true)", app.oak.tenant);
    app.sql(&format!("BEGIN; {open}; SELECT app.fan_out(j.id, j.subject, j.payload) FROM job j WHERE j.kind = 'event.fan_out' AND j.state = 'QUEUED'; COMMIT")).await;
    assert_eq!(states(&app).await, "DELIVERED PENDING");
    admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": false } })).await;
    assert_eq!(states(&app).await, "CANCELLED DELIVERED");
    happen(&app, &app.oak).await;
    app.sql("UPDATE job SET run_at = now()").await;
    let working = Working::start(&app);
    until(&app, "webhook_event", 3).await;
    until(&app, "job WHERE state NOT IN ('SUCCEEDED', 'CANCELLED')", 0).await;
    assert_eq!(states(&app).await, "CANCELLED DELIVERED");
    // A test goes there all the same.
    admin.ok(TEST, json!({ "id": id })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 2).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": true } })).await;
    admin.ok(REPLAY, json!({ "i": { "endpointId": id, "since": since } })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 4).await;
    admin.ok(REPLAY, json!({ "i": { "endpointId": id, "since": since } })).await;
    until(&app, "job WHERE state NOT IN ('SUCCEEDED', 'CANCELLED')", 0).await;
    working.stop().await;
    assert_eq!(receiver.received().len(), 4, "each once");
    assert_eq!(app.changes("replayWebhookEvents").await, 2);
}

#[tokio::test]
async fn an_endpoint_that_is_switched_off_at_the_moment_of_an_event_is_not_sent_it() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/ok")).await;
    let since = lectern_kernel::clock::now().to_string();
    happen(&app, &app.oak).await;
    // Whoever switches it off has not committed yet when the event is told.
    let (other, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let open = format!("SELECT set_config('app.tenant_id', '{}', true), set_config('app.audit', 'off', true)", app.oak.tenant);
    other.batch_execute(&format!("BEGIN; {open}; UPDATE webhook_endpoint SET state = 'PAUSED' WHERE id = {}", quoted(&id))).await.unwrap();
    let working = Working::start(&app);
    until(&app, "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", 1).await;
    other.batch_execute("COMMIT").await.unwrap();
    until(&app, "job WHERE state NOT IN ('SUCCEEDED', 'CANCELLED')", 0).await;
    assert_eq!((states(&app).await.as_str(), receiver.received().len()), ("", 0));
    // Nor is it lost.
    admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": true } })).await;
    admin.ok(REPLAY, json!({ "i": { "endpointId": id, "since": since } })).await;
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 1).await;
    working.stop().await;
}

#[tokio::test]
async fn a_job_that_is_called_off_takes_its_delivery_along() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    for _ in 0..6 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    assert_eq!(app.count("webhook_delivery WHERE in_flight").await, 4, "four at a time");
    let jobs =
        admin.ok("{ jobs(filter: { kinds: [\"webhook.deliver\"] }) { nodes { id subjectId } } }", json!({})).await["jobs"]["nodes"].take();
    assert_eq!(jobs.as_array().unwrap().len(), 4);
    admin.ok("mutation($id: ID!) { cancelJob(id: $id) { state } }", json!({ "id": jobs[0]["id"] })).await;
    let delivery = "query($id: ID!) { webhookDelivery(id: $id) { state nextAttemptAt endpoint { id } } }";
    let delivery = admin.ok(delivery, json!({ "id": jobs[0]["subjectId"] })).await["webhookDelivery"].take();
    assert_eq!(delivery, json!({ "state": "CANCELLED", "nextAttemptAt": null, "endpoint": { "id": id } }));
    assert_eq!(app.count("webhook_delivery WHERE in_flight").await, 4, "the next was let in");
    // One whose worker was lost three times has failed, and is tried anew with its job.
    let job = jobs[1]["id"].as_str().unwrap();
    app.sql(&format!("UPDATE job SET state = 'RUNNING', worker = id, lease = id, leased_until = now() WHERE id = {0}; UPDATE job SET state = 'DEAD', worker = NULL, lease = NULL, leased_until = NULL, finished_at = now() WHERE id = {0}", quoted(job))).await;
    assert_eq!(states(&app).await, "CANCELLED FAILED PENDING PENDING PENDING PENDING");
    admin.ok("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": job })).await;
    assert_eq!(states(&app).await, "CANCELLED PENDING PENDING PENDING PENDING PENDING");
}

#[tokio::test]
async fn deliveries_that_died_and_are_run_anew_wait_until_their_endpoint_has_room() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, &receiver.at("/slow")).await;
    for _ in 0..6 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    // The workers of four are lost, and those of the two that were let in then.
    let lost = "UPDATE job SET state = 'RUNNING', worker = id, lease = id, leased_until = now() WHERE kind = 'webhook.deliver' AND state = 'QUEUED'; \
                UPDATE job SET state = 'DEAD', worker = NULL, lease = NULL, leased_until = NULL, finished_at = now() WHERE state = 'RUNNING'";
    for dead in [4, 6] {
        app.sql(lost).await;
        assert_eq!(app.count("job WHERE kind = 'webhook.deliver' AND state = 'DEAD'").await, dead);
    }
    assert_eq!(states(&app).await, "FAILED FAILED FAILED FAILED FAILED FAILED");
    let jobs = "{ jobs(first: 10, filter: { kinds: [\"webhook.deliver\"], states: [DEAD] }) { nodes { id } } }";
    for job in admin.ok(jobs, json!({})).await["jobs"]["nodes"].as_array().unwrap() {
        admin.ok("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": job["id"] })).await;
    }
    assert_eq!(states(&app).await, "PENDING PENDING PENDING PENDING PENDING PENDING");
    assert_eq!(app.count("webhook_delivery WHERE in_flight").await, 0, "none has room before it begins");
    let working = Working::start(&app);
    until(&app, "webhook_delivery WHERE state = 'DELIVERED'", 6).await;
    working.stop().await;
    assert_eq!(receiver.received().len(), 6, "each once");
    assert!(receiver.most() <= 4, "{}", receiver.most());
    assert_eq!(app.count("webhook_delivery WHERE in_flight OR job_id IS NOT NULL").await, 0);
}

#[tokio::test]
async fn deliveries_are_listed_and_filtered_and_those_of_many_endpoints_cost_one_statement() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let query = "query($f: WebhookDeliveryFilter) { webhookEndpoints { nodes { deliveries(filter: $f) { totalCount nodes { eventType payload endpoint { url } attempts { status } } } } } }";
    let (one, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    admin.ok(TEST, json!({ "id": one })).await;
    let alone = app.statements(&admin, query, json!({})).await;
    for _ in 0..3 {
        let (id, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
        admin.ok(TEST, json!({ "id": id })).await;
    }
    assert_eq!(app.statements(&admin, query, json!({})).await, alone);
    app.sql(&format!("UPDATE webhook_delivery SET state = 'FAILED', next_attempt_at = NULL WHERE endpoint_id = {}", quoted(&one))).await;
    for (filter, counts) in [
        (json!({}), [1, 1, 1, 1]),
        (json!({ "states": ["FAILED"] }), [0, 0, 0, 1]),
        (json!({ "eventType": "webhook.test" }), [1, 1, 1, 1]),
        (json!({ "eventType": "course.created" }), [0, 0, 0, 0]),
    ] {
        let nodes = admin.ok(query, json!({ "f": filter })).await["webhookEndpoints"]["nodes"].take();
        let found: Vec<i64> = nodes.as_array().unwrap().iter().map(|node| node["deliveries"]["totalCount"].as_i64().unwrap()).collect();
        assert_eq!(found, counts, "{filter}");
    }
    assert_eq!(admin.refused(query, json!({ "f": { "eventType": "" } })).await, "BAD_USER_INPUT @filter.eventType");
}

#[tokio::test]
async fn deliveries_and_events_are_kept_for_30_days() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    for _ in 0..3 {
        admin.ok(TEST, json!({ "id": id })).await;
    }
    app.sql(
        "UPDATE webhook_event SET at = now() - interval '31 days'; UPDATE webhook_delivery SET created_at = now() - interval '31 days';
         UPDATE webhook_delivery SET state = 'FAILED', next_attempt_at = NULL WHERE id <> (SELECT id FROM webhook_delivery ORDER BY id LIMIT 1);
         UPDATE webhook_delivery SET created_at = now() - interval '29 days' WHERE id = (SELECT id FROM webhook_delivery ORDER BY id DESC LIMIT 1)",
    )
    .await;
    let open = format!("SELECT set_config('app.tenant_id', '{}', true)", app.oak.tenant);
    app.sql(&format!("BEGIN; {open}; SELECT app.purge_webhooks(1000); COMMIT")).await;
    assert_eq!((app.count("webhook_delivery").await, app.count("webhook_event").await), (2, 2), "what waits, and what is younger");
}
