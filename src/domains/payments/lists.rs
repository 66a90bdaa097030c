//! Lists of payments: their filter.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id, resolve::DateTime};

use super::{PaymentProvider, payment::PaymentStatus};
use crate::domains::{orders::Order, programs::Program};

/// Which payments.
#[derive(InputObject, Default, Clone)]
pub struct PaymentFilter {
    /// For orders of this program.
    pub program_id: Option<ID>,
    /// For this order.
    pub order_id: Option<ID>,
    /// In one of these states.
    pub statuses: Option<Vec<PaymentStatus>>,
    /// By one of these providers.
    pub providers: Option<Vec<PaymentProvider>>,
    /// Whether somebody should look at them.
    pub needs_attention: Option<bool>,
    /// Asked for at this moment or later.
    pub from: Option<DateTime>,
    /// Asked for before this moment.
    pub to: Option<DateTime>,
}

impl PaymentFilter {
    /// Narrows a list of payments.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!(
                "EXISTS (SELECT FROM sales_order so WHERE so.tenant_id = pm.tenant_id AND so.id = pm.order_id AND so.program_id = {program})"
            ));
        }
        if let Some(order) = Id::<Order>::parse_opt("filter.orderId", self.order_id.as_ref())? {
            let order = list.bind(order);
            list.filter(format!("pm.order_id = {order}"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("pm.status = ANY ({statuses})"));
        }
        if let Some(providers) = &self.providers {
            let providers = list.bind(providers.clone());
            list.filter(format!("pm.provider = ANY ({providers})"));
        }
        match self.needs_attention {
            Some(true) => list.filter("pm.attention IS NOT NULL"),
            Some(false) => list.filter("pm.attention IS NULL"),
            None => {}
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("pm.created_at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("pm.created_at < {to}"));
        }
        Ok(())
    }
}
