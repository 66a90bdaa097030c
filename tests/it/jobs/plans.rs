//! What a claim costs: by how many schools wait, not by how many jobs do.

use tokio_postgres::NoTls;

use super::start;
use crate::app::TestApp;

/// Blocks that a claim for every lane reads and writes; nothing of it stays.
async fn blocks(app: &TestApp) -> u64 {
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut least = u64::MAX;
    // The first reads the catalog as well.
    for _ in 0..3 {
        client.batch_execute("BEGIN; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-000000000000'").await.unwrap();
        let sql = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM app.claim_jobs(ARRAY['DEFAULT', 'MAIL', 'DELIVERY', 'BULK'], ARRAY[4, 4, 16, 2], ARRAY[4, 4, 8, 2], \
                   gen_random_uuid(), gen_random_uuid(), 60)";
        let plan: serde_json::Value = client.query_one(sql, &[]).await.unwrap().get(0);
        client.batch_execute("ROLLBACK").await.unwrap();
        let plan = &plan[0]["Plan"];
        let read = |what: &str| plan[what].as_u64().unwrap();
        assert_eq!(read("Actual Rows"), 4, "{plan}");
        least = least.min(read("Shared Hit Blocks") + read("Shared Read Blocks"));
    }
    least
}

/// So many schools with so many waiting jobs each, and one with `hog` older ones.
async fn fill(app: &TestApp, schools: u32, each: u32, hog: u32) {
    app.sql(&format!(
        "SET session_replication_role = replica;
         TRUNCATE job;
         INSERT INTO tenant (tenant_id, slug, name, time_zone, subscription_start)
             SELECT md5(n::text)::uuid, 'school-' || n, 'School', 'UTC', now() - interval '1 day' FROM generate_series(0, {schools}) AS n ON CONFLICT DO NOTHING;
         INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, correlation, max_attempts, run_at)
             SELECT md5(s::text)::uuid, gen_random_uuid(), 'trial.mark', n::text, 'DEFAULT', false, '{{}}', 'x', 8, now() - n * interval '1 second'
             FROM generate_series(1, {schools}) AS s, generate_series(1, {each}) AS n;
         INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, correlation, max_attempts, run_at)
             SELECT md5('0')::uuid, gen_random_uuid(), 'trial.mark', n::text, 'DEFAULT', false, '{{}}', 'x', 8, now() - interval '1 year' FROM generate_series(1, {hog}) AS n;
         SET session_replication_role = origin"
    ))
    .await;
    app.sql("VACUUM ANALYZE job").await;
}

#[tokio::test]
async fn a_claim_costs_the_same_however_many_jobs_wait() {
    let app = start().await;
    fill(&app, 200, 25, 0).await;
    let few = blocks(&app).await;
    fill(&app, 200, 500, 0).await;
    let many = blocks(&app).await;
    assert!(many < 700 && many < few + 200, "{few} blocks with 5,000 jobs waiting, {many} with 100,000");
    // Where the oldest are all of one school, the first job of each waiting school is looked up.
    fill(&app, 200, 250, 50_000).await;
    let behind = blocks(&app).await;
    assert!(behind < many + 200 * 6, "{behind} blocks behind 50,000 jobs of one school");
}
