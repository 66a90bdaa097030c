//! Placing and cancelling orders.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;
use tokio_postgres::types::ToSql;

use super::{
    cart::Cart,
    codes::CodeKey,
    inputs::{PayApplicationFeeInput, PlaceOrderInput},
    keys::{digest, made_before, request_key, unless_used},
    order::Order,
    refusing::refused,
    sql,
    ticket::Ticket,
};
use crate::domains::{applications::Application, payments::require_provider, programs::money::amount};

/// Mutations of orders.
pub struct OrderMutations;

/// Characters of an address that somebody comes back to.
const URL: usize = 2000;

fn url(given: Option<&str>) -> Result<Option<String>> {
    given.map(|given| text::short("returnUrl", given, URL)).transpose()
}

fn some(text: Option<&String>) -> &str {
    text.map(String::as_str).unwrap_or_default()
}

/// The order that a statement has answered.
async fn placed(ctx: &Context<'_>, order: Option<Id<Order>>) -> Result<Loaded<Order>> {
    let missing = || Error::internal("an order that was placed is not there");
    ctx.whole(order.ok_or_else(missing)?).await?.ok_or_else(missing)
}

/// What an order asks for, beside who takes its money.
struct Asked {
    cart: Cart,
    expected: i64,
    back: Option<String>,
    name: Option<String>,
    address: Option<String>,
    tax_id: Option<String>,
}

impl Asked {
    fn read(input: &PlaceOrderInput) -> Result<Self> {
        Ok(Asked {
            cart: Cart::of_order(input)?,
            expected: i64::from(amount("expectedTotal", input.expected_total)?),
            back: url(input.return_url.as_deref())?,
            name: input.billing_name.as_deref().map(|name| text::name("billingName", name)).transpose()?,
            address: match &input.billing_address {
                Some(address) => text::longer("billingAddress", address, 1000)?,
                None => None,
            },
            tax_id: input.billing_tax_id.as_deref().map(|id| text::short("billingTaxId", id, 50)).transpose()?,
        })
    }
}

/// Of what application a fee is paid, how much, and where the browser comes back to.
fn fee(input: &PayApplicationFeeInput) -> Result<(Id<Application>, i64, Option<String>)> {
    let application = Id::<Application>::parse("applicationId", &input.application_id)?;
    Ok((application, i64::from(amount("expectedTotal", input.expected_total)?), url(input.return_url.as_deref())?))
}

/// The order that the same request has made before; else what refuses it now.
async fn earlier(ctx: &Context<'_>, mutation: &str, key: &str, request: &[u8], refused: Error) -> Result<Loaded<Order>> {
    match made_before(ctx, mutation, key, request).await? {
        Some(order) => placed(ctx, Some(Id::from_uuid(order))).await,
        None => Err(refused),
    }
}

/// The mutations, as keys of requests know them.
const PLACE_ORDER: &str = "placeOrder";
const PAY_FEE: &str = "payApplicationFee";

#[mutations("Order")]
impl OrderMutations {
    /// Places an order: it holds its tickets, the coupon and credit until it is paid or expires; one of which nothing is to be paid is PAID at once. For your own application, with
    /// PAYMENT_MANAGE for any. Refused as `previewOrder` is, and CONFLICT with PRICE_CHANGED (`expected`, `actual`) for another total than `expectedTotal`, with
    /// PROVIDER_NOT_CONFIGURED, with IDEMPOTENCY_KEY_REUSED for another request under the key; BAD_USER_INPUT with URL_NOT_ALLOWED. The same request again answers the same order
    /// as it is then.
    #[needs(ApplicationSubmit, PaymentManage)]
    #[guesses("couponCode", Code("CODE_UNKNOWN"))]
    async fn place_order(
        ctx: &Context<'_>,
        /// The order.
        input: PlaceOrderInput,
    ) -> Result<Loaded<Order>> {
        let key = request_key("idempotencyKey", &input.idempotency_key)?;
        let Asked { cart, expected, back, name, address, tax_id } = match Asked::read(&input) {
            Ok(asked) => asked,
            Err(wrong) => return Err(unless_used(ctx, PLACE_ORDER, &key, wrong).await),
        };
        let way = input.provider.map(|provider| provider.as_str());
        let request = digest(&[
            &cart.as_text(),
            &expected.to_string(),
            way.unwrap_or_default(),
            some(back.as_ref()),
            some(name.as_ref()),
            some(address.as_ref()),
            some(tax_id.as_ref()),
        ]);
        if let Some(refused) = input.provider.and_then(|provider| require_provider(ctx, provider).err()) {
            return earlier(ctx, PLACE_ORDER, &key, &request, refused).await;
        }
        let school = CodeKey::before(ctx, &cart, &key).await?;
        let tickets: Vec<Id<Ticket>> = (0..cart.pieces()).map(|_| Id::generate()).collect();
        let hashes: Vec<Vec<u8>> = tickets.iter().map(|ticket| school.hash(ticket.0, 0)).collect();
        let rest: [&(dyn ToSql + Sync); 10] = [&expected, &way, &back, &name, &address, &tax_id, &key, &request, &tickets, &hashes];
        let params: Vec<&(dyn ToSql + Sync)> = cart.params().into_iter().chain(rest).collect();
        let order = refused(ctx.tx().value::<Id<Order>>(sql::PLACE, &params).await)?;
        placed(ctx, order).await
    }

    /// Begins to pay the fee of an application that is a DRAFT; to pay it does not submit it. For your own application, with PAYMENT_MANAGE for any. CONFLICT with ALREADY_PAID, with
    /// NO_FEE, with INVALID_TRANSITION unless it is a DRAFT, with PROGRAM_CLOSED, ORDER_PENDING (`orderId`), PRICE_CHANGED (`expected`, `actual`), PROVIDER_NOT_CONFIGURED,
    /// IDEMPOTENCY_KEY_REUSED; BAD_USER_INPUT with URL_NOT_ALLOWED. The same request again answers the same order as it is then.
    #[needs(ApplicationSubmit, PaymentManage)]
    async fn pay_application_fee(
        ctx: &Context<'_>,
        /// The fee.
        input: PayApplicationFeeInput,
    ) -> Result<Loaded<Order>> {
        let key = request_key("idempotencyKey", &input.idempotency_key)?;
        let (application, expected, back) = match fee(&input) {
            Ok(asked) => asked,
            Err(wrong) => return Err(unless_used(ctx, PAY_FEE, &key, wrong).await),
        };
        let way = input.provider.as_str();
        let request = digest(&[&application.to_string(), &expected.to_string(), way, some(back.as_ref())]);
        if let Err(refused) = require_provider(ctx, input.provider) {
            return earlier(ctx, PAY_FEE, &key, &request, refused).await;
        }
        let order = ctx.tx().value::<Id<Order>>(sql::PLACE_FEE, &[&application, &expected, &way, &back, &key, &request]).await;
        placed(ctx, refused(order)?).await
    }

    /// Cancels an order that is PENDING: all that it holds is given back. Your own, with PAYMENT_MANAGE any; else FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION for
    /// one that is not PENDING, with HAS_PAYMENTS where a part of it is paid: PAYMENT_MANAGE cancels it all the same, and what was paid becomes credit.
    #[needs(ApplicationSubmit, PaymentManage)]
    async fn cancel_order(
        ctx: &Context<'_>,
        /// The order's id.
        id: Id<Order>,
    ) -> Result<Loaded<Order>> {
        refused(ctx.tx().query(sql::CANCEL, &[&id]).await)?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("order").field("id"))
    }
}
