//! Changing a session, with all its seats.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{AvailabilityManage, BookingManage},
    resolve::Ctx,
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
    identity::User,
    resources::Resource,
    series::coming,
    slots::{About, BookingType, Facts, SlotReason, TypeTerms, Wanted, facts, refused, take_type_turn, terms_of},
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

/// Resources of a type, each once.
fn things_of(of: &TypeTerms, ids: &[ID]) -> Result<Vec<Id<Resource>>> {
    let things = if ids.is_empty() { Vec::new() } else { Id::<Resource>::parse_list("resourceIds", ids, 5)? };
    match things.iter().all(|thing| of.stock().any(|stock| stock.id == *thing)) {
        true => Ok(things),
        false => Err(Error::bad_input("resourceIds", "must hold resources of the booking type")),
    }
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
        let start = input.starts_at.map(|start| coming(ctx, start)).transpose()?.unwrap_or(was.start);
        let named = Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())?;
        if named.is_some_and(|named| !of.instructors.iter().any(|staff| staff.id == named)) {
            return Err(Error::bad_input("instructorId", "must be an instructor of the booking type"));
        }
        let instructor = named.or(had);
        if !actor.can(BookingManage) && !is_mine(instructor) {
            return Err(Error::missing_permission(&[BookingManage]).field("instructorId"));
        }
        let things = match input.resource_ids.as_deref() {
            Some(ids) => Some(things_of(&of, ids)?),
            None => None,
        };
        let seats = seats(input.seats)?.unwrap_or(has_seats);
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
            let known = self.look(ctx).await?;
            let wanted = things.clone().unwrap_or_else(|| self.has.clone());
            let verdict = known.judge(Wanted { span: self.span, instructor: self.instructor, things: &wanted });
            if let Some(reason) = verdict.reason() {
                return Err(refused(reason).field(self.field(&verdict.candidates, &verdict.things, reason)));
            }
            if things.is_some() {
                things = Some(verdict.taken.clone());
            }
            let mut parties: Vec<Uuid> = self.has.iter().chain(&verdict.taken).map(|thing| thing.0).collect();
            parties.extend([self.had, self.instructor].into_iter().flatten().map(|person| person.0));
            ctx.tx().query(sql::TURNS, &[&self.id, &parties]).await?;
            let again = self.look(ctx).await?.judge(Wanted { span: self.span, instructor: self.instructor, things: &wanted });
            if let Some(reason) = again.reason() {
                return Err(refused(reason).field(self.field(&again.candidates, &again.things, reason)));
            }
        }
        let (start, end) = (self.span.start, self.span.end);
        let changed = ctx.tx().query(sql::CHANGE, &[&self.id, &start, &end, &self.instructor, &things, &self.seats]).await;
        changed.map(drop).map_err(refusal)
    }

    /// What is known of its new time, as if it were not there; nor is another session of the type there to be joined.
    async fn look(&self, ctx: &Context<'_>) -> Result<Facts> {
        let about = About {
            skipped: SKIPPED,
            is_bound_to_grid: false,
            instructor: self.instructor,
            except_session: Some(self.id.0),
            ..About::one(ctx.now(), self.span, None, ctx.actor()?.user)
        };
        let mut known = facts(ctx.tx(), &self.of, &about).await?;
        known.sessions.clear();
        known.terms.is_active = true; // it was opened when the type took bookings
        Ok(known)
    }

    fn field(
        &self,
        people: &[(Id<User>, Option<SlotReason>)],
        things: &[(Id<Resource>, Option<SlotReason>)],
        reason: SlotReason,
    ) -> &'static str {
        if self.instructor != self.had && people.iter().any(|(_, failed)| *failed == Some(reason)) {
            "instructorId"
        } else if self.things.is_some() && things.iter().any(|(_, failed)| *failed == Some(reason)) {
            "resourceIds"
        } else {
            "startsAt"
        }
    }
}
