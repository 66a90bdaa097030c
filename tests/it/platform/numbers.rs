//! What schools hold, in numbers: of one snapshot, and the sum is the sum.

use serde_json::{Value, json};

use super::{id_of, operator};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, group},
};

const USAGE: &str = "{ tenants { nodes { slug usage { users instructors courses groups enrollments bookings lastSignInAt } } } }";
const STATISTICS: &str =
    "query($f: DateTime, $t: DateTime) { statistics(from: $f, to: $t) { tenants tenantsByState { state count } users instructors courses
    groups enrollments completedEnrollments bookings } }";

fn of<'a>(usage: &'a Value, slug: &str) -> &'a Value {
    &usage["tenants"]["nodes"].as_array().unwrap().iter().find(|node| node["slug"] == slug).unwrap()["usage"]
}

#[tokio::test]
async fn statistics_are_the_sum_of_what_each_school_uses() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    course(&app.sign_in(&app.elm, Who::Admin).await, json!({ "title": "Botany" })).await;
    group(&admin, json!({ "name": "7b" })).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    enroll(&admin, &algebra, &learner.user_id).await;
    app.sql(&format!(
        "SET app.audit = 'off'; UPDATE enrollment SET status = 'COMPLETED', progress = 1, completed_at = now() WHERE tenant_id = '{0}'; RESET app.audit", app.oak.tenant
    ))
    .await;
    let usage = olive.ok(USAGE, json!({})).await;
    let oak = of(&usage, "oak");
    assert_eq!(
        (&oak["users"], &oak["instructors"], &oak["courses"], &oak["groups"], &oak["enrollments"], &oak["bookings"]),
        (&json!(4), &json!(2), &json!(1), &json!(1), &json!(1), &json!(0))
    );
    assert!(oak["lastSignInAt"].is_string());
    let sums = olive.ok(STATISTICS, json!({})).await["statistics"].take();
    for name in ["users", "instructors", "courses", "groups", "enrollments", "bookings"] {
        let sum: i64 = usage["tenants"]["nodes"].as_array().unwrap().iter().map(|node| node["usage"][name].as_i64().unwrap()).sum();
        assert_eq!(sums[name], json!(sum), "{name}");
    }
    assert_eq!((&sums["tenants"], &sums["completedEnrollments"]), (&json!(2), &json!(1)));
    assert_eq!(sums["tenantsByState"], json!([{ "state": "ACTIVE", "count": 2 }]));
    // From when to when.
    let later = olive.ok(STATISTICS, json!({ "f": "2090-01-01T00:00:00Z" })).await["statistics"].take();
    assert_eq!(
        (&later["tenants"], &later["users"], &later["courses"], &later["tenantsByState"]),
        (&json!(0), &json!(0), &json!(0), &json!([]))
    );
    let until = olive.ok(STATISTICS, json!({ "t": "2090-01-01T00:00:00Z" })).await["statistics"].take();
    assert_eq!(until, sums);
    let wrong = olive.ask(STATISTICS, json!({ "f": "2090-01-01T00:00:00Z", "t": "2089-01-01T00:00:00Z" })).await;
    assert_eq!(crate::app::refusal(&wrong["errors"][0]), "BAD_USER_INPUT @to");
}

/// How many statements a document costs the platform.
async fn statements(app: &TestApp, client: &crate::app::Client, query: &str) -> u32 {
    let claims = app.desk.services().tokens.verify(client.token.as_deref().unwrap());
    let request = lectern_kernel::request::GraphqlRequest { query: query.to_owned(), ..Default::default() };
    let answer = app.desk.execute(app.desk.read(&request).unwrap(), claims, "counting").await;
    assert!(answer.response.errors.is_empty(), "{:?}", answer.response.errors);
    answer.statements
}

#[tokio::test]
async fn numbers_and_administrators_of_many_schools_cost_one_statement_each() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let query = "{ tenants(first: 100) { nodes { slug locale usage { users } admins { email } } } }";
    let few = statements(&app, &olive, query).await;
    for number in 0..20 {
        olive.ok(super::CREATE, json!({ "i": { "slug": format!("s{number}"), "name": format!("School {number}") } })).await;
    }
    let many = statements(&app, &olive, query).await;
    assert_eq!((few, many), (4, 4), "the admin, the page, the numbers, the administrators");
}

#[tokio::test]
async fn of_a_schools_people_nothing_is_known_but_who_administers_it() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let all = "{ tenants { nodes { id slug name timeZone locale isListed state usage { users } admins { email name isInvited } } } auditLog { nodes { before after } } }";
    let answer = olive.ok(all, json!({})).await.to_string();
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        assert!(!answer.contains(&app.oak.email(who)) && !answer.contains(&app.elm.email(who)), "{answer}");
    }
    assert!(answer.contains(&app.oak.email(Who::Admin)) && answer.contains(&id_of(&app.oak)));
}
