//! Adding, changing and deleting booking types.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    BookingType,
    inputs::{BookingLimitsInput, CreateBookingTypeInput, UpdateBookingTypeInput, durations, reminders},
    sql,
    type_lists::{Lists, check_shape},
};
use crate::domains::courses::{Course, CourseStatus};

/// Mutations of booking types.
pub struct TypeMutations;

/// The course that an input names: one that the actor sees, and no draft.
async fn course_of(ctx: &Context<'_>, id: Option<&ID>) -> Result<Option<Id<Course>>> {
    let Some(id) = Id::<Course>::parse_opt("courseId", id)? else { return Ok(None) };
    match ctx.get(id).await? {
        None => Err(Error::not_found("course").field("courseId")),
        Some(course) if course.status == CourseStatus::Draft => {
            Err(Error::conflict("COURSE_NOT_PUBLISHED", "A draft can't be booked.").field("courseId"))
        }
        Some(_) => Ok(Some(id)),
    }
}

/// A list of a change: an explicit null empties it.
fn given<T>(list: &MaybeUndefined<Vec<T>>) -> Option<&[T]> {
    match list {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(&[]),
        MaybeUndefined::Value(list) => Some(list),
    }
}

/// What the database refuses in a type.
fn refused<T>(written: Result<T, DbError>) -> Result<T> {
    Ok(written
        .on_constraint("booking_type_in_use", |error| {
            let message = "There are bookings of it: `isActive: false` ends new ones.";
            Error::conflict("IN_USE", message).field(error.text("field").unwrap_or_else(|| "id".to_owned()))
        })
        .on_constraint("booking_type_course_fkey", |_| Error::not_found("course").field("courseId"))?)
}

#[mutations("BookingType")]
impl TypeMutations {
    /// Adds a booking type. BAD_USER_INPUT for an instructor who is none; NOT_FOUND for whatever you can't see; CONFLICT with COURSE_NOT_PUBLISHED for a draft.
    #[needs(ScheduleManage)]
    async fn create_booking_type(
        ctx: &Context<'_>,
        /// The booking type.
        input: CreateBookingTypeInput,
    ) -> Result<Loaded<BookingType>> {
        let mut made = Insert::<BookingType>::new().input(ctx, &input)?;
        let limits = input.limits.unwrap_or_default().check()?;
        let lists = Lists::read(input.instructors.as_deref().or(Some(&[])), input.requirements.as_deref(), input.eligibility.as_deref())?;
        if let Some(minutes) = &input.reminder_minutes {
            made = made.set(BookingType::COLUMNS.reminder_minutes, reminders("reminderMinutes", minutes)?);
        }
        let course = course_of(ctx, input.course_id.as_ref()).await?;
        let BookingLimitsInput {
            per_learner,
            per_learner_per_day,
            per_learner_per_week,
            open_per_learner,
            per_instructor_per_day,
            per_instructor_per_week,
        } = limits;
        let made = made
            .set(BookingType::COLUMNS.course_id, course)
            .set(BookingType::COLUMNS.per_learner, per_learner)
            .set(BookingType::COLUMNS.per_learner_per_day, per_learner_per_day)
            .set(BookingType::COLUMNS.per_learner_per_week, per_learner_per_week)
            .set(BookingType::COLUMNS.open_per_learner, open_per_learner)
            .set(BookingType::COLUMNS.per_instructor_per_day, per_instructor_per_day)
            .set(BookingType::COLUMNS.per_instructor_per_week, per_instructor_per_week);
        let id = made.id();
        let made = refused(made.run(ctx).await)?;
        lists.write(ctx, id).await?;
        check_shape(ctx, id).await?;
        Ok(made)
    }

    /// Changes a booking type. What is left out stays as it is; lists and limits that are given replace those before. What is booked stays as it was booked.
    /// CONFLICT with IN_USE where `seats` would change between 1 and more, and there are bookings of it.
    #[needs(ScheduleManage)]
    async fn update_booking_type(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateBookingTypeInput,
    ) -> Result<Loaded<BookingType>> {
        let id = Id::<BookingType>::parse("id", &input.id)?;
        let mut change = Patch::of(id).input(ctx, &input)?;
        let is_reshaped = !(input.instructors.is_undefined() && input.requirements.is_undefined() && input.needs_instructor.is_undefined());
        let lists = Lists::read(given(&input.instructors), given(&input.requirements), given(&input.eligibility))?;
        let minutes = match &input.durations {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::bad_input("durations", "can't be null: leave it out to keep it")),
            MaybeUndefined::Value(minutes) => Some(durations("durations", minutes)?),
        };
        let limits = match input.limits {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(BookingLimitsInput::default()),
            MaybeUndefined::Value(limits) => Some(limits.check()?),
        };
        let course = match &input.course_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(course) => Some(course_of(ctx, Some(course)).await?),
        };
        change = change
            .set_if(BookingType::COLUMNS.durations, minutes)
            .set_if(BookingType::COLUMNS.course_id, course)
            .set_if(BookingType::COLUMNS.per_learner, limits.map(|limits| limits.per_learner))
            .set_if(BookingType::COLUMNS.per_learner_per_day, limits.map(|limits| limits.per_learner_per_day))
            .set_if(BookingType::COLUMNS.per_learner_per_week, limits.map(|limits| limits.per_learner_per_week))
            .set_if(BookingType::COLUMNS.open_per_learner, limits.map(|limits| limits.open_per_learner))
            .set_if(BookingType::COLUMNS.per_instructor_per_day, limits.map(|limits| limits.per_instructor_per_day))
            .set_if(BookingType::COLUMNS.per_instructor_per_week, limits.map(|limits| limits.per_instructor_per_week));
        let changed = refused(change.run(ctx).await)?.ok_or_else(|| Error::not_found("booking type").field("id"))?;
        lists.write(ctx, id).await?;
        // Its instructors may be gone meanwhile: that keeps nobody from changing what else it is.
        if is_reshaped {
            check_shape(ctx, id).await?;
        }
        Ok(changed)
    }

    /// Deletes a booking type. CONFLICT with IN_USE where there are bookings of it, whatever became of them: `isActive: false` ends new ones. Answers its id.
    #[needs(ScheduleManage)]
    async fn delete_booking_type(
        ctx: &Context<'_>,
        /// The booking type's id.
        id: Id<BookingType>,
    ) -> Result<Id<BookingType>> {
        let deleted = refused(ctx.tx().query(sql::DELETE_TYPE, &[&id]).await)?;
        if deleted.is_empty() { Err(Error::not_found("booking type").field("id")) } else { Ok(id) }
    }
}
