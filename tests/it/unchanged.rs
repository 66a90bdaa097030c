//! Nothing changed is nothing changed: an update that makes no difference moves no `updatedAt`, writes no entry of a change,
//! and is no event.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_MEMBERS, course, enroll, group},
};

/// As if nothing had been changed for years. (That alone is no change.)
async fn long_ago(app: &TestApp) {
    for table in tables(app).await {
        app.sql(&format!("UPDATE {table} SET updated_at = '2020-01-01T00:00Z'")).await;
        assert_eq!(app.count(&format!("{table} WHERE updated_at <> '2020-01-01T00:00Z'")).await, 0, "{table}");
    }
}

/// Every table that says when its rows were changed. (Of a notification that is the time of its latest event.)
async fn tables(app: &TestApp) -> Vec<String> {
    let sql = "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.columns \
               WHERE table_schema = 'public' AND column_name = 'updated_at' AND table_name <> 'notification'";
    app.text(sql).await.unwrap().split(' ').map(str::to_owned).collect()
}

/// The tables of which something was changed since.
async fn touched(app: &TestApp) -> Vec<String> {
    let mut touched = Vec::new();
    for table in tables(app).await {
        if app.count(&format!("{table} WHERE updated_at <> '2020-01-01T00:00Z'")).await > 0 {
            touched.push(table);
        }
    }
    touched
}

async fn changes(app: &TestApp) -> i64 {
    app.count("audit_entry WHERE outcome = 'CHANGED'").await
}

#[tokio::test]
async fn an_update_without_a_difference_is_none() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (ada, viewer) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let algebra =
        course(&admin, json!({ "title": "Algebra", "description": "x", "capacity": 5, "tags": ["a", "b"], "enrollmentKey": "k" })).await;
    let mut sections = Vec::new();
    for title in ["One", "Two"] {
        let input = json!({ "i": { "courseId": algebra, "title": title } });
        let made = admin.ok("mutation($i: CreateSectionInput!) { createSection(input: $i) { id } }", input).await;
        sections.push(made["createSection"]["id"].clone());
    }
    let mine = enroll(&admin, &algebra, &learner.user_id).await;
    let dropped = enroll(&admin, &algebra, &viewer.user_id).await;
    admin.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": dropped })).await;
    learner
        .ok("mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status } }", json!({ "i": { "id": mine, "progress": 40 } }))
        .await;
    let owls = group(&admin, json!({ "name": "Owls", "capacity": 3 })).await;
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": owls, "userIds": [learner.user_id] } })).await;
    let role = json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": ["COURSE_READ"] } });
    let role = admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await["createRole"]["id"].clone();
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { status } }", json!({ "id": viewer.user_id })).await;
    let booking = json!({ "i": { "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z" } });
    let request = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }";
    let requested = learner.ok(request, booking.clone()).await["requestBooking"]["id"].clone();
    let assigned = learner.ok(request, booking).await["requestBooking"]["id"].clone();
    let span = json!({ "i": { "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-02T11:00:00Z" } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": assigned })).await;
    let assign = json!({ "i": { "id": assigned, "instructorId": ada.user_id } });
    admin.ok("mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }", assign).await;

    long_ago(&app).await;
    let before = changes(&app).await;
    let the_same = |id: &Value| json!({ "i": { "id": id, "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z" } });
    let update_course = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { updatedAt } }";
    let update_user = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }";
    let record = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status progress } }";
    let reschedule = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { status } }";
    let update_group = "mutation($i: UpdateGroupInput!) { updateGroup(input: $i) { updatedAt } }";
    let update_role = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }";
    let update_section = "mutation($i: UpdateSectionInput!) { updateSection(input: $i) { id } }";
    let reorder = "mutation($i: ReorderSectionsInput!) { reorderSections(input: $i) { updatedAt } }";
    let set_status = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { status } }";
    let updates: Vec<(&Client, &str, Value)> = vec![
        (&admin, update_course, json!({ "i": { "id": algebra } })),
        (
            &admin,
            update_course,
            json!({ "i": { "id": algebra, "title": " Algebra ", "description": "x", "capacity": 5, "tags": ["a", "b"], "enrollmentKey": "k" } }),
        ),
        (&admin, update_section, json!({ "i": { "id": sections[0], "title": "One" } })),
        (&admin, reorder, json!({ "i": { "courseId": algebra, "sectionIds": sections } })),
        (&admin, update_group, json!({ "i": { "id": owls, "name": "Owls", "capacity": 3 } })),
        (&admin, update_role, json!({ "i": { "id": role, "name": "Clerk", "permissions": ["COURSE_READ"] } })),
        (&admin, update_user, json!({ "i": { "id": learner.user_id, "name": "LEARNER of oak", "email": "learner@oak.example" } })),
        (&learner, update_user, json!({ "i": { "id": learner.user_id } })),
        (
            &admin,
            "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }",
            json!({ "i": { "userId": learner.user_id, "roleKeys": ["LEARNER"] } }),
        ),
        (&admin, "mutation($id: ID!) { suspendUser(id: $id) { status } }", json!({ "id": viewer.user_id })),
        (&admin, "mutation($id: ID!) { reactivateUser(id: $id) { status } }", json!({ "id": learner.user_id })),
        (&learner, record, json!({ "i": { "id": mine, "progress": 40 } })),
        (&learner, record, json!({ "i": { "id": mine, "progress": 1 } })),
        (&admin, record, json!({ "i": { "id": mine, "progress": 40 } })),
        (&admin, set_status, json!({ "i": { "id": mine, "status": "IN_PROGRESS" } })),
        (&admin, "mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": dropped })),
        (&learner, reschedule, the_same(&requested)),
        (&learner, reschedule, the_same(&assigned)),
        (&admin, reschedule, the_same(&assigned)),
    ];
    for (client, mutation, variables) in updates {
        let answer = client.ok(mutation, variables.clone()).await;
        assert_eq!((touched(&app).await, changes(&app).await), (Vec::new(), before), "{mutation} {variables}: {answer}");
        let at = answer.as_object().unwrap().values().find_map(|value| value["updatedAt"].as_str());
        assert!(at.is_none_or(|at| at == "2020-01-01T00:00:00Z"), "{answer}");
    }
    assert_eq!(app.count("booking WHERE status = 'ASSIGNED' AND instructor_id IS NOT NULL").await, 1);

    // What makes a difference does.
    admin.ok(update_course, json!({ "i": { "id": algebra, "tags": ["b", "a"] } })).await;
    admin.ok(update_section, json!({ "i": { "id": sections[0], "title": "Won" } })).await;
    admin.ok(update_group, json!({ "i": { "id": owls, "capacity": null } })).await;
    admin.ok(update_role, json!({ "i": { "id": role, "name": "Clerks" } })).await;
    admin.ok(update_user, json!({ "i": { "id": learner.user_id, "name": "Lea" } })).await;
    learner.ok(record, json!({ "i": { "id": mine, "progress": 40.5 } })).await;
    learner.ok(reschedule, json!({ "i": { "id": requested, "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:01Z" } })).await;
    assert_eq!(changes(&app).await, before + 7);
    assert_eq!(touched(&app).await, ["app_user", "booking", "course", "enrollment", "role", "section", "user_group"]);
    assert_eq!(app.count("course WHERE updated_at > now() - interval '1 minute'").await, 1);
}

#[tokio::test]
async fn no_table_takes_an_update_without_a_difference_for_a_change() {
    let app = TestApp::start().await;
    crate::isolation::world::World::build(&app).await;
    app.sql("INSERT INTO platform_admin (tenant_id, id, email, name) VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'desk@platform.example', 'Desk')")
        .await;
    long_ago(&app).await;
    let before = changes(&app).await;
    for table in tables(&app).await {
        assert!(app.count(&table).await > 0, "no row of {table} to update");
        app.sql(&format!("UPDATE {table} SET tenant_id = tenant_id")).await;
        assert_eq!(touched(&app).await, Vec::<String>::new(), "{table}");
        let change = match table.as_str() {
            "notification_settings" => "digest_hour = 5",
            "notification_preference" => "in_app = in_app IS NOT TRUE",
            // When it was told of is no change that anybody made.
            "announcement" => "title = title || '.'",
            "quiz_attempt" => "started_at = started_at - interval '1 day'",
            "assistant_policy" => "is_enabled = NOT is_enabled",
            _ => "created_at = created_at - interval '1 day'",
        };
        app.sql(&format!("UPDATE {table} SET {change}")).await;
        assert_eq!(touched(&app).await, [table], "what makes a difference does");
        long_ago(&app).await;
    }
    assert!(changes(&app).await > before);
}
