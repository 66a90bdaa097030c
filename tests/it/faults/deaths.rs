//! Processes that are killed.

use nix::sys::signal::Signal;

use super::{Cluster, Load, goes_on, key, serve, sign_in, until_readiness_is};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_killed_takes_nothing_with_it_that_was_acknowledged() {
    let cluster = Cluster::start().await;
    let service = serve(&cluster, &key(), &["--pool-size", "4"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 4);
    for _ in 0..3 {
        load.until_acknowledged(20).await;
        // The server ends all other connections as well, and recovers.
        cluster.kill_a_backend().await;
        goes_on(&service, &load).await;
    }
    let ([acknowledged, ..], _) = load.settle(&cluster).await;
    assert!(acknowledged >= 60);
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0), "the same process to the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_and_started_again_is_found_again() {
    let mut cluster = Cluster::start().await;
    let service = serve(&cluster, &key(), &["--pool-size", "4"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 4);
    load.until_acknowledged(20).await;
    // At once started again: nobody may have noticed.
    cluster.signal(Signal::SIGKILL);
    cluster.restart().await;
    goes_on(&service, &load).await;
    load.until_acknowledged(20).await;
    // Gone for a while.
    cluster.signal(Signal::SIGKILL);
    until_readiness_is(&service, 503).await;
    let refused = load.counts()[1];
    while load.counts()[1] < refused + 10 {
        until_readiness_is(&service, 503).await;
    }
    cluster.restart().await;
    goes_on(&service, &load).await;
    // In order, as an operator does it.
    cluster.signal(Signal::SIGINT);
    until_readiness_is(&service, 503).await;
    cluster.restart().await;
    goes_on(&service, &load).await;
    let ([acknowledged, refused, unanswered], _) = load.settle(&cluster).await;
    assert!(acknowledged >= 40 && refused >= 10 && unanswered == 0, "{acknowledged} {refused} {unanswered}");
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0), "the same process to the end");
}
