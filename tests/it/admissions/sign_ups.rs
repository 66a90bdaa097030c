//! Strangers who want to come in, and staff who decide.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    APPROVE, CONFIRM, NEW_PASSWORD, PREVIEW, REJECT, REQUESTS, SIGN_UP, applicant, confirm, mails, refused, set, sign_up_token,
    take_applicants, work,
};
use crate::{
    app::{Client, TestApp, Who},
    classroom::insist,
};

fn wish(tenant: &str, email: &str, role: &str) -> Value {
    json!({ "i": { "tenant": tenant, "email": email, "name": "New Comer", "roleKey": role } })
}

async fn seen(client: &Client) -> Vec<String> {
    let list = client.ok(REQUESTS, json!({})).await["signUpRequests"]["nodes"].take();
    list.as_array()
        .unwrap()
        .iter()
        .map(|node| format!("{} {}", node["email"].as_str().unwrap(), node["role"]["key"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn staff_see_nobody_before_the_mailbox_is_proven_and_then_decide_once() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let (admin, stranger) = (app.sign_in(&app.oak, Who::Admin).await, app.stranger());
    let token = sign_up_token(&app, "Neo@x.example", "LEARNER").await;
    assert!(seen(&admin).await.is_empty());
    let preview = stranger.ok(PREVIEW, json!({ "t": token })).await["linkPreview"].take();
    assert_eq!(
        (&preview["kind"], &preview["email"], &preview["roleNames"]),
        (&json!("SIGN_UP"), &json!("Neo@x.example"), &json!(["Learner"]))
    );
    let weak = json!({ "i": { "token": token, "password": "newcomer12" } });
    refused(&app, &stranger, CONFIRM, weak, "BAD_USER_INPUT @password").await;
    assert_eq!(stranger.ok(CONFIRM, confirm(&token)).await["confirmSignUp"], json!({ "state": "PENDING", "tenant": "oak" }));
    refused(&app, &stranger, CONFIRM, confirm(&token), "UNAUTHENTICATED LINK_INVALID").await;
    let requests = admin.ok(REQUESTS, json!({})).await["signUpRequests"].take();
    let node = &requests["nodes"][0];
    assert_eq!((&node["message"], &node["name"], &node["state"]), (&json!("Hello."), &json!("New Comer"), &json!("PENDING")));
    assert_eq!(app.count("app_user WHERE lower(email) = 'neo@x.example'").await, 0, "an applicant is no person of the school");
    let approved = admin.ok(APPROVE, json!({ "i": { "id": node["id"] } })).await["approveSignUp"].take();
    assert_eq!(
        (&approved["state"], &approved["user"]["name"], &approved["decidedBy"]["name"]),
        (&json!("APPROVED"), &json!("New Comer"), &json!("ADMIN of oak"))
    );
    assert_eq!(app.count("sign_up_credential").await, 0);
    let neo = app.sign_in_as(&app.oak, "neo@x.example", NEW_PASSWORD).await;
    assert_eq!(neo.ok("{ viewer { activeRole { key } } }", json!({})).await["viewer"]["activeRole"]["key"], "LEARNER");
    for (mutation, input) in
        [(APPROVE, json!({ "i": { "id": node["id"] } })), (REJECT, json!({ "i": { "id": node["id"], "note": "No." } }))]
    {
        refused(&app, &admin, mutation, input, "CONFLICT ALREADY_DECIDED @id").await;
    }
}

#[tokio::test]
async fn a_rejected_applicant_is_told_why_and_may_apply_again() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = applicant(&app, "neo@x.example", "LEARNER").await;
    let note = json!({ "i": { "id": id, "note": "Tell us more about yourself." } });
    assert_eq!(admin.ok(REJECT, note).await["rejectSignUp"]["note"], "Tell us more about yourself.");
    let said = super::secrets(&app, &app.oak, "sign_up_rejected", "neo@x.example").await;
    assert_eq!(said["note"], "Tell us more about yourself.");
    applicant(&app, "neo@x.example", "LEARNER").await;
    assert_eq!(app.count("sign_up_request").await, 2);
}

#[tokio::test]
async fn an_instructor_decides_about_learners_and_sees_nobody_else() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let (ada, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let learner = applicant(&app, "learns@x.example", "LEARNER").await;
    let teacher = applicant(&app, "teaches@x.example", "INSTRUCTOR").await;
    assert_eq!(seen(&ada).await, ["learns@x.example LEARNER"]);
    assert_eq!(seen(&admin).await.len(), 2);
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(ada.ok(node, json!({ "id": teacher })).await["node"], Value::Null);
    refused(&app, &ada, APPROVE, json!({ "i": { "id": teacher } }), "NOT_FOUND @id").await;
    refused(&app, &ada, REJECT, json!({ "i": { "id": teacher } }), "NOT_FOUND @id").await;
    let higher = json!({ "i": { "id": learner, "roleKey": "INSTRUCTOR" } });
    refused(&app, &ada, APPROVE, higher.clone(), "FORBIDDEN ROLE_TOO_HIGH @roleKey").await;
    refused(&app, &admin, APPROVE, higher, "FORBIDDEN ROLE_TOO_HIGH @roleKey").await;
    refused(&app, &admin, APPROVE, json!({ "i": { "id": learner, "roleKey": "NOBODY" } }), "FORBIDDEN ROLE_TOO_HIGH @roleKey").await;
    let lower = json!({ "i": { "id": learner, "roleKey": "PARTICIPANT" } });
    ada.ok(APPROVE, lower).await;
    let person = app.sign_in_as(&app.oak, "learns@x.example", NEW_PASSWORD).await;
    assert_eq!(person.ok("{ viewer { activeRole { key } } }", json!({})).await["viewer"]["activeRole"]["key"], "PARTICIPANT");
    for (who, school) in [(Who::Learner, &app.oak), (Who::Viewer, &app.oak)] {
        let nobody = app.sign_in(school, who).await;
        refused(&app, &nobody, APPROVE, json!({ "i": { "id": teacher } }), "FORBIDDEN [USER_ADMIT]").await;
    }
    let neighbour = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &neighbour, APPROVE, json!({ "i": { "id": teacher } }), "NOT_FOUND @id").await;
    // An administrator who acts as something less decides as that.
    admin
        .ok(
            "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }",
            json!({ "i": { "userId": admin.user_id, "roleKeys": ["ADMIN", "INSTRUCTOR"] } }),
        )
        .await;
    let session = admin
        .ok("mutation { switchRole(input: { roleKey: \"INSTRUCTOR\" }) { accessToken refreshToken viewer { user { id } } } }", json!({}))
        .await;
    let lesser = admin.with_session(&session["switchRole"]);
    assert!(seen(&lesser).await.iter().all(|line| line.ends_with("LEARNER")));
    refused(&app, &lesser, APPROVE, json!({ "i": { "id": teacher } }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn an_open_school_lets_its_own_domains_in_at_once_and_no_more_than_learners() {
    let app = TestApp::start().await;
    set(&app, json!({ "signUp": "OPEN", "signUpRoleKeys": ["LEARNER", "INSTRUCTOR", "PARTICIPANT"], "signUpDomains": ["Bücher.example"] }))
        .await;
    let stranger = app.stranger();
    for (email, role, state) in [
        ("in@xn--bcher-kva.example", "LEARNER", "APPROVED"),
        ("out@x.example", "LEARNER", "PENDING"),
        ("part@bücher.example", "PARTICIPANT", "APPROVED"),
        ("teacher@bücher.example", "INSTRUCTOR", "PENDING"),
    ] {
        let token = sign_up_token(&app, email, role).await;
        assert_eq!(stranger.ok(CONFIRM, confirm(&token)).await["confirmSignUp"]["state"], state, "{email}");
    }
    app.sign_in_as(&app.oak, "in@bücher.example", NEW_PASSWORD).await;
    assert_eq!(app.count("app_user WHERE email IN ('out@x.example', 'teacher@bücher.example')").await, 0);
}

#[tokio::test]
async fn a_closed_school_mails_nothing_and_a_link_dies_with_what_it_led_to() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    // Whether a listed school offers a role is public; of one that is not listed nothing is said.
    refused(&app, &stranger, SIGN_UP, wish("oak", "neo@x.example", "LEARNER"), "BAD_USER_INPUT @roleKey").await;
    app.sql("UPDATE tenant SET is_listed = false WHERE slug = 'elm'").await;
    for school in ["elm", "nowhere"] {
        stranger.ok(SIGN_UP, wish(school, "neo@x.example", "LEARNER")).await;
    }
    work(&app).await;
    assert_eq!(app.count("mail").await, 0);
    take_applicants(&app, "APPROVAL").await;
    refused(&app, &stranger, SIGN_UP, wish("oak", "neo@x.example", "VIEWER"), "BAD_USER_INPUT @roleKey").await;
    let token = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    set(&app, json!({ "signUp": "CLOSED" })).await;
    refused(&app, &stranger, CONFIRM, confirm(&token), "UNAUTHENTICATED LINK_INVALID").await;
    assert_eq!(stranger.ok(PREVIEW, json!({ "t": token })).await["linkPreview"], Value::Null);
    set(&app, json!({ "signUp": "APPROVAL" })).await;
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    refused(&app, &stranger, CONFIRM, confirm(&token), "SUBSCRIPTION_EXPIRED").await;
    assert_eq!(stranger.ok(PREVIEW, json!({ "t": token })).await["linkPreview"], Value::Null);
    // And nothing is mailed to whoever asks meanwhile.
    let sent = app.count("mail").await;
    app.sql("UPDATE tenant SET is_listed = false WHERE slug = 'oak'").await;
    stranger.ok(SIGN_UP, wish("oak", "late@x.example", "LEARNER")).await;
    work(&app).await;
    assert_eq!(app.count("mail").await, sent);
    app.sql("UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'").await;
    stranger.ok(CONFIRM, confirm(&token)).await;
}

#[tokio::test]
async fn whoever_has_an_account_is_mailed_that_without_a_token() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    app.stranger().ok(SIGN_UP, wish("oak", "Learner@OAK.example", "LEARNER")).await;
    work(&app).await;
    assert_eq!((mails(&app, "sign_up_known").await, mails(&app, "confirm_sign_up").await), (1, 0));
    assert_eq!(app.count("mailed_token").await, 0);
    // And who has come by one meanwhile, or applied meanwhile, is told so at the link.
    let token = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    app.person(&app.oak, "neo@x.example", &["LEARNER"]).await;
    refused(&app, &app.stranger(), CONFIRM, confirm(&token), "CONFLICT EMAIL_TAKEN").await;
    let first = sign_up_token(&app, "two@x.example", "LEARNER").await;
    app.stranger().ok(CONFIRM, confirm(&first)).await;
    let second = sign_up_token(&app, "two@x.example", "LEARNER").await;
    refused(&app, &app.stranger(), CONFIRM, confirm(&second), "CONFLICT SIGN_UP_PENDING").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = admin.ok(REQUESTS, json!({})).await["signUpRequests"]["nodes"][0]["id"].take();
    app.person(&app.oak, "two@x.example", &["LEARNER"]).await;
    refused(&app, &admin, APPROVE, json!({ "i": { "id": id } }), "CONFLICT EMAIL_TAKEN").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_confirmations_and_of_fifty_decisions_at_once_one_wins() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let token = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, CONFIRM, confirm(&token)))).await;
    assert_eq!(answers.iter().filter(|answer| answer["data"]["confirmSignUp"].is_object()).count(), 1, "{answers:?}");
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = admin.ok(REQUESTS, json!({})).await["signUpRequests"]["nodes"][0]["id"].take();
    let decisions = join_all((0..50).map(|place| {
        let (mutation, input) =
            if place % 2 == 0 { (APPROVE, json!({ "i": { "id": id } })) } else { (REJECT, json!({ "i": { "id": id } })) };
        insist(&admin, mutation, input)
    }))
    .await;
    let lost = decisions.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "ALREADY_DECIDED").count();
    assert_eq!(lost, 49, "{decisions:?}");
    assert_eq!(app.count("job WHERE payload ->> 'type' = 'notify.sign_up_decided'").await + mails(&app, "sign_up_rejected").await, 1);
}

#[tokio::test]
async fn no_more_people_come_in_than_the_plan_allows() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let id = applicant(&app, "neo@x.example", "LEARNER").await;
    app.sql("UPDATE tenant SET max_users = 4 WHERE slug = 'oak'").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    refused(&app, &admin, APPROVE, json!({ "i": { "id": id } }), "LIMIT_REACHED").await;
    // Whoever waits takes nobody's place.
    applicant(&app, "waits@x.example", "LEARNER").await;
    set(&app, json!({ "signUp": "OPEN" })).await;
    let token = sign_up_token(&app, "too@x.example", "LEARNER").await;
    refused(&app, &app.stranger(), CONFIRM, confirm(&token), "LIMIT_REACHED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_approvals_at_once_one_takes_the_last_place_and_nobody_comes_in_twice() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(&format!(
        "INSERT INTO sign_up_request (tenant_id, id, email, email_key, name, role_key)
             SELECT '{}', gen_random_uuid(), 's' || n || '@x.example', 's' || n || '@x.example', 'S', 'LEARNER' FROM generate_series(1, 20) AS n;
         UPDATE tenant SET max_users = 5 WHERE slug = 'oak'",
        app.oak.tenant
    ))
    .await;
    let waiting = admin.ok("{ signUpRequests(first: 100) { nodes { id } } }", json!({})).await["signUpRequests"]["nodes"].take();
    let approve = |id: &Value| insist(&admin, APPROVE, json!({ "i": { "id": id } }));
    let answers = join_all(waiting.as_array().unwrap().iter().map(|node| approve(&node["id"]))).await;
    let full = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["code"] == "LIMIT_REACHED").count();
    assert_eq!((answers.len(), full), (20, 19), "{answers:?}");
    assert_eq!(app.count("sign_up_request WHERE state = 'PENDING'").await, 19);

    // One address: approved, invited and signed in by code at the same moment.
    app.sql("UPDATE tenant SET max_users = NULL").await;
    set(&app, json!({ "codeSignIn": "PARTICIPANTS" })).await;
    let email = "ivy@x.example";
    let id = json!(applicant(&app, email, "LEARNER").await);
    let (_, link) = super::invited(&app, &admin, email, Some("Ivy"), &["LEARNER"]).await;
    app.stranger().ok(super::ASK_CODE, super::to("oak", email)).await;
    work(&app).await;
    let digits = super::code(&app, &app.oak, email).await;
    let (one, two, stranger) = (app.stranger(), app.stranger(), json!({ "i": { "tenant": "oak", "email": email, "code": digits } }));
    let answers = join_all([
        Box::pin(approve(&id)) as std::pin::Pin<Box<dyn Future<Output = Value>>>,
        Box::pin(one.ask(super::ACCEPT, super::accept(&link, None))),
        Box::pin(two.ask(super::GIVE_CODE, stranger)),
    ])
    .await;
    assert_eq!(app.count("app_user WHERE email = 'ivy@x.example'").await, 1, "{answers:?}");
    // The code is a sign-in, too: it may find the person whom another has made.
    let came_in = answers[..2].iter().filter(|answer| answer["data"].is_object()).count();
    assert!(came_in <= 1 && answers.iter().any(|answer| answer["data"].is_object()), "{answers:?}");
    for answer in answers.iter().filter(|answer| !answer["data"].is_object()) {
        let reason = answer["errors"][0]["extensions"]["reason"].as_str().unwrap();
        assert!(["EMAIL_TAKEN", "CODE_INVALID"].contains(&reason), "{answer}");
    }
}

#[tokio::test]
async fn wrong_forms_are_told_and_change_nothing() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let (stranger, admin) = (app.stranger(), app.sign_in(&app.oak, Who::Admin).await);
    for (input, field) in [
        (json!({ "tenant": "oak", "email": "x", "name": "N", "roleKey": "LEARNER" }), "email"),
        (json!({ "tenant": "oak", "email": "a@x.example", "name": "", "roleKey": "LEARNER" }), "name"),
        (json!({ "tenant": "oak", "email": "a@x.example", "name": "N", "roleKey": "learner" }), "roleKey"),
        (json!({ "tenant": "oak", "email": "a@x.example", "name": "N", "roleKey": "LEARNER", "message": "x".repeat(2001) }), "message"),
    ] {
        refused(&app, &stranger, SIGN_UP, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let id = applicant(&app, "neo@x.example", "LEARNER").await;
    let long = json!({ "i": { "id": id, "note": "x".repeat(2001) } });
    refused(&app, &admin, REJECT, long, "BAD_USER_INPUT @note").await;
}

#[tokio::test]
async fn a_list_is_filtered_and_walked() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut ids = Vec::new();
    for (email, role) in [("a@x.example", "LEARNER"), ("b@x.example", "INSTRUCTOR"), ("c@x.example", "LEARNER")] {
        ids.push(applicant(&app, email, role).await);
    }
    admin.ok(REJECT, json!({ "i": { "id": ids[0] } })).await;
    let list = "query($f: SignUpRequestFilter, $after: String) { signUpRequests(first: 2, after: $after, filter: $f) { totalCount pageInfo { endCursor hasNextPage } nodes { email } } }";
    for (filter, expected) in [
        (json!({}), 3),
        (json!({ "states": ["PENDING"] }), 2),
        (json!({ "states": ["REJECTED"] }), 1),
        (json!({ "roleKey": "LEARNER" }), 2),
        (json!({ "email": "B@x.example" }), 1),
        (json!({ "email": "b@x" }), 0),
    ] {
        assert_eq!(admin.ok(list, json!({ "f": filter })).await["signUpRequests"]["totalCount"], expected, "{filter}");
    }
    let first = admin.ok(list, json!({})).await["signUpRequests"].take();
    assert_eq!((&first["nodes"][0]["email"], &first["pageInfo"]["hasNextPage"]), (&json!("c@x.example"), &json!(true)));
    let rest = admin.ok(list, json!({ "after": first["pageInfo"]["endCursor"] })).await["signUpRequests"].take();
    assert_eq!(rest["nodes"], json!([{ "email": "a@x.example" }]));
}
