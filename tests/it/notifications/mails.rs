//! What is mailed at once.

use serde_json::json;
use uuid::Uuid;

use super::{person_of, telling::in_school};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll},
};

const OUTBOX: &str = "{ outbox { nodes { subject text html template kind locale state unsubscribeUrl user { id } } } }";

#[tokio::test]
async fn a_mail_says_what_its_notification_says_in_the_language_of_its_reader() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    lea.ok("mutation { updateNotificationSettings(input: { locale: \"de\" }) { locale } }", json!({})).await;
    let algebra = course(&admin, json!({ "title": "Algebra <b>" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    let mail = &admin.ok(OUTBOX, json!({})).await["outbox"]["nodes"][0];
    assert_eq!(
        (&mail["subject"], &mail["template"], &mail["kind"]),
        (&json!("Eingeschrieben: Algebra <b>"), &json!("enrolled"), &json!("ENROLLED"))
    );
    assert_eq!((&mail["state"], &mail["user"]["id"], &mail["locale"]), (&json!("SENT"), &json!(lea.user_id), &json!("de")));
    assert_eq!(super::list(&lea).await[0]["title"], mail["subject"]);
    let url = mail["unsubscribeUrl"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/mail/unsubscribe/", app.url)), "{url}");
    assert!(mail["text"].as_str().unwrap().contains(&format!("Keine Mail dieser Art mehr: {url}")), "{}", mail["text"]);
    let html = mail["html"].as_str().unwrap();
    let escaped = url.replace('/', "&#x2f;");
    assert!(html.contains(&escaped) && html.contains("Algebra &lt;b&gt;") && !html.contains("Algebra <b>"), "{html}");
}

#[tokio::test]
async fn times_are_said_by_the_clock_of_the_reader_else_the_schools() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let clock = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { timeZone } }";
    for (day, zone, time) in [(5, Some("Asia/Kolkata"), "14:30 (Asia/Kolkata)"), (6, None, "10:00 (Europe/Berlin)")] {
        lea.ok(clock, json!({ "i": { "id": lea.user_id, "timeZone": zone } })).await;
        let booking = super::request(&lea, day, None).await;
        admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": booking })).await;
        app.work().await;
        let title = format!("Booking approved: {day} March 2099, {time}");
        assert_eq!(super::list(&lea).await[0]["title"], title);
        let mail = &admin.ok(OUTBOX, json!({})).await["outbox"]["nodes"][0];
        assert_eq!(mail["subject"], title);
        assert!(mail["text"].as_str().unwrap().contains(time), "{}", mail["text"]);
    }
    // A mail says what it said when it was asked for; what is told in the app is said by the clock of whoever reads it now.
    lea.ok(clock, json!({ "i": { "id": lea.user_id, "timeZone": "America/Lima" } })).await;
    assert_eq!(super::list(&lea).await[0]["title"], "Booking approved: 6 March 2099, 04:00 (America/Lima)");
    let mail = &admin.ok(OUTBOX, json!({})).await["outbox"]["nodes"][0];
    assert_eq!(mail["subject"], "Booking approved: 6 March 2099, 10:00 (Europe/Berlin)");
}

#[tokio::test]
async fn essential_mail_can_not_be_ended() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let roles = json!({ "i": { "userId": lea.user_id, "roleKeys": ["LEARNER", "VIEWER"] } });
    admin.ok("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", roles).await;
    app.work().await;
    let mail = &admin.ok(OUTBOX, json!({})).await["outbox"]["nodes"][0];
    assert_eq!((&mail["kind"], &mail["unsubscribeUrl"]), (&json!("ROLE_CHANGED"), &json!(null)));
    assert!(!mail["text"].as_str().unwrap().contains("unsubscribe"), "{mail}");
}

#[tokio::test]
async fn beyond_a_hundred_an_hour_the_rest_waits_for_the_digest_but_for_what_is_essential() {
    let app = TestApp::start().await;
    let person = person_of(&app, "learner@oak.example").await;
    let fan_out = |kind: &str, event: u128| {
        let payload = json!({ "type": kind, "at": "2027-03-01T09:10:00Z", "note": { "person": person, "isScheduled": true, "facts": { "name": "Bookings" } } });
        format!("SELECT app.fan_out('{}', 'exportrun_{event}', '{payload}')", Uuid::from_u128(event))
    };
    for event in 1..=103 {
        in_school(&app, &app.oak, &fan_out("notify.export_ready", event)).await;
    }
    in_school(&app, &app.oak, &fan_out("notify.roles_changed", 200)).await;
    assert_eq!(app.count("mail WHERE template = 'export_ready'").await, 100);
    assert_eq!(app.count("notification WHERE mail = 'WAITS'").await, 3);
    assert_eq!(app.count("mail WHERE template = 'role_changed'").await, 1);
    app.sql("UPDATE mail SET created_at = now() - interval '61 minutes'").await;
    in_school(&app, &app.oak, &fan_out("notify.export_ready", 300)).await;
    assert_eq!(app.count("mail WHERE template = 'export_ready'").await, 101);
}

#[tokio::test]
async fn a_fan_out_to_ten_thousand_people_is_one_statement() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (algebra, all) = (course(&admin, json!({ "title": "Algebra" })).await, Uuid::now_v7());
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO user_group (tenant_id, id, name) SELECT '{0}', '{1}', 'All';
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{0}', gen_random_uuid(), 'P ' || n, 'p' || n || '@oak.example' FROM generate_series(1, 10000) AS n;
         INSERT INTO group_member (tenant_id, group_id, user_id) SELECT '{0}', '{1}', id FROM app_user WHERE tenant_id = '{0}' AND name LIKE 'P %';
         INSERT INTO group_course (tenant_id, group_id, course_id) SELECT '{0}', '{1}', '{2}';
         RESET session_replication_role; ANALYZE",
        app.oak.tenant,
        all,
        crate::classroom::uuid(&algebra)
    ))
    .await;
    let payload = json!({ "type": "course.published", "at": "2027-03-01T09:10:00Z", "note": { "course": crate::classroom::uuid(&algebra), "groups": [all] } });
    app.sql("CREATE TABLE counted (statement bigint);
             CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.counted VALUES (1); RETURN NULL; END $$;
             CREATE TRIGGER counting AFTER INSERT OR UPDATE ON notification FOR EACH STATEMENT EXECUTE FUNCTION count_statement()")
    .await;
    in_school(&app, &app.oak, &format!("SELECT app.fan_out('{}', '{algebra}', '{payload}')", Uuid::now_v7())).await;
    assert_eq!(app.count("notification WHERE kind = 'COURSE_PUBLISHED' AND mail = 'WAITS'").await, 10_000);
    // INSERT … ON CONFLICT DO UPDATE fires the triggers of both verbs, once.
    assert!(app.count("counted").await <= 2);
}

#[tokio::test]
async fn whoever_manages_the_school_sees_what_each_kind_looks_like() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let preview = "query($k: NotificationKind!, $l: String) { mailPreview(kind: $k, locale: $l) { subject text html } }";
    for kind in lectern::domains::notifications::KINDS {
        let shown = admin.ok(preview, json!({ "k": kind.name, "l": null })).await["mailPreview"].take();
        let german = admin.ok(preview, json!({ "k": kind.name, "l": "de-CH" })).await["mailPreview"].take();
        assert!(shown["subject"] != german["subject"] && shown["html"].as_str().unwrap().contains("<html lang=\"en\">"), "{}", kind.name);
        assert_eq!(shown["text"].as_str().unwrap().contains("/mail/unsubscribe/"), !kind.is_essential(), "{}", kind.name);
    }
    let wrong = admin.refused(preview, json!({ "k": "ENROLLED", "l": "de DE" })).await;
    assert_eq!(wrong, "BAD_USER_INPUT @locale");
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    assert!(lea.refused(preview, json!({ "k": "ENROLLED" })).await.starts_with("FORBIDDEN"));
}
