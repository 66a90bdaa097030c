//! What passing time does: requests that wait too long, and reminders.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::*;

/// What the jobs do, as the school's.
async fn pass(app: &TestApp, school: &School) {
    app.sql(&format!(
        "RESET app.audit; BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), set_config('app.operation', 'system:booking.escalate', true), \
         app.escalate_bookings(1000), app.remind_of_bookings(1000); COMMIT",
        school.tenant
    ))
    .await;
    app.work().await;
}

/// The kinds of what somebody was told, the latest first.
async fn told(client: &Client) -> String {
    let list = client.ok("{ notifications(first: 100) { nodes { kind } } }", json!({})).await;
    let kinds = list["notifications"]["nodes"].as_array().unwrap().iter().map(|note| note["kind"].as_str().unwrap().to_owned());
    kinds.collect::<Vec<_>>().join(" ")
}

const SETTINGS: &str = "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { bookingEscalationHours slotHoldMinutes \
    waitlistOfferMinutes bookingReminderMinutes bookingCancelNoticeMinutes } }";

#[tokio::test]
async fn a_request_that_nobody_answers_is_brought_up_once() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let age = async |booking: &Value, hours: i64| {
        app.sql(&format!("UPDATE booking SET created_at = now() - interval '{hours} hours' WHERE id = '{}'", uuid(booking))).await;
    };
    let waiting = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (480, 540)).await;
    let answered = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (600, 660)).await;
    let over = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (-20 * 1440, -20 * 1440 + 60)).await;
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    foreign.ok(SETTINGS, json!({ "i": { "bookingEscalationHours": 48 } })).await;
    let elsewhere = {
        let [student, teacher] = [app.sign_in(&app.elm, Who::Learner).await, app.sign_in(&app.elm, Who::Instructor).await];
        booking_in(&app, &app.elm, "REQUESTED", &student, &teacher, (480, 540)).await
    };
    for booking in [&waiting, &answered, &over, &elsewhere] {
        age(booking, 23).await;
    }
    pass(&app, &app.oak).await;
    assert_eq!(app.count("booking WHERE escalated_at IS NOT NULL").await, 0);
    for booking in [&answered, &over, &elsewhere] {
        age(booking, 25).await;
    }
    age(&waiting, 25).await;
    let dashboard = "{ dashboard { pendingBookings escalatedBookings } }";
    assert_eq!(admin.ok(dashboard, json!({})).await["dashboard"]["escalatedBookings"], 0);
    pass(&app, &app.oak).await;
    pass(&app, &app.oak).await;
    assert_eq!(app.count("booking WHERE escalated_at IS NOT NULL").await, 1);
    assert_eq!(told(&admin).await, "BOOKING_ESCALATED");
    assert_eq!((told(&ada).await, told(&learner).await), (String::new(), String::new()));
    assert_eq!(app.changes("system:booking.escalate").await, 1);
    assert_eq!(admin.ok(dashboard, json!({})).await["dashboard"], json!({ "pendingBookings": 2, "escalatedBookings": 1 }));
    assert_eq!(learner.ok(dashboard, json!({})).await["dashboard"]["escalatedBookings"], 1, "their own");
    let filtered = "query($e: Boolean) { bookings(filter: { isEscalated: $e }) { nodes { id escalatedAt } } }";
    let found = admin.ok(filtered, json!({ "e": true })).await["bookings"]["nodes"].take();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &waiting));
    assert_eq!(admin.ok(filtered, json!({ "e": false })).await["bookings"]["nodes"].as_array().unwrap().len(), 2);
    // Answered, it waits no longer.
    admin.ok(APPROVE, json!({ "id": waiting })).await;
    assert_eq!(admin.ok(dashboard, json!({})).await["dashboard"]["escalatedBookings"], 0);

    // The other school's clock is its own.
    pass(&app, &app.elm).await;
    assert_eq!(told(&foreign).await, "");
    foreign.ok(SETTINGS, json!({ "i": { "bookingEscalationHours": 1 } })).await;
    pass(&app, &app.elm).await;
    assert_eq!(told(&foreign).await, "BOOKING_ESCALATED");
}

#[tokio::test]
async fn learner_and_instructor_are_reminded_once_for_each_start() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    begin_in(&app, &booking, 1445).await;
    pass(&app, &app.oak).await;
    assert_eq!((told(&ada).await, told(&learner).await), (String::new(), String::new()), "more than a day ahead");
    begin_in(&app, &booking, 1435).await;
    pass(&app, &app.oak).await;
    pass(&app, &app.oak).await;
    assert_eq!((told(&ada).await.as_str(), told(&learner).await.as_str()), ("BOOKING_REMINDER", "BOOKING_REMINDER"));
    assert_eq!(told(&admin).await, "");
    assert_eq!(app.count("booking_reminder").await, 2);
    // Moved, it reminds anew; what is called off reminds nobody.
    begin_in(&app, &booking, 1400).await;
    pass(&app, &app.oak).await;
    assert_eq!(app.count("booking_reminder").await, 4);
    app.sql(&format!("UPDATE booking SET status = 'CANCELLED' WHERE id = '{}'", uuid(&booking))).await;
    begin_in(&app, &booking, 1300).await;
    pass(&app, &app.oak).await;
    assert_eq!(app.count("booking_reminder").await, 4);
}

#[tokio::test]
async fn what_was_due_before_a_booking_was_made_is_not_told_and_types_have_their_own_minutes() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    admin.ok(SETTINGS, json!({ "i": { "bookingReminderMinutes": [2880, 60] } })).await;
    let reminded = async || {
        app.text("SELECT string_agg(DISTINCT minutes::text, ' ' ORDER BY minutes::text) FROM booking_reminder").await.unwrap_or_default()
    };
    // Made an hour ago for tomorrow: two days before is over, an hour before is not yet.
    let booking = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (480, 540)).await;
    begin_in(&app, &booking, 1000).await;
    app.sql("UPDATE booking SET created_at = now() - interval '1 hour'").await;
    pass(&app, &app.oak).await;
    assert_eq!(reminded().await, "");
    begin_in(&app, &booking, 50).await;
    app.sql("UPDATE booking SET created_at = now() - interval '1 hour'").await;
    pass(&app, &app.oak).await;
    assert_eq!(reminded().await, "60");
    assert_eq!(told(&learner).await, "BOOKING_REMINDER");

    let kind = booking_type(&app, &app.oak, &[("reminder_minutes", "'{300}'")], &[&ada]).await;
    make_of(&app, &booking, &kind).await;
    app.sql("DELETE FROM booking_reminder").await;
    begin_in(&app, &booking, 200).await;
    pass(&app, &app.oak).await;
    assert_eq!(reminded().await, "300");
    app.sql("DELETE FROM booking_reminder; UPDATE booking_type SET reminder_minutes = '{}'").await;
    pass(&app, &app.oak).await;
    assert_eq!(reminded().await, "");
}

#[tokio::test]
async fn several_processes_tell_once() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let mut processes = Vec::new();
    for _ in 0..6 {
        let (process, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
        tokio::spawn(connection);
        processes.push(process);
    }
    for round in 0..5 {
        let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480 + round * 70, 540 + round * 70)).await;
        begin_in(&app, &booking, 100 + round * 70).await;
        let waiting = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (480 + round * 70, 540 + round * 70)).await;
        app.sql(&format!("UPDATE booking SET created_at = now() - interval '2 days' WHERE id = '{}'", uuid(&waiting))).await;
        let pass = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{}'; SELECT app.escalate_bookings(1000), app.remind_of_bookings(1000); COMMIT",
            app.oak.tenant,
            Uuid::nil()
        );
        join_all(processes.iter().map(|process| async { process.batch_execute(&pass).await.unwrap() })).await;
    }
    assert_eq!(app.count("booking_reminder").await, 10);
    assert_eq!(app.count("job WHERE kind = 'event.fan_out' AND payload ->> 'type' = 'notify.booking_reminder'").await, 5);
    assert_eq!(app.count("job WHERE kind = 'event.fan_out' AND payload ->> 'type' = 'booking.escalated'").await, 5);
    app.work().await;
    assert!(told(&admin).await.split(' ').all(|kind| kind == "BOOKING_ESCALATED"));
}

#[tokio::test]
async fn the_settings_of_bookings_have_their_bounds() {
    let app = TestApp::start().await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let own = "{ viewer { tenant { settings { bookingEscalationHours slotHoldMinutes waitlistOfferMinutes bookingReminderMinutes bookingCancelNoticeMinutes } } } }";
    let usual = json!({ "bookingEscalationHours": 24, "slotHoldMinutes": 5, "waitlistOfferMinutes": 120, "bookingReminderMinutes": [1440], "bookingCancelNoticeMinutes": 0 });
    assert_eq!(learner.ok(own, json!({})).await["viewer"]["tenant"]["settings"], usual);
    let changed = json!({ "bookingEscalationHours": 720, "slotHoldMinutes": 15, "waitlistOfferMinutes": 10080, "bookingReminderMinutes": [43200, 60, 5], "bookingCancelNoticeMinutes": 525600 });
    assert_eq!(admin.ok(SETTINGS, json!({ "i": changed })).await["updateTenantSettings"], changed);
    for (field, value, at) in [
        ("bookingEscalationHours", json!(0), ""),
        ("bookingEscalationHours", json!(721), ""),
        ("bookingEscalationHours", Value::Null, ""),
        ("slotHoldMinutes", json!(0), ""),
        ("slotHoldMinutes", json!(16), ""),
        ("waitlistOfferMinutes", json!(4), ""),
        ("waitlistOfferMinutes", json!(10_081), ""),
        ("bookingReminderMinutes", json!([60, 4]), ".1"),
        ("bookingReminderMinutes", json!([43_201]), ".0"),
        ("bookingReminderMinutes", json!([60, 60]), ".1"),
        ("bookingReminderMinutes", json!([60, 61, 62, 63]), ""),
        ("bookingCancelNoticeMinutes", json!(-1), ""),
        ("bookingCancelNoticeMinutes", json!(525_601), ""),
    ] {
        let line = format!("BAD_USER_INPUT @{field}{at}");
        refused(&app, &admin, SETTINGS, json!({ "i": { field: value } }), &line).await;
    }
    assert_eq!(admin.ok(own, json!({})).await["viewer"]["tenant"]["settings"], changed);
    refused(&app, &learner, SETTINGS, json!({ "i": { "slotHoldMinutes": 5 } }), "FORBIDDEN [TENANT_MANAGE]").await;
    assert_eq!(
        admin.ok(SETTINGS, json!({ "i": { "bookingReminderMinutes": null } })).await["updateTenantSettings"]["bookingReminderMinutes"],
        json!([])
    );
}

#[tokio::test]
async fn what_ticks_by_the_minute_makes_jobs_where_something_is_due_alone() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let due = async |kind: &str| {
        let schools = format!(
            "SELECT coalesce(string_agg(t.slug, ' ' ORDER BY t.slug), '') FROM app.due_schools('{kind}', '-infinity') AS d JOIN tenant t USING (tenant_id)"
        );
        app.text(&schools).await.unwrap()
    };
    let waiting = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (480, 540)).await;
    let booked = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (600, 660)).await;
    begin_in(&app, &booked, 1445).await;
    assert_eq!((due("booking.escalate").await.as_str(), due("booking.remind").await.as_str()), ("", ""));
    app.sql(&format!("UPDATE booking SET created_at = now() - interval '25 hours' WHERE id = '{}'", uuid(&waiting))).await;
    begin_in(&app, &booked, 1435).await;
    assert_eq!((due("booking.escalate").await.as_str(), due("booking.remind").await.as_str()), ("oak", "oak"));
    pass(&app, &app.oak).await;
    assert_eq!((due("booking.escalate").await.as_str(), due("booking.remind").await.as_str()), ("", ""));
    // Who takes it now is reminded as well.
    app.sql(&format!("DELETE FROM booking_reminder WHERE user_id = '{}'", uuid_of(&ada))).await;
    assert_eq!(due("booking.remind").await, "oak");
}
