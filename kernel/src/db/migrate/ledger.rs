//! What was applied: one row a file, in a table that only lectern_owner may touch.

use std::collections::BTreeMap;

use sqlx::PgConnection;

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS public.lectern_applied (
    file        text PRIMARY KEY,
    digest      text NOT NULL,             -- of the file's text
    makes       text[] NOT NULL DEFAULT '{}', -- the things that the file made
    state       text NOT NULL DEFAULT '',  -- the digest of what these were when it had made them
    changed     bigint,                    -- rows, where it is a data migration
    finished    boolean NOT NULL DEFAULT true,
    applied_at  timestamptz NOT NULL DEFAULT now()
)";

/// What is known of a file.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) digest: String,
    pub(super) makes: Vec<String>,
    pub(super) state: String,
    pub(super) changed: Option<i64>,
    pub(super) finished: bool,
}

/// By file.
pub(super) type Ledger = BTreeMap<String, Entry>;

/// Reads it; there is none in a database that an older binary migrated.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Ledger> {
    sqlx::raw_sql(TABLE).execute(&mut *connection).await?;
    let entries: Vec<Entry> =
        sqlx::query_as("SELECT file, digest, makes, state, changed, finished FROM public.lectern_applied").fetch_all(connection).await?;
    Ok(entries.into_iter().map(|entry| (entry.file.clone(), entry)).collect())
}

pub(super) async fn write(connection: &mut PgConnection, entry: &Entry) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO public.lectern_applied (file, digest, makes, state, changed, finished) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (file) DO UPDATE SET digest = excluded.digest, makes = excluded.makes, state = excluded.state, \
             changed = excluded.changed, finished = excluded.finished, applied_at = now()",
    )
    .bind(&entry.file)
    .bind(&entry.digest)
    .bind(&entry.makes)
    .bind(&entry.state)
    .bind(entry.changed)
    .bind(entry.finished)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn forget(connection: &mut PgConnection, files: &[&str]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM public.lectern_applied WHERE file = ANY ($1)").bind(files).execute(connection).await?;
    Ok(())
}
