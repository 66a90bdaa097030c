//! The databases that schools are spread over, each with all tables and some of the schools. PgDog stands in front of them: it puts a
//! transaction where the school lies that the transaction names ([`super::Tx`]). Here is what goes past it, to each shard's own address: where
//! a school lies that is known by its slug or by a secret alone, lists of all schools, and what each database announces.
//!
//! Nothing here asks two databases in one transaction: each is asked in one of its own, and reads.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use futures_util::future::{join_all, try_join_all};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{ActorKind, DbError, Identity, Mode, Opening, Pool, PoolOptions, Pooler, Tx};

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How long it is believed which school has a slug.
const NAMED: Duration = Duration::from_secs(60);
/// So many are kept.
const KEPT: usize = 20_000;

/// The school of a slug; the nil UUID where there is none.
const SCHOOL_NAMED: &str = "SELECT app.school_named($2) WHERE $1::uuid IS NOT NULL";
/// The school of the transaction, where it is here.
const IS_HERE: &str = "SELECT t.tenant_id FROM tenant t WHERE t.tenant_id = $1";
/// What tells one database from every other: when its server was started, and which database of that it is.
const MARK: &str = "SELECT pg_postmaster_start_time()::text || ' ' || d.oid FROM pg_database d WHERE d.datname = current_database() AND app.tenant_id() = $1";

/// The databases that schools are spread over, in the order in which PgDog numbers them.
pub struct Shards {
    each: Vec<Pool>,
    named: Kept<String, Uuid>,
}

impl Shards {
    /// A few connections to each, as the role of `url`; they connect when they are first asked.
    ///
    /// # Errors
    /// When the URL or an address can't be read, or there are fewer than two.
    pub fn new(url: &str, addresses: &[String], options: &PoolOptions) -> anyhow::Result<Shards> {
        ensure!(addresses.len() > 1, "schools are spread over two databases or more");
        let options = PoolOptions { pooler: Pooler::None, ..options.clone() };
        let pools = addresses.iter().map(|address| Pool::new(&at_address(url, address)?, &options));
        Ok(Shards { each: pools.collect::<anyhow::Result<_>>()?, named: Kept::default() })
    }

    /// The connections to each of them.
    pub fn pools(&self) -> &[Pool] {
        &self.each
    }

    /// Asks each the same, in a transaction of no school: the rows of all, one database after the other.
    ///
    /// # Errors
    /// When one of them can't be asked.
    pub async fn ask_all(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        let asked = self.each.iter().map(|pool| ask(pool, Uuid::nil(), sql, params));
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    /// The school that one of them answers in the first column, where it is not the nil UUID; which answers what nobody may know twice. One
    /// that can't be asked does not matter where another knows it.
    ///
    /// # Errors
    /// When nobody knows it, and one of them can't be asked.
    pub async fn holder(&self, sql: &str, params: Params<'_>) -> Result<Option<Uuid>, DbError> {
        let mut failure = None;
        for answered in join_all(self.each.iter().map(|pool| ask(pool, Uuid::nil(), sql, params))).await {
            match answered {
                Ok(rows) => {
                    let found = rows.first().map(|row| row.try_get::<_, Option<Uuid>>(0)).transpose()?.flatten();
                    if let Some(school) = found.filter(|school| !school.is_nil()) {
                        return Ok(Some(school));
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    /// The school of a slug as somebody has typed it; the nil UUID where there is none.
    ///
    /// # Errors
    /// As [`Shards::holder`].
    pub async fn school_named(&self, typed: &str) -> Result<Uuid, DbError> {
        const LONGEST: usize = 63;
        let slug = typed.trim().to_lowercase();
        if slug.is_empty() || slug.len() > LONGEST || slug.contains('\0') {
            return Ok(Uuid::nil());
        }
        if let Some(school) = self.named.find(&slug, NAMED) {
            return Ok(school);
        }
        let Some(school) = self.holder(SCHOOL_NAMED, &[&slug]).await? else { return Ok(Uuid::nil()) };
        self.named.keep(slug, school);
        Ok(school)
    }

    /// On which of them a school lies, counted from 0; the first where it lies nowhere.
    ///
    /// # Errors
    /// When nobody has it, and one of them can't be asked.
    pub async fn seat(&self, school: Uuid) -> Result<usize, DbError> {
        let mut failure = None;
        for (seat, answered) in join_all(self.each.iter().map(|pool| ask(pool, school, IS_HERE, &[]))).await.into_iter().enumerate() {
            match answered {
                Ok(rows) if !rows.is_empty() => return Ok(seat),
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(0), Err)
    }

    /// On which of them a school has rows, counted from 0: one, unless it is being moved.
    ///
    /// # Errors
    /// When one of them can't be asked.
    pub async fn seats(&self, school: Uuid) -> Result<Vec<usize>, DbError> {
        let answered = try_join_all(self.each.iter().map(|pool| ask(pool, school, IS_HERE, &[]))).await?;
        Ok((0..).zip(&answered).filter(|(_, rows)| !rows.is_empty()).map(|(seat, _)| seat).collect())
    }

    /// Where PgDog puts the transactions of a school, counted from 0; none where that is no database of these.
    ///
    /// # Errors
    /// When PgDog or one of them can't be asked.
    pub async fn place(&self, through: &Pool, school: Uuid) -> Result<Option<usize>, DbError> {
        let put = mark(through, school).await?;
        let marks = try_join_all(self.each.iter().map(|pool| mark(pool, school))).await?;
        Ok(marks.iter().position(|mark| *mark == put))
    }
}

async fn ask(pool: &Pool, school: Uuid, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
    let identity = Identity { tenant: school, ..Identity::default() };
    let opening = Opening { mode: Mode::Read, identity, correlation_id: "shards", actors: &ActorKind::TENANT };
    let (tx, rows) = Tx::open_asking(pool, &opening, sql, params).await?;
    tx.end_read();
    Ok(rows)
}

async fn mark(pool: &Pool, school: Uuid) -> Result<String, DbError> {
    let rows = ask(pool, school, MARK, &[]).await?;
    Ok(rows.first().ok_or_else(|| DbError::unreachable("a database does not say which one it is"))?.try_get(0)?)
}

/// What was found lately.
struct Kept<K, V>(Mutex<HashMap<K, (V, Instant)>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept(Mutex::default())
    }
}

impl<K: Eq + std::hash::Hash, V: Copy> Kept<K, V> {
    fn find(&self, key: &K, age: Duration) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(_, at)| at.elapsed() < age).map(|(value, _)| *value)
    }

    fn keep(&self, key: K, value: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, (value, Instant::now()));
    }
}

/// The URL of the database at an address (`postgres://HOST:PORT/DATABASE`), for the role of another URL.
///
/// # Errors
/// When one of them can't be read, or the address names a role itself.
pub fn at_address(url: &str, address: &str) -> anyhow::Result<String> {
    const EXPECTED: &str = "the address of a shard can't be read: postgres://HOST:PORT/DATABASE is expected";
    let split = |text: &str| {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let at = rest[..end].rfind('@').map_or(0, |at| at + 1);
        Some((scheme.to_owned(), rest[..at].to_owned(), rest[at..].to_owned()))
    };
    let (scheme, role, _) =
        split(url).context("the database URL can't be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE is expected")?;
    let (_, own, place) = split(address).context(EXPECTED)?;
    ensure!(own.is_empty(), "the address of a shard names no role: those of the other URLs are used");
    ensure!(place.split_once('/').is_some_and(|(host, database)| !host.is_empty() && !database.is_empty()), EXPECTED);
    Ok(format!("{scheme}://{role}{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_asked_as_the_role_of_the_other_urls() {
        let pgdog = "postgres://lectern_app:s%2Fcret@pgdog.example:6432/lectern?sslmode=require";
        assert_eq!(at_address(pgdog, "postgres://b.example:5432/two").unwrap(), "postgres://lectern_app:s%2Fcret@b.example:5432/two");
        assert_eq!(
            at_address(pgdog, "postgres://b1:5432,b2:5432/two?sslmode=disable").unwrap(),
            "postgres://lectern_app:s%2Fcret@b1:5432,b2:5432/two?sslmode=disable"
        );
        assert_eq!(at_address("postgres://me@%2Frun%2Fa/x", "postgres://%2Frun%2Fb/y").unwrap(), "postgres://me@%2Frun%2Fb/y");
        for wrong in ["b.example:5432/two", "postgres://b.example:5432", "postgres:///two", "postgres://me@b.example/two", ""] {
            assert!(at_address(pgdog, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_found_is_believed_for_a_while() {
        let kept = Kept::default();
        kept.keep("oak", 1);
        assert_eq!((kept.find(&"oak", NAMED), kept.find(&"elm", NAMED), kept.find(&"oak", Duration::ZERO)), (Some(1), None, None));
    }
}
