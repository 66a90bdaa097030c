//! What the mutations of payments take.

use async_graphql::{ID, InputObject};
use lectern_kernel::resolve::DateTime;

use super::PaymentProvider;
use crate::domains::programs::MoneyInput;

/// Another try of a pending order, or another way to pay it.
#[derive(InputObject)]
pub struct PayOrderInput {
    /// The order.
    pub order_id: ID,
    /// By whom it is to be paid.
    pub provider: PaymentProvider,
    /// Where the browser comes back to: its origin is one of the school's.
    pub return_url: Option<String>,
}

/// Money that came by itself.
#[derive(InputObject)]
pub struct RecordPaymentInput {
    /// The order that it came for.
    pub order_id: ID,
    /// How much, in minor units of the order's currency: 1 to 1,999,999,999.
    pub amount: i32,
    /// When it came; now unless given, not in the future.
    pub received_at: Option<DateTime>,
    /// What is to be remembered of it; 1 to 1,000 characters.
    pub note: Option<String>,
    /// 8 to 64 letters, digits, hyphens and underscores: the same again answers the same order.
    pub idempotency_key: String,
}

/// What is to go back of an order.
#[derive(InputObject)]
pub struct RefundOrderInput {
    /// The order; PAID.
    pub order_id: ID,
    /// How much, in minor units of its currency; with tickets, in place of their price, from 0. With neither, all that is left of it.
    pub amount: Option<i32>,
    /// Tickets that are to be cancelled; ISSUED ones of the order, 1 to 1,000. With neither, all of them.
    pub ticket_ids: Option<Vec<ID>>,
    /// Whether it becomes credit of the application; false unless given: it goes back the way it came.
    pub to_credit: Option<bool>,
    /// Why; 1 to 1,000 characters. The buyer can read it.
    pub reason: String,
    /// 8 to 64 letters, digits, hyphens and underscores: the same again answers the same order.
    pub idempotency_key: String,
}

/// Credit out of goodwill.
#[derive(InputObject)]
pub struct GrantCreditInput {
    /// The application.
    pub application_id: ID,
    /// How much, in one of the program's currencies; above 0.
    pub amount: MoneyInput,
    /// Why; 1 to 1,000 characters. It stands in the ledger.
    pub reason: String,
    /// 8 to 64 letters, digits, hyphens and underscores: the same again answers the same application.
    pub idempotency_key: String,
}
