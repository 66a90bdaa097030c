//! What goes with a course or a lesson: files and pages.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Rows, text},
};
use lectern_macros::{mutations, object, resolvers};

use super::{Lesson, files::attached_file, sql};
use crate::domains::{
    courses::{Course, https_url, require_author},
    files::{self, File},
};

/// A file or a page that goes with a course, for those whose enrollment gives access and for its staff; or with a lesson, and then locked with
/// it.
#[object(table = "course_material", alias = "cm", id = "material", node(CourseRead), resolvers)]
#[derive(Clone, Debug)]
pub struct CourseMaterial {
    /// Its id.
    pub id: Id<CourseMaterial>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// Where it is; null for a file.
    pub url: Option<String>,
    /// When it was added.
    pub created_at: DateTime,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    /// The lesson; null where it goes with the course as a whole.
    #[one]
    pub lesson_id: Option<Id<Lesson>>,
    #[hidden]
    pub file_id: Option<Id<File>>,
}

#[resolvers]
impl CourseMaterial {
    /// The file, whoever it is shown to itself; null for a page.
    async fn file(file_id: Option<Id<File>>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        attached_file(ctx, file_id).await
    }
}

/// Something that is to go with a course or a lesson. Exactly one of `fileId` and `url`.
#[derive(InputObject)]
pub struct AddCourseMaterialInput {
    /// The course.
    pub course_id: ID,
    /// One of its lessons; left out: it goes with the course as a whole.
    pub lesson_id: Option<ID>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// A file of yours, or with FILE_MANAGE any.
    pub file_id: Option<ID>,
    /// An https address of at most 2,000 characters.
    pub url: Option<String>,
}

/// Mutations of materials.
pub struct MaterialMutations;

#[mutations("CourseMaterial")]
impl MaterialMutations {
    /// Adds a file or a page to a course or one of its lessons; at most 100 a course. Whoever may read it may read the file, whoever it is shown
    /// to itself.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn add_course_material(
        ctx: &Context<'_>,
        /// What, and to which.
        input: AddCourseMaterialInput,
    ) -> Result<Loaded<CourseMaterial>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let lesson = Id::<Lesson>::parse_opt("lessonId", input.lesson_id.as_ref())?;
        let title = text::name("title", &input.title)?;
        let url = input.url.map(|url| https_url("url", &url)).transpose()?;
        let file = Id::<File>::parse_opt("fileId", input.file_id.as_ref())?;
        require_author(ctx, "courseId", course).await?;
        if let Some(lesson) = lesson
            && ctx.get(lesson).await?.is_none_or(|lesson| lesson.course_id != course)
        {
            return Err(Error::not_found("lesson of this course").field("lessonId"));
        }
        if url.is_some() == file.is_some() {
            return Err(Error::bad_input("fileId", "or `url`: exactly one of them is required"));
        }
        let file = match file {
            Some(file) => Some(files::require_own(ctx, "fileId", file).await?),
            None => None,
        };
        let columns = CourseMaterial::COLUMNS;
        let added = Insert::<CourseMaterial>::new()
            .set(columns.course_id, course)
            .set(columns.lesson_id, lesson)
            .set(columns.title, title)
            .set(columns.url, url)
            .set(columns.file_id, file);
        Ok(added
            .run(ctx)
            .await
            .on_constraint("course_material_count", |_| Error::bad_input("courseId", "has 100 materials already"))
            .on_constraint("course_material_file_fkey", |_| Error::not_found("file").field("fileId"))
            .on_constraint("course_material_lesson_fkey", |_| Error::not_found("lesson of this course").field("lessonId"))?)
    }

    /// Takes a material away; its file stays. Answers its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn remove_course_material(
        ctx: &Context<'_>,
        /// The material's id.
        id: Id<CourseMaterial>,
    ) -> Result<Id<CourseMaterial>> {
        let removed = ctx.tx().query(sql::REMOVE_MATERIAL, &[&id]).await?;
        if removed.is_empty() { Err(ctx.untouched(id, "material").await) } else { Ok(id) }
    }
}
