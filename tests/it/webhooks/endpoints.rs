//! Endpoints: made, changed, deleted, by those who may, and with addresses that may be named.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, DELETE, REDELIVER, REPLAY, ROTATE, TEST, UPDATE, endpoint, no, quoted, read, start};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::refused,
};

const LIST: &str = "{ webhookEndpoints { totalCount nodes { id url secret } } }";
const HOOK: &str = "https://hooks.example.invalid/";

#[tokio::test]
async fn an_endpoint_is_created_changed_and_deleted() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "url": " https://Hooks.Example.invalid ", "description": "Library", "eventTypes": ["course.created", "course.created", "user.created"] });
    let made = admin.ok(CREATE, json!({ "i": input })).await["createWebhookEndpoint"].take();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!((&made["url"], &made["state"], &made["description"]), (&json!(HOOK), &json!("ACTIVE"), &json!("Library")));
    assert_eq!(made["eventTypes"], json!(["course.created", "user.created"]));

    // Absent fields stay, null clears, and the secret is never seen again.
    let id = made["id"].as_str().unwrap();
    let update = |changes: Value| {
        let mut input = changes;
        input["id"] = json!(id);
        json!({ "i": input })
    };
    let same = admin.ok(UPDATE, update(json!({}))).await["updateWebhookEndpoint"].take();
    assert_eq!(same["eventTypes"], made["eventTypes"]);
    assert_eq!(same["secret"], Value::Null);
    let changed = json!({ "url": "https://other.example.invalid/a", "description": null, "eventTypes": null, "isActive": false });
    let changed = admin.ok(UPDATE, update(changed)).await["updateWebhookEndpoint"].take();
    assert_eq!(
        changed,
        json!({ "id": id, "url": "https://other.example.invalid/a", "secret": null, "state": "PAUSED", "eventTypes": null, "description": null,
            "disabledReason": null, "failingSince": null })
    );
    assert_eq!(admin.ok(UPDATE, update(json!({ "isActive": true }))).await["updateWebhookEndpoint"]["state"], "ACTIVE");
    assert_eq!(read(&admin, id).await["secret"], Value::Null);
    assert_eq!(admin.ok(LIST, json!({})).await["webhookEndpoints"]["totalCount"], 1);
    let node = admin.ok("query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { url secret } } }", json!({ "id": id })).await;
    assert_eq!(node["node"], json!({ "url": "https://other.example.invalid/a", "secret": null }));
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteWebhookEndpoint"], id);
    assert_eq!(app.count("webhook_endpoint").await, 0);
    assert_eq!(admin.refused(DELETE, json!({ "id": id })).await, "NOT_FOUND @id");
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, _) = endpoint(&app, &app.oak, HOOK).await;
    let long = format!("https://example.org/{}", "a".repeat(2000));
    let urls = [
        ("", "BAD_USER_INPUT @url"),
        ("http://example.org/", "BAD_USER_INPUT @url"),
        ("https://user:word@example.org/", "BAD_USER_INPUT @url"),
        ("https://example.org/#part", "BAD_USER_INPUT @url"),
        ("ftp://example.org/", "BAD_USER_INPUT @url"),
        (&long, "BAD_USER_INPUT @url"),
        ("https://127.0.0.1/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://0x7f.1/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://2130706433/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://localhost:8080/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://169.254.169.254/latest/meta-data", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://[::ffff:10.0.0.1]/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://[64:ff9b::7f00:1]/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://exa\tmple.org/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://example.org/a\r\nb", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("\u{1}https://example.org/", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://example.org/\u{7f}", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        ("https://example.org/\u{85}a", "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
    ];
    for (url, line) in urls {
        refused(&app, &admin, CREATE, json!({ "i": { "url": url } }), line).await;
        refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "url": url } }), line).await;
    }
    for (input, line) in [
        (json!({ "url": HOOK, "eventTypes": [] }), "BAD_USER_INPUT @eventTypes"),
        (json!({ "url": HOOK, "eventTypes": ["course.created", "no.such"] }), "BAD_USER_INPUT UNKNOWN_EVENT_TYPE @eventTypes.1"),
        (json!({ "url": HOOK, "description": "a".repeat(10_001) }), "BAD_USER_INPUT @description"),
    ] {
        refused(&app, &admin, CREATE, json!({ "i": input }), line).await;
    }
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "url": null } }), "BAD_USER_INPUT @url").await;
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "isActive": null } }), "BAD_USER_INPUT @isActive").await;
    refused(&app, &admin, UPDATE, json!({ "i": { "id": no("webhook"), "description": "a" } }), "NOT_FOUND @id").await;
    for hours in [-1, 169] {
        refused(&app, &admin, ROTATE, json!({ "i": { "id": id, "graceHours": hours } }), "BAD_USER_INPUT @graceHours").await;
    }
    refused(&app, &admin, ROTATE, json!({ "i": { "id": no("webhook") } }), "NOT_FOUND @id").await;
    refused(&app, &admin, TEST, json!({ "id": no("webhook") }), "NOT_FOUND @endpointId").await;
    refused(&app, &admin, REDELIVER, json!({ "id": no("delivery") }), "NOT_FOUND @id").await;
    let since = |id: &Value, days: i64| json!({ "i": { "endpointId": id, "since": (lectern_kernel::clock::now() - jiff::SignedDuration::from_hours(24 * days)).to_string() } });
    refused(&app, &admin, REPLAY, since(&json!(id), 8), "BAD_USER_INPUT @since").await;
    refused(&app, &admin, REPLAY, since(&no("webhook"), 1), "NOT_FOUND @endpointId").await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "isActive": false } })).await;
    refused(&app, &admin, REPLAY, since(&json!(id), 1), "CONFLICT ENDPOINT_NOT_ACTIVE @endpointId").await;
}

#[tokio::test]
async fn only_who_may_manage_webhooks_sees_or_changes_them_and_no_other_school_does() {
    let app = TestApp::start().await;
    let (id, _) = endpoint(&app, &app.oak, HOOK).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let delivery = admin.ok(TEST, json!({ "id": id })).await["sendTestWebhook"]["id"].take();
    let read_one = "query($id: ID!) { webhookEndpoint(id: $id) { url } }";
    let read_delivery = "query($id: ID!) { webhookDelivery(id: $id) { state } }";
    let now = lectern_kernel::clock::now().to_string();
    let changes = [
        (CREATE, json!({ "i": { "url": HOOK } })),
        (UPDATE, json!({ "i": { "id": id, "isActive": false } })),
        (DELETE, json!({ "id": id })),
        (ROTATE, json!({ "i": { "id": id } })),
        (TEST, json!({ "id": id })),
        (REDELIVER, json!({ "id": delivery })),
        (REPLAY, json!({ "i": { "endpointId": id, "since": now } })),
    ];
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for (query, variables) in [
            (LIST, json!({})),
            (read_one, json!({ "id": id })),
            (read_delivery, json!({ "id": delivery })),
            ("{ webhookEventTypes { name } }", json!({})),
        ] {
            assert_eq!(client.refused(query, variables).await, "FORBIDDEN [WEBHOOK_MANAGE]", "{who:?}");
        }
        for (mutation, variables) in &changes {
            refused(&app, &client, mutation, variables.clone(), "FORBIDDEN [WEBHOOK_MANAGE]").await;
        }
    }
    let other = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(other.ok(LIST, json!({})).await["webhookEndpoints"]["totalCount"], 0);
    assert_eq!(other.ok(read_one, json!({ "id": id })).await["webhookEndpoint"], Value::Null);
    assert_eq!(other.ok(read_delivery, json!({ "id": delivery })).await["webhookDelivery"], Value::Null);
    for (mutation, variables) in &changes[1..] {
        let before = crate::classroom::everything(&app).await;
        let answer = other.ask(mutation, variables.clone()).await;
        assert!(refusal(&answer["errors"][0]).starts_with("NOT_FOUND @"), "{mutation}: {answer}");
        assert_eq!(crate::classroom::everything(&app).await, before, "{mutation}");
    }
}

#[tokio::test]
async fn a_secret_stands_in_the_payload_of_the_mutation_that_made_it_and_nowhere_else_in_its_document() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, first) = endpoint(&app, &app.oak, HOOK).await;
    let document = "mutation($id: ID!, $r: RotateWebhookSecretInput!, $u: UpdateWebhookEndpointInput!) {
        tested: sendTestWebhook(endpointId: $id) { endpoint { secret } }
        rotated: rotateWebhookSecret(input: $r) { ...All deliveries { nodes { endpoint { secret } } } }
        changed: updateWebhookEndpoint(input: $u) { ...All }
        again: rotateWebhookSecret(input: $r) { ...All } }
        fragment All on WebhookEndpoint { secret also: secret }";
    let answer = admin.ok(document, json!({ "id": id, "r": { "id": id }, "u": { "id": id, "description": "Library" } })).await;
    let (rotated, again) = (answer["rotated"]["secret"].as_str().unwrap(), answer["again"]["secret"].as_str().unwrap());
    assert!(rotated != again && [rotated, again].iter().all(|secret| secret.starts_with("whsec_") && *secret != first));
    assert_eq!((&answer["rotated"]["also"], &answer["again"]["also"]), (&json!(rotated), &json!(again)));
    assert_eq!(answer["rotated"]["deliveries"]["nodes"], json!([{ "endpoint": { "secret": null } }]));
    assert_eq!(answer["changed"], json!({ "secret": null, "also": null }));
    assert_eq!(answer["tested"], json!({ "endpoint": { "secret": null } }));
}

#[tokio::test]
async fn the_secret_is_sealed_and_never_stands_in_the_log() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, secret) = endpoint(&app, &app.oak, HOOK).await;
    let rotated = admin.ok(ROTATE, json!({ "i": { "id": id } })).await["rotateWebhookSecret"].take();
    assert!(rotated["secret"].as_str().unwrap() != secret && rotated["previousSecretExpiresAt"].is_string());
    for secret in [secret.as_str(), rotated["secret"].as_str().unwrap()] {
        let inside = secret.trim_start_matches("whsec_");
        assert_eq!(
            app.count(&format!("webhook_endpoint w WHERE position('{inside}' IN w::text || encode(w.secret, 'escape')) > 0")).await,
            0
        );
        assert_eq!(app.count(&format!("audit_entry a WHERE position('{inside}' IN a::text) > 0")).await, 0);
    }
    let sealed = "SELECT encode(secret, 'hex') FROM webhook_endpoint";
    let sealed = app.text(sealed).await.unwrap();
    assert_eq!(app.count(&format!("audit_entry a WHERE position('{sealed}' IN a::text) > 0")).await, 0);
    assert_eq!(
        app.text("SELECT (after -> 'secret_changed')::text FROM audit_entry WHERE operation = 'rotateWebhookSecret'").await.as_deref(),
        Some("true")
    );
    // Without a time of grace nothing is left of the former.
    let alone = admin.ok(ROTATE, json!({ "i": { "id": id, "graceHours": 0 } })).await["rotateWebhookSecret"].take();
    assert_eq!(alone["previousSecretExpiresAt"], Value::Null);
    assert_eq!(app.count(&format!("webhook_endpoint WHERE previous_secret IS NULL AND id = {}", quoted(&id))).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_has_twenty_endpoints_at_most_however_many_want_the_last() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for _ in 0..18 {
        endpoint(&app, &app.oak, HOOK).await;
    }
    let answers = join_all((0..6).map(|_| admin.ask(CREATE, json!({ "i": { "url": HOOK } })))).await;
    let made = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(made, 2, "{answers:?}");
    let refused = answers.iter().filter(|answer| answer.get("errors").is_some()).map(|answer| refusal(&answer["errors"][0]));
    assert!(refused.into_iter().all(|line| line == "LIMIT_REACHED"));
    assert_eq!(app.count("webhook_endpoint").await, 20);
    endpoint(&app, &app.elm, HOOK).await;
}

#[tokio::test]
async fn every_type_that_is_emitted_is_in_the_catalogue_and_the_other_way_round() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let types = admin.ok("{ webhookEventTypes { name description } }", json!({})).await["webhookEventTypes"].take();
    let names: Vec<&str> = types.as_array().unwrap().iter().map(|ty| ty["name"].as_str().unwrap()).collect();
    assert_eq!(
        names.join(" "),
        "user.created user.updated user.suspended user.reactivated user.deleted course.created course.updated course.published course.archived \
         course.deleted enrollment.created enrollment.updated enrollment.completed enrollment.dropped group.members_added group.members_removed \
         booking.requested booking.approved booking.assigned booking.rescheduled booking.completed booking.cancelled booking.escalated \
         booking.outcome_recorded resource.created resource.updated resource.deleted group_session.opened group_session.changed group_session.cancelled \
         waitlist.offered application.submitted application.accepted application.rejected application.waitlisted application.offered application.withdrawn \
         order.placed order.paid order.expired order.cancelled order.refunded payment.attention submission.submitted submission.graded submission.returned quiz_attempt.submitted certificate.issued certificate.revoked \
         announcement.published webhook.test import.finished attendee.checked_in"
    );
}
