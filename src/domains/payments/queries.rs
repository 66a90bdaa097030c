//! Reading payments, and how the school is paid.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    resolve::{Connection, Forward, filtered, list_of, page},
};
use lectern_macros::queries;

use super::{
    Payment,
    lists::PaymentFilter,
    payment::LATEST,
    settings::{PaymentSettings, settings},
};

/// Queries of payments.
pub struct PaymentQueries;

#[queries]
impl PaymentQueries {
    /// The payments of the school, the latest first.
    #[needs(OrderReadAll, PaymentManage)]
    async fn payments(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which payments.
        filter: Option<PaymentFilter>,
    ) -> Result<Option<Connection<Payment>>> {
        let mut list = list_of::<Payment>("payments", LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<PaymentFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// How the school is paid, and what stands on its invoices.
    #[needs(PaymentManage)]
    async fn payment_settings(ctx: &Context<'_>) -> Result<Option<PaymentSettings>> {
        settings(ctx).await.map(Some)
    }
}
