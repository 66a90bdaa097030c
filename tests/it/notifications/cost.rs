//! What telling people costs those who do something.

use serde_json::json;

use super::request;
use crate::app::{Client, TestApp, Who};

/// WAL bytes and blocks of so many requests for bookings, each.
async fn cost(app: &TestApp, lea: &Client, from: u32) -> (i64, i64) {
    const MANY: u32 = 25;
    app.sql("CHECKPOINT").await;
    let stats = "SELECT pg_stat_force_next_flush(); SELECT 1";
    app.sql(stats).await;
    let number = async |sql: &str| app.text(&format!("SELECT ({sql})::bigint::text")).await.unwrap().parse::<i64>().unwrap();
    let read = async || {
        (
            number("pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").await,
            number("SELECT sum(heap_blks_hit + coalesce(idx_blks_hit, 0) + heap_blks_read + coalesce(idx_blks_read, 0)) FROM pg_statio_user_tables").await,
        )
    };
    request(lea, from, None).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let before = read().await;
    for day in 1..=MANY {
        request(lea, from + day % 2, None).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let after = read().await;
    ((after.0 - before.0) / i64::from(MANY), (after.1 - before.1) / i64::from(MANY))
}

#[tokio::test]
#[ignore = "prints, and holds nothing"]
async fn what_a_request_for_a_booking_costs_with_and_without_being_told() {
    let app = TestApp::start().await;
    app.sql("ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()").await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let query = "mutation { requestBooking(input: { startsAt: \"2099-04-01T09:00:00Z\", endsAt: \"2099-04-01T10:00:00Z\" }) { id } }";
    println!("statements {}", app.statements(&lea, query, json!({})).await);
    for round in 0..3 {
        let with = cost(&app, &lea, 2).await;
        app.sql(
            "CREATE OR REPLACE FUNCTION app.notifies(type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN false; END $$",
        )
        .await;
        let without = cost(&app, &lea, 4).await;
        app.sql("CREATE OR REPLACE FUNCTION app.notifies(type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN type = ANY (app.notifying_events()) AND current_setting('app.notify', true) IS DISTINCT FROM 'off' AND current_setting('app.audit', true) IS DISTINCT FROM 'off'; END $$").await;
        println!("round {round}: WAL bytes, blocks: with {with:?}, without {without:?}");
    }
}
