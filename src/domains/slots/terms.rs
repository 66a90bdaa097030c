//! A booking type as the rules read it.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lectern_kernel::{
    db::Tx,
    error::{Error, Result},
    ids::Id,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    BookingType,
    booking_type::{AssignmentStrategy, EligibilityKind},
    rules::{Limits, Terms},
    sql,
};
use crate::domains::{courses::Course, identity::User, resources::Resource};

/// A booking type, its instructors as they stand, its resources, its rules: all that says what can be booked of it.
#[derive(Debug, Clone)]
pub struct TypeTerms {
    /// Which type.
    pub id: Id<BookingType>,
    /// Minutes that a booking may have; the first is the usual one.
    pub durations: Vec<i32>,
    /// The distance of two starts.
    pub step: SignedDuration,
    /// The course that its bookings belong to.
    pub course: Option<Id<Course>>,
    /// Whether learners say with whom.
    pub learner_chooses: bool,
    /// Whether a request holds the time that it asks for.
    pub holds_while_requested: bool,
    /// What the rules need of it.
    pub terms: Terms,
    /// Its active instructors, in their order.
    pub instructors: Vec<Staff>,
    /// Its requirements: one of each of these.
    pub requirements: Vec<Vec<Stock>>,
    /// Its rules of eligibility, in their order.
    pub eligibility: Vec<Eligibility>,
    /// The school's zone.
    pub zone: TimeZone,
}

/// An instructor of a type.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Who.
    pub id: Id<User>,
    /// Their share.
    pub weight: i64,
    /// How many bookings of the type they were given.
    pub assigned: i64,
    /// When the last.
    pub last_assigned: Option<Timestamp>,
    /// Minutes that they may be booked for on a date.
    pub max_minutes_per_day: Option<i64>,
    /// And in a week.
    pub max_minutes_per_week: Option<i64>,
}

/// A resource of a type.
#[derive(Debug, Clone)]
pub struct Stock {
    /// Which.
    pub id: Id<Resource>,
    /// Whether it is to be booked.
    pub is_bookable: bool,
    /// Whether the school answers each booking of it.
    pub needs_approval: bool,
    /// Minutes before.
    pub setup: i64,
    /// Minutes after.
    pub teardown: i64,
    /// How many people it takes; none: any number.
    pub capacity: Option<i64>,
    /// The zone of its days.
    pub zone: TimeZone,
    /// Whether it is open by rules alone.
    pub is_ruled: bool,
}

/// A rule of eligibility.
#[derive(Debug, Clone)]
pub struct Eligibility {
    /// What is asked.
    pub kind: EligibilityKind,
    /// Of which.
    pub subjects: Vec<Uuid>,
    /// How often at most.
    pub max_count: Option<i32>,
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    is_active: bool,
    course_id: Option<Uuid>,
    durations: Vec<i32>,
    slot_step_minutes: i64,
    buffer_before_minutes: i64,
    buffer_after_minutes: i64,
    min_notice_minutes: i64,
    max_horizon_days: Option<i32>,
    seats: i64,
    needs_instructor: bool,
    strategy: String,
    learner_chooses_instructor: bool,
    needs_approval: bool,
    holds_while_requested: bool,
    per_learner: Option<i64>,
    per_learner_per_day: Option<i64>,
    per_learner_per_week: Option<i64>,
    open_per_learner: Option<i64>,
    per_instructor_per_day: Option<i64>,
    per_instructor_per_week: Option<i64>,
    zone: String,
    instructors: Vec<StaffRow>,
    requirements: Vec<Vec<StockRow>>,
    eligibility: Vec<EligibilityRow>,
}

#[derive(Deserialize)]
struct StaffRow {
    id: Uuid,
    weight: i64,
    assigned: i64,
    last: Option<Timestamp>,
    day: Option<i64>,
    week: Option<i64>,
}

#[derive(Deserialize)]
struct StockRow {
    id: Uuid,
    mode: String,
    setup: i64,
    teardown: i64,
    capacity: Option<i64>,
    zone: String,
    ruled: bool,
}

#[derive(Deserialize)]
struct EligibilityRow {
    kind: String,
    subjects: Vec<Uuid>,
    most: Option<i32>,
}

fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|error| Error::internal(format!("a time zone that the database knows: {error}")))
}

/// A booking type, as it is now; none where there is none.
///
/// # Errors
/// When the database can't be asked.
pub async fn terms_of(tx: &Tx, id: Id<BookingType>) -> Result<Option<TypeTerms>> {
    let value: Option<Option<serde_json::Value>> = tx.value(sql::TYPE, &[&id]).await?;
    let Some(value) = value.flatten() else { return Ok(None) };
    let row: Row = serde_json::from_value(value).map_err(|error| Error::internal(format!("app.slot_type: {error}")))?;
    TypeTerms::read(row).map(Some)
}

#[derive(Deserialize)]
struct Anybody {
    zone: String,
    instructors: Vec<StaffRow>,
}

/// What holds for a booking without a type: anybody who teaches may take it, the least busy first, and nothing else is asked.
///
/// # Errors
/// When the database can't be asked.
pub async fn terms_of_anybody(tx: &Tx) -> Result<TypeTerms> {
    let value: Option<serde_json::Value> = tx.value(sql::ANYBODY, &[]).await?;
    let unreadable = |error: serde_json::Error| Error::internal(format!("app.slot_anybody: {error}"));
    let row: Anybody = serde_json::from_value(value.unwrap_or_default()).map_err(unreadable)?;
    Ok(TypeTerms {
        id: Id::from_uuid(Uuid::nil()),
        durations: Vec::new(),
        step: SignedDuration::from_mins(5),
        course: None,
        learner_chooses: true,
        holds_while_requested: false,
        terms: Terms {
            is_active: true,
            before: SignedDuration::ZERO,
            after: SignedDuration::ZERO,
            notice: SignedDuration::ZERO,
            horizon_days: None,
            seats: 1,
            needs_instructor: true,
            strategy: AssignmentStrategy::LeastBusy,
            needs_approval: true,
            limits: Limits::default(),
        },
        instructors: row.instructors.into_iter().map(Staff::read).collect(),
        requirements: Vec::new(),
        eligibility: Vec::new(),
        zone: zone(&row.zone)?,
    })
}

impl TypeTerms {
    fn read(row: Row) -> Result<TypeTerms> {
        let unknown = |what: &str| Error::internal(format!("app.slot_type answers an unknown {what}"));
        let stock = |row: StockRow| {
            Ok(Stock {
                id: Id::from_uuid(row.id),
                is_bookable: row.mode != "UNBOOKABLE",
                needs_approval: row.mode == "APPROVAL_REQUIRED",
                setup: row.setup,
                teardown: row.teardown,
                capacity: row.capacity,
                zone: zone(&row.zone)?,
                is_ruled: row.ruled,
            })
        };
        let eligibility = |row: EligibilityRow| {
            let kind = EligibilityKind::from_text(&row.kind).ok_or_else(|| unknown("rule"))?;
            Ok(Eligibility { kind, subjects: row.subjects, max_count: row.most })
        };
        Ok(TypeTerms {
            id: Id::from_uuid(row.id),
            durations: row.durations,
            step: SignedDuration::from_mins(row.slot_step_minutes),
            course: row.course_id.map(Id::from_uuid),
            learner_chooses: row.learner_chooses_instructor,
            holds_while_requested: row.holds_while_requested,
            terms: Terms {
                is_active: row.is_active,
                before: SignedDuration::from_mins(row.buffer_before_minutes),
                after: SignedDuration::from_mins(row.buffer_after_minutes),
                notice: SignedDuration::from_mins(row.min_notice_minutes),
                horizon_days: row.max_horizon_days,
                seats: row.seats,
                needs_instructor: row.needs_instructor,
                strategy: AssignmentStrategy::from_text(&row.strategy).ok_or_else(|| unknown("strategy"))?,
                needs_approval: row.needs_approval,
                limits: Limits {
                    per_learner: row.per_learner,
                    per_learner_per_day: row.per_learner_per_day,
                    per_learner_per_week: row.per_learner_per_week,
                    open_per_learner: row.open_per_learner,
                    per_instructor_per_day: row.per_instructor_per_day,
                    per_instructor_per_week: row.per_instructor_per_week,
                },
            },
            instructors: row.instructors.into_iter().map(Staff::read).collect(),
            requirements: row
                .requirements
                .into_iter()
                .map(|things| things.into_iter().map(stock).collect::<Result<Vec<_>>>())
                .collect::<Result<Vec<_>>>()?,
            eligibility: row.eligibility.into_iter().map(eligibility).collect::<Result<Vec<_>>>()?,
            zone: zone(&row.zone)?,
        })
    }

    /// Every resource that it may take.
    pub fn stock(&self) -> impl Iterator<Item = &Stock> {
        self.requirements.iter().flatten()
    }
}

impl Staff {
    fn read(row: StaffRow) -> Staff {
        Staff {
            id: Id::from_uuid(row.id),
            weight: row.weight,
            assigned: row.assigned,
            last_assigned: row.last,
            max_minutes_per_day: row.day,
            max_minutes_per_week: row.week,
        }
    }
}
