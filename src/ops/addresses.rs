//! The keys by which email addresses are compared, for people whom an older version, or SQL, has written: what makes a key of a domain
//! in Unicode is in this binary, not in the database.

use futures_util::{FutureExt as _, future::BoxFuture};
use lectern_kernel::{
    db::migrate::{Done, Step},
    text::email_key,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Part of every `lectern migrate`.
pub(super) const STEP: Step = Step { name: "The comparison of email addresses", run };

fn run(connection: &mut PgConnection) -> BoxFuture<'_, anyhow::Result<Done>> {
    fill(connection).boxed()
}

const BATCH: i64 = 1000;

const KEYLESS: &str = "SELECT u.tenant_id, u.id, u.email FROM app_user u \
     WHERE u.email_key IS NULL AND u.email IS NOT NULL AND (u.tenant_id, u.id) > ($1, $2) ORDER BY u.tenant_id, u.id LIMIT $3";

/// Of several that have one key, the one that is written like it goes first, then the oldest. What has changed meanwhile is left alone.
const GIVE_KEYS: &str = "UPDATE app_user u SET email_key = given.key FROM (\
     SELECT DISTINCT ON (n.tenant_id, n.key) n.* FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n(tenant_id, id, email, key) \
     ORDER BY n.tenant_id, n.key, lower(n.email) <> n.key, n.id) AS given \
     WHERE u.tenant_id = given.tenant_id AND u.id = given.id AND u.email = given.email AND u.email_key IS NULL \
       AND NOT EXISTS (SELECT FROM app_user other WHERE other.tenant_id = given.tenant_id AND other.email_key = given.key)";

const COLLIDING: &str = "SELECT t.slug, n.email, other.email FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(tenant_id, email, key) \
     JOIN tenant t ON t.tenant_id = n.tenant_id JOIN app_user other ON other.tenant_id = n.tenant_id AND other.email_key = n.key \
     WHERE other.email <> n.email ORDER BY 1, 2";

/// People without a key, with the key that they should have.
#[derive(Default)]
struct Batch {
    tenants: Vec<Uuid>,
    ids: Vec<Uuid>,
    emails: Vec<String>,
    keys: Vec<String>,
}

impl Batch {
    /// Those after a place, and the place where they end; none where there are no more.
    async fn read(connection: &mut PgConnection, after: (Uuid, Uuid)) -> sqlx::Result<Option<(Batch, (Uuid, Uuid))>> {
        let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(KEYLESS).bind(after.0).bind(after.1).bind(BATCH).fetch_all(connection).await?;
        let Some(end) = rows.last().map(|(tenant, id, _)| (*tenant, *id)) else { return Ok(None) };
        let mut batch = Batch::default();
        for (tenant, id, email) in rows {
            // What can't be a domain goes on being compared as it is.
            if let Some(key) = email_key(&email) {
                batch.tenants.push(tenant);
                batch.ids.push(id);
                batch.emails.push(email);
                batch.keys.push(key);
            }
        }
        Ok(Some((batch, end)))
    }
}

async fn fill(connection: &mut PgConnection) -> anyhow::Result<Done> {
    let (mut done, mut after) = (Done::default(), (Uuid::nil(), Uuid::nil()));
    while let Some((batch, end)) = Batch::read(connection, after).await? {
        let given = sqlx::query(GIVE_KEYS).bind(&batch.tenants).bind(&batch.ids).bind(&batch.emails).bind(&batch.keys);
        done.rows += given.execute(&mut *connection).await?.rows_affected();
        after = end;
    }
    after = (Uuid::nil(), Uuid::nil());
    while let Some((batch, end)) = Batch::read(connection, after).await? {
        let colliding = sqlx::query_as(COLLIDING).bind(&batch.tenants).bind(&batch.emails).bind(&batch.keys);
        let colliding: Vec<(String, String, String)> = colliding.fetch_all(&mut *connection).await?;
        done.notes.extend(colliding.iter().map(|(school, email, other)| {
            format!("In the school {school}, {email} and {other} are one email address: both still sign in as before; change one of them.")
        }));
        after = end;
    }
    Ok(done)
}
