//! What the mutations of group sessions take.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::resolve::{Date, DateTime};

use crate::domains::series::OnClash;

/// Sessions to be opened: one, or by a recurrence several.
#[derive(InputObject)]
pub struct OpenGroupSessionsInput {
    /// The booking type: one with several seats.
    pub booking_type_id: ID,
    /// When the first begins; not in the past.
    pub starts_at: DateTime,
    /// Minutes: one of the type's `durations`; its first unless given.
    pub duration_minutes: Option<i32>,
    /// Who takes them: one of the type's instructors. Left out: you, if you are one of them, else by the type's strategy. Anybody but yourself needs BOOKING_MANAGE.
    pub instructor_id: Option<ID>,
    /// What they take, of the requirements that these belong to; of others, the first that is free.
    pub resource_ids: Option<Vec<ID>>,
    /// How many seats each has; 1 to 1,000, and no more than its resources take people. The type's unless given.
    pub seats: Option<i32>,
    /// By which rule they come again, as in `bookSeries`; left out: one session.
    pub recurrence: Option<String>,
    /// Dates of the recurrence on which there is none, at most 52.
    pub excluded_dates: Option<Vec<Date>>,
    /// The IANA time zone by whose clock they come again; the school's unless given.
    pub time_zone: Option<String>,
    /// What becomes of them where some can't be had; REFUSE unless given.
    pub on_clash: Option<OnClash>,
}

/// A change of a session and of all its seats. What is left out stays as it is; none of it can be null.
#[derive(InputObject)]
pub struct UpdateGroupSessionInput {
    /// The session.
    pub id: ID,
    /// When it is to begin; not in the past. It stays as long as it is.
    pub starts_at: MaybeUndefined<DateTime>,
    /// Who is to take it: one of the type's instructors.
    pub instructor_id: MaybeUndefined<ID>,
    /// What it is to take, of the requirements that these belong to; of others, the first that is free.
    pub resource_ids: MaybeUndefined<Vec<ID>>,
    /// How many seats it is to have; 1 to 1,000, and no fewer than are taken.
    pub seats: MaybeUndefined<i32>,
}

/// A session that is not to take place.
#[derive(InputObject)]
pub struct CancelGroupSessionInput {
    /// The session.
    pub id: ID,
    /// Why; at most 10,000 characters. Those who have a seat read it.
    pub reason: Option<String>,
}
