//! Row security of paths, asked as the service's own role.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{path, path_of_three, take};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{enroll, uuid},
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

async fn count(database: &tokio_postgres::Client, table: &str) -> i64 {
    database.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn parts_in_paths_are_seen_by_their_people_and_by_those_who_manage_or_read_all() {
    let app = TestApp::start().await;
    let (admin, lea, ada, viewer) = (
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    );
    let (id, _) = path_of_three(&app).await;
    path(&admin, "Draft").await;
    take(&lea, &id).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    take(&bob, &id).await;
    for (client, permissions, paths, parts) in [
        (&lea, ",COURSE_READ,ENROLLMENT_SELF,", 1, 1),
        (&ada, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,", 1, 0),
        (&viewer, ",COURSE_READ,ENROLLMENT_READ_ALL,", 1, 2),
        (&admin, ",COURSE_READ,PATH_MANAGE,", 2, 2),
    ] {
        let database = at_the_database(&app, client, permissions).await;
        assert_eq!((count(&database, "learning_path").await, count(&database, "path_enrollment").await), (paths, parts), "{permissions}");
        assert_eq!(count(&database, "path_step").await, parts);
        for written in [
            "UPDATE path_enrollment SET status = 'COMPLETED', completed_at = now()",
            "INSERT INTO path_step (tenant_id, path_enrollment_id, course_id) SELECT tenant_id, id, gen_random_uuid() FROM path_enrollment",
            "DELETE FROM path_course",
            "UPDATE certificate SET learner_name = 'Me'",
            "SELECT join_key FROM user_group",
            "SELECT app.advance_path(gen_random_uuid(), false)",
            "SELECT app.certify(gen_random_uuid(), gen_random_uuid(), NULL, true)",
        ] {
            assert!(database.batch_execute(written).await.is_err(), "{permissions} {written}");
        }
    }
    let enrollments = "query($id: ID!) { learningPath(id: $id) { enrollments { totalCount nodes { user { id } } } } }";
    assert_eq!(admin.ok(enrollments, json!({ "id": id })).await["learningPath"]["enrollments"]["totalCount"], 2);
    assert_eq!(viewer.ok(enrollments, json!({ "id": id })).await["learningPath"]["enrollments"]["totalCount"], 2);
    assert_eq!(lea.refused(enrollments, json!({ "id": id })).await, "FORBIDDEN [PATH_MANAGE ENROLLMENT_READ_ALL]");
}

#[tokio::test]
async fn a_prerequisite_of_a_course_that_somebody_does_not_see_names_none() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let secret = crate::classroom::course(&ada, json!({ "title": "Secret" })).await;
    let open = crate::classroom::course(&ada, json!({ "title": "Open" })).await;
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, isPrivate: true }) { id } }", json!({ "id": secret })).await;
    let set = "mutation($a: ID!, $b: ID!) { setCoursePrerequisites(input: { courseId: $a, prerequisites: [{ courseId: $b }] }) { id } }";
    ada.ok(set, json!({ "a": open, "b": secret })).await;
    let read = "query($id: ID!) { course(id: $id) { prerequisites { isMet course { title } } } }";
    assert_eq!(lea.ok(read, json!({ "id": open })).await["course"]["prerequisites"], json!([{ "isMet": false, "course": null }]));
    enroll(&ada, &secret, &lea.user_id).await;
    assert_eq!(
        lea.ok(read, json!({ "id": open })).await["course"]["prerequisites"],
        json!([{ "isMet": false, "course": { "title": "Secret" } }])
    );
}
