//! Two lines about one thing: one of them holds, and importing them again changes nothing.

use serde_json::{Value, json};

use super::{
    bundle,
    bundles::{CLASSES, ENROLLMENTS, USERS, roster},
    people, school, summary, told,
};
use crate::app::{Client, TestApp, Who};

/// What there was to tell of some sheets.
fn of(run: &Value, file: &str) -> Vec<String> {
    told(run).into_iter().filter(|line| line.starts_with(file)).collect()
}

/// Imports a bundle, and again: the second time changes nothing, and rejects what the first did. A dry run says the same as the first.
async fn comes_to_rest(app: &TestApp, admin: &Client, replaced: &[(&str, &str)]) -> (Value, Value) {
    let bytes = roster(replaced);
    let rehearsed = bundle(app, admin, &bytes, json!({ "dryRun": true })).await;
    let first = bundle(app, admin, &bytes, json!({})).await;
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&first), told(&first)));
    let before = school(app).await;
    let second = bundle(app, admin, &bytes, json!({})).await;
    for count in second["counts"].as_array().unwrap() {
        let changed = ["created", "updated", "removed"].map(|name| count[name].as_i64().unwrap());
        assert_eq!(changed, [0, 0, 0], "{second:#}");
    }
    assert_eq!(school(app).await, before);
    (first, second)
}

#[tokio::test]
async fn of_two_ids_with_one_address_the_first_is_the_person_and_the_second_is_rejected() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let users = USERS.to_owned() + "u6,,,true,o1,student,s,,Another,Dent,,,STU@oak.example,,,,,\n";
    let (first, second) = comes_to_rest(&app, &admin, &[("users.csv", &users)]).await;
    for run in [&first, &second] {
        assert_eq!(of(run, "users.csv").last().unwrap(), "users.csv:7 email EMAIL_TAKEN");
    }
    assert_eq!(app.count("app_user WHERE name = 'Stu Dent' AND email = 'stu@oak.example'").await, 1);
    // Batches apart it is the same.
    let mut sheet = "email,name,sourcedId\ntwin@oak.example,First,t1\n".to_owned();
    for n in 0..600 {
        sheet.push_str(&format!("q{n}@oak.example,Person {n},q{n}\n"));
    }
    sheet.push_str("twin@oak.example,Second,t2\n");
    let rehearsed = people(&app, &admin, &sheet, json!({ "source": "far", "dryRun": true })).await;
    let run = people(&app, &admin, &sheet, json!({ "source": "far" })).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 601/0/0/0/1".to_owned(), vec!["users.csv:603 email EMAIL_TAKEN".to_owned()]));
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    let again = people(&app, &admin, &sheet, json!({ "source": "far" })).await;
    assert_eq!(summary(&again), "SUCCEEDED USER 0/0/601/0/1");
}

#[tokio::test]
async fn two_ids_that_were_linked_with_one_person_before_part_or_rest() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let sheet = |lines: &str| format!("email,name,sourcedId\n{lines}");
    people(&app, &admin, &sheet("ann@oak.example,Ann,s1\n"), json!({})).await;
    // A new id for her, while the old one is not in the file.
    let moved = people(&app, &admin, &sheet("ann@oak.example,Ann,s2\n"), json!({})).await;
    assert_eq!(told(&moved), ["users.csv:2 email LINKED_BY_EMAIL"]);
    let both = sheet("ann@oak.example,Ann One,s1\nann@oak.example,Ann Two,s2\n");
    let run = people(&app, &admin, &both, json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 0/1/0/0/1".to_owned(), vec!["users.csv:3 email EMAIL_TAKEN".to_owned()]));
    assert_eq!(summary(&people(&app, &admin, &both, json!({})).await), "SUCCEEDED USER 0/0/1/0/1");
    // Whoever turns out to be somebody else is somebody else.
    let parted = sheet("ann@oak.example,Ann One,s1\nbea@oak.example,Bea,s2\n");
    let rehearsed = people(&app, &admin, &parted, json!({ "dryRun": true })).await;
    let run = people(&app, &admin, &parted, json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 1/0/1/0/0".to_owned(), vec![]));
    assert_eq!(summary(&rehearsed), summary(&run));
    assert_eq!(summary(&people(&app, &admin, &parted, json!({})).await), "SUCCEEDED USER 0/0/2/0/0");
    assert_eq!(app.count("app_user WHERE (name, email) IN (('Ann One', 'ann@oak.example'), ('Bea', 'bea@oak.example'))").await, 2);
}

#[tokio::test]
async fn of_two_primary_teachers_the_first_teaches_and_the_second_is_rejected() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let users = USERS.to_owned() + "u6,,,true,o1,teacher,t,,Second,Teacher,,,second@oak.example,,,,,\n";
    let seats = ENROLLMENTS.to_owned() + "e6,,,k1,o1,u6,teacher,true,,\ne7,,,k1,o1,u1,teacher,true,,\ne8,,,k1,o1,u6,teacher,false,,\n";
    let (first, second) = comes_to_rest(&app, &admin, &[("users.csv", &users), ("enrollments.csv", &seats)]).await;
    for run in [&first, &second] {
        assert_eq!(of(run, "enrollments.csv").last().unwrap(), "enrollments.csv:7 primary BAD_VALUE");
    }
    assert_eq!(
        app.count("course c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.instructor_id WHERE u.name = 'Tea Cher'").await,
        1
    );
}

#[tokio::test]
async fn a_line_that_suspends_somebody_holds_for_the_rest_of_it_too() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let users =
        USERS.replace("u2,,,true,o1,student,s,,Stu,Dent,,,stu@oak.example", "u2,,,false,o1,teacher,s,,Stella,Dent,,,stella@oak.example");
    let (run, _) = comes_to_rest(&app, &admin, &[("users.csv", &users)]).await;
    assert!(summary(&run).contains("USER 0/0/3/1/1"), "{}", summary(&run));
    let stella = "app_user WHERE name = 'Stella Dent' AND email = 'stella@oak.example' AND status = 'SUSPENDED'";
    assert_eq!(app.count(stella).await, 1);
}

#[tokio::test]
async fn of_two_lines_about_one_course_the_first_says_what_it_is() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    // By the id of the other system, and by the school's own.
    let course = app.text("SELECT app.type_id('course', c.id) FROM course c WHERE c.title = 'Algebra 1'").await.unwrap();
    let line = |title: &str| format!("{course},,,{title},,c1,,scheduled,,o1,t1,,,\n");
    let renamed = CLASSES.replace("Algebra 1", "Algebra I");
    let classes = format!("{renamed}{}", line("Algebra One"));
    let (first, second) = comes_to_rest(&app, &admin, &[("classes.csv", &classes)]).await;
    for run in [&first, &second] {
        assert_eq!(of(run, "classes.csv").last().unwrap(), "classes.csv:4 sourcedId DUPLICATE_SOURCED_ID");
    }
    assert!(summary(&first).contains("CLASS 0/1/0/0/2"), "{}", summary(&first));
    assert_eq!(app.count("course WHERE title = 'Algebra I'").await, 1);
    // What says the same is no other.
    let classes = format!("{renamed}{}", line("Algebra I"));
    let (run, _) = comes_to_rest(&app, &admin, &[("classes.csv", &classes)]).await;
    assert!(summary(&run).contains("CLASS 0/0/2/0/1"), "{}", summary(&run));
    // An archived course comes back by the first of them, once.
    app.sql("UPDATE course SET status = 'ARCHIVED' WHERE title = 'Algebra I'").await;
    let (run, _) = comes_to_rest(&app, &admin, &[("classes.csv", &classes)]).await;
    assert!(summary(&run).contains("CLASS 0/1/1/0/1"), "{}", summary(&run));
}

#[tokio::test]
async fn what_one_line_ends_and_another_goes_on_with_goes_on() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    // A person and an enrollment that have new ids, and a teacher whose line was made anew.
    let users = USERS.replace("u2,,", "u2,tobedeleted,") + "u7,,,true,o1,student,s,,Stu,Dent,,,stu@oak.example,,,,,\n";
    let seats = ENROLLMENTS.replace("e2,,", "e2,tobedeleted,").replace("e1,,", "e1,tobedeleted,")
        + "e12,,,k1,o1,u7,student,false,,\ne11,,,k1,o1,u1,teacher,true,,\n";
    bundle(&app, &admin, &roster(&[("users.csv", &users), ("enrollments.csv", &seats)]), json!({})).await;
    let (..) = comes_to_rest(&app, &admin, &[("users.csv", &users), ("enrollments.csv", &seats), ("classes.csv", CLASSES)]).await;
    assert_eq!(app.count("app_user WHERE email = 'stu@oak.example' AND status = 'ACTIVE'").await, 1);
    let seat = "enrollment e JOIN app_user u ON u.tenant_id = e.tenant_id AND u.id = e.user_id WHERE u.email = 'stu@oak.example' AND e.status = 'NOT_STARTED'";
    assert_eq!(app.count(seat).await, 1);
    assert_eq!(
        app.count("course c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.instructor_id WHERE u.name = 'Tea Cher'").await,
        1
    );
}
