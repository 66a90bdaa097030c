//! Reading orders, and asking what one would cost.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, Loaded, Paging, filtered, one, page},
};
use lectern_macros::queries;
use serde_json::Value;

use super::{
    cart::Cart,
    inputs::PreviewOrderInput,
    lists::{OrderFilter, seen},
    order::Order,
    quote::OrderQuote,
    refusing::refused,
    sql,
};

/// Queries of orders.
pub struct OrderQueries;

#[queries]
impl OrderQueries {
    /// What an order would cost, and whether it could be placed: it is refused exactly as `placeOrder` would be, and changes nothing. For your own application, with PAYMENT_MANAGE
    /// for any. CONFLICT with NOT_ACCEPTED, PROGRAM_CLOSED, ORDER_PENDING (`orderId`); of a line with NOT_ON_SALE, SOLD_OUT, ORDER_LIMIT and PERSON_LIMIT (`limit`),
    /// EXCLUSIVE_PRODUCT, REQUIRES_PRODUCT; of a ticket with NOT_EXCHANGEABLE, TICKET_USED, REQUIRES_PRODUCT; of a code with CODE_NOT_YET_VALID, CODE_EXPIRED, CODE_EXHAUSTED,
    /// CODE_USED, CURRENCY_UNAVAILABLE, and NOT_FOUND with CODE_UNKNOWN. One code in a document; after ten unknown ones within ten minutes RATE_LIMITED.
    #[needs(ApplicationSubmit, PaymentManage)]
    #[guesses("couponCode", Code("CODE_UNKNOWN"))]
    #[cost(10)]
    async fn preview_order(
        ctx: &Context<'_>,
        /// The cart.
        input: PreviewOrderInput,
    ) -> Result<Option<OrderQuote>> {
        let cart = Cart::of_preview(&input)?;
        let rows = ctx.tx().query(sql::QUOTE, &cart.params()).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a quote has no row"))?;
        let mut answer = ColumnReader::new(row).next::<Value>()?;
        // A refusal is a row as well: it leaves the rest of the document its transaction.
        if let Some(rule) = answer["rule"].as_str() {
            return refused(Err(DbError::of_rule(rule, answer["detail"].as_str())));
        }
        OrderQuote::read(answer["quote"].take()).map(Some)
    }

    /// An order; null when there is none, or none that you may see.
    async fn order(
        ctx: &Context<'_>,
        /// The order's id.
        id: Id<Order>,
    ) -> Result<Option<Loaded<Order>>> {
        one(ctx, id).await
    }

    /// Orders, the latest first: your own; with ORDER_READ_ALL or PAYMENT_MANAGE, all of the school.
    async fn orders(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which orders.
        filter: Option<OrderFilter>,
    ) -> Result<Option<Connection<Order>>> {
        let mut list = seen(ctx, "orders")?;
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<OrderFilter>(ctx, list)?, paging).await.map(Some)
    }
}
