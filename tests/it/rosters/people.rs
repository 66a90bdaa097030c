//! Sheets of people: added, changed, suspended, linked.

use serde_json::json;

use super::{people, school, summary, told};
use crate::app::{TestApp, Who};

const SHEET: &str = "email,name,roles,status,sourcedId\n\
    ann@oak.example,Ann Lee,,,s1\n\
    ben@oak.example,Ben,INSTRUCTOR;LEARNER,ACTIVE,s2\n\
    cat@oak.example,Cat,VIEWER,SUSPENDED,s3\n\
    dan@oak.example,\"Dan, the man\",learner,,\n";

#[tokio::test]
async fn people_are_added_once_and_an_import_that_runs_again_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let run = people(&app, &admin, SHEET, json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 4/0/0/0/0".to_owned(), vec![]));
    assert_eq!(json!([run["progress"], run["issueCount"], run["startedBy"]["id"]]), json!([1.0, 0, admin.user_id]));
    let made = app
        .text(
            "SELECT string_agg(u.name || ' ' || u.status || ' ' || (SELECT string_agg(r.key, '+' ORDER BY r.key) FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                 WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id) || ' ' || u.is_instructor, '; ' ORDER BY u.email) FROM app_user u WHERE u.email IN ('ann@oak.example', 'ben@oak.example', 'cat@oak.example', 'dan@oak.example')",
        )
        .await;
    assert_eq!(
        made.as_deref(),
        Some(
            "Ann Lee ACTIVE LEARNER false; Ben ACTIVE INSTRUCTOR+LEARNER true; Cat SUSPENDED VIEWER false; Dan, the man ACTIVE LEARNER false"
        )
    );
    // The log names the starter, and the request in which the import was started.
    let entries = "audit_entry a JOIN audit_entry s ON s.resource = 'ImportRun' AND s.operation = 'startImport' AND s.correlation_id = a.correlation_id \
                   AND s.actor_id = a.actor_id WHERE a.operation = 'system:import.run' AND a.resource = 'User' AND a.before IS NULL AND a.after ? 'email'";
    assert_eq!(app.count(entries).await, 4);
    let before = school(&app).await;
    let again = people(&app, &admin, SHEET, json!({})).await;
    assert_eq!(summary(&again), "SUCCEEDED USER 0/0/4/0/0");
    assert_eq!(school(&app).await, before);
}

#[tokio::test]
async fn lines_change_those_they_are_linked_with_and_roles_are_added_never_removed() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    people(&app, &admin, SHEET, json!({})).await;
    let changed = "email,name,roles,status,sourcedId\n\
        ann.lee@oak.example,Ann Lee-Ray,VIEWER,,s1\n\
        ben@oak.example,Ben,LEARNER,SUSPENDED,s2\n\
        cat@oak.example,Cat,,ACTIVE,s3\n\
        DAN@oak.example,\"Dan, the man\",,,\n";
    let run = people(&app, &admin, changed, json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 0/2/1/1/0".to_owned(), vec![]));
    assert_eq!(app.count("app_user WHERE email = 'ann.lee@oak.example' AND name = 'Ann Lee-Ray' AND status = 'ACTIVE'").await, 1);
    assert_eq!(app.count("app_user WHERE (email, status) IN (('ben@oak.example', 'SUSPENDED'), ('cat@oak.example', 'ACTIVE'))").await, 2);
    let roles = "user_role ur JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id WHERE u.email IN ('ann.lee@oak.example', 'ben@oak.example')";
    assert_eq!(app.count(roles).await, 4);
}

#[tokio::test]
async fn somebody_who_is_there_already_is_linked_by_their_address() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let lea = app.oak.email(Who::Learner);
    let name = app.text(&format!("SELECT name FROM app_user WHERE email = '{lea}'")).await.unwrap();
    let run = people(&app, &admin, &format!("email,name,sourcedId\n{lea},{name},s9\n"), json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 0/0/1/0/0".to_owned(), vec!["users.csv:2 email LINKED_BY_EMAIL".to_owned()]));
    assert_eq!(run["issues"]["nodes"][0]["severity"], "WARNING");
    // From now on by the id, and of another source it is another.
    let moved = people(&app, &admin, &format!("email,name,sourcedId\nlea2@oak.example,{name},s9\n"), json!({})).await;
    assert_eq!((summary(&moved), told(&moved)), ("SUCCEEDED USER 0/1/0/0/0".to_owned(), vec![]));
    let other = people(&app, &admin, "email,name,sourcedId\nnew@oak.example,New,s9\n", json!({ "source": "other" })).await;
    assert_eq!(summary(&other), "SUCCEEDED USER 1/0/0/0/0");
    // Without an id of their own they go by the address, and nobody is warned.
    let plain = people(&app, &admin, "email,name\nNEW@oak.example,New\n", json!({})).await;
    assert_eq!((summary(&plain), told(&plain)), ("SUCCEEDED USER 0/0/1/0/0".to_owned(), vec![]));
}

#[tokio::test]
async fn wrong_lines_are_rejected_with_file_line_and_column_and_the_others_are_taken() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let text = format!(
        "email,name,roles,status,sourcedId\n\
         ok@oak.example,Okay,,,a1\n\
         ,Nobody,,,a2\n\
         no address,Wrong,,,a3\n\
         b@oak.example,,,,a4\n\
         c@oak.example,Cee,NOBODY,,a5\n\
         d@oak.example,Dee,,GONE,a6\n\
         e@oak.example,Eve,,,a1\n\
         {},Thief,,,a1x\n\
         ok@oak.example,Other,,,a1y\n",
        app.oak.email(Who::Learner)
    );
    app.sql("UPDATE tenant SET max_users = NULL").await;
    let rehearsed = people(&app, &admin, &text, json!({ "dryRun": true })).await;
    let run = people(&app, &admin, &text, json!({})).await;
    assert_eq!(
        told(&run),
        [
            "users.csv:3 email EMAIL_MISSING",
            "users.csv:4 email BAD_VALUE",
            "users.csv:5 name BAD_VALUE",
            "users.csv:6 roles BAD_VALUE",
            "users.csv:7 status BAD_VALUE",
            "users.csv:8 sourcedId DUPLICATE_SOURCED_ID",
            "users.csv:9 email LINKED_BY_EMAIL",
            "users.csv:10 email EMAIL_TAKEN",
        ]
    );
    assert_eq!(summary(&run), "SUCCEEDED USER 1/1/0/0/7");
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    assert_eq!(run["issues"]["nodes"][0]["sourcedId"], "a2");
    // An address of somebody else's.
    let taken = format!("email,name,sourcedId\n{},Okay,a1\n", app.oak.email(Who::Viewer));
    let run = people(&app, &admin, &taken, json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 0/0/0/0/1".to_owned(), vec!["users.csv:2 email EMAIL_TAKEN".to_owned()]));
    let errors = admin
        .ok("query($id: ID!) { importRun(id: $id) { issues(filter: { severity: WARNING }) { totalCount } } }", json!({ "id": run["id"] }))
        .await;
    assert_eq!(errors["importRun"]["issues"]["totalCount"], 0);
}

#[tokio::test]
async fn no_more_people_come_than_the_plan_allows_and_a_dry_run_counts_the_same() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(&format!(
        "UPDATE tenant t SET max_users = 3 + (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id),
             max_instructors = 1 + (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.is_instructor) WHERE tenant_id = '{}'",
        app.oak.tenant
    ))
    .await;
    let text = "email,name,roles\n\
        i1@oak.example,One,INSTRUCTOR\n\
        i2@oak.example,Two,INSTRUCTOR\n\
        l1@oak.example,Three,\n\
        l2@oak.example,Four,\n\
        l3@oak.example,Five,\n";
    let before = school(&app).await;
    let rehearsed = people(&app, &admin, text, json!({ "dryRun": true })).await;
    assert_eq!(school(&app).await, before);
    let run = people(&app, &admin, text, json!({})).await;
    assert_eq!(
        (summary(&run), told(&run)),
        ("SUCCEEDED USER 3/0/0/0/2".to_owned(), vec!["users.csv:3 roles LIMIT_REACHED".to_owned(), "users.csv:6 LIMIT_REACHED".to_owned()])
    );
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
}

#[tokio::test]
async fn an_importer_gives_no_role_above_their_own_and_changes_nobody_above_them() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "key": "CLERK", "name": "Clerk", "permissions": ["ROSTER_MANAGE", "FILE_UPLOAD", "AGENT_EXECUTE", "USER_READ", "USER_CREATE", "USER_UPDATE", "ROLE_MANAGE", "COURSE_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST", "APPLICATION_SUBMIT"] });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", json!({ "i": role })).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let text = format!(
        "email,name,roles,status,sourcedId\nnew@oak.example,New,LEARNER,,n1\nboss@oak.example,Boss,ADMIN,,n2\n{},Changed,,,n3\n{},Vera,,SUSPENDED,n4\nclerk@oak.example,clerk@oak.example,,SUSPENDED,n5\n",
        app.oak.email(Who::Admin),
        app.oak.email(Who::Viewer)
    );
    let rehearsed = people(&app, &clerk, &text, json!({ "dryRun": true })).await;
    let run = people(&app, &clerk, &text, json!({})).await;
    assert_eq!(
        told(&run),
        [
            "users.csv:3 roles ROLE_TOO_HIGH",
            "users.csv:4 name ROLE_TOO_HIGH",
            "users.csv:5 status ROLE_TOO_HIGH",
            "users.csv:6 status OWN_ACCOUNT"
        ]
    );
    assert_eq!(summary(&run), "SUCCEEDED USER 1/0/0/0/4");
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    assert_eq!(app.count("app_user WHERE name = 'Changed' OR status = 'SUSPENDED' OR email = 'boss@oak.example'").await, 0);
}

#[tokio::test]
async fn the_first_thousand_issues_are_kept_and_all_are_counted() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut text = "email,name\n".to_owned();
    for _line in 0..1203 {
        text.push_str(",Nobody\n");
    }
    let before = school(&app).await;
    for dry_run in [true, false] {
        let run = people(&app, &admin, &text, json!({ "dryRun": dry_run })).await;
        assert_eq!(
            (summary(&run), run["issueCount"].as_i64(), run["issues"]["totalCount"].as_i64()),
            ("SUCCEEDED USER 0/0/0/0/1203".to_owned(), Some(1203), Some(1000))
        );
    }
    assert_eq!(school(&app).await, before);
    assert_eq!(app.statements(&admin, "{ importRuns { nodes { id issues(first: 5) { nodes { line } } } } }", json!({})).await, 3);
}
