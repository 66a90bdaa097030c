//! How a viewing ends: at once, by whatever it stands on.

use lectern::http::HttpOptions;
use serde_json::json;

use super::{START, VIEWER, looking, start};
use crate::app::{Client, PASSWORD, TestApp, Who};

async fn is_over(view: &Client) -> bool {
    let over = view.ok(VIEWER, json!({})).await["viewer"].is_null();
    let refused = view.ask("{ courses { totalCount } }", json!({})).await["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED";
    assert_eq!(over, refused);
    over
}

/// Somebody who may look, beside the admin: in a role of their own.
async fn clerk(app: &TestApp) -> Client {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let granted = [
        "USER_VIEW_AS",
        "USER_READ",
        "COURSE_READ",
        "ENROLLMENT_SELF",
        "BOOKING_REQUEST",
        "APPLICATION_SUBMIT",
        "FILE_UPLOAD",
        "AGENT_EXECUTE",
    ];
    let role = json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": granted } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await
}

#[tokio::test]
async fn a_viewing_ends_with_the_sign_out_of_either_and_with_another() {
    let app = TestApp::start().await;
    let (admin, lea, view) = looking(&app).await;
    assert!(!is_over(&view).await);
    view.ok("mutation { logout }", json!({})).await;
    assert!(is_over(&view).await);
    assert!(!is_over(&lea).await && !is_over(&admin).await, "nobody else is signed out");
    assert_eq!(app.count("view_as WHERE ended_at IS NULL").await, 0);
    // A token that is over is none: whoever sends it along may sign in.
    let login = json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "password": PASSWORD } });
    view.ok("mutation($i: LoginInput!) { login(input: $i) { accessToken } }", login).await;

    let first = start(&admin, &lea).await;
    assert!(!is_over(&first).await);
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let second = start(&admin, &ada).await;
    assert!(is_over(&first).await && !is_over(&second).await);

    let other = app.sign_in_as(&app.oak, "admin@oak.example", PASSWORD).await;
    let third = start(&other, &lea).await;
    assert!(is_over(&second).await && !is_over(&third).await, "one place at a time, whatever the sign-in");
    other.ok("mutation { logout }", json!({})).await;
    assert!(is_over(&third).await);

    let fourth = start(&admin, &lea).await;
    lea.ok("mutation { logout }", json!({})).await;
    assert!(!is_over(&fourth).await, "the person's own sign-ins have nothing to do with it");
    app.sign_in_as(&app.oak, "learner@oak.example", PASSWORD).await.ok("mutation { logoutEverywhere }", json!({})).await;
    assert!(is_over(&fourth).await, "but what makes all their tokens void does");
}

#[tokio::test]
async fn a_viewing_ends_with_its_time_the_permission_the_rank_and_the_person() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let clerk = clerk(&app).await;
    let role = app.text("SELECT app.type_id('role', id) FROM role WHERE key = 'CLERK'").await.unwrap();
    let begin = || start(&clerk, &lea);
    let set = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }";
    let with = |permissions: &[&str]| json!({ "i": { "id": role, "permissions": permissions } });
    let all = [
        "USER_VIEW_AS",
        "USER_READ",
        "COURSE_READ",
        "ENROLLMENT_SELF",
        "BOOKING_REQUEST",
        "APPLICATION_SUBMIT",
        "FILE_UPLOAD",
        "AGENT_EXECUTE",
    ];

    let view = begin().await;
    assert!(!is_over(&view).await);
    app.sql("UPDATE view_as SET expires_at = now() - interval '1 second' WHERE ended_at IS NULL").await;
    assert!(is_over(&view).await, "its time is over");

    let view = begin().await;
    assert!(!is_over(&view).await);
    admin.ok(set, with(&all[1..])).await;
    assert!(is_over(&view).await, "the permission was taken away");
    admin.ok(set, with(&all)).await;

    let view = begin().await;
    admin.ok(set, with(&all[..6])).await;
    assert!(is_over(&view).await, "the learner holds something by now that the clerk does not");
    admin.ok(set, with(&all)).await;

    let view = begin().await;
    let roles = |keys: &[&str]| json!({ "i": { "userId": lea.user_id, "roleKeys": keys } });
    let set_roles = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    admin.ok(set_roles, roles(&["LEARNER", "INSTRUCTOR"])).await;
    assert!(is_over(&view).await, "they have risen");
    admin.ok(set_roles, roles(&["PARTICIPANT"])).await;
    assert!(is_over(&view).await, "and act in no role that they don't hold");
    admin.ok(set_roles, roles(&["LEARNER"])).await;

    let view = begin().await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": lea.user_id })).await;
    assert!(is_over(&view).await, "they may not sign in");
    admin.ok("mutation($id: ID!) { reactivateUser(id: $id) { id } }", json!({ "id": lea.user_id })).await;

    let view = begin().await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": clerk.user_id })).await;
    assert!(is_over(&view).await, "nor whoever looked");
}

#[tokio::test]
async fn a_viewing_that_died_stays_dead_when_the_permission_or_the_rank_is_back() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let clerk = clerk(&app).await;
    let role = app.text("SELECT app.type_id('role', id) FROM role WHERE key = 'CLERK'").await.unwrap();
    let set = |person: &Client, grants: &[&str], denies: &[&str]| {
        let input = json!({ "i": { "userId": person.user_id, "grants": grants, "denies": denies } });
        ("mutation($i: SetUserPermissionsInput!) { setUserPermissions(input: $i) { id } }", input)
    };
    let roles = |person: &Client, keys: &[&str]| {
        let input = json!({ "i": { "userId": person.user_id, "roleKeys": keys } });
        ("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", input)
    };
    let with = |permissions: &[&str]| {
        let input = json!({ "i": { "id": role, "permissions": permissions } });
        ("mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }", input)
    };
    let factor = |keys: &[&str]| {
        let input = json!({ "i": { "secondFactorRoleKeys": keys } });
        ("mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { secondFactorRoleKeys } }", input)
    };
    let all = [
        "USER_VIEW_AS",
        "USER_READ",
        "COURSE_READ",
        "ENROLLMENT_SELF",
        "BOOKING_REQUEST",
        "APPLICATION_SUBMIT",
        "FILE_UPLOAD",
        "AGENT_EXECUTE",
    ];
    for (what, lost, back) in [
        ("the permission is denied", set(&clerk, &[], &["USER_VIEW_AS"]), set(&clerk, &[], &[])),
        ("the role grants it no more", with(&all[1..]), with(&all)),
        ("the role covers the other's no more", with(&all[..6]), with(&all)),
        ("the other has another role", roles(&lea, &["LEARNER", "INSTRUCTOR"]), roles(&lea, &["LEARNER"])),
        ("the other was granted more", set(&lea, &["AUDIT_READ"], &[]), set(&lea, &[], &[])),
        ("whoever looks has another role", roles(&clerk, &["VIEWER"]), roles(&clerk, &["CLERK"])),
        ("a second factor is due", factor(&["CLERK"]), factor(&[])),
    ] {
        let view = start(&clerk, &lea).await;
        assert!(!is_over(&view).await, "{what}");
        admin.ok(lost.0, lost.1).await;
        assert_eq!(app.count("view_as WHERE ended_at IS NULL").await, 0, "{what}: it ends with the change");
        assert!(is_over(&view).await, "{what}");
        admin.ok(back.0, back.1).await;
        assert!(is_over(&view).await, "{what}: it came back");
    }
    // In one document, where nobody saw it dead.
    let view = start(&clerk, &lea).await;
    let both = "mutation($a: SetUserPermissionsInput!, $b: SetUserPermissionsInput!) {
        a: setUserPermissions(input: $a) { id } b: setUserPermissions(input: $b) { id } }";
    let (deny, lift) = (set(&clerk, &[], &["USER_VIEW_AS"]).1, set(&clerk, &[], &[]).1);
    admin.ok(both, json!({ "a": deny["i"], "b": lift["i"] })).await;
    assert!(is_over(&view).await);

    // A role that ended by its time and is given again.
    let grant = "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }";
    let until = json!({ "i": { "userIds": [clerk.user_id], "roleKey": "CLERK", "until": "2999-01-01T00:00:00Z" } });
    admin.ok(grant, until.clone()).await;
    admin.ok(grant, json!({ "i": { "userIds": [clerk.user_id], "roleKey": "LEARNER" } })).await;
    let view = start(&clerk, &lea).await;
    assert!(!is_over(&view).await);
    // As if the moment had come: no trigger knows.
    let ended = "UPDATE user_role SET ends_at = now() - interval '1 second' WHERE ends_at IS NOT NULL";
    app.sql(&format!("SET session_replication_role = replica; {ended}; RESET session_replication_role")).await;
    admin.ok(grant, until).await;
    assert!(is_over(&view).await, "a role until a date");

    // Whoever looks goes on in a role in which they may not, and comes back.
    let switch = "mutation($i: SwitchRoleInput!) { switchRole(input: $i) { accessToken } }";
    let view = start(&clerk, &lea).await;
    for role in ["LEARNER", "CLERK"] {
        clerk.ok(switch, json!({ "i": { "roleKey": role } })).await;
        assert!(is_over(&view).await, "{role}");
    }

    // What concerns others, or takes nothing away, ends nothing.
    let view = start(&clerk, &lea).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    for (document, input) in
        [set(&viewer, &[], &["USER_READ"]), set(&clerk, &["COURSE_CREATE"], &["REPORT_READ"]), roles(&viewer, &["LEARNER"])]
    {
        admin.ok(document, input).await;
        assert!(!is_over(&view).await);
    }
}

#[tokio::test]
async fn of_many_who_begin_at_once_with_one_sign_in_the_last_looks() {
    let app = TestApp::start_with(&["--pool-size=20"], HttpOptions::default()).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let input = json!({ "i": { "userId": lea.user_id, "reason": "At the same time" } });
    let begun = futures_util::future::join_all((0..20).map(|_| admin.ok(START, input.clone()))).await;
    let mut live = 0;
    for answer in begun {
        let view = Client { token: answer["startViewAs"]["accessToken"].as_str().map(str::to_owned), ..admin.clone() };
        live += i32::from(!is_over(&view).await);
    }
    assert_eq!((live, app.count("view_as WHERE ended_at IS NULL").await, app.count("view_as").await), (1, 1, 20));
}
