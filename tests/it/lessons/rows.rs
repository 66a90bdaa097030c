//! Row security, asked as the service's own role: what is locked does not exist, whatever is asked.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{DRIP, classroom, complete, lesson, lesson_of, section};
use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
};

/// A person at the database itself, with the permissions of their role.
async fn at_the_database(app: &TestApp, client: &Client, permissions: &str) -> tokio_postgres::Client {
    let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, user) = (app.oak.tenant, uuid(&client.user_id));
    let open = format!(
        "SET app.tenant_id = '{tenant}'; SET app.user_id = '{user}'; SET app.permissions = '{permissions}'; SET app.correlation_id = 'by-hand'"
    );
    database.batch_execute(&open).await.unwrap();
    database
}

async fn titles(database: &tokio_postgres::Client, table: &str) -> String {
    let sql = format!(
        "SELECT coalesce(string_agg(l.title, ' ' ORDER BY l.title), '') FROM lesson l WHERE l.id IN (SELECT c.lesson_id FROM {table} c WHERE c.lesson_id IS NOT NULL)"
    );
    database.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn locked_content_is_hidden_by_row_security() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (viewer, stranger) = (app.sign_in(&app.oak, Who::Viewer).await, app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let maps = section(&ada, &algebra, "Maps").await;
    let a = lesson(&ada, &sets, "a").await;
    lesson(&ada, &maps, "b").await;
    lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "draft" })).await;
    lesson_of(&ada, &maps, json!({ "kind": "TEXT", "title": "preview", "isPublished": true, "isPreview": true })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    let add = "mutation($i: AddCourseMaterialInput!) { addCourseMaterial(input: $i) { id } }";
    for id in app.text("SELECT string_agg(id::text, ' ') FROM lesson").await.unwrap().split(' ') {
        let lesson = lectern_kernel::ids::encode("lesson", id.parse().unwrap());
        let input = json!({ "courseId": algebra, "lessonId": lesson, "title": "Page", "url": "https://example.org" });
        ada.ok(add, json!({ "i": input })).await;
    }
    let learner = at_the_database(&app, &lea, ",COURSE_READ,ENROLLMENT_SELF,").await;
    let people = [
        (&learner, "a preview", "a b preview"),
        (&at_the_database(&app, &ada, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,").await, "a b draft preview", "a b draft preview"),
        (&at_the_database(&app, &viewer, ",COURSE_READ,ENROLLMENT_READ_ALL,").await, "preview", "preview"),
        (&at_the_database(&app, &stranger, ",COURSE_READ,COURSE_UPDATE,COURSE_CREATE,ENROLLMENT_MANAGE,").await, "preview", "preview"),
    ];
    for table in ["lesson_content", "course_material"] {
        for (database, before, _) in people {
            assert_eq!(titles(database, table).await, before, "{table}");
        }
    }
    complete(&lea, &a).await;
    for table in ["lesson_content", "course_material"] {
        for (database, _, after) in people {
            assert_eq!(titles(database, table).await, after, "{table}");
        }
    }
    // What one may not see one may not change either, nor write progress by hand.
    for statement in [
        "UPDATE lesson_content SET body = 'mine'",
        "UPDATE lesson SET title = 'mine'",
        "DELETE FROM lesson",
        "DELETE FROM course_material",
        "UPDATE section SET drip_kind = 'NONE', drip_after_id = NULL",
        "DELETE FROM course_instructor",
    ] {
        assert_eq!(learner.execute(statement, &[]).await.unwrap(), 0, "{statement}");
    }
    for statement in [
        "UPDATE lesson_progress SET completed_at = now()",
        "DELETE FROM lesson_progress",
        "UPDATE enrollment SET lessons_completed = 2",
        "UPDATE enrollment SET recorded_progress = 100",
        "INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id) SELECT tenant_id, id, id, user_id, course_id FROM enrollment",
        "SELECT app.note_completion(id, id, id, id) FROM lesson",
        "SELECT app.follow_lessons(tenant_id, id) FROM course",
        "SELECT app.gates_of(app.user_id(), '{}')",
        "SELECT app.locks_of(app.user_id(), '{}')",
    ] {
        let error = learner.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
}

#[tokio::test]
async fn what_is_shown_as_open_is_what_can_be_read() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let (maps, late) = (section(&ada, &algebra, "Maps").await, section(&ada, &algebra, "Late").await);
    for (section, n) in [(&sets, 3), (&maps, 2), (&late, 2)] {
        for n in 0..n {
            lesson(&ada, section, &format!("Lesson {n}")).await;
        }
    }
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": late, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    let learner = at_the_database(&app, &lea, ",COURSE_READ,ENROLLMENT_SELF,").await;
    let disagree = "SELECT count(*) FROM lesson l LEFT JOIN app.lesson_locks(ARRAY(SELECT i.id FROM lesson i)) AS k ON k.lesson_id = l.id
        LEFT JOIN lesson_content c ON c.lesson_id = l.id WHERE (k.reason IS NULL) <> (c.lesson_id IS NOT NULL)";
    let ids = app
        .text("SELECT string_agg(l.id::text, ' ' ORDER BY s.position, l.position) FROM lesson l JOIN section s ON s.id = l.section_id")
        .await
        .unwrap();
    for sequential in [false, true] {
        app.sql(&format!("UPDATE course SET is_sequential = {sequential}; DELETE FROM lesson_progress")).await;
        for id in ids.split(' ').take(5) {
            assert_eq!(learner.query_one(disagree, &[]).await.unwrap().get::<_, i64>(0), 0);
            complete(&lea, &lectern_kernel::ids::encode("lesson", id.parse().unwrap())).await;
        }
        assert_eq!(learner.query_one(disagree, &[]).await.unwrap().get::<_, i64>(0), 0);
    }
}
