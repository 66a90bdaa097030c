//! Many people at once: all of them or nobody, and `field` says whose fault it is.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add, add_role, everything};
use crate::{
    app::{TestApp, Who},
    classroom::{insist, learners, nothing},
};

const SUSPEND: &str = "mutation($ids: [ID!]!) { suspendUsers(ids: $ids) { id status } }";
const REACTIVATE: &str = "mutation($ids: [ID!]!) { reactivateUsers(ids: $ids) { id status } }";
const DELETE: &str = "mutation($ids: [ID!]!) { deleteUsers(ids: $ids) }";
const ALL: [&str; 3] = [SUSPEND, REACTIVATE, DELETE];

fn ids(people: &[&str]) -> Value {
    json!({ "ids": people })
}

#[tokio::test]
async fn a_hundred_people_are_suspended_reactivated_and_deleted_in_the_order_asked_for() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut people = learners(&app, &app.oak, 100).await;
    people.reverse();
    let asked: Vec<&str> = people.iter().map(String::as_str).collect();
    let somebody = app.sign_in_as(&app.oak, "person7@oak.example", crate::app::PASSWORD).await;
    for (mutation, field, status) in [(SUSPEND, "suspendUsers", "SUSPENDED"), (REACTIVATE, "reactivateUsers", "ACTIVE")] {
        let answer = admin.ok(mutation, ids(&asked)).await[field].take();
        let expected: Vec<Value> = asked.iter().map(|id| json!({ "id": id, "status": status })).collect();
        assert_eq!(answer, json!(expected));
    }
    assert_eq!(somebody.ok("{ viewer { permissions } }", json!({})).await, json!({ "viewer": null }), "signed out by the suspension");
    let one = app.statements(&admin, SUSPEND, ids(&asked[..1])).await;
    assert_eq!(app.statements(&admin, SUSPEND, ids(&asked)).await, one);
    assert_eq!(admin.ok(DELETE, ids(&asked)).await["deleteUsers"], json!(asked));
    assert_eq!(app.count("app_user WHERE name LIKE 'Person %'").await, 0);
}

#[tokio::test]
async fn one_who_cannot_be_changed_keeps_all_others_as_they_are() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let rights = [
        "USER_READ",
        "USER_UPDATE",
        "USER_DELETE",
        "COURSE_READ",
        "ENROLLMENT_SELF",
        "BOOKING_REQUEST",
        "APPLICATION_SUBMIT",
        "FILE_UPLOAD",
        "AGENT_EXECUTE",
    ];
    add_role(&admin, "CLERK", &rights).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let (one, two) = (add(&admin, "one@oak.example", &["LEARNER"]).await, add(&admin, "two@oak.example", &["LEARNER"]).await);
    let viewer = app.sign_in(&app.oak, Who::Viewer).await.user_id;
    let elm = app.sign_in(&app.elm, Who::Learner).await.user_id;
    let gone = add(&admin, "gone@oak.example", &["LEARNER"]).await;
    admin.ok(DELETE, ids(&[&gone])).await;
    let before = everything(&app).await;
    let many: Vec<String> = (0..101).map(|_| nothing("user")).collect();
    for mutation in ALL {
        for (people, line) in [
            (vec![one.as_str(), two.as_str(), viewer.as_str()], "FORBIDDEN ROLE_TOO_HIGH @ids.2"),
            (vec![&one, &elm, &two], "NOT_FOUND @ids.1"),
            (vec![&nothing("user"), &one], "NOT_FOUND @ids.0"),
            (vec![&one, &gone], "NOT_FOUND @ids.1"),
            (vec![&one, &two, &one], "BAD_USER_INPUT @ids.2"),
            (vec![&one, "two"], "BAD_USER_INPUT @ids.1"),
            (vec![], "BAD_USER_INPUT @ids"),
            (many.iter().map(String::as_str).collect(), "BAD_USER_INPUT @ids"),
        ] {
            assert_eq!(clerk.refused(mutation, ids(&people)).await, line, "{mutation}");
        }
        let needed = if mutation == DELETE { "FORBIDDEN [USER_DELETE]" } else { "FORBIDDEN [USER_UPDATE]" };
        for who in [Who::Instructor, Who::Learner, Who::Viewer] {
            assert_eq!(app.sign_in(&app.oak, who).await.refused(mutation, ids(&[&one])).await, needed);
        }
        assert_eq!(app.stranger().refused(mutation, ids(&[&one])).await, "UNAUTHENTICATED");
    }
    for mutation in [SUSPEND, DELETE] {
        assert_eq!(admin.refused(mutation, ids(&[&one, &admin.user_id, &two])).await, "CONFLICT LAST_ADMIN @ids.1");
    }
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.changes("suspendUsers").await + app.changes("reactivateUsers").await, 0);
}

/// A role that is deleted while it is given: it is given to all of them and in use, or there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_deleted_while_it_is_given_is_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut people = Vec::new();
    for number in 0..19 {
        people.push(add(&admin, &format!("p{number}@oak.example"), &["LEARNER"]).await);
    }
    let grant = "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }";
    for round in 0..6 {
        let key = format!("ROUND{round}");
        let role = add_role(&admin, &key, &["COURSE_READ"]).await;
        let delete = admin.ask("mutation($id: ID!) { deleteRole(id: $id) }", json!({ "id": role }));
        let given = people.iter().map(|person| insist(&admin, grant, json!({ "i": { "userIds": [person], "roleKey": key } })));
        let (deleted, given) = futures_util::future::join(delete, join_all(given)).await;
        for answer in given.iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "BAD_USER_INPUT @roleKey", "{deleted}");
        }
        let holders =
            app.count(&format!("user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id WHERE r.key = '{key}'")).await;
        let succeeded = given.iter().filter(|answer| answer.get("errors").is_none()).count() as i64;
        assert_eq!(holders, succeeded, "{deleted}");
        if deleted.get("errors").is_some() {
            assert!(crate::app::refusal(&deleted["errors"][0]).starts_with("CONFLICT IN_USE") && holders > 0, "{deleted}");
        }
    }
}

#[tokio::test]
async fn reactivating_many_keeps_to_the_plan() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (one, two) = (add(&admin, "one@oak.example", &["INSTRUCTOR"]).await, add(&admin, "two@oak.example", &["INSTRUCTOR"]).await);
    admin.ok(SUSPEND, ids(&[&one, &two])).await;
    app.sql("UPDATE tenant SET max_instructors = 3").await;
    let before = everything(&app).await;
    assert_eq!(admin.refused(REACTIVATE, ids(&[&one, &two])).await, "LIMIT_REACHED");
    assert_eq!(everything(&app).await, before);
    admin.ok(REACTIVATE, ids(&[&one])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_overlap_are_changed_one_after_another() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 20).await;
    let changing = (0..20).map(|number| {
        let mut some: Vec<&str> = people.iter().map(String::as_str).cycle().skip(number).take(12).collect();
        if number % 2 == 0 {
            some.reverse();
        }
        let mutation = if number % 3 == 0 { REACTIVATE } else { SUSPEND };
        let admin = &admin;
        async move { insist(admin, mutation, ids(&some)).await }
    });
    for answer in join_all(changing).await {
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    // Of twenty who delete the same people one does.
    let all: Vec<&str> = people.iter().map(String::as_str).collect();
    let answers = join_all((0..20).map(|_| insist(&admin, DELETE, ids(&all)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1);
}
