//! What became of bookings.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
    text_enum,
};
use lectern_macros::mutations;

use super::{Booking, sql};

text_enum! {
    /// What became of a booking.
    pub enum BookingOutcome {
        /// It took place.
        Attended = "ATTENDED",
        /// It took place, and the learner came late.
        Late = "LATE",
        /// The learner did not come.
        NoShow = "NO_SHOW",
        /// The instructor did not come.
        InstructorNoShow = "INSTRUCTOR_NO_SHOW",
    }
}

/// What became of a booking.
#[derive(InputObject)]
pub struct RecordBookingOutcomeInput {
    /// The booking.
    pub id: ID,
    /// What became of it.
    pub outcome: BookingOutcome,
    /// By how many minutes the learner was late, 1 to 1,440: with LATE, and only then.
    pub minutes_late: Option<i32>,
}

impl RecordBookingOutcomeInput {
    fn check(&self) -> Result<()> {
        match (self.outcome, self.minutes_late) {
            (BookingOutcome::Late, Some(1..=1440)) => Ok(()),
            (BookingOutcome::Late, _) => Err(Error::bad_input("minutesLate", "must be between 1 and 1440, with LATE")),
            (_, None) => Ok(()),
            _ => Err(Error::bad_input("minutesLate", "goes with LATE alone")),
        }
    }
}

/// Mutations of outcomes.
pub struct OutcomeMutations;

#[mutations("Booking")]
impl OutcomeMutations {
    /// Says what became of a booking that has begun: ASSIGNED becomes COMPLETED, of one that is COMPLETED the word is corrected. The assigned instructor
    /// may with BOOKING_COMPLETE, for others it is FORBIDDEN with NOT_YOURS. A lesson to which nobody came is not completed by it; what was completed
    /// before a correction stays so (`reopenLesson`). CONFLICT with NOT_STARTED before it begins, with INVALID_TRANSITION from any other state.
    #[needs(BookingComplete, BookingManage)]
    async fn record_booking_outcome(
        ctx: &Context<'_>,
        /// Which, and what.
        input: RecordBookingOutcomeInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::<Booking>::parse("id", &input.id)?;
        input.check()?;
        let (columns, shape) = ctx.request().catalog().whole::<Booking>("b");
        // One of the two, whatever happens to it in between: the first waits for whoever completes it, and then finds it completed.
        for statement in [sql::COMPLETE_WITH_OUTCOME, sql::CORRECT_OUTCOME] {
            let statement = statement.replace("{b}", &columns);
            let rows = match ctx.tx().attempt(&statement, &[&id, &input.outcome, &input.minutes_late]).await {
                Ok(rows) => rows,
                Err(error) => return Err(refusal(ctx, id, error).await),
            };
            if let Some(booking) = rows.into_iter().next().and_then(|row| Loaded::joined(&Arc::new(row), 0, &shape)) {
                return Ok(booking);
            }
        }
        match ctx.whole(id).await? {
            Some(_) => Err(Error::not_yours()),
            None => Err(Error::not_found("booking").field("id")),
        }
    }
}

async fn refusal(ctx: &Context<'_>, id: Id<Booking>, error: DbError) -> Error {
    match error.constraint() {
        Some("booking_transition") => {
            let status = match ctx.get(id).await {
                Ok(booking) => booking.map_or("gone", |booking| booking.status.as_str()),
                Err(error) => return error,
            };
            Error::conflict(
                "INVALID_TRANSITION",
                format!("Of a booking that is {status} nobody can say yet, or any more, what became of it."),
            )
        }
        Some("booking_party") => Error::not_yours(),
        Some("booking_not_started") => Error::conflict("NOT_STARTED", "What became of a booking is known once it has begun."),
        _ => error.into(),
    }
}
