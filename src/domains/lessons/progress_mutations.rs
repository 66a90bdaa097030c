//! Learning: opening and completing lessons, and what managers say of that.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint, Outcome},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{EnrollmentManage, EnrollmentSelf},
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use tokio_postgres::{Row, types::ToSql};

use super::{
    Lesson, LessonKind, LessonProgress,
    content::ContentOf,
    inputs::{CompleteLessonInput, RecordAttendanceInput, ReopenLessonInput, RequestLessonBookingInput, TrackLessonInput, seconds},
    sql,
};
use crate::domains::{
    bookings::{self, Booking, BookingRequest},
    courses::require_staff,
    identity::User,
};

/// Mutations of progress in lessons.
pub struct ProgressMutations;

/// People whose attendance is noted at once.
const MOST: usize = 500;

fn not_enrolled() -> Error {
    Error::forbidden("NOT_ENROLLED", "This takes an enrollment in the course that gives access.").field("lessonId")
}

fn locked() -> Error {
    Error::conflict("LESSON_LOCKED", "The lesson is not open to you yet; `lockReason` says why.").field("lessonId")
}

fn no_lesson() -> Error {
    Error::not_found("lesson").field("lessonId")
}

fn too_early(error: &DbError) -> Error {
    let seconds = error.number("seconds").unwrap_or(0);
    Error::conflict("TOO_EARLY", format!("The lesson can be completed in {seconds} seconds.")).field("lessonId")
}

/// Asks one of the functions of lessons, and maps what it refuses.
async fn ask(ctx: &Context<'_>, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Outcome> {
    ctx.tx()
        .query(sql, params)
        .await
        .on_constraint("lesson_not_enrolled", |_| not_enrolled())
        .on_constraint("lesson_locked", |_| locked())
        .on_constraint("lesson_completed_by_work", |_| {
            Error::conflict("COMPLETED_BY_WORK", "Such a lesson is completed by what is done in it, not by saying so.").field("lessonId")
        })
        .on_constraint("lesson_too_early", too_early)
        .on_constraint("lesson_transition", |_| {
            Error::conflict("INVALID_TRANSITION", "An enrollment that is DROPPED, FAILED or EXPIRED takes no progress.").field("userId")
        })
        .on_row_security(|| Error::not_yours().field("lessonId"))
}

fn answered(rows: &[Row]) -> Result<Option<LessonProgress>> {
    Ok(rows.first().map(LessonProgress::read).transpose()?)
}

/// Why a manager's word about somebody reached nothing.
async fn nobody(ctx: &Context<'_>, lesson: Id<Lesson>) -> Result<Error> {
    Ok(if ctx.get(lesson).await?.is_some() { Error::not_found("person in the course").field("userId") } else { no_lesson() })
}

#[mutations("Lesson")]
impl ProgressMutations {
    /// Says that you open a lesson, and where in it you are: it stamps the first opening, which the enrollment begins with, and the last activity.
    /// FORBIDDEN with NOT_ENROLLED, CONFLICT with LESSON_LOCKED.
    #[needs(EnrollmentSelf)]
    async fn track_lesson(
        ctx: &Context<'_>,
        /// Which, and where in it.
        input: TrackLessonInput,
    ) -> Result<LessonProgress> {
        let lesson = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let place = input.position_seconds.map(|place| seconds("positionSeconds", &place)).transpose()?;
        answered(&ask(ctx, sql::TRACK, &[&lesson, &place]).await?)?.ok_or_else(no_lesson)
    }

    /// Completes a lesson; again changes nothing. The last required one completes the course. You complete TEXT, VIDEO, AUDIO, FILE, LINK and
    /// EMBED: FORBIDDEN with NOT_ENROLLED, CONFLICT with LESSON_LOCKED, with COMPLETED_BY_WORK for any other, with TOO_EARLY before its
    /// `minSeconds` are over. Whoever manages the course's enrollments completes any lesson for somebody in it, locked or not: CONFLICT with
    /// INVALID_TRANSITION for an enrollment that is DROPPED, FAILED or EXPIRED.
    #[needs(EnrollmentSelf, EnrollmentManage)]
    async fn complete_lesson(
        ctx: &Context<'_>,
        /// Which, and by whom.
        input: CompleteLessonInput,
    ) -> Result<LessonProgress> {
        let lesson = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let person = Id::<User>::parse_opt("userId", input.user_id.as_ref())?;
        let actor = ctx.actor()?;
        let by_word = person.filter(|person| !actor.is(person.0) || actor.can(EnrollmentManage));
        if by_word.is_some() && !actor.can(EnrollmentManage) {
            return Err(Error::missing_permission(&[EnrollmentManage]).field("userId"));
        }
        if by_word.is_none() && !actor.can(EnrollmentSelf) {
            return Err(Error::missing_permission(&[EnrollmentSelf]));
        }
        match answered(&ask(ctx, sql::COMPLETE, &[&lesson, &by_word]).await?)? {
            Some(progress) => Ok(progress),
            None if by_word.is_some() => Err(nobody(ctx, lesson).await?),
            None => Err(no_lesson()),
        }
    }

    /// Takes back that somebody has completed a lesson, for those who manage the course's enrollments. A course that was completed by it is under
    /// way again. CONFLICT with INVALID_TRANSITION for an enrollment that is DROPPED, FAILED or EXPIRED.
    #[needs(EnrollmentManage)]
    async fn reopen_lesson(
        ctx: &Context<'_>,
        /// Which, and whose.
        input: ReopenLessonInput,
    ) -> Result<LessonProgress> {
        let lesson = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let person = Id::<User>::parse("userId", &input.user_id)?;
        match answered(&ask(ctx, sql::REOPEN, &[&lesson, &person]).await?)? {
            Some(progress) => Ok(progress),
            None => Err(nobody(ctx, lesson).await?),
        }
    }

    /// Notes who was there at a LIVE lesson: they have completed it. All or nobody: NOT_FOUND for who has no enrollment that gives access. For
    /// those who manage the course's enrollments; BAD_USER_INPUT for a lesson that is not LIVE.
    #[needs(EnrollmentManage)]
    async fn record_attendance(
        ctx: &Context<'_>,
        /// Who, and where.
        input: RecordAttendanceInput,
    ) -> Result<Loaded<Lesson>> {
        let id = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let people = Id::<User>::parse_list("userIds", &input.user_ids, MOST)?;
        let lesson = ctx.whole(id).await?.ok_or_else(no_lesson)?;
        require_staff(ctx, "lessonId", lesson.get(Lesson::COLUMNS.course_id)?).await?;
        if lesson.get(Lesson::COLUMNS.kind)? != LessonKind::Live {
            return Err(Error::bad_input("lessonId", "must be a LIVE lesson"));
        }
        let rows = ask(ctx, sql::ATTENDED, &[&id, &people]).await?;
        let there: std::collections::HashSet<_> = rows.iter().map(|row| row.get::<_, Id<User>>(0)).collect();
        match people.iter().position(|person| !there.contains(person)) {
            Some(index) => Err(Error::not_found("person in the course").field(format!("userIds.{index}"))),
            None => Ok(lesson),
        }
    }

    /// Asks for a booking of a LIVE lesson that is booked one by one, as `requestBooking` does, for its course. Once the booking has taken place, the
    /// lesson is completed. FORBIDDEN with NOT_ENROLLED; CONFLICT with LESSON_LOCKED, with ALREADY_BOOKED as long as a booking of yours of the
    /// lesson is neither completed nor cancelled; BAD_USER_INPUT for a lesson that is not booked one by one.
    #[about("Booking")]
    #[needs(BookingRequest)]
    #[budget(bookings::CHANGES)]
    async fn request_lesson_booking(
        ctx: &Context<'_>,
        /// The request.
        input: RequestLessonBookingInput,
    ) -> Result<Loaded<Booking>> {
        let id = Id::<Lesson>::parse("lessonId", &input.lesson_id)?;
        let wished = input.requested_instructor_id.as_ref();
        let request = BookingRequest::new(ctx, input.starts_at, input.ends_at, input.notes.as_deref(), wished)?;
        let lesson = ctx.get(id).await?.ok_or_else(no_lesson)?;
        request.check_wish(ctx).await?;
        let rows = ctx.tx().query(sql::BOOKABLE, &[&id]).await?;
        let row = rows.first().ok_or_else(no_lesson)?;
        let (is_live, lock): (bool, Option<String>) = (row.get(0), row.get(1));
        if !is_live {
            return Err(not_enrolled());
        }
        if lock.is_some() {
            return Err(locked());
        }
        let content = ctx.load(ContentOf(id)).await?.unwrap_or_default();
        if lesson.kind != LessonKind::Live || content.starts_at.is_some() {
            return Err(Error::bad_input("lessonId", "must be a LIVE lesson that is booked one by one"));
        }
        let booked = request.send(ctx, Some(lesson.course_id), Some(id)).await;
        Ok(booked.on_constraint("booking_lesson_key", |_| {
            Error::conflict("ALREADY_BOOKED", "You have a booking of this lesson that is neither completed nor cancelled.")
                .field("lessonId")
        })?)
    }
}
