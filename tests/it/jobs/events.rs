//! Events: one job for each, and none where nobody waits for it.

use super::{Working, asked_for, of_job, opened, quick, start, until};

#[tokio::test]
async fn an_event_is_one_job_in_the_transaction_of_its_change_and_none_where_nobody_waits() {
    let app = start().await;
    let emit = |end: &str| {
        let open = opened(&app.oak, Some("admin@oak.example"), "change");
        format!("BEGIN; {open}; SELECT app.emit('course.created', 'course_1', '{{\"id\": \"course_1\"}}'); {end}")
    };
    app.sql(&emit("COMMIT")).await;
    assert_eq!(app.count("job").await, 0, "nobody waits for it");
    app.sql("CREATE OR REPLACE FUNCTION app.webhooks_want(type text) RETURNS boolean LANGUAGE sql STABLE RETURN type = 'course.created'")
        .await;
    app.sql(&emit("ROLLBACK")).await;
    assert_eq!(app.count("job").await, 0);
    app.sql(&emit("COMMIT")).await;
    app.sql(&emit("COMMIT").replace("course.created", "course.deleted")).await;
    assert_eq!(of_job(&app, "event.fan_out", "concat_ws(' ', state, subject, correlation, payload ->> 'type', payload -> 'data', payload ->> 'at' IS NOT NULL, key = id::text)").await,
        "QUEUED course_1 change course.created {\"id\": \"course_1\"} t t");
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "trial_mark", 1).await;
    working.stop().await;
    assert_eq!(app.count("trial_mark").await, 1, "it is fanned out once");
}
