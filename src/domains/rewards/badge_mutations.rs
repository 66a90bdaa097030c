//! Badges: making, giving, taking away.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Badge,
    badge::BadgeRule,
    inputs::{AwardBadgeInput, CreateBadgeInput, RevokeBadgeInput, UpdateBadgeInput, reason},
    sql,
};
use crate::domains::{
    courses::Course,
    files::{self, File},
    identity::User,
    paths::LearningPath,
};

/// Mutations of badges.
pub struct BadgeMutations;

fn no_file() -> Error {
    Error::not_found("file").field("iconFileId")
}

/// A file that the actor may attach.
async fn icon(ctx: &Context<'_>, id: &ID) -> Result<Id<File>> {
    files::require_own(ctx, "iconFileId", Id::parse("iconFileId", id)?).await
}

/// Refuses what a badge of this rule can't have, and what it lacks.
fn check(input: &CreateBadgeInput) -> Result<()> {
    let counts = matches!(input.rule, BadgeRule::Points | BadgeRule::StreakDays | BadgeRule::CoursesCompleted);
    let named = [
        ("threshold", counts, input.threshold.is_some()),
        ("courseId", input.rule == BadgeRule::CourseCompleted, input.course_id.is_some()),
        ("pathId", input.rule == BadgeRule::PathCompleted, input.path_id.is_some()),
    ];
    for (field, is_needed, is_given) in named {
        let rule = input.rule.as_str();
        if is_needed && !is_given {
            return Err(Error::bad_input(field, format!("is required of a badge that is {rule}")));
        }
        if is_given && !is_needed {
            return Err(Error::bad_input(field, format!("must be left out: a badge that is {rule} has none")));
        }
    }
    if input.threshold.is_some_and(|threshold| !(1..=1_000_000_000).contains(&threshold)) {
        return Err(Error::bad_input("threshold", "must be between 1 and 1000000000"));
    }
    Ok(())
}

#[mutations("Badge")]
impl BadgeMutations {
    /// Makes a badge. Who has earned it before gets it soon. BAD_USER_INPUT with the field for what its rule does not take, and beyond 200 badges.
    #[needs(GamificationManage)]
    async fn create_badge(
        ctx: &Context<'_>,
        /// The badge.
        input: CreateBadgeInput,
    ) -> Result<Loaded<Badge>> {
        let badge = Insert::<Badge>::new().input(ctx, &input)?;
        check(&input)?;
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        if let Some(course) = course {
            ctx.whole(course).await?.ok_or_else(|| Error::not_found("course").field("courseId"))?;
        }
        let path = Id::<LearningPath>::parse_opt("pathId", input.path_id.as_ref())?;
        if let Some(path) = path {
            ctx.whole(path).await?.ok_or_else(|| Error::not_found("learning path").field("pathId"))?;
        }
        let icon = match &input.icon_file_id {
            Some(id) => Some(icon(ctx, id).await?),
            None => None,
        };
        let columns = Badge::COLUMNS;
        let badge = badge
            .set(columns.rule, input.rule)
            .set(columns.threshold, input.threshold)
            .set(columns.course_id, course)
            .set(columns.path_id, path)
            .set(columns.icon_file_id, icon);
        Ok(badge
            .run(ctx)
            .await
            .on_constraint("badge_count", |_| Error::bad_input("name", "is of one badge too many: the school has 200"))
            .on_constraint("badge_course_fkey", |_| Error::not_found("course").field("courseId"))
            .on_constraint("badge_path_fkey", |_| Error::not_found("learning path").field("pathId"))
            .on_constraint("badge_icon_fkey", |_| no_file())?)
    }

    /// Changes what a badge is called and looks like. What it is earned by stays. What is left out stays as it is; an explicit null clears.
    #[needs(GamificationManage)]
    async fn update_badge(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateBadgeInput,
    ) -> Result<Loaded<Badge>> {
        let id = Id::<Badge>::parse("id", &input.id)?;
        let icon = match &input.icon_file_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(file) => Some(Some(icon(ctx, file).await?)),
        };
        let changed = Patch::of(id).input(ctx, &input)?.set_if(Badge::COLUMNS.icon_file_id, icon).run(ctx).await;
        let changed = changed.on_constraint("badge_icon_fkey", |_| no_file())?;
        changed.ok_or_else(|| Error::not_found("badge").field("id"))
    }

    /// Deletes a badge: nobody has it any more. Answers its id.
    #[needs(GamificationManage)]
    async fn delete_badge(
        ctx: &Context<'_>,
        /// The badge's id.
        id: Id<Badge>,
    ) -> Result<Id<Badge>> {
        let deleted = ctx.tx().query(sql::DELETE_BADGE, &[&id]).await?;
        if deleted.is_empty() { Err(Error::not_found("badge").field("id")) } else { Ok(id) }
    }

    /// Gives somebody a badge, whatever it is earned by; again changes nothing.
    #[needs(GamificationManage)]
    async fn award_badge(
        ctx: &Context<'_>,
        /// Which, whom and why.
        input: AwardBadgeInput,
    ) -> Result<Loaded<Badge>> {
        let (badge, person) = (Id::<Badge>::parse("badgeId", &input.badge_id)?, Id::<User>::parse("userId", &input.user_id)?);
        let reason = reason("reason", &input.reason)?;
        let rows = ctx.tx().query(sql::AWARD, &[&badge, &person, &reason]).await?;
        let (has_badge, has_person): (bool, bool) = match rows.first() {
            Some(row) => {
                let mut reader = ColumnReader::new(row);
                (reader.next()?, reader.next()?)
            }
            None => (true, false),
        };
        let badge = if has_badge { ctx.whole(badge).await? } else { None };
        let badge = badge.ok_or_else(|| Error::not_found("badge").field("badgeId"))?;
        if has_person { Ok(badge) } else { Err(Error::not_found("person").field("userId")) }
    }

    /// Takes a badge away from somebody, who does not earn it anew, but may be given it again. NOT_FOUND with `userId` for who does not have it.
    #[needs(GamificationManage)]
    async fn revoke_badge(
        ctx: &Context<'_>,
        /// Which, from whom and why.
        input: RevokeBadgeInput,
    ) -> Result<Loaded<Badge>> {
        let (id, person) = (Id::<Badge>::parse("badgeId", &input.badge_id)?, Id::<User>::parse("userId", &input.user_id)?);
        let reason = reason("reason", &input.reason)?;
        let badge = ctx.whole(id).await?.ok_or_else(|| Error::not_found("badge").field("badgeId"))?;
        let revoked = ctx.tx().value::<bool>(sql::REVOKE, &[&id, &person, &reason]).await?.unwrap_or(false);
        if revoked { Ok(badge) } else { Err(Error::not_found("person who has this badge").field("userId")) }
    }
}
