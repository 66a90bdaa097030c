//! Lists of orders: their filter.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    permission::Permission::{OrderReadAll, PaymentManage},
    resolve::{Ctx, DateTime, list_of},
};

use super::order::{LATEST, Order, OrderStatus};
use crate::domains::{applications::Application, identity::User, programs::Program};

/// Which orders.
#[derive(InputObject, Default, Clone)]
pub struct OrderFilter {
    /// Of this program.
    pub program_id: Option<ID>,
    /// For this application.
    pub application_id: Option<ID>,
    /// Of this buyer.
    pub buyer_id: Option<ID>,
    /// In one of these states.
    pub statuses: Option<Vec<OrderStatus>>,
    /// With this reference, whatever its case.
    pub reference: Option<String>,
    /// Placed at this time or later.
    pub from: Option<DateTime>,
    /// Placed before this time.
    pub to: Option<DateTime>,
}

impl OrderFilter {
    /// Narrows a list of orders.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!("od.program_id = {program}"));
        }
        if let Some(application) = Id::<Application>::parse_opt("filter.applicationId", self.application_id.as_ref())? {
            let application = list.bind(application);
            list.filter(format!("od.application_id = {application}"));
        }
        if let Some(buyer) = Id::<User>::parse_opt("filter.buyerId", self.buyer_id.as_ref())? {
            let buyer = list.bind(buyer);
            list.filter(format!("od.buyer_id = {buyer}"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("od.status = ANY ({statuses})"));
        }
        if let Some(reference) = &self.reference {
            let reference = list.bind(reference.trim().to_ascii_uppercase());
            list.filter(format!("od.reference = {reference}"));
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("od.created_at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("od.created_at < {to}"));
        }
        Ok(())
    }
}

/// The orders that the actor sees, the latest first: what the policy says, in terms that use the index on buyers.
///
/// # Errors
/// `UNAUTHENTICATED` where nobody is signed in.
pub fn seen(ctx: &Context<'_>, name: &'static str) -> Result<List> {
    let mut list = list_of::<Order>(name, LATEST);
    let actor = ctx.actor()?;
    if !actor.can(OrderReadAll) && !actor.can(PaymentManage) {
        let me = list.bind(actor.user);
        list.filter(format!("od.buyer_id = {me}"));
    }
    Ok(list)
}
