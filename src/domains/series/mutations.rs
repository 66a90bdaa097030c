//! Booking series, moving and cancelling them.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;
use serde_json::Value;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    BookingSeries, OnClash, asked,
    booking_series::SeriesScope,
    inputs::{BookSeriesInput, CancelSeriesInput, RescheduleSeriesInput},
    judging::{ATTEMPTS, Judged, Occurrence, is_lost, written},
    members::{self, Members},
    sql,
};
use crate::domains::{
    bookings::{Booking, CHANGES},
    slots::{BookingType, Named, SlotReason, Wish, learner_of, refused},
};

/// Mutations of series.
pub struct SeriesMutations;

/// What is kept of those that are left out.
pub fn kept(judged: &Judged) -> Result<Value> {
    let kept: Vec<_> = judged.clashes().iter().map(super::SeriesClash::kept).collect();
    serde_json::to_value(kept).map_err(|error| Error::internal(format!("what is skipped can't be written: {error}")))
}

/// A series, as it is now.
async fn whole(ctx: &Context<'_>, id: Id<BookingSeries>) -> Result<Loaded<BookingSeries>> {
    ctx.whole(id).await?.ok_or_else(|| Error::internal("a series that was written can't be read"))
}

#[mutations("BookingSeries")]
impl SeriesMutations {
    /// Books a series: each occurrence as `bookSlot` would, by the same rules, with its own time, notice and limits; in your own name, or with BOOKING_MANAGE for anybody. One
    /// instructor takes all of them. BAD_USER_INPUT with BAD_RECURRENCE or TOO_MANY_OCCURRENCES; CONFLICT with SERIES_CLASH where some can't be had, each in `clashes`, or with
    /// SKIP where none can.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn book_series(
        ctx: &Context<'_>,
        /// The series.
        input: BookSeriesInput,
    ) -> Result<Loaded<BookingSeries>> {
        let (skipped, overridden) = asked::skipped(ctx, input.overridden.as_deref())?;
        let learner = learner_of(ctx, input.learner_id.as_ref()).await?;
        let of = Id::<BookingType>::parse("bookingTypeId", &input.booking_type_id)?;
        let notes = input.notes.as_deref().map(|notes| text::long("notes", notes)).transpose()?.flatten();
        let named =
            Named { duration: input.duration_minutes, instructor: input.instructor_id.as_ref(), resources: input.resource_ids.as_deref() };
        let wish = Wish::read(ctx, of, named, Some(learner)).await?;
        let start = asked::coming(ctx, input.starts_at)?;
        let repeated = asked::repeated(ctx, &input.recurrence, input.excluded_dates.as_deref(), input.time_zone.as_deref())?;
        let spans = repeated.spans(ctx.tx(), start, wish.length).await?;
        let plan = asked::plan(ctx.tx(), &wish, &spans, ctx.now(), skipped);
        let may_skip = input.on_clash == Some(OnClash::Skip);
        let (id, rule) = (Id::<BookingSeries>::generate(), repeated.recurrence.to_string());
        for _ in 0..ATTEMPTS {
            let judged = plan.take(may_skip).await?;
            let is_asked = judged.needs_approval && !wish.is_manager;
            let state = if is_asked { "REQUESTED" } else { "ASSIGNED" };
            // A request that holds nothing keeps what was named, as a wish.
            let wished = |occurrence: &Occurrence| Occurrence {
                instructor: wish.instructor,
                things: wish.things.clone(),
                assignment: None,
                ..occurrence.clone()
            };
            let is_wish = is_asked && !wish.of.holds_while_requested;
            let had: Vec<Occurrence> = judged.had().map(|one| if is_wish { wished(one) } else { one.clone() }).collect();
            let had: Vec<(Uuid, &Occurrence)> = had.iter().map(|occurrence| (Id::<Booking>::generate().0, occurrence)).collect();
            let (left_out, bookings) = (kept(&judged)?, written(&had));
            let params: [&(dyn ToSql + Sync); 11] =
                [&id, &of, &learner, &rule, &repeated.zone, &repeated.excluded, &left_out, &state, &notes, &overridden, &bookings];
            match ctx.tx().attempt(sql::BOOK, &params).await {
                Ok(_) => return whole(ctx, id).await,
                Err(error) if is_lost(&error) => ctx.tx().return_to_mark().await?,
                Err(error) if error.constraint() == Some("slot_type") => {
                    return Err(refused(SlotReason::TypeInactive).field("bookingTypeId"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::unavailable("somebody else came first, again and again"))
    }

    /// Moves bookings of a series: the one that is named to a new start, the others by as many days and to that time of the series' clock. FOLLOWING and ALL reach what is not
    /// over, not cancelled, and not moved by itself before; FOLLOWING makes a new series of them, which is answered. Each is checked as `bookSlot` would, keeps instructor and
    /// resources where they are free, and else takes others of the type. All or none, unless clashes are to be skipped: those stay where they are. For learners, one past its
    /// notice refuses the whole, as `rescheduleBooking` would. FORBIDDEN with NOT_YOURS for others' bookings.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn reschedule_series(
        ctx: &Context<'_>,
        /// Which, to when.
        input: RescheduleSeriesInput,
    ) -> Result<Loaded<BookingSeries>> {
        let id = Id::<Booking>::parse("bookingId", &input.booking_id)?;
        let reason = input.reason.as_deref().map(|reason| text::long("reason", reason)).transpose()?.flatten();
        let start = asked::coming(ctx, input.starts_at)?;
        let members = Members::of(ctx, id, input.scope).await?;
        let series =
            members::reschedule(ctx, &members, start, input.duration_minutes, input.on_clash == Some(OnClash::Skip), reason).await?;
        whole(ctx, series).await
    }

    /// Cancels bookings of a series: those that are not over, not cancelled, and not moved by themselves before; all or none. For learners, one past its notice refuses the whole,
    /// as `cancelBooking` would. FORBIDDEN with NOT_YOURS for others' bookings; CONFLICT with INVALID_TRANSITION where the one that is named is over or cancelled.
    #[needs(BookingRequest, BookingManage)]
    #[budget(CHANGES)]
    async fn cancel_series(
        ctx: &Context<'_>,
        /// Which, and why.
        input: CancelSeriesInput,
    ) -> Result<Loaded<BookingSeries>> {
        let id = Id::<Booking>::parse("bookingId", &input.booking_id)?;
        let reason = input.reason.as_deref().map(|reason| text::long("reason", reason)).transpose()?.flatten();
        let members = Members::of(ctx, id, input.scope).await?;
        let ids: Vec<Id<Booking>> = members.all.iter().map(|member| member.id).collect();
        let is_alone = input.scope == SeriesScope::This;
        let cancelled = ctx.tx().value::<i32>(sql::CANCEL, &[&ids, &reason, &is_alone]).await.map_err(members::refusal)?;
        if usize::try_from(cancelled.unwrap_or(0)).unwrap_or(0) < ids.len() {
            return Err(Error::not_yours());
        }
        whole(ctx, members.series).await
    }
}
