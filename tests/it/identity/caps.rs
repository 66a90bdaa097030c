//! What must hold however many try at once: the caps of the plan, the last administrator, who is an instructor.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, DELETE, REACTIVATE, SET_ROLES, SUSPEND, UPDATE_ROLE, add, add_role, new_person};
use crate::{
    app::{Client, TestApp, Who, refusal},
    classroom::insist,
};

/// `LIMIT_REACHED limit/used`, or the refusal in one line, or `ok`.
fn outcome(answer: &Value) -> String {
    let Some(error) = answer["errors"].as_array().map(|errors| &errors[0]) else { return "ok".into() };
    match (&error["extensions"]["limit"], &error["extensions"]["used"]) {
        (Value::Null, _) => refusal(error),
        (limit, used) => format!("{} {limit}/{used}", refusal(error)),
    }
}

async fn at_once(client: &Client, mutation: &str, variables: impl Iterator<Item = Value>) -> Vec<String> {
    let mut outcomes: Vec<String> =
        join_all(variables.map(|variables| insist(client, mutation, variables))).await.iter().map(outcome).collect();
    outcomes.sort();
    outcomes
}

/// People whose flag does not say what their roles do.
async fn wrong_flags(app: &TestApp) -> i64 {
    app.count(
        "app_user u where u.is_instructor <> (u.status = 'ACTIVE' and u.deleted_at is null and exists (
            select from user_role ur join role r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
            where ur.tenant_id = u.tenant_id and ur.user_id = u.id and (r.key = 'ADMIN' or 'AVAILABILITY_MANAGE' = any (r.permissions))))",
    )
    .await
}

#[tokio::test]
async fn the_last_place_of_the_plan_goes_to_one_of_ten() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tenant = app.oak.tenant;
    app.sql(&format!("UPDATE tenant SET max_users = 5 WHERE tenant_id = '{tenant}'")).await;
    let people = (0..10).map(|number| new_person(&format!("p{number}@oak.example"), &["LEARNER"]));
    let outcomes = at_once(&admin, CREATE, people).await;
    assert_eq!(outcomes[..9], vec!["LIMIT_REACHED 5/5"; 9][..]);
    assert_eq!(outcomes[9], "ok");
    let in_oak = format!("where tenant_id = '{tenant}'");
    assert_eq!(app.count(&format!("app_user {in_oak}")).await, 5);
    assert_eq!(app.count(&format!("user_role {in_oak}")).await, 5);
    assert_eq!(app.changes("createUser").await, 2);
    assert_eq!(app.count("audit_entry where operation = 'createUser' and outcome = 'REFUSED' and code = 'LIMIT_REACHED'").await, 9);

    // Suspended people count, deleted ones don't; another school has its own plan.
    let learner = app.sign_in(&app.oak, Who::Learner).await.user_id;
    admin.ok(SUSPEND, json!({ "id": learner })).await;
    assert_eq!(outcome(&admin.ask(CREATE, new_person("new@oak.example", &["LEARNER"])).await), "LIMIT_REACHED 5/5");
    add(&app.sign_in(&app.elm, Who::Admin).await, "new@elm.example", &["LEARNER"]).await;
    admin.ok(DELETE, json!({ "id": learner })).await;
    add(&admin, "new@oak.example", &["LEARNER"]).await;
    // A plan that was cut below what is used lets nobody in.
    app.sql(&format!("UPDATE tenant SET max_users = 2 {in_oak}")).await;
    assert_eq!(outcome(&admin.ask(CREATE, new_person("more@oak.example", &["LEARNER"])).await), "LIMIT_REACHED 2/5");
}

#[tokio::test]
async fn instructors_are_capped_by_whatever_way_they_become_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    // The administrator holds AVAILABILITY_MANAGE and so is one of them.
    app.sql(&format!("UPDATE tenant SET max_instructors = 3 WHERE tenant_id = '{}'", app.oak.tenant)).await;
    let people = (0..10).map(|number| new_person(&format!("p{number}@oak.example"), &["LEARNER", "INSTRUCTOR"]));
    let outcomes = at_once(&admin, CREATE, people).await;
    assert_eq!((outcomes[..9].to_vec(), outcomes[9].as_str()), (vec!["LIMIT_REACHED 3/3".to_owned(); 9], "ok"));
    assert_eq!(app.count(&format!("app_user where tenant_id = '{}'", app.oak.tenant)).await, 5, "the refused were not added at all");

    // By getting the role.
    let mut learners = Vec::new();
    for number in 0..4 {
        learners.push(add(&admin, &format!("l{number}@oak.example"), &["LEARNER"]).await);
    }
    let set = |user: &str, keys: &[&str]| json!({ "i": { "userId": user, "roleKeys": keys } });
    assert_eq!(outcome(&admin.ask(SET_ROLES, set(&learners[0], &["INSTRUCTOR"])).await), "LIMIT_REACHED 3/3");
    // By a role that they hold getting the permission: all of them or none.
    let coach = add_role(&admin, "COACH", &["COURSE_READ"]).await;
    for learner in &learners {
        admin.ok(SET_ROLES, set(learner, &["COACH"])).await;
    }
    let teach = json!({ "i": { "id": coach, "permissions": ["COURSE_READ", "AVAILABILITY_MANAGE"] } });
    assert_eq!(outcome(&admin.ask(UPDATE_ROLE, teach.clone()).await), "LIMIT_REACHED 3/3");
    assert_eq!(app.count("role where key = 'COACH' and permissions = '{COURSE_READ}'").await, 1);
    app.sql("UPDATE tenant SET max_instructors = 6").await;
    assert_eq!(outcome(&admin.ask(UPDATE_ROLE, teach.clone()).await), "LIMIT_REACHED 6/3", "four more than three are too many");
    // By being reactivated.
    app.sql("UPDATE tenant SET max_instructors = 3").await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await.user_id;
    admin.ok(SUSPEND, json!({ "id": instructor })).await;
    admin.ok(SET_ROLES, set(&learners[0], &["INSTRUCTOR"])).await;
    assert_eq!(outcome(&admin.ask(REACTIVATE, json!({ "id": instructor })).await), "LIMIT_REACHED 3/3");
    assert_eq!(app.count("app_user where email = 'instructor@oak.example' and status = 'SUSPENDED'").await, 1);
    // Who stays one by another role needs no new place.
    app.sql("UPDATE tenant SET max_instructors = NULL").await;
    admin.ok(UPDATE_ROLE, teach).await;
    app.sql("UPDATE tenant SET max_instructors = 1").await;
    admin.ok(SET_ROLES, set(&learners[0], &["COACH"])).await;
    assert_eq!(wrong_flags(&app).await, 0);
}

#[tokio::test]
async fn who_gets_a_role_while_it_changes_is_an_instructor_exactly_if_it_says_so() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let coach = add_role(&admin, "COACH", &["COURSE_READ"]).await;
    for round in 0..4 {
        let permissions = if round % 2 == 0 { json!(["AVAILABILITY_MANAGE"]) } else { json!([]) };
        let suspended = add(&admin, &format!("s{round}@oak.example"), &["COACH"]).await;
        admin.ok(SUSPEND, json!({ "id": suspended })).await;
        let people = (0..4).map(|number| admin.ask(CREATE, new_person(&format!("r{round}p{number}@oak.example"), &["COACH"])));
        let change = json!({ "i": { "id": coach, "permissions": permissions } });
        let (people, reactivated, changed) =
            tokio::join!(join_all(people), admin.ask(REACTIVATE, json!({ "id": suspended })), admin.ask(UPDATE_ROLE, change));
        assert!(people.iter().chain([&reactivated, &changed]).all(|answer| outcome(answer) == "ok"));
        assert_eq!(wrong_flags(&app).await, 0, "round {round}");
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = admin.user_id.as_str();
    let demote = |id: &str| json!({ "i": { "userId": id, "roleKeys": ["LEARNER"] } });
    assert_eq!(admin.refused(SUSPEND, json!({ "id": id })).await, "CONFLICT LAST_ADMIN");
    assert_eq!(admin.refused(DELETE, json!({ "id": id })).await, "CONFLICT LAST_ADMIN");
    assert_eq!(admin.refused(SET_ROLES, demote(id)).await, "CONFLICT LAST_ADMIN");
    admin.ok(SET_ROLES, json!({ "i": { "userId": id, "roleKeys": ["VIEWER", "ADMIN"] } })).await;
    // A suspended administrator is no active one, nor is one of another school.
    let other = add(&admin, "other@oak.example", &["ADMIN"]).await;
    admin.ok(SUSPEND, json!({ "id": other })).await;
    assert_eq!(admin.refused(DELETE, json!({ "id": id })).await, "CONFLICT LAST_ADMIN");
    admin.ok(SET_ROLES, demote(&other)).await;
    assert_eq!(app.changes("deleteUser").await, 0);
}

#[tokio::test]
async fn of_two_administrators_who_end_each_other_at_once_one_stays() {
    let active = "app_user u join user_role ur on ur.user_id = u.id join role r on r.id = ur.role_id and r.key = 'ADMIN' \
                  where u.status = 'ACTIVE' and u.deleted_at is null and u.email like '%oak.example'";
    let demote = |id: &str| json!({ "i": { "userId": id, "roleKeys": ["LEARNER"] } });
    let by_id = |id: &str| json!({ "id": id });
    type Attempt<'a> = (&'a str, &'a dyn Fn(&str) -> Value);
    let attempts: [Attempt; 3] = [(SUSPEND, &by_id), (SET_ROLES, &demote), (DELETE, &by_id)];
    for (mutation, variables) in attempts {
        let app = TestApp::start().await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let other = app.person(&app.oak, "other@oak.example", &["ADMIN"]).await;
        assert_eq!(app.count(active).await, 2);
        let (one, two) = tokio::join!(admin.ask(mutation, variables(&other.user_id)), other.ask(mutation, variables(&admin.user_id)));
        let outcomes = [outcome(&one), outcome(&two)];
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1, "{mutation}: {outcomes:?}");
        assert_eq!(app.count(active).await, 1, "{mutation}");
    }
}
