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
    refusing::why_not,
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
            if let Some(refusal) = why_not(self.tx, self.of, &self.about, &known, &verdict).await? {
                return Err(refusal);
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
                // What is kept may ask for an answer where the first that is free does not, and the other way round.
                return Ok(Choice { needs_approval: again.needs_approval, ..choice });
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
