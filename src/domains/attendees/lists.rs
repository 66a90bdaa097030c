//! Lists of attendees: their filter.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    permission::Permission::{ApplicationManage, ApplicationReadAll, ApplicationReview, AttendeeCheckIn},
    resolve::{Ctx, list_of, text},
};

use super::{
    Attendee,
    attendee::{AttendeeKind, BY_NAME},
};
use crate::domains::{applications::Application, programs::Program};

/// Which attendees.
#[derive(InputObject, Default, Clone)]
pub struct AttendeeFilter {
    /// Of this program.
    pub program_id: Option<ID>,
    /// Of this application.
    pub application_id: Option<ID>,
    /// That come in one of these ways.
    pub kinds: Option<Vec<AttendeeKind>>,
    /// Whether they hold a paid ticket.
    pub has_ticket: Option<bool>,
    /// Whether a ticket of theirs was admitted.
    pub checked_in: Option<bool>,
    /// Beginnings of words in their names, and in their addresses where you see these; whatever their case and accents.
    pub search: Option<String>,
}

impl AttendeeFilter {
    /// Narrows a list of attendees.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        let program = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())?.map(|program| list.bind(program));
        if let Some(program) = &program {
            list.filter(format!("ae.program_id = {program}"));
        }
        if let Some(application) = Id::<Application>::parse_opt("filter.applicationId", self.application_id.as_ref())? {
            let application = list.bind(application);
            list.filter(format!("ae.application_id = {application}"));
        }
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.clone());
            list.filter(format!("ae.kind = ANY ({kinds})"));
        }
        if let Some(has_ticket) = self.has_ticket {
            list.filter(if has_ticket { "ae.issued_tickets > 0" } else { "ae.issued_tickets = 0" });
        }
        if let Some(is_in) = self.checked_in {
            // By a function, as `checkedInAt` is: who sees an attendee need not see the tickets. Compared, so that it is no join, and names keep their order.
            let program = program.as_deref().unwrap_or("NULL");
            list.filter(format!("(ae.id IN (SELECT found_.id FROM app.admitted_attendees({program}) AS found_(id))) = {is_in}"));
        }
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("ae.id", &format!("app.search_attendee({search})"));
        }
        Ok(())
    }
}

/// The attendees that the actor sees, by name: what the policy says, in terms that use an index.
///
/// # Errors
/// `UNAUTHENTICATED` where nobody is signed in.
pub fn seen(ctx: &Context<'_>) -> Result<List> {
    let mut list = list_of::<Attendee>("attendees", BY_NAME);
    let actor = ctx.actor()?;
    if !actor.can(ApplicationReadAll) && !actor.can(ApplicationManage) {
        if actor.can(AttendeeCheckIn) || actor.can(ApplicationReview) {
            // What leaks nothing is asked before the policy is.
            let me = list.bind(actor.user);
            list.filter(format!(
                "(ae.issued_tickets > 0 OR ae.user_id = {me} OR ae.program_id = ANY (ARRAY(SELECT app.reviewed_programs())) \
                 OR ae.application_id = ANY (ARRAY(SELECT app.own_applications())))"
            ));
        } else {
            list.filter("ae.id = ANY (ARRAY(SELECT app.my_attendees()))");
        }
    }
    Ok(list)
}
