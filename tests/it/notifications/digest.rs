//! The digest: one mail a person and date.

use serde_json::json;

use super::{person_of, told};
use crate::{
    app::{TestApp, Who},
    classroom::early_in,
};

/// So many hours ago, or from now, by the clock of the school.
async fn hour(app: &TestApp) -> i64 {
    app.text("SELECT extract(hour FROM now() AT TIME ZONE (SELECT time_zone FROM tenant WHERE slug = 'oak'))::text")
        .await
        .unwrap()
        .parse()
        .unwrap()
}

async fn digest(app: &TestApp) {
    super::telling::in_school(app, &app.oak, "SELECT app.enqueue('mail.digest', NULL)").await;
    app.work().await;
}

/// Something that waits since yesterday.
async fn waiting(app: &TestApp, count: usize) {
    for _ in 0..count {
        told(app, &app.oak, Who::Learner).await;
    }
    app.sql("UPDATE notification SET mail = 'WAITS', updated_at = now() - interval '1 day' WHERE mail = 'NONE'").await;
}

async fn choose_hour(app: &TestApp, hour: i64) {
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    lea.ok("mutation($h: Int) { updateNotificationSettings(input: { digestHour: $h }) { digestHour } }", json!({ "h": hour })).await;
}

#[tokio::test]
async fn a_person_gets_one_mail_a_day_of_what_is_unread_and_nobody_gets_an_empty_one() {
    let app = TestApp::start().await;
    early_in(&app, 3600).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    choose_hour(&app, 0).await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0, "nothing to say");
    waiting(&app, 23).await;
    lea.ok("mutation { markAllNotificationsRead }", json!({})).await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0, "all of it was read");
    waiting(&app, 22).await;
    digest(&app).await;
    assert_eq!(app.count("mail WHERE template = 'digest' AND state = 'SENT'").await, 1);
    let mail = admin.ok("{ outbox { nodes { subject text kind unsubscribeUrl } } }", json!({})).await["outbox"]["nodes"][0].take();
    assert_eq!((&mail["kind"], mail["unsubscribeUrl"].is_string()), (&json!(null), true));
    assert!(mail["subject"].as_str().unwrap().ends_with(": 22 unread"), "{mail}");
    let text = mail["text"].as_str().unwrap();
    assert_eq!(text.matches("Export ready: Bookings").count(), 20, "{text}");
    assert!(text.contains("And 2 more."), "{text}");
    waiting(&app, 1).await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 1, "one a day");
    assert_eq!(app.count("notification WHERE mail = 'DONE'").await, 22);
    // Tomorrow, the rest of it.
    app.sql("UPDATE mail SET key = key || 'yesterday'").await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 2);
}

#[tokio::test]
async fn it_comes_at_the_chosen_hour_and_holds_what_is_older_than_that() {
    let app = TestApp::start().await;
    early_in(&app, 3600).await;
    let now = hour(&app).await;
    waiting(&app, 1).await;
    if now < 23 {
        app.sql("UPDATE notification SET updated_at = now() - interval '2 hours'").await;
        choose_hour(&app, now + 1).await;
        digest(&app).await;
        assert_eq!(app.count("mail").await, 0, "not yet");
    }
    choose_hour(&app, now).await;
    app.sql("UPDATE notification SET updated_at = now()").await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0, "it came after that hour had begun");
    app.sql("UPDATE notification SET updated_at = now() - interval '61 minutes'").await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 1);
}

#[tokio::test]
async fn one_of_the_last_hour_of_a_day_is_not_missed_by_a_run_after_midnight() {
    let app = TestApp::start().await;
    early_in(&app, 3600).await;
    // Where it is between midnight and one o'clock now.
    app.sql(
        "UPDATE tenant SET time_zone = (SELECT CASE WHEN h > 12 THEN 'Etc/GMT-' || 24 - h WHEN h = 0 THEN 'Etc/GMT' ELSE 'Etc/GMT+' || h END
         FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int AS h) AS utc) WHERE slug = 'oak'",
    )
    .await;
    assert_eq!(hour(&app).await, 0);
    choose_hour(&app, 23).await;
    waiting(&app, 1).await;
    app.sql("UPDATE notification SET updated_at = now() - interval '1 minute'").await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0, "it came after the hour of yesterday");
    app.sql("UPDATE notification SET updated_at = now() - interval '3 hours'").await;
    digest(&app).await;
    let yesterday = "(now() AT TIME ZONE (SELECT time_zone FROM tenant WHERE slug = 'oak'))::date - 1";
    assert_eq!(app.count(&format!("mail WHERE key LIKE 'digest:%:' || ({yesterday})::text")).await, 1, "it is yesterday's");
    waiting(&app, 1).await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 1, "one a date");
}

#[tokio::test]
async fn it_comes_by_the_clock_of_the_person_and_a_zone_that_nobody_knows_is_the_schools() {
    let app = TestApp::start().await;
    early_in(&app, 3600).await;
    // By the person's clock it is between midnight and one o'clock, by the school's twelve hours away from that.
    app.sql(
        "UPDATE app_user SET time_zone = (SELECT CASE WHEN h > 12 THEN 'Etc/GMT-' || 24 - h WHEN h = 0 THEN 'Etc/GMT' ELSE 'Etc/GMT+' || h END
             FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int AS h) AS utc) WHERE email = 'learner@oak.example';
         UPDATE tenant SET time_zone = (SELECT CASE WHEN h >= 12 THEN 'Etc/GMT+' || h - 12 ELSE 'Etc/GMT-' || 12 - h END
             FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int AS h) AS utc) WHERE slug = 'oak'",
    )
    .await;
    assert_eq!(hour(&app).await, 12);
    choose_hour(&app, 23).await;
    waiting(&app, 1).await;
    app.sql("UPDATE notification SET updated_at = now() - interval '1 minute'").await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0, "it came after the hour of yesterday");
    app.sql("UPDATE notification SET updated_at = now() - interval '3 hours'").await;
    digest(&app).await;
    let yesterday = "(now() AT TIME ZONE (SELECT time_zone FROM app_user WHERE email = 'learner@oak.example'))::date - 1";
    assert_eq!(app.count(&format!("mail WHERE key LIKE 'digest:%:' || ({yesterday})::text")).await, 1, "it is yesterday's");
    // A newer list of zones than the database's.
    app.sql("UPDATE app_user SET time_zone = 'Mars/Olympus'; UPDATE mail SET key = key || 'another'").await;
    waiting(&app, 1).await;
    choose_hour(&app, 12).await;
    digest(&app).await;
    let today = "(now() AT TIME ZONE (SELECT time_zone FROM tenant WHERE slug = 'oak'))::date";
    assert_eq!(app.count(&format!("mail WHERE key LIKE 'digest:%:' || ({today})::text")).await, 1);
}

#[tokio::test]
async fn what_was_turned_off_meanwhile_stands_in_none() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    choose_hour(&app, 0).await;
    waiting(&app, 2).await;
    lea.ok("mutation { updateNotificationSettings(input: { preferences: [{ kind: EXPORT_READY, email: OFF }] }) { locale } }", json!({}))
        .await;
    digest(&app).await;
    assert_eq!(app.count("mail").await, 0);
    assert!(!person_of(&app, "learner@oak.example").await.is_nil());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_are_made_at_once_one_is_sent() {
    let app = TestApp::start().await;
    choose_hour(&app, 0).await;
    waiting(&app, 3).await;
    for _ in 0..4 {
        super::telling::in_school(&app, &app.oak, "SELECT app.enqueue('mail.digest', NULL)").await;
    }
    app.work().await;
    assert_eq!(app.count("mail").await, 1);
    assert_eq!(app.count("notification WHERE mail = 'DONE'").await, 3);
}
