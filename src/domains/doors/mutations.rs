//! Checking people in.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    CheckIn,
    inputs::{CheckInInput, Scans},
    sql,
};
use crate::domains::programs::Program;

/// Mutations of doors.
pub struct DoorMutations;

#[mutations("CheckIn")]
impl DoorMutations {
    /// Writes down what a device has scanned at a door of a program, online or hours later, and says of each scan whether it lets somebody in: an answer for
    /// each, in the order of the scans. A scan that was sent before is answered as it is. They count in the order in which they were made; of a ticket that was
    /// scanned at several doors the scan that arrives first is ADMITTED, the others are DUPLICATE.
    #[needs(AttendeeCheckIn)]
    async fn check_in(
        ctx: &Context<'_>,
        /// The scans.
        input: CheckInInput,
    ) -> Result<Vec<Loaded<CheckIn>>> {
        let program = Id::<Program>::parse("programId", &input.program_id)?;
        let Scans { clients, hashes, moments, stations } = Scans::check(input.scans, ctx.now())?;
        let written = ctx.rows::<CheckIn>(sql::CHECK_IN, &[&program, &clients, &hashes, &moments, &stations]).await;
        Ok(written.on_constraint("check_in_program", |_| Error::not_found("program").field("programId"))?)
    }
}
