//! Changing the sections of a course.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    permission::Permission::{CourseUpdate, CourseUpdateAll},
    resolve::{Ctx, Require, requires_permission, text},
};

use super::{
    Course, Section,
    inputs::{CreateSectionInput, ReorderSectionsInput, UpdateSectionInput},
    sql,
};

/// Mutations of sections.
#[derive(Default)]
pub struct SectionMutations;

/// A course that the actor may change, locked against other changes of its sections.
async fn own_course(ctx: &Context<'_>, field: &str, id: Id<Course>) -> Result<Course> {
    let course = ctx.load(id).await?.ok_or_else(|| Error::not_found("course").field(field))?;
    let actor = ctx.actor()?;
    let is_own = course.instructor_id.is_some_and(|instructor| actor.is(instructor.0)) && actor.can(CourseUpdate);
    if !is_own && !actor.can(CourseUpdateAll) {
        return Err(Error::not_yours().field(field));
    }
    ctx.tx().query(sql::LOCK_SECTIONS, &[&id]).await?;
    Ok(course)
}

/// The course of a section that the actor may see.
async fn course_of(ctx: &Context<'_>, section: Id<Section>) -> Result<Id<Course>> {
    let course: Option<Id<Course>> = ctx.tx().value(sql::COURSE_OF_SECTION, &[&section]).await?;
    course.ok_or_else(|| Error::not_found("section").field("id"))
}

#[Object]
impl SectionMutations {
    /// Adds a section at the end of a course. CONFLICT with TOO_MANY_SECTIONS beyond 1,000. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn create_section(&self, ctx: &Context<'_>, #[graphql(desc = "The section.")] input: CreateSectionInput) -> Result<Section> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let title = text::name("title", &input.title)?;
        own_course(ctx, "courseId", course).await?;
        let section = ctx
            .tx()
            .opt(&sql::insert_section(), &[&course, &Id::<Section>::generate(), &title])
            .await
            .on_constraint("section_position_check", |_| {
                Error::conflict("TOO_MANY_SECTIONS", "A course has at most 1000 sections.").field("courseId")
            })?;
        section.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Renames a section. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn update_section(&self, ctx: &Context<'_>, #[graphql(desc = "The change.")] input: UpdateSectionInput) -> Result<Section> {
        let id = Id::<Section>::parse("id", &input.id)?;
        let title = text::name("title", &input.title)?;
        own_course(ctx, "id", course_of(ctx, id).await?).await?;
        let section = ctx.tx().opt(&sql::update_section(), &[&id, &title]).await?;
        section.ok_or_else(|| Error::not_found("section").field("id"))
    }

    /// Puts the sections of a course into a new order, all at once. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn reorder_sections(&self, ctx: &Context<'_>, #[graphql(desc = "The new order.")] input: ReorderSectionsInput) -> Result<Course> {
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

    /// Deletes a section; those behind it move up. Answers its id. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn delete_section(&self, ctx: &Context<'_>, #[graphql(desc = "The section's id.")] id: ID) -> Result<Id<Section>> {
        let id = Id::<Section>::parse("id", &id)?;
        let course = course_of(ctx, id).await?;
        own_course(ctx, "id", course).await?;
        let position: Option<i32> = ctx.tx().value(sql::DELETE_SECTION, &[&id]).await?;
        let position = position.ok_or_else(|| Error::not_found("section").field("id"))?;
        ctx.tx().query(sql::CLOSE_GAP, &[&course, &position]).await?;
        Ok(id)
    }
}
