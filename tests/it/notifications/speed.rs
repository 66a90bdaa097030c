//! How long it takes: measured, and printed. `cargo test --test it -- --ignored --nocapture --test-threads=1 notifications::speed`

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream::poll_fn};
use serde_json::{Value, json};
use tokio_postgres::{AsyncMessage, NoTls};
use uuid::Uuid;

use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, uuid},
    socket::Socket,
};

const PEOPLE: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn from_the_commit_to_the_frame_on_a_socket() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let mut socket = Socket::of(&lea).await;
    assert!(socket.begin("1", "subscription { notificationAdded { id title } }").await.is_empty());
    let (stop, working) = app.keep_working();
    let mut took = Vec::new();
    for number in 0..50 {
        let made = course(&admin, json!({ "title": format!("Course {number}") })).await;
        enroll(&admin, &made, &lea.user_id).await;
        let committed = Instant::now();
        let heard = socket.hear().await;
        took.push(committed.elapsed());
        assert_eq!(heard["payload"]["data"]["notificationAdded"]["title"], format!("Enrolled: Course {number}"));
    }
    stop.cancel();
    working.await.unwrap();
    took.sort();
    println!("answer of the mutation to frame, {} times: median {:?}, 90 % {:?}, longest {:?}", took.len(), took[25], took[45], took[49]);
}

#[tokio::test]
#[ignore = "it measures"]
async fn a_fan_out_to_ten_thousand_people() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let (tenant, group, id) = (app.oak.tenant, Uuid::now_v7(), uuid(&algebra));
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO user_group (tenant_id, id, name) SELECT '{tenant}', '{group}', 'All';
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{tenant}', gen_random_uuid(), 'P ' || n, 'p' || n || '@oak.example' FROM generate_series(1, {PEOPLE}) AS n;
         INSERT INTO group_member (tenant_id, group_id, user_id) SELECT '{tenant}', '{group}', id FROM app_user WHERE tenant_id = '{tenant}' AND name LIKE 'P %';
         INSERT INTO group_course (tenant_id, group_id, course_id) SELECT '{tenant}', '{group}', '{id}';
         RESET session_replication_role; ANALYZE"
    ))
    .await;
    let people: Value = app.text("SELECT jsonb_agg(id)::text FROM app_user WHERE name LIKE 'P %'").await.unwrap().parse().unwrap();
    let (client, mut connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    let (notices, mut said) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notice(notice) = message {
                let _nobody_reads = notices.send(notice.message().to_owned());
            }
        }
    });
    client.batch_execute("LOAD 'auto_explain'; SET auto_explain.log_nested_statements = on; SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; SET auto_explain.log_buffers = on").await.unwrap();
    let of = |kind: &str, note: Value| json!({ "type": kind, "at": "2027-03-01T09:10:00Z", "note": note });
    let published = of("course.published", json!({ "course": id, "groups": [group] }));
    for (what, payload) in [
        ("for the digest", &published),
        ("the same an hour's second time", &published),
        ("the same a third time", &published),
        ("of a course that is given", &of("notify.course_given", json!({ "course": id, "people": people }))),
        ("mailed at once", &of("notify.enrolled", json!({ "course": id, "people": people }))),
    ] {
        client
            .batch_execute(&format!(
                "BEGIN; SELECT set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', '{}', true)",
                Uuid::nil()
            ))
            .await
            .unwrap();
        let begun = Instant::now();
        client.batch_execute(&format!("SELECT app.fan_out('{}', '{algebra}', '{payload}')", Uuid::now_v7())).await.unwrap();
        let told = begun.elapsed();
        client.batch_execute("COMMIT").await.unwrap();
        println!("{PEOPLE} people, {what}: {told:?}, with the commit {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(600));
    }
    app.sql("DELETE FROM notification").await;
    client.batch_execute(&format!("SET client_min_messages = log; SET auto_explain.log_min_duration = '20ms'; BEGIN; SELECT set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', '{}', true); SELECT app.fan_out('{}', '{algebra}', '{published}'); COMMIT", Uuid::nil(), Uuid::now_v7())).await.unwrap();
    while let Ok(plan) = said.try_recv() {
        if plan.contains("Insert on notification") {
            println!("{plan}");
        }
    }
}
