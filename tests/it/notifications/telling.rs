//! Who is told of what, and how often.

use serde_json::json;
use uuid::Uuid;

use super::{kinds, list, person_of, request, unread};
use crate::{
    app::{School, TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, PUBLISH, course, draft, enroll, group, learners, uuid},
};

/// Opens a transaction of the school for nobody, does this, and commits.
pub(super) async fn in_school(app: &TestApp, school: &School, sql: &str) {
    let tenant = school.tenant;
    app.sql(&format!(
        "BEGIN; SELECT set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', '{}', true); {sql}; COMMIT",
        Uuid::nil()
    ))
    .await;
}

#[tokio::test]
async fn a_booking_is_told_to_those_whom_it_concerns_and_not_to_who_did_it() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, viewer) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    let at = |hour: u32| format!("2099-03-02T{hour:02}:00:00Z");
    let free = json!({ "i": { "startsAt": at(8), "endsAt": at(18) } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", free).await;
    let booking = request(&lea, 2, Some(&ada.user_id)).await;
    app.work().await;
    assert_eq!(kinds(&ada).await, ["BOOKING_REQUESTED x1*"]);
    assert_eq!(kinds(&admin).await, ["BOOKING_REQUESTED x1*"]);
    assert!(kinds(&lea).await.is_empty(), "who did it knows");
    let note = &list(&admin).await[0];
    assert_eq!(note["subject"], json!({ "id": booking, "__typename": "Booking" }));
    assert_eq!((&note["subjectId"], &note["actor"]["id"]), (&json!(booking), &json!(lea.user_id)));
    assert_eq!(note["title"], "Booking requested: 2 March 2099, 10:00 (Europe/Berlin)");
    assert_eq!(note["body"], "A booking was requested from 2 March 2099, 10:00 (Europe/Berlin) until 2 March 2099, 11:00 (Europe/Berlin).");

    admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": booking })).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["BOOKING_APPROVED x1*"]);
    let moved = json!({ "i": { "id": booking, "startsAt": at(11), "endsAt": at(12) } });
    lea.ok("mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }", moved).await;
    app.work().await;
    assert_eq!(kinds(&admin).await, ["BOOKING_RESCHEDULED x1*", "BOOKING_REQUESTED x1*"], "the learner moved it");
    let assigned = json!({ "i": { "id": booking, "instructorId": ada.user_id } });
    admin.ok("mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }", assigned).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["BOOKING_ASSIGNED x1*", "BOOKING_APPROVED x1*"]);
    assert_eq!(kinds(&ada).await, ["BOOKING_ASSIGNED x1*", "BOOKING_REQUESTED x1*"]);
    let moved = json!({ "i": { "id": booking, "startsAt": at(13), "endsAt": at(14) } });
    admin.ok("mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }", moved).await;
    app.work().await;
    assert_eq!(kinds(&ada).await[0], "BOOKING_RESCHEDULED x1*", "it was hers");
    assert_eq!(kinds(&lea).await[0], "BOOKING_RESCHEDULED x1*");
    assert_eq!(kinds(&admin).await.len(), 2, "a manager moved it");
    lea.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": booking } })).await;
    app.work().await;
    assert_eq!(kinds(&ada).await[0], "BOOKING_CANCELLED x1*", "she was wished for");
    assert_eq!(kinds(&lea).await[0], "BOOKING_RESCHEDULED x1*");
    assert!(kinds(&viewer).await.is_empty() && kinds(&foreign).await.is_empty());
    in_school(&app, &app.oak, &format!("UPDATE booking SET escalated_at = now() WHERE id = '{}'", uuid(&booking))).await;
    app.work().await;
    assert_eq!(kinds(&admin).await[0], "BOOKING_ESCALATED x1*");
    assert_eq!(list(&admin).await[0]["actor"], json!(null), "the service did it");
}

#[tokio::test]
async fn who_is_enrolled_by_somebody_else_is_told_and_who_enrolls_or_whose_course_is_published_is_not() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let enrolled = enroll(&lea, &algebra, &lea.user_id).await;
    app.work().await;
    assert!(kinds(&lea).await.is_empty());
    // Taken in again by a manager.
    lea.ok("mutation($id: ID!) { unenroll(id: $id) { id } }", json!({ "id": enrolled })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["ENROLLED x1*"]);
    let note = &list(&lea).await[0];
    assert_eq!((&note["title"], &note["subject"]), (&json!("Enrolled: Algebra"), &json!({ "id": algebra, "__typename": "Course" })));

    // By a group: one event for all.
    let owls = group(&admin, json!({ "name": "Owls", "autoEnroll": true })).await;
    let people = learners(&app, &app.oak, 30).await;
    let all: Vec<&String> = people.iter().chain([&lea.user_id]).collect();
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": owls, "userIds": all } })).await;
    let geometry = draft(&admin, json!({ "title": "Geometry" })).await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": owls, "courseIds": [geometry] } })).await;
    app.work().await;
    admin.ok(PUBLISH, json!({ "id": geometry })).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["COURSE_PUBLISHED x1*", "ENROLLED x1*"], "not by the publication");
    assert_eq!(app.count("notification WHERE kind = 'COURSE_PUBLISHED'").await, 31);
    let logic = course(&admin, json!({ "title": "Logic" })).await;
    app.work().await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": owls, "courseIds": [logic] } })).await;
    assert_eq!(app.count("job WHERE payload ->> 'type' = 'notify.enrolled' AND state = 'QUEUED'").await, 1);
    app.work().await;
    assert_eq!(kinds(&lea).await[0], "ENROLLED x1*");
    assert_eq!(app.count("notification WHERE kind = 'ENROLLED'").await, 32);
    // A course that is gone has no title, and is no subject any more.
    app.sql(&format!("UPDATE enrollment SET status = 'DROPPED'; UPDATE course SET deleted_at = now() WHERE id = '{}'", uuid(&logic))).await;
    let note = &list(&lea).await[0];
    assert_eq!((&note["title"], &note["subject"]), (&json!("Enrolled: a course"), &json!(null)));
}

#[tokio::test]
async fn roles_webhooks_imports_and_exports_are_told() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let roles = json!({ "i": { "userId": lea.user_id, "roleKeys": ["LEARNER", "VIEWER"] } });
    admin.ok("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", roles).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["ROLE_CHANGED x1*"]);
    assert_eq!(list(&lea).await[0]["title"], "Your roles were changed");
    // Also who sets their own.
    let roles = json!({ "i": { "userId": admin.user_id, "roleKeys": ["ADMIN", "VIEWER"] } });
    admin.ok("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", roles).await;
    app.work().await;
    assert_eq!(kinds(&admin).await, ["ROLE_CHANGED x1*"]);

    let made = json!({ "i": { "url": "https://hooks.example.invalid/" } });
    let endpoint = admin.ok("mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id } }", made).await;
    let endpoint = endpoint["createWebhookEndpoint"]["id"].as_str().unwrap().to_owned();
    in_school(&app, &app.oak, &format!("SELECT app.disable_webhook('{}', 'GONE')", uuid(&endpoint))).await;
    app.work().await;
    assert_eq!(kinds(&admin).await[0], "WEBHOOK_DISABLED x1*");
    let note = &list(&admin).await[0];
    assert_eq!((&note["title"], &note["subject"]["id"]), (&json!("Webhook disabled: its receiver is gone"), &json!(endpoint)));
    assert_eq!(app.count("webhook_event WHERE type LIKE 'notify.%'").await, 0, "no endpoint is told of what is for people");

    let person = person_of(&app, "learner@oak.example").await;
    let run = Uuid::now_v7();
    in_school(&app, &app.oak, &format!("SELECT app.tell_of_import('{run}', '{person}', 'SUCCEEDED')")).await;
    app.work().await;
    in_school(&app, &app.oak, &format!("SELECT app.tell_of_export('{run}', '{person}', 'Bookings', false)")).await;
    app.work().await;
    assert_eq!(kinds(&lea).await[..2], ["EXPORT_READY x1*", "IMPORT_FINISHED x1*"]);
    assert_eq!(list(&lea).await[0]["title"], "Export ready: Bookings");
    assert_eq!(app.count("mail WHERE template IN ('export_ready', 'import_finished')").await, 0);
    let run = Uuid::now_v7();
    in_school(&app, &app.oak, &format!("SELECT app.tell_of_export('{run}', '{person}', 'Bookings', true)")).await;
    app.work().await;
    assert_eq!(app.count("mail WHERE template = 'export_ready' AND state = 'SENT'").await, 1, "that of a schedule is mailed");
    // Where nobody is to be told, nobody is.
    let before = app.count("job").await;
    in_school(&app, &app.oak, &format!("SET LOCAL app.notify = 'off'; SELECT app.tell_of_export('{run}', '{person}', 'Bookings', true)"))
        .await;
    assert_eq!(app.count("job").await, before);
}

#[tokio::test]
async fn events_of_one_hour_about_one_thing_are_one_notification_that_counts_each_once() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let person = person_of(&app, "learner@oak.example").await;
    let fan_out = |event: u128, at: &str| {
        let payload = json!({ "type": "notify.export_ready", "at": at, "note": { "person": person, "facts": { "name": "Bookings" } } });
        format!("SELECT app.fan_out('{}', 'exportrun_x', '{payload}')", Uuid::from_u128(event))
    };
    let mut at = Vec::new();
    for (event, moment) in [(5, "2027-03-01T09:10:00Z"), (5, "2027-03-01T09:10:00Z"), (7, "2027-03-01T09:59:59Z")] {
        in_school(&app, &app.oak, &fan_out(event, moment)).await;
        at.push(list(&lea).await[0]["updatedAt"].clone());
    }
    assert_eq!(kinds(&lea).await, ["EXPORT_READY x2*"]);
    assert!(at[0] == at[1] && at[1].as_str() < at[2].as_str(), "an event that is fanned out again changes nothing: {at:?}");
    let id = list(&lea).await[0]["id"].clone();
    lea.ok(
        "mutation($i: SetNotificationsReadInput!) { setNotificationsRead(input: $i) { id } }",
        json!({ "i": { "ids": [id], "isRead": true } }),
    )
    .await;
    for (event, moment) in [(7, "2027-03-01T09:59:59Z"), (6, "2027-03-01T09:30:00Z")] {
        in_school(&app, &app.oak, &fan_out(event, moment)).await;
        assert_eq!(kinds(&lea).await, ["EXPORT_READY x2"], "nor does an earlier one");
    }
    in_school(&app, &app.oak, &fan_out(8, "2027-03-01T09:59:59Z")).await;
    assert_eq!((kinds(&lea).await, unread(&lea).await), (vec!["EXPORT_READY x3*".to_owned()], 1), "it is unread again");
    in_school(&app, &app.oak, &fan_out(9, "2027-03-01T10:00:00Z")).await;
    assert_eq!(kinds(&lea).await, ["EXPORT_READY x1*", "EXPORT_READY x3*"]);
}

#[tokio::test]
async fn whoever_is_suspended_or_deleted_is_told_nothing_and_a_deletion_takes_all_of_it_along() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    bob.ok(
        "mutation { updateNotificationSettings(input: { digestHour: 7, preferences: [{ kind: ENROLLED, inApp: false }] }) { digestHour } }",
        json!({}),
    )
    .await;
    super::told(&app, &app.oak, Who::Learner).await;
    app.sql("UPDATE notification SET recipient_id = (SELECT id FROM app_user WHERE email = 'bob@oak.example')").await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": lea.user_id })).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    assert_eq!(app.count("notification").await, 1);
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id })).await;
    for table in ["notification", "notification_settings", "notification_preference"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
}
