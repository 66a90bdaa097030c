//! The administrators of a school are told that its subscription ends.

use serde_json::{Value, json};

use crate::app::{TestApp, Who};

async fn tell(app: &TestApp) -> Option<String> {
    app.text(&format!("SELECT (set_config('app.tenant_id', '{}', false) || app.tell_of_ending()::text)", app.oak.tenant)).await
}

async fn ends_in(app: &TestApp, days: u32) {
    app.sql(&format!(
        "UPDATE tenant SET subscription_end = now() + interval '{days} days' - interval '1 hour' WHERE tenant_id = '{}'",
        app.oak.tenant
    ))
    .await;
}

#[tokio::test]
async fn thirty_seven_and_one_days_before_each_once() {
    let app = TestApp::start().await;
    assert_eq!(tell(&app).await, None, "it has no end");
    for (days, is_told) in [(31, false), (30, true), (30, false), (20, false), (7, true), (7, false), (3, false), (1, true), (1, false)] {
        // The same end, seen later: what is told once for an end is not told again.
        app.sql(&format!(
            "UPDATE tenant SET subscription_end = date_trunc('day', now()) + interval '{days} days' WHERE tenant_id = '{}'",
            app.oak.tenant
        ))
        .await;
        assert_eq!(tell(&app).await.is_some(), is_told, "{days}");
    }
    app.work().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let told = admin.ok("{ notifications { nodes { kind title subject { ... on Tenant { slug } } } } }", json!({})).await["notifications"]
        ["nodes"]
        .take();
    assert!(told.as_array().unwrap().iter().all(|one| one["kind"] == "SUBSCRIPTION_ENDING"), "{told:#}");
    assert!(!told.as_array().unwrap().is_empty());
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok("{ notifications { nodes { kind } } }", json!({})).await["notifications"]["nodes"], Value::Array(vec![]));
    ends_in(&app, 30).await;
}
