//! What a school sells places in.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Nested, Orders, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    form::{FormOf, ProgramForm},
    loaders::{ReviewersOf, StepsOf, TermsOfProgram},
    money::Money,
    parts::{ProgramGroup, ProgramReviewer, ReviewPolicy},
};
use crate::domains::{
    courses::{Course, CourseOrders},
    groups::Group,
};

text_enum! {
    /// What a program is.
    pub enum ProgramKind {
        /// A conference, a meeting, a party.
        Event = "EVENT",
        /// A term of a school.
        Term = "TERM",
        /// A residency: people live there.
        Residency = "RESIDENCY",
        /// A camp.
        Camp = "CAMP",
        /// Anything else.
        Other = "OTHER",
    }
}

text_enum! {
    /// Where a program stands in its life.
    pub enum ProgramStatus {
        /// Being made; nobody else sees it.
        Draft = "DRAFT",
        /// It takes applications and sells, as far as its dates say.
        Active = "ACTIVE",
        /// It is over: nothing is sold and nobody applies any more.
        Ended = "ENDED",
        /// Put away; only its managers and those who have applied see it.
        Archived = "ARCHIVED",
    }
}

text_enum! {
    /// How reviews decide about an application.
    pub enum ReviewStrategy {
        /// Whoever applies is accepted.
        AutoAccept = "AUTO_ACCEPT",
        /// One yes accepts.
        AnyReviewer = "ANY_REVIEWER",
        /// A yes of every required reviewer accepts.
        AllReviewers = "ALL_REVIEWERS",
        /// So many yeses accept.
        Threshold = "THRESHOLD",
        /// The sum of all votes decides: 2 for STRONG_YES, 1 for YES, -1 for NO, -2 for STRONG_NO.
        Weighted = "WEIGHTED",
    }
}

text_enum! {
    /// Which votes reject an application, whatever the others say.
    pub enum ReviewVeto {
        /// None.
        None = "NONE",
        /// Any STRONG_NO.
        StrongNo = "STRONG_NO",
        /// Any NO or STRONG_NO.
        AnyNo = "ANY_NO",
    }
}

text_enum! {
    /// When an attendee is enrolled in the program's courses, and joins its groups.
    pub enum EnrollWhen {
        /// Once the application is accepted.
        Accepted = "ACCEPTED",
        /// Once it is accepted, and they hold a ticket that is paid.
        Paid = "PAID",
    }
}

/// What a school sells places in: an event, a term, a residency, a camp. ACTIVE and ENDED ones are seen by the whole school; others by PROGRAM_MANAGE and
/// APPLICATION_READ_ALL, by those who have applied, and by those who are named as its reviewers.
#[object(table = "program", alias = "pg", id = "program", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Program {
    /// Its id.
    pub id: Id<Program>,
    /// Its short name, unique in the school, for addresses: 2 to 63 lower-case letters, digits and hyphens.
    pub slug: String,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is about; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// What it is.
    pub kind: ProgramKind,
    /// Where it stands in its life.
    pub status: ProgramStatus,
    /// When it begins.
    pub starts_at: Option<DateTime>,
    /// When it is over: from then on it takes no applications and sells nothing, whatever its status says. Null: when somebody ends it.
    pub ends_at: Option<DateTime>,
    /// From when on it takes applications; null: as soon as it is ACTIVE.
    pub applications_open_at: Option<DateTime>,
    /// Until when it takes applications; null: until it ends.
    pub applications_close_at: Option<DateTime>,
    /// Whether it takes applications now: it is ACTIVE, not over, and its window is open.
    #[column(
        "({}.status = 'ACTIVE' AND (now() < {}.ends_at) IS NOT FALSE AND ({}.applications_open_at <= now()) IS NOT FALSE AND (now() < {}.applications_close_at) IS NOT FALSE)"
    )]
    pub is_open: bool,
    /// How many attendees it takes; null: any number.
    pub capacity: Option<i32>,
    /// What it sells in, as ISO 4217 has it; 1 to 5. The first is what an order is in unless it says otherwise.
    pub currencies: Vec<String>,
    #[hidden]
    pub fee_amount: Option<i32>,
    #[hidden]
    pub fee_currency: Option<String>,
    /// Whether the fee becomes credit once the application is accepted.
    #[wide]
    pub credit_fee_on_acceptance: bool,
    #[hidden]
    #[wide]
    pub review_strategy: Option<ReviewStrategy>,
    #[hidden]
    #[wide]
    pub veto: ReviewVeto,
    #[hidden]
    #[wide]
    pub approvals_needed: i32,
    #[hidden]
    #[wide]
    pub accept_score: i32,
    #[hidden]
    #[wide]
    pub reject_score: i32,
    /// How many hours a place that came free is held for whom it is offered to.
    #[wide]
    pub offer_hours: i32,
    /// After how many days somebody who was accepted and has bought nothing loses the place; null: never.
    #[wide]
    pub pay_within_days: Option<i32>,
    /// How many minutes an order is held for its payment.
    #[wide]
    pub payment_minutes: i32,
    /// How many days an order is held for a bank transfer.
    #[wide]
    pub transfer_days: i32,
    /// Until when tickets can be exchanged; null: not at all.
    #[wide]
    pub exchanges_until: Option<DateTime>,
    /// Whether participants see one another (`programParticipants`).
    #[wide]
    pub has_directory: bool,
    /// When attendees are enrolled in its courses, and join its groups.
    #[wide]
    pub enroll_when: EnrollWhen,
    /// How many referral codes each of those who are accepted may make.
    #[wide]
    pub referrals_per_person: i32,
    #[hidden]
    pub form_version: i32,
    /// When it was made.
    #[wide]
    pub created_at: DateTime,
    /// When it was last changed, not counting reviewers, links and groups.
    #[wide]
    pub updated_at: DateTime,
}

const GROUPS_BY_NAME: Order = Order { key: SortKey::name("NAME", "g.name"), id: "g.id", descending: false };

static COURSES: Nested = Nested::new("program.courses", CourseOrders::USUAL, "pgc.program_id")
    .by("JOIN program_course pgc ON pgc.tenant_id = c.tenant_id AND pgc.course_id = c.id");
static GROUPS: Nested = Nested::new("program.groups", GROUPS_BY_NAME, "pgl.program_id")
    .by("JOIN program_link_group pgl ON pgl.tenant_id = g.tenant_id AND pgl.group_id = g.id");

#[resolvers]
impl Program {
    /// What `setProgramStatus` would let you make of it now; none without PROGRAM_MANAGE.
    #[cost(2)]
    async fn allowed_transitions(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<ProgramStatus>> {
        Ok(ctx.load(StepsOf(id)).await?.unwrap_or_default())
    }

    /// How many places are taken: by the attendees of applications that are accepted, or that hold an offer.
    #[count(function = "app.places_taken", key = "program_id")]
    fn places_taken() -> i32;

    /// How many applications are WAITLISTED, those that hold an offer among them.
    #[count(function = "app.waitlist_counts", key = "program_id")]
    fn waitlist_count() -> i32;

    /// What an application costs before it can be submitted; null: nothing.
    async fn application_fee(fee_amount: Option<i32>, fee_currency: Option<String>) -> Result<Option<Money>> {
        Ok(Money::of(fee_amount, fee_currency))
    }

    /// What its applications ask for now.
    #[cost(10)]
    async fn form(id: Id<Program>, form_version: i32, ctx: &Context<'_>) -> Result<ProgramForm> {
        ctx.load(FormOf { program: id, version: form_version }).await.map(|form| form.unwrap_or_else(|| ProgramForm::empty(form_version)))
    }

    /// The courses that its attendees are enrolled in, of those that you may see; by title.
    #[cost(10)]
    async fn courses(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<Loaded<Course>>> {
        all(ctx, &COURSES, id.0).await
    }

    /// The groups that its attendees join, of those that you may see; by name.
    #[cost(10)]
    async fn groups(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<Loaded<Group>>> {
        all(ctx, &GROUPS, id.0).await
    }

    /// How reviews decide about its applications.
    #[needs(ProgramManage, ApplicationReview, ApplicationReadAll)]
    async fn review_policy(
        review_strategy: Option<ReviewStrategy>,
        veto: ReviewVeto,
        approvals_needed: i32,
        accept_score: i32,
        reject_score: i32,
    ) -> Result<ReviewPolicy> {
        Ok(ReviewPolicy { strategy: review_strategy, veto, approvals_needed, accept_score, reject_score })
    }

    /// Who reviews its applications, in the order in which they were named.
    #[needs(ProgramManage, ApplicationReview, ApplicationReadAll)]
    #[cost(10)]
    async fn reviewers(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<ProgramReviewer>> {
        Ok(ctx.load(ReviewersOf(id)).await?.unwrap_or_default())
    }

    /// The groups that get in on terms of their own: all for PROGRAM_MANAGE and APPLICATION_READ_ALL, otherwise your own.
    #[cost(10)]
    async fn program_groups(id: Id<Program>, ctx: &Context<'_>) -> Result<Vec<ProgramGroup>> {
        Ok(ctx.load(TermsOfProgram(id)).await?.unwrap_or_default())
    }
}
