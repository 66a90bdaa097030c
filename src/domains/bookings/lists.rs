//! Lists of bookings and availability: filters, orders, and what is read along.

use async_graphql::{Context, Enum, ID, InputObject};
use jiff::Timestamp;
use lectern_kernel::{
    auth::Actor,
    db::{ColumnReader, DbError, List, Order, Record, SortKey, select},
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, DateTime, OrderDirection},
};

use super::{
    Availability, Booking, BookingStatus,
    inputs::{LONGEST_AVAILABILITY, LONGEST_BOOKING},
    span::Span,
    sql,
};
use crate::domains::{courses::Course, identity::User};

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
}

/// What bookings are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookingOrderField {
    /// By when they begin.
    StartsAt,
    /// By when they were requested.
    CreatedAt,
}

/// The order of a list of bookings.
#[derive(InputObject, Clone, Copy)]
pub struct BookingOrder {
    /// What to sort by.
    pub field: BookingOrderField,
    /// Which end comes first.
    pub direction: OrderDirection,
}

/// Which availability.
#[derive(InputObject, Default, Clone)]
pub struct AvailabilityFilter {
    /// Of this instructor.
    pub instructor_id: Option<ID>,
    /// That lasts beyond this moment.
    pub from: Option<DateTime>,
    /// That begins before this moment; must be later than `from`.
    pub to: Option<DateTime>,
}

/// A booking's place in a list, by default: by its start.
pub fn booking_order(order: Option<BookingOrder>) -> Order {
    let BookingOrder { field, direction } =
        order.unwrap_or(BookingOrder { field: BookingOrderField::StartsAt, direction: OrderDirection::Asc });
    let key = match field {
        BookingOrderField::StartsAt => SortKey::moment("STARTS_AT", "b.starts_at"),
        BookingOrderField::CreatedAt => SortKey::moment("CREATED_AT", "b.created_at"),
    };
    Order { key, id: "b.id", descending: direction == OrderDirection::Desc }
}

/// Availability stands in the order of its start.
pub const BY_START: Order = Order { key: SortKey::moment("STARTS_AT", "a.starts_at"), id: "a.id", descending: false };

/// The join that reads an availability's instructor along with it, as `i`.
pub const INSTRUCTOR_JOIN: &str = "LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = a.instructor_id";

/// The bookings that the actor sees, as `b`.
pub fn booking_list(name: &'static str, order: Order, actor: &Actor) -> List {
    let mut list = List::new::<Booking>(name, "booking", "b", order);
    if !actor.can(Permission::BookingReadAll) {
        let me = list.bind(actor.user);
        list.filter(sql::own(&me));
    }
    list
}

/// The availability of the school, as `a`.
pub fn availability_list(name: &'static str) -> List {
    List::new::<Availability>(name, "availability", "a", BY_START)
}

/// What overlaps a range, open at either end: `alias.starts_at < to AND alias.ends_at > from`, in operators that may use an
/// index under row security, with a lower bound for its scan where spans have a longest length.
fn overlap(list: &mut List, alias: &str, from: Option<DateTime>, to: Option<DateTime>, longest: jiff::SignedDuration) -> Result<()> {
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
        Ok(())
    }
}

/// Which people and courses are read along with bookings: those that the document asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct BookingJoins {
    student: bool,
    requested_instructor: bool,
    instructor: bool,
    course: bool,
    /// No more than the summary of each.
    summary: bool,
}

const STUDENT: &str = "LEFT JOIN app_user s ON s.tenant_id = $1 AND s.id = b.student_id";
const REQUESTED_INSTRUCTOR: &str = "LEFT JOIN app_user r ON r.tenant_id = $1 AND r.id = b.requested_instructor_id";
const INSTRUCTOR: &str = "LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = b.instructor_id";
const COURSE: &str = "LEFT JOIN course c ON c.tenant_id = $1 AND c.id = b.course_id AND c.deleted_at IS NULL";

impl BookingJoins {
    /// What is asked for, by the names of the fields.
    pub fn new(selects: impl Fn(&str) -> bool) -> Self {
        BookingJoins {
            student: selects("student"),
            requested_instructor: selects("requestedInstructor"),
            instructor: selects("instructor"),
            course: selects("course"),
            summary: false,
        }
    }

    /// What is asked for in the nodes of the connection that is being resolved.
    pub fn of_nodes(ctx: &Context<'_>) -> Self {
        BookingJoins { summary: Booking::SUMMARY_FIELDS.covers_nodes(ctx), ..Self::new(|child| ctx.selects_in_nodes(child)) }
    }

    /// What is asked for of the booking that is being resolved.
    pub fn of_one(ctx: &Context<'_>) -> Self {
        Self::new(|child| ctx.selects(child))
    }

    /// Joins them to a list of bookings as `b`; its rows are then read by [`BookingJoins::read`].
    pub fn add_to(self, list: &mut List) {
        if self.student {
            list.join::<User>(STUDENT, "s");
        }
        if self.requested_instructor {
            list.join::<User>(REQUESTED_INSTRUCTOR, "r");
        }
        if self.instructor {
            list.join::<User>(INSTRUCTOR, "i");
        }
        if self.course {
            list.join::<Course>(COURSE, "c");
        }
        list.summary_only(self.summary);
    }

    /// A statement that reads bookings as `b` and what is joined to them.
    pub fn statement(self, conditions: &str) -> String {
        format!("{} WHERE b.tenant_id = $1 AND {conditions}", self.select_from("booking b"))
    }

    /// A statement that changes bookings as `b`, and reads those changed with what is joined to them.
    pub fn returning(self, change: &str) -> String {
        format!("WITH b AS ({change} RETURNING {}) {}", select::<Booking>("b"), self.select_from("b"))
    }

    fn select_from(self, bookings: &str) -> String {
        let joined = [
            (self.student, STUDENT, select::<User>("s")),
            (self.requested_instructor, REQUESTED_INSTRUCTOR, select::<User>("r")),
            (self.instructor, INSTRUCTOR, select::<User>("i")),
            (self.course, COURSE, select::<Course>("c")),
        ];
        let (mut columns, mut from) = (select::<Booking>("b"), bookings.to_owned());
        for (_, join, selected) in joined.iter().filter(|(wanted, ..)| *wanted) {
            columns = format!("{columns}, {selected}");
            from = format!("{from} {join}");
        }
        format!("SELECT {columns} FROM {from}")
    }

    /// Reads a booking and what is joined to it out of one row.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    pub fn read(self, reader: &mut ColumnReader<'_>) -> Result<Booking, DbError> {
        let mut booking = Booking::read(reader)?;
        if self.student {
            booking.joined_student = Some(User::read_joined(reader)?);
        }
        if self.requested_instructor {
            booking.joined_requested_instructor = Some(User::read_joined(reader)?);
        }
        if self.instructor {
            booking.joined_instructor = Some(User::read_joined(reader)?);
        }
        if self.course {
            booking.joined_course = Some(Course::read_joined(reader)?);
        }
        Ok(booking)
    }
}

/// The lower bound of a scan for bookings that overlap a range.
pub fn earliest_booking(range: Span) -> Timestamp {
    range.start - LONGEST_BOOKING
}

/// The lower bound of a scan for availability that overlaps a range.
pub fn earliest_availability(range: Span) -> Timestamp {
    range.start - LONGEST_AVAILABILITY
}
