//! An application to a program.

use async_graphql::Context;
use lectern_kernel::{
    auth::Actor,
    error::Result,
    ids::Id,
    permission::Permission::{ApplicationManage, ApplicationSubmit},
    resolve::{Ctx, DateTime, Json},
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{
    event::{ApplicationEvent, EventsOf},
    loaders::{LiveTicketsOf, PaymentEndOf, PlaceOf},
};
use crate::domains::{
    groups::Group,
    identity::User,
    programs::{Program, ProgramForm, form_of, percent},
};

text_enum! {
    /// Where an application stands.
    pub enum ApplicationStatus {
        /// Being written: nobody reviews it.
        Draft = "DRAFT",
        /// Handed in; people decide about it.
        InReview = "IN_REVIEW",
        /// Accepted: its attendees have their places, and may buy.
        Accepted = "ACCEPTED",
        /// Rejected. Who manages applications may open it again.
        Rejected = "REJECTED",
        /// Taken back by the applicant, or lost because a place or a payment was not taken care of in time. The applicant may open it again.
        Withdrawn = "WITHDRAWN",
        /// Waits for places, or holds an offer of them.
        Waitlisted = "WAITLISTED",
    }
}

/// Somebody's application to a program, with all who come with them. It shows to its applicant, to APPLICATION_READ_ALL and APPLICATION_MANAGE, and, once it was handed in, to
/// the reviewers whom its program names.
#[object(table = "application", alias = "ap", id = "application", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id.
    pub id: Id<Application>,
    /// Where it stands.
    pub status: ApplicationStatus,
    #[hidden]
    pub user_id: Id<User>,
    /// The program; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// The group that it is for; null where it is for none, and when you may not see it.
    #[one]
    pub group_id: Option<Id<Group>>,
    /// Row security on what is sensitive says whether that is there.
    #[hidden]
    #[wide]
    #[column(
        "({}.answers || coalesce((SELECT aps.answers FROM application_secret aps WHERE aps.tenant_id = $1 AND aps.application_id = {}.id), jsonb_build_object()))"
    )]
    pub answers: Value,
    #[hidden]
    #[wide]
    #[column(
        "coalesce(CASE WHEN {}.status <> 'DRAFT' THEN {}.form_version END, (SELECT app_.form_version FROM program app_ WHERE app_.tenant_id = $1 AND app_.id = {}.program_id), 0)"
    )]
    pub shown_form: i32,
    /// Whether its program runs, and is not over: it accepts nobody else.
    #[hidden]
    #[wide]
    #[column(
        "(SELECT apr_.status = 'ACTIVE' AND (now() < apr_.ends_at) IS NOT FALSE FROM program apr_ WHERE apr_.tenant_id = $1 AND apr_.id = {}.program_id)"
    )]
    pub is_admitting: Option<bool>,
    /// What the directory of participants does not show of it: keys of fields that it may show, `name`, `email`.
    pub not_shared: Vec<String>,
    #[hidden]
    pub offer_expires_at: Option<DateTime>,
    #[hidden]
    pub discount_percent: Option<i32>,
    /// When it was last handed in; null before.
    pub submitted_at: Option<DateTime>,
    /// When it was accepted, rejected or put on the waiting list; null while nothing is decided.
    pub decided_at: Option<DateTime>,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it was last changed.
    #[wide]
    pub updated_at: DateTime,
}

/// The states that somebody may take an application to now.
fn steps(actor: &Actor, status: ApplicationStatus, applicant: Id<User>, is_offered: bool) -> Vec<ApplicationStatus> {
    use ApplicationStatus::{Accepted, Draft, InReview, Rejected, Waitlisted, Withdrawn};
    let (is_own, manages) = (actor.is(applicant.0), actor.can(ApplicationManage));
    if !(manages || is_own && actor.can(ApplicationSubmit)) {
        return Vec::new();
    }
    match status {
        Draft => vec![InReview, Withdrawn],
        InReview if manages => vec![Accepted, Rejected, Withdrawn, Waitlisted],
        Waitlisted if manages => vec![Accepted, Rejected, Withdrawn],
        Waitlisted if is_offered => vec![Accepted, Withdrawn],
        Accepted if manages => vec![Rejected, Withdrawn],
        InReview | Waitlisted | Accepted => vec![Withdrawn],
        Rejected if manages => vec![InReview],
        Withdrawn if is_own => vec![Draft],
        Rejected | Withdrawn => Vec::new(),
    }
}

#[resolvers]
impl Application {
    /// Who applies; null when you may not see them.
    #[one]
    fn applicant(user_id: Id<User>) -> User;

    /// The states that you may take it to now, in the order of the enum: by handing it in (IN_REVIEW, whatever that will lead to), withdrawing, opening it again, accepting what
    /// is offered, or deciding. None for one that is accepted as long as it has tickets that are held or issued; not ACCEPTED once its program is over.
    async fn allowed_transitions(
        id: Id<Application>,
        status: ApplicationStatus,
        user_id: Id<User>,
        offer_expires_at: Option<DateTime>,
        is_admitting: Option<bool>,
        ctx: &Context<'_>,
    ) -> Result<Vec<ApplicationStatus>> {
        let is_offered = offer_expires_at.is_some_and(|until| until.0 > ctx.now());
        let mut steps = steps(&*ctx.actor()?, status, user_id, is_offered);
        if status == ApplicationStatus::Accepted && !steps.is_empty() && ctx.load(LiveTicketsOf(id)).await?.is_some() {
            steps.clear();
        }
        if is_admitting != Some(true) {
            steps.retain(|step| *step != ApplicationStatus::Accepted);
        }
        Ok(steps)
    }

    /// What was answered, by the keys of the form, kept typed as it was given. Answers to sensitive fields are there for the applicant and APPLICATION_MANAGE alone, and not
    /// while somebody looks in another person's place.
    #[cost(2)]
    fn answers(answers: Value) -> Json {
        Json(answers)
    }

    /// The form that it answers: that of its last submission; of a draft, the present one.
    #[cost(10)]
    async fn form(program_id: Id<Program>, shown_form: i32, ctx: &Context<'_>) -> Result<ProgramForm> {
        form_of(ctx, program_id, shown_form).await
    }

    /// What has become of it, the oldest first: one for each step.
    #[cost(10)]
    async fn events(id: Id<Application>, ctx: &Context<'_>) -> Result<Vec<ApplicationEvent>> {
        Ok(ctx.load(EventsOf(id)).await?.unwrap_or_default())
    }

    /// Where it stands in the waiting list, from 1 on; who holds an offer keeps the position. Null unless WAITLISTED.
    async fn waitlist_position(id: Id<Application>, status: ApplicationStatus, ctx: &Context<'_>) -> Result<Option<i32>> {
        if status == ApplicationStatus::Waitlisted { ctx.load(PlaceOf(id)).await } else { Ok(None) }
    }

    /// Until when places are held for it, on the waiting list: `acceptPlace` takes them. Null where nothing is offered.
    fn offer_expires_at(status: ApplicationStatus, offer_expires_at: Option<DateTime>) -> Option<DateTime> {
        offer_expires_at.filter(|_| status == ApplicationStatus::Waitlisted)
    }

    /// Until when something is to be paid, or the places are lost; null where nothing is to be paid in time, or something was.
    async fn pay_by(id: Id<Application>, status: ApplicationStatus, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        if status == ApplicationStatus::Accepted { ctx.load(PaymentEndOf(id)).await } else { Ok(None) }
    }

    /// A discount that was assigned to it, in percent; null: none.
    fn discount_percent(discount_percent: Option<i32>) -> Option<f64> {
        discount_percent.map(percent)
    }
}
