//! Making, changing and ordering lessons.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint, Outcome},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Lesson, LessonKind,
    content::{ContentChange, ContentOf, LessonContent},
    inputs::{CreateLessonInput, MoveLessonInput, ReorderLessonsInput, UpdateLessonInput},
    sql,
};
use crate::domains::courses::{Course, Section, lock_sections, require_author};

/// Mutations of lessons.
pub struct LessonMutations;

/// Lessons of a course.
const MOST: usize = 500;

/// A lesson that the actor may change, with its course locked against other changes of its sections and lessons.
async fn own_lesson(ctx: &Context<'_>, id: Id<Lesson>) -> Result<Lesson> {
    let lesson = ctx.get(id).await?.ok_or_else(|| Error::not_found("lesson").field("id"))?;
    require_author(ctx, "id", lesson.course_id).await?;
    lock_sections(ctx, lesson.course_id).await?;
    // As it is now that nobody else changes it.
    ctx.get(id).await?.ok_or_else(|| Error::not_found("lesson").field("id"))
}

/// A section of a course that the actor may change, locked likewise.
async fn own_section(ctx: &Context<'_>, id: Id<Section>) -> Result<(Loaded<Section>, Id<Course>)> {
    let section = ctx.whole(id).await?.ok_or_else(|| Error::not_found("section").field("sectionId"))?;
    let course = section.get(Section::COLUMNS.course_id)?;
    require_author(ctx, "sectionId", course).await?;
    lock_sections(ctx, course).await?;
    Ok((section, course))
}

/// How many lessons a section has but for one.
async fn others(ctx: &Context<'_>, section: Id<Section>, but: Option<Id<Lesson>>) -> Result<i32> {
    let count: i64 = ctx.tx().value(sql::OTHERS_IN_SECTION, &[&section, &but]).await?.unwrap_or(0);
    i32::try_from(count).map_err(|_| Error::internal("a section has too many lessons"))
}

fn given<T>(value: Option<T>) -> MaybeUndefined<T> {
    value.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value)
}

fn empty_quiz() -> Error {
    Error::conflict("EMPTY_QUIZ", "A quiz is published once it asks something.").field("isPublished")
}

fn no_file<T>(result: Result<T, DbError>) -> Result<T, Outcome> {
    result.on_constraint("lesson_content_file_fkey", |_| Error::not_found("file").field("fileId"))
}

#[mutations("Lesson")]
impl LessonMutations {
    /// Adds a lesson at the end of a section. BAD_USER_INPUT with the field for what a lesson of its kind can't hold, and beyond 500 in a course;
    /// with HOST_NOT_ALLOWED for an EMBED from elsewhere than the school's `embedHosts`. CONFLICT with EMPTY_QUIZ for a QUIZ that is published at once.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn create_lesson(
        ctx: &Context<'_>,
        /// The lesson.
        input: CreateLessonInput,
    ) -> Result<Loaded<Lesson>> {
        let section = Id::<Section>::parse("sectionId", &input.section_id)?;
        if input.kind == LessonKind::Quiz && input.is_published == Some(true) {
            return Err(empty_quiz());
        }
        let lesson = Insert::<Lesson>::new().input(ctx, &input)?;
        let (_, course) = own_section(ctx, section).await?;
        let given = ContentChange {
            body: given(input.body),
            url: given(input.url),
            media_seconds: given(input.media_seconds),
            file_id: given(input.file_id),
            starts_at: given(input.starts_at),
            ends_at: given(input.ends_at),
        };
        let content = given.applied(ctx, input.kind, LessonContent::default()).await?;
        let (id, position) = (lesson.id(), 1 + others(ctx, section, None).await?);
        let too_many = |_: &DbError| Error::bad_input("sectionId", "is of a course that has 500 lessons already");
        let columns = Lesson::COLUMNS;
        let lesson = lesson
            .set(columns.course_id, course)
            .set(columns.section_id, section)
            .set(columns.position, position)
            .run(ctx)
            .await
            .on_constraint("lesson_position_check", too_many)
            .on_constraint("lesson_count", too_many)?;
        let LessonContent { body, url, media_seconds, file, starts_at, ends_at } = content;
        no_file(ctx.tx().query(sql::INSERT_CONTENT, &[&id, &course, &body, &url, &media_seconds, &file, &starts_at, &ends_at]).await)?;
        Ok(lesson)
    }

    /// Changes a lesson. What is left out stays as it is. Publishing, unpublishing and requiring it change the progress of those under way; nobody
    /// completes the course by that, and who has completed it keeps it. BAD_USER_INPUT as `createLesson`; CONFLICT with EMPTY_QUIZ for publishing a quiz
    /// that asks nothing, with POOL_TOO_SMALL for one that draws more from a pool than it has.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_lesson(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateLessonInput,
    ) -> Result<Loaded<Lesson>> {
        let id = Id::<Lesson>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        let lesson = own_lesson(ctx, id).await?;
        let given = ContentChange {
            body: input.body,
            url: input.url,
            media_seconds: input.media_seconds,
            file_id: input.file_id,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
        };
        if !given.is_empty() {
            let present = ctx.load(ContentOf(id)).await?.unwrap_or_default();
            let content = given.applied(ctx, lesson.kind, present).await?;
            let LessonContent { body, url, media_seconds, file, starts_at, ends_at } = content;
            no_file(ctx.tx().query(sql::UPDATE_CONTENT, &[&id, &body, &url, &media_seconds, &file, &starts_at, &ends_at]).await)?;
        }
        let changed = change.run(ctx).await.on_constraint("quiz_empty", |_| empty_quiz()).on_constraint("quiz_pool_small", |_| {
            Error::conflict("POOL_TOO_SMALL", "A pool has fewer questions than the quiz draws from it.").field("isPublished")
        })?;
        changed.ok_or_else(|| Error::not_found("lesson").field("id"))
    }

    /// Puts a lesson elsewhere in its section, or into another section of the same course.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn move_lesson(
        ctx: &Context<'_>,
        /// Which, and where to.
        input: MoveLessonInput,
    ) -> Result<Loaded<Lesson>> {
        let id = Id::<Lesson>::parse("id", &input.id)?;
        let section = Id::<Section>::parse("sectionId", &input.section_id)?;
        let lesson = own_lesson(ctx, id).await?;
        if ctx.get(section).await?.is_none_or(|section| section.course_id != lesson.course_id) {
            return Err(Error::not_found("section of this course").field("sectionId"));
        }
        let last = 1 + others(ctx, section, Some(id)).await?;
        if !(1..=last).contains(&input.position) {
            return Err(Error::bad_input("position", format!("must be between 1 and {last}")));
        }
        ctx.tx().query(sql::CLOSE_GAP, &[&lesson.section_id, &lesson.position]).await?;
        ctx.tx().query(sql::MAKE_ROOM, &[&section, &input.position, &id]).await?;
        let moved = ctx.row(sql::MOVE, &[&id, &section, &input.position]).await?;
        moved.ok_or_else(|| Error::not_found("lesson").field("id"))
    }

    /// Puts the lessons of a section into a new order, all at once.
    #[about("Section")]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn reorder_lessons(
        ctx: &Context<'_>,
        /// The new order.
        input: ReorderLessonsInput,
    ) -> Result<Loaded<Section>> {
        let id = Id::<Section>::parse("sectionId", &input.section_id)?;
        let wanted = Id::<Lesson>::parse_list("lessonIds", &input.lesson_ids, MOST)?;
        let (section, _) = own_section(ctx, id).await?;
        let present = ctx.tx().query(sql::LESSON_IDS, &[&id]).await?;
        let present: std::collections::HashSet<_> = present.iter().map(|row| row.get::<_, Id<Lesson>>(0)).collect();
        if let Some(index) = wanted.iter().position(|id| !present.contains(id)) {
            return Err(Error::not_found("lesson of this section").field(format!("lessonIds.{index}")));
        }
        if wanted.len() != present.len() {
            return Err(Error::bad_input("lessonIds", format!("must name all {} lessons of the section, each once", present.len())));
        }
        ctx.tx().query(sql::REORDER, &[&id, &wanted]).await?;
        Ok(section)
    }

    /// Deletes a lesson; those behind it move up, and completions of it go with it. CONFLICT with IN_USE once something was handed in: unpublish it. Answers
    /// its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn delete_lesson(
        ctx: &Context<'_>,
        /// The lesson's id.
        id: Id<Lesson>,
    ) -> Result<Id<Lesson>> {
        own_lesson(ctx, id).await?;
        let in_use = || Error::conflict("IN_USE", "Something was handed in for it: unpublish it.").field("id");
        let deleted = ctx
            .tx()
            .query(sql::DELETE, &[&id])
            .await
            .on_constraint("submission_assignment_fkey", |_| in_use())
            .on_constraint("quiz_attempt_quiz_fkey", |_| in_use())?;
        let row = deleted.first().ok_or_else(|| Error::not_found("lesson").field("id"))?;
        let (section, position): (Id<Section>, i32) = (row.get(0), row.get(1));
        ctx.tx().query(sql::CLOSE_GAP, &[&section, &position]).await?;
        Ok(id)
    }
}
