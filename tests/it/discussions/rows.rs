//! Row security, asked as the service's own role, and what all of it costs.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{ANNOUNCE, class, post, thread};
use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
};

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

#[tokio::test]
async fn what_is_said_is_hidden_by_row_security_and_nobody_speaks_for_another() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let (algebra, _) = class(&ada, &lea).await;
    let id = thread(&ada, &algebra, "Sets").await;
    post(&ada, &id, "So").await;
    ada.ok(ANNOUNCE, json!({ "i": { "courseId": algebra, "title": "Welcome", "body": "Hello" } })).await;
    let learner = at_the_database(&app, &lea, ",COURSE_READ,ENROLLMENT_SELF,").await;
    let stranger = at_the_database(&app, &eve, ",COURSE_READ,ENROLLMENT_SELF,").await;
    for table in ["announcement", "thread", "post"] {
        let count = format!("SELECT count(*) FROM {table}");
        let counts: [i64; 2] =
            [learner.query_one(&count, &[]).await.unwrap().get(0), stranger.query_one(&count, &[]).await.unwrap().get(0)];
        assert_eq!(counts, [1, 0], "{table}");
    }
    let names = format!("SELECT count(*) FROM app.author_names('thread', ARRAY['{}'::uuid])", uuid(&id));
    let counts: [i64; 2] = [learner.query_one(&names, &[]).await.unwrap().get(0), stranger.query_one(&names, &[]).await.unwrap().get(0)];
    assert_eq!(counts, [1, 0]);
    for statement in ["UPDATE thread SET title = 'mine'", "DELETE FROM thread", "UPDATE post SET body = 'mine'", "DELETE FROM announcement"]
    {
        assert_eq!(learner.execute(statement, &[]).await.unwrap(), 0, "{statement}");
    }
    let (tenant, course, teacher) = (app.oak.tenant, uuid(&algebra), uuid(&ada.user_id));
    for statement in [
        format!(
            "INSERT INTO thread (tenant_id, id, course_id, author_id, title, body) VALUES ('{tenant}', gen_random_uuid(), '{course}', '{teacher}', 'a', 'b')"
        ),
        format!(
            "INSERT INTO post (tenant_id, id, course_id, thread_id, author_id, body, is_staff) VALUES ('{tenant}', gen_random_uuid(), '{course}', '{}', '{teacher}', 'b', true)",
            uuid(&id)
        ),
        format!(
            "INSERT INTO post (tenant_id, id, course_id, thread_id, author_id, body, is_staff) VALUES ('{tenant}', gen_random_uuid(), '{course}', '{}', '{}', 'b', true)",
            uuid(&id),
            uuid(&lea.user_id)
        ),
        format!(
            "INSERT INTO course_review (tenant_id, id, course_id, user_id, rating) VALUES ('{tenant}', gen_random_uuid(), '{course}', '{}', 5)",
            uuid(&lea.user_id)
        ),
        "DELETE FROM post".to_owned(),
        "UPDATE thread SET post_count = 9".to_owned(),
        "UPDATE course SET mean_rating = 5".to_owned(),
    ] {
        assert!(learner.execute(&statement, &[]).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn many_threads_cost_as_many_statements_as_two() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, _) = class(&ada, &lea).await;
    for title in ["One", "Two"] {
        let id = thread(&lea, &algebra, title).await;
        post(&ada, &id, "So").await;
    }
    let query = "query($id: ID!) { course(id: $id) { rating threads { nodes { title authorName author { name } answer { body } posts(first: 3) { nodes { body authorName } } } }
        announcements { nodes { title authorName } } reviews { nodes { rating authorName } } } }";
    let few = app.statements(&lea, query, json!({ "id": algebra })).await;
    for n in 0..10 {
        let id = thread(&lea, &algebra, &format!("Thread {n}")).await;
        post(&ada, &id, "So").await;
    }
    assert_eq!(app.statements(&lea, query, json!({ "id": algebra })).await, few);
}
