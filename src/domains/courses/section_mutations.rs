//! Changing the sections of a course.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Course, Section,
    inputs::{CreateSectionInput, ReorderSectionsInput, UpdateSectionInput},
    sql,
    staff::{lock_sections, require_author},
};

/// Mutations of sections.
pub struct SectionMutations;

/// A course that the actor may change, locked against other changes of its sections.
async fn own_course(ctx: &Context<'_>, field: &str, id: Id<Course>) -> Result<Loaded<Course>> {
    let course = require_author(ctx, field, id).await?;
    lock_sections(ctx, id).await?;
    Ok(course)
}

/// The course of a section that the actor may see.
async fn course_of(ctx: &Context<'_>, section: Id<Section>) -> Result<Id<Course>> {
    let course: Option<Id<Course>> = ctx.tx().value(sql::COURSE_OF_SECTION, &[&section]).await?;
    course.ok_or_else(|| Error::not_found("section").field("id"))
}

#[mutations("Section")]
impl SectionMutations {
    /// Adds a section at the end of a course. CONFLICT with TOO_MANY_SECTIONS beyond 1,000.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn create_section(
        ctx: &Context<'_>,
        /// The section.
        input: CreateSectionInput,
    ) -> Result<Loaded<Section>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let title = text::name("title", &input.title)?;
        own_course(ctx, "courseId", course).await?;
        let section = ctx
            .row(sql::INSERT_SECTION, &[&course, &Id::<Section>::generate(), &title])
            .await
            .on_constraint("section_position_check", |_| {
                Error::conflict("TOO_MANY_SECTIONS", "A course has at most 1000 sections.").field("courseId")
            })?;
        section.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Renames a section.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_section(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateSectionInput,
    ) -> Result<Loaded<Section>> {
        let id = Id::<Section>::parse("id", &input.id)?;
        let title = text::name("title", &input.title)?;
        own_course(ctx, "id", course_of(ctx, id).await?).await?;
        let section = ctx.row(sql::UPDATE_SECTION, &[&id, &title]).await?;
        section.ok_or_else(|| Error::not_found("section").field("id"))
    }

    /// Puts the sections of a course into a new order, all at once.
    #[about("Course")]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn reorder_sections(
        ctx: &Context<'_>,
        /// The new order.
        input: ReorderSectionsInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("courseId", &input.course_id)?;
        let wanted = Id::<Section>::parse_list("sectionIds", &input.section_ids, 1000)?;
        let course = own_course(ctx, "courseId", id).await?;
        let present = ctx.tx().query(sql::SECTION_IDS, &[&id]).await?;
        let present: std::collections::HashSet<_> = present.iter().map(|row| row.get::<_, Id<Section>>(0)).collect();
        if let Some(index) = wanted.iter().position(|id| !present.contains(id)) {
            return Err(Error::not_found("section of this course").field(format!("sectionIds.{index}")));
        }
        if wanted.len() != present.len() {
            return Err(Error::bad_input("sectionIds", format!("must name all {} sections of the course, each once", present.len())));
        }
        ctx.tx().query(sql::REORDER, &[&id, &wanted]).await?;
        Ok(course)
    }

    /// Deletes a section; those behind it move up. CONFLICT with IN_USE for one that has lessons, or that another section waits for. Answers
    /// its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn delete_section(
        ctx: &Context<'_>,
        /// The section's id.
        id: Id<Section>,
    ) -> Result<Id<Section>> {
        let course = course_of(ctx, id).await?;
        own_course(ctx, "id", course).await?;
        let position: Option<i32> = ctx
            .tx()
            .value(sql::DELETE_SECTION, &[&id])
            .await
            .on_reference(|| Error::conflict("IN_USE", "The section has lessons, or another section waits for it.").field("id"))?;
        let position = position.ok_or_else(|| Error::not_found("section").field("id"))?;
        ctx.tx().query(sql::CLOSE_GAP, &[&course, &position]).await?;
        Ok(id)
    }
}
