//! What a bundle says of its lines and sheets: which are to go, which are whole.

use serde_json::json;

use super::{
    bundle,
    bundles::{CLASSES, COURSES, ENROLLMENTS, MANIFEST, ORGS, SESSIONS, USERS, roster},
    school, summary, told,
};
use crate::app::{TestApp, Who};

fn header(text: &str) -> String {
    format!("{}\n", text.lines().next().unwrap())
}

#[tokio::test]
async fn a_line_that_is_to_be_deleted_needs_its_id_alone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let manifest = MANIFEST.replace("bulk", "delta");
    let users = header(USERS) + "u2,tobedeleted\nu99,tobedeleted\n";
    let classes = header(CLASSES) + "k1,ToBeDeleted,,,,,,,,,,,,\n";
    // What is not known any more has gone already; a teacher's line says of whom.
    let seats = header(ENROLLMENTS) + "e3,tobedeleted,,,,,,,,\ne99,tobedeleted\ne1,tobedeleted,,,,,teacher,true,,\n";
    let orgs = header(ORGS) + "o1,tobedeleted\n";
    let sessions = header(SESSIONS) + "t1,tobedeleted\n";
    let courses = header(COURSES) + "c1,tobedeleted\n";
    let replaced = [
        ("manifest.csv", manifest.as_str()),
        ("orgs.csv", &orgs),
        ("academicSessions.csv", &sessions),
        ("courses.csv", &courses),
        ("users.csv", &users),
        ("classes.csv", &classes),
        ("enrollments.csv", &seats),
    ];
    let rehearsed = bundle(&app, &admin, &roster(&replaced), json!({ "dryRun": true })).await;
    let run = bundle(&app, &admin, &roster(&replaced), json!({})).await;
    assert_eq!(
        (summary(&run), told(&run)),
        (
            "SUCCEEDED ORG 0/0/0/1/0 ACADEMIC_SESSION 0/0/0/1/0 COURSE 0/0/0/1/0 USER 0/0/1/1/0 CLASS 0/0/0/1/0 ENROLLMENT 0/0/1/1/1"
                .to_owned(),
            vec!["enrollments.csv:4 classSourcedId BAD_VALUE".to_owned()]
        )
    );
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    assert_eq!(app.count("app_user WHERE name = 'Stu Dent' AND status = 'SUSPENDED'").await, 1);
    assert_eq!((app.count("course WHERE status = 'ARCHIVED'").await, app.count("enrollment WHERE status = 'DROPPED'").await), (1, 1));
    let again = bundle(&app, &admin, &roster(&replaced), json!({})).await;
    assert!(summary(&again).ends_with("USER 0/0/2/0/0 CLASS 0/0/1/0/0 ENROLLMENT 0/0/2/0/1"), "{}", summary(&again));
}

#[tokio::test]
async fn a_status_that_is_none_rejects_its_line() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let before = school(&app).await;
    let users = header(USERS) + "u2,inactive,,true,o1,student,s,,Changed,Dent,,,stu@oak.example,,,,,\n";
    let seats = header(ENROLLMENTS) + "e2,deleted,,k1,o1,u2,student,false,,\n";
    let orgs = ORGS.replace("o1,,", "o1,ACTIVE,") + "o2,gone,,Elm,school,,\n";
    let run = bundle(
        &app,
        &admin,
        &roster(&[("users.csv", &users), ("enrollments.csv", &seats), ("orgs.csv", &orgs), ("classes.csv", &header(CLASSES))]),
        json!({}),
    )
    .await;
    assert_eq!(told(&run), ["orgs.csv:3 status BAD_VALUE", "users.csv:2 status BAD_VALUE", "enrollments.csv:2 status BAD_VALUE"]);
    assert_eq!(summary(&run), "SUCCEEDED ORG 0/0/1/0/1 ACADEMIC_SESSION 0/0/1/0/0 COURSE 0/0/1/0/0 USER 0/0/0/0/1 ENROLLMENT 0/0/0/0/1");
    assert_eq!(school(&app).await, before);
}

#[tokio::test]
async fn a_manifest_that_does_not_say_how_a_sheet_is_to_be_read_fails_and_says_where() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = school(&app).await;
    for wrong in ["file.users,full", "file.users,", "file.users,bulk delta", "file.users,bu\0lk"] {
        let manifest = MANIFEST.replace("file.users,bulk", wrong);
        for dry_run in [true, false] {
            let run = bundle(&app, &admin, &roster(&[("manifest.csv", &manifest)]), json!({ "dryRun": dry_run })).await;
            assert_eq!((summary(&run), told(&run)), ("FAILED BAD_ARCHIVE".to_owned(), vec!["manifest.csv:7 value BAD_VALUE".to_owned()]));
            assert!(run["issues"]["nodes"][0]["message"].as_str().unwrap().starts_with("file.users "), "{run:#}");
        }
    }
    assert_eq!(school(&app).await, before);
    // However it is written; what is left out is absent, and what is not read may be anything.
    let manifest =
        MANIFEST.replace("file.enrollments,bulk\n", "file.demographics,whatever\n").replace("file.users,bulk", "file.users, Bulk ");
    let run = bundle(&app, &admin, &roster(&[("manifest.csv", &manifest)]), json!({ "dryRun": true })).await;
    assert!(summary(&run).ends_with("USER 3/0/1/0/1 CLASS 1/0/0/0/1"), "{}", summary(&run));
}

#[tokio::test]
async fn whoever_asks_for_removals_is_told_where_a_bundle_of_changes_allows_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let before = school(&app).await;
    let manifest = MANIFEST.replace("bulk", "delta");
    let nothing: Vec<(&str, String)> =
        [("users.csv", USERS), ("classes.csv", CLASSES), ("enrollments.csv", ENROLLMENTS)].map(|(name, text)| (name, header(text))).into();
    let mut replaced: Vec<(&str, &str)> = nothing.iter().map(|(name, text)| (*name, text.as_str())).collect();
    replaced.push(("manifest.csv", &manifest));
    for dry_run in [true, false] {
        let run = bundle(&app, &admin, &roster(&replaced), json!({ "removeMissing": true, "dryRun": dry_run })).await;
        assert_eq!((run["state"].as_str(), told(&run)), (Some("SUCCEEDED"), vec!["manifest.csv:4 value REMOVALS_NOT_POSSIBLE".to_owned()]));
        assert_eq!(run["issues"]["nodes"][0]["severity"], "WARNING");
    }
    assert_eq!(told(&bundle(&app, &admin, &roster(&replaced), json!({})).await), Vec::<String>::new());
    assert_eq!(school(&app).await, before);
}
