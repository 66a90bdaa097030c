//! Makes the jobs that come by themselves. Every worker does; the key of a job is its slot, so that each is made once.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    statements,
    worker::{Shared, of_no_school},
};
use crate::{
    clock,
    db::{DbError, Identity, Opening, Tx},
};

/// Slots that began so long before the tick before this are looked at again: clocks differ.
const MARGIN: Duration = Duration::from_secs(300);

/// Ticks until told to stop. The first tick makes up for the latest slot of each school, each later one looks at what has begun since.
pub(super) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = interval(shared.options.tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let scheduled: Vec<&str> = shared.kinds.iter().filter(|kind| kind.schedule.is_some()).map(|kind| kind.name).collect();
    let mut since = vec![Timestamp::UNIX_EPOCH; scheduled.len()];
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        for (kind, since) in scheduled.iter().zip(&mut since) {
            let now = clock::now();
            match tick(&shared, kind, *since, &stop).await {
                Ok(()) => *since = now - MARGIN,
                Err(error) => tracing::warn!(kind, reason = error.for_operator(), "what is due can't be scheduled now"),
            }
        }
    }
}

async fn tick(shared: &Shared, kind: &str, since: Timestamp, stop: &CancellationToken) -> Result<(), DbError> {
    let (tx, rows) = Tx::open_asking(&shared.pool, &of_no_school(), statements::DUE, &[&kind, &since]).await?;
    tx.commit().await?;
    for row in rows {
        if stop.is_cancelled() {
            return Ok(());
        }
        let (tenant, slot): (Uuid, Timestamp) = (row.try_get(0)?, row.try_get(1)?);
        let correlation = Uuid::now_v7().to_string();
        let opening = Opening { identity: Identity { tenant, ..Identity::default() }, correlation_id: &correlation, ..of_no_school() };
        let (tx, _) = Tx::open_asking(&shared.pool, &opening, statements::SCHEDULE, &[&kind, &slot]).await?;
        tx.commit().await?;
    }
    Ok(())
}
