//! What the outbox costs at a hundred thousand mails.

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::{nowhere, start};
use crate::app::Who;

#[tokio::test]
async fn the_mails_to_an_address_are_found_by_it_in_one_statement() {
    let app = start(nowhere(), true).await;
    for school in [&app.oak, &app.elm] {
        app.sql(&format!(
            "INSERT INTO mail (tenant_id, id, key, template, locale, address, address_key, is_fixed, parameters, attachments, letterhead, subject, state, created_at)
             SELECT '{}', gen_random_uuid(), n::text, 'test', 'en', 'p' || n % 10000 || '@x.example', 'p' || n % 10000 || '@x.example', true,
                    '{{\"at\": \"2027-03-01T09:30:00Z\"}}', '[]', '{{}}', 'Mail ' || n, 'SENT', now() - n * interval '20 seconds' FROM generate_series(1, 100000) AS n",
            school.tenant
        ))
        .await;
    }
    app.sql("ANALYZE mail").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    const TO: &str = "query($to: String!) { outbox(filter: { to: $to }) { nodes { to subject text } } }";
    let found = admin.ok(TO, json!({ "to": "P77@x.example" })).await;
    assert_eq!(found["outbox"]["nodes"].as_array().unwrap().len(), 10);
    assert_eq!(app.statements(&admin, TO, json!({ "to": "p77@x.example" })).await, 2, "the actor's, and the list's");

    let (mut client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tx = client.transaction().await.unwrap();
    let open = format!("SET LOCAL app.tenant_id = '{}'; SET LOCAL app.permissions = ',OUTBOX_READ,'", app.oak.tenant);
    tx.batch_execute(&open).await.unwrap();
    let sql = format!(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ml.id, ml.subject FROM mail ml WHERE ml.tenant_id = '{}' AND ml.address_key = 'p77@x.example' \
         ORDER BY ml.created_at DESC, ml.id DESC LIMIT 21",
        app.oak.tenant
    );
    let plan: Value = tx.query_one(&sql, &[]).await.unwrap().get(0);
    let text = plan.to_string();
    assert!(text.contains("mail_address_idx") && !text.contains("\"Node Type\":\"Sort\""), "{plan:#}");
    let read = |what: &str| plan[0]["Plan"][what].as_u64().unwrap();
    let blocks = read("Shared Hit Blocks") + read("Shared Read Blocks");
    assert!(read("Actual Rows") == 10 && blocks < 40, "{plan:#}");
}
