//! Services that stop under load, and several of them on one database.

use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Cluster, Load, NEVER, goes_on, key, serve, sign_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_told_to_stop_answers_whom_it_has_heard() {
    let cluster = Cluster::start().await;
    let service = serve(&cluster, &key(), &["--pool-size", "4"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 8);
    load.until_acknowledged(40).await;
    let (code, said) = tokio::task::spawn_blocking(move || service.stop(Signal::SIGTERM)).await.unwrap();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let ([_, refused, _], unanswered_but_done) = load.settle(&cluster).await;
    assert_eq!((refused, unanswered_but_done), (0, 0), "what was begun was finished and answered; what was not answered was not begun");
    let (superuser, began) = (cluster.superuser("lectern").await, Instant::now());
    let rest = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'lectern_app'";
    while superuser.query_one(rest, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(began.elapsed() < NEVER, "it left connections behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_are_one_service() {
    let cluster = Cluster::start().await;
    let key = key();
    let (one, other) = (serve(&cluster, &key, &["--pool-size", "4"]), serve(&cluster, &key, &["--pool-size", "4"]));
    // A sign-in at one holds at the other.
    let token = sign_in(&one).await;
    let load = Load::start(&[&one.url, &other.url], &token, 4);
    load.until_acknowledged(20).await;

    // What only one can have, one has, whichever replica is asked.
    for round in 0..5 {
        let mut rivals = JoinSet::new();
        for rival in 0..6 {
            let (url, token) = ([&one.url, &other.url][rival % 2].clone(), token.clone());
            rivals.spawn(async move {
                let query = "mutation($i: CreateRoleInput!) { createRole(input: $i) { key } }";
                let input = json!({ "key": format!("RIVAL_{round}"), "name": "Rival", "permissions": ["COURSE_READ"] });
                let body = json!({ "query": query, "variables": { "i": input } });
                let request = reqwest::Client::new().post(format!("{url}/graphql")).bearer_auth(token).json(&body);
                let answer: Value = request.send().await.unwrap().json().await.unwrap();
                answer["errors"][0]["extensions"]["reason"].as_str().unwrap_or("won").to_owned()
            });
        }
        let mut outcomes = rivals.join_all().await;
        outcomes.sort();
        assert_eq!(outcomes, ["ROLE_KEY_TAKEN", "ROLE_KEY_TAKEN", "ROLE_KEY_TAKEN", "ROLE_KEY_TAKEN", "ROLE_KEY_TAKEN", "won"]);
    }

    // One ends without a word. The other does not notice, and a third takes its place.
    load.until_acknowledged(20).await;
    one.stop(Signal::SIGKILL);
    goes_on(&other, &load).await;
    let ([_, refused, unanswered], _) = load.settle(&cluster).await;
    assert!(refused == 0 && unanswered > 0, "{refused} {unanswered}");
    let third = serve(&cluster, &key, &["--pool-size", "4"]);
    let load = Load::start(&[&other.url, &third.url], &token, 4);
    load.until_acknowledged_since(Instant::now()).await;
    drop(load);
    for service in [other, third] {
        assert_eq!(service.stop(Signal::SIGTERM).0, Some(0));
    }
}
