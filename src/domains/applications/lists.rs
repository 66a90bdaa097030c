//! Lists of applications: filters and orders.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    permission::Permission::{ApplicationManage, ApplicationReadAll, ApplicationReview},
    resolve::{Ctx, Orders, list_of, registry::OrderValue, text},
};

use super::{Application, ApplicationStatus};
use crate::domains::{groups::Group, identity::User, programs::Program};

/// Which applications.
#[derive(InputObject, Default, Clone)]
pub struct ApplicationFilter {
    /// To this program.
    pub program_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// For this group.
    pub group_id: Option<ID>,
    /// In one of these states.
    pub statuses: Option<Vec<ApplicationStatus>>,
    /// Whether they wait for your vote: IN_REVIEW in programs that name you as a reviewer, not yours, and without a vote of yours.
    pub awaiting_my_review: Option<bool>,
    /// Beginnings of words in the names and addresses of who comes with them, whatever their case and accents.
    pub search: Option<String>,
}

/// What applications are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct ApplicationOrders;

const SUBMITTED: SortKey = SortKey::moment("SUBMITTED_AT", "coalesce(ap.submitted_at, ap.created_at)");

impl Orders for ApplicationOrders {
    const OF: &'static str = "Application";
    const WHAT: &'static str = "applications";
    const KEYS: &'static [OrderValue] = &[
        ("SUBMITTED_AT", "By when they were last handed in; those that never were by when they were begun.", SUBMITTED),
        ("CREATED_AT", "By when they were begun.", SortKey::moment("CREATED_AT", "ap.created_at")),
    ];
    const ID: &'static str = "ap.id";
    const DEFAULT: (usize, bool) = (0, true);
}

/// Applications, the latest handed in first.
pub const LATEST: Order = Order { key: SUBMITTED, id: ApplicationOrders::ID, descending: true };

/// A filter whose ids have been read.
#[derive(Clone, Debug)]
pub struct Narrowing {
    program: Option<Id<Program>>,
    user: Option<Id<User>>,
    group: Option<Id<Group>>,
    statuses: Option<Vec<ApplicationStatus>>,
    awaiting: Option<bool>,
    search: Option<String>,
}

impl ApplicationFilter {
    /// Reads the filter.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong one.
    pub fn check(self) -> Result<Narrowing> {
        Ok(Narrowing {
            program: Id::parse_opt("filter.programId", self.program_id.as_ref())?,
            user: Id::parse_opt("filter.userId", self.user_id.as_ref())?,
            group: Id::parse_opt("filter.groupId", self.group_id.as_ref())?,
            statuses: self.statuses,
            awaiting: self.awaiting_my_review,
            search: text::search("filter.search", self.search.as_deref())?,
        })
    }
}

impl Narrowing {
    /// Narrows a list of applications that `viewer` asks for.
    pub fn narrow(self, list: &mut List, viewer: uuid::Uuid) {
        let is_selective = self.program.is_some();
        let ids =
            [("program_id", self.program.map(|id| id.0)), ("user_id", self.user.map(|id| id.0)), ("group_id", self.group.map(|id| id.0))];
        for (column, id) in ids {
            if let Some(id) = id {
                let id = list.bind(id);
                list.filter(format!("ap.{column} = {id}"));
            }
        }
        if let Some(statuses) = self.statuses {
            // Of one state the index knows the order.
            if let [status] = statuses[..] {
                let status = list.bind(status);
                list.filter(format!("ap.status = {status}"));
            } else {
                let statuses = list.bind(statuses);
                list.filter(format!("ap.status = ANY ({statuses})"));
            }
        }
        if let Some(is_awaiting) = self.awaiting {
            let viewer = list.bind(viewer);
            // A condition of its own for each, so that the index on states is used for those that wait.
            let named = if is_selective { "IN (SELECT app.reviewed_programs())" } else { "= ANY (ARRAY(SELECT app.reviewed_programs()))" };
            let waits = format!(
                "ap.status = 'IN_REVIEW' AND ap.program_id {named} AND ap.user_id <> {viewer} \
                 AND NOT EXISTS (SELECT FROM application_review rv WHERE rv.tenant_id = $1 AND rv.application_id = ap.id AND rv.reviewer_id = {viewer})"
            );
            list.filter(if is_awaiting { waits } else { format!("NOT ({waits})") });
        }
        if let Some(search) = self.search {
            let search = list.bind(search);
            list.among("ap.id", &format!("app.search_application({search})"));
        }
    }
}

/// The applications, as `ap`, of somebody who sees the own ones and those that they review. The policy says so as well, but would be asked of every application of the
/// school, in order, until a page is full. OFFSET keeps the planner from that.
const REVIEWED: &str = "(SELECT o.tenant_id, o.id, o.status, o.user_id, o.program_id, o.group_id, o.answers, o.form_version, o.not_shared, o.offer_expires_at, \
     o.discount_percent, o.referral_id, o.fee_paid_at, o.submitted_at, o.decided_at, o.created_at, o.updated_at FROM application o \
     WHERE o.tenant_id = $1 AND (o.user_id = (SELECT app.user_id()) OR o.program_id = ANY (ARRAY(SELECT app.reviewed_programs()))) OFFSET 0) ap";

/// The applications that the actor sees: what the policy says, in terms that use an index.
///
/// # Errors
/// `UNAUTHENTICATED` where nobody is signed in.
pub fn seen(ctx: &Context<'_>, name: &'static str, order: Order, of_one_program: bool) -> Result<List> {
    let actor = ctx.actor()?;
    if actor.can(ApplicationReadAll) || actor.can(ApplicationManage) || (actor.can(ApplicationReview) && of_one_program) {
        return Ok(list_of::<Application>(name, order));
    }
    if actor.can(ApplicationReview) {
        return Ok(List::new(name, REVIEWED, "ap", order).materialized());
    }
    let mut list = list_of::<Application>(name, order);
    let me = list.bind(actor.user);
    list.filter(format!("ap.user_id = {me}"));
    Ok(list)
}
