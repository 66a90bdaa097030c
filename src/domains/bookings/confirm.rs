//! Confirming bookings: who takes them, and what they take, is chosen where nobody says so.

use async_graphql::Context;
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded},
};

use super::{
    Booking,
    standing::Standing,
    steps::{self, Confirmed, Step, is_taken},
};
use crate::domains::{
    identity::{self, User},
    resources::Resource,
    slots::{About, Skipped, Taking, TypeTerms, terms_of, terms_of_anybody},
};

/// Gives a booking to an instructor, from whatever state leads there.
///
/// # Errors
/// As `confirmBooking` says.
pub async fn confirm(
    ctx: &Context<'_>,
    id: Id<Booking>,
    instructor: Option<Id<User>>,
    resources: Option<Vec<Id<Resource>>>,
) -> Result<Loaded<Booking>> {
    let it = Standing::of(ctx.tx(), id).await?;
    it.check_open()?;
    if it.is_seat {
        return Err(Error::conflict(steps::SEAT, "A seat of a group session goes with its session."));
    }
    if let Some(instructor) = instructor {
        if it.needs_nobody {
            return Err(Error::bad_input("instructorId", "must be left out: this booking needs nobody"));
        }
        identity::require_instructor(ctx, "instructorId", instructor).await?;
        if instructor == it.learner {
            return Err(Error::bad_input("instructorId", "must be somebody else than the booking's learner"));
        }
    }
    let Some(of) = open_questions(ctx, &it, instructor, resources.is_some()).await? else {
        let confirmed = Confirmed { is_named: instructor.is_some(), instructor, things: resources.unwrap_or(it.things), assignment: None };
        return steps::take(ctx, id, Step::Confirm(confirmed)).await;
    };
    // What it has stays with it, also where its type does not ask for that any more.
    let fixed: Vec<Id<Resource>> = match &resources {
        Some(resources) => resources.clone(),
        None => it.things.iter().filter(|thing| !of.stock().any(|stock| stock.id == **thing)).copied().collect(),
    };
    let about = About { instructor, ..about(ctx, &it, id)? };
    let mut taking = Taking::begin(ctx.tx(), &of, about).await?.keeping(it.wished.or(it.instructor), it.things.clone());
    loop {
        let choice = taking.choose().await?;
        let chosen = if resources.is_some() { &[][..] } else { &choice.things[..] };
        let things: Vec<Id<Resource>> = chosen.iter().chain(&fixed).copied().collect();
        let step = Step::Confirm(Confirmed {
            is_named: instructor.is_some(),
            instructor: instructor.or(choice.instructor),
            things,
            assignment: choice.assignment,
        });
        match step.attempt(ctx, id).await {
            Ok(Some(booking)) => return Ok(booking),
            Ok(None) => return Err(Error::not_found("booking").field("id")),
            Err(error) if is_taken(&error) => {
                // Choosing anew would meet the same.
                if is_final(ctx, id, &error, instructor, &fixed).await? {
                    return Err(step.explained(ctx, id, error).await);
                }
                taking.lost(error).await?;
            }
            Err(error) => return Err(step.explained(ctx, id, error).await),
        }
    }
}

/// Whether it is refused by somebody or something that is not chosen: the learner and whom a person names; what a person names, or what it has.
async fn is_final(ctx: &Context<'_>, id: Id<Booking>, error: &DbError, named: Option<Id<User>>, fixed: &[Id<Resource>]) -> Result<bool> {
    match error.constraint() {
        Some("group_session_places") => Ok(false),
        Some("claim_resource_overlap") => Ok(!fixed.is_empty() && steps::taken(ctx.tx(), id, Some(fixed), None).await?.is_some()),
        _ => Ok(named.is_some()),
    }
}

/// What is left to be chosen: an instructor of the type, or where there is none of all; and what the type requires. None: nothing.
async fn open_questions(ctx: &Context<'_>, it: &Standing, instructor: Option<Id<User>>, has_resources: bool) -> Result<Option<TypeTerms>> {
    let needs_instructor = !it.needs_nobody && instructor.is_none();
    let mut of = match it.kind {
        Some(kind) if needs_instructor || !has_resources => {
            let of = terms_of(ctx.tx(), kind).await?;
            of.ok_or_else(|| Error::internal("a type that has bookings is gone"))?
        }
        None if needs_instructor => terms_of_anybody(ctx.tx()).await?,
        _ => return Ok(None),
    };
    if has_resources {
        of.requirements.clear();
    }
    // It was asked for when the type took bookings.
    of.terms.is_active = true;
    of.terms.needs_instructor = needs_instructor;
    Ok(Some(of))
}

/// The start of a booking, without the rules that its learner was held to when they asked for it.
fn about(ctx: &Context<'_>, it: &Standing, id: Id<Booking>) -> Result<About> {
    // A manager may also say afterwards who took it.
    let now = ctx.now().min(it.span.start);
    Ok(About {
        except: vec![id],
        skipped: Skipped { notice: true, horizon: true, limits: true, eligibility: true },
        is_bound_to_grid: false,
        ..About::one(now, it.span, Some(it.learner), ctx.actor()?.user)
    })
}
