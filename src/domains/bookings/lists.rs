//! Lists of bookings and availability: filters and orders.

use async_graphql::{ID, InputObject};
use jiff::Timestamp;
use lectern_kernel::{
    auth::Actor,
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{DateTime, Orders, list_of, registry::OrderValue},
};

use super::{
    Booking, BookingOutcome, BookingStatus,
    inputs::{LONGEST_AVAILABILITY, LONGEST_BOOKING},
    span::Span,
    sql,
};
use crate::domains::{identity::User, resources::Resource, slots::BookingType};

/// Which bookings.
#[derive(InputObject, Default, Clone)]
pub struct BookingFilter {
    /// That last beyond this moment.
    pub from: Option<DateTime>,
    /// That begin before this moment; must be later than `from`.
    pub to: Option<DateTime>,
    /// In one of these states.
    pub statuses: Option<Vec<BookingStatus>>,
    /// To which this instructor is assigned.
    pub instructor_id: Option<ID>,
    /// For which this instructor was wished.
    pub requested_instructor_id: Option<ID>,
    /// Of this learner.
    pub student_id: Option<ID>,
    /// That take this resource.
    pub resource_id: Option<ID>,
    /// Of this booking type.
    pub booking_type_id: Option<ID>,
    /// Of which one of these became.
    pub outcomes: Option<Vec<BookingOutcome>>,
    /// Whether the request has waited too long for its answer.
    pub is_escalated: Option<bool>,
}

/// What bookings are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct BookingOrders;

impl Orders for BookingOrders {
    const OF: &'static str = "Booking";
    const WHAT: &'static str = "bookings";
    const KEYS: &'static [OrderValue] = &[
        ("STARTS_AT", "By when they begin.", SortKey::moment("STARTS_AT", "b.starts_at")),
        ("CREATED_AT", "By when they were requested.", SortKey::moment("CREATED_AT", "b.created_at")),
    ];
    const ID: &'static str = "b.id";
    const DEFAULT: (usize, bool) = (0, false);
}

/// Which availability.
#[derive(InputObject, Default, Clone)]
pub struct AvailabilityFilter {
    /// Of this instructor.
    pub instructor_id: Option<ID>,
    /// Of this resource; left out, instructors' alone.
    pub resource_id: Option<ID>,
    /// That lasts beyond this moment.
    pub from: Option<DateTime>,
    /// That begins before this moment; must be later than `from`.
    pub to: Option<DateTime>,
}

/// The resources of a booking, in the order in which they were named.
pub const BY_PLACE: Order = Order { key: SortKey::whole("PLACE", "l.place"), id: "re.id", descending: false };

/// Availability stands in the order of its start.
pub const BY_START: Order = Order { key: SortKey::moment("STARTS_AT", "a.starts_at"), id: "a.id", descending: false };

/// The bookings that the actor sees, as `b`.
pub fn booking_list(name: &'static str, order: Order, actor: &Actor) -> List {
    let mut list = list_of::<Booking>(name, order);
    if !actor.can(Permission::BookingReadAll) {
        let me = list.bind(actor.user);
        list.filter(sql::own(&me));
    }
    list
}

/// What overlaps a range, open at either end: `alias.starts_at < to AND alias.ends_at > from`, in operators that may use an
/// index under row security, with a lower bound for its scan where spans have a longest length.
///
/// # Errors
/// `BAD_USER_INPUT` for a range that holds no time.
pub fn overlap(list: &mut List, alias: &str, from: Option<DateTime>, to: Option<DateTime>, longest: jiff::SignedDuration) -> Result<()> {
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(Error::bad_input("filter.to", "must be later than `from`"));
    }
    if let Some(to) = to {
        let to = list.bind(to);
        list.filter(format!("{alias}.starts_at < {to}"));
    }
    if let Some(from) = from {
        let (from, earliest) = (list.bind(from), list.bind(from.0 - longest));
        list.filter(format!("{alias}.ends_at > {from} AND {alias}.starts_at > {earliest}"));
    }
    Ok(())
}

impl BookingFilter {
    /// Narrows a list of bookings.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        overlap(list, "b", self.from, self.to, LONGEST_BOOKING)?;
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("b.status = ANY ({statuses})"));
        }
        for (field, column, id) in [
            ("filter.instructorId", "instructor_id", &self.instructor_id),
            ("filter.requestedInstructorId", "requested_instructor_id", &self.requested_instructor_id),
            ("filter.studentId", "student_id", &self.student_id),
        ] {
            if let Some(person) = Id::<User>::parse_opt(field, id.as_ref())? {
                let person = list.bind(person);
                list.filter(format!("b.{column} = {person}"));
            }
        }
        if let Some(resource) = Id::<Resource>::parse_opt("filter.resourceId", self.resource_id.as_ref())? {
            let resource = list.bind(resource);
            list.filter(sql::with_resource(&resource));
        }
        if let Some(kind) = Id::<BookingType>::parse_opt("filter.bookingTypeId", self.booking_type_id.as_ref())? {
            let kind = list.bind(kind);
            list.filter(format!("b.booking_type_id = {kind}"));
        }
        if let Some(outcomes) = &self.outcomes {
            let outcomes = list.bind(outcomes.clone());
            list.filter(format!("b.outcome = ANY ({outcomes})"));
        }
        match self.is_escalated {
            Some(true) => list.filter("b.escalated_at IS NOT NULL"),
            Some(false) => list.filter("b.escalated_at IS NULL"),
            None => {}
        }
        Ok(())
    }
}

impl AvailabilityFilter {
    /// Narrows a list of availability.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        overlap(list, "a", self.from, self.to, LONGEST_AVAILABILITY)?;
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.filter(format!("a.instructor_id = {instructor}"));
        }
        match Id::<Resource>::parse_opt("filter.resourceId", self.resource_id.as_ref())? {
            Some(resource) => {
                let resource = list.bind(resource);
                list.filter(format!("a.resource_id = {resource}"));
            }
            None => list.filter("a.resource_id IS NULL"),
        }
        Ok(())
    }
}

/// The lower bound of a scan for bookings that overlap a range.
pub fn earliest_booking(range: Span) -> Timestamp {
    range.start - LONGEST_BOOKING
}
