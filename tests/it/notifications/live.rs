//! Hearing of what happens, as it happens, and of what was missed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{list, request, telling::in_school, told};
use crate::{
    app::{TestApp, Who},
    classroom::{PUBLISH, course, draft, enroll, uuid},
    socket::Socket,
};

const ADDED: &str = "subscription { notificationAdded { id title count } }";

fn since(moment: &Value) -> String {
    format!("subscription {{ notificationAdded(since: {moment}) {{ id }} }}")
}

/// What an event says.
fn event<'a>(message: &'a Value, field: &str) -> &'a Value {
    assert_eq!(message["type"], "next", "{message}");
    &message["payload"]["data"][field]
}

#[tokio::test]
async fn a_notification_is_heard_by_its_recipient_alone_and_the_number_by_who_is_told_or_reads() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (mut of_lea, mut of_admin) = (Socket::of(&lea).await, Socket::of(&admin).await);
    for socket in [&mut of_lea, &mut of_admin] {
        assert!(socket.begin("1", ADDED).await.is_empty());
    }
    let mut count = Socket::of(&lea).await;
    assert!(count.begin("1", "subscription { unreadNotificationCountChanged }").await.is_empty());
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    let heard = of_lea.hear().await;
    let id = list(&lea).await[0]["id"].clone();
    assert_eq!(event(&heard, "notificationAdded"), &json!({ "id": id, "title": "Enrolled: Algebra", "count": 1 }));
    assert_eq!(event(&count.hear().await, "unreadNotificationCountChanged"), &json!(1));
    let read = "mutation($i: SetNotificationsReadInput!) { setNotificationsRead(input: $i) { id } }";
    lea.ok(read, json!({ "i": { "ids": [id], "isRead": true } })).await;
    assert_eq!(event(&count.hear().await, "unreadNotificationCountChanged"), &json!(0));
    // Reading twice changes no number, and is no event.
    lea.ok(read, json!({ "i": { "ids": [id], "isRead": true } })).await;
    lea.ok(read, json!({ "i": { "ids": [id], "isRead": false } })).await;
    assert_eq!(event(&count.hear().await, "unreadNotificationCountChanged"), &json!(1));
    lea.ok("mutation { markAllNotificationsRead }", json!({})).await;
    assert_eq!(event(&count.hear().await, "unreadNotificationCountChanged"), &json!(0));
    for socket in [&mut of_lea, &mut of_admin, &mut count] {
        let said = socket.until_answered().await;
        assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
    }
}

#[tokio::test]
async fn who_was_away_is_sent_what_was_missed_the_oldest_first_and_then_what_comes() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let mut ids = Vec::new();
    for age in [40, 30, 20, 10] {
        let id = told(&app, &app.oak, Who::Learner).await;
        app.sql(&format!("UPDATE notification SET updated_at = now() - interval '{age} minutes' WHERE id = '{}'", uuid(&id))).await;
        ids.push(id);
    }
    told(&app, &app.oak, Who::Admin).await;
    let seen = list(&lea).await[2]["updatedAt"].clone();
    let mut socket = Socket::of(&lea).await;
    let mut heard: Vec<Value> = socket.begin("1", &since(&seen)).await;
    while heard.len() < 3 {
        let message = socket.hear().await;
        event(&message, "notificationAdded");
        heard.push(message);
    }
    let heard: Vec<&Value> = heard.iter().map(|message| &event(message, "notificationAdded")["id"]).collect();
    // What was seen last may come twice; nothing that came after it is missed.
    assert_eq!(heard, [&ids[1], &ids[2], &ids[3]]);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    assert_eq!(event(&socket.hear().await, "notificationAdded")["id"], list(&lea).await[0]["id"]);
}

#[tokio::test]
async fn who_is_too_far_behind_is_told_to_read_the_list() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let many = |count: u32| {
        format!(
            "INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, facts, in_app, mail)
             SELECT tenant_id, gen_random_uuid(), id, 'EXPORT_READY', gen_random_uuid()::text, now(), id, '{{\"name\": \"x\"}}', true, 'NONE'
             FROM app_user, generate_series(1, {count}) WHERE email = 'learner@oak.example'"
        )
    };
    app.sql(&many(100)).await;
    let mut socket = Socket::of(&lea).await;
    let mut heard = socket.begin("1", &since(&json!("2026-01-01T00:00:00Z"))).await.len();
    while heard < 100 {
        event(&socket.hear().await, "notificationAdded");
        heard += 1;
    }
    app.sql(&many(1)).await;
    let mut socket = Socket::of(&lea).await;
    let said = socket.begin("1", &since(&json!("2026-01-01T00:00:00Z"))).await;
    let refused = if said.is_empty() { socket.hear().await } else { said[0].clone() };
    assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("LIMIT_REACHED")), "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["reason"], "TOO_FAR_BEHIND");
    // Whoever has read the list goes on from its newest.
    let newest =
        lea.ok("{ notifications(first: 1) { nodes { updatedAt } } }", json!({})).await["notifications"]["nodes"][0]["updatedAt"].take();
    let mut socket = Socket::of(&lea).await;
    let said = socket.begin("1", &since(&newest)).await;
    assert!(said.iter().all(|message| message["type"] == "next"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_between_what_was_and_what_comes() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let person = super::person_of(&app, "learner@oak.example").await;
    for round in 0..5_u128 {
        app.sql("DELETE FROM notification").await;
        // Somebody tells them one thing after the other, while they begin to listen.
        let writing = async {
            for event in 1..=30_u128 {
                let payload = json!({ "type": "notify.export_ready", "at": "2027-03-01T09:10:00Z", "note": { "person": person, "facts": { "name": "x" } } });
                let id = uuid::Uuid::from_u128(round * 100 + event);
                in_school(&app, &app.oak, &format!("SELECT app.fan_out('{id}', 'exportrun_{event}', '{payload}')")).await;
            }
        };
        let listening = async {
            let mut socket = Socket::of(&lea).await;
            let early = socket.begin("1", &since(&json!("2026-01-01T00:00:00Z"))).await;
            (socket, early)
        };
        let ((), (mut socket, early)) = tokio::join!(writing, listening);
        let expected: BTreeSet<String> = list(&lea).await.iter().map(|note| note["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(expected.len(), 30);
        let name = |message: &Value| event(message, "notificationAdded")["id"].as_str().unwrap().to_owned();
        let mut heard: BTreeSet<String> = early.iter().map(name).collect();
        while heard != expected {
            heard.insert(name(&socket.hear().await));
        }
    }
}

#[tokio::test]
async fn a_course_and_its_enrollments_are_heard_by_those_who_may_see_them_and_asked_for_them() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let geometry = course(&admin, json!({ "title": "Geometry" })).await;
    let (mut one, mut all) = (Socket::of(&lea).await, Socket::of(&lea).await);
    one.begin("1", &format!("subscription {{ courseChanged(id: \"{algebra}\") {{ id status }} }}")).await;
    all.begin("1", "subscription { courseChanged { id status } }").await;
    let mut enrolled = Socket::of(&ada).await;
    enrolled.begin("1", &format!("subscription {{ enrollmentChanged(courseId: \"{algebra}\") {{ user {{ id }} progress }} }}")).await;
    // A draft is not theirs to see: they hear of it when it is published.
    ada.ok("mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }", json!({ "i": { "id": algebra, "capacity": 5 } })).await;
    ada.ok(PUBLISH, json!({ "id": algebra })).await;
    admin
        .ok("mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }", json!({ "i": { "id": geometry, "capacity": 5 } }))
        .await;
    let published = json!({ "id": algebra, "status": "PUBLISHED" });
    assert_eq!(event(&one.hear().await, "courseChanged"), &published);
    let mut heard = all.hear().await;
    // What has changed twice may be told twice: as it is.
    while event(&heard, "courseChanged")["id"] != geometry {
        assert_eq!(event(&heard, "courseChanged"), &published);
        heard = all.hear().await;
    }
    enroll(&lea, &geometry, &lea.user_id).await;
    enroll(&lea, &algebra, &lea.user_id).await;
    assert_eq!(event(&enrolled.hear().await, "enrollmentChanged"), &json!({ "user": { "id": lea.user_id }, "progress": 0.0 }));
    let said = one.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last" || event(message, "courseChanged") == &published), "{said:?}");
    let said = enrolled.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
}

#[tokio::test]
async fn ids_of_another_school_are_listened_to_like_ids_that_never_existed() {
    let app = TestApp::start().await;
    let (admin, foreign) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let theirs = course(&foreign, json!({ "title": "Algebra" })).await;
    for (name, argument) in [("courseChanged", "id"), ("enrollmentChanged", "courseId")] {
        for id in [&theirs, &crate::classroom::nothing("course")] {
            let mut socket = Socket::of(&admin).await;
            let said = socket.begin("1", &format!("subscription {{ {name}({argument}: \"{id}\") {{ id }} }}")).await;
            assert!(said.is_empty(), "{said:?}");
            foreign
                .ok("mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }", json!({ "i": { "id": theirs, "capacity": 5 } }))
                .await;
            let said = socket.until_answered().await;
            assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn who_may_not_ask_may_not_listen_and_what_is_no_id_is_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "i": { "key": "GUEST", "name": "Guest", "permissions": [] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let guest = app.person(&app.oak, "guest@oak.example", &["GUEST"]).await;
    for (client, query, code) in [
        (&guest, "subscription { courseChanged { id } }", "FORBIDDEN"),
        (&admin, "subscription { courseChanged(id: \"nonsense\") { id } }", "BAD_USER_INPUT"),
        (&admin, "subscription { enrollmentChanged(courseId: \"user_01h455vb4pex5vsknk084sn02q\") { id } }", "BAD_USER_INPUT"),
        (&admin, "subscription { notificationAdded(since: \"yesterday\") { id } }", "BAD_USER_INPUT"),
    ] {
        let mut socket = Socket::of(client).await;
        let said = socket.begin("1", query).await;
        let refused = if said.is_empty() { socket.hear().await } else { said[0].clone() };
        assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!(code)), "{query}: {refused}");
    }
}

#[tokio::test]
async fn what_nobody_listens_to_is_not_announced() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (watcher, mut connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = futures_util::StreamExt::next(&mut messages).await {
            if let tokio_postgres::AsyncMessage::Notification(announced) = message {
                sender.send(announced.payload().to_owned()).unwrap();
            }
        }
    });
    watcher.batch_execute("LISTEN lectern").await.unwrap();
    let mut socket = Socket::of(&admin).await;
    socket.begin("1", "subscription { courseChanged { id } }").await;
    request(&lea, 2, None).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    event(&socket.hear().await, "courseChanged");
    watcher.batch_execute("SELECT 1").await.unwrap();
    let mut topics = BTreeSet::new();
    while let Ok(payload) = heard.try_recv() {
        topics.insert(payload.split(' ').nth(1).unwrap().to_owned());
        assert!(payload.contains(&uuid(&algebra).to_string()) && !payload.contains("Algebra"), "{payload}");
    }
    assert_eq!(topics.into_iter().collect::<Vec<_>>(), ["course"], "the booking was not announced");
}
