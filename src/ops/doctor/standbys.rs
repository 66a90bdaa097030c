//! The standbys that queries are read from, each by itself: the service leaves out one that is not fit, and nobody is told but its log.

use std::time::Duration;

use futures_util::future::join_all;
use lectern_kernel::db::{PoolOptions, each_server, operator};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep, timeout};

use super::super::{Cluster, report::Check};
use crate::config::Settings;

const NAME: &str = "LECTERN_REPLICA_URL";
/// How long a server may take to let us in, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// All of them.
pub(super) async fn look(settings: &Settings, cluster: &Cluster) -> Vec<Check> {
    let Some(url) = &settings.replica_url else {
        return vec![Check::pass("standbys", NAME, "not set: the primary answers every query")];
    };
    let written = written(cluster).await;
    let each = each_server(url.expose());
    join_all(each.iter().map(|url| standby(settings, cluster, url, written.as_deref()))).await
}

/// How far the primary has written; nothing where it can't be asked, which is said of DATABASE_URL.
async fn written(cluster: &Cluster) -> Option<String> {
    let asked = async {
        let mut connection = operator::connect(&cluster.app_url()?, "DATABASE_URL").await?;
        let position: String = sqlx::query_scalar("SELECT pg_current_wal_flush_lsn()::text").fetch_one(&mut connection).await?;
        anyhow::Ok(position)
    };
    timeout(PATIENCE, asked).await.ok()?.ok()
}

async fn standby(settings: &Settings, cluster: &Cluster, url: &str, written: Option<&str>) -> Check {
    let asked = async {
        let mut connection = operator::connect(url, NAME).await.map_err(|error| format!("{error:#}"))?;
        judged(settings, cluster, &mut connection, written).await.unwrap_or_else(|error| Err(format!("can't be asked: {error}")))
    };
    let host = host(url);
    match timeout(PATIENCE * 3 + Duration::from_millis(settings.replica_lag), asked).await {
        Ok(Ok(said)) => Check::pass("standbys", NAME, format!("{host}: {said}")),
        Ok(Err(fault)) => Check::fail("standbys", NAME, format!("{host}: {fault}")),
        Err(_late) => Check::fail("standbys", NAME, format!("{host}: does not answer: look whether it runs, or take it out of {NAME}")),
    }
}

/// How it is, or what is amiss with it.
async fn judged(
    settings: &Settings,
    cluster: &Cluster,
    connection: &mut PgConnection,
    written: Option<&str>,
) -> sqlx::Result<Result<String, String>> {
    let (role, is_standby, room): (String, bool, i32) = sqlx::query_as(
        "SELECT rolname::text, pg_is_in_recovery(), \
                least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, nullif(rolconnlimit, -1)) \
         FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut *connection)
    .await?;
    if role != "lectern_app" {
        return Ok(Err(format!("connects as {role}: the policies are written to lectern_app, name that")));
    }
    if !is_standby {
        return Ok(Err(format!("is no standby, so that nothing is read from it: name one, or take it out of {NAME}")));
    }
    // One more looks how far it is.
    let needed = settings.pool_size.map_or(PoolOptions::default().size, usize::from) + 1;
    if i64::from(room) < i64::try_from(needed).unwrap_or(i64::MAX) {
        return Ok(Err(format!(
            "a service may open {needed} connections, it has room for {room}: raise max_connections there (or the role's limit), or lower LECTERN_POOL_SIZE"
        )));
    }
    let said = format!("a standby with room for {room} connections, a service may open {needed}");
    let Some(written) = written else {
        return Ok(Ok(format!("{said}; how far it is behind can't be told without the primary")));
    };
    if has_strayed(cluster, connection).await? {
        return Ok(Err("is further than the primary: it follows another history, and nothing is read from it: copy it anew \
                       (docs/operations/failover.md)"
            .to_owned()));
    }
    let (began, lag) = (Instant::now(), Duration::from_millis(settings.replica_lag));
    loop {
        let has_come: bool = sqlx::query_scalar("SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)")
            .bind(written)
            .fetch_one(&mut *connection)
            .await?;
        if has_come {
            return Ok(Ok(format!("{said}; it is less than LECTERN_REPLICA_LAG behind ({} ms)", settings.replica_lag)));
        }
        if began.elapsed() >= lag {
            return Ok(Err(format!(
                "is more than {} ms behind, so that nothing is read from it: look into its log and at pg_stat_replication on the primary, \
                 or raise LECTERN_REPLICA_LAG",
                settings.replica_lag
            )));
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Whether it is further than the primary is when asked after it.
async fn has_strayed(cluster: &Cluster, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let replayed: Option<String> = sqlx::query_scalar("SELECT pg_last_wal_replay_lsn()::text").fetch_one(&mut *connection).await?;
    let (Some(replayed), Some(written)) = (replayed, written(cluster).await) else { return Ok(false) };
    sqlx::query_scalar("SELECT $1::text::pg_lsn > $2::text::pg_lsn").bind(replayed).bind(written).fetch_one(connection).await
}

/// The host and port of a URL, without who connects.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_named_without_the_password() {
        for (url, named) in [
            ("postgres://lectern_app:secret@b.example:5432/lectern", "b.example:5432"),
            ("postgres://b.example/lectern?user=lectern_app&password=secret", "b.example"),
            ("postgres://[::1]:5432", "[::1]:5432"),
            ("host=b.example password=secret", ""),
        ] {
            assert_eq!(host(url), named);
        }
    }
}
