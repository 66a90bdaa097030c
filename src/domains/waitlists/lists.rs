//! Lists of who waits: their filter.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id};

use super::entry::WaitlistStatus;
use crate::domains::{group_sessions::GroupSession, identity::User, slots::BookingType};

/// Who waits.
#[derive(InputObject, Default, Clone)]
pub struct WaitlistFilter {
    /// In one of these states.
    pub statuses: Option<Vec<WaitlistStatus>>,
    /// For this booking type, its sessions included.
    pub booking_type_id: Option<ID>,
    /// For a seat of this group session.
    pub group_session_id: Option<ID>,
    /// This learner.
    pub learner_id: Option<ID>,
}

impl WaitlistFilter {
    /// Narrows a list of entries.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("w.status = ANY ({statuses})"));
        }
        if let Some(of) = Id::<BookingType>::parse_opt("filter.bookingTypeId", self.booking_type_id.as_ref())? {
            let of = list.bind(of);
            list.filter(format!("w.booking_type_id = {of}"));
        }
        if let Some(session) = Id::<GroupSession>::parse_opt("filter.groupSessionId", self.group_session_id.as_ref())? {
            let session = list.bind(session);
            list.filter(format!("w.group_session_id = {session}"));
        }
        if let Some(learner) = Id::<User>::parse_opt("filter.learnerId", self.learner_id.as_ref())? {
            let learner = list.bind(learner);
            list.filter(format!("w.learner_id = {learner}"));
        }
        Ok(())
    }
}
