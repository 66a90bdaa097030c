//! What goes back of an order.

use lectern_kernel::{
    db::{Order as ListOrder, SortKey},
    error::Result,
    ids::Id,
    resolve::DateTime,
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::Payment;
use crate::domains::{orders::Order, programs::Money};

text_enum! {
    /// Where a refund stands.
    pub enum RefundStatus {
        /// The provider is asked.
        Pending = "PENDING",
        /// The money, or the credit, is there.
        Succeeded = "SUCCEEDED",
        /// The provider did not do it; it can be asked for again.
        Failed = "FAILED",
    }
}

/// What goes back of an order, or of money that was used for none. You see those of your own orders; with ORDER_READ_ALL or PAYMENT_MANAGE, all of the school.
#[object(table = "refund", alias = "rf", id = "refund", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Refund {
    /// Its id.
    pub id: Id<Refund>,
    /// Whether it becomes credit of the application; else it goes back the way it came.
    pub to_credit: bool,
    /// Where it stands.
    pub status: RefundStatus,
    /// Why; its buyer can read it.
    pub reason: String,
    /// When it was asked for.
    pub created_at: DateTime,
    /// When it was done, or given up; null while it is PENDING.
    pub settled_at: Option<DateTime>,
    /// Of what; null when you may not see it.
    #[one]
    pub order_id: Id<Order>,
    /// The payment that goes back; null where it becomes credit, unless it is a payment that came late.
    #[one]
    pub payment_id: Option<Id<Payment>>,
    #[hidden]
    pub amount: i32,
    #[hidden]
    pub currency: String,
}

/// As they were asked for.
pub const IN_ORDER: ListOrder = ListOrder { key: SortKey::moment("CREATED_AT", "rf.created_at"), id: "rf.id", descending: false };

#[resolvers]
impl Refund {
    /// How much.
    async fn amount(amount: i32, currency: String) -> Result<Money> {
        Ok(Money::new(amount, currency))
    }
}
