//! Many parents cost one statement: always, not most of the time.

use serde_json::json;

use crate::app::{TestApp, Who};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_level_of_the_document_is_one_statement_however_often_it_is_asked_for() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(
        "SET app.audit = 'off'; \
         INSERT INTO course (tenant_id, id, title, status, instructor_id) \
             SELECT t.tenant_id, gen_random_uuid(), 'c' || n, 'PUBLISHED', u.id FROM tenant t JOIN app_user u ON u.tenant_id = t.tenant_id AND u.name LIKE 'INSTRUCTOR%', \
                    generate_series(1, 60) n WHERE t.slug = 'oak'; \
         INSERT INTO section (tenant_id, id, course_id, title, position) SELECT tenant_id, gen_random_uuid(), id, 's', n FROM course, generate_series(1, 35) n; \
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT c.tenant_id, gen_random_uuid(), c.id, u.id FROM course c JOIN app_user u USING (tenant_id); \
         SET app.audit = 'on'",
    )
    .await;
    let document = "query($n: Int!) { courses(first: $n) { nodes {
        title instructor { name roles { key } } sections { title } enrollmentCount viewerEnrollment { status }
        enrollments(first: 10) { totalCount nodes { user { name roles { key } } course { title instructor { name } } } }
    } } }";
    let few = app.statements(&admin, document, json!({ "n": 1 })).await;
    for _ in 0..100 {
        assert_eq!(app.statements(&admin, document, json!({ "n": 60 })).await, few);
    }
}
