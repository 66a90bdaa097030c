//! A line of an order.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order as ListOrder, SortKey},
    error::Result,
    ids::Id,
    resolve::{Loaded, Nested, all},
};
use lectern_macros::{object, resolvers};

use super::ticket::{BY_CREATION, Ticket};
use crate::domains::{
    attendees::Attendee,
    products::Product,
    programs::{Money, percent},
};

/// So many of a product for an attendee, or a fee: name and prices as they were. You see it with its order.
#[object(table = "order_line", alias = "ol", id = "orderline", node, resolvers)]
#[derive(Clone, Debug)]
pub struct OrderLine {
    /// Its id.
    pub id: Id<OrderLine>,
    /// What is bought; null for a fee, and when you may not see it any more.
    #[one]
    pub product_id: Option<Id<Product>>,
    /// For whom; null for a fee, once they were removed, and when you may not see them.
    #[one]
    pub attendee_id: Option<Id<Attendee>>,
    /// What it was called: the product; for a fee, the program.
    pub name: String,
    /// How many.
    pub quantity: i32,
    #[hidden]
    pub unit_price: i32,
    #[hidden]
    pub subtotal: i32,
    #[hidden]
    pub discount: i32,
    #[hidden]
    pub tax_percent: i32,
    #[hidden]
    pub tax: i32,
    #[hidden]
    pub total: i32,
    #[hidden]
    #[column("(SELECT olo.currency FROM sales_order olo WHERE olo.tenant_id = {}.tenant_id AND olo.id = {}.order_id)")]
    pub currency: String,
}

/// As they stood in the cart.
pub const BY_PLACE: ListOrder = ListOrder { key: SortKey::whole("POSITION", "ol.position"), id: "ol.id", descending: false };

static TICKETS: Nested = Nested::new("orderLine.tickets", BY_CREATION, "tk.order_line_id");

#[resolvers]
impl OrderLine {
    /// What one costs before discounts.
    async fn unit_price(unit_price: i32, currency: String) -> Result<Money> {
        Ok(Money::new(unit_price, currency))
    }

    /// What all of it costs before discounts.
    async fn subtotal(subtotal: i32, currency: String) -> Result<Money> {
        Ok(Money::new(subtotal, currency))
    }

    /// What is taken off.
    async fn discount(discount: i32, currency: String) -> Result<Money> {
        Ok(Money::new(discount, currency))
    }

    /// Its tax, in percent.
    fn tax_percent(tax_percent: i32) -> f64 {
        percent(tax_percent)
    }

    /// Its tax: in `total`, whether the price contained it or it came on top.
    async fn tax(tax: i32, currency: String) -> Result<Money> {
        Ok(Money::new(tax, currency))
    }

    /// What it comes to, with its tax.
    async fn total(total: i32, currency: String) -> Result<Money> {
        Ok(Money::new(total, currency))
    }

    /// A ticket for each piece, of those that you may see.
    #[cost(20)]
    async fn tickets(id: Id<OrderLine>, ctx: &Context<'_>) -> Result<Vec<Loaded<Ticket>>> {
        all(ctx, &TICKETS, id.0).await
    }
}
