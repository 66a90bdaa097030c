//! The codes of tickets, of schools that come with their tickets and without their codes.

use lectern_kernel::{error::Error, sealing::Sealer};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domains::orders;

/// Gives all tickets of a school codes of a new key, which the school must not have yet: how many. Without tickets there is no key, for the first order brings one.
///
/// # Errors
/// When the database refuses, or the system gives no randomness.
pub(super) async fn give_codes(connection: &mut PgConnection, sealer: &Sealer, tenant: Uuid) -> anyhow::Result<usize> {
    let said = |error: Error| anyhow::anyhow!("{}", error.for_operator());
    let tickets: Vec<(Uuid, i32)> =
        sqlx::query_as("SELECT id, generation FROM ticket WHERE tenant_id = $1").bind(tenant).fetch_all(&mut *connection).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    let sealed = orders::sealed_ticket_key(sealer, tenant).map_err(said)?;
    sqlx::query("INSERT INTO ticket_key (tenant_id, sealed) VALUES ($1, $2)").bind(tenant).bind(&sealed).execute(&mut *connection).await?;
    let hash = |(ticket, generation): &(Uuid, i32)| orders::code_hash(sealer, tenant, &sealed, *ticket, *generation);
    let hashes: Vec<Vec<u8>> = tickets.iter().map(hash).collect::<Result<_, _>>().map_err(said)?;
    let ids: Vec<Uuid> = tickets.into_iter().map(|(ticket, _)| ticket).collect();
    let count = ids.len();
    sqlx::query(
        "UPDATE ticket t SET code_hash = c.hash FROM unnest($2::uuid[], $3::bytea[]) AS c(id, hash) WHERE t.tenant_id = $1 AND t.id = c.id",
    )
    .bind(tenant)
    .bind(ids)
    .bind(hashes)
    .execute(connection)
    .await?;
    Ok(count)
}
