//! Rows of schools, changed as lectern_platform: data migrations once, upkeep at every migrate. A file is one statement that
//! changes a bounded number of rows, and finds none when it has changed all. It is run until then, each time in a
//! transaction of its own: nobody waits long, and whatever interrupts it leaves it where it was.

use anyhow::{Context as _, anyhow, bail};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Source,
    ledger::{self, Entry, Ledger},
    patience::{database_error, is_lock_lost, patiently},
    source::digest,
};

/// More than any file needs: one that never finds nothing would run for ever.
const BATCHES: usize = 1_000_000;

/// Answers how many rows each file has changed. Where functions or policies `are_new`, upkeep is told since when: rows that were
/// written by older transactions than `lectern.applied_at` may follow from what held before.
pub(super) async fn change(
    owner: &mut PgConnection,
    platform: &mut PgConnection,
    source: &Source,
    ledger: &mut Ledger,
    are_new: bool,
) -> anyhow::Result<Vec<(String, u64)>> {
    let mut changed = Vec::new();
    for (file, sql) in &source.data {
        let mut entry = match ledger.get(file) {
            Some(entry) if entry.finished && entry.digest == digest([sql.as_str()]) => continue,
            Some(entry) if entry.finished => bail!("{file} was edited after it had run: a data migration is never edited, write another"),
            Some(entry) => entry.clone(),
            None => Entry { file: file.clone(), changed: Some(0), ..Entry::default() },
        };
        entry.digest = digest([sql.as_str()]);
        let mut total = entry.changed.unwrap_or_default();
        for batch in 0.. {
            let rows = run(platform, file, sql, batch)
                .await
                .with_context(|| format!("it had changed {total} rows, which is kept: the next migrate goes on from there"))?;
            total += i64::try_from(rows)?;
            entry = Entry { changed: Some(total), finished: rows == 0, ..entry };
            ledger::write(owner, &entry).await?;
            if rows == 0 {
                break;
            }
        }
        changed.push((file.clone(), u64::try_from(total)?));
        ledger.insert(file.clone(), entry);
    }
    if are_new {
        let now = "SELECT set_config('lectern.applied_at', pg_current_xact_id()::text, false)";
        sqlx::raw_sql(now).execute(&mut *platform).await?;
    }
    for (file, sql) in &source.upkeep {
        let mut total = 0;
        for batch in 0.. {
            match run(platform, file, sql, batch).await? {
                0 => break,
                rows => total += rows,
            }
        }
        changed.push((file.clone(), total));
    }
    changed.retain(|(_, rows)| *rows > 0);
    Ok(changed)
}

/// One batch.
async fn run(platform: &mut PgConnection, file: &str, sql: &str, batch: usize) -> anyhow::Result<u64> {
    if batch == BATCHES {
        bail!("{file} does not come to an end: its statement must leave out the rows that it has changed");
    }
    let statement = async || {
        // As a prepared statement: of several PostgreSQL would answer the rows of the last one only.
        Ok(sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut *platform).await?.rows_affected())
    };
    let done = patiently(statement).await;
    // What a file refuses in words for the operator is said once, and as it is.
    let refused = |error: anyhow::Error| match database_error(&error) {
        Some(refusal) if !is_lock_lost(&error) => anyhow!("{}", refusal.message()),
        _ => error,
    };
    done.map_err(refused).with_context(|| format!("{file} can't change rows"))
}
