//! What stands in reports: the rows of whoever asked, and the figures of `reports`.

use serde_json::json;

use super::{bytes, export, lines, run};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, learners},
    reports::march,
};

const MARCH: [&str; 2] = ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"];

#[tokio::test]
async fn a_report_is_a_private_file_of_its_asker_that_is_deleted_after_a_week() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = export(&ada, "ENROLLMENTS", MARCH[0], MARCH[1]).await;
    let asked = run(&ada, &id).await;
    assert_eq!((&asked["state"], &asked["file"], &asked["rows"]), (&json!("QUEUED"), &json!(null), &json!(0)));
    app.work().await;
    let made = run(&ada, &id).await;
    assert_eq!(made["state"], "SUCCEEDED", "{made}");
    let file = &made["file"];
    assert_eq!(
        json!([
            made["name"],
            file["name"],
            file["contentType"],
            file["folder"],
            file["visibility"],
            file["owner"]["id"],
            made["requestedBy"]["id"]
        ]),
        json!(["enrollments-2026-03-01-to-2026-04-01.csv", made["name"], "text/csv", "exports", "PRIVATE", ada.user_id, ada.user_id])
    );
    assert_eq!(bytes(&ada, &made).await, b"enrollmentId,courseId,courseTitle,userId,userName,status,progress,enrolledAt,completedAt\r\n");
    assert_eq!(app.count("file WHERE expires_at BETWEEN now() + interval '6 days 23 hours' AND now() + interval '7 days'").await, 1);
    // Nobody else sees the run, and no quota counts the file.
    for other in [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Instructor).await] {
        assert_eq!(run(&other, &id).await, json!(null));
        assert_eq!(other.ok("{ exportRuns { totalCount } }", json!({})).await["exportRuns"]["totalCount"], 0);
    }
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    assert_eq!(
        admin.ok("{ viewer { tenant { storage { usedBytes } } } }", json!({})).await["viewer"]["tenant"]["storage"]["usedBytes"],
        0.0
    );
    // Its owner may delete it; the run says so.
    ada.ok(crate::files::DELETE, json!({ "id": file["id"] })).await;
    assert_eq!(run(&ada, &id).await["file"], json!(null));
}

#[tokio::test]
async fn cells_that_would_be_formulas_are_texts() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 1).await;
    app.sql("UPDATE app_user SET name = '=HYPERLINK(\"x\")' WHERE name = 'Person 001'").await;
    let course = course(&admin, json!({ "title": "+1, and \"more\"" })).await;
    let enrollment = enroll(&admin, &course, &people[0]).await;
    let text = lines(&app, &admin, "ENROLLMENTS", "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z").await;
    assert!(
        text[1].starts_with(&format!(
            "{enrollment},{course},\"'+1, and \"\"more\"\"\",{},\"'=HYPERLINK(\"\"x\"\")\",NOT_STARTED,0,",
            people[0]
        )),
        "{text:?}"
    );
}

#[tokio::test]
async fn the_figures_are_those_of_reports() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    for who in [Who::Admin, Who::Instructor, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        let document = "query($f: DateTime, $t: DateTime) { reports(from: $f, to: $t) { overview { enrollments bookings }
            courseProgress { course { id title } enrollments averageProgress completionRate }
            instructorUtilisation { instructor { id name } availableHours bookedHours } activity { startsAt events people } } }";
        let reports = client.ok(document, json!({ "f": MARCH[0], "t": MARCH[1] })).await["reports"].take();
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            number => number.as_f64().unwrap().to_string(),
        };
        let of = |list: &str, fields: &[&str]| -> Vec<String> {
            let rows = reports[list].as_array().unwrap().iter();
            rows.map(|row| fields.iter().map(|field| text(row.pointer(field).unwrap_or(&json!(null)))).collect::<Vec<_>>().join(","))
                .collect()
        };
        let courses = of("courseProgress", &["/course/id", "/course/title", "/enrollments", "/averageProgress", "/completionRate"]);
        let made = lines(&app, &client, "COURSE_PROGRESS", MARCH[0], MARCH[1]).await;
        assert!(!courses.is_empty());
        // A course that was deleted has its id in the file, and nothing else.
        let shown: Vec<&String> = made[1..].iter().filter(|line| !line.contains(",,")).collect();
        assert_eq!(shown, courses.iter().filter(|line| !line.starts_with(',')).collect::<Vec<_>>());
        assert_eq!(made.len() - 1, courses.len());
        let instructors = of("instructorUtilisation", &["/instructor/id", "/instructor/name", "/availableHours", "/bookedHours"]);
        assert_eq!(lines(&app, &client, "INSTRUCTOR_UTILISATION", MARCH[0], MARCH[1]).await[1..], instructors);
        let days = of("activity", &["/startsAt", "/events", "/people"]);
        assert_eq!(lines(&app, &client, "ACTIVITY", MARCH[0], MARCH[1]).await[1..], days);
        assert_eq!(json!(lines(&app, &client, "ENROLLMENTS", MARCH[0], MARCH[1]).await.len() - 1), reports["overview"]["enrollments"]);
        assert_eq!(json!(lines(&app, &client, "BOOKINGS", MARCH[0], MARCH[1]).await.len() - 1), reports["overview"]["bookings"]);
    }
}

#[tokio::test]
async fn a_report_of_many_pages_has_every_line_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let course = course(&admin, json!({ "title": "Algebra" })).await;
    learners(&app, &app.oak, 5000).await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id)
             SELECT tenant_id, app.uuid_v7(), '{}', id FROM app_user WHERE tenant_id = '{}' AND name LIKE 'Person %';
         SET session_replication_role = origin",
        crate::classroom::uuid(&course),
        app.oak.tenant
    ))
    .await;
    let mut text = lines(&app, &admin, "ENROLLMENTS", "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z").await;
    assert_eq!(text.len(), 5001);
    text.sort();
    text.dedup();
    assert_eq!(text.len(), 5001);
}
