//! Schedules: when they run, over what, and that each period has one run.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, DELETE, RUN_NOW, SCHEDULE, UPDATE};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{early_in, refused, uuid},
};

async fn schedule(client: &Client, frequency: &str) -> String {
    schedule_at(client, frequency, 7).await
}

async fn schedule_at(client: &Client, frequency: &str, hour: i32) -> String {
    let input = json!({ "dataset": "ENROLLMENTS", "frequency": frequency, "hour": hour, "timeZone": "Europe/Berlin" });
    client.ok(CREATE, json!({ "i": input })).await["createReportSchedule"]["id"].as_str().unwrap().to_owned()
}

async fn read(client: &Client, id: &str) -> Value {
    client.ok(SCHEDULE, json!({ "id": id })).await["reportSchedule"].take()
}

async fn make_due(app: &TestApp, id: &str) {
    app.sql(&format!("UPDATE report_schedule SET next_run_at = now() - interval '1 minute' WHERE id = '{}'", uuid(id))).await;
}

/// A tick of the schedules, and what comes of it.
async fn pass(app: &TestApp) {
    app.sql(
        "SELECT set_config('app.tenant_id', d.tenant_id::text, false), app.schedule_job('report.due', d.slot) FROM app.due_schools('report.due', 'epoch') AS d;
         RESET app.tenant_id",
    )
    .await;
    app.work().await;
}

#[tokio::test]
async fn a_schedule_that_is_due_makes_one_run_of_the_period_before() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = schedule(&ada, "WEEKLY").await;
    assert!(read(&ada, &id).await["nextRunAt"].is_string());
    make_due(&app, &id).await;
    pass(&app).await;
    let made = read(&ada, &id).await;
    let runs = made["runs"]["nodes"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["state"]), (1, &json!("SUCCEEDED")), "{made}");
    // Whole weeks of Berlin, from Monday on, and the next run lies ahead.
    let berlin =
        "to_char(from_at AT TIME ZONE 'Europe/Berlin', 'Dy HH24:MI') || to_char(to_at AT TIME ZONE 'Europe/Berlin', ' Dy HH24:MI ')";
    let span = app.text(&format!("SELECT {berlin} || (to_at <= now()) FROM export_run")).await;
    assert_eq!(span.as_deref(), Some("Mon 00:00 Mon 00:00 true"));
    let next = "to_char(next_run_at AT TIME ZONE 'Europe/Berlin', 'Dy HH24:MI') || ' ' || (next_run_at > now())";
    assert_eq!(app.text(&format!("SELECT {next} FROM report_schedule")).await.as_deref(), Some("Mon 07:00 true"));
    // Due again over the same period, it makes none.
    make_due(&app, &id).await;
    app.sql("DELETE FROM job WHERE kind = 'report.due'").await;
    pass(&app).await;
    assert_eq!(read(&ada, &id).await["runs"]["totalCount"], 1);
    // The run is the owner's own, with their rights; its row names nobody else.
    assert_eq!(app.count(&format!("job WHERE kind = 'export.run' AND actor_id = '{}'", uuid(&ada.user_id))).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_who_run_a_schedule_at_once_all_are_answered_the_same_run() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    // At midnight: what is due is the last whole day, whenever this test runs.
    let id = schedule_at(&ada, "DAILY", 0).await;
    let answers = join_all((0..10).map(|_| ada.ok(RUN_NOW, json!({ "id": id })))).await;
    let mut runs: Vec<&str> = answers.iter().map(|answer| answer["runReportSchedule"]["id"].as_str().unwrap()).collect();
    runs.dedup();
    assert_eq!(runs.len(), 1, "{answers:?}");
    assert_eq!((app.count("export_run").await, app.count("job WHERE kind = 'export.run'").await), (1, 1));
    // Its tick at the same time makes no other.
    make_due(&app, &id).await;
    pass(&app).await;
    assert_eq!(app.count("export_run").await, 1);
}

#[tokio::test]
async fn a_run_of_the_first_day_is_none_of_the_week_or_month_that_began_with_it() {
    let app = TestApp::start().await;
    early_in(&app, 3600).await; // a week or a month might begin
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = schedule(&ada, "DAILY").await;
    for frequency in ["WEEKLY", "MONTHLY"] {
        ada.ok(UPDATE, json!({ "i": { "id": id, "frequency": frequency } })).await;
        let whole = ada.ok(RUN_NOW, json!({ "id": id })).await["runReportSchedule"].take();
        // As if the schedule had run daily until now.
        let known = uuid(whole["id"].as_str().unwrap());
        app.sql(&format!("UPDATE export_run SET to_at = from_at + interval '1 day' WHERE id = '{known}'")).await;
        let mut runs = Vec::new();
        for answer in join_all((0..4).map(|_| ada.ok(RUN_NOW, json!({ "id": id })))).await {
            assert_eq!((&answer["runReportSchedule"]["from"], &answer["runReportSchedule"]["to"]), (&whole["from"], &whole["to"]));
            runs.push(answer["runReportSchedule"]["id"].as_str().unwrap().to_owned());
        }
        runs.dedup();
        assert_eq!(runs.len(), 1, "{runs:?}");
        assert_ne!(runs[0], whole["id"].as_str().unwrap());
    }
    // What was made daily stays.
    assert_eq!(read(&ada, &id).await["runs"]["totalCount"], 4);
}

#[tokio::test]
async fn a_schedule_whose_owner_is_gone_is_paused_and_says_why() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (ada, vera) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (first, second) = (schedule(&ada, "DAILY").await, schedule(&vera, "MONTHLY").await);
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": ada.user_id })).await;
    let roles = json!({ "userId": vera.user_id, "roleKeys": ["LEARNER"] });
    admin.ok("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", json!({ "i": roles })).await;
    make_due(&app, &first).await;
    make_due(&app, &second).await;
    pass(&app).await;
    let reasons = app.text("SELECT string_agg(is_paused || ' ' || paused_reason, ', ' ORDER BY paused_reason) FROM report_schedule").await;
    assert_eq!(reasons.as_deref(), Some("true OWNER_SUSPENDED, true PERMISSION_LOST"));
    assert_eq!(app.count("export_run").await, 0);
    // Once they may again, they say so.
    admin
        .ok(
            "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }",
            json!({ "i": { "userId": vera.user_id, "roleKeys": ["VIEWER"] } }),
        )
        .await;
    let again = vera.ok(UPDATE, json!({ "i": { "id": second, "isPaused": false } })).await["updateReportSchedule"].take();
    assert_eq!((&again["isPaused"], &again["pausedReason"]), (&json!(false), &json!(null)));
    assert!(again["nextRunAt"].is_string());
}

#[tokio::test]
async fn a_schedule_is_changed_paused_and_deleted() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = schedule(&ada, "DAILY").await;
    let changed = ada.ok(UPDATE, json!({ "i": { "id": id, "frequency": "MONTHLY", "hour": 0, "timeZone": "UTC" } })).await;
    assert!(changed["updateReportSchedule"]["nextRunAt"].as_str().unwrap().ends_with("-01T00:00:00Z"), "{changed}");
    // Null asks for the school's own zone; nothing else can be null.
    let local = ada.ok(UPDATE, json!({ "i": { "id": id, "timeZone": null } })).await["updateReportSchedule"].take();
    assert_eq!((&local["timeZone"], &local["frequency"], &local["hour"]), (&json!("Europe/Berlin"), &json!("MONTHLY"), &json!(0)));
    assert!(!local["nextRunAt"].as_str().unwrap().ends_with("-01T00:00:00Z"), "{local}");
    for field in ["frequency", "hour", "isPaused"] {
        refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "timeZone": "UTC", field: null } }), &format!("BAD_USER_INPUT @{field}"))
            .await;
    }
    let paused = ada.ok(UPDATE, json!({ "i": { "id": id, "isPaused": true } })).await["updateReportSchedule"].take();
    assert_eq!(json!([paused["isPaused"], paused["nextRunAt"], paused["frequency"]]), json!([true, null, "MONTHLY"]));
    let run = ada.ok(RUN_NOW, json!({ "id": id })).await["runReportSchedule"].take();
    ada.ok(DELETE, json!({ "id": id })).await;
    assert_eq!(ada.ok(SCHEDULE, json!({ "id": id })).await["reportSchedule"], json!(null));
    assert_eq!(super::run(&ada, run["id"].as_str().unwrap()).await["schedule"], json!(null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_of_a_schedule_at_once_both_hold() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = schedule(&ada, "DAILY").await;
    for hour in 8..16 {
        let zone = if hour % 2 == 0 { "UTC" } else { "Asia/Tokyo" };
        let changes = [json!({ "id": id, "hour": hour }), json!({ "id": id, "timeZone": zone })];
        join_all(changes.iter().map(|change| ada.ok(UPDATE, json!({ "i": change })))).await;
        // It runs next when all of it says so.
        let next = "to_char(next_run_at AT TIME ZONE time_zone, 'HH24:MI') = lpad(hour::text, 2, '0') || ':00'";
        assert_eq!(app.count(&format!("report_schedule WHERE hour = {hour} AND time_zone = '{zone}' AND {next}")).await, 1);
    }
    for hour in 8..16 {
        ada.ok(UPDATE, json!({ "i": { "id": id, "isPaused": false } })).await;
        let changes = [json!({ "id": id, "isPaused": true }), json!({ "id": id, "hour": hour })];
        join_all(changes.iter().map(|change| ada.ok(UPDATE, json!({ "i": change })))).await;
        assert_eq!(app.count(&format!("report_schedule WHERE hour = {hour} AND is_paused AND next_run_at IS NULL")).await, 1);
    }
}
