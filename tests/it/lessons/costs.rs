//! What a course with all its lessons costs.

use serde_json::json;

use super::{classroom, complete, lesson};
use crate::{
    app::{TestApp, Who},
    classroom::uuid,
};

const COURSE: &str = "query($id: ID!) { course(id: $id) { title lessonCount durationMinutes sections { title isLocked lessons { title kind isLocked lockReason unlocksAt
    viewerProgress { status } } } } }";
const CONTENT: &str = "query($id: ID!) { course(id: $id) { sections { lessons { title body url file { name } materials { title file { name } } viewerBooking { id } } } } }";
const PEOPLE: &str = "query($id: ID!) { course(id: $id) { enrollments { nodes { lessonsCompleted lessonProgress { status lesson { title section { title } } } } } } }";
// Beside PEOPLE: in one document, whichever comes first of the two would decide whether their lessons are read together.
const RESUME: &str = "query($id: ID!) { course(id: $id) { enrollments { nodes { resumeLesson { title section { title } } } } } }";

#[tokio::test]
async fn two_hundred_lessons_cost_as_many_statements_as_two() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let first = lesson(&ada, &sets, "First").await;
    lesson(&ada, &sets, "Second").await;
    complete(&lea, &first).await;
    let costs = async || {
        let mut costs = Vec::new();
        for (client, query) in [(&lea, COURSE), (&lea, CONTENT), (&ada, CONTENT), (&ada, PEOPLE), (&ada, RESUME)] {
            costs.push(app.statements(client, query, json!({ "id": algebra })).await);
        }
        costs
    };
    let few = costs().await;
    let (tenant, course) = (app.oak.tenant, uuid(&algebra));
    app.sql(&format!(
        "INSERT INTO section (tenant_id, id, course_id, title, position) SELECT '{tenant}', gen_random_uuid(), '{course}', 'Part ' || n, n FROM generate_series(2, 20) AS n;
         INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published)
             SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'TEXT', 'Lesson ' || n, n, true FROM section s CROSS JOIN generate_series(3, 12) AS n;
         INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body) SELECT tenant_id, id, course_id, 'Body' FROM lesson ON CONFLICT DO NOTHING;
         INSERT INTO course_material (tenant_id, id, course_id, lesson_id, title, url)
             SELECT tenant_id, gen_random_uuid(), course_id, id, 'Page', 'https://example.org' FROM lesson LIMIT 90"
    ))
    .await;
    let people = crate::classroom::learners(&app, &app.oak, 10).await;
    for person in people {
        crate::classroom::enroll(&ada, &algebra, &person).await;
    }
    let many = costs().await;
    assert_eq!(many, few);
    assert!(many[0] <= 6 + 1, "the course, its sections and lessons, their locks and the own progress, beside the actor: {many:?}");
}
