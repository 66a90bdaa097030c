//! Two schools that exist for the length of an audit: made by the operator's role, filled with one row of every kind, and
//! removed again however the audit ends. What a killed audit left is removed by the next one.

use anyhow::{Context as _, bail};
use lectern_kernel::{db::operator, ids};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use crate::ops::sources;

/// Every disposable school is called this; together with its slug it can't be a real one.
const NAME: &str = "Disposable school of lectern audit";
/// A living audit holds this advisory lock on the number of its pair.
const LOCK: i32 = 0x4c41_5544;

/// Somebody of a disposable school.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The key of the role, and the first word of the name; `NOBODY` holds a role that grants nothing.
    pub(super) role: &'static str,
    pub(super) user: Uuid,
    pub(super) session: Uuid,
}

/// A disposable school.
#[derive(Debug, Clone)]
pub(super) struct School {
    pub(super) tenant: Uuid,
    pub(super) slug: String,
    /// Stands in every text of it; one word for every search.
    pub(super) word: String,
    pub(super) people: Vec<Person>,
}

impl School {
    /// The person of a role.
    pub(super) fn person(&self, role: &str) -> &Person {
        self.people.iter().find(|person| person.role == role).expect("every school has one person per role")
    }
}

/// Default roles, and one that grants nothing.
pub(super) const ROLES: [&str; 6] = ["ADMIN", "INSTRUCTOR", "LEARNER", "VIEWER", "PARTICIPANT", "NOBODY"];

/// The pair: `a` is attacked, `b` attacks.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) a: School,
    pub(super) b: School,
}

impl Pair {
    /// Makes the two schools, under a lock of this connection that tells other audits that they are in use.
    pub(super) async fn create(platform: &mut PgConnection) -> anyhow::Result<Pair> {
        let number = (Uuid::now_v7().as_u128() & 0x7fff_ffff) as i32;
        let taken: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)").bind(LOCK).bind(number).fetch_one(&mut *platform).await?;
        if !taken {
            bail!("another audit has taken the same number by chance: try again");
        }
        let school = |letter: char| School {
            tenant: Uuid::now_v7(),
            slug: format!("audit-{number:08x}-{letter}"),
            word: format!("audit{number:08x}{letter}"),
            people: ROLES.map(|role| Person { role, user: Uuid::now_v7(), session: Uuid::now_v7() }).to_vec(),
        };
        let pair = Pair { a: school('a'), b: school('b') };
        for school in [&pair.a, &pair.b] {
            if let Err(error) = found(platform, school).await {
                let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *platform).await;
                pair.remove(platform).await?;
                return Err(error);
            }
        }
        Ok(pair)
    }

    /// Removes both schools and every row of them.
    pub(super) async fn remove(&self, platform: &mut PgConnection) -> anyhow::Result<()> {
        for school in [&self.a, &self.b] {
            remove(platform, school.tenant).await.with_context(|| format!("the disposable school {} could not be removed", school.slug))?;
        }
        Ok(())
    }

    /// Lets the attacker's subscription lapse, or run again.
    pub(super) async fn lapse(&self, platform: &mut PgConnection, lapsed: bool) -> sqlx::Result<()> {
        let sql = if lapsed {
            "UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE tenant_id = $1"
        } else {
            "UPDATE tenant SET subscription_start = now() - interval '1 day', subscription_end = NULL WHERE tenant_id = $1"
        };
        sqlx::query(sql).bind(self.b.tenant).execute(platform).await?;
        Ok(())
    }
}

/// The operator's connection, with the audit log off: its entries could not be removed again.
pub(super) async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let mut platform = operator::connect(url, "LECTERN_PLATFORM_URL").await?;
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut platform).await?;
    if role != "lectern_platform" {
        bail!("the role {role} is not lectern_platform: set LECTERN_PLATFORM_URL to that role");
    }
    sqlx::raw_sql("SET app.audit = 'off'; SET lock_timeout = '10s'").execute(&mut platform).await?;
    Ok(platform)
}

/// Removes what audits left that were killed: disposable schools whose lock nobody holds.
pub(super) async fn sweep(platform: &mut PgConnection) -> anyhow::Result<usize> {
    let left: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT tenant_id, slug FROM tenant WHERE slug ~ '^audit-[0-9a-f]{8}-[ab]$' AND name = $1 AND NOT is_listed")
            .bind(NAME)
            .fetch_all(&mut *platform)
            .await?;
    let mut removed = 0;
    for (tenant, slug) in left {
        let Ok(number) = i32::from_str_radix(&slug[6..14], 16) else { continue };
        let free: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)").bind(LOCK).bind(number).fetch_one(&mut *platform).await?;
        if free {
            remove(platform, tenant).await.with_context(|| format!("{slug}, left by an audit that was killed, could not be removed"))?;
            sqlx::query("SELECT pg_advisory_unlock($1, $2)").bind(LOCK).bind(number).execute(&mut *platform).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Makes one school with its people and one row of every kind, in one transaction.
async fn found(platform: &mut PgConnection, school: &School) -> anyhow::Result<()> {
    let School { tenant, slug, word, people } = school;
    let mut tx = platform.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL probe.word = '{word}'")))
        .execute(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO tenant (tenant_id, slug, name, time_zone, is_listed, subscription_start) VALUES ($1, $2, $3, 'UTC', false, now() - interval '1 day')")
        .bind(tenant)
        .bind(slug)
        .bind(NAME)
        .execute(&mut *tx)
        .await?;
    sqlx::query("SELECT app.create_system_roles($1)").bind(tenant).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ($1, $2, 'NOBODY', $3, '{}')")
        .bind(tenant)
        .bind(Uuid::now_v7())
        .bind(word)
        .execute(&mut *tx)
        .await?;
    for Person { role, user, session } in people {
        sqlx::query("INSERT INTO app_user (tenant_id, id, name, email) VALUES ($1, $2, $3, $4)")
            .bind(tenant)
            .bind(user)
            .bind(format!("{role} {word}"))
            .bind(format!("{role}@{slug}.invalid"))
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO user_role (tenant_id, user_id, role_id) SELECT $1, $2, id FROM role WHERE tenant_id = $1 AND key = $3")
            .bind(tenant)
            .bind(user)
            .bind(role)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO session (tenant_id, id, user_id) VALUES ($1, $2, $3)")
            .bind(tenant)
            .bind(session)
            .bind(user)
            .execute(&mut *tx)
            .await?;
    }
    for (file, rows) in sources::probes()? {
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut *tx).await.with_context(|| format!("{file} does not fit the tables"))?;
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes every row of one disposable school, children before parents, in one transaction.
async fn remove(platform: &mut PgConnection, tenant: Uuid) -> anyhow::Result<()> {
    // Tables to which the fewest others point come first; the order follows the foreign keys, whatever tables are added.
    let order: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE tables AS (
             SELECT c.oid, c.relname::text AS name FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
         ), depth AS (
             SELECT oid, 0 AS level FROM tables
             UNION ALL
             SELECT k.conrelid, d.level + 1 FROM depth d JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.confrelid = d.oid AND k.conrelid <> d.oid
             WHERE d.level < 30
         )
         SELECT t.name FROM tables t JOIN depth d USING (oid) WHERE t.name <> 'audit_entry' AND NOT starts_with(t.name, 'platform_') GROUP BY t.name ORDER BY max(d.level) DESC, t.name",
    )
    .fetch_all(&mut *platform)
    .await?;
    let mut tx = platform.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL app.tenant_id = '{tenant}'"))).execute(&mut *tx).await?;
    // A school keeps its last administrator; one without that role has none to keep.
    sqlx::query("UPDATE role SET is_system = false WHERE tenant_id = $1").bind(tenant).execute(&mut *tx).await?;
    for table in order {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table} WHERE tenant_id = $1"))).bind(tenant).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The TypeID under which a probe asks for something that never existed.
pub(super) fn never(kind: &str) -> String {
    ids::encode(kind, Uuid::from_u128(0x0190_0000_0000_7000_8000_dead_0000_0000))
}
