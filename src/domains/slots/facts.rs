//! What is known of a stretch of time, as the rules read it: two statements, however many people and resources there are.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil};
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
    ids::Id,
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    booking_type::AssignmentStrategy,
    grid::{Anchor, Grid, LONGEST_PIECE_DAYS, midnight_before},
    rules::{Candidate, Days, Facts, Learner, Session, Skipped, Thing},
    sql,
    terms::{Staff, Stock, TypeTerms},
};
use crate::domains::{
    bookings::{Booking, Span, difference, union},
    identity::User,
    resources::Resource,
};

/// What is asked about.
#[derive(Debug, Clone)]
pub struct About {
    /// The time.
    pub now: Timestamp,
    /// Starts from its beginning up to, but without, its end; or the one start, as an empty stretch.
    pub starts: (Timestamp, Timestamp),
    /// How long a booking is.
    pub length: SignedDuration,
    /// Whoever would learn; none: nobody's own rules are asked about.
    pub learner: Option<Id<User>>,
    /// Whose holds don't stand in the way.
    pub holder: Uuid,
    /// Of these instructors of the type alone; none: of all.
    pub instructor: Option<Id<User>>,
    /// Of these resources, where a requirement has one of them; of other requirements, of all.
    pub things: Vec<Id<Resource>>,
    /// Bookings that are as if they were not there.
    pub except: Vec<Id<Booking>>,
    /// A group session that is as if it were not there.
    pub except_session: Option<Uuid>,
    /// The group session that alone will do; none: any, or a new one.
    pub session: Option<Uuid>,
    /// What a manager skips.
    pub skipped: Skipped,
    /// Managers are not bound to the grid.
    pub is_bound_to_grid: bool,
    /// Whether somebody is to be chosen: shares are read as of now, under the type's turn, and claimed minutes are counted although the strategy does not ask for
    /// them, to say who was chosen of whom.
    pub counts_minutes: bool,
}

impl About {
    /// One start.
    pub fn one(now: Timestamp, span: Span, learner: Option<Id<User>>, holder: Uuid) -> About {
        About {
            now,
            starts: (span.start, span.start),
            length: span.length(),
            learner,
            holder,
            instructor: None,
            things: Vec::new(),
            except: Vec::new(),
            except_session: None,
            session: None,
            skipped: Skipped::default(),
            is_bound_to_grid: true,
            counts_minutes: false,
        }
    }
}

/// What a party has of time, as the database answers it.
#[derive(Default)]
struct Had {
    given: Vec<Span>,
    off: Vec<Span>,
    claimed: Vec<Span>,
    bookings: Days,
    minutes: Days,
    led: Vec<Span>,
    claimed_minutes: Days,
    share: Option<(i64, Option<Timestamp>)>,
}

/// All that is known of it.
///
/// # Errors
/// When the database can't be asked.
pub async fn facts(tx: &Tx, of: &TypeTerms, about: &About) -> Result<Facts> {
    let staff: Vec<&Staff> = of.instructors.iter().filter(|staff| about.instructor.is_none_or(|wanted| staff.id == wanted)).collect();
    let stock: Vec<Vec<&Stock>> = of.requirements.iter().map(|requirement| named(requirement, &about.things)).collect();
    let people: Vec<Id<User>> = staff.iter().map(|staff| staff.id).collect();
    let things: Vec<Id<Resource>> = stock.iter().flatten().map(|stock| stock.id).collect();
    let minutes = i32::try_from(about.length.as_mins()).map_err(|_| Error::internal("a booking of years"))?;
    let (from, to) = about.starts;
    let (wants, About { learner, holder, except, except_session, .. }) = (wants(of, &staff, about.counts_minutes), about);
    let rows = if from == to {
        tx.query(sql::FACTS_AT, &[&of.id, &people, &things, learner, holder, &from, &minutes, except, &wants, except_session]).await?
    } else {
        tx.query(sql::FACTS, &[&of.id, &people, &things, learner, holder, &from, &to, &minutes, except, &wants, except_session]).await?
    };

    let mut had: HashMap<Uuid, Had> = HashMap::new();
    let mut learner =
        about.learner.map(|id| Learner { id, claimed: Vec::new(), ever: 0, open: 0, bookings: Days::new(), eligibility: Vec::new() });
    for row in &rows {
        read(row, &mut had, learner.as_mut())?;
    }
    if let Some(learner) = &mut learner {
        learner.claimed = had.get(&learner.id.0).map(|had| union(had.claimed.clone())).unwrap_or_default();
    }
    let mut given = merge(&mut had);
    let ruled: Vec<Id<Resource>> = stock.iter().flatten().filter(|stock| stock.is_ruled).map(|stock| stock.id).collect();
    look_back(tx, about, &people, &ruled, &mut given).await?;

    let mut grids = |party: Uuid| Grid { step: of.step, anchor: Anchor::Pieces(given.remove(&party).unwrap_or_default(), of.zone.clone()) };
    let mut candidates = Vec::with_capacity(staff.len());
    for staff in staff {
        let (grid, had) = (grids(staff.id.0), had.remove(&staff.id.0).unwrap_or_default());
        candidates.push(candidate(staff, grid, had));
    }
    let mut requirements = Vec::with_capacity(stock.len());
    for stock in stock {
        let mut ones = Vec::with_capacity(stock.len());
        for stock in stock {
            let mut grid = grids(stock.id.0);
            if !stock.is_ruled {
                grid.anchor = Anchor::Midnight(stock.zone.clone());
            }
            ones.push(thing(stock, grid, had.remove(&stock.id.0).unwrap_or_default()));
        }
        requirements.push(ones);
    }
    Ok(Facts {
        now: about.now,
        zone: of.zone.clone(),
        terms: of.terms.clone(),
        candidates,
        requirements,
        learner,
        sessions: sessions(tx, of, about).await?,
        skipped: about.skipped,
        is_bound_to_grid: about.is_bound_to_grid,
    })
}

/// The type's group sessions.
async fn sessions(tx: &Tx, of: &TypeTerms, about: &About) -> Result<Vec<Session>> {
    if of.terms.seats == 1 {
        return Ok(Vec::new());
    }
    let (from, to) = about.starts;
    let rows = tx.query(sql::SESSIONS, &[&of.id, &about.holder, &from, &to, &about.except]).await?;
    let session = |row: &Row| -> Result<Session> {
        let mut reader = ColumnReader::new(row);
        let (id, start, end) = (reader.next()?, reader.next()?, reader.next()?);
        Ok(Session { id, span: Span { start, end }, instructor: reader.next()?, things: reader.next()?, seats_left: reader.next()? })
    };
    let mut sessions = rows.iter().map(session).collect::<Result<Vec<Session>>>()?;
    sessions.retain(|session| about.session.is_none_or(|wanted| session.id == wanted));
    Ok(sessions)
}

/// Those of a requirement that are named; all of them, where none is.
fn named<'a>(requirement: &'a [Stock], things: &[Id<Resource>]) -> Vec<&'a Stock> {
    let is_named = requirement.iter().any(|stock| things.contains(&stock.id));
    requirement.iter().filter(|stock| !is_named || things.contains(&stock.id)).collect()
}

/// Which numbers of instructors the rules need.
fn wants(of: &TypeTerms, staff: &[&Staff], counts_minutes: bool) -> Vec<&'static str> {
    let mut wants = Vec::new();
    let limits = of.terms.limits;
    if limits.per_instructor_per_day.is_some() || limits.per_instructor_per_week.is_some() {
        wants.push("TYPE");
    }
    if staff.iter().any(|staff| staff.max_minutes_per_day.is_some() || staff.max_minutes_per_week.is_some()) {
        wants.push("MINUTES");
    }
    if of.terms.seats > 1 && !wants.is_empty() {
        wants.push("LED");
    }
    if counts_minutes || of.terms.strategy == AssignmentStrategy::LeastBusy {
        wants.push("TAKEN");
    }
    if counts_minutes {
        wants.push("SHARE");
    }
    wants
}

fn read(row: &Row, had: &mut HashMap<Uuid, Had>, learner: Option<&mut Learner>) -> Result<()> {
    let mut reader = ColumnReader::new(row);
    let (what, party): (&str, Uuid) = (reader.next()?, reader.next()?);
    let (start, end): (Option<Timestamp>, Option<Timestamp>) = (reader.next()?, reader.next()?);
    let (day, number): (Option<civil::Date>, Option<i64>) = (reader.next()?, reader.next()?);
    let number = number.unwrap_or_default();
    if let (Some(start), Some(end)) = (start, end) {
        let had = had.entry(party).or_default();
        let spans = match what {
            "GIVEN" => &mut had.given,
            "OFF" => &mut had.off,
            "LED" => &mut had.led,
            _ => &mut had.claimed,
        };
        spans.push(Span { start, end });
        return Ok(());
    }
    match (what, learner, day) {
        ("EVER", Some(learner), _) => learner.ever = number,
        ("OPEN", Some(learner), _) => learner.open = number,
        ("DAY", Some(learner), Some(day)) => drop(learner.bookings.insert(day, number)),
        ("MET", Some(learner), _) => learner.eligibility.push(number == 1),
        ("SHARE", _, _) => had.entry(party).or_default().share = Some((number, start)),
        ("TYPE", _, Some(day)) => drop(had.entry(party).or_default().bookings.insert(day, number)),
        ("MINUTES", _, Some(day)) => drop(had.entry(party).or_default().minutes.insert(day, number)),
        ("TAKEN", _, Some(day)) => drop(had.entry(party).or_default().claimed_minutes.insert(day, number)),
        _ => return Err(Error::internal(format!("app.slot_facts answers {what}"))),
    }
    Ok(())
}

/// Puts together what is given, for each party.
fn merge(had: &mut HashMap<Uuid, Had>) -> HashMap<Uuid, Vec<Span>> {
    had.iter_mut()
        .map(|(party, had)| {
            had.given = union(std::mem::take(&mut had.given));
            (*party, had.given.clone())
        })
        .collect()
}

/// Where a stretch of open time goes back beyond what was looked at, its beginning is looked for: the grid depends on it, and must not on what is asked for.
async fn look_back(
    tx: &Tx,
    about: &About,
    people: &[Id<User>],
    things: &[Id<Resource>],
    given: &mut HashMap<Uuid, Vec<Span>>,
) -> Result<()> {
    let (from, to) = about.starts;
    let looked_at = from - SignedDuration::from_hours(24);
    let goes_back = |party: Uuid| {
        let pieces = given.get(&party).map_or(&[][..], Vec::as_slice);
        pieces.get(pieces.partition_point(|piece| piece.end <= from)).is_some_and(|piece| piece.start <= looked_at)
    };
    let people: Vec<Id<User>> = people.iter().copied().filter(|person| goes_back(person.0)).collect();
    let things: Vec<Id<Resource>> = things.iter().copied().filter(|thing| goes_back(thing.0)).collect();
    if people.is_empty() && things.is_empty() {
        return Ok(());
    }
    let earliest = midnight_before(from, LONGEST_PIECE_DAYS + 1, &jiff::tz::TimeZone::UTC);
    let latest = to + about.length + SignedDuration::from_hours(24);
    let mut found: HashMap<Uuid, Vec<Span>> = HashMap::new();
    for row in &tx.query(sql::PIECES, &[&people, &things, &earliest, &latest]).await? {
        let mut reader = ColumnReader::new(row);
        found.entry(reader.next()?).or_default().push(Span { start: reader.next()?, end: reader.next()? });
    }
    for (party, spans) in found {
        given.insert(party, union(spans));
    }
    Ok(())
}

fn open_of(had: &mut Had) -> (Vec<Span>, Vec<Span>) {
    let open = difference(&had.given, &union(std::mem::take(&mut had.off)));
    (open, union(std::mem::take(&mut had.claimed)))
}

fn candidate(staff: &Staff, grid: Grid, mut had: Had) -> Candidate {
    let (open, claimed) = open_of(&mut had);
    let (assigned, last_assigned) = had.share.unwrap_or((staff.assigned, staff.last_assigned));
    Candidate {
        id: staff.id,
        weight: staff.weight,
        assigned,
        last_assigned,
        grid,
        open,
        claimed,
        bookings: had.bookings,
        minutes: had.minutes,
        led: had.led,
        claimed_minutes: had.claimed_minutes,
        max_minutes_per_day: staff.max_minutes_per_day,
        max_minutes_per_week: staff.max_minutes_per_week,
    }
}

fn thing(stock: &Stock, grid: Grid, mut had: Had) -> Thing {
    let (open, claimed) = open_of(&mut had);
    Thing {
        id: stock.id,
        is_bookable: stock.is_bookable,
        needs_approval: stock.needs_approval,
        setup: SignedDuration::from_mins(stock.setup),
        teardown: SignedDuration::from_mins(stock.teardown),
        capacity: stock.capacity,
        grid,
        open,
        claimed,
    }
}
