//! Who is next: fair between schools, and nothing for a school whose subscription does not run.

use serde_json::json;
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::{Working, asked_for, enqueue, enqueue_many, quick, start, until};
use crate::app::TestApp;

/// Claims as a worker does, and keeps what it gets: the slugs of their schools, in order.
pub(super) async fn claim(app: &TestApp, lane: &str, wanted: i32) -> Vec<String> {
    claim_of(app, lane, wanted, wanted, Uuid::now_v7()).await
}

/// No more than `most` of one school at this worker.
async fn claim_of(app: &TestApp, lane: &str, wanted: i32, most: i32, worker: Uuid) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let nobody = Uuid::nil();
    client.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{nobody}'; SET LOCAL app.user_id = '{nobody}'")).await.unwrap();
    let sql = "SELECT tenant_id FROM app.claim_jobs($1, $2, $3, $4, $5, 60)";
    let rows = client.query(sql, &[&vec![lane], &vec![wanted], &vec![most], &worker, &Uuid::now_v7()]).await.unwrap();
    let tenant: String = client.query_one("SELECT current_setting('app.tenant_id')", &[]).await.unwrap().get(0);
    assert_eq!(tenant, nobody.to_string(), "it goes back to where it came from");
    client.batch_execute("COMMIT").await.unwrap();
    let slug = |tenant: Uuid| {
        if tenant == app.oak.tenant {
            "oak"
        } else if tenant == app.elm.tenant {
            "elm"
        } else {
            "-"
        }
    };
    rows.iter().map(|row| slug(row.get(0)).to_owned()).collect()
}

#[tokio::test]
async fn a_school_with_ten_thousand_jobs_delays_the_only_one_of_another_by_one_for_each_slot() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.mark", 10_000).await;
    enqueue(&app, &app.elm, "trial.mark", "only", json!({})).await;
    // The oldest first, and then whoever has fewest: of four free slots the second is elm's.
    assert_eq!(claim(&app, "DEFAULT", 4).await, ["oak", "elm", "oak", "oak"]);
    enqueue(&app, &app.elm, "trial.mark", "another", json!({})).await;
    enqueue(&app, &app.elm, "trial.mark", "third", json!({})).await;
    // Three of oak's run, and one of elm's: the next two slots are elm's before oak has a fourth.
    assert_eq!(claim(&app, "DEFAULT", 1).await, ["elm"]);
    assert_eq!(claim(&app, "DEFAULT", 1).await, ["elm"]);
    assert_eq!(claim(&app, "DEFAULT", 1).await, ["oak"]);

    // And so it is with workers.
    app.sql("UPDATE job SET state = 'QUEUED', worker = NULL, lease = NULL, leased_until = NULL WHERE state = 'RUNNING'").await;
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'elm') AND state = 'SUCCEEDED'", 3).await;
    working.stop().await;
    let before = app
        .text("SELECT count(*)::text FROM trial_mark m JOIN tenant t USING (tenant_id) WHERE t.slug = 'oak' AND m.place < (SELECT max(e.place) FROM trial_mark e JOIN tenant t USING (tenant_id) WHERE t.slug = 'elm')")
        .await;
    // They are claimed among the first; on a slow machine one may write its mark late, while other slots go on with oak's. In turn 10,000 would come first.
    assert!(before.as_deref().unwrap().parse::<u32>().unwrap() <= 200, "{before:?} of oak's ran before the last of elm's three");
}

#[tokio::test]
async fn a_lone_school_has_every_slot() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.mark", 200).await;
    assert_eq!(claim(&app, "DEFAULT", 4).await, ["oak"; 4]);
    assert_eq!(claim(&app, "DEFAULT", 16).await, ["oak"; 16]);
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE state = 'SUCCEEDED'", 180).await;
    for key in 0..5 {
        enqueue(&app, &app.elm, "trial.brief", &key.to_string(), json!({ "milliseconds": 600_000 })).await;
    }
    until(&app, "job WHERE kind = 'trial.brief' AND state = 'RUNNING'", 4).await;
    working.stop.cancel();
    working.task.abort();
}

#[tokio::test]
async fn of_deliveries_no_school_holds_more_than_half_of_a_workers_slots() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.deliver", 40).await;
    let worker = Uuid::now_v7();
    assert_eq!(claim_of(&app, "DELIVERY", 16, 8, worker).await, ["oak"; 8]);
    assert_eq!(claim_of(&app, "DELIVERY", 8, 8, worker).await, [""; 0]);
    enqueue_many(&app, &app.elm, "trial.deliver", 2).await;
    assert_eq!(claim_of(&app, "DELIVERY", 8, 8, worker).await, ["elm", "elm"]);
    assert_eq!(claim_of(&app, "DELIVERY", 3, 8, Uuid::now_v7()).await, ["oak"; 3], "another worker has slots of its own");
    assert_eq!(claim(&app, "DEFAULT", 4).await, [""; 0], "lanes are apart");
}

#[tokio::test]
async fn nothing_is_claimed_of_a_school_that_has_lapsed_but_what_no_lapse_stops() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.mark", 150).await;
    enqueue_many(&app, &app.elm, "trial.mark", 2).await;
    let lapse =
        "UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE slug = 'oak'";
    app.sql(lapse).await;
    assert_eq!(claim(&app, "DEFAULT", 4).await, ["elm", "elm"]);
    // Asking for one is stopped by nothing.
    enqueue(&app, &app.oak, "trial.spared", "code", json!({})).await;
    assert_eq!(claim(&app, "DEFAULT", 4).await, ["oak"]);
    assert_eq!(app.count("job WHERE kind = 'trial.spared' AND state = 'RUNNING'").await, 1);
    for (sql, claimed) in [
        ("UPDATE tenant SET subscription_end = NULL, suspended_at = now() WHERE slug = 'oak'", 0),
        (
            "UPDATE tenant SET subscription_end = NULL, suspended_at = NULL, subscription_start = now() + interval '1 day' WHERE slug = 'oak'",
            0,
        ),
        ("UPDATE tenant SET subscription_start = now() - interval '1 day' WHERE slug = 'oak'", 3),
    ] {
        app.sql(sql).await;
        assert_eq!(claim(&app, "DEFAULT", 3).await.len(), claimed, "{sql}");
    }
    assert_eq!(app.count("job WHERE state = 'CANCELLED' OR state = 'DEAD'").await, 0, "what waited goes on");
}

#[tokio::test]
async fn many_old_jobs_of_schools_that_have_lapsed_hide_nobody() {
    let app = start().await;
    app.sql(
        "INSERT INTO tenant (tenant_id, slug, name, time_zone, subscription_start, subscription_end)
             SELECT gen_random_uuid(), 'gone-' || n, 'Gone', 'UTC', now() - interval '2 days', now() - interval '1 day' FROM generate_series(1, 40) AS n;
         INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, correlation, max_attempts, run_at)
             SELECT t.tenant_id, gen_random_uuid(), 'trial.mark', n::text, 'DEFAULT', false, '{}', 'x', 8, now() - interval '3 days'
             FROM tenant t CROSS JOIN generate_series(1, 10) AS n WHERE t.slug LIKE 'gone-%'",
    )
    .await;
    enqueue_many(&app, &app.oak, "trial.mark", 3).await;
    enqueue_many(&app, &app.elm, "trial.mark", 3).await;
    let mut claimed = claim(&app, "DEFAULT", 4).await;
    claimed.sort();
    assert_eq!(claimed, ["elm", "elm", "oak", "oak"]);
}

#[tokio::test]
async fn what_is_for_later_is_not_claimed_and_does_not_hide_what_is_due() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.mark", 5).await;
    app.sql("UPDATE job SET run_at = now() + interval '1 hour'").await;
    assert_eq!(claim(&app, "DEFAULT", 4).await, [""; 0]);
    enqueue(&app, &app.oak, "trial.brief", "now", json!({})).await;
    assert_eq!(claim(&app, "DEFAULT", 4).await, ["oak"]);
}
