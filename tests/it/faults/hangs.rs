//! A database that is there and does not answer; a pool of which nothing is left.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::{Cluster, Load, NEVER, goes_on, key, serve, sign_in, until_readiness_is};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_keeps_nobody_waiting_for_ever() {
    let cluster = Cluster::start().await;
    let service = serve(&cluster, &key(), &["--pool-size", "4", "--request-timeout", "2", "--statement-timeout", "1"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 8);
    load.until_acknowledged(20).await;
    cluster.signal(Signal::SIGSTOP);
    until_readiness_is(&service, 503).await;
    // Every one of the writers is answered, though nothing moves.
    let refused = load.counts()[1];
    let began = Instant::now();
    while load.counts()[1] < refused + 16 {
        until_readiness_is(&service, 503).await;
        assert!(began.elapsed() < NEVER, "somebody waits for ever: {:?}", load.counts());
    }
    cluster.signal(Signal::SIGCONT);
    goes_on(&service, &load).await;
    let ([_, _, unanswered], _) = load.settle(&cluster).await;
    assert_eq!(unanswered, 0);
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0), "the same process to the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_is_exhausted_is_told_from_a_service_that_is_dead() {
    let cluster = Cluster::start().await;
    let service =
        serve(&cluster, &key(), &["--pool-size", "2", "--max-requests", "4", "--request-timeout", "5", "--statement-timeout", "4"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 30);
    load.until_acknowledged(20).await;
    let superuser = cluster.superuser("lectern").await;
    superuser.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let refused = load.counts()[1];
    while load.counts()[1] < refused + 60 {
        until_readiness_is(&service, 503).await;
    }
    superuser.batch_execute("COMMIT").await.unwrap();
    goes_on(&service, &load).await;
    let ([_, _, unanswered], _) = load.settle(&cluster).await;
    assert_eq!(unanswered, 0);
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0), "the same process to the end");
}
