//! A primary that is lost, and its standby that takes its place.

use std::time::{Duration, Instant};

use lectern_kernel::db::operator;
use nix::sys::signal::Signal;
use sqlx::Connection as _;

use super::{Cluster, Load, key, serve_at, sign_in, together, until_readiness_is};

/// The time within which the service goes on once a standby has been promoted.
const SOON: Duration = Duration::from_secs(30);

async fn courses(cluster: &Cluster) -> i64 {
    cluster.superuser("lectern").await.query_one("SELECT count(*) FROM course", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_is_found_and_has_every_acknowledged_write() {
    let mut primary = Cluster::start().await;
    let standby = primary.standby(true, &[]).await;
    let url = together("lectern_app", &[&primary, &standby]);
    let key = key();
    let service = serve_at(&url, &key, &["--pool-size", "4"]);
    let token = sign_in(&service).await;
    let load = Load::start(&[&service.url], &token, 4);
    load.until_acknowledged(40).await;

    primary.signal(Signal::SIGKILL);
    until_readiness_is(&service, 503).await;
    standby.promote().await;
    let began = Instant::now();
    load.until_acknowledged_since(began).await;
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
    until_readiness_is(&service, 200).await;

    // The old primary comes back as if nothing had happened. It says that it is a primary, and stands first in the URL.
    primary.restart_alone().await;
    let before = courses(&primary).await;
    let second = serve_at(&url, &key, &["--pool-size", "4"]);
    let later = Load::start(&[&second.url], &token, 1);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        load.until_acknowledged_since(Instant::now()).await;
        later.until_acknowledged_since(Instant::now()).await;
    }
    assert_eq!(courses(&primary).await, before, "it is never written to again");
    drop(later);
    assert_eq!(second.stop(Signal::SIGTERM).0, Some(0));
    drop(load);
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0), "the same process to the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_with_a_primary_whose_standby_is_waited_for() {
    let mut primary = Cluster::start().await;
    let standby = primary.standby(true, &[]).await;
    let service = serve_at(&together("lectern_app", &[&primary, &standby]), &key(), &["--pool-size", "4"]);
    let load = Load::start(&[&service.url], &sign_in(&service).await, 8);
    load.until_acknowledged(60).await;
    primary.signal(Signal::SIGKILL);
    standby.promote().await;
    load.until_acknowledged_since(Instant::now()).await;
    load.until_acknowledged(20).await;
    let ([acknowledged, _, unanswered], _) = load.settle(&standby).await;
    assert!(acknowledged >= 80 && unanswered == 0, "{acknowledged} {unanswered}");
    assert_eq!(service.stop(Signal::SIGTERM).0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_command_finds_the_primary_among_several_servers() {
    let mut primary = Cluster::start().await;
    let standby = primary.standby(false, &[]).await;
    let url = together("postgres", &[&standby, &primary]);
    let is_standby = async || {
        let mut connection = operator::connect(&url, "LECTERN_OWNER_URL").await.unwrap();
        let answer: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        answer
    };
    assert!(!is_standby().await);
    primary.signal(Signal::SIGKILL);
    let refused = operator::connect(&url, "LECTERN_OWNER_URL").await.unwrap_err().to_string();
    assert!(refused.starts_with("none of the servers of LECTERN_OWNER_URL is a primary"), "{refused}");
    standby.promote().await;
    assert!(!is_standby().await);
    primary.restart_alone().await;
    let mut connection = operator::connect(&url, "LECTERN_OWNER_URL").await.unwrap();
    let timeline: String =
        sqlx::query_scalar("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)").fetch_one(&mut connection).await.unwrap();
    assert_eq!(timeline, "00000002", "of two that say so, the one that was promoted last");
    connection.close().await.unwrap();
}
