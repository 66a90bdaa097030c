//! The two demo schools: the same on every machine, relative to today's date.

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use lectern_kernel::{
    auth::Passwords,
    sealing::Sealer,
    store::{Kept, Objects},
};
use rust_embed::Embed;
use serde_json::{Map, Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{HELPERS, LOCK, enter, exists, hash, set};
use crate::{
    domains::{busy_sources, payments, webhooks},
    ops::{platform, tickets::give_codes},
};

/// Slug, domain of the email addresses, facts.
const SCHOOLS: [(&str, &str, &str); 2] = [
    ("alpha-flight-school", "alpha.example", include_str!("../../../sql/seed/alpha-flight-school.sql")),
    ("bravo-academy", "bravo.example", include_str!("../../../sql/seed/bravo-academy.sql")),
];

/// What makes rows of the facts, in this order.
const STEPS: [(&str, &str); 27] = [
    ("school.sql", include_str!("../../../sql/seed/school.sql")),
    ("life.sql", include_str!("../../../sql/seed/life.sql")),
    ("scheduling.sql", include_str!("../../../sql/seed/scheduling.sql")),
    ("calendars.sql", include_str!("../../../sql/seed/calendars.sql")),
    ("slots.sql", include_str!("../../../sql/seed/slots.sql")),
    ("outcomes.sql", include_str!("../../../sql/seed/outcomes.sql")),
    ("sessions.sql", include_str!("../../../sql/seed/sessions.sql")),
    ("connections.sql", include_str!("../../../sql/seed/connections.sql")),
    ("history.sql", include_str!("../../../sql/seed/history.sql")),
    ("mail.sql", include_str!("../../../sql/seed/mail.sql")),
    ("admissions.sql", include_str!("../../../sql/seed/admissions.sql")),
    ("credentials.sql", include_str!("../../../sql/seed/credentials.sql")),
    ("notifications.sql", include_str!("../../../sql/seed/notifications.sql")),
    ("files.sql", include_str!("../../../sql/seed/files.sql")),
    ("rights.sql", include_str!("../../../sql/seed/rights.sql")),
    ("lessons.sql", include_str!("../../../sql/seed/lessons.sql")),
    ("assignments.sql", include_str!("../../../sql/seed/assignments.sql")),
    ("quizzes.sql", include_str!("../../../sql/seed/quizzes.sql")),
    ("paths.sql", include_str!("../../../sql/seed/paths.sql")),
    ("discussions.sql", include_str!("../../../sql/seed/discussions.sql")),
    ("assistants.sql", include_str!("../../../sql/seed/assistants.sql")),
    ("rewards.sql", include_str!("../../../sql/seed/rewards.sql")),
    ("exchange.sql", include_str!("../../../sql/seed/exchange.sql")),
    ("commerce.sql", include_str!("../../../sql/seed/commerce.sql")),
    ("commerce-applications.sql", include_str!("../../../sql/seed/commerce-applications.sql")),
    ("commerce-orders.sql", include_str!("../../../sql/seed/commerce-orders.sql")),
    ("commerce-doors.sql", include_str!("../../../sql/seed/commerce-doors.sql")),
];

/// What the instructors have brought along of their own calendars.
const BUSY_FILE: &str = include_str!("../../../sql/seed/wednesdays.ics");

/// By which the provider that moves no money proves itself to the demo schools. It is public, as the passwords are.
const PAYMENT_SECRET: &str = "lectern-demo-payments";

/// The tables that the facts are put into.
const TABLES: &str = include_str!("../../../sql/seed/demo.sql");

/// People with a password hash of their own; all others of a school share one.
const SIGN_INS: [&str; 5] = ["admin", "instructor", "learner", "viewer", "participant"];

/// Loads the two demo schools, where they are not there already. `sealer` seals their secrets. Answers whether it loaded any.
///
/// # Errors
/// When the database or the store refuses; no row is kept then.
pub async fn seed_demo(platform_url: &str, sealer: &Sealer, objects: &Objects) -> anyhow::Result<bool> {
    let mut connection = platform::connect(platform_url).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
    set(&mut tx, "app.audit", "off").await?;
    let mut loaded = false;
    for (slug, domain, facts) in SCHOOLS {
        if !exists(&mut tx, slug).await? {
            load(&mut tx, sealer, slug, domain, facts).await?;
            // Before the commit: a file whose bytes are not there would be worse than bytes without a file.
            write(&mut tx, objects).await.with_context(|| format!("the files of {slug} can't be written"))?;
            // The temporary tables are gone before the next school.
            sqlx::raw_sql("DISCARD TEMP").execute(&mut *tx).await?;
            loaded = true;
        }
    }
    if loaded {
        operator(&mut tx).await.context("the demo's administrator of the platform can't be added")?;
    }
    tx.commit().await?;
    connection.close().await?;
    Ok(loaded)
}

/// Adds the demo's administrator of the platform, who needs no second factor, where there is none yet.
async fn operator(connection: &mut PgConnection) -> anyhow::Result<()> {
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    set(connection, "app.tenant_id", &Uuid::nil().to_string()).await?;
    set(connection, "app.operation", "system:seed").await?;
    sqlx::query(
        "SELECT app.add_platform_admin($1, 'operator@platform.example', 'Olive Operator', $2, true) \
         WHERE NOT EXISTS (SELECT FROM platform_admin WHERE email = 'operator@platform.example')",
    )
    .bind(Uuid::from_u128(OPERATOR))
    .bind(hash(&passwords).await?)
    .execute(connection)
    .await?;
    Ok(())
}

/// The id of that administrator: the same on every machine.
const OPERATOR: u128 = 0x0193_0000_0000_7000_8000_0000_0000_0001;

/// What a service finds, or makes, of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demo {
    /// The database was empty: the demo was loaded.
    Loaded,
    /// It is there since earlier.
    Present,
    /// Other schools are there, and it is not.
    Absent,
}

/// Loads the demo into a database without any school.
///
/// # Errors
/// When the database refuses; nothing is kept then.
pub async fn seed_demo_if_empty(platform_url: &str, sealer: &Sealer, objects: &Objects) -> anyhow::Result<Demo> {
    let mut connection = platform::connect(platform_url).await?;
    let schools: Vec<String> = sqlx::query_scalar("SELECT slug FROM tenant").fetch_all(&mut connection).await?;
    connection.close().await?;
    if schools.is_empty() {
        return Ok(if seed_demo(platform_url, sealer, objects).await? { Demo::Loaded } else { Demo::Present });
    }
    let is_whole = SCHOOLS.iter().all(|(slug, ..)| schools.iter().any(|known| known == slug));
    Ok(if is_whole { Demo::Present } else { Demo::Absent })
}

async fn load(connection: &mut PgConnection, sealer: &Sealer, slug: &str, domain: &str, facts: &'static str) -> anyhow::Result<()> {
    sqlx::raw_sql(HELPERS).execute(&mut *connection).await?;
    set(connection, "seed.domain", domain).await?;
    set(connection, "seed.hashes", &hashes().await?).await?;
    set(connection, "seed.assets", &assets().to_string()).await?;
    enter(connection, slug).await?;
    let tenant: Uuid = sqlx::query_scalar("SELECT pg_temp.id('tenant')").fetch_one(&mut *connection).await?;
    let secret = webhooks::sealed_secret(sealer, tenant).map_err(|error| anyhow::anyhow!("no secret can be made: {}", error.message()))?;
    set(connection, "seed.webhook_secret", &HEXLOWER.encode(&secret)).await?;
    let file = busy_sources::sealed_content(sealer, tenant, BUSY_FILE).map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
    set(connection, "seed.busy_file", &HEXLOWER.encode(&file)).await?;
    set(connection, "seed.payment_secret", &HEXLOWER.encode(&payments::Secret::TestWebhook.seal(sealer, tenant, PAYMENT_SECRET))).await?;
    sqlx::raw_sql(TABLES).execute(&mut *connection).await?;
    sqlx::raw_sql(facts).execute(&mut *connection).await.with_context(|| format!("{slug} can't be loaded"))?;
    for (step, sql) in STEPS {
        sqlx::raw_sql(sql).execute(&mut *connection).await.with_context(|| format!("{slug} can't be loaded: sql/seed/{step}"))?;
    }
    give_codes(connection, sealer, tenant).await.with_context(|| format!("the tickets of {slug} can't have codes"))?;
    Ok(())
}

/// The password's hashes by person, `*` for everybody else, as a JSON object.
async fn hashes() -> anyhow::Result<String> {
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let keys: Vec<&str> = SIGN_INS.into_iter().chain(["*"]).collect();
    let hashes = futures_util::future::try_join_all(keys.iter().map(|_| hash(&passwords))).await?;
    let object: Map<String, Value> = keys.iter().map(|key| (*key).to_owned()).zip(hashes.into_iter().map(Value::from)).collect();
    Ok(Value::Object(object).to_string())
}

/// The bytes of the demo's files.
#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/sql/seed/files"]
struct Assets;

/// Size and SHA-256 of each, by its name.
fn assets() -> Value {
    let described = Assets::iter().filter_map(|name| {
        let data = Assets::get(&name)?.data;
        let sha256 = HEXLOWER.encode(digest(&SHA256, &data).as_ref());
        Some((name.into_owned(), json!({ "size": data.len(), "sha256": sha256 })))
    });
    Value::Object(described.collect())
}

/// Writes the bytes of the school's files.
async fn write(connection: &mut PgConnection, objects: &Objects) -> anyhow::Result<()> {
    let files: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT f.object, f.name, f.content_type, s.asset FROM seed_file s JOIN file f ON f.tenant_id = pg_temp.id('tenant') AND f.id = pg_temp.id('file:' || s.key)",
    )
    .fetch_all(connection)
    .await?;
    for (object, name, content_type, asset) in files {
        let data = Assets::get(&asset).with_context(|| format!("sql/seed/files/{asset} is not embedded"))?.data;
        let mut writer = objects.write(&object, Some(Kept { name: &name, content_type: &content_type }));
        let written = async {
            writer.push(data.into_owned().into()).await?;
            writer.finish().await
        };
        written.await.map_err(|error| anyhow::anyhow!("{}", error.for_operator()))?;
    }
    Ok(())
}
