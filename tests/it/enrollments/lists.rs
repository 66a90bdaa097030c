//! Finding enrollments, and whose.

use serde_json::{Value, json};

use super::enroll;
use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, learners, nothing, uuid, walk},
};

struct School {
    algebra: String,
    geometry: String,
    people: Vec<String>,
}

/// Two courses, one of the instructor; four people in both, in a known order and with known progress.
async fn school(app: &TestApp) -> School {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let mut people = learners(app, &app.oak, 3).await;
    people.push(learner.user_id.clone());
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let geometry = course(&admin, json!({ "title": "Geometry" })).await;
    let mut days = 0;
    for (course, statuses) in
        [(&algebra, ["NOT_STARTED", "IN_PROGRESS", "FAILED", "IN_PROGRESS"]), (&geometry, ["DROPPED", "NOT_STARTED", "EXPIRED", "FAILED"])]
    {
        for (person, status) in people.iter().zip(statuses) {
            days += 1;
            let id = enroll(&admin, course, person).await;
            app.sql(&format!(
                "UPDATE enrollment SET status = '{status}', progress = {} , enrolled_at = '2026-01-01'::timestamptz + interval '{days} days' WHERE id = '{}'",
                (days * 37) % 80,
                uuid(&id)
            ))
            .await;
        }
    }
    School { algebra, geometry, people }
}

async fn progress(client: &Client, arguments: &str) -> Vec<String> {
    walk(client, "enrollments", arguments, "/progress").await
}

#[tokio::test]
async fn everybody_sees_their_own_teachers_their_courses_and_viewers_all() {
    let app = TestApp::start().await;
    let school = school(&app).await;
    // 37, 74, 31, 68 in Algebra; 25, 62, 19, 56 in Geometry: the latest first.
    let all = ["56", "19", "62", "25", "68", "31", "74", "37"].map(|number| format!("{number}.0"));
    for (who, seen) in [(Who::Admin, &all[..]), (Who::Viewer, &all[..]), (Who::Instructor, &all[4..])] {
        assert_eq!(progress(&app.sign_in(&app.oak, who).await, "").await, seen, "{who:?}");
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(progress(&learner, "").await, ["56.0", "68.0"]);
    assert_eq!(progress(&app.sign_in(&app.elm, Who::Admin).await, "").await, [""; 0]);

    // By the course and by the person it is the same.
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let of_courses = "{ courses { nodes { title enrollmentCount enrollments { totalCount nodes { progress course { title } } } } } }";
    let counted = |nodes: &Value| {
        nodes["courses"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|course| course["enrollments"]["totalCount"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(counted(&ada.ok(of_courses, json!({})).await), [4, 0]);
    assert_eq!(counted(&learner.ok(of_courses, json!({})).await), [1, 1]);
    let seats = learner.ok(of_courses, json!({})).await;
    assert_eq!(seats["courses"]["nodes"][0]["enrollmentCount"], 3, "counts are true for everybody");
    let of_person = "query($id: ID!) { user(id: $id) { name enrollments { totalCount nodes { progress user { name } } } } }";
    for (who, total) in [(Who::Admin, 2), (Who::Viewer, 2), (Who::Instructor, 1)] {
        let data = app.sign_in(&app.oak, who).await.ok(of_person, json!({ "id": school.people[0] })).await;
        assert_eq!(data["user"]["enrollments"]["totalCount"], total, "{who:?}");
    }
    // Learners see the instructor, and nothing of what the instructor learns.
    enroll(&app.sign_in(&app.oak, Who::Admin).await, &school.geometry, &ada.user_id).await;
    let data = learner.ok(of_person, json!({ "id": ada.user_id })).await;
    assert_eq!(data["user"], json!({ "name": "INSTRUCTOR of oak", "enrollments": { "totalCount": 0, "nodes": [] } }));
    let own = learner
        .ok("{ viewer { user { enrollments(first: 1) { totalCount nodes { progress } pageInfo { hasNextPage } } } } }", json!({}))
        .await;
    assert_eq!(
        own["viewer"]["user"]["enrollments"],
        json!({ "totalCount": 2, "nodes": [{ "progress": 56.0 }], "pageInfo": { "hasNextPage": true } })
    );
}

#[tokio::test]
async fn lists_are_ordered_filtered_and_paged() {
    let app = TestApp::start().await;
    let school = school(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let by_time = ["37.0", "74.0", "31.0", "68.0", "25.0", "62.0", "19.0", "56.0"];
    let mut by_progress = by_time;
    by_progress.sort_unstable();
    for (field, ascending) in [("ENROLLED_AT", by_time), ("PROGRESS", by_progress)] {
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(progress(&admin, &format!(", orderBy: {{ field: {field}, direction: ASC }}")).await, ascending);
        assert_eq!(progress(&admin, &format!(", orderBy: {{ field: {field}, direction: DESC }}")).await, descending);
    }
    let (algebra, geometry, person) = (&school.algebra, &school.geometry, &school.people[1]);
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    let filters = [
        (format!("courseId: \"{algebra}\""), vec!["68.0", "31.0", "74.0", "37.0"]),
        (format!("userId: \"{person}\""), vec!["62.0", "74.0"]),
        (format!("userId: \"{person}\", courseId: \"{geometry}\""), vec!["62.0"]),
        ("statuses: [FAILED]".to_owned(), vec!["56.0", "31.0"]),
        ("statuses: [FAILED, EXPIRED]".to_owned(), vec!["56.0", "19.0", "31.0"]),
        (format!("statuses: [FAILED, DROPPED], courseId: \"{geometry}\""), vec!["56.0", "25.0"]),
        ("statuses: []".to_owned(), vec![]),
        (format!("userId: \"{}\"", elm.user_id), vec![]),
        (format!("courseId: \"{}\"", nothing("course")), vec![]),
    ];
    for (filter, found) in &filters {
        assert_eq!(progress(&admin, &format!(", filter: {{ {filter} }}")).await, *found, "{filter}");
    }
    // For those who see few, the filters do the same.
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    for (filter, found) in [
        ("statuses: [FAILED]".to_owned(), vec!["31.0"]),
        (format!("courseId: \"{geometry}\""), vec![]),
        (format!("userId: \"{person}\""), vec!["74.0"]),
    ] {
        assert_eq!(progress(&ada, &format!(", filter: {{ {filter} }}")).await, found, "{filter}");
    }
    assert_eq!(progress(&ada, ", orderBy: { field: PROGRESS, direction: ASC }").await, ["31.0", "37.0", "68.0", "74.0"]);

    // Below a course, and page by page.
    let below = "query($id: ID!, $after: String) { course(id: $id) { enrollments(first: 3, after: $after, filter: { statuses: [NOT_STARTED, IN_PROGRESS] }) \
                 { totalCount nodes { progress user { id } } pageInfo { hasNextPage endCursor } } } }";
    let page = admin.ok(below, json!({ "id": algebra })).await["course"]["enrollments"].take();
    assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(false)));
    let rest = admin.ok(below, json!({ "id": algebra, "after": page["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["course"]["enrollments"]["nodes"], json!([]));
}

#[tokio::test]
async fn wrong_pages_and_filters_are_named() {
    let app = TestApp::start().await;
    let school = school(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let cursor =
        admin.ok("{ enrollments(first: 1) { pageInfo { endCursor } } }", json!({})).await["enrollments"]["pageInfo"]["endCursor"].take();
    let root = |arguments: &str| format!("{{ enrollments({arguments}) {{ totalCount }} }}");
    let below = |arguments: &str| format!("{{ course(id: \"{}\") {{ enrollments({arguments}) {{ totalCount }} }} }}", school.algebra);
    let of_user = |arguments: &str| format!("{{ viewer {{ user {{ enrollments({arguments}) {{ totalCount }} }} }} }}");
    for (query, field) in [
        (root("first: 0"), "first"),
        (root("first: 101"), "first"),
        (root("after: \"nonsense\""), "after"),
        (root(&format!("after: {cursor}, orderBy: {{ field: PROGRESS, direction: DESC }}")), "after"),
        (root("filter: { courseId: \"algebra\" }"), "filter.courseId"),
        (root(&format!("filter: {{ userId: \"{}\" }}", school.algebra)), "filter.userId"),
        (below("first: 101"), "first"),
        (below(&format!("after: {cursor}")), "after"),
        (below("filter: { userId: \"ada\" }"), "filter.userId"),
        (of_user("first: -1"), "first"),
        (of_user(&format!("after: {cursor}")), "after"),
    ] {
        assert_eq!(admin.refused(&query, json!({})).await, format!("BAD_USER_INPUT @{field}"), "{query}");
    }
    assert_eq!(admin.refused("{ enrollment(id: \"mine\") { id } }", json!({})).await, "BAD_USER_INPUT @id");
    assert!(admin.refused(&root("filter: { statuses: [GONE] }"), json!({})).await.starts_with("BAD_USER_INPUT"));
}

#[tokio::test]
async fn an_enrollment_is_read_by_its_id_with_or_without_what_it_points_at() {
    let app = TestApp::start().await;
    school(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let own = learner.ok("{ enrollments(first: 1) { nodes { id } } }", json!({})).await["enrollments"]["nodes"][0]["id"].take();
    let whole = "query($id: ID!) { enrollment(id: $id) { id status progress course { title instructor { name } } user { name } } \
                 node(id: $id) { ... on Enrollment { progress course { title } } } }";
    for client in [&admin, &learner] {
        assert_eq!(
            client.ok(whole, json!({ "id": own })).await,
            json!({ "enrollment": { "id": own, "status": "FAILED", "progress": 56.0, "course": { "title": "Geometry", "instructor": { "name": "ADMIN of oak" } },
                                    "user": { "name": "LEARNER of oak" } },
                    "node": { "progress": 56.0, "course": { "title": "Geometry" } } })
        );
    }
    for (query, statements) in [
        ("query($id: ID!) { enrollment(id: $id) { status } }", 2),
        ("query($id: ID!) { enrollment(id: $id) { course { title } } }", 2),
        ("query($id: ID!) { enrollment(id: $id) { user { name } } }", 2),
        ("query($id: ID!) { enrollment(id: $id) { course { title } user { name } } }", 2),
    ] {
        assert_eq!(app.statements(&learner, query, json!({ "id": own })).await, statements, "{query}");
    }
    let only = "query($id: ID!) { enrollment(id: $id) { id } }";
    let stranger = app.sign_in(&app.elm, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    for (client, id) in [(&ada, own.clone()), (&stranger, own.clone()), (&admin, json!(nothing("enrollment")))] {
        assert_eq!(client.ok(only, json!({ "id": id })).await, json!({ "enrollment": null }));
    }
}

#[tokio::test]
async fn thirty_enrollments_cost_as_many_statements_as_three() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    learners(&app, &app.oak, 10).await;
    for n in 0..3 {
        course(&ada, json!({ "title": format!("Course {n}") })).await;
    }
    app.sql(
        "INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT c.tenant_id, gen_random_uuid(), c.id, u.id
         FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.name LIKE 'Person %'",
    )
    .await;
    let plain = "query($n: Int) { enrollments(first: $n) { nodes { status course { title } user { name } } } }";
    let deep = "query($n: Int) { enrollments(first: $n) { totalCount nodes { course { title instructor { name } enrollmentCount } \
                user { name enrollments(first: 2) { totalCount nodes { course { title } } } } } } }";
    // The administrator's list reads courses and people along; the instructor's few rows load them.
    for (client, query, statements) in [(&admin, plain, 2), (&ada, plain, 4), (&admin, deep, 7), (&ada, deep, 8)] {
        for n in [3, 30] {
            assert_eq!(app.statements(client, query, json!({ "n": n })).await, statements, "{query} {n}");
        }
    }
}

#[tokio::test]
async fn a_lapsed_subscription_hides_what_hangs_on_a_person() {
    let app = TestApp::start().await;
    school(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    app.sql(&format!("UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    for query in [
        "{ viewer { user { enrollments { totalCount } } } }",
        "{ viewer { user { groups { totalCount } } } }",
        "{ enrollments { totalCount } }",
        "{ groups { totalCount } }",
    ] {
        assert_eq!(learner.refused(query, json!({})).await, "SUBSCRIPTION_EXPIRED", "{query}");
    }
    let viewer = learner.ok("{ viewer { user { name } } }", json!({})).await;
    assert_eq!(viewer["viewer"]["user"]["name"], "LEARNER of oak");
}
