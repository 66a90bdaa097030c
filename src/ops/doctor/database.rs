//! The database: who connects as what, whether the schema is this binary's, its clock, its limits, what waits in it.

use std::time::Duration;

use jiff::Timestamp;
use lectern_kernel::{
    clock,
    db::{DESK_ROLE, Pool, PoolOptions, operator, preflight, preflight_as},
};
use sqlx::PgConnection;

use super::super::{Cluster, keys, platform, report::Check, serve::pool_options, sources, worker::DESK_POOL};
use crate::config::Settings;

/// Clocks that differ by more make tokens and appointments end at another time than they say.
const APART: i64 = 2000;
/// Jobs that wait for longer are waited for by somebody.
const WAITING: i64 = 600;

/// All of it.
pub(super) async fn look(settings: &Settings, cluster: &Cluster) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(role(settings, cluster, cluster.app_url(), "DATABASE_URL", "lectern_app").await);
    match cluster.desk_url() {
        Some(url) => checks.extend(role(settings, cluster, Ok(url), "LECTERN_DESK_URL", DESK_ROLE).await),
        None => checks.push(Check::pass("database", "LECTERN_DESK_URL", "not set: there is no platform, no export and no erasure")),
    }
    if !cluster.is_embedded() {
        checks.push(owner(cluster).await);
    }
    match cluster.platform_url() {
        Err(_unset) => {
            checks.push(Check::fail(
                "database",
                "LECTERN_PLATFORM_URL",
                "not set: what follows from it is not looked at; set it for this command",
            ));
        }
        Ok(url) => match platform::connect(&url).await {
            Err(error) => checks.push(Check::fail("database", "LECTERN_PLATFORM_URL", format!("{error:#}"))),
            Ok(mut connection) => {
                checks.push(Check::pass("database", "LECTERN_PLATFORM_URL", "connects as lectern_platform"));
                match server(settings, &mut connection).await {
                    Ok(found) => checks.extend(found),
                    Err(error) => checks.push(Check::fail("database", "server", format!("can't be asked: {error}"))),
                }
                checks.push(sealed(cluster, &url).await);
            }
        },
    }
    checks
}

/// What the service itself would refuse to start for, and warn of.
async fn role(settings: &Settings, cluster: &Cluster, url: anyhow::Result<String>, name: &'static str, role: &str) -> Vec<Check> {
    let fail = |detail: String| vec![Check::fail("database", name, detail)];
    let url = match url {
        Ok(url) => url,
        Err(error) => return fail(format!("{error:#}")),
    };
    let (pool, source) = match (Pool::new(&url, &PoolOptions { size: 1, ..pool_options(settings) }), sources::embedded()) {
        (Ok(pool), Ok(source)) => (pool, source),
        (Err(error), _) | (_, Err(error)) => return fail(format!("{error:#}")),
    };
    let embedded = cluster.is_embedded();
    let found =
        if role == DESK_ROLE { preflight_as(&pool, role, source, embedded).await } else { preflight(&pool, source, embedded).await };
    pool.close();
    match found {
        Err(error) => fail(format!("{}: check {name} and that the server runs", error.for_operator())),
        Ok(findings) => {
            let errors = findings.errors.into_iter().map(|error| Check::fail("database", name, error));
            let warnings = findings.warnings.into_iter().map(|warning| Check::pass("database", name, format!("to know: {warning}")));
            let mut checks: Vec<Check> = errors.chain(warnings).collect();
            if checks.iter().all(|check| check.passed) {
                checks.push(Check::pass("database", name, format!("connects as {role}; walls and schema are those of this binary")));
            }
            checks
        }
    }
}

/// Who migrates: the owner, and nobody who could do more. Not needed by a service that runs.
async fn owner(cluster: &Cluster) -> Check {
    let name = "LECTERN_OWNER_URL";
    let Ok(url) = cluster.owner_url() else {
        return Check::pass("database", name, "not set, which is right for a service; `lectern migrate` needs it");
    };
    let asked = async {
        let mut connection = operator::connect(&url, name).await?;
        let row: (String, bool, bool) =
            sqlx::query_as("SELECT rolname::text, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
                .fetch_one(&mut connection)
                .await?;
        anyhow::Ok(row)
    };
    match asked.await {
        Err(error) => Check::fail("database", name, format!("{error:#}")),
        Ok((role, false, false)) if role == "lectern_owner" => Check::pass("database", name, "connects as lectern_owner"),
        Ok((role, ..)) => {
            Check::fail("database", name, format!("connects as {role}: migrations belong to lectern_owner, which sees no rows"))
        }
    }
}

/// What the server says of itself.
async fn server(settings: &Settings, connection: &mut PgConnection) -> sqlx::Result<Vec<Check>> {
    Ok(vec![
        version(connection).await?,
        time(connection).await?,
        connections(settings, connection).await?,
        limits(settings, connection).await?,
        archive(connection).await?,
        jobs(connection).await?,
    ])
}

async fn version(connection: &mut PgConnection) -> sqlx::Result<Check> {
    let (version, size): (String, String) =
        sqlx::query_as("SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))")
            .fetch_one(connection)
            .await?;
    Ok(Check::pass("version", "PostgreSQL", format!("{version}, the database has {size}")))
}

async fn time(connection: &mut PgConnection) -> sqlx::Result<Check> {
    let before = clock::now();
    let theirs: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetch_one(connection).await?;
    let after = clock::now();
    let millis = |at: Timestamp| at.as_millisecond();
    // As far as the way there and back lets it be told.
    let apart = (millis(before) - theirs).max(theirs - millis(after)).max(0);
    Ok(if apart > APART {
        Check::fail("clocks", "PostgreSQL", format!("{apart} ms apart from this machine's: let both follow the same time (NTP)"))
    } else {
        Check::pass("clocks", "PostgreSQL", format!("{apart} ms apart from this machine's at least"))
    })
}

/// Whether what one process may open fits into what the server allows.
async fn connections(settings: &Settings, connection: &mut PgConnection) -> sqlx::Result<Check> {
    let (most, kept, role, used): (i32, i32, i32, i64) = sqlx::query_as(
        "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int, \
                (SELECT rolconnlimit FROM pg_roles WHERE rolname = 'lectern_app'), \
                (SELECT count(*) FROM pg_stat_activity WHERE usename IN ('lectern_app', 'lectern_desk'))",
    )
    .fetch_one(connection)
    .await?;
    let pool = settings.pool_size.map_or(PoolOptions::default().size, usize::from);
    let worker = if settings.worker { usize::from(settings.worker_pool_size) } else { 0 };
    let desk = if settings.desk_url.is_some() { DESK_POOL } else { 0 };
    // One more hears of changes, and one is the operator's.
    let needed = i64::try_from(pool + worker + desk + 2).unwrap_or(i64::MAX);
    let room = i64::from(most - kept);
    let room = if role >= 0 { room.min(i64::from(role)) } else { room };
    let said = format!("a service may open {needed}, PostgreSQL has room for {room}; services hold {used} now");
    Ok(if needed > room {
        Check::fail("limits", "connections", format!("{said}: raise max_connections (or the role's limit), or lower LECTERN_POOL_SIZE"))
    } else {
        Check::pass("limits", "connections", format!("{said}: {} such services fit", room / needed.max(1)))
    })
}

/// Limits of the role or the database that the service does not know of.
async fn limits(settings: &Settings, connection: &mut PgConnection) -> sqlx::Result<Check> {
    let set: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase \
         CROSS JOIN LATERAL unnest(s.setconfig) AS c \
         WHERE (s.setrole = 0 OR r.rolname = 'lectern_app') AND (s.setdatabase = 0 OR d.datname = current_database()) \
           AND (split_part(c, '=', 1) IN ('lock_timeout', 'transaction_timeout', 'idle_session_timeout', 'default_transaction_read_only') \
           AND split_part(c, '=', 2) NOT IN ('0', 'off', '') OR c = 'row_security=off') ORDER BY c",
    )
    .fetch_all(connection)
    .await?;
    Ok(if set.is_empty() {
        Check::pass("times", "lectern_app", format!("nothing set beside LECTERN_STATEMENT_TIMEOUT ({} s)", settings.statement_timeout))
    } else {
        let set = set.join(", ");
        Check::fail(
            "times",
            "lectern_app",
            format!("{set} is set for the role or the database, and cuts off what the service lets run: RESET it"),
        )
    })
}

/// Whether there is a way back.
async fn archive(connection: &mut PgConnection) -> sqlx::Result<Check> {
    let (mode, failed, last, age): (String, Option<bool>, Option<String>, Option<i64>) = sqlx::query_as(
        "SELECT current_setting('archive_mode'), last_failed_time > coalesce(last_archived_time, '-infinity'), last_failed_wal, \
                extract(epoch FROM now() - last_archived_time)::bigint FROM pg_stat_archiver",
    )
    .fetch_one(connection)
    .await?;
    Ok(match (mode.as_str(), failed, age) {
        ("off", ..) => Check::pass(
            "backup",
            "archive",
            "to know: archive_mode is off, so nothing can be restored to a moment (docs/operations/backup.md)",
        ),
        (_, Some(true), _) => {
            let wal = last.unwrap_or_default();
            Check::fail(
                "backup",
                "archive",
                format!("{wal} could not be archived: see the server's log, and mend archive_command before the disk is full"),
            )
        }
        (_, _, Some(age)) => Check::pass("backup", "archive", format!("the last piece was archived {age} s ago")),
        (_, _, None) => Check::pass("backup", "archive", "to know: nothing was archived yet"),
    })
}

async fn jobs(connection: &mut PgConnection) -> sqlx::Result<Check> {
    let (dead, oldest): (i64, Option<i64>) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 'DEAD'), extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'QUEUED' AND run_at <= now()))::bigint \
         FROM job",
    )
    .fetch_one(connection)
    .await?;
    let said = format!("{dead} dead, the oldest that is due waits for {} s", oldest.unwrap_or_default());
    Ok(if oldest.is_some_and(|oldest| oldest > WAITING) {
        Check::fail("jobs", "waiting", format!("{said}: nobody runs them; start `lectern worker`, or set LECTERN_WORKER=true"))
    } else if dead > 0 {
        Check::pass("jobs", "waiting", format!("{said}: `lectern jobs list --state dead` says why"))
    } else {
        Check::pass("jobs", "waiting", said)
    })
}

/// What the keys open. Every sealed value is tried.
async fn sealed(cluster: &Cluster, platform_url: &str) -> Check {
    let name = "sealed values";
    let Ok(sealer) = cluster.sealer() else { return Check::fail("keys", name, "not looked at without LECTERN_SECRET_KEYS") };
    match tokio::time::timeout(Duration::from_secs(60), keys::count(platform_url, &sealer)).await {
        Err(_late) => {
            Check::pass("keys", name, "to know: there are too many to be tried here; `lectern keys reseal --dry-run` counts them")
        }
        Ok(Err(error)) => Check::fail("keys", name, format!("{error:#}")),
        Ok(Ok(keys::Tally { closed: 0, older: 0 })) => Check::pass("keys", name, "all open, by the first key"),
        Ok(Ok(keys::Tally { closed: 0, older })) => {
            Check::pass("keys", name, format!("all open, {older} by an older key: `lectern keys reseal` before that goes"))
        }
        Ok(Ok(keys::Tally { closed, .. })) => {
            Check::fail("keys", name, format!("{closed} are opened by none of LECTERN_SECRET_KEYS: put the key back that sealed them"))
        }
    }
}
