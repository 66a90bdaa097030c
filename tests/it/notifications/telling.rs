//! Who is told of what, and how often.

use serde_json::json;
use uuid::Uuid;

use super::{kinds, list, person_of, request, unread};
use crate::{
    app::{School, TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, PUBLISH, course, draft, enroll, group, learners, uuid},
    transactions::until,
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
    for event in [7, 5] {
        in_school(&app, &app.oak, &fan_out(event, "2027-03-01T09:59:59Z")).await;
        assert_eq!(kinds(&lea).await, ["EXPORT_READY x2"], "nor does one that was counted before the latest");
    }
    for _twice in 0..2 {
        in_school(&app, &app.oak, &fan_out(6, "2027-03-01T09:30:00Z")).await;
        assert_eq!(kinds(&lea).await, ["EXPORT_READY x3*"], "an earlier one that comes late counts, once");
    }
    in_school(&app, &app.oak, &fan_out(8, "2027-03-01T09:59:59Z")).await;
    assert_eq!((kinds(&lea).await, unread(&lea).await), (vec!["EXPORT_READY x4*".to_owned()], 1), "it is unread again");
    in_school(&app, &app.oak, &fan_out(9, "2027-03-01T10:00:00Z")).await;
    assert_eq!(kinds(&lea).await, ["EXPORT_READY x1*", "EXPORT_READY x4*"]);
}

/// A connection of its own, to fan out beside others.
async fn beside(app: &TestApp) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_fanned_out_beside_each_other_are_each_counted_and_mailed_once_whichever_commits_first() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let person = person_of(&app, "learner@oak.example").await;
    let (tenant, nobody) = (app.oak.tenant, Uuid::nil());
    let begin = format!(
        "BEGIN; SET LOCAL deadlock_timeout = '60s'; SELECT set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', '{nobody}', true)"
    );
    let fan_out = |event: u128| {
        let note = json!({ "person": person, "isScheduled": true, "facts": { "name": format!("Bookings {event}") } });
        let payload = json!({ "type": "notify.export_ready", "at": "2027-03-01T09:10:00Z", "note": note });
        format!("SELECT app.fan_out('{}', 'exportrun_x', '{payload}')", Uuid::from_u128(event))
    };
    // The later event is told, and not committed yet; the earlier one waits for it.
    let (later, earlier) = (beside(&app).await, beside(&app).await);
    later.batch_execute(&format!("{begin}; {}", fan_out(7))).await.unwrap();
    let waiting = tokio::spawn({
        let statements = format!("{begin}; {}; COMMIT", fan_out(5));
        async move { earlier.batch_execute(&statements).await }
    });
    let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("the earlier event waits for the later", async || app.count(waits).await > 0).await;
    later.batch_execute("COMMIT").await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(kinds(&lea).await, ["EXPORT_READY x2*"]);
    assert_eq!(list(&lea).await[0]["title"], "Export ready: Bookings 7", "it says what its latest event says");
    // Many at once, each of them twice.
    let mut tasks = Vec::new();
    for event in (0..40).map(|place: u128| 100 + (place * 7) % 20) {
        let (client, statements) = (beside(&app).await, format!("{begin}; {}; COMMIT", fan_out(event)));
        tasks.push(tokio::spawn(async move { client.batch_execute(&statements).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(kinds(&lea).await, ["EXPORT_READY x22*"]);
    assert_eq!(app.count("mail WHERE template = 'export_ready'").await, 22);
    assert_eq!(list(&lea).await[0]["title"], "Export ready: Bookings 119");
}

#[tokio::test]
async fn a_published_course_that_a_group_is_given_is_told_to_the_members_who_gain_it() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let cara = app.person(&app.oak, "cara@oak.example", &["LEARNER"]).await;
    let (owls, cats) = (group(&admin, json!({ "name": "Owls" })).await, group(&admin, json!({ "name": "Cats" })).await);
    let add = |group: &str, people: &[&str]| json!({ "i": { "groupId": group, "userIds": people } });
    admin.ok(ADD_MEMBERS, add(&owls, &[&lea.user_id, &bob.user_id, &cara.user_id, &admin.user_id])).await;
    admin.ok(ADD_MEMBERS, add(&cats, &[&cara.user_id])).await;
    let (logic, music) = (course(&admin, json!({ "title": "Logic" })).await, draft(&admin, json!({ "title": "Music" })).await);
    enroll(&admin, &logic, &bob.user_id).await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": cats, "courseIds": [logic] } })).await;
    app.work().await;
    assert_eq!(kinds(&cara).await, ["COURSE_PUBLISHED x1*"]);

    admin.ok(ADD_COURSES, json!({ "i": { "groupId": owls, "courseIds": [logic, music] } })).await;
    app.work().await;
    assert_eq!(kinds(&lea).await, ["COURSE_PUBLISHED x1*"], "a draft is no news");
    let note = &list(&lea).await[0];
    assert_eq!(
        (&note["title"], &note["subject"]["id"], &note["actor"]["id"]),
        (&json!("New course: Logic"), &json!(logic), &json!(admin.user_id))
    );
    assert_eq!(note["body"], "Logic is now among the courses of a group that you are in.");
    assert_eq!(app.text("SELECT string_agg(DISTINCT mail, ' ') FROM notification WHERE kind = 'COURSE_PUBLISHED'").await.unwrap(), "WAITS");
    assert_eq!(kinds(&bob).await, ["ENROLLED x1*"], "he is in it");
    assert_eq!(kinds(&cara).await, ["COURSE_PUBLISHED x1*"], "another group of hers had it");
    assert!(kinds(&admin).await.is_empty(), "who did it knows");
    admin.ok(PUBLISH, json!({ "id": music })).await;
    app.work().await;
    assert_eq!(app.count("notification n JOIN course c ON c.id = n.course_id WHERE c.title = 'Music'").await, 3);

    // Whom a group enrolls is told that.
    let kites = group(&admin, json!({ "name": "Kites", "autoEnroll": true })).await;
    admin.ok(ADD_MEMBERS, add(&kites, &[&lea.user_id])).await;
    let chess = course(&admin, json!({ "title": "Chess" })).await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": kites, "courseIds": [chess] } })).await;
    app.work().await;
    assert_eq!(kinds(&lea).await[0], "ENROLLED x1*");
    assert_eq!(app.count("notification n JOIN course c ON c.id = n.course_id WHERE c.title = 'Chess'").await, 1);
}

#[tokio::test]
async fn how_something_ended_is_said_in_words_of_the_readers_language() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let person = person_of(&app, "learner@oak.example").await;
    let made = json!({ "i": { "url": "https://hooks.example.invalid/" } });
    let endpoint = admin.ok("mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id } }", made).await;
    let endpoint = uuid(endpoint["createWebhookEndpoint"]["id"].as_str().unwrap());
    for state in ["SUCCEEDED", "FAILED", "CANCELLED"] {
        in_school(&app, &app.oak, &format!("SELECT app.tell_of_import('{}', '{person}', '{state}')", Uuid::now_v7())).await;
        app.work().await;
    }
    for reason in ["GONE", "FAILING"] {
        let again = "UPDATE webhook_endpoint SET state = 'ACTIVE', disabled_reason = NULL";
        let older = "UPDATE notification SET hour = hour - interval '1 hour' WHERE kind = 'WEBHOOK_DISABLED'";
        in_school(&app, &app.oak, &format!("{again}; {older}; SELECT app.disable_webhook('{endpoint}', '{reason}')")).await;
        app.work().await;
    }
    request(&lea, 2, None).await;
    app.work().await;
    for (locale, imports, reasons, booking) in [
        (
            "en",
            ["was cancelled", "has failed", "has succeeded"],
            ["has failed for days", "is gone"],
            "A booking was requested from 2 March 2099, 10:00 (Europe/Berlin) until 2 March 2099, 11:00 (Europe/Berlin).",
        ),
        (
            "de",
            ["wurde abgebrochen", "ist fehlgeschlagen", "ist gelungen"],
            ["seit Tagen versagt", "nicht mehr da ist"],
            "Eine Buchung wurde angefragt, vom 2. März 2099, 10:00 Uhr (Europe/Berlin), bis zum 2. März 2099, 11:00 Uhr (Europe/Berlin).",
        ),
    ] {
        for client in [&lea, &admin] {
            let choose = "mutation($l: String) { updateNotificationSettings(input: { locale: $l }) { locale } }";
            client.ok(choose, json!({ "l": locale })).await;
        }
        let (told, noted) = (list(&lea).await, list(&admin).await);
        assert_eq!((told.len(), noted.len()), (3, 3));
        assert_eq!(noted[0]["body"], booking);
        for (note, words) in told.iter().zip(imports).chain(noted[1..].iter().zip(reasons)) {
            let body = note["body"].as_str().unwrap();
            assert!(body.contains(words), "{body}");
            assert!(!["SUCCEEDED", "FAILED", "CANCELLED", "GONE", "FAILING"].iter().any(|state| body.contains(state)), "{body}");
        }
    }
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
