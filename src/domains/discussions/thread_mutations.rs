//! Asking and telling.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::DiscussionModerate,
    resolve::{Ctx, Insert, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Post, Thread,
    inputs::{CreateThreadInput, UpdateThreadInput, words},
    sql,
};
use crate::domains::{
    courses::{Course, require_staff},
    identity::User,
    lessons::Lesson,
};

/// Mutations of threads.
pub struct ThreadMutations;

/// That somebody has no part in a course.
pub(super) fn not_enrolled(field: &'static str) -> Error {
    Error::forbidden("NOT_ENROLLED", "This takes an enrollment in the course that gives access.").field(field)
}

/// That nothing is written in a thread any more.
pub(super) fn closed(field: &'static str) -> Error {
    Error::conflict("THREAD_CLOSED", "The thread is closed.").field(field)
}

fn no_post() -> Error {
    Error::not_found("post of this thread").field("answerId")
}

/// The answer that is given: a post of the thread whose words are there; none inside for none.
async fn answer(ctx: &Context<'_>, thread: Id<Thread>, given: &MaybeUndefined<async_graphql::ID>) -> Result<Option<Option<Id<Post>>>> {
    match given {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(id) => {
            let id = Id::<Post>::parse("answerId", id)?;
            let post = ctx.get(id).await?.filter(|post| post.thread_id == thread && post.deleted_at.is_none());
            post.map(|_| Some(Some(id))).ok_or_else(no_post)
        }
    }
}

#[mutations("Thread")]
impl ThreadMutations {
    /// Begins a thread in a course. FORBIDDEN with NOT_ENROLLED for who is neither of its staff nor has an enrollment that gives access; CONFLICT with
    /// LESSON_LOCKED about a lesson that is not open to you yet.
    #[needs(EnrollmentSelf, CourseUpdate, CourseUpdateAll)]
    async fn create_thread(
        ctx: &Context<'_>,
        /// The thread.
        input: CreateThreadInput,
    ) -> Result<Loaded<Thread>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let lesson = Id::<Lesson>::parse_opt("lessonId", input.lesson_id.as_ref())?;
        let (title, body) = (text::name("title", &input.title)?, words("body", &input.body)?);
        ctx.whole(course).await?.ok_or_else(|| Error::not_found("course").field("courseId"))?;
        if let Some(lesson) = lesson
            && ctx.get(lesson).await?.is_none_or(|lesson| lesson.course_id != course)
        {
            return Err(Error::not_found("lesson of this course").field("lessonId"));
        }
        let rows = ctx.tx().query(sql::STANDING, &[&course, &lesson]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a question without an answer"))?;
        let mut reader = ColumnReader::new(row);
        let (takes_part, is_there, lock): (bool, bool, Option<String>) = (reader.next()?, reader.next()?, reader.next()?);
        if !takes_part {
            // It may have been deleted since it was looked at.
            return Err(if is_there { not_enrolled("courseId") } else { Error::not_found("course").field("courseId") });
        }
        if lock.is_some() {
            return Err(Error::conflict("LESSON_LOCKED", "The lesson is not open to you yet; `lockReason` says why.").field("lessonId"));
        }
        let columns = Thread::COLUMNS;
        let added = Insert::<Thread>::new()
            .set(columns.course_id, course)
            .set(columns.lesson_id, lesson)
            .set(columns.author_id, Id::<User>::from_uuid(ctx.actor()?.user))
            .set(columns.title, title)
            .set(columns.body, body);
        Ok(added.run(ctx).await.on_constraint("thread_lesson_fkey", |_| Error::not_found("lesson of this course").field("lessonId"))?)
    }

    /// Changes a thread. Its words are its author's to change: NOT_YOURS for others, CONFLICT with THREAD_CLOSED once it is closed. Whoever holds
    /// DISCUSSION_MODERATE and is of the course's staff pins and closes it. Its author and the staff mark the answer.
    #[needs(EnrollmentSelf, CourseUpdate, CourseUpdateAll)]
    async fn update_thread(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateThreadInput,
    ) -> Result<Loaded<Thread>> {
        let id = Id::<Thread>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        let thread = ctx.get(id).await?.ok_or_else(|| Error::not_found("thread").field("id"))?;
        let actor = ctx.actor()?;
        let is_author = actor.is(thread.author_id.0);
        let writes = !input.title.is_undefined() || !input.body.is_undefined();
        if writes && !is_author {
            return Err(Error::not_yours().field("id"));
        }
        if !input.is_pinned.is_undefined() || !input.is_closed.is_undefined() {
            if !actor.can(DiscussionModerate) {
                return Err(Error::missing_permission(&[DiscussionModerate]));
            }
            require_staff(ctx, "id", thread.course_id).await?;
        }
        if !is_author && !input.answer_id.is_undefined() {
            require_staff(ctx, "id", thread.course_id).await?;
        }
        let change = change.set_if(Thread::COLUMNS.answer_id, answer(ctx, id, &input.answer_id).await?);
        let changed = change
            .run(ctx)
            .await
            .on_constraint("thread_author", |_| Error::not_yours().field("id"))
            .on_constraint("thread_moderator", |_| Error::not_yours().field("id"))
            .on_constraint("thread_closed", |_| closed("id"))
            .on_constraint("thread_answer_deleted", |_| no_post())
            .on_constraint("thread_answer_fkey", |_| no_post())?;
        match changed {
            Some(thread) => Ok(thread),
            None => Err(ctx.untouched(id, "thread").await),
        }
    }

    /// Deletes a thread with all that was written in it: your own, or, with DISCUSSION_MODERATE, any of a course that you are staff of. Answers its id.
    #[needs(EnrollmentSelf, DiscussionModerate)]
    async fn delete_thread(
        ctx: &Context<'_>,
        /// The thread's id.
        id: Id<Thread>,
    ) -> Result<Id<Thread>> {
        let deleted = ctx.tx().query(sql::DELETE_THREAD, &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "thread").await) } else { Ok(id) }
    }
}
