//! Lists of group sessions: filters.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    resolve::{DateTime, registry::Narrows},
};

use super::{GroupSession, session::GroupSessionStatus};
use crate::domains::{
    bookings::{LONGEST_BOOKING, overlap},
    identity::User,
    slots::BookingType,
};

/// Which group sessions.
#[derive(InputObject, Default, Clone)]
pub struct GroupSessionFilter {
    /// Of this booking type.
    pub booking_type_id: Option<ID>,
    /// That this instructor takes.
    pub instructor_id: Option<ID>,
    /// That last beyond this moment.
    pub from: Option<DateTime>,
    /// That begin before this moment; must be later than `from`.
    pub to: Option<DateTime>,
    /// In one of these states.
    pub statuses: Option<Vec<GroupSessionStatus>>,
    /// Whether a seat is left; of those that take place. Left out: any.
    pub has_seats: Option<bool>,
}

impl GroupSessionFilter {
    /// Narrows a list of sessions.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        overlap(list, "gs", self.from, self.to, LONGEST_BOOKING)?;
        if let Some(of) = Id::<BookingType>::parse_opt("filter.bookingTypeId", self.booking_type_id.as_ref())? {
            let of = list.bind(of);
            list.filter(format!("gs.booking_type_id = {of}"));
        }
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.filter(format!("gs.instructor_id = {instructor}"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("gs.status = ANY ({statuses})"));
        }
        if let Some(has_seats) = self.has_seats {
            list.filter("gs.status = 'SCHEDULED'");
            if has_seats {
                list.among("gs.id", "app.sessions_with_seats()");
            } else {
                list.filter("gs.id NOT IN (SELECT app.sessions_with_seats())");
            }
        }
        Ok(())
    }
}

/// Which bookings, by their session.
#[derive(InputObject, Default, Clone)]
pub struct SeatFilter {
    /// Seats of this group session.
    pub group_session_id: Option<ID>,
}

impl Narrows for SeatFilter {
    fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(session) = Id::<GroupSession>::parse_opt("filter.groupSessionId", self.group_session_id.as_ref())? {
            let session = list.bind(session);
            list.filter(format!("b.group_session_id = {session}"));
        }
        Ok(())
    }
}
