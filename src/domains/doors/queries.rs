//! Reading what was scanned, and what may come.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, filtered, list_of, page},
};
use lectern_macros::queries;

use super::{
    CheckIn,
    lists::{CheckInFilter, LATEST},
    roster::{CheckInRoster, CheckInRosterEntry, OLDEST},
};
use crate::domains::programs::Program;

/// Queries of doors.
pub struct DoorQueries;

#[queries]
impl DoorQueries {
    /// What was scanned at doors, also in vain: the latest scan first.
    #[needs(AttendeeCheckIn, ApplicationReadAll)]
    async fn check_ins(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which scans.
        filter: Option<CheckInFilter>,
    ) -> Result<Option<Connection<CheckIn>>> {
        let mut list = list_of::<CheckIn>("checkIns", LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<CheckInFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// The tickets of a program that let somebody in (ISSUED), for a door without network: the oldest first, so that a device may go on after the last that it
    /// knows. A code is real where its hash is among them.
    #[needs(AttendeeCheckIn)]
    async fn check_in_roster(
        ctx: &Context<'_>,
        /// The program.
        program_id: Id<Program>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Option<Connection<CheckInRosterEntry, CheckInRoster>>> {
        let mut list = list_of::<CheckInRosterEntry>("checkInRoster", OLDEST);
        let program = list.bind(program_id);
        list.filter(format!("ro.program_id = {program} AND ro.status = 'ISSUED'"));
        page(ctx, list, paging).await.map(|page| Some(page.named()))
    }
}
