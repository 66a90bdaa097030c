//! Courses: a draft is its instructor's alone, a published one the school's, and never another school's.

mod closed;
mod life;
mod lists;
mod sections;
mod together;
mod versions;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, draft, learners, nothing, refused, uuid},
};

const CREATE: &str =
    "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id title status instructor { name } capacity tags enrollmentCount } }";
const UPDATE: &str = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title description instructor { name } capacity tags } }";
const COURSE: &str = "query($id: ID!) { course(id: $id) { title instructor { name } } }";
const PUBLISH: &str = "mutation($id: ID!) { publishCourse(id: $id) { status } }";

#[tokio::test]
async fn a_draft_is_invisible_to_learners_and_to_other_schools() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let created = ada.ok(CREATE, json!({ "i": { "title": " Algebra ", "tags": ["Maths"] } })).await;
    let id = created["createCourse"]["id"].clone();
    assert_eq!(
        created["createCourse"],
        json!({ "id": id, "title": "Algebra", "status": "DRAFT", "instructor": { "name": "INSTRUCTOR of oak" }, "capacity": null,
                "tags": ["maths"], "enrollmentCount": 0 })
    );

    for stranger in
        [app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await]
    {
        assert_eq!(stranger.ok(COURSE, json!({ "id": id })).await, json!({ "course": null }));
    }
    ada.ok(PUBLISH, json!({ "id": id })).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(COURSE, json!({ "id": id })).await["course"]["title"], "Algebra");
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(COURSE, json!({ "id": id })).await, json!({ "course": null }));
}

#[tokio::test]
async fn a_refused_creation_leaves_nothing_behind_but_the_refusal() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.refused(CREATE, json!({ "i": { "title": "Algebra" } })).await, "FORBIDDEN [COURSE_CREATE]");
    assert_eq!(app.count("course").await + app.changes("createCourse").await, 0);
    assert_eq!(
        app.count("audit_entry where outcome = 'REFUSED' and operation = 'createCourse' and resource = 'Course' and code = 'FORBIDDEN'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_refused_root_field_is_null_alone() {
    let app = TestApp::start().await;
    let nobody = app.stranger();
    let answer = nobody.ask("{ viewer { user { id } } courses { totalCount } publicTenants { totalCount } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "viewer": null, "courses": null, "publicTenants": { "totalCount": 2 } }));
    assert_eq!(answer["errors"][0]["path"], json!(["courses"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

/// Wrong inputs that creating and changing a course share.
fn wrong() -> Vec<(Value, &'static str)> {
    let many: Vec<String> = (0..21).map(|n| format!("tag{n}")).collect();
    vec![
        (json!({ "title": " \t " }), "title"),
        (json!({ "title": "a".repeat(201) }), "title"),
        (json!({ "title": "a\nb" }), "title"),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "description": "a".repeat(10_001) }), "description"),
        (json!({ "description": "a\u{0}b" }), "description"),
        (json!({ "capacity": 0 }), "capacity"),
        (json!({ "capacity": -1 }), "capacity"),
        (json!({ "capacity": 1_000_001 }), "capacity"),
        (json!({ "enrollmentKey": " " }), "enrollmentKey"),
        (json!({ "enrollmentKey": "k".repeat(201) }), "enrollmentKey"),
        (json!({ "tags": many }), "tags"),
        (json!({ "tags": ["good", " "] }), "tags.1"),
        (json!({ "tags": ["t".repeat(41)] }), "tags.0"),
        (json!({ "tags": ["maths", "Maths"] }), "tags.1"),
        (json!({ "instructorId": "ada" }), "instructorId"),
        (json!({ "instructorId": nothing("course") }), "instructorId"),
    ]
}

fn merged(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "i": base })
}

#[tokio::test]
async fn wrong_inputs_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = draft(&admin, json!({ "title": "Algebra" })).await;
    for (input, field) in wrong() {
        refused(&app, &admin, CREATE, merged(json!({ "title": "Geometry" }), &input), &format!("BAD_USER_INPUT @{field}")).await;
        refused(&app, &admin, UPDATE, merged(json!({ "id": id }), &input), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "title": null } }), "BAD_USER_INPUT @title").await;
    for wrong in ["algebra", &nothing("user")] {
        refused(&app, &admin, UPDATE, json!({ "i": { "id": wrong, "title": "Geometry" } }), "BAD_USER_INPUT @id").await;
        refused(&app, &admin, PUBLISH, json!({ "id": wrong }), "BAD_USER_INPUT @id").await;
    }
    refused(&app, &admin, UPDATE, json!({ "i": { "id": nothing("course"), "title": "Geometry" } }), "NOT_FOUND @id").await;
    refused(&app, &admin, PUBLISH, json!({ "id": nothing("course") }), "NOT_FOUND @id").await;
    // The longest that fits.
    let longest = json!({ "i": { "title": "ä".repeat(200), "description": "a\r\nb\tc", "capacity": 1_000_000, "tags": ["ü".repeat(40)] } });
    assert_eq!(admin.ok(CREATE, longest).await["createCourse"]["capacity"], 1_000_000);
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let id = draft(
        &admin,
        json!({ "title": "Algebra", "description": "Numbers", "capacity": 9, "tags": ["b", "a"], "enrollmentKey": "sesame",
                "instructorId": instructor.user_id }),
    )
    .await;
    let full = json!({ "title": "Algebra", "description": "Numbers", "instructor": { "name": "INSTRUCTOR of oak" }, "capacity": 9, "tags": ["b", "a"] });
    assert_eq!(admin.ok(UPDATE, json!({ "i": { "id": id } })).await["updateCourse"], full);
    let secret = "course where enrollment_key = 'sesame'";
    assert_eq!(app.count(secret).await, 1);
    // Asked for nothing, changed nothing: the log holds the creation alone.
    assert_eq!((app.changes("updateCourse").await, app.changes("createCourse").await), (0, 1));

    let changed = admin.ok(UPDATE, json!({ "i": { "id": id, "title": " Geometry " } })).await;
    assert_eq!(changed["updateCourse"], merged(full.clone(), &json!({ "title": "Geometry" }))["i"]);
    let cleared =
        json!({ "i": { "id": id, "description": null, "capacity": null, "tags": null, "enrollmentKey": null, "instructorId": null } });
    assert_eq!(
        admin.ok(UPDATE, cleared).await["updateCourse"],
        json!({ "title": "Geometry", "description": null, "instructor": null, "capacity": null, "tags": [] })
    );
    assert_eq!(app.count(secret).await, 0);
    let set = json!({ "i": { "id": id, "description": " ", "capacity": 3, "tags": ["C"], "enrollmentKey": " open ", "instructorId": admin.user_id } });
    assert_eq!(
        admin.ok(UPDATE, set).await["updateCourse"],
        json!({ "title": "Geometry", "description": null, "instructor": { "name": "ADMIN of oak" }, "capacity": 3, "tags": ["c"] })
    );
    assert_eq!(app.count("course where enrollment_key = 'open'").await, 1);
    assert_eq!(app.count("audit_entry where before::text || after::text ~ 'sesame|\"open\"'").await, 0, "keys are secret");
}

#[tokio::test]
async fn only_who_may_edit_every_course_puts_somebody_else_in_front_of_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let with = |instructor: Value| json!({ "i": { "title": "Algebra", "instructorId": instructor } });
    for other in [json!(admin.user_id), json!(null), json!(nothing("user"))] {
        refused(&app, &ada, CREATE, with(other), "FORBIDDEN [COURSE_UPDATE_ALL] @instructorId").await;
    }
    assert_eq!(ada.ok(CREATE, with(json!(ada.user_id))).await["createCourse"]["instructor"]["name"], "INSTRUCTOR of oak");
    assert_eq!(admin.ok(CREATE, with(json!(ada.user_id))).await["createCourse"]["instructor"]["name"], "INSTRUCTOR of oak");
    assert_eq!(admin.ok(CREATE, with(json!(null))).await["createCourse"]["instructor"], json!(null));
    refused(&app, &admin, CREATE, with(json!(learner.user_id)), "BAD_USER_INPUT @instructorId").await;
    refused(&app, &admin, CREATE, with(json!(nothing("user"))), "NOT_FOUND @instructorId").await;

    let own = draft(&ada, json!({ "title": "Algebra" })).await;
    let give = |instructor: Value| json!({ "i": { "id": own, "instructorId": instructor } });
    for other in [json!(admin.user_id), json!(null)] {
        refused(&app, &ada, UPDATE, give(other), "FORBIDDEN [COURSE_UPDATE_ALL] @instructorId").await;
    }
    ada.ok(UPDATE, give(json!(ada.user_id))).await;
    refused(&app, &admin, UPDATE, give(json!(learner.user_id)), "BAD_USER_INPUT @instructorId").await;
    assert_eq!(admin.ok(UPDATE, give(json!(admin.user_id))).await["updateCourse"]["instructor"]["name"], "ADMIN of oak");
    // And it is hers no longer: a draft of somebody else is not even there.
    assert_eq!(ada.ok(COURSE, json!({ "id": own })).await, json!({ "course": null }));
    refused(&app, &ada, UPDATE, json!({ "i": { "id": own, "title": "Mine" } }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn whoever_may_create_courses_may_teach_their_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "i": { "key": "AUTHOR", "name": "Author", "permissions": ["COURSE_READ", "COURSE_CREATE", "COURSE_UPDATE"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", input).await;
    let author = app.person(&app.oak, "author@oak.example", &["AUTHOR"]).await;
    for input in [json!({ "title": "Algebra" }), json!({ "title": "Geometry", "instructorId": author.user_id })] {
        let created = author.ok(CREATE, json!({ "i": input })).await["createCourse"].take();
        assert_eq!(created["instructor"]["name"], "author@oak.example");
        author.ok(PUBLISH, json!({ "id": created["id"] })).await;
    }
}

#[tokio::test]
async fn learners_and_viewers_read_and_instructors_change_their_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let of_admin = course(&admin, json!({ "title": "Algebra", "capacity": 5 })).await;
    let section = |course: &str| json!({ "i": { "courseId": course, "title": "One" } });
    let section_id = admin.ok(sections::CREATE, section(&of_admin)).await["createSection"]["id"].as_str().unwrap().to_owned();
    let update = "COURSE_UPDATE COURSE_UPDATE_ALL";
    let mutations = [
        (UPDATE, json!({ "i": { "id": of_admin, "title": "Mine" } }), update, "id"),
        (UPDATE, json!({ "i": { "id": of_admin, "enrollmentKey": "mine" } }), update, "id"),
        (UPDATE, json!({ "i": { "id": of_admin, "capacity": 1 } }), update, "id"),
        (life::ARCHIVE, json!({ "id": of_admin }), update, "id"),
        (PUBLISH, json!({ "id": of_admin }), update, "id"),
        (sections::CREATE, section(&of_admin), update, "courseId"),
        (sections::UPDATE, json!({ "i": { "id": section_id, "title": "Mine" } }), update, "id"),
        (sections::REORDER, json!({ "i": { "courseId": of_admin, "sectionIds": [section_id] } }), update, "courseId"),
        (sections::DELETE, json!({ "id": section_id }), update, "id"),
    ];
    for who in [Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for (mutation, variables, needs, _) in &mutations {
            refused(&app, &client, mutation, variables.clone(), &format!("FORBIDDEN [{needs}]")).await;
        }
        refused(&app, &client, CREATE, json!({ "i": { "title": "Mine" } }), "FORBIDDEN [COURSE_CREATE]").await;
        refused(&app, &client, life::DELETE, json!({ "id": of_admin }), "FORBIDDEN [COURSE_DELETE]").await;
        assert_eq!(client.ok(COURSE, json!({ "id": of_admin })).await["course"]["title"], "Algebra");
    }
    for (mutation, variables, _, field) in &mutations {
        refused(&app, &ada, mutation, variables.clone(), &format!("FORBIDDEN NOT_YOURS @{field}")).await;
    }
    refused(&app, &ada, life::DELETE, json!({ "id": of_admin }), "FORBIDDEN [COURSE_DELETE]").await;
    // The administrator reaches everybody's.
    let of_ada = draft(&ada, json!({ "title": "Geometry" })).await;
    admin.ok(UPDATE, json!({ "i": { "id": of_ada, "title": "Geometry II" } })).await;
    admin.ok(PUBLISH, json!({ "id": of_ada })).await;
    ada.ok(UPDATE, json!({ "i": { "id": of_ada, "title": "Geometry III" } })).await;
    ada.ok(life::ARCHIVE, json!({ "id": of_ada })).await;
    admin.ok(life::DELETE, json!({ "id": of_ada })).await;
}

/// The same question about few courses and about many.
async fn costs(app: &TestApp, client: &Client, query: &str) -> (u32, u32) {
    (app.statements(client, query, json!({ "first": 3 })).await, app.statements(client, query, json!({ "first": 30 })).await)
}

#[tokio::test]
async fn thirty_courses_cost_as_many_statements_as_three() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tenant = app.oak.tenant;
    let people = learners(&app, &app.oak, 30).await;
    assert_eq!(people.len(), 30);
    app.sql(&format!(
        "INSERT INTO course (tenant_id, id, title, status, instructor_id) SELECT '{tenant}', gen_random_uuid(), 'Course ' || n, 'PUBLISHED', '{}'
             FROM generate_series(1, 30) AS n;
         INSERT INTO section (tenant_id, id, course_id, title, position) SELECT tenant_id, gen_random_uuid(), id, 'One', 1 FROM course;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT c.tenant_id, gen_random_uuid(), c.id, u.id FROM course c JOIN app_user u
             ON u.tenant_id = c.tenant_id AND u.name LIKE 'Person 0%';
         INSERT INTO user_group (tenant_id, id, name) SELECT '{tenant}', gen_random_uuid(), 'Group ' || n FROM generate_series(1, 30) AS n;
         INSERT INTO group_member (tenant_id, group_id, user_id) SELECT g.tenant_id, g.id, u.id FROM user_group g JOIN app_user u
             ON u.tenant_id = g.tenant_id AND u.name LIKE 'Person 0%';
         INSERT INTO group_course (tenant_id, group_id, course_id) SELECT g.tenant_id, g.id, c.id FROM user_group g JOIN course c USING (tenant_id)",
        uuid(&admin.user_id)
    ))
    .await;
    for (query, statements) in [
        ("query($first: Int) { courses(first: $first) { nodes { title instructor { name roles { key } } } } }", 3),
        ("query($first: Int) { courses(first: $first) { nodes { enrollmentCount viewerEnrollment { id } sections { id } } } }", 4),
        // The enrollments read their people along; the groups of all people are one statement, and so is each total.
        (
            "query($first: Int) { courses(first: $first) { nodes { enrollments(first: 9) { totalCount nodes { status user { name \
             groups(first: 4) { totalCount nodes { name memberCount } } } } } } } }",
            7,
        ),
        (
            "query($first: Int) { courses(first: $first) { totalCount nodes { groups(first: 6) { totalCount nodes { name \
             members(first: 5) { totalCount edges { isLeader node { name enrollments(first: 3) { totalCount nodes { course { title } } } } } } } } } } }",
            9,
        ),
    ] {
        assert_eq!(costs(&app, &admin, query).await, (statements, statements), "{query}");
    }
}
