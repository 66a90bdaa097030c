//! What the database says of bytes that are asked for by an address: asked for each request, so that an address ends with what it names.

use uuid::Uuid;

use crate::db::{ActorKind, ColumnReader, DbError, Identity, Mode, Opening, Pool, Tx};

/// A file that is about to be served.
#[derive(Debug, Clone)]
pub struct ServedFile {
    /// The key of its object.
    pub object: String,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256: 64 hex digits.
    pub sha256: String,
    /// Whether anybody may have it.
    pub is_public: bool,
    /// Whether the school's subscription runs.
    pub is_subscribed: bool,
}

/// An upload whose bytes may come.
#[derive(Debug, Clone, Copy)]
pub struct OpenUpload {
    /// Whether the school's subscription runs.
    pub is_subscribed: bool,
}

/// A file of a school; none where there is none.
///
/// # Errors
/// When the database can't be asked.
pub async fn served_file(pool: &Pool, tenant: Uuid, file: Uuid, correlation_id: &str) -> Result<Option<ServedFile>, DbError> {
    let tx = open(pool, tenant, correlation_id).await?;
    let sql = "SELECT object, name, content_type, size, sha256, is_public, subscribed FROM app.served_file($2) WHERE app.tenant_id() = $1";
    let rows = tx.query(sql, &[&file]).await?;
    tx.end_read();
    let Some(row) = rows.first() else { return Ok(None) };
    let mut reader = ColumnReader::new(row);
    Ok(Some(ServedFile {
        object: reader.next()?,
        name: reader.next()?,
        content_type: reader.next()?,
        size: reader.next::<i64>()?.unsigned_abs(),
        sha256: reader.next()?,
        is_public: reader.next()?,
        is_subscribed: reader.next()?,
    }))
}

/// The school of a public file; none where there is no such file, or it is not public.
///
/// # Errors
/// When the database can't be asked.
pub async fn school_of_public_file(pool: &Pool, file: Uuid, correlation_id: &str) -> Result<Option<Uuid>, DbError> {
    const OF: &str = "SELECT app.school_of_public_file($2) WHERE app.tenant_id() = $1";
    if let Some(shards) = pool.shards() {
        return shards.holder(OF, &[&file]).await;
    }
    let tx = open(pool, Uuid::nil(), correlation_id).await?;
    let school = tx.value::<Option<Uuid>>(OF, &[&file]).await?;
    tx.end_read();
    Ok(school.flatten())
}

/// An upload of a school; none where there is none, or its bytes may not come any more.
///
/// # Errors
/// When the database can't be asked.
pub async fn open_upload(pool: &Pool, tenant: Uuid, upload: Uuid, correlation_id: &str) -> Result<Option<OpenUpload>, DbError> {
    let tx = open(pool, tenant, correlation_id).await?;
    let rows = tx.query("SELECT subscribed FROM app.open_upload($2) WHERE app.tenant_id() = $1", &[&upload]).await?;
    tx.end_read();
    rows.first().map(|row| Ok(OpenUpload { is_subscribed: row.try_get(0)? })).transpose()
}

/// A transaction of a school in which nobody is signed in.
async fn open(pool: &Pool, tenant: Uuid, correlation_id: &str) -> Result<std::sync::Arc<Tx>, DbError> {
    let identity = Identity { tenant, ..Identity::default() };
    Ok(Tx::open(pool, &Opening { mode: Mode::Read, identity, correlation_id, actors: &ActorKind::TENANT }).await?.0)
}
