//! What somebody asks about a booking type, checked as far as it can be without looking at time.

use async_graphql::{Context, ID};
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    db::ColumnReader,
    error::{Code, Error, Result},
    ids::Id,
    permission::Permission::{BookingManage, BookingRequest},
    resolve::{Ctx, Rows},
};
use uuid::Uuid;

use super::{
    BookingType,
    facts::About,
    rules::{Skipped, Wanted},
    sql,
    terms::{TypeTerms, terms_of},
};
use crate::domains::{
    bookings::{Booking, Span},
    identity::User,
    resources::Resource,
};

/// Resources at most that somebody may name.
const MAX_RESOURCES: usize = 5;

/// What an input or the arguments of a query name.
#[derive(Default)]
pub struct Named<'a> {
    /// How long; none: as usual.
    pub duration: Option<i32>,
    /// With whom.
    pub instructor: Option<&'a ID>,
    /// With what.
    pub resources: Option<&'a [ID]>,
}

/// A booking of a type, as somebody asks for it.
pub struct Wish {
    /// The type.
    pub of: TypeTerms,
    /// How long it is.
    pub length: SignedDuration,
    /// Who would learn; none: nobody's own rules are asked about.
    pub learner: Option<Id<User>>,
    /// Whom they name.
    pub instructor: Option<Id<User>>,
    /// What they name.
    pub things: Vec<Id<Resource>>,
    /// Bookings that are as if they were not there.
    pub except: Vec<Id<Booking>>,
    /// Whether the actor manages bookings.
    pub is_manager: bool,
    /// Whose holds don't stand in the way.
    pub holder: Uuid,
}

fn suspended() -> Error {
    Error::conflict("USER_SUSPENDED", "The learner is suspended. Reactivate them first.").field("learnerId")
}

/// The person who would learn: the actor, unless somebody else is named.
///
/// # Errors
/// `FORBIDDEN` for somebody else without BOOKING_MANAGE; `NOT_FOUND` for whom the actor can't see; `CONFLICT` for who is suspended.
pub async fn learner_of(ctx: &Context<'_>, learner: Option<&ID>) -> Result<Id<User>> {
    let actor = ctx.actor()?;
    let Some(learner) = Id::<User>::parse_opt("learnerId", learner)?.filter(|learner| !actor.is(learner.0)) else {
        return Ok(Id::from_uuid(actor.user));
    };
    if !actor.can(BookingManage) {
        return Err(Error::missing_permission(&[BookingManage]).field("learnerId"));
    }
    match ctx.tx().value::<bool>(sql::STANDING, &[&learner]).await? {
        None => Err(Error::not_found("person").field("learnerId")),
        Some(true) => Err(suspended()),
        Some(false) => Ok(learner),
    }
}

/// Nothing, where a query names what the viewer can't see.
pub fn or_nothing<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Wish {
    /// Checks what is named, for a learner.
    ///
    /// # Errors
    /// `NOT_FOUND` with the field for what the actor can't see; `BAD_USER_INPUT` for what is not of the type.
    pub async fn read(ctx: &Context<'_>, id: Id<BookingType>, named: Named<'_>, learner: Option<Id<User>>) -> Result<Wish> {
        let actor = ctx.actor()?;
        let instructor = Id::<User>::parse_opt("instructorId", named.instructor)?;
        let things = match named.resources {
            None | Some([]) => Vec::new(),
            Some(ids) => Id::<Resource>::parse_list("resourceIds", ids, MAX_RESOURCES)?,
        };
        let of = terms_of(ctx.tx(), id).await?.ok_or_else(|| Error::not_found("booking type").field("bookingTypeId"))?;
        let minutes = named.duration.or_else(|| of.durations.first().copied()).unwrap_or_default();
        if !of.durations.contains(&minutes) {
            let choices: Vec<String> = of.durations.iter().map(ToString::to_string).collect();
            return Err(Error::bad_input("durationMinutes", format!("must be one of {}", choices.join(", "))));
        }
        let is_manager = actor.can(BookingManage);
        let wish = Wish {
            of,
            length: SignedDuration::from_mins(i64::from(minutes)),
            learner,
            instructor,
            things,
            except: Vec::new(),
            is_manager,
            holder: actor.user,
        };
        wish.check(ctx).await?;
        Ok(wish)
    }

    /// Whoever and whatever is named is of the type.
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        if let Some(instructor) = self.instructor {
            if !self.of.instructors.iter().any(|staff| staff.id == instructor) {
                return Err(match ctx.get(instructor).await? {
                    Some(_) => Error::bad_input("instructorId", "must be an instructor of the booking type"),
                    None => Error::not_found("person").field("instructorId"),
                });
            }
            if !self.of.learner_chooses && !self.is_manager {
                return Err(Error::bad_input("instructorId", "must be left out: the school chooses"));
            }
            if self.learner == Some(instructor) {
                return Err(Error::bad_input("instructorId", "must be somebody else than the learner"));
            }
        }
        for (index, thing) in self.things.iter().enumerate() {
            let Some(place) = self.place_of(*thing) else {
                return Err(match ctx.get(*thing).await? {
                    Some(_) => Error::bad_input("resourceIds", "must hold resources of the booking type"),
                    None => Error::not_found("resource").field("resourceIds"),
                });
            };
            if self.things[..index].iter().any(|other| self.place_of(*other) == Some(place)) {
                return Err(Error::bad_input("resourceIds", "must hold one resource for each requirement"));
            }
        }
        Ok(())
    }

    /// The requirement that a resource is for.
    fn place_of(&self, thing: Id<Resource>) -> Option<usize> {
        self.of.requirements.iter().position(|requirement| requirement.iter().any(|stock| stock.id == thing))
    }

    /// What is asked about starts in a stretch of time.
    pub fn about(&self, now: Timestamp, starts: (Timestamp, Timestamp), skipped: Skipped) -> About {
        About {
            now,
            starts,
            length: self.length,
            learner: self.learner,
            holder: self.holder,
            instructor: self.instructor,
            things: self.things.clone(),
            except: self.except.clone(),
            except_session: None,
            session: None,
            skipped,
            is_bound_to_grid: !self.is_manager,
            counts_minutes: false,
        }
    }

    /// What is asked about one start.
    pub fn wanted(&self, start: Timestamp) -> Wanted<'_> {
        Wanted { span: self.span(start), instructor: self.instructor, things: &self.things }
    }

    /// A booking that begins then.
    pub fn span(&self, start: Timestamp) -> Span {
        Span { start, end: start + self.length }
    }
}

/// What a query names: a learner, whose own rules are asked about, and a booking that is to be moved.
pub struct Asker {
    /// Who would learn.
    pub learner: Option<Id<User>>,
    /// What is to be moved.
    pub rescheduling: Vec<Id<Booking>>,
}

impl Asker {
    /// Checks what a query names. Unless somebody is named, it is the viewer, if they may book; or the learner of the booking that is to be moved.
    ///
    /// # Errors
    /// `NOT_FOUND` for what the viewer can't see; `FORBIDDEN` for another learner without BOOKING_MANAGE, and with NOT_YOURS for a booking that is not theirs to move;
    /// `CONFLICT` for who is suspended.
    pub async fn read(ctx: &Context<'_>, learner: Option<Id<User>>, rescheduling: Option<Id<Booking>>) -> Result<Asker> {
        let actor = ctx.actor()?;
        let named = match learner {
            Some(learner) if actor.is(learner.0) => Some(learner),
            Some(learner) => {
                if !actor.can(BookingManage) {
                    return Err(Error::missing_permission(&[BookingManage]).field("learnerId"));
                }
                match ctx.tx().value::<bool>(sql::STANDING, &[&learner]).await? {
                    None => return Err(Error::not_found("person").field("learnerId")),
                    // Nothing can be booked for them; what they have is moved all the same.
                    Some(true) if rescheduling.is_none() => return Err(suspended()),
                    Some(_) => Some(learner),
                }
            }
            None => None,
        };
        let viewer = Id::<User>::from_uuid(actor.user);
        let Some(booking) = rescheduling else {
            return Ok(Asker { learner: named.or(Some(viewer).filter(|_| actor.can(BookingRequest))), rescheduling: Vec::new() });
        };
        let rows = ctx.tx().query(sql::BOOKED, &[&booking]).await?;
        let row = rows.first().ok_or_else(|| Error::not_found("booking").field("reschedulingId"))?;
        let student: Id<User> = ColumnReader::new(row).next()?;
        let is_own = student == viewer && actor.can(BookingRequest);
        if !actor.can(BookingManage) && !is_own {
            return Err(Error::not_yours().field("reschedulingId"));
        }
        Ok(Asker { learner: named.or(Some(student)), rescheduling: vec![booking] })
    }
}
