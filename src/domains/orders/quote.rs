//! What a cart costs.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Loaded, Rows},
};
use lectern_macros::{object, resolvers};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::order::{AppliedDiscount, DiscountSource, applied};
use crate::domains::{attendees::Attendee, products::Product, programs::Money};

/// What a cart costs now: `placeOrder` with the same cart and this total as `expectedTotal` charges exactly that, or nothing.
#[object]
#[derive(Clone, Debug)]
pub struct OrderQuote {
    /// The currency of all of it, as ISO 4217 has it.
    pub currency: String,
    /// The lines, as they were given.
    pub lines: Vec<QuoteLine>,
    /// What they cost before discounts, and before a tax that comes on top.
    pub subtotal: Money,
    /// What takes something off; null for nothing.
    pub discount: Option<AppliedDiscount>,
    /// Whether the coupon whose code was given is what takes something off. Otherwise it is not used.
    pub coupon_applied: bool,
    /// What was paid for the tickets that are given back.
    pub returned: Money,
    /// What credit pays of it.
    pub credit_applied: Money,
    /// The tax in its lines.
    pub tax: Money,
    /// What is to be paid.
    pub total: Money,
    /// What becomes credit: what is given back beyond the lines.
    pub credit_granted: Money,
}

/// A line of a cart.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct QuoteLine {
    #[hidden]
    pub product_id: Id<Product>,
    #[hidden]
    pub attendee_id: Id<Attendee>,
    /// How many.
    pub quantity: i32,
    /// What one costs before discounts.
    pub unit_price: Money,
    /// What all of it costs before discounts.
    pub subtotal: Money,
    /// What is taken off.
    pub discount: Money,
    /// Its tax: in `total`, whether the price contains it or it comes on top.
    pub tax: Money,
    /// What it comes to, with its tax.
    pub total: Money,
}

#[resolvers]
impl QuoteLine {
    /// What is bought; null when you may not see it.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Product>>> {
        ctx.whole(self.product_id).await
    }

    /// For whom; null when you may not see them.
    async fn attendee(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Attendee>>> {
        ctx.whole(self.attendee_id).await
    }
}

/// What app.quote_order answers.
#[derive(Deserialize)]
struct Quoted {
    currency: String,
    lines: Vec<QuotedLine>,
    subtotal: i32,
    discount: i32,
    source: Option<String>,
    label: Option<String>,
    percent: Option<i32>,
    coupon: Option<Uuid>,
    returned: i32,
    credit_applied: i32,
    tax: i32,
    total: i32,
    credit_granted: i32,
}

#[derive(Deserialize)]
struct QuotedLine {
    product: Uuid,
    attendee: Uuid,
    quantity: i32,
    unit_price: i32,
    subtotal: i32,
    discount: i32,
    tax: i32,
    total: i32,
}

fn source_of(text: &str) -> Option<DiscountSource> {
    use DiscountSource::{Assigned, Complimentary, Coupon, Group, Referral};
    [Assigned, Group, Referral, Coupon, Complimentary].into_iter().find(|source| source.as_str() == text)
}

impl OrderQuote {
    /// What the database answers.
    ///
    /// # Errors
    /// `INTERNAL` where that is of another form.
    pub fn read(answer: Value) -> Result<Self> {
        let quoted: Quoted = serde_json::from_value(answer).map_err(|error| Error::internal(format!("a quote can't be read: {error}")))?;
        let currency = quoted.currency.clone();
        let money = |amount: i32| Money::new(amount, currency.clone());
        let lines = quoted.lines.into_iter().map(|line| QuoteLine {
            product_id: Id::from_uuid(line.product),
            attendee_id: Id::from_uuid(line.attendee),
            quantity: line.quantity,
            unit_price: money(line.unit_price),
            subtotal: money(line.subtotal),
            discount: money(line.discount),
            tax: money(line.tax),
            total: money(line.total),
        });
        let source = quoted.source.as_deref().and_then(source_of);
        Ok(OrderQuote {
            lines: lines.collect(),
            subtotal: money(quoted.subtotal),
            discount: applied(source, quoted.label, quoted.percent, quoted.discount, &quoted.currency),
            coupon_applied: quoted.coupon.is_some(),
            returned: money(quoted.returned),
            credit_applied: money(quoted.credit_applied),
            tax: money(quoted.tax),
            total: money(quoted.total),
            credit_granted: money(quoted.credit_granted),
            currency: quoted.currency,
        })
    }
}
