//! What people see of jobs, and what they do with them.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{dead, enqueue, opened, start};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused, uuid},
};

const LIST: &str = "query($f: JobFilter) { jobs(filter: $f) { totalCount nodes { kind } } }";
const JOB: &str =
    "query($id: ID!) { job(id: $id) { id kind lane state attempts maxAttempts startedAt finishedAt lastError subjectId correlationId } }";
const RETRY: &str = "mutation($id: ID!) { retryJob(id: $id) { id state attempts finishedAt lastError } }";
const CANCEL: &str = "mutation($id: ID!) { cancelJob(id: $id) { id state finishedAt } }";

/// A job in each state; their ids by it.
async fn in_each_state(app: &TestApp) -> Vec<(&'static str, String)> {
    let mut jobs = Vec::new();
    for (state, sql) in [
        ("QUEUED", "state = 'QUEUED', finished_at = NULL"),
        ("LATER", "state = 'QUEUED', finished_at = NULL, run_at = now() + interval '1 hour', attempts = 3"),
        ("RUNNING", "state = 'RUNNING', finished_at = NULL, worker = id, lease = id, leased_until = now() + interval '1 hour'"),
        ("SUCCEEDED", "state = 'SUCCEEDED'"),
        ("CANCELLED", "state = 'CANCELLED'"),
        ("DEAD", "state = 'DEAD'"),
    ] {
        let id = dead(app, &app.oak).await;
        let set = format!(
            "SET session_replication_role = replica; UPDATE job SET {sql} WHERE id = '{}'; SET session_replication_role = origin",
            uuid(&id)
        );
        app.sql(&set).await;
        jobs.push((state, id));
    }
    jobs
}

#[tokio::test]
async fn an_administrator_reads_the_jobs_of_the_school_and_of_no_other() {
    let app = start().await;
    let (admin, other) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let id = dead(&app, &app.oak).await;
    let read = admin.ok(JOB, json!({ "id": id })).await["job"].take();
    let expected = json!({ "id": id, "kind": "purge.jobs", "lane": "DEFAULT", "state": "DEAD", "attempts": 8, "maxAttempts": 8,
        "startedAt": read["startedAt"], "finishedAt": read["finishedAt"], "lastError": "UNAVAILABLE: not now", "subjectId": "user_x", "correlationId": "trial" });
    assert_eq!(read, expected);
    assert!(read["startedAt"].is_string() && read["finishedAt"].is_string());
    assert_eq!(
        admin.ok("query($id: ID!) { node(id: $id) { ... on Job { kind } } }", json!({ "id": id })).await["node"]["kind"],
        "purge.jobs"
    );
    assert_eq!(other.ok(JOB, json!({ "id": id })).await["job"], Value::Null);
    assert_eq!(other.ok(LIST, json!({})).await["jobs"], json!({ "totalCount": 0, "nodes": [] }));
    // Nor is the deployment's own anybody's.
    app.sql("UPDATE job SET tenant_id = '00000000-0000-0000-0000-000000000000'").await;
    assert_eq!(admin.ok(LIST, json!({})).await["jobs"]["totalCount"], 0);
}

#[tokio::test]
async fn jobs_are_listed_filtered_and_counted() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    in_each_state(&app).await;
    enqueue(&app, &app.oak, "trial.mark", "one", json!({})).await;
    let (open, subject) = (opened(&app.oak, None, "trial"), nothing("course"));
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.mark', 'two', subject => '{subject}'); COMMIT")).await;
    enqueue(&app, &app.elm, "trial.mark", "elms", json!({})).await;

    let nodes = admin.ok("{ jobs(first: 100) { nodes { createdAt } } }", json!({})).await["jobs"]["nodes"].take();
    let times: Vec<jiff::Timestamp> =
        nodes.as_array().unwrap().iter().map(|node| node["createdAt"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.len() == 8 && times.is_sorted_by(|one, next| one >= next), "the newest first: {times:?}");
    let pages = admin.ok("{ jobs(first: 3) { pageInfo { hasNextPage endCursor } nodes { id } } }", json!({})).await["jobs"].take();
    let next = admin
        .ok("query($at: String) { jobs(first: 100, after: $at) { nodes { id } } }", json!({ "at": pages["pageInfo"]["endCursor"] }))
        .await;
    assert_eq!((pages["nodes"].as_array().unwrap().len(), next["jobs"]["nodes"].as_array().unwrap().len()), (3, 5));

    for (filter, count) in [
        (json!({}), 8),
        (json!({ "states": ["DEAD"] }), 1),
        (json!({ "states": ["QUEUED", "RUNNING"] }), 5),
        (json!({ "states": [] }), 0),
        (json!({ "kinds": ["trial.mark"] }), 2),
        (json!({ "kinds": ["trial.mark", "purge.jobs"], "states": ["QUEUED"] }), 4),
        (json!({ "kinds": ["no.such"] }), 0),
        (json!({ "subjectId": subject }), 1),
        (json!({ "subjectId": nothing("course") }), 0),
    ] {
        assert_eq!(admin.ok(LIST, json!({ "f": filter })).await["jobs"]["totalCount"], count, "{filter}");
    }
    let counts = admin.ok("{ jobsByState { state count } }", json!({})).await["jobsByState"].take();
    let expected = json!([{ "state": "QUEUED", "count": 4 }, { "state": "RUNNING", "count": 1 }, { "state": "SUCCEEDED", "count": 1 },
        { "state": "DEAD", "count": 1 }, { "state": "CANCELLED", "count": 1 }]);
    assert_eq!(counts, expected);
    let many: Vec<String> = (0..51).map(|n| format!("kind.{n}")).collect();
    assert_eq!(admin.refused(LIST, json!({ "f": { "kinds": many } })).await, "BAD_USER_INPUT @filter.kinds");
    assert_eq!(admin.refused(LIST, json!({ "f": { "kinds": [""] } })).await, "BAD_USER_INPUT @filter.kinds.0");
    for wrong in ["", "course", "course_1", "unicorn_01h455vb4pex5vsknk084sn02q"] {
        assert_eq!(admin.refused(LIST, json!({ "f": { "subjectId": wrong } })).await, "BAD_USER_INPUT @filter.subjectId", "{wrong}");
    }
    assert_eq!(
        app.statements(&admin, "{ jobs(first: 5) { nodes { id subjectId correlationId lastError } } jobsByState { count } }", json!({}))
            .await,
        3
    );
}

#[tokio::test]
async fn only_who_may_manage_jobs_sees_or_moves_them() {
    let app = start().await;
    let id = dead(&app, &app.oak).await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for query in [LIST, "{ jobsByState { count } }"] {
            assert_eq!(client.refused(query, json!({})).await, "FORBIDDEN [JOB_MANAGE]", "{who:?}");
        }
        assert_eq!(client.refused(JOB, json!({ "id": id })).await, "FORBIDDEN [JOB_MANAGE]", "{who:?}");
        for mutation in [RETRY, CANCEL] {
            refused(&app, &client, mutation, json!({ "id": id }), "FORBIDDEN [JOB_MANAGE]").await;
        }
    }
    assert_eq!(app.stranger().refused(LIST, json!({})).await, "UNAUTHENTICATED");
    let other = app.sign_in(&app.elm, Who::Admin).await;
    for mutation in [RETRY, CANCEL] {
        refused(&app, &other, mutation, json!({ "id": id }), "NOT_FOUND @id").await;
        refused(&app, &other, mutation, json!({ "id": nothing("job") }), "NOT_FOUND @id").await;
        refused(&app, &other, mutation, json!({ "id": nothing("course") }), "BAD_USER_INPUT @id").await;
    }
}

#[tokio::test]
async fn what_is_dead_or_waits_for_later_runs_now_and_what_waits_is_called_off() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (mutation, field, moves) in [(RETRY, "retryJob", ["DEAD", "LATER"]), (CANCEL, "cancelJob", ["QUEUED", "LATER"])] {
        for (state, id) in in_each_state(&app).await {
            if !moves.contains(&state) {
                refused(&app, &admin, mutation, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
                continue;
            }
            let moved = admin.ok(mutation, json!({ "id": id })).await[field].take();
            if field == "cancelJob" {
                assert_eq!(moved["state"], "CANCELLED");
                assert!(moved["finishedAt"].is_string(), "{moved}");
            } else {
                let attempts = if state == "DEAD" { 0 } else { 3 };
                assert_eq!(
                    moved,
                    json!({ "id": id, "state": "QUEUED", "attempts": attempts, "finishedAt": null, "lastError": "UNAVAILABLE: not now" })
                );
                assert_eq!(app.count(&format!("job WHERE id = '{}' AND run_at <= now()", uuid(&id))).await, 1);
            }
            // A second time there is nothing to be moved.
            refused(&app, &admin, mutation, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
        }
        assert_eq!(app.changes(field).await, 2);
    }
    let log = "query { auditLog(filter: { resource: \"Job\", outcome: CHANGED, operation: \"retryJob\" }) { nodes { resourceId before after actor { id } } } }";
    let entries = admin.ok(log, json!({})).await["auditLog"]["nodes"].take();
    let entry = entries.as_array().unwrap().iter().find(|entry| entry["before"]["state"] == "DEAD").unwrap();
    assert_eq!(
        (&entry["after"]["state"], &entry["after"]["attempts"], &entry["actor"]["id"]),
        (&json!("QUEUED"), &json!(0), &json!(admin.user_id))
    );
    assert!(!entries.to_string().contains("sesame"), "{entries}");
}

#[tokio::test]
async fn of_twenty_who_retry_a_job_at_once_one_does() {
    let app = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = dead(&app, &app.oak).await;
    let answers = join_all((0..20).map(|_| admin.ask(RETRY, json!({ "id": id })))).await;
    assert_eq!(answers.iter().filter(|answer| answer["data"]["retryJob"]["state"] == "QUEUED").count(), 1, "{answers:?}");
    assert_eq!(app.changes("retryJob").await, 1);
}

#[tokio::test]
async fn a_lapse_of_the_subscription_closes_them() {
    let app = start().await;
    let admin: Client = app.sign_in(&app.oak, Who::Admin).await;
    let id = dead(&app, &app.oak).await;
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    assert_eq!(admin.refused(LIST, json!({})).await, "SUBSCRIPTION_EXPIRED");
    for mutation in [RETRY, CANCEL] {
        refused(&app, &admin, mutation, json!({ "id": id }), "SUBSCRIPTION_EXPIRED").await;
    }
}

#[tokio::test]
async fn a_job_moves_by_its_steps_alone_whoever_moves_it() {
    let app = start().await;
    let states = ["QUEUED", "RUNNING", "SUCCEEDED", "DEAD", "CANCELLED"];
    let steps = [
        ("QUEUED", "RUNNING"),
        ("QUEUED", "CANCELLED"),
        ("RUNNING", "SUCCEEDED"),
        ("RUNNING", "QUEUED"),
        ("RUNNING", "DEAD"),
        ("DEAD", "QUEUED"),
    ];
    for from in states {
        for to in states.into_iter().filter(|to| *to != from) {
            let id = uuid(&dead(&app, &app.oak).await);
            let set = |state: &str| {
                let lease = if state == "RUNNING" { "id" } else { "NULL" };
                let ended = if ["QUEUED", "RUNNING"].contains(&state) { "NULL" } else { "now()" };
                format!(
                    "UPDATE job SET state = '{state}', worker = {lease}, lease = {lease}, leased_until = CASE WHEN {lease}::text IS NOT NULL THEN now() END, finished_at = {ended} WHERE id = '{id}'"
                )
            };
            app.sql(&format!("SET session_replication_role = replica; {}; SET session_replication_role = origin", set(from))).await;
            let outcome = app.try_sql(&set(to)).await;
            let expected = if steps.contains(&(from, to)) { Ok(()) } else { Err(Some("job_transition".to_owned())) };
            assert_eq!(outcome, expected, "{from} to {to}");
        }
    }
}
