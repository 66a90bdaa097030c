//! What is asked of learners before they book.

use async_graphql::{Context, ID};
use futures_util::future::join_all;
use lectern_kernel::{
    error::Result,
    ids::{self, Id, Kind as _},
    resolve::{Ctx, Node},
};
use lectern_macros::{object, resolvers};
use uuid::Uuid;

use super::{
    BookingType,
    booking_type::EligibilityKind,
    parts::{MetBy, RulesOf},
    terms::Eligibility,
};
use crate::domains::{courses::Course, groups::Group, identity::User, lessons::Lesson};

/// A rule about who may book.
#[object(resolvers)]
#[derive(Clone)]
pub struct EligibilityRule {
    /// What is asked.
    pub kind: EligibilityKind,
    /// For MAX_NO_SHOWS: how many within 90 days at most; null for all others.
    pub max_count: Option<i32>,
    #[hidden]
    pub subject_ids: Vec<Uuid>,
}

/// The word before the ids of what a kind of rules is about; none where it is about nothing.
pub fn prefix_of(kind: EligibilityKind) -> Option<&'static str> {
    match kind {
        EligibilityKind::CourseEnrolled | EligibilityKind::CourseInProgress | EligibilityKind::CourseCompleted => Some(Course::PREFIX),
        EligibilityKind::LessonCompleted => Some(Lesson::PREFIX),
        EligibilityKind::GroupMember => Some(Group::PREFIX),
        EligibilityKind::MaxNoShows => None,
    }
}

impl EligibilityRule {
    /// The rule as it is shown.
    pub fn of(rule: Eligibility) -> EligibilityRule {
        EligibilityRule { kind: rule.kind, max_count: rule.max_count, subject_ids: rule.subjects }
    }
}

#[resolvers]
impl EligibilityRule {
    /// The courses, lessons or groups that it is about, of those that you may see: any one of them will do.
    #[cost(5)]
    async fn subjects(&self, ctx: &Context<'_>) -> Result<Vec<Node>> {
        let Some(prefix) = prefix_of(self.kind) else { return Ok(Vec::new()) };
        let ids: Vec<ID> = self.subject_ids.iter().map(|id| ID(ids::encode(prefix, *id))).collect();
        let found = join_all(ids.iter().map(|id| Node::find(ctx, "subjects", id))).await;
        Ok(found.into_iter().filter_map(|subject| subject.ok().flatten()).collect())
    }
}

/// A rule, and whether it is met.
#[object]
pub struct EligibilityCheck {
    /// The rule.
    pub rule: EligibilityRule,
    /// Whether the learner meets it.
    pub is_met: bool,
    /// The same as a sentence.
    pub message: String,
}

/// Rules, and whether they are met.
pub fn checks(rules: Vec<Eligibility>, met: &[bool]) -> Vec<EligibilityCheck> {
    let check = |(rule, is_met): (Eligibility, bool)| EligibilityCheck {
        message: sentence(&rule, is_met),
        rule: EligibilityRule::of(rule),
        is_met,
    };
    rules.into_iter().zip(met.iter().copied()).map(check).collect()
}

/// What is asked of the viewer.
///
/// # Errors
/// When the database can't be asked.
pub async fn viewer_checks(ctx: &Context<'_>, id: Id<BookingType>) -> Result<Vec<EligibilityCheck>> {
    let viewer = Id::<User>::from_uuid(ctx.actor()?.user);
    let (rules, met) = futures_util::try_join!(ctx.load(RulesOf(id)), ctx.load(MetBy(id, viewer)))?;
    Ok(checks(rules.unwrap_or_default(), &met.unwrap_or_default()))
}

fn sentence(rule: &Eligibility, is_met: bool) -> String {
    let one = |what: &str, several: &str| if rule.subjects.len() == 1 { what.to_owned() } else { several.to_owned() };
    let asked = match rule.kind {
        EligibilityKind::CourseEnrolled => one("A seat in the course", "A seat in one of the courses"),
        EligibilityKind::CourseInProgress => one("The course, begun", "One of the courses, begun"),
        EligibilityKind::CourseCompleted => one("The course, completed", "One of the courses, completed"),
        EligibilityKind::LessonCompleted => one("The lesson, completed", "One of the lessons, completed"),
        EligibilityKind::GroupMember => one("Membership of the group", "Membership of one of the groups"),
        EligibilityKind::MaxNoShows => {
            format!("No more than {} bookings missed within 90 days", rule.max_count.unwrap_or_default())
        }
    };
    format!("{asked}: {}.", if is_met { "met" } else { "not met" })
}
