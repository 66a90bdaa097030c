//! What the product's own kinds remove, and what they leave.

use super::{Working, app_kinds, quick, start, until};
use crate::app::{TestApp, Who};

/// Lets every kind that comes by itself run once for each school.
async fn purge(app: &TestApp) {
    let working = Working::start(app, app_kinds().to_vec(), quick());
    until(app, "(SELECT DISTINCT tenant_id, kind FROM job WHERE kind LIKE 'purge.%' AND state = 'SUCCEEDED') AS purged", 22).await;
    working.stop().await;
}

#[tokio::test]
async fn jobs_go_when_their_time_is_over() {
    let app = start().await;
    let mut expected = Vec::new();
    for (state, days, kept) in [
        ("SUCCEEDED", 6, true),
        ("SUCCEEDED", 8, false),
        ("CANCELLED", 6, true),
        ("CANCELLED", 8, false),
        ("DEAD", 29, true),
        ("DEAD", 31, false),
        ("QUEUED", 400, true),
    ] {
        for school in [&app.oak, &app.elm] {
            let finished = if state == "QUEUED" { "NULL".to_owned() } else { format!("now() - interval '{days} days'") };
            app.sql(&format!(
                "INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, correlation, max_attempts, created_at, run_at, finished_at)
                 VALUES ('{}', gen_random_uuid(), 'trial.mark', '{state} {days}', 'BULK', '{state}', false, '{{}}', 'x', 8, now() - interval '{days} days', now() + interval '1 day', {finished})",
                school.tenant
            ))
            .await;
            if kept {
                expected.push(format!("{state} {days}"));
            }
        }
    }
    // More than one batch of them.
    app.sql(&format!(
        "INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, correlation, max_attempts, created_at, finished_at)
         SELECT '{}', gen_random_uuid(), 'trial.mark', 'many ' || n, 'BULK', 'SUCCEEDED', false, '{{}}', 'x', 8, now() - interval '9 days', now() - interval '9 days' FROM generate_series(1, 2500) AS n",
        app.oak.tenant
    ))
    .await;
    purge(&app).await;
    expected.sort();
    let kept = app.text("SELECT string_agg(key, ',' ORDER BY key COLLATE \"C\") FROM job WHERE kind = 'trial.mark'").await.unwrap();
    assert_eq!(kept.split(',').collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn refresh_tokens_go_when_they_expire_and_sign_ins_ninety_days_after_their_end() {
    let app = start().await;
    app.sql("SET app.audit = 'off'").await;
    // Sign-ins of 200 days ago, by what has become of them.
    for (name, ended, tokens) in [
        ("live", "NULL", vec!["'1 day'"]),
        ("revoked lately", "'89 days'", vec!["'1 day'"]),
        ("revoked", "'91 days'", vec!["'1 day'", "'-100 days'"]),
        ("run out", "NULL", vec!["'-40 days'", "'-1 day'"]),
        ("run out long ago", "NULL", vec!["'-100 days'", "'-91 days'"]),
    ] {
        let (tenant, id) = (app.oak.tenant, uuid::Uuid::now_v7());
        app.sql(&format!(
            "INSERT INTO session (tenant_id, id, user_id, created_at, revoked_at, revoked_reason)
             SELECT '{tenant}', '{id}', id, now() - interval '200 days', now() - {ended}::interval, CASE WHEN {ended}::text IS NOT NULL THEN 'LOGOUT' END
             FROM app_user WHERE tenant_id = '{tenant}' AND email = 'viewer@oak.example'"
        ))
        .await;
        for (place, expires) in tokens.iter().enumerate() {
            app.sql(&format!(
                "INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at) VALUES ('{tenant}', sha256('{name}{place}'), '{id}', now() + {expires}::interval)"
            ))
            .await;
        }
    }
    app.sql("RESET app.audit").await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    purge(&app).await;
    let kept = "SELECT string_agg(DISTINCT coalesce(extract(day FROM now() - s.revoked_at)::text, 'live'), ',') FROM session s WHERE s.created_at < now() - interval '1 day'";
    assert_eq!(app.text(kept).await.as_deref(), Some("89,live"));
    assert_eq!(app.count("session WHERE created_at < now() - interval '1 day'").await, 3);
    assert_eq!(app.count("refresh_token WHERE expires_at < now()").await, 1, "the last one of a sign-in says when it ended");
    assert_eq!(app.count("refresh_token WHERE expires_at < now() + interval '2 days'").await, 3, "a token goes with its sign-in, or stays");
    // Whoever is signed in stays so.
    assert_eq!(learner.ok("{ viewer { user { id } } }", serde_json::json!({})).await["viewer"]["user"]["id"], learner.user_id);
}

#[tokio::test]
async fn what_no_longer_counts_for_a_rate_limit_goes() {
    let app = start().await;
    app.sql(
        "INSERT INTO failed_sign_in SELECT '00000000-0000-0000-0000-000000000000', sha256(n::text::bytea), ARRAY[now() - n * interval '1 hour'], now() - n * interval '1 hour'
             FROM generate_series(1, 2000) AS n;
         INSERT INTO used_budget SELECT '00000000-0000-0000-0000-000000000000', sha256(n::text::bytea), (extract(epoch FROM now()) / 60)::bigint - n, 1 FROM generate_series(-30, 1999) AS n",
    )
    .await;
    purge(&app).await;
    let (failures, budgets) = (app.count("failed_sign_in").await, app.count("used_budget").await);
    // A minute may have begun since.
    assert!(failures == 23 && (32..=34).contains(&budgets), "{failures} {budgets}");
}
