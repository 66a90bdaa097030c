//! A course's grade book.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    assignments::{Class, assignment, submit},
    classroom::{ADD_MEMBERS, enroll, group, uuid},
};

const BOOK: &str = "query($c: ID!, $f: GradeBookFilter, $o: GradeBookOrder, $a: String) { course(id: $c) { gradeBook(first: 2, after: $a, filter: $f, orderBy: $o) { totalCount
    pageInfo { hasNextPage endCursor } edges { cursor node { finalGrade } } nodes { currentGrade finalGrade enrollment { status user { name } } grades { percent lesson { title } } } } } }";

/// The names in a grade book, page by page.
async fn names(client: &Client, course: &str, filter: Value, order: Value) -> Vec<String> {
    let (mut at, mut names) = (Value::Null, Vec::new());
    loop {
        let book = client.ok(BOOK, json!({ "c": course, "f": filter, "o": order, "a": at })).await["course"]["gradeBook"].take();
        names.extend(book["nodes"].as_array().unwrap().iter().map(|row| row["enrollment"]["user"]["name"].as_str().unwrap().to_owned()));
        if book["pageInfo"]["hasNextPage"] == json!(false) {
            assert_eq!(book["totalCount"], names.len());
            return names;
        }
        at = book["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn everybody_stands_in_it_by_name_or_by_grade() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    app.sql(&format!("UPDATE app_user SET name = 'Lea' WHERE id = '{}'", uuid(&class.lea.user_id))).await;
    let mut people = Vec::new();
    for (name, points) in [("Zoe", 90.0), ("adam", 10.0), ("Öle", 50.0)] {
        let person = app.person(&app.oak, &format!("{}@oak.example", uuid::Uuid::now_v7().simple()), &["LEARNER"]).await;
        app.sql(&format!("UPDATE app_user SET name = '{name}' WHERE id = '{}'", uuid(&person.user_id))).await;
        enroll(&class.ada, &class.course, &person.user_id).await;
        let submission = submit(&person, &class.assignment, name).await;
        class.grade(&submission, 1, points).await;
        people.push(person);
    }
    let order = |field: &str, direction: &str| json!({ "field": field, "direction": direction });
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    for client in [&class.ada, &viewer, &app.sign_in(&app.oak, Who::Admin).await] {
        for (order, expected) in [
            (json!(null), ["adam", "Lea", "Öle", "Zoe"]),
            (order("NAME", "DESC"), ["Zoe", "Öle", "Lea", "adam"]),
            (order("FINAL_GRADE", "DESC"), ["Zoe", "Öle", "adam", "Lea"]),
            (order("FINAL_GRADE", "ASC"), ["Lea", "adam", "Öle", "Zoe"]),
        ] {
            assert_eq!(names(client, &class.course, json!(null), order).await, expected);
        }
    }
    let cohort = group(&app.sign_in(&app.oak, Who::Admin).await, json!({ "name": "Autumn" })).await;
    let members = json!({ "i": { "groupId": cohort, "userIds": [people[0].user_id, people[1].user_id] } });
    app.sign_in(&app.oak, Who::Admin).await.ok(ADD_MEMBERS, members).await;
    assert_eq!(names(&class.ada, &class.course, json!({ "groupId": cohort }), json!(null)).await, ["adam", "Zoe"]);
    assert_eq!(names(&class.ada, &class.course, json!({ "userId": people[2].user_id }), json!(null)).await, ["Öle"]);
    assert_eq!(names(&class.ada, &class.course, json!({ "statuses": ["NOT_STARTED"] }), json!(null)).await, ["Lea"]);
    let other = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    assert_eq!(names(&other, &class.course, json!(null), json!(null)).await, [""; 0], "a stranger's is empty");
    assert_eq!(class.lea.refused(BOOK, json!({ "c": class.course })).await, "FORBIDDEN [GRADE_MANAGE GRADE_READ_ALL]");
}

#[tokio::test]
async fn a_big_book_costs_as_many_statements_as_a_small_one() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    assignment(&class.ada, &class.section, "Second").await;
    let query = "query($c: ID!) { course(id: $c) { gradeBook(first: 100) { nodes { currentGrade finalGrade enrollment { id } grades { percent isMissing } } } } }";
    let few = app.statements(&class.ada, query, json!({ "c": class.course })).await;
    app.sql(&format!(
        "INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published)
             SELECT '{}', gen_random_uuid(), '{}', '{}', 'ASSIGNMENT', 'Work ' || n, n, true FROM generate_series(3, 20) AS n",
        app.oak.tenant,
        uuid(&class.course),
        uuid(&class.section)
    ))
    .await;
    for person in crate::classroom::learners(&app, &app.oak, 20).await {
        enroll(&class.ada, &class.course, &person).await;
    }
    let many = app.statements(&class.ada, query, json!({ "c": class.course })).await;
    assert_eq!(many, few);
    assert!(many <= 5 + 1, "the course, its book, the enrollments and the grades, beside the actor: {many}");
    let work = "query { submissions(first: 50) { nodes { status allowedTransitions isLate points percent feedback gradedBy { id } rubricScores { points criterion { title } }
        files { name } history { kind by { id } } assignment { points rubric { title } viewerDueAt } user { name } } } }";
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 5.0).await;
    let few = app.statements(&class.ada, work, json!({})).await;
    for n in 1..=4 {
        let person = app.sign_in_as(&app.oak, &format!("person{n}@oak.example"), crate::app::PASSWORD).await;
        let submission = submit(&person, &class.assignment, "x").await;
        class.grade(&submission, 1, 5.0).await;
    }
    assert_eq!(app.statements(&class.ada, work, json!({})).await, few);
}
