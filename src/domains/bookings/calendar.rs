//! The calendar: bookings and what is left free, day by day in a time zone.

use async_graphql::{
    Context, Positioned, ServerResult, VisitorContext,
    parser::types::{Field, VariableDefinition},
};
use futures_util::try_join;
use jiff::civil;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Asked, Ctx, Date, DateTime, Loaded, Projection, Rows},
};
use lectern_macros::{object, queries};
use tokio_postgres::types::ToSql;

use super::{
    Booking,
    lists::earliest_booking,
    open::{Hours, Open, Whose, hours},
    span::{Span, days, shares},
    sql,
};
use crate::domains::{identity::User, resources::Resource, tenants};

/// Bookings and free time of a range, day by day.
#[object]
pub struct Calendar {
    /// One entry for each date of the time zone that the range touches, in order.
    pub days: Vec<CalendarDay>,
}

/// What one date of a calendar holds. Its day begins at midnight of the calendar's time zone, and has 23 or 25 hours where
/// the clocks change; of the first and the last day, only what lies within the range counts.
#[object]
pub struct CalendarDay {
    /// The date.
    pub date: Date,
    /// The bookings that you may see and that overlap this day, in the order of their start; a booking through midnight
    /// stands in both days. CANCELLED ones are left out.
    pub bookings: Vec<Loaded<Booking>>,
    /// When instructors are open, by weekly rules and availability less time off, and not busy, neither as instructors nor as learners nor by calendars that
    /// they keep elsewhere; or when the resource is open and not taken. In the order of the start, cut at midnight. The bookings of others that you don't see are taken off as well.
    pub free: Vec<TimeSlot>,
    /// Open time that can't be had, whatever takes it: your own bookings included, merged for each instructor or resource, in the order of the start, cut at
    /// midnight. Time off, and time at which nobody is open, is not in it.
    pub busy: Vec<BusyBlock>,
}

/// A span in which an instructor or a resource is free.
#[object]
pub struct TimeSlot {
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// Who is free; null in a resource's calendar.
    pub instructor: Option<Loaded<User>>,
    /// What is free; null in the calendar of instructors.
    pub resource: Option<Loaded<Resource>>,
}

/// A span that can't be had. It never says what takes it.
#[object]
pub struct BusyBlock {
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// Whose time it is; null in a resource's calendar.
    pub instructor: Option<Loaded<User>>,
    /// What is taken; null in the calendar of instructors.
    pub resource: Option<Loaded<Resource>>,
}

/// Days at most in one calendar.
const MAX_DAYS: i64 = 62;
/// Bookings, and pieces of open time, at most in one calendar.
pub(super) const MAX_ROWS: usize = 10_000;

/// What is asked for.
struct Plan {
    range: Span,
    days: Vec<(civil::Date, Span)>,
}

impl Plan {
    /// Checks the arguments.
    fn of(ctx: &Context<'_>, from: DateTime, to: DateTime, time_zone: Option<&str>) -> Result<Plan> {
        let range = Span::new(from.0, to.0).ok_or_else(|| Error::bad_input("to", "must be later than `from`"))?;
        let zone = tenants::time_zone(ctx, "timeZone", time_zone)?;
        if !range.has_days_at_most(MAX_DAYS, &zone) {
            return Err(Error::bad_input("to", format!("must be at most {MAX_DAYS} days after `from`")));
        }
        Ok(Plan { range, days: days(range, &zone)? })
    }

    /// The days, with what is booked and what is open in them.
    fn fill(&self, bookings: Vec<Loaded<Booking>>, hours: Hours) -> Result<Calendar> {
        let empty =
            |(date, _): &(civil::Date, Span)| CalendarDay { date: Date(*date), bookings: Vec::new(), free: Vec::new(), busy: Vec::new() };
        let mut calendar: Vec<CalendarDay> = self.days.iter().map(empty).collect();
        for booking in bookings {
            let (starts_at, ends_at) = (booking.get(Booking::COLUMNS.starts_at)?, booking.get(Booking::COLUMNS.ends_at)?);
            let span = Span { start: starts_at.0, end: ends_at.0 };
            for (day, _) in shares(&self.days, span) {
                calendar[day].bookings.push(booking.clone());
            }
        }
        for Open { whose: Whose { instructor, resource }, free, busy } in hours {
            for (day, share) in free.into_iter().flat_map(|span| shares(&self.days, span)) {
                let (starts_at, ends_at) = (DateTime(share.start), DateTime(share.end));
                calendar[day].free.push(TimeSlot { starts_at, ends_at, instructor: instructor.clone(), resource: resource.clone() });
            }
            for (day, share) in busy.into_iter().flat_map(|span| shares(&self.days, span)) {
                let (starts_at, ends_at) = (DateTime(share.start), DateTime(share.end));
                calendar[day].busy.push(BusyBlock { starts_at, ends_at, instructor: instructor.clone(), resource: resource.clone() });
            }
        }
        for day in &mut calendar {
            // Stable: those that begin together stay in the order of their instructors.
            day.free.sort_by_key(|slot| slot.starts_at);
            day.busy.sort_by_key(|block| block.starts_at);
        }
        Ok(Calendar { days: calendar })
    }
}

/// Days that a range touches, for the cost of a document before it is checked.
pub fn days_cost(
    ctx: &VisitorContext<'_>,
    variables: &[Positioned<VariableDefinition>],
    field: &Field,
    child: usize,
) -> ServerResult<usize> {
    let from: Option<DateTime> = ctx.param_value(variables, field, "from", None)?;
    let to: Option<DateTime> = ctx.param_value(variables, field, "to", None)?;
    let (Some(from), Some(to)) = (from, to) else { return Ok(child) };
    let days = usize::try_from(from.0.duration_until(to.0).as_hours() / 24 + 2).unwrap_or(1).min(64);
    Ok(days * child)
}

/// Queries of the calendar.
pub struct CalendarQueries;

#[queries]
impl CalendarQueries {
    /// Bookings, free and busy time of a range, day by day. BAD_USER_INPUT unless `to` is later than `from`, by 62 days at most;
    /// QUERY_TOO_COMPLEX for a range with more than 10,000 bookings: narrow it, or name an instructor.
    #[cost(days_cost)]
    async fn calendar(
        ctx: &Context<'_>,
        /// Where the range begins.
        from: DateTime,
        /// Where the range ends; at most 62 days later.
        to: DateTime,
        /// Only this instructor's time, the bookings that they are assigned to, and those that wish for them as long as nobody is.
        instructor_id: Option<Id<User>>,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Option<Calendar>> {
        let plan = Plan::of(ctx, from, to, time_zone.as_deref())?;
        let bookings = bookings(ctx, &plan, instructor_id.as_ref().map(|id| (id as &(dyn ToSql + Sync), sql::of_instructor as Condition)));
        let (bookings, hours) = try_join!(bookings, hours(ctx, plan.range, Asking::of(ctx), instructor_id))?;
        plan.fill(bookings, hours).map(Some)
    }

    /// The same of one resource: the bookings on it that you may see, and when it is free and busy, with what each booking takes beforehand and
    /// afterwards. Null when there is no such resource.
    #[cost(days_cost)]
    async fn resource_calendar(
        ctx: &Context<'_>,
        /// The resource.
        resource_id: Id<Resource>,
        /// Where the range begins.
        from: DateTime,
        /// Where the range ends; at most 62 days later.
        to: DateTime,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Option<Calendar>> {
        let plan = Plan::of(ctx, from, to, time_zone.as_deref())?;
        let Some(resource) = ctx.whole(resource_id).await? else { return Ok(None) };
        let bookings = bookings(ctx, &plan, Some((&resource_id as &(dyn ToSql + Sync), sql::with_resource as Condition)));
        let (bookings, hours) = try_join!(bookings, super::open::hours_of_resource(ctx, plan.range, Asking::of(ctx), resource))?;
        plan.fill(bookings, hours).map(Some)
    }
}

/// A condition on bookings, of the parameter that it is about.
type Condition = fn(&str) -> String;

/// Whether a document asks for open time at all.
#[derive(Clone, Copy)]
pub struct Asking(pub bool);

impl Asking {
    fn of(ctx: &Context<'_>) -> Asking {
        let days = ctx.look_ahead().field("days");
        Asking(days.field("free").exists() || days.field("busy").exists())
    }
}

/// What the document asks of the bookings of all days together; none where it does not ask for them.
fn asked_of_bookings(ctx: &Context<'_>) -> Option<Projection> {
    let catalog = ctx.request().catalog();
    let info = catalog.of(Booking::object());
    let mut found: Option<Projection> = None;
    Asked::of(ctx).each(&mut |days, asked| {
        if days.name.node != "days" {
            return;
        }
        asked.each(&mut |bookings, asked| {
            if bookings.name.node == "bookings" {
                let here = Projection::of_object(asked, catalog, info);
                let so_far = found.unwrap_or_default();
                found = Some(Projection { is_whole: so_far.is_whole | here.is_whole, ones: so_far.ones | here.ones, counts: 0 });
            }
        });
    });
    found
}

/// The bookings that overlap the range, in order, with what the document asks for of them; none where it asks for none.
async fn bookings(ctx: &Context<'_>, plan: &Plan, of: Option<(&(dyn ToSql + Sync), Condition)>) -> Result<Vec<Loaded<Booking>>> {
    let Some(projection) = asked_of_bookings(ctx) else { return Ok(Vec::new()) };
    let (actor, earliest) = (ctx.actor()?, earliest_booking(plan.range));
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&plan.range.start, &plan.range.end, &earliest];
    let mut conditions = sql::IN_CALENDAR.to_owned();
    if let Some((subject, condition)) = of {
        params.push(subject);
        conditions = format!("{conditions} AND {}", condition(&format!("${}", params.len() + 1)));
    }
    if !actor.can(Permission::BookingReadAll) {
        params.push(&actor.user);
        conditions = format!("{conditions} AND {}", sql::own(&format!("${}", params.len() + 1)));
    }
    let conditions = format!("{conditions} ORDER BY b.starts_at, b.id LIMIT {}", MAX_ROWS + 1);
    let bookings = ctx.select::<Booking>(&conditions, projection, &params).await?;
    refuse_too_many(bookings.len())?;
    Ok(bookings)
}

/// Refuses a range that holds too much.
pub(super) fn refuse_too_many(rows: usize) -> Result<()> {
    if rows > MAX_ROWS {
        return Err(Error::too_complex(format!(
            "The range holds more than {MAX_ROWS} bookings or pieces of open time: narrow it, or name an instructor."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_calendar_has_at_most_62_days_of_24_hours_or_of_its_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let fits =
            |from: &str, to: &str| Span { start: from.parse().unwrap(), end: to.parse().unwrap() }.has_days_at_most(MAX_DAYS, &berlin);
        assert!(fits("2026-11-19T23:00:00Z", "2027-01-20T23:00:00Z"));
        assert!(!fits("2026-11-19T23:00:00Z", "2027-01-20T23:00:01Z"));
        // Over the end of summer time 62 dates have an hour more, over its beginning an hour less.
        assert!(fits("2026-09-30T22:00:00Z", "2026-12-01T23:00:00Z"));
        assert!(fits("2026-02-28T23:00:00Z", "2026-05-01T23:00:00Z"));
        assert!(!fits("2026-02-28T23:00:00Z", "2026-05-01T23:00:01Z"));
    }
}
