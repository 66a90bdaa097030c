//! Whoever was loaded for one request is cached for the next, and is loaded anew once anything has changed what they may do.

use lectern_kernel::ids;
use serde_json::json;
use uuid::Uuid;

use super::{Bounds, Service};
use crate::app::{Client, TestApp, Who};

const CREATE: &str = "mutation { createCourse(input: { title: \"Forbidden fruit\" }) { id } }";
const LIST: &str = "{ courses(first: 1) { nodes { id } } }";

/// What is changed of an instructor, and what the very next request of theirs is answered.
const CHANGES: [(&str, &str); 12] = [
    ("UPDATE role SET permissions = '{COURSE_READ}' WHERE tenant_id = $tenant AND key = 'INSTRUCTOR'", "FORBIDDEN [COURSE_CREATE]"),
    ("DELETE FROM user_role WHERE tenant_id = $tenant AND user_id = $user", "UNAUTHENTICATED"),
    ("UPDATE user_role SET ends_at = now() - interval '1 second' WHERE tenant_id = $tenant AND user_id = $user", "UNAUTHENTICATED"),
    (
        "INSERT INTO user_permission (tenant_id, user_id, effect, permission) VALUES ($tenant, $user, 'DENY', 'COURSE_CREATE')",
        "FORBIDDEN [COURSE_CREATE]",
    ),
    ("UPDATE session SET revoked_at = now(), revoked_reason = 'LOGOUT' WHERE tenant_id = $tenant AND user_id = $user", "UNAUTHENTICATED"),
    ("DELETE FROM session WHERE tenant_id = $tenant AND user_id = $user", "UNAUTHENTICATED"),
    ("UPDATE app_user SET token_version = token_version + 1 WHERE tenant_id = $tenant AND id = $user", "UNAUTHENTICATED"),
    ("UPDATE app_user SET status = 'SUSPENDED' WHERE tenant_id = $tenant AND id = $user", "UNAUTHENTICATED"),
    ("UPDATE app_user SET deleted_at = now() WHERE tenant_id = $tenant AND id = $user", "UNAUTHENTICATED"),
    ("UPDATE tenant_settings SET second_factor_role_keys = '{INSTRUCTOR}' WHERE tenant_id = $tenant", "FORBIDDEN [COURSE_CREATE]"),
    ("UPDATE tenant SET suspended_at = now() WHERE tenant_id = $tenant", "SUBSCRIPTION_EXPIRED"),
    ("UPDATE tenant SET subscription_end = now() - interval '1 second' WHERE tenant_id = $tenant", "SUBSCRIPTION_EXPIRED"),
];

fn uuid(client: &Client) -> Uuid {
    ids::decode(&client.user_id).unwrap().1
}

#[tokio::test]
async fn what_changes_what_somebody_may_do_holds_for_their_very_next_request() {
    for (change, refusal) in CHANGES {
        let app = TestApp::start().await;
        let instructor = app.sign_in(&app.oak, Who::Instructor).await;
        instructor.ok(LIST, json!({})).await;
        assert_eq!(app.cost(&instructor, LIST, json!({})).await, (2, 1), "cached, and verified in the same flight as the list");
        let before = app.count("course").await;

        let change = change.replace("$tenant", &format!("'{}'", app.oak.tenant)).replace("$user", &format!("'{}'", uuid(&instructor)));
        app.sql(&change).await;
        assert_eq!(instructor.refused(CREATE, json!({})).await, refusal, "{change}");
        assert_eq!(app.count("course").await, before, "{change}");
        // The other school's people stay cached.
        let elsewhere = app.sign_in(&app.elm, Who::Instructor).await;
        elsewhere.ok(LIST, json!({})).await;
        assert_eq!(app.cost(&elsewhere, LIST, json!({})).await, (2, 1));
    }
}

#[tokio::test]
async fn what_is_granted_is_there_at_once() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.refused(CREATE, json!({})).await, "FORBIDDEN [COURSE_CREATE]");
    app.sql(&format!(
        "UPDATE role SET permissions = permissions || '{{COURSE_CREATE}}' WHERE tenant_id = '{}' AND key = 'LEARNER'",
        app.oak.tenant
    ))
    .await;
    learner.ok(CREATE, json!({})).await;
    // And the school's clock goes by another zone.
    let days = "{ reports { bookingsPerDay { date } } }";
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let today = |answer: serde_json::Value| answer["reports"]["bookingsPerDay"][29]["date"].clone();
    app.sql(&format!("UPDATE tenant SET time_zone = 'Pacific/Pago_Pago' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    let west = today(admin.ok(days, json!({})).await);
    app.sql(&format!("UPDATE tenant SET time_zone = 'Pacific/Kiritimati' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    assert_ne!(today(admin.ok(days, json!({})).await), west, "a day lies between the two, always");
    // Another role that grants more becomes the active one.
    app.sql(&format!(
        "INSERT INTO user_role (tenant_id, user_id, role_id) SELECT tenant_id, '{}', id FROM role WHERE tenant_id = '{}' AND key = 'ADMIN'",
        uuid(&learner),
        app.oak.tenant
    ))
    .await;
    assert_eq!(learner.ok("{ viewer { activeRole { key } } }", json!({})).await["viewer"]["activeRole"]["key"], "ADMIN");
}

/// Even a document that runs no statement verifies its actor.
#[tokio::test]
async fn a_document_without_statements_knows_who_has_signed_out() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let permissions = "{ viewer { permissions } }";
    learner.ok(permissions, json!({})).await;
    assert_eq!(app.statements(&learner, permissions, json!({})).await, 1, "the version check alone");
    app.sql(&format!("UPDATE session SET revoked_at = now(), revoked_reason = 'LOGOUT' WHERE user_id = '{}'", uuid(&learner))).await;
    assert_eq!(learner.ok(permissions, json!({})).await, json!({ "viewer": null }));
}

/// Even one that drops its statement before the answer, and the version check with it: whether the COMMIT was sent along with it, or
/// would have been with a later one.
#[tokio::test]
async fn a_document_that_gives_up_its_statement_knows_who_has_signed_out() {
    for takes_two in [false, true] {
        let app = TestApp::start().await;
        let service = Service::start(&app, Bounds { pool: 1, ..Bounds::default() }).await;
        let admin = service.sign_in(&app.oak, Who::Admin).await;
        let reports = "query($n: Int) { reports { bookingsByStatus { count } courseProgress(first: $n) { enrollments } } }";
        admin.ok("{ reports { bookingsByStatus { count } } }", json!({})).await; // its connection knows the statement
        if takes_two {
            admin.ok(reports, json!({ "n": 1 })).await;
        }
        for _ in 0..3 {
            assert_eq!(admin.refused(reports, json!({ "n": 0 })).await, "BAD_USER_INPUT @first");
        }
        app.sql(&format!("UPDATE session SET revoked_at = now(), revoked_reason = 'LOGOUT' WHERE user_id = '{}'", uuid(&admin))).await;
        assert_eq!(admin.refused(reports, json!({ "n": 0 })).await, "UNAUTHENTICATED");
    }
}

/// While their permissions come and go, nobody ever creates a course who may not at that moment, and nobody who may is refused
/// for another reason than that they may not.
#[tokio::test]
async fn changes_that_race_with_requests_leave_nothing_behind_that_was_not_allowed() {
    let app = TestApp::start().await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let toggle = |grants: bool| {
        let change = if grants { "array_append(permissions, 'COURSE_CREATE')" } else { "array_remove(permissions, 'COURSE_CREATE')" };
        format!("UPDATE role SET permissions = {change} WHERE tenant_id = '{}' AND key = 'INSTRUCTOR'", app.oak.tenant)
    };
    let mut created = 0;
    for round in 0..20 {
        let asks = (0..4).map(|_| {
            let instructor = instructor.clone();
            tokio::spawn(async move { instructor.ask(CREATE, json!({})).await })
        });
        let asks: Vec<_> = asks.collect();
        app.sql(&toggle(round % 2 == 1)).await;
        for ask in asks {
            let answer = ask.await.unwrap();
            if answer["data"]["createCourse"].is_object() {
                created += 1;
            } else {
                assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
            }
        }
        // Whatever was under way is over: what holds now, holds for everybody.
        if round % 2 == 1 {
            instructor.ok(CREATE, json!({})).await;
            created += 1;
        } else {
            assert_eq!(instructor.refused(CREATE, json!({})).await, "FORBIDDEN [COURSE_CREATE]");
        }
    }
    assert_eq!(app.count("course WHERE title = 'Forbidden fruit'").await, created);
}
