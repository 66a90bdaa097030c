//! `lectern smoke`.

use std::future::pending;

use lectern::ops::smoke::{Account, smoke};

use crate::app::{PASSWORD, TestApp, Who};

#[tokio::test]
async fn the_main_operations_work_and_nothing_is_left_in_use() {
    let app = TestApp::start().await;
    let account = Account { tenant: "oak".to_owned(), email: app.oak.email(Who::Admin), password: PASSWORD.to_owned() };
    let report = smoke(&app.url, &account, pending()).await.unwrap();
    assert_eq!(report.failed(), 0, "\n{}", report.table());
    assert!(report.checks.len() > 110, "only {} operations", report.checks.len());
    for left in [
        "course WHERE deleted_at IS NULL",
        "user_group WHERE deleted_at IS NULL",
        "group_member",
        "availability",
        "availability_rule",
        "time_off",
        "calendar_feed",
        "busy_source",
        "resource WHERE deleted_at IS NULL",
        "file",
        "upload WHERE completed_at IS NULL",
        "enrollment WHERE status <> 'DROPPED'",
        "booking WHERE status NOT IN ('COMPLETED', 'CANCELLED')",
        "session WHERE revoked_at IS NULL",
        "report_schedule",
        "export_run WHERE state <> 'CANCELLED'",
        "import_run WHERE state <> 'CANCELLED'",
        "notification_settings",
        "notification_preference",
        "project WHERE deleted_at IS NULL",
        "conversation WHERE deleted_at IS NULL",
    ] {
        assert_eq!(app.count(left).await, 0, "{left}");
    }
    // Once more, beside what the first left in the history.
    let report = smoke(&format!("{}/", app.url), &account, pending()).await.unwrap();
    assert_eq!(report.failed(), 0, "\n{}", report.table());
}

#[tokio::test]
async fn what_does_not_work_is_said_and_what_was_made_is_still_removed() {
    let app = TestApp::start().await;
    let account = Account { tenant: "oak".to_owned(), email: app.oak.email(Who::Admin), password: PASSWORD.to_owned() };
    app.sql("REVOKE INSERT ON enrollment FROM lectern_app; REVOKE DELETE ON availability FROM lectern_app").await;
    let report = smoke(&app.url, &account, pending()).await.unwrap();
    let failed: Vec<&str> = report.checks.iter().filter(|check| !check.passed).map(|check| check.subject.as_str()).collect();
    assert!(failed.contains(&"enroll") && failed.contains(&"deleteAvailability"), "\n{}", report.table());
    assert_eq!(app.count("course WHERE deleted_at IS NULL").await, 0);

    let wrong = Account { password: "not this one".to_owned(), ..account };
    let report = smoke(&app.url, &wrong, pending()).await.unwrap();
    assert!(report.checks.iter().any(|check| check.subject == "login" && check.detail.contains("UNAUTHENTICATED")), "\n{}", report.table());

    let nobody = smoke("http://127.0.0.1:9", &wrong, pending()).await.unwrap();
    assert_eq!((nobody.checks.len(), nobody.failed()), (1, 1), "\n{}", nobody.table());
    assert!(smoke("oak.example", &wrong, pending()).await.is_err());
}
