//! What the database refuses of payments, as an answer.

use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
};

use super::taking::not_configured;

/// Maps the refusals of everything that begins, records or gives back a payment.
///
/// # Errors
/// The refusal.
pub fn refused<T>(done: Result<T, DbError>) -> Result<T> {
    Ok(done
        .on_constraint("payment_provider", |_| not_configured())
        .on_constraint("payment_return_url", |_| {
            Error::bad_input("returnUrl", "must begin with one of the school's origins").reason("URL_NOT_ALLOWED")
        })
        .on_constraint("payment_order_state", |_| {
            Error::conflict("INVALID_TRANSITION", "The order is not in a state in which this can be done.").field("orderId")
        })
        .on_constraint("order_key_reused", |_| {
            Error::conflict("IDEMPOTENCY_KEY_REUSED", "This key was used for another request.").field("idempotencyKey")
        })
        .on_constraint("refund_too_large", |error| {
            let limit = error.number("limit").unwrap_or_default();
            let refusal = Error::conflict("REFUND_TOO_LARGE", "That is more than what is left of the order.").field("amount");
            refusal.detail("limit", limit.into())
        })
        .on_constraint("refund_tickets", |error| {
            let at = error.number("at").unwrap_or_default();
            Error::not_found("ticket").field(format!("ticketIds.{at}"))
        })
        .on_constraint("ticket_in_exchange", |error| {
            let refusal = Error::conflict("ORDER_PENDING", "A pending order exchanges one of the tickets.").field("ticketIds");
            match error.text("orderId") {
                Some(order) => refusal.detail("orderId", order.into()),
                None => refusal,
            }
        })
        .on_constraint("credit_currency", |_| {
            Error::bad_input("amount.currency", "must be one of the program's").reason("CURRENCY_UNAVAILABLE")
        })
        .on_constraint("credit_too_large", |_| {
            Error::bad_input("amount.amount", "must leave the application 1,999,999,999 of credit at most").reason("AMOUNT_TOO_LARGE")
        })
        .on_row_security(Error::not_yours)?)
}
