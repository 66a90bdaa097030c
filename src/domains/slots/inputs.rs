//! What the mutations of booking types take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::{
    BookingType,
    booking_type::{AssignmentStrategy, EligibilityKind},
};

/// A booking type to be added.
#[writes(BookingType)]
pub struct CreateBookingTypeInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// More about it; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// The course that its bookings belong to; not a draft.
    #[by_hand]
    pub course_id: Option<ID>,
    /// Where it takes place; 1 to 200 characters.
    #[check(text::name)]
    pub location: Option<String>,
    /// How many minutes a booking may have: 1 to 6 different numbers of 5 to 1,440; the first is the usual one.
    #[check(durations)]
    pub durations: Vec<i32>,
    /// The minutes from one start to the next; 5 to 1,440, 15 unless given.
    #[check(step)]
    pub slot_step_minutes: Option<i32>,
    /// Minutes that are claimed of the instructor before each booking; 0 to 480, 0 unless given.
    #[check(buffer)]
    pub buffer_before_minutes: Option<i32>,
    /// Minutes that are claimed of the instructor after each booking; 0 to 480, 0 unless given.
    #[check(buffer)]
    pub buffer_after_minutes: Option<i32>,
    /// How many minutes before its start a booking is made at the latest; 0 to 525,600, 0 unless given.
    #[check(notice)]
    pub min_notice_minutes: Option<i32>,
    /// How many days ahead it can be booked, 1 to 1,095; null: as far as somebody is open.
    #[check(horizon)]
    pub max_horizon_days: Option<i32>,
    /// 1, which it is unless given: one to one; up to 1,000: group sessions of so many seats.
    #[check(seats)]
    pub seats: Option<i32>,
    /// Whether an instructor takes it; true unless given.
    pub needs_instructor: Option<bool>,
    /// How an instructor is chosen where nobody is named; ROUND_ROBIN unless given.
    pub strategy: Option<AssignmentStrategy>,
    /// Whether learners may name an instructor; true unless given.
    pub learner_chooses_instructor: Option<bool>,
    /// Who takes its bookings, in their order: 1 to 200 different instructors of the school; none where it needs nobody.
    #[by_hand]
    pub instructors: Option<Vec<BookingTypeInstructorInput>>,
    /// What a booking takes of the school's resources: at most 5, and at least one where no instructor takes it.
    #[by_hand]
    pub requirements: Option<Vec<ResourceRequirementInput>>,
    /// Whether the school answers each booking of a learner first; false unless given.
    pub needs_approval: Option<bool>,
    /// Whether a booking that waits for its answer holds the time already; false unless given.
    pub holds_while_requested: Option<bool>,
    /// How many bookings there may be; any number unless given.
    #[by_hand]
    pub limits: Option<BookingLimitsInput>,
    /// What is asked of learners: at most 10 rules.
    #[by_hand]
    pub eligibility: Option<Vec<EligibilityRuleInput>>,
    /// How many minutes before its start a learner cancels a booking at the latest; 0 to 525,600, 0 unless given.
    #[check(notice)]
    pub cancel_notice_minutes: Option<i32>,
    /// Whether a learner may cancel later than that; false unless given.
    pub allows_late_cancel: Option<bool>,
    /// How many minutes before its start a learner moves a booking at the latest; 0 to 525,600, 0 unless given.
    #[check(notice)]
    pub reschedule_notice_minutes: Option<i32>,
    /// How often a learner may move a booking, 0 to 100; null: any number.
    #[check(reschedules)]
    pub max_reschedules: Option<i32>,
    /// Whether a learner says why they cancel or move a booking; false unless given.
    pub requires_reason: Option<bool>,
    /// How many minutes before its start people are reminded: at most 3 different numbers of 5 to 43,200; those of the school unless given.
    #[by_hand]
    pub reminder_minutes: Option<Vec<i32>>,
}

/// A change of a booking type. What is left out stays as it is; an explicit null clears. Lists and limits replace those before as a whole. Bookings stay as
/// they were booked; notice of cancelling and moving, reasons and reminders hold as they are now.
#[writes(BookingType)]
pub struct UpdateBookingTypeInput {
    /// The booking type.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// More about it; at most 10,000 characters; null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// False ends new bookings, for everybody.
    pub is_active: MaybeUndefined<bool>,
    /// The course that its bookings belong to from now on; null: learners may name one.
    #[by_hand]
    pub course_id: MaybeUndefined<ID>,
    /// Where it takes place; 1 to 200 characters; null for nowhere in particular.
    #[check(text::name)]
    pub location: MaybeUndefined<String>,
    /// How many minutes a booking may have: 1 to 6 different numbers of 5 to 1,440; the first is the usual one.
    #[by_hand]
    pub durations: MaybeUndefined<Vec<i32>>,
    /// The minutes from one start to the next; 5 to 1,440.
    #[check(step)]
    pub slot_step_minutes: MaybeUndefined<i32>,
    /// Minutes that are claimed of the instructor before each booking, from now on; 0 to 480.
    #[check(buffer)]
    pub buffer_before_minutes: MaybeUndefined<i32>,
    /// Minutes that are claimed of the instructor after each booking, from now on; 0 to 480.
    #[check(buffer)]
    pub buffer_after_minutes: MaybeUndefined<i32>,
    /// How many minutes before its start a booking is made at the latest; 0 to 525,600.
    #[check(notice)]
    pub min_notice_minutes: MaybeUndefined<i32>,
    /// How many days ahead it can be booked, 1 to 1,095; null: as far as somebody is open.
    #[check(horizon)]
    pub max_horizon_days: MaybeUndefined<i32>,
    /// 1: one to one; up to 1,000: group sessions of so many seats. Once booked it stays the one or the other.
    #[check(seats)]
    pub seats: MaybeUndefined<i32>,
    /// Whether an instructor takes it.
    pub needs_instructor: MaybeUndefined<bool>,
    /// How an instructor is chosen where nobody is named.
    pub strategy: MaybeUndefined<AssignmentStrategy>,
    /// Whether learners may name an instructor.
    pub learner_chooses_instructor: MaybeUndefined<bool>,
    /// Who takes its bookings, in their order, in place of those before. Whoever is new to it begins at the smallest share of the others.
    #[by_hand]
    pub instructors: MaybeUndefined<Vec<BookingTypeInstructorInput>>,
    /// What a booking takes of the school's resources, in place of what it took before.
    #[by_hand]
    pub requirements: MaybeUndefined<Vec<ResourceRequirementInput>>,
    /// Whether the school answers each booking of a learner first.
    pub needs_approval: MaybeUndefined<bool>,
    /// Whether a booking that waits for its answer holds the time already.
    pub holds_while_requested: MaybeUndefined<bool>,
    /// How many bookings there may be, in place of what held before; null: any number.
    #[by_hand]
    pub limits: MaybeUndefined<BookingLimitsInput>,
    /// What is asked of learners, in place of what was asked before.
    #[by_hand]
    pub eligibility: MaybeUndefined<Vec<EligibilityRuleInput>>,
    /// How many minutes before its start a learner cancels a booking at the latest; 0 to 525,600.
    #[check(notice)]
    pub cancel_notice_minutes: MaybeUndefined<i32>,
    /// Whether a learner may cancel later than that.
    pub allows_late_cancel: MaybeUndefined<bool>,
    /// How many minutes before its start a learner moves a booking at the latest; 0 to 525,600.
    #[check(notice)]
    pub reschedule_notice_minutes: MaybeUndefined<i32>,
    /// How often a learner may move a booking, 0 to 100; null: any number.
    #[check(reschedules)]
    pub max_reschedules: MaybeUndefined<i32>,
    /// Whether a learner says why they cancel or move a booking.
    pub requires_reason: MaybeUndefined<bool>,
    /// How many minutes before its start people are reminded: at most 3 different numbers of 5 to 43,200; null for never.
    #[check(reminders)]
    pub reminder_minutes: MaybeUndefined<Vec<i32>>,
}

/// One who takes bookings of a type.
#[derive(InputObject)]
pub struct BookingTypeInstructorInput {
    /// An instructor of the school.
    pub instructor_id: ID,
    /// Their share, for ROUND_ROBIN; 1 to 100, 1 unless given.
    pub weight: Option<i32>,
}

/// What a booking needs beside people.
#[derive(InputObject)]
pub struct ResourceRequirementInput {
    /// What it is for; 1 to 200 characters.
    pub name: String,
    /// 1 to 50 resources, of which it takes the first that is free; each in one requirement of the type.
    pub resource_ids: Vec<ID>,
}

/// How many bookings of a type there may be that are not CANCELLED; 1 to 1,000 each, any number unless given.
#[derive(InputObject, Default, Clone, Copy)]
pub struct BookingLimitsInput {
    /// Of one learner, ever.
    pub per_learner: Option<i32>,
    /// Of one learner on a date.
    pub per_learner_per_day: Option<i32>,
    /// Of one learner in a week from Monday.
    pub per_learner_per_week: Option<i32>,
    /// Of one learner at a time.
    pub open_per_learner: Option<i32>,
    /// Of one instructor on a date.
    pub per_instructor_per_day: Option<i32>,
    /// Of one instructor in a week from Monday.
    pub per_instructor_per_week: Option<i32>,
}

/// What is asked of a learner.
#[derive(InputObject)]
pub struct EligibilityRuleInput {
    /// What.
    pub kind: EligibilityKind,
    /// Of which courses, lessons or groups: 1 to 20, any one of which will do. None for MAX_NO_SHOWS.
    pub subject_ids: Option<Vec<ID>>,
    /// For MAX_NO_SHOWS, and only there: how many within 90 days at most; 0 to 100.
    pub max_count: Option<i32>,
}

/// A number within its bounds.
fn within(field: &str, number: i32, least: i32, most: i32) -> Result<i32> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(Error::bad_input(field, format!("must be between {least} and {most}"))) }
}

/// Different numbers within their bounds, as they stand.
fn numbers(field: &str, numbers: &[i32], (fewest, count): (usize, usize), (least, most): (i32, i32)) -> Result<Vec<i32>> {
    if numbers.len() < fewest || numbers.len() > count {
        return Err(Error::bad_input(field, format!("must hold {fewest} to {count} numbers")));
    }
    for (index, number) in numbers.iter().enumerate() {
        within(&format!("{field}.{index}"), *number, least, most)?;
        if numbers[..index].contains(number) {
            return Err(Error::bad_input(format!("{field}.{index}"), "stands in the list twice"));
        }
    }
    Ok(numbers.to_vec())
}

/// How long bookings may be.
pub fn durations(field: &str, minutes: &[i32]) -> Result<Vec<i32>> {
    numbers(field, minutes, (1, 6), (5, 1440))
}

/// When people are reminded.
pub fn reminders(field: &str, minutes: &[i32]) -> Result<Vec<i32>> {
    numbers(field, minutes, (0, 3), (5, 43_200))
}

fn step(field: &str, minutes: &i32) -> Result<i32> {
    within(field, *minutes, 5, 1440)
}

fn buffer(field: &str, minutes: &i32) -> Result<i32> {
    within(field, *minutes, 0, 480)
}

fn notice(field: &str, minutes: &i32) -> Result<i32> {
    within(field, *minutes, 0, 525_600)
}

fn horizon(field: &str, days: &i32) -> Result<i32> {
    within(field, *days, 1, 1095)
}

fn seats(field: &str, seats: &i32) -> Result<i32> {
    within(field, *seats, 1, 1000)
}

fn reschedules(field: &str, times: &i32) -> Result<i32> {
    within(field, *times, 0, 100)
}

impl BookingLimitsInput {
    /// The limits, checked: in the order of their columns.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn check(self) -> Result<Self> {
        for (name, limit) in [
            ("perLearner", self.per_learner),
            ("perLearnerPerDay", self.per_learner_per_day),
            ("perLearnerPerWeek", self.per_learner_per_week),
            ("openPerLearner", self.open_per_learner),
            ("perInstructorPerDay", self.per_instructor_per_day),
            ("perInstructorPerWeek", self.per_instructor_per_week),
        ] {
            if let Some(limit) = limit {
                within(&format!("limits.{name}"), limit, 1, 1000)?;
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_minutes_have_their_bounds_and_each_number_once() {
        assert_eq!(durations("durations", &[60, 30]).unwrap(), [60, 30]);
        assert_eq!(reminders("reminderMinutes", &[]).unwrap(), Vec::<i32>::new());
        for wrong in [&[][..], &[4], &[1441], &[30, 30], &[5, 10, 15, 20, 25, 30, 35]] {
            assert!(durations("durations", wrong).is_err(), "{wrong:?}");
        }
        for wrong in [&[4][..], &[43_201], &[60, 60], &[5, 10, 15, 20]] {
            assert!(reminders("reminderMinutes", wrong).is_err(), "{wrong:?}");
        }
    }
}
