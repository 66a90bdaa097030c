//! The settings of schools that are spread over several databases: what contradicts them, and those of one database of these.

use anyhow::{Context as _, bail, ensure};
use lectern_kernel::db::at_address;

use super::{PoolerKind, Secret, Settings};

impl Settings {
    /// Whether what is said of shards fits together, and with the other settings.
    ///
    /// # Errors
    /// What contradicts what, and what to do.
    pub fn check_sharding(&self) -> anyhow::Result<()> {
        if self.sharding.is_none() {
            ensure!(
                self.shard_urls.is_empty(),
                "LECTERN_SHARD_URLS names shards, but LECTERN_SHARDING does not say what stands in front of them: set it to pgdog, or leave both out"
            );
            ensure!(self.shard.is_none(), "--shard names a shard, but LECTERN_SHARDING is not set: there is one database");
            return Ok(());
        }
        let count = self.shard_urls.len();
        ensure!(count > 0, "LECTERN_SHARDING=pgdog needs LECTERN_SHARD_URLS: the address of each shard, separated by blanks");
        ensure!(count > 1, "LECTERN_SHARD_URLS names one shard: with one database, leave it and LECTERN_SHARDING out");
        let roles = [
            ("DATABASE_URL", &self.database_url),
            ("LECTERN_OWNER_URL", &self.owner_url),
            ("LECTERN_PLATFORM_URL", &self.platform_url),
            ("LECTERN_DESK_URL", &self.desk_url),
        ];
        ensure!(
            roles.iter().any(|(_, url)| url.is_some()),
            "LECTERN_SHARDING=pgdog needs DATABASE_URL, which leads to PgDog: the embedded server has no shards"
        );
        for (at, address) in self.shard_urls.iter().enumerate() {
            at_address("postgres://role@host/database", address).with_context(|| format!("LECTERN_SHARD_URLS, shard {}", at + 1))?;
            if let Some(first) = self.shard_urls.iter().position(|other| bare(other) == bare(address)).filter(|first| *first < at) {
                bail!("LECTERN_SHARD_URLS names the shards {} and {} alike", first + 1, at + 1);
            }
            if let Some(url) = &self.database_url
                && at_address(url.expose(), address).is_ok_and(|own| bare(&own) == bare(url.expose()))
            {
                bail!("DATABASE_URL is the address of shard {}: it must lead to PgDog, which stands in front of all of them", at + 1);
            }
        }
        for (name, url) in roles {
            if let Some(url) = url {
                at_address(url.expose(), &self.shard_urls[0]).context(name)?;
            }
        }
        ensure!(
            self.replica_url.is_none(),
            "LECTERN_REPLICA_URL and LECTERN_SHARDING exclude each other: whose standby has come how far is known of one database alone"
        );
        ensure!(
            self.desk_listen.is_none(),
            "LECTERN_DESK_LISTEN and LECTERN_SHARDING exclude each other: the platform's endpoint is for one database; use `lectern tenant`"
        );
        if let Some(shard) = self.shard {
            ensure!((1..=count).contains(&shard), "--shard must be from 1 to {count}: LECTERN_SHARD_URLS names so many");
        }
        Ok(())
    }

    /// The settings for one shard, counted from 0, as if it were the only database: all roles at its own address.
    ///
    /// # Errors
    /// When a URL can't be read.
    pub fn of_shard(&self, shard: usize) -> anyhow::Result<Settings> {
        let address = self.shard_urls.get(shard).with_context(|| format!("there is no shard {}", shard + 1))?;
        let mut own = self.clone();
        for url in [&mut own.database_url, &mut own.owner_url, &mut own.platform_url, &mut own.desk_url].into_iter().flatten() {
            let Ok(at) = at_address(url.expose(), address)?.parse::<Secret>();
            *url = at;
        }
        (own.sharding, own.shard, own.pooler) = (None, None, PoolerKind::None);
        own.shard_urls.clear();
        Ok(own)
    }
}

/// A URL without its settings.
fn bare(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::config::{Cli, Settings};

    fn settings(arguments: &[&str]) -> Settings {
        Cli::parse_from(["lectern"].iter().chain(arguments)).settings
    }

    const PGDOG: &str = "--database-url=postgres://lectern_app:secret@pgdog:6432/lectern";
    const TWO: &str = "--shard-urls=postgres://a:5432/lectern postgres://b:5432/lectern";

    #[test]
    fn what_is_said_of_shards_fits_together() {
        settings(&[PGDOG, "--sharding=pgdog", TWO, "--shard=2"]).check_sharding().unwrap();
        for (arguments, said) in [
            (&[PGDOG, TWO][..], "LECTERN_SHARDING does not say"),
            (&[PGDOG, "--shard=1"], "--shard names a shard"),
            (&[PGDOG, "--sharding=pgdog"], "needs LECTERN_SHARD_URLS"),
            (&[PGDOG, "--sharding=pgdog", "--shard-urls=postgres://a/lectern"], "names one shard"),
            (&["--sharding=pgdog", TWO], "needs DATABASE_URL"),
            (&[PGDOG, "--sharding=pgdog", "--shard-urls=postgres://a/x postgres://a/x?sslmode=require"], "the shards 1 and 2 alike"),
            (&[PGDOG, "--sharding=pgdog", "--shard-urls=postgres://me@a/x postgres://b/x"], "LECTERN_SHARD_URLS, shard 1"),
            (&[PGDOG, "--sharding=pgdog", "--shard-urls=postgres://a/x postgres://pgdog:6432/lectern"], "the address of shard 2"),
            (&[PGDOG, "--sharding=pgdog", TWO, "--replica-url=postgres://c/lectern"], "LECTERN_REPLICA_URL"),
            (&[PGDOG, "--sharding=pgdog", TWO, "--desk-listen=127.0.0.1:9000"], "LECTERN_DESK_LISTEN"),
            (&[PGDOG, "--sharding=pgdog", TWO, "--shard=3"], "from 1 to 2"),
        ] {
            let refused = format!("{:#}", settings(arguments).check_sharding().unwrap_err());
            assert!(refused.contains(said), "{arguments:?}: {refused}");
        }
    }

    #[test]
    fn a_shard_is_a_database_like_any_other() {
        let own =
            settings(&[PGDOG, "--sharding=pgdog", TWO, "--owner-url=postgres://lectern_owner@pgdog:6432/lectern"]).of_shard(1).unwrap();
        assert_eq!(own.database_url.as_ref().unwrap().expose(), "postgres://lectern_app:secret@b:5432/lectern");
        assert_eq!(own.owner_url.as_ref().unwrap().expose(), "postgres://lectern_owner@b:5432/lectern");
        assert!(own.sharding.is_none() && own.shard_urls.is_empty());
        own.check_sharding().unwrap();
    }
}
