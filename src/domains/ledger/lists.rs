//! Lists of entries and invoices: their filters.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id, resolve::DateTime};

use super::{
    entry::{LedgerAccount, LedgerEntryKind},
    invoice::InvoiceKind,
};
use crate::domains::{orders::Order, programs::Program};

/// Which entries of the ledger.
#[derive(InputObject, Default, Clone)]
pub struct LedgerFilter {
    /// That move this account.
    pub account: Option<LedgerAccount>,
    /// Of this kind.
    pub kind: Option<LedgerEntryKind>,
    /// Of this program.
    pub program_id: Option<ID>,
    /// About this order.
    pub order_id: Option<ID>,
    /// Booked at this moment or later.
    pub from: Option<DateTime>,
    /// Booked before this moment.
    pub to: Option<DateTime>,
}

impl LedgerFilter {
    /// Narrows a list of entries.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(account) = self.account {
            let account = list.bind(account);
            list.filter(format!(
                "EXISTS (SELECT FROM ledger_posting lp WHERE lp.tenant_id = le.tenant_id AND lp.entry_id = le.id AND lp.account = {account})"
            ));
        }
        if let Some(kind) = self.kind {
            let kind = list.bind(kind);
            list.filter(format!("le.kind = {kind}"));
        }
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!("le.program_id = {program}"));
        }
        if let Some(order) = Id::<Order>::parse_opt("filter.orderId", self.order_id.as_ref())? {
            let order = list.bind(order);
            list.filter(format!("le.order_id = {order}"));
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("le.at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("le.at < {to}"));
        }
        Ok(())
    }
}

/// Which invoices.
#[derive(InputObject, Default, Clone)]
pub struct InvoiceFilter {
    /// Of this order.
    pub order_id: Option<ID>,
    /// Of this kind.
    pub kind: Option<InvoiceKind>,
    /// Issued at this moment or later.
    pub from: Option<DateTime>,
    /// Issued before this moment.
    pub to: Option<DateTime>,
}

impl InvoiceFilter {
    /// Narrows a list of invoices.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(order) = Id::<Order>::parse_opt("filter.orderId", self.order_id.as_ref())? {
            let order = list.bind(order);
            list.filter(format!("iv.order_id = {order}"));
        }
        if let Some(kind) = self.kind {
            let kind = list.bind(kind);
            list.filter(format!("iv.kind = {kind}"));
        }
        if let Some(from) = self.from {
            let from = list.bind(from);
            list.filter(format!("iv.issued_at >= {from}"));
        }
        if let Some(to) = self.to {
            let to = list.bind(to);
            list.filter(format!("iv.issued_at < {to}"));
        }
        Ok(())
    }
}
