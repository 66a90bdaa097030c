//! The bookings of a series that a change reaches, and moving them.

use async_graphql::Context;
use jiff::{SignedDuration, Timestamp, ToSpan, civil};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{BookingManage, BookingRequest},
    resolve::Ctx,
};
use uuid::Uuid;

use super::{
    BookingSeries,
    asked::range,
    booking_series::SeriesScope,
    judging::{ATTEMPTS, Occurrence, Plan, Start, is_lost, written},
    mutations::kept,
    occurrences::moments,
    recurrence::Recurrence,
    sql,
};
use crate::domains::{
    bookings::{Booking, Span, booking_terms},
    identity::User,
    resources::Resource,
    slots::{About, BookingType, TypeTerms, terms_of},
};

/// A booking that a change reaches.
#[derive(Debug, Clone)]
pub struct Member {
    /// Which.
    pub id: Id<Booking>,
    span: Span,
    instructor: Option<Id<User>>,
    things: Vec<Id<Resource>>,
    is_named: bool,
}

/// All that a change reaches, and what they have in common.
pub struct Members {
    /// Their series.
    pub series: Id<BookingSeries>,
    /// Them, in the order of their start.
    pub all: Vec<Member>,
    scope: SeriesScope,
    of: Id<BookingType>,
    learner: Id<User>,
    zone: String,
    rule: String,
    excluded: Vec<civil::Date>,
}

/// What the database refuses of a change.
pub fn refusal(error: DbError) -> Error {
    match error.constraint() {
        Some("booking_party") => Error::not_yours(),
        Some("booking_transition" | "booking_seat") => {
            Error::conflict("INVALID_TRANSITION", "One of these bookings can't take this step any more.")
        }
        _ => booking_terms(&error),
    }
}

impl Members {
    /// What a change of a booking reaches, by whoever may change it.
    ///
    /// # Errors
    /// `NOT_FOUND` for a booking that the actor can't see; `BAD_USER_INPUT` for one of no series; `NOT_YOURS`; INVALID_TRANSITION for one that is over or cancelled.
    pub async fn of(ctx: &Context<'_>, id: Id<Booking>, scope: SeriesScope) -> Result<Members> {
        let rows = ctx.tx().query(sql::SERIES_OF, &[&id]).await?;
        let row = rows.first().ok_or_else(|| Error::not_found("booking").field("bookingId"))?;
        let mut reader = ColumnReader::new(row);
        let (series, of, learner): (Option<Id<BookingSeries>>, Option<Id<BookingType>>, Id<User>) =
            (reader.next()?, reader.next()?, reader.next()?);
        let (zone, rule, excluded): (Option<String>, Option<String>, Option<Vec<civil::Date>>) =
            (reader.next()?, reader.next()?, reader.next()?);
        let (Some(series), Some(of), Some(zone), Some(rule)) = (series, of, zone, rule) else {
            return Err(Error::bad_input("bookingId", "must be a booking of a series"));
        };
        let actor = ctx.actor()?;
        let is_own = actor.is(learner.0) && actor.can(BookingRequest);
        if !actor.can(BookingManage) && !is_own {
            return Err(Error::not_yours());
        }
        let mut all = Vec::new();
        for row in &ctx.tx().query(sql::MEMBERS, &[&id, &(scope == SeriesScope::All)]).await? {
            let mut reader = ColumnReader::new(row);
            let (id, start, end) = (reader.next()?, reader.next()?, reader.next()?);
            let (instructor, things) = (reader.next()?, reader.next()?);
            all.push(Member { id, span: Span { start, end }, instructor, things, is_named: reader.next()? });
        }
        if !all.iter().any(|member| member.is_named) {
            return Err(Error::conflict("INVALID_TRANSITION", "This booking is over or cancelled."));
        }
        if scope == SeriesScope::This {
            all.retain(|member| member.is_named);
        }
        Ok(Members { series, all, scope, of, learner, zone, rule, excluded: excluded.unwrap_or_default() })
    }

    /// Where each is to be: as many days later as the named one, at its new time of the clock. And how many days that are.
    async fn moved(&self, ctx: &Context<'_>, start: Timestamp, of: &TypeTerms, minutes: Option<i32>) -> Result<(Vec<Span>, i64)> {
        let mut asked: Vec<Timestamp> = self.all.iter().map(|member| member.span.start).collect();
        asked.push(start);
        let rows = ctx.tx().query(sql::WALL_TIMES, &[&self.zone, &asked]).await?;
        let mut walls = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<civil::DateTime>, DbError>>()?;
        let wanted = walls.pop().ok_or_else(|| Error::internal("a moment without a time"))?;
        let named = self.all.iter().position(|member| member.is_named).and_then(|place| walls.get(place)).copied().unwrap_or(wanted);
        let days =
            i64::from(named.date().until(wanted.date()).map_err(|error| Error::internal(format!("no such day: {error}")))?.get_days());
        let shifted: Vec<civil::DateTime> =
            walls.iter().map(|wall| wall.date().saturating_add(days.days()).to_datetime(wanted.time())).collect();
        let starts = moments(ctx.tx(), &self.zone, &shifted).await?;
        let new_length = match minutes {
            Some(minutes) if !of.durations.contains(&minutes) => {
                return Err(Error::bad_input("durationMinutes", format!("must be one of {:?}", of.durations)));
            }
            minutes => minutes.map(|minutes| SignedDuration::from_mins(i64::from(minutes))),
        };
        let spans = self.all.iter().zip(starts).map(|(member, moment)| {
            let start = if member.is_named { start } else { moment };
            Span { start, end: start + new_length.unwrap_or(member.span.length()) }
        });
        Ok((spans.collect(), days))
    }
}

/// Moves them. Answers the series in which they are.
///
/// # Errors
/// As `rescheduleSeries` says.
pub async fn reschedule(
    ctx: &Context<'_>,
    members: &Members,
    start: Timestamp,
    minutes: Option<i32>,
    may_skip: bool,
    reason: Option<String>,
) -> Result<Id<BookingSeries>> {
    let actor = ctx.actor()?;
    let of = terms_of(ctx.tx(), members.of).await?.ok_or_else(|| Error::internal("a series' type is gone"))?;
    let (spans, days) = members.moved(ctx, start, &of, minutes).await?;
    // What is too late to be moved is so wherever it would be moved to.
    let ids: Vec<Id<Booking>> = members.all.iter().map(|member| member.id).collect();
    ctx.tx().query(sql::CHECK_MOVES, &[&ids, &reason]).await.map_err(refusal)?;
    let longest = spans.iter().map(|span| span.length()).max().unwrap_or(SignedDuration::ZERO);
    let wish = |(member, span): (&Member, &Span)| Start {
        span: *span,
        instructor: member.instructor,
        things: member.things.clone(),
        was: Some(member.span),
    };
    let plan = Plan {
        tx: ctx.tx(),
        of: &of,
        about: About {
            starts: range(&spans, ctx.now()),
            except: members.all.iter().map(|member| member.id).collect(),
            is_bound_to_grid: !actor.can(BookingManage),
            counts_minutes: of.terms.needs_instructor,
            ..About::one(ctx.now(), Span { start, end: start + longest }, Some(members.learner), actor.user)
        },
        starts: members.all.iter().zip(&spans).map(wish).collect(),
        is_named: false,
        opens: None,
    };
    let rule = Recurrence::parse(&members.rule).unwrap_or_else(|_| Recurrence::daily(members.all.len())).shifted(days);
    let is_new = members.scope == SeriesScope::Following;
    let onward = if is_new { Id::<BookingSeries>::generate() } else { members.series };
    for _ in 0..ATTEMPTS {
        let judged = plan.take(may_skip).await?;
        let state = (judged.needs_approval && !actor.can(BookingManage)).then_some("APPROVED");
        let mut moved: Vec<(Uuid, &Occurrence)> = Vec::new();
        for (member, occurrence) in members.all.iter().zip(&judged.occurrences).filter(|(_, occurrence)| occurrence.reason.is_none()) {
            moved.push((member.id.0, occurrence));
        }
        let (rule, excluded) = if is_new {
            (rule.clone().with_count(moved.len()).to_string(), Vec::new())
        } else {
            (rule.to_string(), members.excluded.iter().map(|date| date.saturating_add(days.days())).collect::<Vec<_>>())
        };
        // Each moves to where the one before it was: the last makes room first, if they move on.
        if members.all.first().zip(spans.first()).is_some_and(|(member, span)| span.start > member.span.start) {
            moved.reverse();
        }
        let is_alone = members.scope == SeriesScope::This;
        let (left_out, bookings) = (kept(&judged)?, written(&moved));
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
            [&onward, &is_new, &is_alone, &rule, &excluded, &left_out, &state, &reason, &bookings];
        match ctx.tx().attempt(sql::MOVE, &params).await {
            Ok(_) => return Ok(onward),
            Err(error) if is_lost(&error) => ctx.tx().return_to_mark().await?,
            Err(error) => return Err(refusal(error)),
        }
    }
    Err(Error::unavailable("somebody else came first, again and again"))
}
