use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{COURSE, CREATE, LIST, input, key};
use crate::{
    app::{PASSWORD, TestApp, Who, refusal},
    classroom::{insist, nothing, refused},
};

const SET_ROLES: &str = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";

fn until(permissions: &[&str], days: i64) -> Value {
    let at = lectern_kernel::clock::now() + SignedDuration::from_hours(24 * days) - SignedDuration::from_mins(1);
    json!({ "i": { "name": "Wall", "permissions": permissions, "expiresAt": at.to_string() } })
}

#[tokio::test]
async fn a_key_holds_what_its_maker_holds_and_nothing_that_is_not_for_keys() {
    let app = TestApp::start().await;
    let (admin, instructor, viewer) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    refused(&app, &viewer, CREATE, input(&["COURSE_READ"]), "FORBIDDEN [API_KEY_CREATE]").await;
    refused(&app, &instructor, CREATE, input(&[]), "BAD_USER_INPUT @permissions").await;
    refused(&app, &instructor, CREATE, input(&["COURSE_READ", "COURSE_READ"]), "BAD_USER_INPUT @permissions.1").await;
    let missing = "FORBIDDEN ROLE_TOO_HIGH [USER_DELETE GROUP_CREATE] @permissions.1";
    refused(&app, &instructor, CREATE, input(&["COURSE_READ", "USER_DELETE", "GROUP_CREATE"]), missing).await;
    for permission in ["ROLE_MANAGE", "PASSWORD_APPROVE", "API_KEY_CREATE", "API_KEY_MANAGE", "TENANT_MANAGE", "OUTBOX_READ"] {
        let line = "BAD_USER_INPUT PERMISSION_NOT_FOR_KEYS @permissions.1";
        refused(&app, &admin, CREATE, input(&["COURSE_READ", permission]), line).await;
    }
    let nameless = json!({ "i": { "name": " ", "permissions": ["COURSE_READ"] } });
    refused(&app, &instructor, CREATE, nameless, "BAD_USER_INPUT @name").await;
}

#[tokio::test]
async fn a_key_that_only_reads_lasts_a_year_and_any_other_a_season() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let (reads, writes) = (["COURSE_READ", "ENROLLMENT_READ_ALL"], ["COURSE_READ", "COURSE_CREATE"]);
    for (permissions, most) in [(reads, 365), (writes, 90)] {
        admin.ok(CREATE, until(&permissions, most)).await;
        for days in [most + 1, 0, -1] {
            refused(&app, admin, CREATE, until(&permissions, days), "BAD_USER_INPUT @expiresAt").await;
        }
    }
    let usual = admin.ok(CREATE, input(&writes)).await["createApiKey"]["apiKey"]["expiresAt"].take();
    let usual: Timestamp = usual.as_str().unwrap().parse().unwrap();
    let days = usual.duration_since(lectern_kernel::clock::now()).as_hours();
    assert!((29 * 24..=30 * 24).contains(&days), "{days} hours");
    assert_eq!(app.count("api_key WHERE is_read_only").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_more_than_twenty_however_many_are_made_at_once() {
    let app = TestApp::start().await;
    let instructor = &app.sign_in(&app.oak, Who::Instructor).await;
    let answers = join_all((0..30).map(|_| insist(instructor, CREATE, input(&["COURSE_READ"])))).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 20);
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(refusal(&answer["errors"][0]), "LIMIT_REACHED");
    }
    app.sql("UPDATE api_key SET revoked_at = now() WHERE id = (SELECT id FROM api_key LIMIT 1)").await;
    instructor.ok(CREATE, input(&["COURSE_READ"])).await;
    refused(&app, instructor, CREATE, input(&["COURSE_READ"]), "LIMIT_REACHED").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(CREATE, input(&["COURSE_READ"])).await;
    // Those in a role that is theirs no more are dead.
    admin.ok(SET_ROLES, json!({ "i": { "userId": instructor.user_id, "roleKeys": ["ADMIN"] } })).await;
    instructor.ok(CREATE, input(&["COURSE_READ"])).await;
}

#[tokio::test]
async fn a_key_that_only_reads_changes_nothing_and_no_key_does_what_is_done_in_person() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (reader, _) = key(&app, &admin, &["COURSE_READ", "USER_READ"]).await;
    // Before any guard, whatever it is granted.
    for document in [COURSE, "mutation { logout }", r#"mutation { createGroup(input: { name: "x" }) { id } }"#] {
        refused(&app, &reader, document, json!({}), "FORBIDDEN API_KEY_READ_ONLY").await;
    }
    let (writer, id) = key(&app, &admin, &["USER_READ", "USER_CREATE", "USER_UPDATE", "COURSE_READ", "COURSE_CREATE"]).await;
    let login = json!({ "tenant": "oak", "email": app.oak.email(Who::Learner), "password": PASSWORD });
    for (name, input) in [
        ("login", login),
        ("changePassword", json!({ "currentPassword": PASSWORD, "newPassword": "violet umbrella kingdom" })),
        ("switchRole", json!({ "roleKey": "ADMIN" })),
        ("requestPasswordReset", json!({ "tenant": "oak", "email": app.oak.email(Who::Learner) })),
        ("beginSecondFactor", json!({ "password": PASSWORD })),
        ("requestPasswordChange", json!({ "newPassword": "violet umbrella kingdom" })),
        ("createApiKey", json!({ "name": "x", "permissions": ["COURSE_READ"] })),
        ("updateUser", json!({ "id": admin.user_id, "name": "Somebody" })),
        ("createRole", json!({ "key": "TUTOR", "name": "Tutor", "permissions": ["COURSE_READ"] })),
        ("setUserRoles", json!({ "userId": learner.user_id, "roleKeys": ["ADMIN"] })),
        ("updateTenantSettings", json!({ "mailSenderName": "Oak" })),
        ("createCalendarFeed", json!({ "name": "Everything that I see" })),
        ("createReportSchedule", json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 })),
        ("updateReportSchedule", json!({ "id": nothing("reportschedule"), "isPaused": false })),
    ] {
        let (first, rest) = name.split_at(1);
        let selection = if name == "requestPasswordReset" { "" } else { "{ __typename }" };
        let document = format!("mutation($i: {}{rest}Input!) {{ {name}(input: $i) {selection} }}", first.to_uppercase());
        refused(&app, &writer, &document, json!({ "i": input }), "FORBIDDEN API_KEY_NOT_ALLOWED").await;
    }
    for document in ["mutation { logout }", "mutation { logoutEverywhere }"] {
        refused(&app, &writer, document, json!({}), "FORBIDDEN API_KEY_NOT_ALLOWED").await;
    }
    for name in [
        "rotateCalendarFeed(id: $id) { id }",
        "revokeApiKey(id: $id) { id }",
        "signOutUsers(ids: [$id]) { id }",
        "resetSecondFactors(ids: [$id]) { id }",
    ] {
        let document = format!("mutation($id: ID!) {{ {name} }}");
        refused(&app, &writer, &document, json!({ "id": id }), "FORBIDDEN API_KEY_NOT_ALLOWED").await;
    }
    for list in ["signIns", "apiKeys", "passwordChangeRequests"] {
        assert_eq!(writer.refused(&format!("{{ {list} {{ totalCount }} }}"), json!({})).await, "FORBIDDEN API_KEY_NOT_ALLOWED");
    }
    // What it was granted it does: others, but not its owner.
    let update = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }";
    writer.ok(update, json!({ "i": { "id": learner.user_id, "name": "Lea" } })).await;
    writer.ok(COURSE, json!({})).await;
}

#[tokio::test]
async fn whose_keys_end_soon_is_told_of_each_once() {
    let app = TestApp::start().await;
    let (instructor, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    key(&app, &instructor, &["COURSE_READ"]).await;
    key(&app, &instructor, &["USER_READ"]).await;
    let remind =
        format!("SELECT app.remind_of_keys(10)::text FROM (SELECT set_config('app.tenant_id', '{}', false)) AS entered", app.oak.tenant);
    assert_eq!(app.text(&remind).await.as_deref(), Some("0"));
    app.sql("UPDATE api_key SET expires_at = now() + interval '6 days' WHERE permissions = '{USER_READ}'").await;
    assert_eq!(app.text(&remind).await.as_deref(), Some("1"));
    assert_eq!(app.text(&remind).await.as_deref(), Some("0"));
    app.work().await;
    let told = instructor.ok("{ notifications { nodes { kind title subject { __typename } } } }", json!({})).await;
    let told = &told["notifications"]["nodes"];
    assert_eq!(told, &json!([{ "kind": "API_KEY_EXPIRING", "title": "API key ends soon: Wall", "subject": { "__typename": "ApiKey" } }]));
    assert_eq!(app.count("mail WHERE template = 'api_key_expiring' AND state = 'SENT'").await, 1);
    assert_eq!(admin.ok(LIST, json!({})).await["apiKeys"]["totalCount"], 2);
    assert_eq!(admin.ok(LIST, json!({ "f": { "ownerId": admin.user_id } })).await["apiKeys"]["totalCount"], 0);
    // Not of one that is dead already.
    app.sql("UPDATE api_key SET expires_at = now() + interval '6 days' WHERE permissions = '{COURSE_READ}'").await;
    admin.ok(SET_ROLES, json!({ "i": { "userId": instructor.user_id, "roleKeys": ["LEARNER"] } })).await;
    assert_eq!(app.text(&remind).await.as_deref(), Some("0"));
}
