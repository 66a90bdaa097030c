//! A database that is there to be compared with: migrated, read and thrown away.

use anyhow::Context as _;
use lectern_kernel::db::{
    migrate::{Options, migrate},
    operator,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use crate::{
    config::Settings,
    embedded::{self, Durability, EmbeddedPostgres},
    ops::sources,
};

/// What the names of scratch databases begin with.
const PREFIX: &str = "lectern_drift_";
/// Its number is the hash of a scratch database's name; a living comparison holds it.
const LOCK: i32 = 0x4c44_5249;

/// A migrated scratch database.
pub(super) struct Scratch {
    /// Its URL, as the role that migrated it.
    pub(super) url: String,
    place: Place,
}

enum Place {
    /// On the live server: its name, and the connection to drop it over, which holds its lock.
    Beside { name: String, connection: PgConnection },
    /// On a server of its own.
    Apart { server: Box<EmbeddedPostgres>, folder: std::path::PathBuf },
}

impl Scratch {
    /// Makes one beside the live database, or apart where that role may not.
    pub(super) async fn make(settings: &Settings, live_url: &str) -> anyhow::Result<Scratch> {
        let mut connection = operator::connect(live_url, "LECTERN_OWNER_URL").await?;
        let may_create: bool = sqlx::query_scalar("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut connection)
            .await?;
        let scratch = if may_create {
            sweep(&mut connection).await?;
            Scratch::beside(connection, live_url).await?
        } else {
            connection.close().await?;
            Scratch::apart(settings).await?
        };
        if let Err(error) = scratch.migrate(settings).await {
            scratch.remove().await?;
            return Err(error).context("the scratch database can't be migrated");
        }
        Ok(scratch)
    }

    async fn beside(mut connection: PgConnection, live_url: &str) -> anyhow::Result<Scratch> {
        let number = Uuid::now_v7().simple().to_string();
        let name = format!("{PREFIX}{number}");
        lock(&mut connection, &name).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).execute(&mut connection).await?;
        Ok(Scratch { url: renamed(live_url, &name)?, place: Place::Beside { name, connection } })
    }

    async fn apart(settings: &Settings) -> anyhow::Result<Scratch> {
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", Uuid::now_v7().simple()));
        let mut options = embedded::Options::new(&folder);
        options.bin_dir.clone_from(&settings.pg_bin);
        options.fetch = !settings.offline;
        options.durability = Durability::Scratch;
        let server = EmbeddedPostgres::start(&options)
            .await
            .context("the role may not create a scratch database (CREATEDB), and no scratch server could be started")?;
        let url = server.superuser_url("postgres");
        Ok(Scratch { url, place: Place::Apart { server: Box::new(server), folder } })
    }

    async fn migrate(&self, settings: &Settings) -> anyhow::Result<()> {
        let platform_url = match (&self.place, &settings.platform_url) {
            (Place::Beside { name, .. }, Some(url)) => Some(renamed(url.expose(), name)?),
            _ => None,
        };
        let options = Options { platform_url: platform_url.as_deref(), ..Options::default() };
        migrate(&self.url, sources::embedded()?, options).await?;
        Ok(())
    }

    /// Throws it away.
    pub(super) async fn remove(self) -> anyhow::Result<()> {
        match self.place {
            Place::Beside { name, mut connection } => {
                sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
                    .execute(&mut connection)
                    .await
                    .with_context(|| format!("the scratch database {name} could not be dropped"))?;
                connection.close().await?;
            }
            Place::Apart { server, folder } => {
                server.stop().await.context("the scratch server did not stop")?;
                let _litter = std::fs::remove_dir_all(folder);
            }
        }
        Ok(())
    }
}

/// Does not wait: answers whether nobody else holds it.
async fn lock(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))").bind(LOCK).bind(name).fetch_one(connection).await
}

/// Drops what comparisons left that were killed. An advisory lock only keeps out who takes it in the same database; that a comparison
/// of another one holds it is seen in `pg_locks`.
async fn sweep(connection: &mut PgConnection) -> anyhow::Result<()> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT d.datname::text FROM pg_database d WHERE d.datname ~ '^lectern_drift_[0-9a-f]{32}$' \
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname) \
           AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::integer::oid \
                           AND l.objid = (hashtext(d.datname)::bigint & 4294967295)::oid)",
    )
    .bind(LOCK)
    .fetch_all(&mut *connection)
    .await?;
    for name in names {
        if lock(connection, &name).await? {
            // Another's, or in use after all: not a reason to stop.
            let _left = sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut *connection).await;
            sqlx::query("SELECT pg_advisory_unlock($1, hashtext($2))").bind(LOCK).bind(&name).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// The URL of another database of the same server: the path's last part is its name.
fn renamed(url: &str, name: &str) -> anyhow::Result<String> {
    let (scheme, rest) = url.split_once("://").context("the database URL has no scheme")?;
    let (rest, query) = rest.split_once('?').map_or((rest, String::new()), |(rest, query)| (rest, format!("?{query}")));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    // A database that the parameters name would win over the path.
    anyhow::ensure!(!query.contains("dbname="), "the database URL names its database as a parameter: put it into the path");
    Ok(format!("{scheme}://{host}/{name}{query}"))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn only_the_database_of_a_url_changes() {
        let to = |url| renamed(url, "other").unwrap();
        assert_eq!(to("postgres://me:secret@host:5432/live?sslmode=require"), "postgres://me:secret@host:5432/other?sslmode=require");
        assert_eq!(to("postgres://me@%2Ftmp%2Frun/live"), "postgres://me@%2Ftmp%2Frun/other");
        assert_eq!(to("postgresql://host"), "postgresql://host/other");
        assert!(renamed("postgres://host/live?dbname=x", "other").is_err());
    }
}
