//! Reading: one's own, and what it costs.

use serde_json::json;

use super::{COUNT, kinds, list, told, unread};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused, uuid},
};

const SET_READ: &str = "mutation($i: SetNotificationsReadInput!) { setNotificationsRead(input: $i) { id isRead } }";
const MARK_ALL: &str = "mutation($u: DateTime) { markAllNotificationsRead(upTo: $u) }";

#[tokio::test]
async fn everybody_reads_their_own_and_nobody_elses() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut mine = Vec::new();
    for _ in 0..3 {
        mine.push(told(&app, &app.oak, Who::Learner).await);
    }
    let others = told(&app, &app.oak, Who::Admin).await;
    let foreign = told(&app, &app.elm, Who::Learner).await;
    assert_eq!((list(&lea).await.len(), unread(&lea).await, unread(&admin).await), (3, 3, 1));
    let one = "query($id: ID!) { notification(id: $id) { id } node(id: $id) { id } }";
    for id in [&others, &foreign, &nothing("notification")] {
        assert_eq!(lea.ok(one, json!({ "id": id })).await, json!({ "notification": null, "node": null }));
        let both = json!({ "i": { "ids": [mine[0], id], "isRead": true } });
        refused(&app, &lea, SET_READ, both, "NOT_FOUND @ids.1").await;
    }
    refused(&app, &lea, SET_READ, json!({ "i": { "ids": [], "isRead": true } }), "BAD_USER_INPUT @ids").await;
    let answered = lea.ok(SET_READ, json!({ "i": { "ids": [mine[2], mine[0]], "isRead": true } })).await;
    assert_eq!(answered["setNotificationsRead"], json!([{ "id": mine[2], "isRead": true }, { "id": mine[0], "isRead": true }]));
    assert_eq!(unread(&lea).await, 1);
    let read_at = app.text("SELECT string_agg(read_at::text, ' ' ORDER BY id) FROM notification").await;
    lea.ok(SET_READ, json!({ "i": { "ids": [mine[2]], "isRead": true } })).await;
    assert_eq!(app.text("SELECT string_agg(read_at::text, ' ' ORDER BY id) FROM notification").await, read_at, "read once");
    lea.ok(SET_READ, json!({ "i": { "ids": [mine[2]], "isRead": false } })).await;
    assert_eq!(unread(&lea).await, 2);
    for (filter, expected) in [
        (json!({ "isRead": true }), 1),
        (json!({ "isRead": false }), 2),
        (json!({ "kinds": ["EXPORT_READY", "ENROLLED"] }), 3),
        (json!({ "kinds": ["ENROLLED"] }), 0),
        (json!({ "kinds": [] }), 0),
        (json!({ "subjectId": nothing("course") }), 0),
    ] {
        let found = lea.ok("query($f: NotificationFilter) { notifications(filter: $f) { totalCount } }", json!({ "f": filter })).await;
        assert_eq!(found["notifications"]["totalCount"], expected, "{filter}");
    }
    let wrong = lea.refused("{ notifications(filter: { subjectId: \"nonsense\" }) { totalCount } }", json!({})).await;
    assert_eq!(wrong, "BAD_USER_INPUT @filter.subjectId");
}

#[tokio::test]
async fn what_came_later_than_was_seen_stays_unread() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let old = told(&app, &app.oak, Who::Learner).await;
    app.sql("UPDATE notification SET updated_at = now() - interval '1 hour'").await;
    let seen = list(&lea).await[0]["updatedAt"].clone();
    told(&app, &app.oak, Who::Learner).await;
    assert_eq!(lea.ok(MARK_ALL, json!({ "u": seen })).await["markAllNotificationsRead"], 1);
    assert_eq!(unread(&lea).await, 1);
    let is_read = app.text(&format!("SELECT (read_at IS NOT NULL)::text FROM notification WHERE id = '{}'", uuid(&old))).await;
    assert_eq!(is_read.as_deref(), Some("true"));
    assert_eq!(lea.ok(MARK_ALL, json!({})).await["markAllNotificationsRead"], 1);
    assert_eq!(lea.ok(MARK_ALL, json!({})).await["markAllNotificationsRead"], 0);
}

#[tokio::test]
async fn one_that_is_only_mailed_is_not_shown() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let id = told(&app, &app.oak, Who::Learner).await;
    app.sql("UPDATE notification SET in_app = false, mail = 'WAITS'").await;
    assert!(kinds(&lea).await.is_empty());
    assert_eq!(unread(&lea).await, 0);
    refused(&app, &lea, SET_READ, json!({ "i": { "ids": [id], "isRead": true } }), "NOT_FOUND @ids.0").await;
}

#[tokio::test]
async fn a_page_and_the_count_cost_one_statement_each_beside_the_actors() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    for _ in 0..5 {
        told(&app, &app.oak, Who::Learner).await;
    }
    let page = "{ notifications(first: 100) { nodes { id kind title body actor { name } count isRead createdAt } } }";
    assert_eq!(app.statements(&lea, page, json!({})).await, 2, "the actor's, and this");
    assert_eq!(app.statements(&lea, COUNT, json!({})).await, 2, "the actor's, and this");
}

#[tokio::test]
async fn a_hundred_thousand_are_paged_and_counted_by_their_indexes() {
    let app = TestApp::start().await;
    app.sql(
        "INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, facts, in_app, mail, read_at, updated_at)
         SELECT u.tenant_id, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN u.id ELSE gen_random_uuid() END, 'EXPORT_READY', 'exportrun_' || n, now(), gen_random_uuid(),
             '{\"name\": \"Bookings\"}', true, 'NONE', CASE WHEN n % 1000 > 0 THEN now() END, now() - make_interval(secs => n)
         FROM app_user u, generate_series(1, 100000) AS n WHERE u.email = 'learner@oak.example';
         ANALYZE notification",
    )
    .await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(unread(&lea).await, 100);
    let page = "{ notifications { nodes { id title } } }";
    let unread_page = "{ notifications(filter: { isRead: false }) { nodes { id title } } }";
    for document in [page, unread_page, COUNT] {
        let (_, blocks) = app.cost(&lea, document, json!({})).await;
        assert!(blocks < 400, "{document}: {blocks} blocks");
    }
}

#[tokio::test]
async fn nothing_is_kept_for_more_than_thirty_days_after_its_latest_event() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        told(&app, &app.oak, Who::Learner).await;
    }
    app.sql("UPDATE notification SET created_at = now() - interval '31 days', updated_at = now() - interval '29 days'").await;
    let old = told(&app, &app.oak, Who::Learner).await;
    app.sql(&format!("UPDATE notification SET updated_at = now() - interval '31 days' WHERE id = '{}'", uuid(&old))).await;
    super::telling::in_school(&app, &app.oak, "SELECT app.enqueue('purge.notifications', 'now')").await;
    app.work().await;
    assert_eq!(app.count("notification").await, 3);
}
