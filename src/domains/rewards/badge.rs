//! Badges: what people can earn.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded},
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::{courses::Course, files::File, lessons::attached_file, paths::LearningPath};

text_enum! {
    /// What a badge is earned by.
    pub enum BadgeRule {
        /// Given by somebody, for a reason.
        Manual = "MANUAL",
        /// As many points as its `threshold`.
        Points = "POINTS",
        /// A streak of as many days as its `threshold`.
        StreakDays = "STREAK_DAYS",
        /// 100 percent in any graded quiz.
        PerfectQuiz = "PERFECT_QUIZ",
        /// As many courses completed as its `threshold`.
        CoursesCompleted = "COURSES_COMPLETED",
        /// Its course completed.
        CourseCompleted = "COURSE_COMPLETED",
        /// Its learning path completed.
        PathCompleted = "PATH_COMPLETED",
    }
}

/// What people can earn, once, or be given. One that is new reaches those who have earned it before, soon.
#[object(table = "badge", alias = "bd", id = "badge", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Badge {
    /// Its id.
    pub id: Id<Badge>,
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// What it stands for; at most 10,000 characters.
    pub description: Option<String>,
    /// What it is earned by.
    pub rule: BadgeRule,
    /// How much of it; null where nothing is counted.
    pub threshold: Option<i32>,
    /// The course, for COURSE_COMPLETED; null when you may not see it, or when it is gone.
    #[one]
    pub course_id: Option<Id<Course>>,
    /// The learning path, for PATH_COMPLETED; null when you may not see it, or when it is gone.
    #[one]
    pub path_id: Option<Id<LearningPath>>,
    #[hidden]
    #[wide]
    pub icon_file_id: Option<Id<File>>,
    #[hidden]
    #[wide]
    pub created_at: DateTime,
}

#[resolvers]
impl Badge {
    /// Its picture, for everybody in the school; null for none.
    async fn icon(icon_file_id: Option<Id<File>>, ctx: &Context<'_>) -> Result<Option<Loaded<File>>> {
        attached_file(ctx, icon_file_id).await
    }

    /// How many people have it.
    #[count(function = "app.award_counts", key = "badge_id")]
    fn awarded_count() -> i32;
}
