//! What is refused, and that nothing changes by it.

use serde_json::json;

use super::{CREATE, DELETE, EXPORT, RUN_NOW, UPDATE};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

#[tokio::test]
async fn exports_and_schedules_need_report_read_and_sound_inputs() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let report = |more: serde_json::Value| {
        let mut input = json!({ "dataset": "ACTIVITY" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let schedule = |hour: i32, zone: &str| json!({ "i": { "dataset": "BOOKINGS", "frequency": "DAILY", "hour": hour, "timeZone": zone } });
    refused(&app, &lea, EXPORT, report(json!({})), "FORBIDDEN [REPORT_READ]").await;
    refused(&app, &lea, CREATE, schedule(7, "UTC"), "FORBIDDEN [REPORT_READ]").await;
    let backward = json!({ "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z" });
    refused(&app, &ada, EXPORT, report(backward), "BAD_USER_INPUT @to").await;
    let long = json!({ "from": "2020-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z" });
    refused(&app, &ada, EXPORT, report(long), "BAD_USER_INPUT @to").await;
    for hour in [-1, 24, 1000] {
        refused(&app, &ada, CREATE, schedule(hour, "UTC"), "BAD_USER_INPUT @hour").await;
    }
    refused(&app, &ada, CREATE, schedule(7, "Mars/Olympus"), "BAD_USER_INPUT @timeZone").await;
}

#[tokio::test]
async fn nobody_touches_the_schedules_of_others() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let input = json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 });
    let id = ada.ok(CREATE, json!({ "i": input })).await["createReportSchedule"]["id"].take();
    let strangers = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await];
    for other in &strangers {
        for id in [&id, &json!(nothing("reportschedule"))] {
            refused(&app, other, UPDATE, json!({ "i": { "id": id, "hour": 8 } }), "NOT_FOUND @id").await;
            refused(&app, other, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
            refused(&app, other, RUN_NOW, json!({ "id": id }), "NOT_FOUND @id").await;
        }
    }
    refused(&app, &ada, UPDATE, json!({ "i": { "id": id, "hour": 24 } }), "BAD_USER_INPUT @hour").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_more_than_twenty_schedules_however_many_they_ask_for_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let input = json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 });
    let answers = futures_util::future::join_all((0..25).map(|_| ada.ask(CREATE, json!({ "i": input })))).await;
    let made = answers.iter().filter(|answer| answer["errors"].is_null()).count();
    assert_eq!((made, app.count("report_schedule").await), (20, 20), "{answers:?}");
    refused(&app, &ada, CREATE, json!({ "i": input }), "LIMIT_REACHED").await;
}
