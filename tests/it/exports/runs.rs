//! The way of a run: called off, given up, and what becomes of it with its asker.

use serde_json::json;

use super::{clerk, export, run};
use crate::{
    app::{TestApp, Who},
    rosters::people,
};

const ALL: [&str; 2] = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];

#[tokio::test]
async fn a_run_whose_job_is_called_off_is_cancelled() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = export(&admin, "BOOKINGS", ALL[0], ALL[1]).await;
    let job = admin.ok("query($s: ID!) { jobs(filter: { subjectId: $s }) { nodes { id kind lane } } }", json!({ "s": id })).await;
    assert_eq!((&job["jobs"]["nodes"][0]["kind"], &job["jobs"]["nodes"][0]["lane"]), (&json!("export.run"), &json!("BULK")));
    admin.ok("mutation($id: ID!) { cancelJob(id: $id) { id } }", json!({ "id": job["jobs"]["nodes"][0]["id"] })).await;
    assert_eq!(run(&admin, &id).await["state"], "CANCELLED");
    app.work().await;
    assert_eq!(app.count("file").await, 0);
}

#[tokio::test]
async fn a_run_whose_job_is_given_up_has_failed_and_goes_on_when_it_is_run_anew() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = export(&admin, "BOOKINGS", ALL[0], ALL[1]).await;
    app.sql("UPDATE job SET state = 'RUNNING', lease = gen_random_uuid(), leased_until = now(), worker = gen_random_uuid() WHERE kind = 'export.run';
             UPDATE job SET state = 'DEAD', lease = NULL, leased_until = NULL, worker = NULL, finished_at = now(), last_error = 'TOOK_TOO_LONG: it did' WHERE kind = 'export.run'").await;
    let failed = run(&admin, &id).await;
    assert_eq!((&failed["state"], &failed["failureReason"]), (&json!("FAILED"), &json!("TOOK_TOO_LONG")));
    let job = admin.ok("query($s: ID!) { jobs(filter: { subjectId: $s }) { nodes { id } } }", json!({ "s": id })).await;
    admin.ok("mutation($id: ID!) { retryJob(id: $id) { id } }", json!({ "id": job["jobs"]["nodes"][0]["id"] })).await;
    app.work().await;
    let made = run(&admin, &id).await;
    assert_eq!((&made["state"], &made["failureReason"]), (&json!("SUCCEEDED"), &json!(null)));
}

#[tokio::test]
async fn whoever_may_not_read_reports_any_more_gets_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let vera = app.sign_in(&app.oak, Who::Viewer).await;
    let id = export(&vera, "BOOKINGS", ALL[0], ALL[1]).await;
    admin
        .ok(
            "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }",
            json!({ "i": { "userId": vera.user_id, "roleKeys": ["LEARNER"] } }),
        )
        .await;
    app.work().await;
    let failed = run(&vera, &id).await;
    assert_eq!((&failed["state"], &failed["failureReason"], &failed["file"]), (&json!("FAILED"), &json!("PERMISSION_LOST"), &json!(null)));

    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    export(&ada, "BOOKINGS", ALL[0], ALL[1]).await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": ada.user_id })).await;
    app.work().await;
    assert_eq!(app.count("export_run WHERE failure_reason = 'REQUESTER_GONE'").await, 1);
}

#[tokio::test]
async fn what_was_asked_for_in_the_smaller_of_two_roles_is_done_in_the_one_that_may() {
    let app = TestApp::start().await;
    let clerk = clerk(&app, &["REPORT_READ", "ROSTER_MANAGE", "FILE_UPLOAD"]).await;
    let report = export(&clerk, "BOOKINGS", ALL[0], ALL[1]).await;
    let roster = clerk.ok("mutation { exportRoster(input: { format: USERS_CSV }) { id } }", json!({})).await["exportRoster"]["id"].take();
    let import = people(&app, &clerk, "email,name\n", json!({})).await;
    assert_eq!((&import["state"], &import["failureReason"]), (&json!("SUCCEEDED"), &json!(null)));
    for id in [report.as_str(), roster.as_str().unwrap()] {
        let made = run(&clerk, id).await;
        assert_eq!((&made["state"], &made["failureReason"]), (&json!("SUCCEEDED"), &json!(null)));
    }
    // A greater role that grants nothing, because a second factor is due, does not stand in the way.
    app.sql(&format!(
        "INSERT INTO user_role (tenant_id, user_id, role_id) SELECT tenant_id, '{}', id FROM role WHERE tenant_id = '{}' AND key = 'ADMIN'; \
         UPDATE tenant_settings SET second_factor_role_keys = '{{ADMIN}}'",
        crate::classroom::uuid(&clerk.user_id),
        app.oak.tenant
    ))
    .await;
    let report = export(&clerk, "BOOKINGS", ALL[0], ALL[1]).await;
    app.work().await;
    assert_eq!(run(&clerk, &report).await["state"], "SUCCEEDED");
}

#[tokio::test]
async fn with_a_person_go_their_exports_their_schedules_and_their_files() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    export(&ada, "BOOKINGS", ALL[0], ALL[1]).await;
    let schedule = json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 });
    let schedule = ada.ok(super::CREATE, json!({ "i": schedule })).await["createReportSchedule"]["id"].take();
    ada.ok(super::RUN_NOW, json!({ "id": schedule })).await;
    app.work().await;
    assert_eq!((app.count("export_run WHERE file_id IS NOT NULL").await, app.count("file").await), (2, 2));
    export(&ada, "BOOKINGS", ALL[0], ALL[1]).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": ada.user_id })).await;
    app.work().await;
    assert_eq!((app.count("export_run").await, app.count("report_schedule").await, app.count("file").await), (0, 0, 0));
    // What is due by the clock may have come in just now.
    assert_eq!(app.count("job WHERE state <> 'SUCCEEDED' AND (kind LIKE 'export.%' OR attempts > 0)").await, 0);
}
