use serde_json::{Value, json};

use super::{COURSE, CREATE, LIST, REVOKE, WHO, input, is_alive, key};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    classroom::refused,
};

#[tokio::test]
async fn a_key_acts_in_its_owners_place_with_what_it_was_granted() {
    let app = TestApp::start().await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let made = instructor.ok(CREATE, input(&["COURSE_READ", "COURSE_CREATE"])).await["createApiKey"].take();
    let (secret, shown) = (made["secret"].as_str().unwrap(), &made["apiKey"]);
    assert!(secret.starts_with("lectern_") && secret.ends_with(shown["hint"].as_str().unwrap()), "{made}");
    assert_eq!((&shown["isReadOnly"], &shown["isLive"], &shown["role"]["key"]), (&json!(false), &json!(true), &json!("INSTRUCTOR")));
    let bearer = Client { token: Some(secret.to_owned()), ..app.stranger() };
    for _ in 0..3 {
        let viewer = bearer.ok(WHO, json!({})).await["viewer"].take();
        assert_eq!(viewer["user"]["id"], instructor.user_id);
        assert_eq!(viewer["permissions"], json!(["COURSE_READ", "COURSE_CREATE"]));
        assert_eq!((&viewer["apiKey"]["id"], &viewer["signIn"]), (&shown["id"], &Value::Null));
    }
    bearer.ok(COURSE, json!({})).await;
    let entry = "audit_entry WHERE operation = 'createCourse' AND outcome = 'CHANGED'";
    assert_eq!(app.count(&format!("{entry} AND actor_id = (SELECT id FROM app_user WHERE email = 'instructor@oak.example')")).await, 1);
    refused(&app, &bearer, r#"mutation { createGroup(input: { name: "x" }) { id } }"#, json!({}), "FORBIDDEN [GROUP_CREATE]").await;
    assert_eq!(bearer.refused("{ users { totalCount } }", json!({})).await, "FORBIDDEN [USER_READ]");
    assert_eq!(app.count(&format!("api_key_secret WHERE encode(secret_hash, 'hex') = '{secret}'")).await, 0);
    assert_eq!(app.count(&format!("audit_entry a WHERE a::text LIKE '%{secret}%'")).await, 0);
}

#[tokio::test]
async fn a_key_never_exceeds_or_outlives_its_person() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "i": { "key": "TUTOR", "name": "Tutor", "permissions": ["COURSE_READ", "USER_READ", "API_KEY_CREATE"] } });
    let role = admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await["createRole"]["id"].take();
    let tutor = app.person(&app.oak, "tutor@oak.example", &["TUTOR"]).await;
    let (bearer, _) = key(&app, &tutor, &["COURSE_READ", "USER_READ"]).await;
    let users = "{ users { totalCount } }";
    bearer.ok(users, json!({})).await;
    // What the role grants no more, the key has no more: in the next request.
    let change = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }";
    admin.ok(change, json!({ "i": { "id": role, "permissions": ["COURSE_READ", "GROUP_READ", "API_KEY_CREATE"] } })).await;
    assert_eq!(bearer.refused(users, json!({})).await, "FORBIDDEN [USER_READ]");
    assert_eq!(bearer.ok(WHO, json!({})).await["viewer"]["permissions"], json!(["COURSE_READ"]), "nor more than it was granted");
    // Neither a change of password nor signing out ends it; suspension does, while it lasts.
    tutor.ok("mutation { logoutEverywhere }", json!({})).await;
    assert!(is_alive(&bearer).await);
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": tutor.user_id })).await;
    assert!(!is_alive(&bearer).await);
    admin.ok("mutation($id: ID!) { reactivateUser(id: $id) { id } }", json!({ "id": tutor.user_id })).await;
    assert!(is_alive(&bearer).await);
    // Without the role it is dead, whatever else its owner holds.
    let set = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    admin.ok(set, json!({ "i": { "userId": tutor.user_id, "roleKeys": ["INSTRUCTOR"] } })).await;
    assert!(!is_alive(&bearer).await);
    let list = admin.ok(LIST, json!({ "f": { "isLive": true } })).await;
    assert_eq!(list["apiKeys"]["totalCount"], 0);
    admin.ok(set, json!({ "i": { "userId": tutor.user_id, "roleKeys": ["TUTOR"] } })).await;
    assert!(is_alive(&bearer).await);
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": tutor.user_id })).await;
    assert!(!is_alive(&bearer).await);
}

#[tokio::test]
async fn a_key_that_is_revoked_or_over_is_like_any_token_that_is_not_valid() {
    let app = TestApp::start().await;
    let (instructor, viewer) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (admin, elsewhere) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let (bearer, id) = key(&app, &instructor, &["COURSE_READ"]).await;
    let (other, other_id) = key(&app, &instructor, &["COURSE_READ"]).await;
    for who in [&viewer, &elsewhere] {
        refused(&app, who, REVOKE, json!({ "id": id }), "NOT_FOUND @id").await;
        assert_eq!(who.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await["node"], Value::Null);
    }
    let revoked = instructor.ok(REVOKE, json!({ "id": id })).await["revokeApiKey"].take();
    assert_eq!(revoked["isLive"], false);
    assert_eq!(instructor.ok(REVOKE, json!({ "id": id })).await["revokeApiKey"]["revokedAt"], revoked["revokedAt"], "answered again");
    assert!(!is_alive(&bearer).await && is_alive(&other).await);
    assert_eq!(bearer.refused("{ courses { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    assert_eq!(bearer.refused(COURSE, json!({})).await, "UNAUTHENTICATED");
    // Whoever has a dead one in hand may sign in.
    let login = json!({ "i": { "tenant": "oak", "email": app.oak.email(Who::Learner), "password": PASSWORD } });
    bearer.ok("mutation($i: LoginInput!) { login(input: $i) { accessToken } }", login).await;
    // Others' are revoked by whoever manages them.
    admin.ok(REVOKE, json!({ "id": other_id })).await;
    assert!(!is_alive(&other).await);
    let (ends, _) = key(&app, &instructor, &["COURSE_READ"]).await;
    assert!(is_alive(&ends).await);
    app.sql("UPDATE api_key SET expires_at = now() + interval '300 milliseconds' WHERE revoked_at IS NULL").await;
    while is_alive(&ends).await {}
    let never = Client { token: Some(ends.token.as_deref().unwrap().replace('.', ".A")), ..app.stranger() };
    assert!(!is_alive(&never).await);
}

#[tokio::test]
async fn a_request_by_key_costs_what_one_by_token_does() {
    let app = TestApp::start().await;
    let instructor = app.sign_in_as(&app.oak, &app.oak.email(Who::Instructor), PASSWORD).await;
    let (bearer, _) = key(&app, &instructor, &["COURSE_READ", "COURSE_CREATE", "USER_READ"]).await;
    // Nobody is known to the process before their first request.
    bearer.ok(WHO, json!({})).await;
    instructor.ok(WHO, json!({})).await;
    for document in
        ["{ courses { nodes { title instructor { name } } } }", "{ users(first: 50) { nodes { email roles { key } } } }", COURSE]
    {
        for round in 0..3 {
            let (by_token, by_key) = (app.cost(&instructor, document, json!({})).await, app.cost(&bearer, document, json!({})).await);
            assert_eq!(by_token, by_key, "{document}, {round}");
        }
    }
}

#[tokio::test]
async fn when_a_key_was_used_is_written_aside_once_a_minute() {
    let app = TestApp::start().await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let (bearer, _) = key(&app, &instructor, &["COURSE_READ"]).await;
    let version = app.text("SELECT version::text FROM access_version v JOIN tenant t USING (tenant_id) WHERE t.slug = 'oak'").await;
    let changes = app.count("audit_entry").await;
    bearer.ok(WHO, json!({})).await;
    while app.count("api_key WHERE last_used_at IS NOT NULL").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let first = app.text("SELECT last_used_at::text FROM api_key").await;
    for _ in 0..5 {
        bearer.ok(WHO, json!({})).await;
    }
    app.sql("SELECT set_config('app.tenant_id', (SELECT tenant_id::text FROM tenant WHERE slug = 'oak'), false), app.use_api_key(id) FROM api_key").await;
    assert_eq!(app.text("SELECT last_used_at::text FROM api_key").await, first);
    assert_eq!(app.text("SELECT version::text FROM access_version v JOIN tenant t USING (tenant_id) WHERE t.slug = 'oak'").await, version);
    assert_eq!(app.count("audit_entry").await, changes);
}
