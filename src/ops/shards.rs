//! Schools that are spread over several databases: which of them a command goes to, and where a school lies.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use lectern_kernel::db::{Pool, PoolOptions, Shards};
use uuid::Uuid;

use super::{Cluster, platform, report::Check, serve::pool_options};
use crate::config::Settings;

/// Connections of a process to each shard's own address, for what does not go through PgDog.
const LOOK_UPS: usize = 2;
/// Schools of a shard of which `lectern doctor` asks where PgDog puts them.
const ASKED: i64 = 100;

/// The connections, to schools that are spread over several databases where the settings say so.
///
/// # Errors
/// When an address can't be read.
pub(super) fn spread(settings: &Settings, url: &str, pool: Pool) -> anyhow::Result<Pool> {
    Ok(match shards(settings, url)? {
        Some(shards) => pool.sharded(shards),
        None => pool,
    })
}

/// The databases that schools are spread over, where there are several.
///
/// # Errors
/// When an address can't be read.
pub(super) fn shards(settings: &Settings, url: &str) -> anyhow::Result<Option<Arc<Shards>>> {
    if settings.sharding.is_none() {
        return Ok(None);
    }
    let options = PoolOptions { size: LOOK_UPS, ..pool_options(settings) };
    Ok(Some(Arc::new(Shards::new(url, &settings.shard_urls, &options).context("LECTERN_SHARD_URLS")?)))
}

/// The settings of each database that a command goes to, with the number of its shard: all, or the one of `--shard`; the only database, where
/// there are no shards.
///
/// # Errors
/// When a URL can't be read.
pub fn targets(settings: &Settings) -> anyhow::Result<Vec<(Option<usize>, Settings)>> {
    if settings.sharding.is_none() {
        return Ok(vec![(None, settings.clone())]);
    }
    let wanted = (0..settings.shard_urls.len()).filter(|shard| settings.shard.is_none_or(|number| number == shard + 1));
    wanted.map(|shard| Ok((Some(shard + 1), settings.of_shard(shard)?))).collect()
}

/// The settings of the one database that a command goes to: that of `--shard`, or the first.
///
/// # Errors
/// When a URL can't be read.
pub fn target(settings: &Settings) -> anyhow::Result<Settings> {
    if settings.sharding.is_none() { Ok(settings.clone()) } else { settings.of_shard(settings.shard.unwrap_or(1) - 1) }
}

/// Where schools lie, and where PgDog looks for them.
pub struct Spread<'a> {
    settings: &'a Settings,
    shards: Arc<Shards>,
    through: Pool,
}

impl<'a> Spread<'a> {
    /// As the service's own role; none where one database has all schools.
    ///
    /// # Errors
    /// When a URL is missing, or can't be read.
    pub fn of(settings: &'a Settings) -> anyhow::Result<Option<Spread<'a>>> {
        if settings.sharding.is_none() {
            return Ok(None);
        }
        let url = settings.database_url.as_ref().context("DATABASE_URL is needed: PgDog says on which shard a school lies")?;
        let Some(shards) = shards(settings, url.expose())? else { return Ok(None) };
        let through = Pool::new(url.expose(), &PoolOptions { size: 1, ..pool_options(settings) })?.sharded(shards.clone());
        Ok(Some(Spread { settings, shards, through }))
    }

    /// The shard on which the school of a slug lies, counted from 0.
    ///
    /// # Errors
    /// When there is none, or a shard can't be asked.
    pub async fn find(&self, slug: &str) -> anyhow::Result<usize> {
        let school = self.school(slug).await?;
        self.shards.seat(school).await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))
    }

    /// The school of a slug.
    ///
    /// # Errors
    /// When there is none, or a shard can't be asked.
    pub async fn school(&self, slug: &str) -> anyhow::Result<Uuid> {
        let school = self.shards.school_named(slug).await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
        ensure!(!school.is_nil(), "there is no school {slug}: `lectern tenant list` shows those that there are");
        Ok(school)
    }

    /// The shards on which a school has rows, counted from 0.
    ///
    /// # Errors
    /// When a shard can't be asked.
    pub async fn seats(&self, school: Uuid) -> anyhow::Result<Vec<usize>> {
        self.shards.seats(school).await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))
    }

    /// The shard on which PgDog looks for a school, counted from 0.
    ///
    /// # Errors
    /// When that is none of LECTERN_SHARD_URLS, or it can't be asked.
    pub async fn place(&self, school: Uuid) -> anyhow::Result<usize> {
        let place = self.shards.place(&self.through, school).await;
        let place = place.map_err(|error| anyhow::anyhow!("PgDog can't say where a school lies: {}", error.for_operator()))?;
        place.with_context(|| format!("PgDog looks for the school {school} in a database that LECTERN_SHARD_URLS does not name"))
    }

    /// Refuses a school that is to come to the shard of the command, where PgDog looks for it on another.
    ///
    /// # Errors
    /// Then, and when it can't be asked.
    pub async fn refuse_elsewhere(&self, school: Uuid) -> anyhow::Result<()> {
        let (here, there) = (self.settings.shard.unwrap_or(1), self.place(school).await? + 1);
        ensure!(
            here == there,
            "PgDog looks for this school on shard {there}: import it with --shard {there}, or say in PgDog's mapping that it lies on {here}"
        );
        Ok(())
    }

    /// An id for a school that is to be founded under a slug, and the shard that PgDog looks for it on, counted from 0: that of `--shard`, where
    /// there is one.
    ///
    /// # Errors
    /// When the slug is taken on any shard, or no new school would lie on the wanted one.
    pub async fn found(&self, slug: &str) -> anyhow::Result<(Uuid, usize)> {
        let taken = self.shards.school_named(slug).await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
        ensure!(taken.is_nil(), "the slug {slug} is taken by another school");
        // By hashes every shard has its turn; by ranges of ids new schools lie on one.
        for _ in 0..self.settings.shard_urls.len() * 16 {
            let school = Uuid::now_v7();
            let place = self.place(school).await?;
            if self.settings.shard.is_none_or(|wanted| wanted == place + 1) {
                return Ok((school, place));
            }
        }
        bail!("PgDog puts new schools on another shard: leave --shard out, or change its mapping")
    }
}

/// Whether PgDog leads to the databases that the settings name, and looks for schools where they lie.
pub(super) async fn look(settings: &Settings) -> Vec<Check> {
    let spread = match Spread::of(settings) {
        Ok(Some(spread)) => spread,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Check::fail("shards", "DATABASE_URL", format!("{error:#}"))],
    };
    let mut checks = Vec::new();
    match spread.place(Uuid::nil()).await {
        Ok(place) => checks.push(Check::pass(
            "shards",
            "PgDog",
            format!("leads to the shards; what belongs to no school lies on shard {}", place + 1),
        )),
        Err(error) => {
            checks.push(Check::fail("shards", "PgDog", format!("{error:#}")));
            return checks;
        }
    }
    for shard in 0..settings.shard_urls.len() {
        let name = format!("shard {}", shard + 1);
        checks.push(match misplaced(settings, &spread, shard).await {
            Err(error) => Check::fail("shards", name, format!("{error:#}")),
            Ok((asked, wrong)) if wrong.is_empty() => {
                Check::pass("shards", name, format!("PgDog looks for its schools here ({asked} asked for)"))
            }
            Ok((_, wrong)) => Check::fail("shards", name, format!("PgDog looks elsewhere for {}: mend its mapping", wrong.join(", "))),
        });
    }
    checks
}

/// How many schools of a shard were asked for, and those that PgDog looks for elsewhere.
async fn misplaced(settings: &Settings, spread: &Spread<'_>, shard: usize) -> anyhow::Result<(usize, Vec<String>)> {
    let cluster = Cluster::open(&settings.of_shard(shard)?).await?;
    let mut connection = platform::connect(&cluster.platform_url()?).await?;
    // Some of the oldest, and some of the newest.
    let schools: Vec<(Uuid, String)> = sqlx::query_as(
        "(SELECT tenant_id, slug FROM tenant ORDER BY tenant_id LIMIT $1) UNION (SELECT tenant_id, slug FROM tenant ORDER BY tenant_id DESC LIMIT $1)",
    )
    .bind(ASKED / 2)
    .fetch_all(&mut connection)
    .await?;
    let mut wrong = Vec::new();
    for (school, slug) in &schools {
        if spread.place(*school).await? != shard {
            wrong.push(slug.clone());
        }
    }
    Ok((schools.len(), wrong))
}
