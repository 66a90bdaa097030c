//! Reading series, and looking at what one would meet.

use async_graphql::{Context, ID};
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::BookingRequest,
    resolve::{Ctx, Date, DateTime, Loaded, Rows, one},
};
use lectern_macros::{object, queries};

use super::{BookingSeries, asked};
use crate::domains::{
    identity::User,
    slots::{BookingType, Named, Skipped, SlotReason, Wish, learner_of, or_nothing},
};

/// Queries of series.
pub struct SeriesQueries;

/// What `bookSeries` would meet now.
#[object]
pub struct SeriesPreview {
    /// Each occurrence that is not excluded, in order.
    pub occurrences: Vec<SeriesOccurrence>,
    /// How many of them can't be had.
    pub clash_count: i32,
    /// Who would take them; null where nobody is needed or nobody can, or where you may not see them.
    pub instructor: Option<Loaded<User>>,
}

/// One occurrence of a series that is looked at.
#[object]
pub struct SeriesOccurrence {
    /// When it would begin.
    pub starts_at: DateTime,
    /// When it would end.
    pub ends_at: DateTime,
    /// Whether it could be booked.
    pub is_bookable: bool,
    /// Why not; null where it could.
    pub reason: Option<SlotReason>,
}

#[queries]
impl SeriesQueries {
    /// A series; null when there is none, or none of whose bookings you may see.
    async fn booking_series(
        ctx: &Context<'_>,
        /// The series' id.
        id: Id<BookingSeries>,
    ) -> Result<Option<Loaded<BookingSeries>>> {
        one(ctx, id).await
    }

    /// What `bookSeries` would meet now: each occurrence, and who would take them. It holds nothing. Null when there is no such booking type or learner.
    #[allow(clippy::too_many_arguments)]
    #[cost(60)]
    async fn series_preview(
        ctx: &Context<'_>,
        /// The booking type.
        booking_type_id: Id<BookingType>,
        /// When the first begins; not in the past.
        starts_at: DateTime,
        /// How they come again, as in `bookSeries`.
        recurrence: String,
        /// Dates on which there is none.
        excluded_dates: Option<Vec<Date>>,
        /// The IANA time zone by whose clock they come again; the school's unless given.
        time_zone: Option<String>,
        /// Minutes: one of the type's `durations`; its first unless given.
        duration_minutes: Option<i32>,
        /// Who takes them; left out: who is free for all of them, or else for most.
        instructor_id: Option<ID>,
        /// What they take.
        resource_ids: Option<Vec<ID>>,
        /// For whom; you unless given. Anybody else needs BOOKING_MANAGE.
        learner_id: Option<ID>,
    ) -> Result<Option<SeriesPreview>> {
        let learner = match &learner_id {
            Some(_) => match or_nothing(learner_of(ctx, learner_id.as_ref()).await)? {
                Some(learner) => Some(learner),
                None => return Ok(None),
            },
            // Who can't book for themselves looks at what there is.
            None => Some(Id::<User>::from_uuid(ctx.actor()?.user)).filter(|_| ctx.actor().is_ok_and(|actor| actor.can(BookingRequest))),
        };
        let named = Named { duration: duration_minutes, instructor: instructor_id.as_ref(), resources: resource_ids.as_deref() };
        let Some(wish) = or_nothing(Wish::read(ctx, booking_type_id, named, learner).await)? else { return Ok(None) };
        let start = asked::coming(ctx, starts_at)?;
        let repeated = asked::repeated(ctx, &recurrence, excluded_dates.as_deref(), time_zone.as_deref())?;
        let spans = repeated.spans(ctx.tx(), start, wish.length).await?;
        let judged = asked::plan(ctx.tx(), &wish, &spans, ctx.now(), Skipped::default()).look().await?;
        let instructor = match judged.instructor.or_else(|| judged.had().find_map(|occurrence| occurrence.instructor)) {
            Some(instructor) => ctx.whole(instructor).await?,
            None => None,
        };
        let occurrences: Vec<SeriesOccurrence> = judged
            .occurrences
            .iter()
            .map(|occurrence| SeriesOccurrence {
                starts_at: DateTime(occurrence.span.start),
                ends_at: DateTime(occurrence.span.end),
                is_bookable: occurrence.reason.is_none(),
                reason: occurrence.reason,
            })
            .collect();
        let clash_count = i32::try_from(occurrences.iter().filter(|occurrence| !occurrence.is_bookable).count()).unwrap_or(i32::MAX);
        Ok(Some(SeriesPreview { occurrences, clash_count, instructor }))
    }
}
