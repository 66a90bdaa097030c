//! Enrolling, recording progress, leaving.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{EnrollmentManage, EnrollmentSelf},
    resolve::{Ctx, DateTime, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Enrollment, EnrollmentStatus,
    inputs::{EnrollInput, ExtendEnrollmentInput, RecordProgressInput, UpdateEnrollmentStatusInput, progress},
    sql,
};
use crate::domains::{
    courses::{Course, CourseStatus},
    identity::User,
};

/// Mutations of enrollments.
pub struct EnrollmentMutations;

fn full(error: &DbError) -> Error {
    let seats = error.number("limit").unwrap_or(0);
    Error::conflict("COURSE_FULL", format!("All {seats} seats of this course are taken."))
}

fn not_published() -> Error {
    Error::conflict("COURSE_NOT_PUBLISHED", "Only a published course takes people in.").field("courseId")
}

/// Why somebody who enrolls by themselves is to wait.
fn kept_out_by(reason: &str) -> Error {
    if reason == "PATH_LOCKED" {
        Error::conflict("PATH_LOCKED", "A learning path of yours keeps this course locked: it opens by itself, and then you are enrolled.")
            .field("courseId")
    } else {
        Error::conflict("PREREQUISITES_MISSING", "The course asks for others before; `prerequisites` names them.").field("courseId")
    }
}

/// Why an enrollment was not made. What the actor may not know is not there; what they may not do comes before the state of
/// the data.
async fn why_not_enrolled(ctx: &Context<'_>, course: Id<Course>, user: Id<User>, key: Option<&str>) -> Result<Error> {
    let rows = ctx.tx().query(&sql::why_not_enrolled(), &[&course, &user, &key]).await?;
    let Some(row) = rows.first() else {
        return Ok(Error::not_found("course").field("courseId"));
    };
    let mut reader = ColumnReader::new(row);
    let status: CourseStatus = reader.next()?;
    let (manages, is_person, key_is_wrong, is_open): (bool, bool, bool, bool) =
        (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
    let enrolled: Option<EnrollmentStatus> = reader.next()?;
    let kept_out: Vec<String> = reader.next()?;
    let actor = ctx.actor()?;
    Ok(if !manages && !actor.is(user.0) {
        Error::not_yours().field("courseId")
    } else if !manages && !actor.can(EnrollmentSelf) {
        Error::missing_permission(&[EnrollmentSelf])
    } else if !is_person {
        Error::not_found("person").field("userId")
    } else if status != CourseStatus::Published {
        not_published()
    } else if let Some(enrolled) = enrolled.filter(|&enrolled| enrolled != EnrollmentStatus::Dropped) {
        Error::conflict("ALREADY_ENROLLED", format!("There is an enrollment already; it is {}.", enrolled.as_str())).field("courseId")
    } else if !is_open && !manages {
        Error::conflict("ENROLLMENT_CLOSED", "Nobody enrolls in this course by themselves: its managers enroll people.").field("courseId")
    } else if let Some(reason) = kept_out.first().filter(|_| !manages) {
        kept_out_by(reason)
    } else if key_is_wrong && !manages {
        Error::forbidden("BAD_ENROLLMENT_KEY", "The course asks for an enrollment key, and this is not it.").field("enrollmentKey")
    } else {
        Error::unavailable("what was in the way of an enrollment went away meanwhile")
    })
}

/// How an enrollment stands that was not changed, and whether its progress follows from lessons.
///
/// # Errors
/// `NOT_FOUND` where the actor can't see it, `NOT_YOURS` where it is not theirs to change.
async fn standing(ctx: &Context<'_>, id: Id<Enrollment>, as_manager: bool) -> Result<(EnrollmentStatus, bool)> {
    let rows = ctx.tx().query(&sql::why_not_changed(), &[&id]).await?;
    let row = rows.first().ok_or_else(|| Error::not_found("enrollment").field("id"))?;
    let mut reader = ColumnReader::new(row);
    let status = reader.next()?;
    let (own, manages, is_computed): (bool, bool, bool) = (reader.next()?, reader.next()?, reader.next()?);
    if manages || (own && !as_manager) { Ok((status, is_computed)) } else { Err(Error::not_yours().field("id")) }
}

fn invalid_transition(message: String) -> Error {
    Error::conflict("INVALID_TRANSITION", message).field("id")
}

#[mutations("Enrollment")]
impl EnrollmentMutations {
    /// Enrolls you, or somebody else, in a published course. Who had dropped out goes on from the progress made.
    /// CONFLICT with ALREADY_ENROLLED, COURSE_NOT_PUBLISHED, COURSE_FULL, or ENROLLMENT_CLOSED where learners don't enroll themselves; and, unless you manage its enrollments, with
    /// PREREQUISITES_MISSING, or PATH_LOCKED while a learning path of yours keeps the course locked; FORBIDDEN with BAD_ENROLLMENT_KEY where the
    /// course asks for a key, unless you manage its enrollments; RATE_LIMITED after too many wrong ones, of yours or from your
    /// address.
    #[needs(EnrollmentSelf, EnrollmentManage)]
    #[guesses("enrollmentKey", Key("BAD_ENROLLMENT_KEY"))]
    async fn enroll(
        ctx: &Context<'_>,
        /// Whom, and in what.
        input: EnrollInput,
    ) -> Result<Loaded<Enrollment>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let actor = ctx.actor()?;
        let user = Id::<User>::parse_opt("userId", input.user_id.as_ref())?.unwrap_or(Id::from_uuid(actor.user));
        let key = text::search("enrollmentKey", input.enrollment_key.as_deref())?; // a blank key is none
        if !actor.is(user.0) && !actor.can(EnrollmentManage) {
            return Err(Error::missing_permission(&[EnrollmentManage]).field("userId"));
        }
        let enrollment: Option<Loaded<Enrollment>> = ctx
            .row(&sql::enroll(), &[&Id::<Enrollment>::generate(), &course, &user, &key])
            .await
            .on_constraint("enrollment_course_published", |_| not_published())
            .on_constraint("enrollment_course_deleted", |_| Error::not_found("course").field("courseId"))
            .on_constraint("person_deleted", |_| Error::not_found("person").field("userId"))
            .on_constraint("course_seats", |error| full(error).field("courseId"))?;
        match enrollment {
            Some(enrollment) => Ok(enrollment),
            None => Err(why_not_enrolled(ctx, course, user, key.as_deref()).await?),
        }
    }

    /// Records how much of the course is done: more than 0 makes the enrollment IN_PROGRESS, 100 COMPLETED. Your own
    /// progress never falls below what was recorded; recording no more than that changes nothing, no status either. Who
    /// manages the course's enrollments sets any value, and less than 100 then reopens a completed one. CONFLICT with
    /// INVALID_TRANSITION for an enrollment that is DROPPED, FAILED or EXPIRED, with PROGRESS_IS_COMPUTED, for everybody, where the course has
    /// lessons.
    #[needs(EnrollmentSelf, EnrollmentManage)]
    async fn record_progress(
        ctx: &Context<'_>,
        /// The progress.
        input: RecordProgressInput,
    ) -> Result<Loaded<Enrollment>> {
        let id = Id::<Enrollment>::parse("id", &input.id)?;
        let progress = progress(input.progress)?;
        if let Some(enrollment) = ctx.row(&sql::record_progress(), &[&id, &progress, &DateTime(ctx.now())]).await? {
            return Ok(enrollment);
        }
        let (status, is_computed) = standing(ctx, id, false).await?;
        if is_computed {
            return Err(Error::conflict("PROGRESS_IS_COMPUTED", "The course has lessons: its progress follows from them.").field("id"));
        }
        Err(invalid_transition(format!("An enrollment that is {} takes no progress.", status.as_str())))
    }

    /// Decides how an enrollment stands, whatever it was before: for those who manage the course's enrollments. COMPLETED
    /// sets `completedAt`, anything else clears it; the progress stays as recorded, or follows from the course's lessons again. Taking a seat again that had been freed
    /// needs one: CONFLICT with COURSE_FULL; with INVALID_TRANSITION where the course or the person was deleted.
    #[needs(EnrollmentManage)]
    async fn update_enrollment_status(
        ctx: &Context<'_>,
        /// The decision.
        input: UpdateEnrollmentStatusInput,
    ) -> Result<Loaded<Enrollment>> {
        let id = Id::<Enrollment>::parse("id", &input.id)?;
        let enrollment: Option<Loaded<Enrollment>> = ctx
            .row(&sql::update_status(), &[&id, &input.status, &DateTime(ctx.now())])
            .await
            .on_constraint("course_seats", |error| full(error).field("id"))
            .on_constraint("enrollment_course_deleted", |_| invalid_transition("The course was deleted.".to_owned()))
            .on_constraint("person_deleted", |_| invalid_transition("The person was deleted.".to_owned()))?;
        match enrollment {
            Some(enrollment) => Ok(enrollment),
            None => {
                standing(ctx, id, true).await?;
                Err(Error::not_yours().field("id"))
            }
        }
    }

    /// Leaves a course, or takes somebody out of it: the enrollment is DROPPED and its seat free. One that is dropped
    /// already stays so; CONFLICT with INVALID_TRANSITION for one that is COMPLETED, FAILED or EXPIRED.
    #[needs(EnrollmentSelf, EnrollmentManage)]
    async fn unenroll(
        ctx: &Context<'_>,
        /// The enrollment's id.
        id: Id<Enrollment>,
    ) -> Result<Loaded<Enrollment>> {
        if let Some(enrollment) = ctx.row(sql::UNENROLL, &[&id]).await? {
            return Ok(enrollment);
        }
        let (status, _) = standing(ctx, id, false).await?;
        Err(invalid_transition(format!("An enrollment that is {} can't be dropped.", status.as_str())))
    }

    /// Says until when an enrollment gives access, whatever its course says now or later: for those who manage the course's enrollments. One that
    /// is EXPIRED is under way again, if that is not over yet and there is a seat: CONFLICT with COURSE_FULL; with INVALID_TRANSITION where the
    /// course or the person was deleted.
    #[needs(EnrollmentManage)]
    async fn extend_enrollment(
        ctx: &Context<'_>,
        /// Which, and until when.
        input: ExtendEnrollmentInput,
    ) -> Result<Loaded<Enrollment>> {
        let id = Id::<Enrollment>::parse("id", &input.id)?;
        let reason = input.reason.map(|reason| text::long("reason", &reason)).transpose()?.flatten();
        let enrollment: Option<Loaded<Enrollment>> = ctx
            .row(&sql::extend(), &[&id, &input.expires_at, &reason])
            .await
            .on_constraint("course_seats", |error| full(error).field("id"))
            .on_constraint("enrollment_course_deleted", |_| invalid_transition("The course was deleted.".to_owned()))
            .on_constraint("person_deleted", |_| invalid_transition("The person was deleted.".to_owned()))?;
        match enrollment {
            Some(enrollment) => Ok(enrollment),
            None => {
                standing(ctx, id, true).await?;
                Err(Error::not_yours().field("id"))
            }
        }
    }
}
