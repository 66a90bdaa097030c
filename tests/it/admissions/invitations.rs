//! People whom the school asks in.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ACCEPT, INVITE, NEW_PASSWORD, PREVIEW, RESEND, REVOKE, accept, invited, mails, refused, token, work};
use crate::{
    app::{TestApp, Who},
    classroom::insist,
    identity,
};

const LIST: &str = "query($f: InvitationFilter) { invitations(filter: $f) { totalCount nodes { email state roles { key } } } }";

fn list(people: Value) -> Value {
    json!({ "i": { "invitations": people } })
}

#[tokio::test]
async fn whoever_is_invited_accepts_by_the_link_and_is_signed_in() {
    let app = TestApp::start().await;
    let (admin, stranger) = (app.sign_in(&app.oak, Who::Admin).await, app.stranger());
    let (id, link) = invited(&app, &admin, "Ivy@x.example", None, &["LEARNER", "VIEWER"]).await;
    let preview = stranger.ok(PREVIEW, json!({ "t": link })).await["linkPreview"].take();
    assert_eq!(
        (&preview["kind"], &preview["name"], &preview["roleNames"]),
        (&json!("INVITATION"), &Value::Null, &json!(["Learner", "Viewer"]))
    );
    refused(&app, &stranger, ACCEPT, accept(&link, None), "BAD_USER_INPUT @name").await;
    let weak = json!({ "i": { "token": link, "name": "Ivy", "password": "ivyivyivy1" } });
    refused(&app, &stranger, ACCEPT, weak, "BAD_USER_INPUT @password").await;
    let session = stranger.ok(ACCEPT, accept(&link, Some("Ivy Long"))).await["acceptInvitation"].take();
    let ivy = stranger.with_session(&session);
    let viewer = ivy.ok("{ viewer { user { name email roles { key } } } }", json!({})).await["viewer"]["user"].take();
    assert_eq!(viewer, json!({ "name": "Ivy Long", "email": "Ivy@x.example", "roles": [{ "key": "LEARNER" }, { "key": "VIEWER" }] }));
    app.sign_in_as(&app.oak, "ivy@x.example", NEW_PASSWORD).await;
    refused(&app, &stranger, ACCEPT, accept(&link, Some("Ivy")), "UNAUTHENTICATED LINK_INVALID").await;
    for mutation in [RESEND, REVOKE] {
        refused(&app, &admin, mutation, json!({ "id": id }), "CONFLICT ALREADY_DECIDED @id").await;
    }
    let node =
        admin.ok("query($id: ID!) { node(id: $id) { ... on Invitation { state user { name } acceptedAt } } }", json!({ "id": id })).await;
    assert_eq!((&node["node"]["state"], &node["node"]["user"]["name"]), (&json!("ACCEPTED"), &json!("Ivy Long")));
    // Who is deleted takes along how they came in.
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": ivy.user_id })).await;
    assert_eq!(app.count("invitation").await + app.count("mailed_token").await, 0);
}

#[tokio::test]
async fn all_are_invited_or_none_and_the_culprit_is_named() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let good = json!({ "email": "good@x.example", "roleKeys": ["LEARNER"] });
    let with = |person: Value| list(json!([good, { "email": "also@x.example", "name": "Al", "roleKeys": ["VIEWER"] }, person]));
    invited(&app, &admin, "pending@x.example", None, &["LEARNER"]).await;
    for (person, line) in [
        (json!({ "email": "no address", "roleKeys": ["LEARNER"] }), "BAD_USER_INPUT @invitations.2.email"),
        (json!({ "email": "x@x.example", "name": " ", "roleKeys": ["LEARNER"] }), "BAD_USER_INPUT @invitations.2.name"),
        (json!({ "email": "x@x.example", "roleKeys": [] }), "BAD_USER_INPUT @invitations.2.roleKeys"),
        (json!({ "email": "x@x.example", "roleKeys": ["LEARNER", "NOBODY"] }), "BAD_USER_INPUT @invitations.2.roleKeys.1"),
        (json!({ "email": "x@x.example", "roleKeys": ["LEARNER", "LEARNER"] }), "BAD_USER_INPUT @invitations.2.roleKeys.1"),
        (json!({ "email": "LEARNER@oak.example", "roleKeys": ["LEARNER"] }), "CONFLICT EMAIL_TAKEN @invitations.2.email"),
        (json!({ "email": "Pending@x.example", "roleKeys": ["LEARNER"] }), "CONFLICT INVITATION_PENDING @invitations.2.email"),
        (json!({ "email": "GOOD@x.example", "roleKeys": ["LEARNER"] }), "CONFLICT INVITATION_PENDING @invitations.2.email"),
    ] {
        refused(&app, &admin, INVITE, with(person), line).await;
    }
    refused(&app, &admin, INVITE, list(json!([])), "BAD_USER_INPUT @invitations").await;
    let many: Vec<Value> = (0..101).map(|n| json!({ "email": format!("p{n}@x.example"), "roleKeys": ["LEARNER"] })).collect();
    refused(&app, &admin, INVITE, list(json!(many)), "BAD_USER_INPUT @invitations").await;
    let few = app.statements(&admin, INVITE, list(json!(many[..2]))).await;
    assert_eq!(app.statements(&admin, INVITE, list(json!(many[2..100]))).await, few, "a hundred cost what two do");
    work(&app).await;
    assert_eq!(mails(&app, "invitation").await, 101);
}

#[tokio::test]
async fn an_instructor_invites_learners_and_no_instructor() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let teacher = list(json!([{ "email": "t@x.example", "roleKeys": ["LEARNER", "INSTRUCTOR"] }]));
    refused(&app, &ada, INVITE, teacher.clone(), "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.1").await;
    let (id, _) = invited(&app, &admin, "t@x.example", None, &["INSTRUCTOR"]).await;
    let (own, link) = invited(&app, &ada, "l@x.example", Some("Lo"), &["LEARNER", "PARTICIPANT"]).await;
    let seen = ada.ok(LIST, json!({})).await["invitations"].take();
    assert_eq!(
        seen["nodes"],
        json!([{ "email": "l@x.example", "state": "PENDING", "roles": [{ "key": "LEARNER" }, { "key": "PARTICIPANT" }] }])
    );
    for mutation in [RESEND, REVOKE] {
        refused(&app, &ada, mutation, json!({ "id": id }), "NOT_FOUND @id").await;
        let neighbour = app.sign_in(&app.elm, Who::Admin).await;
        refused(&app, &neighbour, mutation, json!({ "id": id }), "NOT_FOUND @id").await;
        let learner = app.sign_in(&app.oak, Who::Learner).await;
        refused(&app, &learner, mutation, json!({ "id": own }), "FORBIDDEN [USER_ADMIT]").await;
    }
    // Rights are looked up when the link is used.
    let roles = |keys: Value| json!({ "i": { "userId": ada.user_id, "roleKeys": keys } });
    let set = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    admin.ok(set, roles(json!(["LEARNER"]))).await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "UNAUTHENTICATED LINK_INVALID").await;
    assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": link })).await["linkPreview"], Value::Null);
    admin.ok(set, roles(json!(["INSTRUCTOR"]))).await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'instructor@oak.example'").await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "UNAUTHENTICATED LINK_INVALID").await;
    app.sql("UPDATE app_user SET status = 'ACTIVE' WHERE email = 'instructor@oak.example'").await;
    // A role grants nothing as long as a second factor is due.
    super::set(&app, json!({ "secondFactorRoleKeys": ["INSTRUCTOR"] })).await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "UNAUTHENTICATED LINK_INVALID").await;
    super::set(&app, json!({ "secondFactorRoleKeys": [] })).await;
    let session = app.stranger().ok(ACCEPT, accept(&link, None)).await["acceptInvitation"].take();
    assert_eq!(session["viewer"]["user"]["name"], "Lo");
}

#[tokio::test]
async fn sent_again_the_link_before_is_dead_and_what_is_over_is_told_by_the_clock() {
    let app = TestApp::start().await;
    let (admin, ada, stranger) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.stranger());
    let (id, first) = invited(&app, &admin, "ivy@x.example", Some("Ivy"), &["LEARNER"]).await;
    app.sql(
        "UPDATE invitation SET expires_at = now() - interval '1 minute'; UPDATE mailed_token SET expires_at = now() - interval '1 minute'",
    )
    .await;
    for (filter, found) in
        [(json!({ "states": ["EXPIRED"] }), 1), (json!({ "states": ["PENDING"] }), 0), (json!({ "email": "IVY@x.example" }), 1)]
    {
        assert_eq!(admin.ok(LIST, json!({ "f": filter })).await["invitations"]["totalCount"], found, "{filter}");
    }
    refused(&app, &stranger, ACCEPT, accept(&first, None), "UNAUTHENTICATED LINK_INVALID").await;
    let again = ada.ok(RESEND, json!({ "id": id })).await["resendInvitation"].take();
    assert_eq!((&again["state"], &again["invitedBy"]["name"]), (&json!("PENDING"), &json!("INSTRUCTOR of oak")));
    work(&app).await;
    let second = token(&app, &app.oak, "invitation", "ivy@x.example").await;
    ada.ok(RESEND, json!({ "id": id })).await;
    refused(&app, &stranger, ACCEPT, accept(&second, None), "UNAUTHENTICATED LINK_INVALID").await;
    work(&app).await;
    let third = token(&app, &app.oak, "invitation", "ivy@x.example").await;
    // Over once more, somebody else is asked to the same address; then the first can't be sent again.
    app.sql("UPDATE invitation SET expires_at = now() - interval '1 minute'").await;
    let (newer, _) = invited(&app, &admin, "ivy@x.example", None, &["LEARNER"]).await;
    refused(&app, &admin, RESEND, json!({ "id": id }), "CONFLICT INVITATION_PENDING @id").await;
    // Once that is over as well, whichever is sent again is the one that is pending.
    app.sql("UPDATE invitation SET expires_at = now() - interval '1 minute'").await;
    assert_eq!(admin.ok(RESEND, json!({ "id": id })).await["resendInvitation"]["state"], "PENDING");
    refused(&app, &admin, RESEND, json!({ "id": newer }), "CONFLICT INVITATION_PENDING @id").await;
    assert_eq!(admin.ok(REVOKE, json!({ "id": newer })).await["revokeInvitation"]["state"], "REVOKED");
    refused(&app, &stranger, ACCEPT, accept(&third, None), "UNAUTHENTICATED LINK_INVALID").await;
    admin.ok(REVOKE, json!({ "id": id })).await;
    for mutation in [RESEND, REVOKE] {
        refused(&app, &admin, mutation, json!({ "id": id }), "CONFLICT ALREADY_DECIDED @id").await;
    }
    assert_eq!(app.try_sql("UPDATE invitation SET state = 'PENDING'").await, Err(Some("admission_transition".to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_accept_at_once_and_of_twenty_who_invite_one_wins() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (_, link) = invited(&app, &admin, "ivy@x.example", Some("Ivy"), &["LEARNER"]).await;
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, ACCEPT, accept(&link, None)))).await;
    let won = answers.iter().filter(|answer| answer["data"]["acceptInvitation"].is_object()).count();
    let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "LINK_INVALID").count();
    assert_eq!((won, lost), (1, 49), "{answers:?}");
    assert_eq!(app.count("app_user WHERE email = 'ivy@x.example'").await, 1);
    assert_eq!(app.count("session WHERE user_id = (SELECT id FROM app_user WHERE email = 'ivy@x.example')").await, 1);
    let one = list(json!([{ "email": "new@x.example", "roleKeys": ["LEARNER"] }]));
    let answers = join_all((0..20).map(|_| insist(&admin, INVITE, one.clone()))).await;
    let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "INVITATION_PENDING").count();
    assert_eq!(lost, 19, "{answers:?}");
}

#[tokio::test]
async fn whoever_came_in_meanwhile_or_finds_the_school_full_is_told_so() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (id, link) = invited(&app, &admin, "ivy@x.example", Some("Ivy"), &["LEARNER"]).await;
    app.sql("UPDATE tenant SET max_users = 4 WHERE slug = 'oak'").await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "LIMIT_REACHED").await;
    app.sql("UPDATE tenant SET max_users = NULL, suspended_at = now() WHERE slug = 'oak'").await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "SUBSCRIPTION_EXPIRED").await;
    app.sql("UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'").await;
    app.person(&app.oak, "ivy@x.example", &["LEARNER"]).await;
    refused(&app, &app.stranger(), ACCEPT, accept(&link, None), "CONFLICT EMAIL_TAKEN").await;
    refused(&app, &admin, RESEND, json!({ "id": id }), "CONFLICT EMAIL_TAKEN @id").await;
}

#[tokio::test]
async fn a_role_that_a_pending_invitation_names_is_in_use() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = identity::add_role(&admin, "TUTOR", &["COURSE_READ"]).await;
    let (id, _) = invited(&app, &admin, "ivy@x.example", None, &["TUTOR"]).await;
    let delete = "mutation($id: ID!) { deleteRole(id: $id) }";
    refused(&app, &admin, delete, json!({ "id": role }), "CONFLICT IN_USE").await;
    admin.ok(REVOKE, json!({ "id": id })).await;
    admin.ok(delete, json!({ "id": role })).await;
}
