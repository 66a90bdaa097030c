//! Changing a session, with all its seats.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{AvailabilityManage, BookingManage},
    resolve::{Ctx, Rows, present},
};
use uuid::Uuid;

use super::{
    GroupSession,
    inputs::UpdateGroupSessionInput,
    mutations::{SKIPPED, refusal, seats},
    session::GroupSessionStatus,
    sql,
};
use crate::domains::{
    bookings::Span,
    identity::{self, User},
    resources::Resource,
    series::coming,
    slots::{About, BookingType, TypeTerms, Verdict, Wanted, facts, take_type_turn, terms_of, why_not},
};

/// What a session is to be.
pub struct Changed {
    id: Id<GroupSession>,
    of: TypeTerms,
    was: Span,
    span: Span,
    had: Option<Id<User>>,
    instructor: Option<Id<User>>,
    has: Vec<Id<Resource>>,
    things: Option<Vec<Id<Resource>>>,
    seats: i32,
}

/// Resources of a type, of each requirement one at most; none, where it requires none.
async fn things_of(ctx: &Context<'_>, of: &TypeTerms, ids: &[ID]) -> Result<Vec<Id<Resource>>> {
    if ids.is_empty() {
        let is_free = of.requirements.is_empty();
        return if is_free {
            Ok(Vec::new())
        } else {
            Err(Error::bad_input("resourceIds", "must hold a resource: the booking type requires some"))
        };
    }
    let things = Id::<Resource>::parse_list("resourceIds", ids, 5)?;
    let place_of = |thing: &Id<Resource>| of.requirements.iter().position(|requirement| requirement.iter().any(|stock| stock.id == *thing));
    let mut places = Vec::with_capacity(things.len());
    for thing in &things {
        places.push(match place_of(thing) {
            Some(place) => place,
            None if ctx.get(*thing).await?.is_some() => {
                return Err(Error::bad_input("resourceIds", "must hold resources of the booking type"));
            }
            None => return Err(Error::not_found("resource").field("resourceIds")),
        });
    }
    if (1..places.len()).any(|index| places[..index].contains(&places[index])) {
        return Err(Error::bad_input("resourceIds", "must hold one resource for each requirement"));
    }
    Ok(things)
}

impl Changed {
    /// Reads what an input changes of a session that is the actor's to change.
    ///
    /// # Errors
    /// As `updateGroupSession` says.
    pub async fn read(ctx: &Context<'_>, id: Id<GroupSession>, input: &UpdateGroupSessionInput) -> Result<Changed> {
        let rows = ctx.tx().query(sql::STANDING, &[&id]).await?;
        let mut reader = ColumnReader::new(rows.first().ok_or_else(|| Error::not_found("group session").field("id"))?);
        let of: Id<BookingType> = reader.next()?;
        let was = Span { start: reader.next()?, end: reader.next()? };
        let (had, has_seats, status): (Option<Id<User>>, i32, GroupSessionStatus) = (reader.next()?, reader.next()?, reader.next()?);
        let has: Vec<Id<Resource>> = reader.next()?;
        let actor = ctx.actor()?;
        let is_mine = |person: Option<Id<User>>| actor.can(AvailabilityManage) && person.is_some_and(|person| actor.is(person.0));
        if !actor.can(BookingManage) && !is_mine(had) {
            return Err(Error::not_yours());
        }
        if status == GroupSessionStatus::Cancelled || was.start <= ctx.now() {
            return Err(Error::conflict("INVALID_TRANSITION", "This group session is cancelled, or has begun.").field("id"));
        }
        let of = terms_of(ctx.tx(), of).await?.ok_or_else(|| Error::internal("a group session's type is gone"))?;
        let start = present("startsAt", &input.starts_at, |_, start| coming(ctx, *start))?.unwrap_or(was.start);
        let named = present("instructorId", &input.instructor_id, Id::<User>::parse)?;
        if let Some(named) = named.filter(|named| !of.instructors.iter().any(|staff| staff.id == *named)) {
            identity::require_instructor(ctx, "instructorId", named).await?;
            return Err(Error::bad_input("instructorId", "must be an instructor of the booking type"));
        }
        let instructor = named.or(had);
        if !actor.can(BookingManage) && !is_mine(instructor) {
            return Err(Error::missing_permission(&[BookingManage]).field("instructorId"));
        }
        let things = match &input.resource_ids {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(things_of(ctx, &of, &[]).await?),
            MaybeUndefined::Value(ids) => Some(things_of(ctx, &of, ids).await?),
        };
        let seats = present("seats", &input.seats, seats)?.unwrap_or(has_seats);
        let span = Span { start, end: start + was.length() };
        Ok(Changed { id, of, was, span, had, instructor, has, things, seats })
    }

    /// Whether its time, its instructor or its resources change.
    fn takes_anew(&self) -> bool {
        self.span != self.was || self.instructor != self.had || self.things.is_some()
    }

    /// Judges it under the turns of all whose time it takes, and writes it.
    ///
    /// # Errors
    /// As `updateGroupSession` says.
    pub async fn write(&self, ctx: &Context<'_>) -> Result<()> {
        let mut things = self.things.clone();
        take_type_turn(ctx.tx(), self.of.id).await?; // no seat is taken meanwhile
        if self.takes_anew() {
            let wanted = things.clone().unwrap_or_else(|| self.has.clone());
            let taken = self.check(ctx, &wanted).await?;
            let mut parties: Vec<Uuid> = self.has.iter().chain(&taken).map(|thing| thing.0).collect();
            parties.extend([self.had, self.instructor].into_iter().flatten().map(|person| person.0));
            ctx.tx().query(sql::TURNS, &[&self.id, &parties]).await?;
            self.check(ctx, &taken).await?;
            if things.is_some() {
                things = Some(taken);
            }
        }
        let (start, end) = (self.span.start, self.span.end);
        match ctx.tx().attempt(sql::CHANGE, &[&self.id, &start, &end, &self.instructor, &things, &self.seats]).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let is_learners = matches!(error.constraint(), Some("claim_person_overlap" | "booking_student_overlap"));
                let refusal = refusal(error);
                Err(if is_learners { self.of_learners(ctx, refusal).await? } else { refusal })
            }
        }
    }

    /// What it takes at its new time, where it can be had then: as if it were not there, nor another session of the type to be joined.
    async fn check(&self, ctx: &Context<'_>, things: &[Id<Resource>]) -> Result<Vec<Id<Resource>>> {
        let about = About {
            skipped: SKIPPED,
            is_bound_to_grid: false,
            instructor: self.instructor,
            things: things.to_vec(),
            except_session: Some(self.id.0),
            ..About::one(ctx.now(), self.span, None, ctx.actor()?.user)
        };
        let mut known = facts(ctx.tx(), &self.of, &about).await?;
        known.sessions.clear();
        known.terms.seats = i64::from(self.seats);
        known.terms.is_active = true; // it was opened when the type took bookings
        let verdict = known.judge(Wanted { span: self.span, instructor: self.instructor, things });
        match why_not(ctx.tx(), &self.of, &about, &known, &verdict).await? {
            Some(error) => {
                let field = self.field(&verdict);
                Err(error.field(field))
            }
            None => Ok(verdict.taken),
        }
    }

    /// With the span that keeps its learners away, where it is one.
    async fn of_learners(&self, ctx: &Context<'_>, error: Error) -> Result<Error> {
        let rows = ctx.tx().query(sql::BUSY_LEARNERS, &[&self.id, &self.span.start, &self.span.end]).await?;
        let [row] = rows.as_slice() else { return Ok(error) };
        let mut reader = ColumnReader::new(row);
        Ok(error.busy(reader.next()?, reader.next()?))
    }

    /// What of the input a refusal is about.
    fn field(&self, verdict: &Verdict) -> &'static str {
        let reason = verdict.reason();
        if self.instructor != self.had && verdict.candidates.iter().any(|(_, failed)| failed.is_some() && *failed == reason) {
            "instructorId"
        } else if self.things.is_some() && verdict.things.iter().any(|(_, failed)| failed.is_some() && *failed == reason) {
            "resourceIds"
        } else {
            "startsAt"
        }
    }
}
