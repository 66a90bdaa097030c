//! A database that does not answer; a pool without a free connection.

use std::time::{Duration, Instant};

use lectern_kernel::db::{Heartbeat, Live, Missed, Pool, PoolOptions};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Cluster, Load, NEVER, SOON, goes_on, key, serve, sign_in, until_readiness_is};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_keeps_nobody_waiting_for_ever() {
    let cluster = Cluster::start().await;
    let service = serve(&cluster, &key(), &["--pool-size", "4", "--request-timeout", "4", "--statement-timeout", "3"]);
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

/// The topic that the database announces them under.
const BOOKINGS: &str = "booking";

/// What hears announcements of a school, and the process of the database that serves it.
async fn hearing(cluster: &Cluster, every: Duration) -> (Live, tokio_postgres::Client, [Uuid; 2]) {
    let pool = Pool::new(&cluster.url("lectern_app"), &PoolOptions::default()).unwrap();
    let live = Live::beating(pool, vec![BOOKINGS], Heartbeat { every, patience: Duration::from_secs(3) });
    let superuser = cluster.superuser("lectern").await;
    let row = superuser.query_one("SELECT array_agg(tenant_id ORDER BY slug DESC) FROM tenant", &[]).await.unwrap();
    (live, superuser, row.get::<_, Vec<Uuid>>(0).try_into().unwrap())
}

/// Stops the one process that serves the listener: its connection hangs, and nothing else does.
async fn hang_the_listener(superuser: &tokio_postgres::Client) -> Pid {
    let listener =
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7201 AND mode = 'ShareLock' ORDER BY pid DESC LIMIT 1";
    let pid = Pid::from_raw(superuser.query_one(listener, &[]).await.unwrap().get(0));
    kill(pid, Signal::SIGSTOP).unwrap();
    pid
}

async fn announce(superuser: &tokio_postgres::Client, school: Uuid) -> Uuid {
    let booking = Uuid::now_v7();
    superuser.execute("SELECT pg_notify('lectern', $1)", &[&format!("{school} {BOOKINGS} {booking}")]).await.unwrap();
    booking
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_hangs_is_noticed_though_nobody_asks_anything_of_it() {
    let cluster = Cluster::start().await;
    let (live, superuser, [oak, _]) = hearing(&cluster, Duration::from_millis(100)).await;
    let mut interest = live.interest(oak, BOOKINGS, None).await.unwrap();
    let booking = announce(&superuser, oak).await;
    assert_eq!(timeout(NEVER, interest.next()).await.unwrap(), Ok(booking));
    hang_the_listener(&superuser).await;
    assert_eq!(timeout(NEVER, interest.next()).await.expect("nobody notices"), Err(Missed));
    drop(interest);
    let mut interest = live.interest(oak, BOOKINGS, None).await.unwrap();
    let booking = announce(&superuser, oak).await;
    assert_eq!(timeout(NEVER, interest.next()).await.unwrap(), Ok(booking), "it goes on by another connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_hangs_keeps_nobody_from_listening() {
    let cluster = Cluster::start().await;
    // So seldom that it is the lock, and not the heartbeat, that notices.
    let (live, superuser, [oak, elm]) = hearing(&cluster, Duration::from_secs(3600)).await;
    let mut early = live.interest(oak, BOOKINGS, None).await.unwrap();
    hang_the_listener(&superuser).await;
    let began = Instant::now();
    let late = live.interest(elm, BOOKINGS, None).await.unwrap();
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
    assert_eq!(timeout(NEVER, early.next()).await.unwrap(), Err(Missed));
    // The same where a lock is given back.
    hang_the_listener(&superuser).await;
    drop((early, late));
    let mut interest = live.interest(oak, BOOKINGS, None).await.unwrap();
    let booking = announce(&superuser, oak).await;
    let heard = timeout(NEVER, interest.next()).await.unwrap();
    assert!(heard == Ok(booking) || heard == Err(Missed), "{heard:?}");
}
