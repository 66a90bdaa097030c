//! Taking somebody's time. Whoever claims looks, chooses, waits for the turns of the learner, the chosen instructor and resources, looks again, and writes; where
//! somebody came first, they go back and choose anew. So the locks are those of the chosen, however many could have taken it, and the constraints are the last
//! word and hardly ever the first.

use jiff::Timestamp;
use lectern_kernel::{
    db::{DbError, Tx},
    error::{Error, Result},
    ids::Id,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    BookingType,
    booking_type::AssignmentStrategy,
    facts::{About, facts},
    judge::in_week,
    rules::{Facts, SlotReason, Verdict, Wanted},
    sql,
    terms::TypeTerms,
};
use crate::domains::{bookings::Span, identity::User, resources::Resource};

/// How often somebody may come first.
const ATTEMPTS: usize = 8;

/// Who and what was chosen: their turns are held, nothing is written yet.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Who takes it; none where nobody has to.
    pub instructor: Option<Id<User>>,
    /// What it takes, in the order of the requirements.
    pub things: Vec<Id<Resource>>,
    /// The group session that it is a seat of.
    pub session: Option<Uuid>,
    /// Whether type or resources ask for the school's answer.
    pub needs_approval: bool,
    /// How the instructor was chosen, as `app.note_assignment` takes it; none where somebody named them.
    pub assignment: Option<Value>,
}

/// Waits for the turn of those who choose of a type.
///
/// # Errors
/// When the database can't be asked.
pub async fn take_type_turn(tx: &Tx, of: Id<BookingType>) -> Result<()> {
    tx.query(sql::TYPE_TURN, &[&of]).await?;
    Ok(())
}

/// Waits for the turns of all whose time is to be claimed, and of all whose time the holder's holds give back.
///
/// # Errors
/// When the database can't be asked.
pub async fn take_time_turns(tx: &Tx, parties: &[Uuid], holder: Uuid) -> Result<()> {
    tx.query(sql::TIME_TURNS, &[&parties, &holder]).await?;
    Ok(())
}

/// One attempt at one start.
pub struct Taking<'a> {
    tx: &'a Tx,
    of: &'a TypeTerms,
    about: About,
    span: Span,
    /// Who and what is taken where they are free, whoever else could be.
    kept: (Option<Id<User>>, Vec<Id<Resource>>),
    attempts: usize,
}

impl<'a> Taking<'a> {
    /// Begins: waits for the type's own turn where a strategy chooses. `about` is of one start.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn begin(tx: &'a Tx, of: &'a TypeTerms, about: About) -> Result<Taking<'a>> {
        let span = Span { start: about.starts.0, end: about.starts.0 + about.length };
        let about = About { counts_minutes: about.instructor.is_none(), ..about };
        // First bookings of one slot make one session.
        if of.terms.seats > 1 || (of.terms.needs_instructor && about.instructor.is_none()) {
            take_type_turn(tx, of.id).await?;
        }
        tx.mark().await?;
        Ok(Taking { tx, of, about, span, kept: (None, Vec::new()), attempts: 0 })
    }

    /// Takes this person and these resources where they are free, and others where they are not.
    pub fn keeping(self, instructor: Option<Id<User>>, things: Vec<Id<Resource>>) -> Taking<'a> {
        Taking { kept: (instructor, things), ..self }
    }

    /// Chooses, and holds the turns of the chosen.
    ///
    /// # Errors
    /// `CONFLICT` with the first rule that fails.
    pub async fn choose(&mut self) -> Result<Choice> {
        while self.attempts < ATTEMPTS {
            let known = facts(self.tx, self.of, &self.about).await?;
            let verdict = known.judge(self.wanted(self.about.instructor, &self.about.things));
            if verdict.reason().is_some() {
                return Err(self.refusal(&known, &verdict).await?);
            }
            let choice = self.choice(&known, &verdict);
            let mut parties: Vec<Uuid> = choice.things.iter().map(|thing| thing.0).collect();
            // Whom a person names takes it, whoever else the type would have.
            let instructor = choice.instructor.or(self.about.instructor);
            parties.extend(instructor.map(|instructor| instructor.0));
            parties.extend(self.about.learner.map(|learner| learner.0));
            take_time_turns(self.tx, &parties, self.about.holder).await?;
            let about = About { instructor, things: choice.things.clone(), counts_minutes: false, ..self.about.clone() };
            let again = facts(self.tx, self.of, &about).await?.judge(self.wanted(instructor, &choice.things));
            if again.reason().is_none() {
                return Ok(choice);
            }
            self.go_back().await?;
        }
        Err(Error::unavailable("somebody else came first, again and again"))
    }

    /// After a write that the database refused: goes back to where nothing was chosen, so that it can be chosen anew.
    ///
    /// # Errors
    /// The refusal itself, where it is another than that somebody came first.
    pub async fn lost(&mut self, error: DbError) -> Result<()> {
        match error.constraint() {
            Some(
                "group_session_places"
                | "claim_person_overlap"
                | "claim_resource_overlap"
                | "booking_instructor_overlap"
                | "booking_student_overlap",
            ) => {
                self.go_back().await?;
                Ok(())
            }
            _ => Err(error.into()),
        }
    }

    async fn go_back(&mut self) -> Result<()> {
        self.attempts += 1;
        self.tx.return_to_mark().await?;
        Ok(())
    }

    fn wanted<'w>(&self, instructor: Option<Id<User>>, things: &'w [Id<Resource>]) -> Wanted<'w> {
        Wanted { span: self.span, instructor, things }
    }

    fn choice(&self, known: &Facts, verdict: &Verdict) -> Choice {
        let kept = self.kept.0.filter(|kept| verdict.takers.contains(kept));
        let instructor = kept.or_else(|| verdict.takers.first().copied());
        let is_chosen = self.about.instructor.is_none() && kept.is_none() && verdict.session.is_none();
        Choice {
            instructor,
            things: self.things(verdict),
            session: verdict.session,
            needs_approval: verdict.needs_approval,
            assignment: instructor.filter(|_| is_chosen).map(|chosen| assignment(known, verdict, self.span.start, chosen)),
        }
    }

    /// What is taken for each requirement: what is to be kept, where it is free.
    fn things(&self, verdict: &Verdict) -> Vec<Id<Resource>> {
        let is_free = |thing: Id<Resource>| verdict.things.iter().any(|(one, failed)| *one == thing && failed.is_none());
        let keep = |(place, taken): (usize, &Id<Resource>)| {
            let requirement = self.of.requirements.get(place).map(Vec::as_slice).unwrap_or_default();
            let kept = requirement.iter().map(|stock| stock.id).find(|thing| self.kept.1.contains(thing) && is_free(*thing));
            if verdict.session.is_none() { kept.unwrap_or(*taken) } else { *taken }
        };
        verdict.taken.iter().enumerate().map(keep).collect()
    }

    /// The refusal of a verdict: the first rule that fails, where it fails, and what is known of why.
    ///
    /// # Errors
    /// When the database can't be asked.
    async fn refusal(&self, known: &Facts, verdict: &Verdict) -> Result<Error> {
        let Some(reason) = verdict.reason() else { return Ok(Error::internal("nothing fails")) };
        let mut error = refused(reason).field(self.field(reason, verdict));
        if reason == SlotReason::BookingLimit
            && let Some((limit, used)) = verdict.limit
        {
            let number = |count: i64| usize::try_from(count).unwrap_or_default();
            error = error.limit(number(limit), number(used));
        }
        if reason == SlotReason::NotEligible {
            error = error.detail("unmet", self.unmet(known));
        }
        if reason == SlotReason::BookingConflict
            && let Some((start, end)) = self.busy(verdict).await?
        {
            error = error.busy(start, end);
        }
        Ok(error)
    }

    /// What of the input a reason is about.
    fn field(&self, reason: SlotReason, verdict: &Verdict) -> &'static str {
        let is_instructors = self.about.instructor.is_some() && verdict.candidates.iter().any(|(_, failed)| *failed == Some(reason));
        let is_things = verdict.things.iter().any(|(thing, failed)| *failed == Some(reason) && self.about.things.contains(thing));
        match reason {
            SlotReason::TypeInactive => "bookingTypeId",
            SlotReason::BookingConflict if verdict.is_learner_busy => "startsAt",
            _ if is_instructors => "instructorId",
            _ if is_things => "resourceIds",
            _ => "startsAt",
        }
    }

    /// The kinds of the rules that the learner does not meet.
    fn unmet(&self, known: &Facts) -> async_graphql::Value {
        let met = known.learner.as_ref().map(|learner| learner.eligibility.as_slice()).unwrap_or_default();
        let unmet = self.of.eligibility.iter().zip(met).filter(|(_, is_met)| !**is_met);
        let shown = |kind: &'static str| async_graphql::value!({ "kind": kind });
        async_graphql::Value::List(unmet.map(|(rule, _)| shown(rule.kind.as_str())).collect())
    }

    /// What stands in the way, without what is claimed around it, where it is one's own or whom somebody named.
    async fn busy(&self, verdict: &Verdict) -> Result<Option<(Timestamp, Timestamp)>> {
        let (start, end, except) = (self.span.start, self.span.end, self.about.except.first().copied());
        let minutes = |of: jiff::SignedDuration| i32::try_from(of.as_mins()).unwrap_or_default();
        let is_busy = |failed: &Option<SlotReason>| *failed == Some(SlotReason::BookingConflict);
        let busy: Vec<Id<User>> = verdict.candidates.iter().filter(|(_, failed)| is_busy(failed)).map(|(person, _)| *person).collect();
        let taken: Vec<Id<Resource>> = verdict.things.iter().filter(|(_, failed)| is_busy(failed)).map(|(thing, _)| *thing).collect();
        let rows = if let (true, Some(learner)) = (verdict.is_learner_busy, self.about.learner) {
            self.tx.query(sql::BUSY, &[&learner, &start, &end, &0, &0, &except, &self.about.holder]).await?
        } else if let (true, [person]) = (verdict.takers.is_empty(), busy.as_slice()) {
            let (before, after) = (minutes(self.of.terms.before), minutes(self.of.terms.after));
            self.tx.query(sql::BUSY, &[person, &start, &end, &before, &after, &except, &self.about.holder]).await?
        } else if taken.len() == 1 {
            self.tx.query(sql::TAKEN, &[&taken, &start, &end, &except, &self.about.holder]).await?
        } else {
            return Ok(None);
        };
        let span = rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose();
        Ok(span.map_err(|error: tokio_postgres::Error| DbError::from(error))?)
    }
}

/// Why an instructor was chosen, of whom.
pub fn assignment(known: &Facts, verdict: &Verdict, start: Timestamp, chosen: Id<User>) -> Value {
    let date = start.to_zoned(known.zone.clone()).date();
    let of = |id: Id<User>| known.candidates.iter().find(|candidate| candidate.id == id);
    let (free, all) = (verdict.takers.len(), verdict.candidates.len());
    let (assigned, weight) = of(chosen).map_or((0, 1), |candidate| (candidate.assigned, candidate.weight));
    let minutes = of(chosen).map_or(0, |candidate| in_week(&candidate.claimed_minutes, date));
    let reason = match known.terms.strategy {
        AssignmentStrategy::Fixed => format!("The first in the type's order of {free} who could take it, of {all} in all."),
        AssignmentStrategy::RoundRobin => {
            format!(
                "Of {free} who could take it, of {all} in all, the one with the fewest bookings for their weight: {assigned} at weight {weight}."
            )
        }
        AssignmentStrategy::LeastBusy => {
            format!("Of {free} who could take it, of {all} in all, the one with the fewest minutes claimed in that week: {minutes}.")
        }
    };
    let candidates: Vec<Value> = ordered(verdict)
        .into_iter()
        .filter_map(|(id, reason)| of(id).map(|candidate| (candidate, reason)))
        .map(|(candidate, reason)| {
            json!({
                "instructor": candidate.id.0, "is_chosen": candidate.id == chosen, "reason": reason.map(SlotReason::as_str), "assigned": candidate.assigned,
                "minutes": in_week(&candidate.claimed_minutes, date), "last": candidate.last_assigned,
            })
        })
        .collect();
    json!({ "strategy": known.terms.strategy.as_str(), "reason": reason, "candidates": candidates })
}

/// The instructors, best first: those who could take it in their turn, then the others as the type names them.
pub fn ordered(verdict: &Verdict) -> Vec<(Id<User>, Option<SlotReason>)> {
    let others = verdict.candidates.iter().filter(|(_, failed)| failed.is_some()).copied();
    verdict.takers.iter().map(|taker| (*taker, None)).chain(others).collect()
}

/// The refusal of a reason.
pub fn refused(reason: SlotReason) -> Error {
    let message = match reason {
        SlotReason::TypeInactive => "This booking type takes no new bookings.",
        SlotReason::NotEligible => "The learner does not meet what this booking type asks for.",
        SlotReason::TooSoon => "It begins sooner than this booking type can be booked.",
        SlotReason::TooFar => "It begins later than this booking type can be booked ahead.",
        SlotReason::BookingLimit => "There are as many of these bookings as there may be.",
        SlotReason::ResourceUnbookable => "A resource that it needs is not to be booked.",
        SlotReason::ResourceClosed => "A resource that it needs is not open all the while.",
        SlotReason::OutsideAvailability => "No instructor is available through the whole booking.",
        SlotReason::NotOnGrid => "Bookings of this type don't begin at this time: `slots` says when they do.",
        SlotReason::SessionFull => "Every seat is taken.",
        SlotReason::BookingConflict => "That time is taken: the learner's, an instructor's, or that of a resource that it needs.",
    };
    Error::conflict(reason.as_str(), message)
}
