//! How far people come: from an application to the door.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    resolve::{Ctx, Date},
};
use lectern_macros::{object, resolvers};

use super::{Scope, money::zone, sql};
use crate::domains::reports::counts::{DayCount, int};

/// How far applications come. From `inReview` on: where they stand now.
#[object]
#[derive(Clone, Debug)]
pub struct ApplicationFunnel {
    /// All that were started.
    pub started: i32,
    /// Those of them that were ever submitted.
    pub submitted: i32,
    /// Those that wait for a decision.
    pub in_review: i32,
    /// Those that wait for a place, or hold an offer of one.
    pub waitlisted: i32,
    /// Those that are accepted.
    pub accepted: i32,
    /// Those that are rejected.
    pub rejected: i32,
    /// Those that are withdrawn.
    pub withdrawn: i32,
    /// Those with a PAID order that is no fee.
    pub paid: i32,
    /// Those of whose attendees somebody was let in.
    pub checked_in: i32,
}

/// With how many tickets somebody came, whatever the range.
#[object(resolvers)]
pub struct ProgramAttendance {
    /// Tickets that let somebody in: ISSUED ones.
    pub tickets: i32,
    /// Those of them with which somebody was let in.
    pub checked_in: i32,
    /// The share of them, 0 to 1, to four decimals; 0 without tickets.
    pub rate: f64,
    #[hidden]
    scope: Scope,
}

#[resolvers]
impl ProgramAttendance {
    /// How often somebody was let in in the range of `reports`, by date, in order; dates on which nobody was are left out. A ticket that admits daily counts on each
    /// day.
    #[cost(366)]
    async fn per_day(
        &self,
        ctx: &Context<'_>,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Vec<DayCount>> {
        let zone = zone(ctx, time_zone.as_deref())?;
        let Scope { range, program } = self.scope;
        let rows = ctx.tx().query(sql::ENTRY_DAYS, &[&range.from, &range.to, &program, &zone]).await;
        let rows = rows.on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))?;
        let days = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            let (date, count): (Date, i64) = (reader.next()?, reader.next()?);
            Ok(DayCount { date, count: int(count)? })
        });
        days.collect()
    }
}

pub async fn funnel(ctx: &Context<'_>, Scope { range, program }: Scope) -> Result<ApplicationFunnel> {
    let counts: Option<Vec<i64>> = ctx.tx().value(sql::FUNNEL, &[&range.from, &range.to, &program]).await?;
    let counts = counts.unwrap_or_default();
    let one = |place: usize| int(counts.get(place).copied().unwrap_or(0));
    Ok(ApplicationFunnel {
        started: one(0)?,
        submitted: one(1)?,
        in_review: one(2)?,
        waitlisted: one(3)?,
        accepted: one(4)?,
        rejected: one(5)?,
        withdrawn: one(6)?,
        paid: one(7)?,
        checked_in: one(8)?,
    })
}

pub async fn attendance(ctx: &Context<'_>, scope: Scope) -> Result<ProgramAttendance> {
    let counts: Option<Vec<i64>> = ctx.tx().value(sql::ATTENDANCE, &[&scope.program]).await?;
    let counts = counts.unwrap_or_default();
    let one = |place: usize| int(counts.get(place).copied().unwrap_or(0));
    let (tickets, checked_in) = (one(0)?, one(1)?);
    let rate = (f64::from(checked_in) / f64::from(tickets.max(1)) * 10_000.0).round() / 10_000.0;
    Ok(ProgramAttendance { tickets, checked_in, rate, scope })
}
