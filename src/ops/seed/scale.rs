//! Many schools of generated data, for measuring: one transaction a school, on every core.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use anyhow::Context as _;
use lectern_kernel::{auth::Passwords, db::operator};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinSet;

use super::{HELPERS, enter, exists, hash, set};
use crate::ops::platform;

/// One school: 2,000 people, 50 courses, 10,000 enrollments, 100 groups, 3,000 bookings.
const SCHOOL: &str = include_str!("../../../sql/seed/scale.sql");
/// Connections at most; beyond, they wait for the disk together.
const WORKERS: usize = 4;

/// What the workers share.
struct Work {
    url: String,
    hash: String,
    schools: u32,
    next: AtomicU32,
    done: AtomicU32,
    began: Instant,
}

/// Generates schools `scale-0001` to `scale-<schools>`, leaving out those that are there already. With the owner's URL the
/// tables are vacuumed and analyzed afterwards, so that measuring can begin at once.
///
/// # Errors
/// When the database refuses; schools that were finished stay.
#[allow(clippy::print_stdout, reason = "progress for the person who waits")]
pub async fn seed_scale(platform_url: &str, owner_url: Option<&str>, schools: u32) -> anyhow::Result<()> {
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let work = Arc::new(Work {
        url: platform_url.to_owned(),
        hash: hash(&passwords).await?,
        schools,
        next: AtomicU32::new(1),
        done: AtomicU32::new(0),
        began: Instant::now(),
    });
    let mut workers = JoinSet::new();
    for _ in 0..std::thread::available_parallelism().map_or(2, usize::from).min(WORKERS) {
        workers.spawn(generate(work.clone()));
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    let seconds = work.began.elapsed().as_secs_f64();
    println!(
        "Done in {seconds:.1} s. In each school (scale-0001 …) sign in as admin@scale-0001.example and so on; the password is lectern-demo"
    );
    match owner_url {
        Some(url) => {
            let began = Instant::now();
            analyze(url).await?;
            println!("Vacuumed and analyzed in {:.1} s", began.elapsed().as_secs_f64());
        }
        None => println!("Autovacuum will gather statistics within minutes; `VACUUM ANALYZE` as lectern_owner gathers them now"),
    }
    Ok(())
}

/// Takes one number after the other until none is left.
#[allow(clippy::print_stdout, reason = "progress for the person who waits")]
async fn generate(work: Arc<Work>) -> anyhow::Result<()> {
    let mut connection = platform::connect(&work.url).await?;
    sqlx::raw_sql(HELPERS).execute(&mut connection).await?;
    // Nothing is lost by a power cut that could not be generated again.
    sqlx::raw_sql("SET synchronous_commit = off").execute(&mut connection).await?;
    loop {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        if number > work.schools {
            break;
        }
        let slug = format!("scale-{number:04}");
        if !exists(&mut connection, &slug).await? {
            school(&mut connection, &slug, number, &work.hash).await.with_context(|| format!("{slug} can't be generated"))?;
        }
        let done = work.done.fetch_add(1, Ordering::Relaxed) + 1;
        // Twenty lines, however many schools.
        if done * 20 / work.schools > (done - 1) * 20 / work.schools {
            println!("{done} of {} schools, {:.1} s", work.schools, work.began.elapsed().as_secs_f64());
        }
    }
    connection.close().await?;
    Ok(())
}

async fn school(connection: &mut PgConnection, slug: &str, number: u32, hash: &str) -> sqlx::Result<()> {
    let mut tx = connection.begin().await?;
    set(&mut tx, "app.audit", "off").await?;
    set(&mut tx, "seed.number", &number.to_string()).await?;
    set(&mut tx, "seed.hash", hash).await?;
    enter(&mut tx, slug).await?;
    sqlx::raw_sql(SCHOOL).execute(&mut *tx).await?;
    tx.commit().await
}

/// Statistics for the planner, and the visibility map for index-only scans: both are the owner's to make.
async fn analyze(owner_url: &str) -> anyhow::Result<()> {
    let mut connection = operator::connect(owner_url, "LECTERN_OWNER_URL").await?;
    let tables: String = sqlx::query_scalar(
        "SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c \
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND pg_has_role(c.relowner, 'USAGE')",
    )
    .fetch_one(&mut connection)
    .await?;
    sqlx::raw_sql(AssertSqlSafe(format!("VACUUM (ANALYZE) {tables}"))).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
