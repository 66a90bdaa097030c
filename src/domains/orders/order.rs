//! What somebody buys for the attendees of an application.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order as ListOrder, SortKey},
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Nested, all},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::line::{BY_PLACE, OrderLine};
use crate::domains::{
    applications::Application,
    identity::User,
    programs::{Money, Program, percent},
};

text_enum! {
    /// What an order is for.
    pub enum OrderKind {
        /// Products of the program.
        Purchase = "PURCHASE",
        /// What an application costs before it can be submitted.
        ApplicationFee = "APPLICATION_FEE",
    }
}

text_enum! {
    /// Where an order stands.
    pub enum OrderStatus {
        /// It holds what it is for, and waits to be paid.
        Pending = "PENDING",
        /// It is paid: its tickets are issued.
        Paid = "PAID",
        /// It was not paid in time, and holds nothing any more. Money that comes late pays it where all of it can be had again.
        Expired = "EXPIRED",
        /// It was called off, and holds nothing any more.
        Cancelled = "CANCELLED",
        /// All that was paid is given back, and none of its tickets admits any more.
        Refunded = "REFUNDED",
    }
}

text_enum! {
    /// Where a discount comes from. They never add up: the one that takes most off a cart wins; of equal ones, the first of these.
    pub enum DiscountSource {
        /// It was assigned to the application.
        Assigned = "ASSIGNED",
        /// The applicant is a member of a group that gets in on terms of its own.
        Group = "GROUP",
        /// The application named a referral at its start.
        Referral = "REFERRAL",
        /// The coupon whose code was given.
        Coupon = "COUPON",
        /// All of it is given for nothing.
        Complimentary = "COMPLIMENTARY",
    }
}

/// What takes something off.
#[object]
#[derive(Clone, Debug)]
pub struct AppliedDiscount {
    /// Where it comes from.
    pub source: DiscountSource,
    /// What it is called: the name of the group, the code of the referral or coupon.
    pub label: String,
    /// How much of what can be discounted, in percent; null where a coupon takes off an amount.
    pub percent_off: Option<f64>,
    /// How much it takes off in all.
    pub amount: Money,
}

/// What somebody buys for the attendees of an application, or its fee; with names and prices as they were. You see your own; with ORDER_READ_ALL or PAYMENT_MANAGE, all of the
/// school. To see an order is not to see its application.
#[object(table = "sales_order", alias = "od", id = "order", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: Id<Order>,
    /// What to write on a transfer: eight letters and digits that can't be confused, unique in the school.
    pub reference: String,
    /// What it is for.
    pub kind: OrderKind,
    /// Whose products; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// The application that it is for; null when you may not see it.
    #[one]
    pub application_id: Id<Application>,
    /// Whose it is: the applicant, whoever placed it; null when you may not see them.
    #[one]
    pub buyer_id: Id<User>,
    /// Where it stands.
    pub status: OrderStatus,
    /// The currency of all of it, as ISO 4217 has it.
    pub currency: String,
    #[hidden]
    pub subtotal: i32,
    #[hidden]
    pub discount: i32,
    #[hidden]
    pub discount_source: Option<DiscountSource>,
    #[hidden]
    pub discount_label: Option<String>,
    #[hidden]
    pub discount_percent: Option<i32>,
    /// The code of the coupon that it uses; null for none.
    pub coupon_code: Option<String>,
    #[hidden]
    pub returned: i32,
    #[hidden]
    pub credit_applied: i32,
    #[hidden]
    pub tax: i32,
    #[hidden]
    pub total: i32,
    #[hidden]
    pub credit_granted: i32,
    #[hidden]
    pub paid: i32,
    #[hidden]
    pub refunded: i32,
    /// Until when it is held for its payment; null where nothing was to be paid, once a part is paid, and once it is PAID.
    pub expires_at: Option<DateTime>,
    /// When it was paid; null before.
    pub paid_at: Option<DateTime>,
    /// When it was placed.
    pub created_at: DateTime,
}

/// The latest first.
pub const LATEST: ListOrder = ListOrder { key: SortKey::moment("CREATED_AT", "od.created_at"), id: "od.id", descending: true };

static LINES: Nested = Nested::new("order.lines", BY_PLACE, "ol.order_id");

/// What a discount of a cart is; none where it takes nothing off.
pub fn applied(
    source: Option<DiscountSource>,
    label: Option<String>,
    percent_off: Option<i32>,
    amount: i32,
    currency: &str,
) -> Option<AppliedDiscount> {
    let (source, label) = (source?, label?);
    Some(AppliedDiscount { source, label, percent_off: percent_off.map(percent), amount: Money::new(amount, currency) })
}

#[resolvers]
impl Order {
    /// What is bought, in the order of the cart; none where tickets were only given back.
    #[cost(10)]
    async fn lines(id: Id<Order>, ctx: &Context<'_>) -> Result<Vec<Loaded<OrderLine>>> {
        all(ctx, &LINES, id.0).await
    }

    /// What its lines cost before discounts, and before a tax that comes on top.
    async fn subtotal(subtotal: i32, currency: String) -> Result<Money> {
        Ok(Money::new(subtotal, currency))
    }

    /// What takes something off; null for nothing.
    async fn discount(
        discount: i32,
        discount_source: Option<DiscountSource>,
        discount_label: Option<String>,
        discount_percent: Option<i32>,
        currency: String,
    ) -> Result<Option<AppliedDiscount>> {
        Ok(applied(discount_source, discount_label, discount_percent, discount, &currency))
    }

    /// What was paid for the tickets that are given back for it.
    async fn returned(returned: i32, currency: String) -> Result<Money> {
        Ok(Money::new(returned, currency))
    }

    /// What credit pays of it.
    async fn credit_applied(credit_applied: i32, currency: String) -> Result<Money> {
        Ok(Money::new(credit_applied, currency))
    }

    /// The tax in its lines.
    async fn tax(tax: i32, currency: String) -> Result<Money> {
        Ok(Money::new(tax, currency))
    }

    /// What is to be paid: the totals of its lines without what is given back and without credit; never below 0.
    async fn total(total: i32, currency: String) -> Result<Money> {
        Ok(Money::new(total, currency))
    }

    /// What becomes credit once it is paid: what is given back beyond its lines.
    async fn credit_granted(credit_granted: i32, currency: String) -> Result<Money> {
        Ok(Money::new(credit_granted, currency))
    }
}
