//! What comes by itself: once in each slot, for each school whose subscription runs.

use std::time::Duration;

use lectern_kernel::jobs::JobOptions;

use super::{Working, app_kinds, quick, start, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_workers_one_makes_the_job_of_a_slot() {
    let app = start().await;
    let workers = [(); 4].map(|()| Working::start(&app, app_kinds().to_vec(), quick()));
    // Of two schools and the deployment.
    until(&app, "(SELECT DISTINCT tenant_id FROM trial_mark) AS school", 3).await;
    until(&app, "job WHERE state <> 'SUCCEEDED'", 0).await;
    for working in workers {
        working.stop().await;
    }
    // A minute may have ended meanwhile; however many slots there were, each ran once.
    let twice = "(SELECT tenant_id, kind, key FROM job GROUP BY tenant_id, kind, key HAVING count(*) > 1) AS twice";
    assert_eq!(app.count(twice).await, 0);
    assert_eq!(app.count("trial_mark").await, app.count("job WHERE kind = 'trial.minutely' AND state = 'SUCCEEDED'").await);
    assert_eq!(app.count("job WHERE attempts > 1").await, 0);
    let product = "SELECT string_agg(DISTINCT kind || ' ' || coalesce(t.slug, '-'), ', ' ORDER BY kind || ' ' || coalesce(t.slug, '-')) \
                   FROM job j LEFT JOIN tenant t USING (tenant_id) WHERE kind LIKE 'purge.%'";
    assert_eq!(
        app.text(product).await.as_deref(),
        Some(
            "purge.admissions -, purge.admissions elm, purge.admissions oak, purge.client_events elm, purge.client_events oak, purge.credentials elm, purge.credentials oak, \
             purge.jobs -, purge.jobs elm, purge.jobs oak, purge.mail -, purge.mail elm, \
             purge.mail oak, purge.notifications elm, purge.notifications oak, purge.providers elm, purge.providers oak, purge.rate_limits -, purge.sessions elm, purge.sessions oak, purge.webhooks elm, purge.webhooks oak"
        )
    );
    assert_eq!(app.count("job WHERE actor_id IS NOT NULL OR correlation = 'none'").await, 0);
}

#[tokio::test]
async fn a_slot_is_made_up_for_once_and_only_the_latest() {
    let app = start().await;
    let due = "SELECT string_agg(coalesce(t.slug, '-') || ' ' || (d.slot <= now() AND d.slot > now() - interval '1 minute'), ', ' ORDER BY t.slug NULLS FIRST) \
               FROM app.due_schools('trial.minutely', '-infinity') d LEFT JOIN tenant t USING (tenant_id)";
    assert_eq!(app.text(due).await.as_deref(), Some("- true, elm true, oak true"));
    assert_eq!(app.text(&due.replace("'-infinity'", "now() + interval '1 second'")).await, None, "none that is over");
    assert_eq!(app.text(&due.replace("trial.minutely", "trial.mark")).await, None, "nor of what does not come by itself");
    // The schools' slots begin at moments of their own.
    let slots = "(SELECT DISTINCT app.job_slot('trial.minutely', gen_random_uuid(), 86400, now()) FROM generate_series(1, 200)) AS slot";
    assert!(app.count(slots).await > 150);
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    assert_eq!(app.text(due).await.as_deref(), Some("- true, elm true"), "none of a school whose subscription does not run");
}

#[tokio::test]
async fn what_ticks_more_often_than_hourly_makes_no_job_where_nothing_is_due() {
    let app = start().await;
    let often = "app.job_kinds() AS k WHERE k.every_seconds BETWEEN 1 AND 3599 AND k.kind NOT LIKE 'trial.%'";
    assert!(app.count(often).await > 10);
    let due = format!(
        "SELECT string_agg(o.kind || ' ' || t.slug, ', ' ORDER BY o.kind, t.slug)
         FROM (SELECT k.kind FROM {often}) AS o CROSS JOIN LATERAL app.due_schools(o.kind, '-infinity') AS d JOIN tenant t USING (tenant_id)"
    );
    assert_eq!(app.text(&due).await, None);
}

#[tokio::test]
async fn what_ticks_more_often_than_hourly_is_kept_for_an_hour() {
    let app = start().await;
    let tenant = app.elm.tenant;
    let old = |kind: &str, key: &str, state: &str, minutes: u32| {
        format!(
            "INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, correlation, max_attempts, finished_at)
             VALUES ('{tenant}', gen_random_uuid(), '{kind}', '{key}', 'DEFAULT', '{state}', false, '{{}}', 'x', 8, now() - interval '{minutes} minutes');"
        )
    };
    app.sql(
        &[
            old("trial.minutely", "old", "SUCCEEDED", 61),
            old("trial.minutely", "young", "SUCCEEDED", 59),
            old("trial.minutely", "dead", "DEAD", 61),
            old("purge.sessions", "daily", "SUCCEEDED", 61),
        ]
        .concat(),
    )
    .await;
    let working = Working::start(&app, app_kinds().to_vec(), JobOptions { tick: Duration::from_millis(100), ..quick() });
    until(&app, "job WHERE key = 'old'", 0).await;
    working.stop().await;
    assert_eq!(app.count("job WHERE key IN ('young', 'dead', 'daily')").await, 3);
}
