//! What payments add to orders and programs.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{Payment, PaymentProvider, payment, refund, refund::Refund, sql, taking::Taking};
use crate::domains::{
    orders::{Order, OrderStatus},
    programs::{Money, Program},
};

static PAYMENTS: Nested = Nested::new("order.payments", payment::IN_ORDER, "pm.order_id");
static REFUNDS: Nested = Nested::new("order.refunds", refund::IN_ORDER, "rf.order_id");

/// What is added to orders.
pub struct OrderPayments;

#[extends(Order)]
impl OrderPayments {
    /// What of payments was used for it: at most its total.
    async fn paid(paid: i32, currency: String) -> Result<Money> {
        Ok(Money::new(paid, currency))
    }

    /// What was given back of it, as money or as credit.
    async fn refunded(refunded: i32, currency: String) -> Result<Money> {
        Ok(Money::new(refunded, currency))
    }

    /// What is missing of it; 0 unless it is PENDING.
    async fn due(status: OrderStatus, total: i32, paid: i32, currency: String) -> Result<Money> {
        Ok(Money::new(if status == OrderStatus::Pending { total - paid } else { 0 }, currency))
    }

    /// What is or was to be paid for it, in the order in which it was asked for.
    #[cost(10)]
    async fn payments(id: Id<Order>, ctx: &Context<'_>) -> Result<Vec<Loaded<Payment>>> {
        all(ctx, &PAYMENTS, id.0).await
    }

    /// What goes or went back of it, in the order in which it was asked for.
    #[cost(10)]
    async fn refunds(id: Id<Order>, ctx: &Context<'_>) -> Result<Vec<Loaded<Refund>>> {
        all(ctx, &REFUNDS, id.0).await
    }
}

/// What is added to programs.
pub struct ProgramPayments;

#[extends(Program)]
impl ProgramPayments {
    /// By whom its orders can be paid.
    async fn payment_providers(ctx: &Context<'_>) -> Result<Vec<PaymentProvider>> {
        let taking = ctx.request().services.outside.get::<Taking>()?;
        let ready = ctx.load(Ready).await?.unwrap_or_default();
        Ok(ready.into_iter().filter(|provider| taking.allows(*provider)).collect())
    }
}

/// The providers that are switched on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Ready;

impl Loader<Ready> for Batch {
    type Value = Vec<PaymentProvider>;
    type Error = Error;

    async fn load(&self, _keys: &[Ready]) -> Result<HashMap<Ready, Vec<PaymentProvider>>> {
        let ready: Option<Vec<PaymentProvider>> = self.tx.value(sql::READY, &[]).await?;
        Ok(HashMap::from([(Ready, ready.unwrap_or_default())]))
    }
}
