//! When sections open: for everybody, and for some people or groups otherwise.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows},
};
use lectern_macros::{mutations, object};

use super::sql;
use crate::domains::{
    courses::{Course, DripKind, Section, days, lock_sections, require_author, require_staff},
    groups::Group,
    identity::User,
};

/// When a section, or a whole course, opens for a person or the members of a group, whatever its drip says. It opens nothing to who is not
/// enrolled, and no lesson before its turn in a course whose lessons open one after the other. A person's goes before a group's, a section's before the course's; of several groups' the
/// earliest holds.
#[object(table = "unlock_override", alias = "uo", id = "unlock", node(EnrollmentManage))]
#[derive(Clone, Debug)]
pub struct UnlockOverride {
    /// Its id.
    pub id: Id<UnlockOverride>,
    /// When it opens; null for at once.
    pub opens_at: Option<DateTime>,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    /// The section; null for all of them.
    #[one]
    pub section_id: Option<Id<Section>>,
    /// The person; null where it is for a group, or when you may not see them.
    #[one]
    pub user_id: Option<Id<User>>,
    /// The group; null where it is for a person, or when you may not see it.
    #[one]
    pub group_id: Option<Id<Group>>,
}

/// What the lessons of a section are to wait for: exactly what the kind takes.
#[derive(InputObject)]
pub struct SetSectionDripInput {
    /// The section.
    pub section_id: ID,
    /// What they wait for.
    pub kind: DripKind,
    /// For DAYS_AFTER_ENROLLMENT: how many days of 24 hours, 1 to 3,650.
    pub days: Option<i32>,
    /// For ON_DATE: when they open.
    pub at: Option<DateTime>,
    /// For AFTER_SECTION: another section of the course.
    pub after_section_id: Option<ID>,
}

/// When a section or a course is to open for somebody. Exactly one of `userId` and `groupId`.
#[derive(InputObject)]
pub struct SetUnlockOverrideInput {
    /// The course.
    pub course_id: ID,
    /// One of its sections; left out: all of them.
    pub section_id: Option<ID>,
    /// A person.
    pub user_id: Option<ID>,
    /// A group.
    pub group_id: Option<ID>,
    /// When it opens; left out or null: at once.
    pub opens_at: Option<DateTime>,
}

/// Mutations of when sections open.
pub struct UnlockMutations;

/// A section of a course, as the actor sees it.
async fn section_of(ctx: &Context<'_>, field: &str, section: Id<Section>, course: Id<Course>) -> Result<()> {
    match ctx.get(section).await? {
        Some(found) if found.course_id == course => Ok(()),
        _ => Err(Error::not_found("section of this course").field(field)),
    }
}

/// Refuses what a kind does not take, and misses what it does.
fn exactly(field: &str, is_given: bool, is_wanted: bool) -> Result<()> {
    match (is_given, is_wanted) {
        (true, false) => Err(Error::bad_input(field, "must be left out: this kind takes none")),
        (false, true) => Err(Error::bad_input(field, "is required of this kind")),
        _ => Ok(()),
    }
}

#[mutations("UnlockOverride")]
impl UnlockMutations {
    /// Says what the lessons of a section wait for. What somebody has completed stays open to them. BAD_USER_INPUT for anything but what the
    /// kind takes; CONFLICT with DRIP_CYCLE where sections would wait for each other in a circle.
    #[about("Section")]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn set_section_drip(
        ctx: &Context<'_>,
        /// What they wait for.
        input: SetSectionDripInput,
    ) -> Result<Loaded<Section>> {
        let id = Id::<Section>::parse("sectionId", &input.section_id)?;
        let kind = input.kind;
        let after_days = input.days.map(|given| days("days", &given)).transpose()?;
        let after = Id::<Section>::parse_opt("afterSectionId", input.after_section_id.as_ref())?;
        let section = ctx.get(id).await?.ok_or_else(|| Error::not_found("section").field("sectionId"))?;
        require_author(ctx, "sectionId", section.course_id).await?;
        lock_sections(ctx, section.course_id).await?;
        if let Some(after) = after {
            section_of(ctx, "afterSectionId", after, section.course_id).await?;
        }
        exactly("days", input.days.is_some(), kind == DripKind::DaysAfterEnrollment)?;
        exactly("at", input.at.is_some(), kind == DripKind::OnDate)?;
        exactly("afterSectionId", input.after_section_id.is_some(), kind == DripKind::AfterSection)?;
        let changed = ctx
            .row(sql::SET_DRIP, &[&id, &kind, &after_days, &input.at, &after])
            .await
            .on_constraint("section_drip_cycle", |_| {
                Error::conflict("DRIP_CYCLE", "Sections would wait for each other in a circle.").field("afterSectionId")
            })
            .on_constraint("section_drip_after_fkey", |_| Error::not_found("section of this course").field("afterSectionId"))?;
        changed.ok_or_else(|| Error::not_found("section").field("sectionId"))
    }

    /// Says when a section, or a whole course, opens for a person or a group, whatever its drip says; again: in place of what was said. For
    /// those who manage the course's enrollments.
    #[needs(EnrollmentManage)]
    async fn set_unlock_override(
        ctx: &Context<'_>,
        /// What, for whom, and when.
        input: SetUnlockOverrideInput,
    ) -> Result<Loaded<UnlockOverride>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let section = Id::<Section>::parse_opt("sectionId", input.section_id.as_ref())?;
        let person = Id::<User>::parse_opt("userId", input.user_id.as_ref())?;
        let group = Id::<Group>::parse_opt("groupId", input.group_id.as_ref())?;
        require_staff(ctx, "courseId", course).await?;
        if let Some(section) = section {
            section_of(ctx, "sectionId", section, course).await?;
        }
        if person.is_some() == group.is_some() {
            return Err(Error::bad_input("userId", "or `groupId`: exactly one of them is required"));
        }
        let id = Id::<UnlockOverride>::generate();
        let set = ctx
            .row(sql::SET_UNLOCK, &[&id, &course, &section, &person, &group, &input.opens_at])
            .await
            .on_constraint("unlock_override_section_fkey", |_| Error::not_found("section of this course").field("sectionId"))?;
        set.ok_or_else(|| match person {
            Some(_) => Error::not_found("person").field("userId"),
            None => Error::not_found("group").field("groupId"),
        })
    }

    /// Takes back what was said of when something opens for a person or a group: its drip holds again. Answers its id.
    #[needs(EnrollmentManage)]
    async fn remove_unlock_override(
        ctx: &Context<'_>,
        /// The id of what was said.
        id: Id<UnlockOverride>,
    ) -> Result<Id<UnlockOverride>> {
        let removed = ctx.tx().query(sql::REMOVE_UNLOCK, &[&id]).await?;
        if removed.is_empty() { Err(ctx.untouched(id, "unlock").await) } else { Ok(id) }
    }
}
