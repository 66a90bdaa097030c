//! What an input asks for of a booking type, for several starts.

use async_graphql::{Context, ID};
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::BookingManage,
    resolve::{Ctx, Date, DateTime, Rows},
};

use super::{
    judging::{Plan, Wish},
    occurrences::Repeated,
};
use crate::domains::{
    bookings::Span,
    identity::User,
    resources::Resource,
    slots::{About, BookingRule, BookingType, Skipped, TypeTerms, terms_of},
    tenants,
};

/// Resources at most in one booking.
const MAX_RESOURCES: usize = 5;

/// What is asked for.
pub struct Asked {
    /// The type.
    pub of: TypeTerms,
    /// How long each is.
    pub length: SignedDuration,
    /// By whom.
    pub instructor: Option<Id<User>>,
    /// With what.
    pub things: Vec<Id<Resource>>,
}

/// A booking type of the school.
///
/// # Errors
/// `NOT_FOUND`, field `bookingTypeId`.
pub async fn type_of(ctx: &Context<'_>, id: &ID) -> Result<TypeTerms> {
    let id = Id::<BookingType>::parse("bookingTypeId", id)?;
    terms_of(ctx.tx(), id).await?.ok_or_else(|| Error::not_found("booking type").field("bookingTypeId"))
}

/// Minutes that a type has; its first, where nothing is said.
///
/// # Errors
/// `BAD_USER_INPUT`, field `durationMinutes`.
pub fn length(of: &TypeTerms, minutes: Option<i32>) -> Result<SignedDuration> {
    let minutes = minutes.or(of.durations.first().copied()).filter(|minutes| of.durations.contains(minutes));
    let minutes = minutes.ok_or_else(|| Error::bad_input("durationMinutes", format!("must be one of {:?}", of.durations)))?;
    Ok(SignedDuration::from_mins(i64::from(minutes)))
}

/// An instructor of a type.
///
/// # Errors
/// `BAD_USER_INPUT`, field `instructorId`.
pub fn instructor(of: &TypeTerms, id: Option<&ID>) -> Result<Option<Id<User>>> {
    let wanted = Id::<User>::parse_opt("instructorId", id)?;
    match wanted {
        Some(wanted) if !of.instructors.iter().any(|staff| staff.id == wanted) => {
            Err(Error::bad_input("instructorId", "must be one of the booking type's instructors"))
        }
        _ => Ok(wanted),
    }
}

/// Resources of a type, each once.
///
/// # Errors
/// `BAD_USER_INPUT`, field `resourceIds`.
pub fn things(of: &TypeTerms, ids: Option<&[ID]>) -> Result<Vec<Id<Resource>>> {
    let wanted = match ids {
        None | Some([]) => Vec::new(),
        Some(ids) => Id::<Resource>::parse_list("resourceIds", ids, MAX_RESOURCES)?,
    };
    match wanted.iter().position(|thing| !of.stock().any(|stock| stock.id == *thing)) {
        Some(place) => Err(Error::bad_input(format!("resourceIds.{place}"), "must be a resource that the booking type requires")),
        None => Ok(wanted),
    }
}

/// A start that is not over.
///
/// # Errors
/// `BAD_USER_INPUT`, field `startsAt`.
pub fn coming(ctx: &Context<'_>, start: DateTime) -> Result<Timestamp> {
    if start.0 < ctx.now() { Err(Error::bad_input("startsAt", "must not be in the past")) } else { Ok(start.0) }
}

/// For whom: for oneself, or by who manages bookings for anybody whom they see.
///
/// # Errors
/// `FORBIDDEN` with the missing permission; `NOT_FOUND`, field `learnerId`.
pub async fn learner(ctx: &Context<'_>, id: Option<&ID>) -> Result<Id<User>> {
    let actor = ctx.actor()?;
    let Some(wanted) = Id::<User>::parse_opt("learnerId", id)? else { return Ok(Id::from_uuid(actor.user)) };
    if actor.is(wanted.0) {
        return Ok(wanted);
    }
    if !actor.can(BookingManage) {
        return Err(Error::missing_permission(&[BookingManage]).field("learnerId"));
    }
    match ctx.get(wanted).await? {
        Some(_) => Ok(wanted),
        None => Err(Error::not_found("learner").field("learnerId")),
    }
}

/// Rules that are skipped, by who manages bookings.
///
/// # Errors
/// `FORBIDDEN` with the missing permission.
pub fn skipped(ctx: &Context<'_>, rules: Option<&[BookingRule]>) -> Result<(Skipped, Option<Vec<&'static str>>)> {
    let rules = rules.unwrap_or_default();
    if rules.is_empty() {
        return Ok((Skipped::default(), None));
    }
    if !ctx.actor()?.can(BookingManage) {
        return Err(Error::missing_permission(&[BookingManage]).field("override"));
    }
    let has = |rule: BookingRule| rules.contains(&rule);
    let skipped = Skipped {
        notice: has(BookingRule::Notice),
        horizon: has(BookingRule::Horizon),
        limits: has(BookingRule::Limits),
        eligibility: has(BookingRule::Eligibility),
    };
    let mut names: Vec<&'static str> = rules.iter().map(|rule| rule.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Ok((skipped, Some(names)))
}

/// By whose clock: the school's, unless an input names another zone.
///
/// # Errors
/// `BAD_USER_INPUT`, field `timeZone`.
pub fn zone(ctx: &Context<'_>, name: Option<&str>) -> Result<String> {
    tenants::time_zone(ctx, "timeZone", name)?;
    Ok(name.map_or_else(|| ctx.actor().map(|actor| actor.time_zone.clone()), |name| Ok(name.to_owned()))?)
}

/// When it comes again, by the rule of an input.
///
/// # Errors
/// `BAD_USER_INPUT` with the field.
pub fn repeated(ctx: &Context<'_>, recurrence: &str, excluded: Option<&[Date]>, time_zone: Option<&str>) -> Result<Repeated> {
    Repeated::read(recurrence, excluded, zone(ctx, time_zone)?)
}

impl Asked {
    /// Reads what an input names.
    ///
    /// # Errors
    /// `NOT_FOUND` for the type; `BAD_USER_INPUT` with the field.
    pub async fn read(ctx: &Context<'_>, of: &ID, minutes: Option<i32>, by: Option<&ID>, with: Option<&[ID]>) -> Result<Asked> {
        let of = type_of(ctx, of).await?;
        let length = length(&of, minutes)?;
        let (instructor, things) = (instructor(&of, by)?, things(&of, with)?);
        Ok(Asked { of, length, instructor, things })
    }

    /// Refuses an instructor whom a learner may not name.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, field `instructorId`.
    pub fn check_choice(&self, ctx: &Context<'_>) -> Result<()> {
        if self.instructor.is_some() && !self.of.learner_chooses && !ctx.actor()?.can(BookingManage) {
            return Err(Error::bad_input("instructorId", "must be left out: the school says who takes bookings of this type"));
        }
        Ok(())
    }

    /// Several starts of it, together. Managers are not bound to the grid.
    ///
    /// # Errors
    /// Where nobody is signed in.
    pub fn plan<'a>(&'a self, ctx: &'a Context<'_>, spans: &[Span], learner: Option<Id<User>>, skipped: Skipped) -> Result<Plan<'a>> {
        let actor = ctx.actor()?;
        let wish = |span: &Span| Wish { span: *span, instructor: self.instructor, things: self.things.clone(), was: None };
        Ok(Plan {
            tx: ctx.tx(),
            of: &self.of,
            about: About {
                skipped,
                instructor: self.instructor,
                things: self.things.clone(),
                ..about(ctx.now(), spans, self.length, learner, &self.of, actor.user, actor.can(BookingManage))
            },
            wishes: spans.iter().map(wish).collect(),
            is_named: self.instructor.is_some(),
        })
    }
}

/// What is asked about several starts, which are in order.
pub fn about(
    now: Timestamp,
    spans: &[Span],
    length: SignedDuration,
    learner: Option<Id<User>>,
    of: &TypeTerms,
    holder: uuid::Uuid,
    is_manager: bool,
) -> About {
    let first = spans.iter().map(|span| span.start).min().unwrap_or(now);
    let last = spans.iter().map(|span| span.start).max().unwrap_or(now);
    let one = Span { start: first, end: first + length };
    About {
        starts: (first, last),
        is_bound_to_grid: !is_manager,
        counts_minutes: of.terms.needs_instructor,
        ..About::one(now, one, learner, holder)
    }
}
