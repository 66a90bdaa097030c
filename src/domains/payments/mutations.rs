//! Paying, recording what came, giving back; how the school is paid.

use async_graphql::{Context, ID};
use jiff::Timestamp;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    inputs::{GrantCreditInput, PayOrderInput, RecordPaymentInput, RefundOrderInput},
    refusals::refused,
    settings::{PaymentSettings, UpdatePaymentSettingsInput, change, settings},
    sql,
    taking::require_provider,
};
use crate::domains::{
    applications::Application,
    identity::each_once,
    orders::{Order, Ticket, digest, request_key, unless_used},
    programs::{Money, money::amount},
};

/// Mutations of payments.
pub struct PaymentMutations;

/// A reason or a note has at most so many characters.
const LONG: usize = 1000;
/// Tickets that go back at once.
const MOST: usize = 1000;

fn no_order() -> Error {
    Error::not_found("order").field("orderId")
}

/// The order as it is now.
async fn as_it_is(ctx: &Context<'_>, order: Id<Order>) -> Result<Loaded<Order>> {
    ctx.whole(order).await?.ok_or_else(no_order)
}

fn reason(given: &str) -> Result<String> {
    text::longer("reason", given, LONG)?.ok_or_else(|| Error::bad_input("reason", "must say why"))
}

/// At least one minor unit.
fn positive(field: &str, given: i32) -> Result<i32> {
    match amount(field, given)? {
        0 => Err(Error::bad_input(field, "must be above 0")),
        given => Ok(given),
    }
}

/// Tickets of an input, each once.
fn tickets(given: Option<&Vec<ID>>) -> Result<Option<Vec<Id<Ticket>>>> {
    let Some(given) = given else { return Ok(None) };
    if given.is_empty() || given.len() > MOST {
        return Err(Error::bad_input("ticketIds", format!("must hold 1 to {MOST} tickets")));
    }
    let parsed = given.iter().enumerate().map(|(at, id)| Id::<Ticket>::parse(&format!("ticketIds.{at}"), id));
    let parsed: Vec<Id<Ticket>> = parsed.collect::<Result<_>>()?;
    each_once("ticketIds", &parsed)?;
    Ok(Some(parsed))
}

/// For which order so much came, and what is to be remembered of it.
fn came(input: &RecordPaymentInput, now: Timestamp) -> Result<(Id<Order>, i32, Option<String>)> {
    let order = Id::<Order>::parse("orderId", &input.order_id)?;
    let amount = positive("amount", input.amount)?;
    let note = input.note.as_deref().map(|note| text::longer("note", note, LONG)).transpose()?.flatten();
    if input.received_at.is_some_and(|at| at.0 > now) {
        return Err(Error::bad_input("receivedAt", "must not be in the future"));
    }
    Ok((order, amount, note))
}

/// What is to go back.
struct Back {
    order: Id<Order>,
    tickets: Option<Vec<Id<Ticket>>>,
    amount: Option<i32>,
    reason: String,
    to_credit: bool,
}

impl Back {
    fn read(input: &RefundOrderInput) -> Result<Self> {
        let order = Id::<Order>::parse("orderId", &input.order_id)?;
        let tickets = tickets(input.ticket_ids.as_ref())?;
        let amount = match input.amount {
            Some(given) if tickets.is_some() => Some(amount("amount", given)?),
            Some(given) => Some(positive("amount", given)?),
            None => None,
        };
        Ok(Back { order, tickets, amount, reason: reason(&input.reason)?, to_credit: input.to_credit.unwrap_or(false) })
    }
}

/// To whom how much credit is given, and why.
fn given(input: &GrantCreditInput) -> Result<(Id<Application>, Money, String)> {
    let application = Id::<Application>::parse("applicationId", &input.application_id)?;
    Ok((application, input.amount.check_positive("amount")?, reason(&input.reason)?))
}

#[mutations("Payment")]
impl PaymentMutations {
    /// Another try of a PENDING order, or another way to pay it: the payment that was waited for is CANCELLED, and another is PENDING. For its buyer, with PAYMENT_MANAGE for
    /// anybody's; else FORBIDDEN with NOT_YOURS. CONFLICT with INVALID_TRANSITION for an order that is not PENDING, with PROVIDER_NOT_CONFIGURED; BAD_USER_INPUT with
    /// URL_NOT_ALLOWED for a page of another origin.
    #[needs(ApplicationSubmit, PaymentManage)]
    #[about("Order")]
    async fn pay_order(
        ctx: &Context<'_>,
        /// Which, and how.
        input: PayOrderInput,
    ) -> Result<Loaded<Order>> {
        let order = Id::<Order>::parse("orderId", &input.order_id)?;
        let back = input.return_url.as_deref().map(|url| text::short("returnUrl", url, 2000)).transpose()?;
        require_provider(ctx, input.provider)?;
        let paid = refused(ctx.tx().query(sql::PAY, &[&order, &input.provider, &back]).await)?;
        if paid.is_empty() { Err(no_order()) } else { as_it_is(ctx, order).await }
    }

    /// Records money that came by itself: a transfer, or cash. What is missing of a PENDING order is waited for further, and it does not expire any more; what is over becomes
    /// credit. Of an order that has ended, it is revived if all that it held can be had again; otherwise the money becomes credit.
    #[needs(PaymentManage)]
    #[about("Order")]
    async fn record_payment(
        ctx: &Context<'_>,
        /// What came.
        input: RecordPaymentInput,
    ) -> Result<Loaded<Order>> {
        let key = request_key("idempotencyKey", &input.idempotency_key)?;
        let (order, amount, note) = match came(&input, ctx.now()) {
            Ok(asked) => asked,
            Err(wrong) => return Err(unless_used(ctx, "recordPayment", &key, wrong).await),
        };
        let at = input.received_at.map(|at| at.0.to_string()).unwrap_or_default();
        let request = digest(&[&order.to_string(), &amount.to_string(), &at, note.as_deref().unwrap_or_default()]);
        let received = input.received_at.map(|at| at.0);
        let recorded = refused(ctx.tx().query(sql::RECORD, &[&order, &amount, &received, &note, &key, &request]).await)?;
        if recorded.is_empty() { Err(no_order()) } else { as_it_is(ctx, order).await }
    }

    /// Gives back what was paid for an order: with neither amount nor tickets, all that is left of it, and all its tickets are cancelled; with tickets, their price; with an
    /// amount alone, so much, and tickets stay. The newest payments first, the way they came, or as credit; what no payment brought, because credit or another ticket paid for it,
    /// goes back with the tickets, as credit. CONFLICT with REFUND_TOO_LARGE (`limit`) for more than what is left, of an amount: paid less refunded; with INVALID_TRANSITION for an
    /// order that was not paid, with ORDER_PENDING where a pending order exchanges one of the tickets.
    #[needs(PaymentManage)]
    #[about("Order")]
    async fn refund_order(
        ctx: &Context<'_>,
        /// What is to go back.
        input: RefundOrderInput,
    ) -> Result<Loaded<Order>> {
        let key = request_key("idempotencyKey", &input.idempotency_key)?;
        let Back { order, tickets, amount, reason, to_credit } = match Back::read(&input) {
            Ok(asked) => asked,
            Err(wrong) => return Err(unless_used(ctx, "refundOrder", &key, wrong).await),
        };
        let named: Vec<String> = tickets.iter().flatten().map(ToString::to_string).collect();
        let given = amount.map(|amount| amount.to_string()).unwrap_or_default();
        let request = digest(&[&order.to_string(), &given, &named.join(","), if to_credit { "credit" } else { "" }, &reason]);
        let returned = ctx.tx().query(sql::REFUND, &[&order, &amount, &tickets, &to_credit, &reason, &key, &request]).await;
        if refused(returned)?.is_empty() { Err(no_order()) } else { as_it_is(ctx, order).await }
    }

    /// Gives an application credit out of goodwill. BAD_USER_INPUT with CURRENCY_UNAVAILABLE for a currency that its program does not take.
    #[needs(PaymentManage)]
    #[about("Application")]
    async fn grant_credit(
        ctx: &Context<'_>,
        /// To whom, how much, and why.
        input: GrantCreditInput,
    ) -> Result<Loaded<Application>> {
        let key = request_key("idempotencyKey", &input.idempotency_key)?;
        let (application, money, reason) = match given(&input) {
            Ok(asked) => asked,
            Err(wrong) => return Err(unless_used(ctx, "grantCredit", &key, wrong).await),
        };
        let request = digest(&[&application.to_string(), &money.amount.to_string(), &money.currency, &reason]);
        let amount = i64::from(money.amount);
        let granted = ctx.tx().query(sql::GRANT, &[&application, &amount, &money.currency, &reason, &key, &request]).await;
        let no_application = || Error::not_found("application").field("applicationId");
        if refused(granted)?.is_empty() {
            return Err(no_application());
        }
        ctx.whole(application).await?.ok_or_else(no_application)
    }

    /// Changes how the school is paid. What is left out stays as it is. BAD_USER_INPUT with PROVIDER_NOT_CONFIGURED where a provider is switched on whose secrets are not set,
    /// or that is not allowed here; with URL_NOT_ALLOWED for an origin that is none.
    #[needs(PaymentManage)]
    #[about("PaymentSettings")]
    #[in_person]
    async fn update_payment_settings(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdatePaymentSettingsInput,
    ) -> Result<PaymentSettings> {
        change(ctx, input).await?;
        settings(ctx).await
    }
}
