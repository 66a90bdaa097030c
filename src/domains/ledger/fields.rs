//! What the books add to orders.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{Invoice, invoice::IN_ORDER};
use crate::domains::orders::Order;

static INVOICES: Nested = Nested::new("order.invoices", IN_ORDER, "iv.order_id");

/// What is added to orders.
pub struct OrderInvoices;

#[extends(Order)]
impl OrderInvoices {
    /// Its invoice and its credit notes, as they were issued.
    #[cost(10)]
    async fn invoices(id: Id<Order>, ctx: &Context<'_>) -> Result<Vec<Loaded<Invoice>>> {
        all(ctx, &INVOICES, id.0).await
    }
}
