//! Roles until a date: they end by themselves, in guards and in policies, without waiting for anybody.

use lectern_kernel::clock;
use serde_json::{Value, json};

use super::{SET_ROLES, add, everything, new_person};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    classroom::uuid,
};

const GRANT: &str =
    "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id name roleAssignments { role { key } until grantedBy { id } } } }";
const WITHDRAW: &str = "mutation($i: WithdrawRoleInput!) { withdrawRole(input: $i) { id roles { key } } }";
const ME: &str = "{ viewer { activeRole { key } permissions user { roles { key } } } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";

fn grant(people: &[&str], key: &str, until: Option<&str>) -> Value {
    json!({ "i": { "userIds": people, "roleKey": key, "until": until } })
}

fn withdraw(people: &[&str], key: &str) -> Value {
    json!({ "i": { "userIds": people, "roleKey": key } })
}

/// As if the time of somebody's role had come: their row stays as it is.
async fn end(app: &TestApp, person: &str, key: &str) {
    app.sql(&format!(
        "UPDATE user_role SET ends_at = now() - interval '1 second' WHERE user_id = '{}' AND role_id IN (SELECT id FROM role WHERE key = '{key}')",
        uuid(person)
    ))
    .await;
}

async fn held(client: &Client) -> Value {
    client.ok(ME, json!({})).await["viewer"].take()
}

#[tokio::test]
async fn a_role_until_a_date_ends_at_that_moment_without_a_job() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let given = admin.ok(GRANT, grant(&[&learner.user_id], "VIEWER", Some("2999-01-01T00:00:00Z"))).await["grantRole"][0].take();
    let assignments = json!([
        { "role": { "key": "LEARNER" }, "until": null, "grantedBy": null },
        { "role": { "key": "VIEWER" }, "until": "2999-01-01T00:00:00Z", "grantedBy": { "id": admin.user_id } },
    ]);
    assert_eq!(given["roleAssignments"], assignments);
    let users = "{ users { totalCount } }";
    assert_eq!(held(&learner).await["activeRole"]["key"], "VIEWER", "who has not switched acts in the role that grants most");
    learner.ok(users, json!({})).await;

    // The clock alone ends it: nothing is written at that moment.
    let mut later = jiff::SignedDuration::from_millis(1500);
    let soon = loop {
        let soon = clock::now() + later;
        let given = admin.ask(GRANT, grant(&[&learner.user_id], "VIEWER", Some(&soon.to_string()))).await;
        let seen = learner.ask(users, json!({})).await;
        // Where the machine was slower than that, it is tried with more time.
        if clock::now() < soon {
            assert!(given.get("errors").is_none() && seen.get("errors").is_none(), "{given} {seen}");
            break soon;
        }
        later *= 2;
    };
    let rows = app.count("user_role WHERE ends_at IS NOT NULL").await;
    while clock::now() < soon {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(learner.refused(users, json!({})).await, "FORBIDDEN [USER_READ]");
    let viewer = held(&learner).await;
    assert_eq!((&viewer["activeRole"]["key"], &viewer["user"]["roles"]), (&json!("LEARNER"), &json!([{ "key": "LEARNER" }])));
    assert_eq!((rows, app.count("user_role WHERE ends_at IS NOT NULL").await), (1, 1));
    let found = admin.ok("{ users(filter: { roleKeys: [\"VIEWER\"] }) { nodes { id } } }", json!({})).await;
    assert_eq!(found["users"]["nodes"].as_array().unwrap().len(), 1, "nor does a filter know it");

    app.work().await;
    assert_eq!(app.count("user_role WHERE ends_at IS NOT NULL").await, 0, "its row goes within a minute");
    let entry = "audit_entry WHERE operation = 'system:roles.expire' AND resource = 'User' AND after IS NULL AND actor_id IS NULL";
    assert_eq!(app.count(entry).await, 1);
    assert_eq!(held(&learner).await["activeRole"]["key"], "LEARNER", "the sign-in goes on");
}

#[tokio::test]
async fn crafted_sql_of_the_services_role_finds_no_role_that_has_ended() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    admin.ok(GRANT, grant(&[&learner.user_id], "ADMIN", Some("2999-01-01T00:00:00Z"))).await;
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, person) = (app.oak.tenant, uuid(&learner.user_id));
    let session = app.text(&format!("SELECT id::text FROM session WHERE user_id = '{person}'")).await.unwrap();
    let rights = async || -> (i64, i64, Option<bool>) {
        let load = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{person}'; SET LOCAL app.correlation_id = 'raw';
             SELECT FROM app.load_actor('{tenant}', '{person}', '{session}')"
        );
        client.batch_execute(&load).await.unwrap();
        let seen =
            client.query_one("SELECT count(*), (SELECT count(*) FROM app_user), app.can('AUDIT_READ') FROM user_role", &[]).await.unwrap();
        client.batch_execute("ROLLBACK").await.unwrap();
        (seen.get(0), seen.get(1), seen.get(2))
    };
    let (roles, people, may) = rights().await;
    assert!(roles > 1 && people == 4 && may == Some(true));
    end(&app, &learner.user_id, "ADMIN").await;
    assert_eq!(rights().await, (1, 3, Some(false)), "the own role; oneself and who teaches");
}

#[tokio::test]
async fn somebody_whose_last_role_has_ended_is_signed_out_and_cannot_sign_in() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin
        .ok("mutation($i: CreateUserInput!) { createUser(input: $i) { id } }", {
            let mut person = new_person("temp@oak.example", &["LEARNER"]);
            person["i"]["password"] = json!(PASSWORD);
            person
        })
        .await;
    let temp = app.sign_in_as(&app.oak, "temp@oak.example", PASSWORD).await;
    admin.ok(GRANT, grant(&[&temp.user_id], "LEARNER", Some("2999-01-01T00:00:00Z"))).await;
    held(&temp).await;
    end(&app, &temp.user_id, "LEARNER").await;
    let login = json!({ "i": { "tenant": "oak", "email": "temp@oak.example", "password": PASSWORD } });
    for is_removed in [false, true] {
        assert_eq!(temp.ok(ME, json!({})).await, json!({ "viewer": null }), "removed: {is_removed}");
        let refresh = json!({ "i": { "refreshToken": temp.refresh_token } });
        let refused = temp.refused("mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken } }", refresh).await;
        assert!(refused.starts_with("UNAUTHENTICATED"), "{refused}");
        assert_eq!(app.stranger().refused(LOGIN, login.clone()).await, "UNAUTHENTICATED");
        app.work().await;
    }
    // Given a role again they sign in again; what they were signed in by before stays dead.
    admin.ok(GRANT, grant(&[&temp.user_id], "VIEWER", None)).await;
    assert_eq!(temp.ok(ME, json!({})).await, json!({ "viewer": null }));
    app.stranger().ok(LOGIN, login).await;
    let ended = format!("session WHERE user_id = '{}' AND revoked_reason = 'SIGNED_OUT'", uuid(&temp.user_id));
    assert_eq!(app.count(&ended).await, 1);
}

#[tokio::test]
async fn a_role_that_has_ended_can_be_given_again_before_its_row_is_gone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = add(&admin, "again@oak.example", &["LEARNER"]).await;
    for until in [Some("2999-01-01T00:00:00Z"), None] {
        admin.ok(GRANT, grant(&[&id], "VIEWER", Some("2999-01-01T00:00:00Z"))).await;
        end(&app, &id, "VIEWER").await;
        let given = admin.ok(GRANT, grant(&[&id], "VIEWER", until)).await;
        assert_eq!(given["grantRole"][0]["roleAssignments"][1]["until"], json!(until));
    }
    end(&app, &id, "VIEWER").await;
    let set = json!({ "i": { "userId": id, "roleKeys": ["LEARNER", "VIEWER"] } });
    assert_eq!(admin.ok(SET_ROLES, set).await["setUserRoles"]["roles"], json!([{ "key": "LEARNER" }, { "key": "VIEWER" }]));
    // What stays goes on ending when it was to end.
    admin.ok(GRANT, grant(&[&id], "VIEWER", Some("2999-01-01T00:00:00Z"))).await;
    admin.ok(SET_ROLES, json!({ "i": { "userId": id, "roleKeys": ["VIEWER", "PARTICIPANT"] } })).await;
    assert_eq!(app.count(&format!("user_role WHERE user_id = '{}' AND ends_at = '2999-01-01T00:00:00Z'", uuid(&id))).await, 1);
    let ending = "query($at: DateTime!) { users(filter: { roleEndsBefore: $at }) { nodes { id } } }";
    let found = admin.ok(ending, json!({ "at": "2999-01-01T00:00:01Z" })).await;
    assert_eq!(found["users"]["nodes"], json!([{ "id": id }]));
    assert_eq!(admin.ok(ending, json!({ "at": "2999-01-01T00:00:00Z" })).await["users"]["nodes"], json!([]));
    // Without ROLE_READ nobody learns when the role of somebody else ends.
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    assert_eq!(ada.ok(ending, json!({ "at": "2999-01-01T00:00:01Z" })).await["users"]["nodes"], json!([]));
    admin.ok(GRANT, grant(&[&ada.user_id], "LEARNER", Some("2999-01-01T00:00:00Z"))).await;
    let found = ada.ok(ending, json!({ "at": "2999-01-01T00:00:01Z" })).await;
    assert_eq!(found["users"]["nodes"], json!([{ "id": ada.user_id }]));
}

#[tokio::test]
async fn wrong_grants_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = add(&admin, "one@oak.example", &["LEARNER"]).await;
    let elm = app.sign_in(&app.elm, Who::Learner).await.user_id;
    let before = everything(&app).await;
    let past = (clock::now() - jiff::SignedDuration::from_secs(1)).to_string();
    let many: Vec<String> = (0..101).map(|_| crate::classroom::nothing("user")).collect();
    for (variables, line) in [
        (grant(&[&id], "VIEWER", Some(&past)), "BAD_USER_INPUT @until"),
        (grant(&[&id], "NOBODY", None), "BAD_USER_INPUT @roleKey"),
        (grant(&[&id], "viewer", None), "BAD_USER_INPUT @roleKey"),
        (grant(&[], "VIEWER", None), "BAD_USER_INPUT @userIds"),
        (grant(&[&id, &id], "VIEWER", None), "BAD_USER_INPUT @userIds.1"),
        (grant(&[&id, "nobody"], "VIEWER", None), "BAD_USER_INPUT @userIds.1"),
        (grant(&many.iter().map(String::as_str).collect::<Vec<_>>(), "VIEWER", None), "BAD_USER_INPUT @userIds"),
        (grant(&[&id, &elm], "VIEWER", None), "NOT_FOUND @userIds.1"),
        (grant(&[&id, &crate::classroom::nothing("user")], "VIEWER", None), "NOT_FOUND @userIds.1"),
        // The last administrator is one for good; whoever else is one until a date is none.
        (grant(&[&admin.user_id], "ADMIN", Some("2999-01-01T00:00:00Z")), "CONFLICT LAST_ADMIN @userIds.0"),
        (grant(&[&id, &admin.user_id], "ADMIN", Some("2999-01-01T00:00:00Z")), "CONFLICT LAST_ADMIN @userIds.1"),
    ] {
        assert_eq!(admin.refused(GRANT, variables.clone()).await, line, "{variables}");
    }
    let unknown = admin.ask(GRANT, grant(&[&id], "NOBODY", None)).await["errors"][0]["message"].take();
    assert_eq!(unknown, "`roleKey` is not the key of a role of this school.");
    assert_eq!(admin.refused(WITHDRAW, withdraw(&[&id], "NOBODY")).await, "BAD_USER_INPUT @roleKey");
    assert_eq!(admin.refused(WITHDRAW, withdraw(&[&elm], "LEARNER")).await, "NOT_FOUND @userIds.0");
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        assert_eq!(client.refused(GRANT, grant(&[&id], "VIEWER", None)).await, "FORBIDDEN [ROLE_MANAGE]");
        assert_eq!(client.refused(WITHDRAW, withdraw(&[&id], "LEARNER")).await, "FORBIDDEN [ROLE_MANAGE]");
    }
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.changes("grantRole").await + app.changes("withdrawRole").await, 0);
}

#[tokio::test]
async fn an_administrator_until_a_date_is_not_the_last_one_and_prolongs_nothing_of_their_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let deputy = app.person(&app.oak, "deputy@oak.example", &["LEARNER"]).await;
    admin.ok(GRANT, grant(&[&deputy.user_id], "ADMIN", Some("2999-01-01T00:00:00Z"))).await;
    let before = everything(&app).await;
    for until in [None, Some("2999-06-01T00:00:00Z"), Some("2998-01-01T00:00:00Z")] {
        assert_eq!(deputy.refused(GRANT, grant(&[&deputy.user_id], "ADMIN", until)).await, "FORBIDDEN NOT_YOURS @userIds.0");
    }
    let last = |answer: String| assert!(answer.starts_with("CONFLICT LAST_ADMIN"), "{answer}");
    last(deputy.refused("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": admin.user_id })).await);
    last(deputy.refused("mutation($ids: [ID!]!) { deleteUsers(ids: $ids) }", json!({ "ids": [admin.user_id] })).await);
    last(deputy.refused(WITHDRAW, withdraw(&[&admin.user_id], "ADMIN")).await);
    last(deputy.refused(GRANT, grant(&[&admin.user_id], "ADMIN", Some("2999-01-01T00:00:00Z"))).await);
    last(deputy.refused(SET_ROLES, json!({ "i": { "userId": admin.user_id, "roleKeys": ["LEARNER"] } })).await);
    assert_eq!(everything(&app).await, before);
    // Made one for good by the other, they may be the last.
    admin.ok(GRANT, grant(&[&deputy.user_id], "ADMIN", None)).await;
    deputy.ok(SET_ROLES, json!({ "i": { "userId": admin.user_id, "roleKeys": ["LEARNER"] } })).await;
}

#[tokio::test]
async fn nobody_takes_a_role_until_a_date_from_themselves_to_have_it_for_good() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let deputy = app.person(&app.oak, "deputy@oak.example", &["LEARNER"]).await;
    admin.ok(GRANT, grant(&[&deputy.user_id], "ADMIN", Some("2999-01-01T00:00:00Z"))).await;
    let before = everything(&app).await;
    let me = [deputy.user_id.as_str()];
    assert_eq!(deputy.refused(WITHDRAW, withdraw(&me, "ADMIN")).await, "FORBIDDEN NOT_YOURS @userIds.0");
    let roles = |keys: &[&str]| json!({ "i": { "userId": deputy.user_id, "roleKeys": keys } });
    assert_eq!(deputy.refused(SET_ROLES, roles(&["LEARNER"])).await, "FORBIDDEN NOT_YOURS @userId");
    let anew = "mutation($w: WithdrawRoleInput!, $g: GrantRoleInput!) { withdrawRole(input: $w) { id } grantRole(input: $g) { id } }";
    let both = json!({ "w": withdraw(&me, "ADMIN")["i"], "g": grant(&me, "ADMIN", None)["i"] });
    assert_eq!(deputy.refused(anew, both).await, "FORBIDDEN NOT_YOURS @userIds.0");
    let twice =
        "mutation($a: SetUserRolesInput!, $b: SetUserRolesInput!) { a: setUserRoles(input: $a) { id } b: setUserRoles(input: $b) { id } }";
    let both = json!({ "a": roles(&["LEARNER"])["i"], "b": roles(&["LEARNER", "ADMIN"])["i"] });
    assert_eq!(deputy.refused(twice, both).await, "FORBIDDEN NOT_YOURS @userId");
    assert_eq!(everything(&app).await, before);
    // One for good may go, and others take what ends by itself.
    deputy.ok(WITHDRAW, withdraw(&me, "LEARNER")).await;
    admin.ok(SET_ROLES, roles(&["LEARNER"])).await;
    assert_eq!(app.count("user_role WHERE ends_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn the_only_role_that_runs_is_not_withdrawn() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (one, two) =
        (add(&admin, "one@oak.example", &["LEARNER", "VIEWER"]).await, add(&admin, "two@oak.example", &["LEARNER", "VIEWER"]).await);
    end(&app, &two, "VIEWER").await;
    let before = everything(&app).await;
    assert_eq!(admin.refused(WITHDRAW, withdraw(&[&one, &two], "LEARNER")).await, "CONFLICT LAST_ROLE @userIds.1");
    assert_eq!(everything(&app).await, before, "all or nobody");
    let taken = admin.ok(WITHDRAW, withdraw(&[&two, &one], "VIEWER")).await["withdrawRole"].take();
    let learner = json!([{ "key": "LEARNER" }]);
    assert_eq!(
        taken,
        json!([{ "id": two, "roles": learner }, { "id": one, "roles": learner }]),
        "whoever does not hold it stays as they are"
    );
}

#[tokio::test]
async fn holders_are_told_a_week_before_and_whoever_is_given_or_taken_a_role_at_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let mails =
        async |template: &str| app.count(&format!("mail WHERE template = '{template}' AND user_id = '{}'", uuid(&learner.user_id))).await;
    let until = clock::now() + jiff::SignedDuration::from_hours(24 * 30);
    admin.ok(GRANT, grant(&[&learner.user_id], "VIEWER", Some(&until.to_string()))).await;
    app.work().await;
    assert_eq!((mails("role_changed").await, mails("role_expiring").await), (1, 0));
    assert_eq!(app.count("job WHERE kind = 'roles.remind' AND state = 'QUEUED' AND run_at > now() + interval '22 days'").await, 1);
    app.sql("UPDATE job SET run_at = now() WHERE kind = 'roles.remind'").await;
    app.work().await;
    assert_eq!(mails("role_expiring").await, 1);
    let told = learner.ok("{ notifications { nodes { kind title } } }", json!({})).await["notifications"]["nodes"].take();
    let told = told.as_array().unwrap().iter().find(|note| note["kind"] == "ROLE_EXPIRING").unwrap().clone();
    assert!(told["title"].as_str().unwrap().starts_with("Your role Viewer ends on "), "{told}");
    // Asked for again, it is the same job.
    admin.ok(GRANT, grant(&[&learner.user_id], "VIEWER", None)).await;
    admin.ok(GRANT, grant(&[&learner.user_id], "VIEWER", Some(&until.to_string()))).await;
    app.work().await;
    assert_eq!(app.count("notification WHERE kind = 'ROLE_EXPIRING'").await, 1);
    app.sql("UPDATE notification SET hour = hour - interval '1 day'").await;
    let told = mails("role_changed").await;
    admin.ok(WITHDRAW, withdraw(&[&learner.user_id], "VIEWER")).await;
    app.work().await;
    assert_eq!(mails("role_changed").await, told + 1);
    // Of a role that ends within the week nobody is reminded.
    let soon = clock::now() + jiff::SignedDuration::from_hours(24 * 6);
    admin.ok(GRANT, grant(&[&learner.user_id], "VIEWER", Some(&soon.to_string()))).await;
    assert_eq!(app.count("job WHERE kind = 'roles.remind'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_take_the_last_administrators_from_one_another_one_stays() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut admins = vec![admin.clone()];
    for number in 0..4 {
        admins.push(app.person(&app.oak, &format!("admin{number}@oak.example"), &["ADMIN", "LEARNER"]).await);
    }
    admin.ok(SET_ROLES, json!({ "i": { "userId": admin.user_id, "roleKeys": ["ADMIN", "LEARNER"] } })).await;
    let ids: Vec<&str> = admins.iter().map(|admin| admin.user_id.as_str()).collect();
    let taking = (0..20).map(|number| {
        let (by, of) = (&admins[number % 5], ids[(number + 1 + number / 5) % 5]);
        async move {
            if number % 2 == 0 {
                by.ask(WITHDRAW, withdraw(&[of], "ADMIN")).await
            } else {
                by.ask(GRANT, grant(&[of], "ADMIN", Some("2999-01-01T00:00:00Z"))).await
            }
        }
    });
    futures_util::future::join_all(taking).await;
    let active = "user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id AND r.key = 'ADMIN' \
                  JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id WHERE ur.ends_at IS NULL AND u.status = 'ACTIVE' AND u.email LIKE '%@oak.example'";
    assert!(app.count(active).await >= 1);
}
