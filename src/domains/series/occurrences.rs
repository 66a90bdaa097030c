//! When a series takes place: the dates of its rule by the clock of its zone, which the database resolves as it resolves weekly rules.

use jiff::{SignedDuration, Timestamp, civil};
use lectern_kernel::{
    db::{DbError, OnConstraint, Tx},
    error::{Error, Result},
    resolve::Date,
};

use super::{
    recurrence::{MOST, Recurrence, bad, too_many},
    sql,
};
use crate::domains::bookings::Span;

/// What an input says of when something comes again.
pub struct Repeated {
    /// The rule.
    pub recurrence: Recurrence,
    /// Dates that are left out.
    pub excluded: Vec<civil::Date>,
    /// By whose clock.
    pub zone: String,
}

/// What a zone's clock shows at a moment.
///
/// # Errors
/// `BAD_USER_INPUT` for a zone that the database does not know.
pub async fn wall_time(tx: &Tx, zone: &str, moment: Timestamp) -> Result<civil::DateTime> {
    let wall = tx.value::<civil::DateTime>(sql::WALL_TIME, &[&zone, &moment]).await;
    let wall = wall.on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))?;
    wall.ok_or_else(|| Error::internal("a moment without a time"))
}

/// The moments at which a zone's clock first shows these times, or has passed them.
///
/// # Errors
/// When the database can't be asked.
pub async fn moments(tx: &Tx, zone: &str, walls: &[civil::DateTime]) -> Result<Vec<Timestamp>> {
    let rows = tx.query(sql::MOMENTS, &[&zone, &walls]).await?;
    Ok(rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_, DbError>>()?)
}

impl Repeated {
    /// Reads what an input says; at most 52 dates are left out, each once.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn read(recurrence: &str, excluded: Option<&[Date]>, zone: String) -> Result<Repeated> {
        let recurrence = Recurrence::parse(recurrence)?;
        let excluded: Vec<civil::Date> = excluded.unwrap_or_default().iter().map(|date| date.0).collect();
        if excluded.len() > MOST {
            return Err(Error::bad_input("excludedDates", format!("must hold at most {MOST} dates")));
        }
        Ok(Repeated { recurrence, excluded, zone })
    }

    /// Its occurrences, without those that are left out.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: BAD_RECURRENCE where `start` is not the first, TOO_MANY_OCCURRENCES, a date that is left out and is none of them.
    pub async fn spans(&self, tx: &Tx, start: Timestamp, length: SignedDuration) -> Result<Vec<Span>> {
        let first = wall_time(tx, &self.zone, start).await?;
        let mut dates = self.recurrence.dates(first.date())?;
        let walls: Vec<civil::DateTime> = dates.iter().map(|date| date.to_datetime(first.time())).collect();
        let mut starts = moments(tx, &self.zone, &walls).await?;
        if let Some(last) = self.recurrence.last_moment() {
            let kept = starts.iter().filter(|start| **start <= last).count();
            starts.truncate(kept);
            dates.truncate(kept);
        }
        if starts.first() != Some(&start) {
            return Err(bad("must have `startsAt` as its first occurrence"));
        }
        if dates.len() > MOST || dates.last().is_some_and(|last| first.date().until(*last).is_ok_and(|between| between.get_days() > 366)) {
            return Err(too_many());
        }
        for (place, excluded) in self.excluded.iter().enumerate() {
            if !dates.contains(excluded) || self.excluded[..place].contains(excluded) {
                return Err(Error::bad_input(format!("excludedDates.{place}"), "must be a date of the recurrence, each once"));
            }
        }
        let kept = dates.iter().zip(starts).filter(|(date, _)| !self.excluded.contains(date));
        let spans: Vec<Span> = kept.map(|(_, start)| Span { start, end: start + length }).collect();
        if spans.is_empty() { Err(Error::bad_input("excludedDates", "must leave an occurrence")) } else { Ok(spans) }
    }
}
