//! How much there is to do, of all schools: for whoever watches the service.

use futures_util::future::try_join_all;

use super::{JobLane, statements, worker::of_no_school};
use crate::db::{DbError, Mode, Opening, Pool, Tx};

/// What a lane has to do.
#[derive(Debug, Clone, Copy)]
pub struct JobFigures {
    /// The lane.
    pub lane: JobLane,
    /// Jobs that may run now, counted as far as 100,000.
    pub due: i64,
    /// Jobs whose time has not come, counted as far as 100,000.
    pub later: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that have failed for good and are kept for a while, counted as far as 100,000.
    pub dead: i64,
    /// How long the oldest that may run has waited, in seconds; 0 where none does.
    pub oldest: f64,
}

/// Asks the database; where schools are spread over several, each of them: there is as much to do as in all together.
///
/// # Errors
/// When one can't be reached.
pub async fn figures(pool: &Pool) -> Result<Vec<JobFigures>, DbError> {
    let Some(shards) = pool.shards() else { return figures_of_one(pool).await };
    let mut all: Vec<JobFigures> = Vec::new();
    for figures in try_join_all(shards.pools().iter().map(figures_of_one)).await?.into_iter().flatten() {
        match all.iter_mut().find(|sum| sum.lane == figures.lane) {
            None => all.push(figures),
            Some(sum) => {
                sum.due += figures.due;
                sum.later += figures.later;
                sum.running += figures.running;
                sum.dead += figures.dead;
                sum.oldest = sum.oldest.max(figures.oldest);
            }
        }
    }
    Ok(all)
}

async fn figures_of_one(pool: &Pool) -> Result<Vec<JobFigures>, DbError> {
    let opening = Opening { mode: Mode::Read, ..of_no_school() };
    let (tx, rows) = Tx::open_asking(pool, &opening, statements::FIGURES, &[]).await?;
    tx.end_read();
    rows.iter()
        .map(|row| {
            Ok(JobFigures {
                lane: row.try_get(0)?,
                due: row.try_get(1)?,
                later: row.try_get(2)?,
                running: row.try_get(3)?,
                dead: row.try_get(4)?,
                oldest: row.try_get(5)?,
            })
        })
        .collect()
}
