//! Taking a path, and leaving it.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{EnrollmentSelf, PathManage},
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{LearningPath, PathEnrollment, inputs::EnrollInPathInput, sql};
use crate::domains::identity::User;

/// Mutations of people's parts in paths.
pub struct PathEnrollmentMutations;

/// The person whom an input names, or the actor: who has ENROLLMENT_SELF.
fn person(ctx: &Context<'_>, id: Option<&ID>) -> Result<Id<User>> {
    let actor = ctx.actor()?;
    let person = Id::<User>::parse_opt("userId", id)?.unwrap_or(Id::from_uuid(actor.user));
    if actor.can(PathManage) || (actor.is(person.0) && actor.can(EnrollmentSelf)) {
        Ok(person)
    } else if actor.is(person.0) {
        Err(Error::missing_permission(&[EnrollmentSelf]))
    } else {
        Err(Error::missing_permission(&[PathManage]).field("userId"))
    }
}

#[mutations("PathEnrollment")]
impl PathEnrollmentMutations {
    /// Takes you, or somebody else, into a published path, and enrolls in each of its courses that is open: without key, prerequisites or `selfEnroll`. A course
    /// that can't take them stops nothing: its `obstacle` says why, and it is tried again. Each of the others follows as it opens. Who had dropped out comes
    /// back. CONFLICT with ALREADY_ENROLLED, or with COURSE_NOT_PUBLISHED where the path is no draft any more and takes nobody in.
    #[needs(EnrollmentSelf, PathManage)]
    async fn enroll_in_path(
        ctx: &Context<'_>,
        /// Whom, and in what.
        input: EnrollInPathInput,
    ) -> Result<Loaded<PathEnrollment>> {
        let path = Id::<LearningPath>::parse("pathId", &input.path_id)?;
        let person = person(ctx, input.user_id.as_ref())?;
        let made: Option<Option<Id<PathEnrollment>>> = ctx
            .tx()
            .value(sql::ENROLL, &[&path, &person])
            .await
            .on_constraint("path_enrolled", |_| Error::conflict("ALREADY_ENROLLED", "This person is in the path already.").field("pathId"))
            .on_constraint("path_published", |_| {
                Error::conflict("COURSE_NOT_PUBLISHED", "Only a published path takes people in.").field("pathId")
            })
            .on_constraint("person_deleted", |_| Error::not_found("person").field("userId"))?;
        match made.flatten() {
            Some(made) => ctx.whole(made).await?.ok_or_else(|| Error::internal("a part in a path can't be read by its owner")),
            None if ctx.get(path).await?.is_none() => Err(Error::not_found("learning path").field("pathId")),
            None => Err(Error::not_found("person").field("userId")),
        }
    }

    /// Leaves a path, or takes somebody out of it: their part in it is DROPPED, the courses stay. One that is dropped already stays so; CONFLICT with
    /// INVALID_TRANSITION for one that is COMPLETED.
    #[needs(EnrollmentSelf, PathManage)]
    async fn leave_path(
        ctx: &Context<'_>,
        /// The id of the part in the path.
        id: Id<PathEnrollment>,
    ) -> Result<Loaded<PathEnrollment>> {
        let left: Option<Option<bool>> = ctx.tx().value(sql::LEAVE, &[&id]).await.on_constraint("path_transition", |_| {
            Error::conflict("INVALID_TRANSITION", "A path that is COMPLETED can't be left.").field("id")
        })?;
        match left.flatten() {
            Some(true) => ctx.whole(id).await?.ok_or_else(|| Error::not_found("part in a path").field("id")),
            Some(false) => Err(Error::not_yours().field("id")),
            None => Err(Error::not_found("part in a path").field("id")),
        }
    }
}
