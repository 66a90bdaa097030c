//! Reading the books, and invoices.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    permission::Permission::{OrderReadAll, PaymentManage},
    resolve::{Connection, Ctx, Forward, filtered, list_of, page},
};
use lectern_macros::queries;

use super::{
    entry::{self, LedgerEntry},
    invoice::{self, Invoice},
    lists::{InvoiceFilter, LedgerFilter},
};

/// Queries of the books.
pub struct LedgerQueries;

#[queries]
impl LedgerQueries {
    /// The invoices and credit notes that you may see, by their numbers, the latest first: those of your own orders; with ORDER_READ_ALL or PAYMENT_MANAGE, all of the school.
    async fn invoices(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which invoices.
        filter: Option<InvoiceFilter>,
    ) -> Result<Option<Connection<Invoice>>> {
        let mut list = list_of::<Invoice>("invoices", invoice::LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        let actor = ctx.actor()?;
        if !actor.can(OrderReadAll) && !actor.can(PaymentManage) {
            let me = list.bind(actor.user); // as the policy says, which would be asked of every invoice
            list.filter(format!(
                "iv.order_id IN (SELECT so.id FROM sales_order so WHERE so.tenant_id = iv.tenant_id AND so.buyer_id = {me})"
            ));
        }
        page(ctx, filtered::<InvoiceFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// The ledger, the latest entries first.
    #[needs(OrderReadAll)]
    async fn ledger(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which entries.
        filter: Option<LedgerFilter>,
    ) -> Result<Option<Connection<LedgerEntry>>> {
        let mut list = list_of::<LedgerEntry>("ledger", entry::LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<LedgerFilter>(ctx, list)?, paging).await.map(Some)
    }
}
