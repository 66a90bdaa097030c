//! Booking what a waitlist has offered.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::BookingManage,
    resolve::{Ctx, Loaded},
};

use super::{
    hold::SlotHold,
    rules::Skipped,
    slot_mutations::{Writing, book, booking, own_hold, redeemed, told},
    taking::Taking,
    terms::terms_of,
    wish::Wish,
};
use crate::domains::bookings::Booking;

/// Books what the actor's own hold holds, as `bookSlot` would with its id; again, it answers the same booking. None: it is over.
///
/// # Errors
/// As `bookSlot` says.
pub async fn accept(ctx: &Context<'_>, hold: Id<SlotHold>) -> Result<Option<Loaded<Booking>>> {
    let actor = ctx.actor()?;
    let Some(held) = own_hold(ctx, hold).await? else { return Ok(None) };
    if let Some(id) = held.booking {
        return booking(ctx, id).await.map(Some);
    }
    if held.is_over {
        return Ok(None);
    }
    let of = terms_of(ctx.tx(), held.of).await?.ok_or_else(|| Error::internal("what is held is of no type"))?;
    let (span, learner) = (held.span, held.learner);
    let wish = Wish {
        of,
        length: span.length(),
        learner: Some(learner),
        instructor: held.instructor,
        things: held.things,
        except: Vec::new(),
        is_manager: actor.can(BookingManage),
        holder: actor.user,
    };
    let writing = Writing { id: Id::generate(), course: None, notes: None, overridden: None, hold: Some(hold) };
    let mut taking = Taking::begin(ctx.tx(), &wish.of, wish.about(ctx.now(), (span.start, span.start), Skipped::default())).await?;
    loop {
        let refusal = match taking.choose().await {
            Ok(choice) => match book(ctx, &wish, learner, span, &choice, &writing).await {
                Ok(()) => return booking(ctx, writing.id).await.map(Some),
                Err(error) if error.constraint() == Some("slot_hold_expired") => return Ok(None),
                Err(error) if error.constraint() == Some("slot_hold_unknown") => Error::not_found("offer").field("id"),
                Err(error) => {
                    taking.lost(told(error)?).await?;
                    continue;
                }
            },
            Err(refusal) => refusal,
        };
        return match redeemed(ctx, Some(hold)).await? {
            Some(id) => booking(ctx, id).await.map(Some),
            None => Err(refusal),
        };
    }
}
