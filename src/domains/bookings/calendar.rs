//! The calendar: bookings and what is left free, day by day in a time zone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_graphql::{
    Context, Positioned, ServerResult, VisitorContext,
    parser::types::{Field, VariableDefinition},
};
use futures_util::try_join;
use jiff::civil;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Asked, Ctx, Date, DateTime, Loaded, Projection, Rows},
};
use lectern_macros::{object, queries};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    Booking,
    lists::{earliest_availability, earliest_booking},
    span::{Span, days, difference, shares, union},
    sql,
};
use crate::domains::{identity::User, tenants};

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
    /// When instructors are available and not busy, neither as instructors nor as learners, in the order of the start, cut at
    /// midnight. The bookings of others that you don't see are taken off as well.
    pub free: Vec<TimeSlot>,
}

/// A span in which an instructor is free.
#[object]
pub struct TimeSlot {
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// Who is free.
    pub instructor: Option<Loaded<User>>,
}

/// Days at most in one calendar.
const MAX_DAYS: i64 = 62;
/// Bookings, and pieces of availability, at most in one calendar.
const MAX_ROWS: usize = 10_000;

/// What is asked for.
struct Plan {
    range: Span,
    instructor: Option<Id<User>>,
    days: Vec<(civil::Date, Span)>,
}

/// Days that a range touches, for the cost of a document before it is checked.
fn days_cost(ctx: &VisitorContext<'_>, variables: &[Positioned<VariableDefinition>], field: &Field, child: usize) -> ServerResult<usize> {
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
    /// Bookings and free time of a range, day by day. BAD_USER_INPUT unless `to` is later than `from`, by 62 days at most;
    /// QUERY_TOO_COMPLEX for a range with more than 10,000 bookings: narrow it, or name an instructor.
    #[cost(days_cost)]
    async fn calendar(
        ctx: &Context<'_>,
        /// Where the range begins.
        from: DateTime,
        /// Where the range ends; at most 62 days later.
        to: DateTime,
        /// Only this instructor's free time, the bookings that they are assigned to, and those that wish for them as long as nobody is.
        instructor_id: Option<Id<User>>,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Option<Calendar>> {
        let range = Span::new(from.0, to.0).ok_or_else(|| Error::bad_input("to", "must be later than `from`"))?;
        let zone = tenants::time_zone(ctx, "timeZone", time_zone.as_deref())?;
        if !range.has_days_at_most(MAX_DAYS, &zone) {
            return Err(Error::bad_input("to", format!("must be at most {MAX_DAYS} days after `from`")));
        }
        let plan = Plan { range, instructor: instructor_id, days: days(range, &zone)? };
        let mut calendar: Vec<CalendarDay> =
            plan.days.iter().map(|(date, _)| CalendarDay { date: Date(*date), bookings: Vec::new(), free: Vec::new() }).collect();

        let (bookings, free) = try_join!(bookings(ctx, &plan), free(ctx, &plan))?;
        for booking in bookings {
            let (starts_at, ends_at) = (booking.get(Booking::COLUMNS.starts_at)?, booking.get(Booking::COLUMNS.ends_at)?);
            let span = Span { start: starts_at.0, end: ends_at.0 };
            for (day, _) in shares(&plan.days, span) {
                calendar[day].bookings.push(booking.clone());
            }
        }
        for (span, instructor) in free {
            for (day, share) in shares(&plan.days, span) {
                let slot =
                    TimeSlot { starts_at: DateTime(share.start), ends_at: DateTime(share.end), instructor: Some(instructor.clone()) };
                calendar[day].free.push(slot);
            }
        }
        for day in &mut calendar {
            // Stable: those that begin together stay in the order of their instructors.
            day.free.sort_by_key(|slot| slot.starts_at);
        }
        Ok(Some(Calendar { days: calendar }))
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
async fn bookings(ctx: &Context<'_>, plan: &Plan) -> Result<Vec<Loaded<Booking>>> {
    let Some(projection) = asked_of_bookings(ctx) else { return Ok(Vec::new()) };
    let (actor, earliest) = (ctx.actor()?, earliest_booking(plan.range));
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&plan.range.start, &plan.range.end, &earliest];
    let mut conditions = sql::IN_CALENDAR.to_owned();
    if let Some(instructor) = &plan.instructor {
        params.push(instructor);
        conditions = format!("{conditions} AND {}", sql::of_instructor(&format!("${}", params.len() + 1)));
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

fn refuse_too_many(rows: usize) -> Result<()> {
    if rows > MAX_ROWS {
        return Err(Error::too_complex(format!(
            "The range holds more than {MAX_ROWS} bookings or pieces of availability: narrow it, or name an instructor."
        )));
    }
    Ok(())
}

/// What is free within the range: the availability of each instructor less the time that their bookings hold, seen or not.
/// Nothing where the document does not ask for it.
async fn free(ctx: &Context<'_>, plan: &Plan) -> Result<Vec<(Span, Loaded<User>)>> {
    if !ctx.look_ahead().field("days").field("free").exists() {
        return Ok(Vec::new());
    }
    let Plan { range, instructor, .. } = plan;
    let earliest = earliest_availability(*range);
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&range.start, &range.end, &earliest];
    if let Some(instructor) = instructor {
        params.push(instructor);
    }
    let (columns, shape) = ctx.request().catalog().whole::<User>("i");
    let statement = format!("{} LIMIT {}", sql::availability_of_instructors(&columns, instructor.is_some()), MAX_ROWS + 1);
    let busy_params: [&(dyn ToSql + Sync); 3] = [instructor, &range.start, &range.end];
    let (available, taken) = try_join!(ctx.tx().query(&statement, &params), ctx.tx().query(sql::BUSY_SPANS, &busy_params))?;
    refuse_too_many(available.len())?;

    let mut instructors: BTreeMap<(String, Uuid), (Loaded<User>, Vec<Span>)> = BTreeMap::new();
    for row in available {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let span = Span { start: reader.next()?, end: reader.next()? };
        // The instructor's columns stand behind these two; the join is an inner one.
        let Some(person) = Loaded::<User>::joined(&row, 2, &shape) else { continue };
        let (name, id) = (person.get(User::COLUMNS.name)?, person.id()?);
        let (_, spans) = instructors.entry((name, id.0)).or_insert_with(|| (person, Vec::new()));
        spans.extend(span.within(*range));
    }
    let mut busy: HashMap<Uuid, Vec<Span>> = HashMap::new();
    for row in &taken {
        let mut reader = ColumnReader::new(row);
        busy.entry(reader.next()?).or_default().push(Span { start: reader.next()?, end: reader.next()? });
    }
    let free = instructors.into_iter().flat_map(|((_, id), (person, spans))| {
        let taken = union(busy.remove(&id).unwrap_or_default());
        difference(&union(spans), &taken).into_iter().map(move |span| (span, person.clone()))
    });
    Ok(free.collect())
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
