//! Judging many starts together: each by the rules of one, and as if those before it were booked.

use jiff::SignedDuration;
use lectern_kernel::{
    db::{DbError, Tx},
    error::{Error, Result},
    ids::Id,
    resolve::DateTime,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SeriesClash;
use crate::domains::{
    bookings::{Span, union},
    identity::User,
    resources::Resource,
    slots::{self, About, Candidate, Facts, SlotReason, TypeTerms, Verdict, Wanted},
};

/// How often somebody may come first.
pub const ATTEMPTS: usize = 8;

/// One start of several.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// From when to when.
    pub span: Span,
    /// Why it can't be had; none: it can.
    pub reason: Option<SlotReason>,
    /// Who takes it.
    pub instructor: Option<Id<User>>,
    /// What it takes.
    pub things: Vec<Id<Resource>>,
    /// How the instructor was chosen; none where somebody named them.
    pub assignment: Option<Value>,
}

/// Several starts, judged.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Who takes them.
    pub instructor: Option<Id<User>>,
    /// Each of them, in their order.
    pub occurrences: Vec<Occurrence>,
    /// Whether the school answers a learner first.
    pub needs_approval: bool,
}

/// What is wanted of a start: when, by whom and with what.
#[derive(Debug, Clone)]
pub struct Start {
    /// From when to when.
    pub span: Span,
    /// By whom, if they can; none: by whoever takes all of them.
    pub instructor: Option<Id<User>>,
    /// With what; of other requirements, with the first that is free.
    pub things: Vec<Id<Resource>>,
    /// Where it is now, and stays where it can't be had; none: it is nowhere yet.
    pub was: Option<Span>,
}

/// Several starts to be taken together.
pub struct Plan<'a> {
    /// The transaction.
    pub tx: &'a Tx,
    /// What is booked.
    pub of: &'a TypeTerms,
    /// What is asked about, from the first start to the last.
    pub about: About,
    /// Each start.
    pub starts: Vec<Start>,
    /// Whether somebody named the instructor, who else is chosen: one for all.
    pub is_named: bool,
    /// How many seats sessions are to have that are opened; none: seats are taken, in those that there are.
    pub opens: Option<i64>,
}

impl Judged {
    /// Those that can't be had.
    pub fn clashes(&self) -> Vec<SeriesClash> {
        let clash = |occurrence: &Occurrence| {
            let (starts_at, ends_at) = (DateTime(occurrence.span.start), DateTime(occurrence.span.end));
            occurrence.reason.map(|reason| SeriesClash { starts_at, ends_at, reason })
        };
        self.occurrences.iter().filter_map(clash).collect()
    }

    /// Those that can.
    pub fn had(&self) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(|occurrence| occurrence.reason.is_none())
    }

    /// The people and resources whose time they take.
    fn parties(&self) -> Vec<Uuid> {
        let of = |occurrence: &Occurrence| {
            let things = occurrence.things.iter().map(|thing| thing.0).collect::<Vec<_>>();
            things.into_iter().chain(occurrence.instructor.map(|instructor| instructor.0))
        };
        self.had().flat_map(of).collect()
    }
}

/// Refuses where something clashes that must not, or where nothing can be had.
///
/// # Errors
/// `CONFLICT` with SERIES_CLASH, and each in `clashes`.
pub fn check(judged: &Judged, may_skip: bool) -> Result<()> {
    let clashes = judged.clashes();
    if clashes.is_empty() || (may_skip && clashes.len() < judged.occurrences.len()) {
        return Ok(());
    }
    let message = if may_skip { "None of them can be had." } else { "Some of them can't be had." };
    Err(refused("SERIES_CLASH", message, &clashes))
}

/// A refusal that names each clash.
fn refused(reason: &'static str, message: &str, clashes: &[SeriesClash]) -> Error {
    let shown = clashes.iter().map(|clash| {
        async_graphql::value!({
            "startsAt": (clash.starts_at.0.to_string()), "endsAt": (clash.ends_at.0.to_string()), "reason": (clash.reason.as_str())
        })
    });
    Error::conflict(reason, message).field("startsAt").detail("clashes", async_graphql::Value::List(shown.collect()))
}

impl Plan<'_> {
    /// Judges them as of now, and holds nothing.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn look(&self) -> Result<Judged> {
        Ok(self.judge(&self.known().await?, None))
    }

    /// Why the only one can't be had; none where it can.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn why_one(&self) -> Result<Option<Error>> {
        let Some(wish) = self.starts.first() else { return Ok(None) };
        let known = self.known().await?;
        let verdict = known.judge(Wanted { span: wish.span, instructor: wish.instructor, things: &wish.things });
        slots::why_not(self.tx, self.of, &self.about, &known, &verdict).await
    }

    async fn known(&self) -> Result<Facts> {
        let mut known = slots::facts(self.tx, self.of, &self.about).await?;
        if let Some(seats) = self.opens {
            known.sessions.clear();
            known.terms.seats = seats;
        }
        Ok(known)
    }

    /// Judges them, waits for the turns of all whose time they take, and judges them again. Until they are written the turns are held; a mark stands before them, so that
    /// whoever loses all the same goes back to it.
    ///
    /// # Errors
    /// SERIES_CLASH, as [`check`] says; or when the database can't be asked.
    pub async fn take(&self, may_skip: bool) -> Result<Judged> {
        if self.of.terms.seats > 1 || (self.of.terms.needs_instructor && !self.is_named) {
            slots::take_type_turn(self.tx, self.of.id).await?;
        }
        self.tx.mark().await?;
        for _ in 0..ATTEMPTS {
            let first = self.look().await?;
            check(&first, may_skip)?;
            let mut parties = first.parties();
            parties.extend(self.about.learner.map(|learner| learner.0));
            slots::take_time_turns(self.tx, &parties, self.about.holder).await?;
            let judged = self.judge(&self.known().await?, first.instructor);
            if judged.parties().iter().all(|party| parties.contains(party)) {
                check(&judged, may_skip)?;
                return Ok(judged);
            }
            self.tx.return_to_mark().await?;
        }
        Err(Error::unavailable("somebody else came first, again and again"))
    }

    /// Each by the rules of one, and as if those before it were booked. `by`: who takes them all. What can't be moved stays where it is, and in the way of others.
    fn judge(&self, known: &Facts, by: Option<Id<User>>) -> Judged {
        let is_one_for_all = self.of.terms.needs_instructor && self.starts.iter().all(|wish| wish.instructor.is_none());
        let instructor = by.or_else(|| if is_one_for_all { self.choose(known) } else { None });
        let mut staying: Vec<Option<Occurrence>> = vec![None; self.starts.len()];
        loop {
            let mut known = known.clone();
            for (wish, _) in self.starts.iter().zip(&staying).filter(|(_, stays)| stays.is_some()) {
                if let Some(was) = wish.was {
                    count(&mut known, was, wish.instructor, &wish.things, None);
                }
            }
            let mut judged = Judged { instructor, ..Judged::default() };
            for (wish, stays) in self.starts.iter().zip(&staying) {
                let occurrence = stays.clone().unwrap_or_else(|| self.judge_one(&mut known, wish, instructor, &mut judged.needs_approval));
                judged.occurrences.push(occurrence);
            }
            let mut is_settled = true;
            for ((wish, stays), occurrence) in self.starts.iter().zip(&mut staying).zip(&judged.occurrences) {
                if wish.was.is_some() && stays.is_none() && occurrence.reason.is_some() {
                    *stays = Some(occurrence.clone());
                    is_settled = false;
                }
            }
            if is_settled {
                return judged;
            }
        }
    }

    fn judge_one(&self, known: &mut Facts, wish: &Start, instructor: Option<Id<User>>, needs_approval: &mut bool) -> Occurrence {
        let mut verdict = known.judge(Wanted { span: wish.span, instructor: wish.instructor.or(instructor), things: &wish.things });
        let is_kept = verdict.reason().is_none();
        if !is_kept && wish.was.is_some() {
            // Whom and what it had can't be had: others of the type may.
            verdict = known.judge(Wanted { span: wish.span, instructor: None, things: &[] });
        }
        // What clashes takes nothing.
        *needs_approval |= verdict.needs_approval && verdict.reason().is_none();
        self.occurrence(known, wish, &verdict, is_kept)
    }

    fn occurrence(&self, known: &mut Facts, wish: &Start, verdict: &Verdict, is_kept: bool) -> Occurrence {
        let (span, reason) = (wish.span, verdict.reason());
        let instructor = verdict.takers.first().copied().filter(|_| reason.is_none());
        let is_chosen = verdict.session.is_none() && !self.is_named && !(is_kept && wish.instructor.is_some());
        let assignment = instructor.filter(|_| is_chosen).map(|chosen| slots::assignment(known, verdict, span.start, chosen));
        let things = if reason.is_none() { verdict.taken.clone() } else { Vec::new() };
        if reason.is_none() {
            count(known, span, instructor, &things, verdict.session);
        }
        Occurrence { span, reason, instructor, things, assignment }
    }

    /// Who is free for all of them, else for most; where several are, the one whom the strategy would take for the first.
    fn choose(&self, known: &Facts) -> Option<Id<User>> {
        let turn = self
            .starts
            .first()
            .map(|wish| known.judge(Wanted { span: wish.span, instructor: None, things: &wish.things }).takers)
            .unwrap_or_default();
        let place = |candidate: &Candidate| turn.iter().position(|taker| *taker == candidate.id).unwrap_or(usize::MAX);
        let bare = Facts { candidates: Vec::new(), ..known.clone() };
        let most = known.candidates.iter().map(|candidate| {
            let mut known = Facts { candidates: vec![candidate.clone()], ..bare.clone() };
            let mut free = 0_usize;
            for wish in &self.starts {
                let verdict = known.judge(Wanted { span: wish.span, instructor: Some(candidate.id), things: &wish.things });
                if verdict.reason().is_none() {
                    free += 1;
                    count(&mut known, wish.span, Some(candidate.id), &verdict.taken, verdict.session);
                }
            }
            (free, candidate)
        });
        let best = most.min_by_key(|(free, candidate)| (std::cmp::Reverse(*free), place(candidate)));
        best.filter(|(free, _)| *free > 0 || self.starts.is_empty()).map(|(_, candidate)| candidate.id)
    }
}

/// Whether somebody came first all the same.
pub fn is_lost(error: &DbError) -> bool {
    matches!(
        error.constraint(),
        Some(
            "group_session_places"
                | "claim_person_overlap"
                | "claim_resource_overlap"
                | "booking_instructor_overlap"
                | "booking_student_overlap"
        )
    )
}

/// As if it were booked.
fn count(known: &mut Facts, span: Span, instructor: Option<Id<User>>, things: &[Id<Resource>], session: Option<Uuid>) {
    let date = span.start.to_zoned(known.zone.clone()).date();
    let minutes = span.length().as_mins();
    if let Some(learner) = &mut known.learner {
        learner.ever += 1;
        learner.open += 1;
        *learner.bookings.entry(date).or_default() += 1;
        take(&mut learner.claimed, span);
    }
    if let Some(seated) = session {
        for session in known.sessions.iter_mut().filter(|session| session.id == seated) {
            session.seats_left -= 1;
        }
        // Its first seat counts for whoever takes it.
        let leaders = known.candidates.iter_mut().filter(|candidate| Some(candidate.id) == instructor);
        for candidate in leaders.filter(|candidate| !candidate.led.contains(&span)) {
            candidate.led.push(span);
            *candidate.bookings.entry(date).or_default() += 1;
            *candidate.minutes.entry(date).or_default() += minutes;
        }
        return;
    }
    let (before, after) = (known.terms.before, known.terms.after);
    for candidate in known.candidates.iter_mut().filter(|candidate| Some(candidate.id) == instructor) {
        take(&mut candidate.claimed, widened(span, before, after));
        *candidate.bookings.entry(date).or_default() += 1;
        *candidate.minutes.entry(date).or_default() += minutes;
        *candidate.claimed_minutes.entry(date).or_default() += widened(span, before, after).length().as_mins();
    }
    for thing in known.requirements.iter_mut().flatten().filter(|thing| things.contains(&thing.id)) {
        let taken = widened(span, thing.setup, thing.teardown);
        take(&mut thing.claimed, taken);
    }
}

fn widened(span: Span, before: SignedDuration, after: SignedDuration) -> Span {
    Span { start: span.start - before, end: span.end + after }
}

fn take(claimed: &mut Vec<Span>, span: Span) {
    let mut spans = std::mem::take(claimed);
    spans.push(span);
    *claimed = union(spans);
}

/// What can be had, as functions of the database take it; each with the id that it is to have.
pub fn written(occurrences: &[(Uuid, &Occurrence)]) -> Value {
    let one = |(id, occurrence): &(Uuid, &Occurrence)| {
        json!({
            "id": id, "starts": occurrence.span.start, "ends": occurrence.span.end, "instructor": occurrence.instructor.map(|instructor| instructor.0),
            "resources": occurrence.things.iter().map(|thing| thing.0).collect::<Vec<_>>(),
            "chosen": occurrence.assignment,
        })
    };
    Value::Array(occurrences.iter().map(one).collect())
}
