//! Lists of scans: their filter.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::DateTime,
};

use super::CheckInOutcome;
use crate::domains::{orders::Ticket, programs::Program};

/// Which scans.
#[derive(InputObject, Default, Clone)]
pub struct CheckInFilter {
    /// At doors of this program.
    pub program_id: Option<ID>,
    /// Of this ticket.
    pub ticket_id: Option<ID>,
    /// With one of these outcomes.
    pub outcomes: Option<Vec<CheckInOutcome>>,
    /// Made at this moment or later.
    pub from: Option<DateTime>,
    /// Made before this moment; must be later than `from`.
    pub to: Option<DateTime>,
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("SCANNED_AT", "ck.scanned_at"), id: "ck.id", descending: true };

impl CheckInFilter {
    /// Narrows a list of scans.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!("ck.program_id = {program}"));
        }
        if let Some(ticket) = Id::<Ticket>::parse_opt("filter.ticketId", self.ticket_id.as_ref())? {
            let ticket = list.bind(ticket);
            list.filter(format!("ck.ticket_id = {ticket}"));
        }
        if let Some(outcomes) = &self.outcomes {
            let outcomes = list.bind(outcomes.clone());
            list.filter(format!("ck.outcome = ANY ({outcomes})"));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to <= from
        {
            return Err(Error::bad_input("filter.to", "must be later than `from`"));
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("ck.scanned_at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("ck.scanned_at < {to}"));
        }
        Ok(())
    }
}
