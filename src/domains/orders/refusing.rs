//! What the database refuses of orders, as an answer.

use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
    permission::Permission::PaymentManage,
};

use crate::domains::products::{code_unknown, unavailable};

/// Maps the refusals of everything that quotes, places or cancels an order.
///
/// # Errors
/// The refusal.
pub fn refused<T>(done: Result<T, DbError>) -> Result<T> {
    done.map_err(|error| refusal(&error).unwrap_or_else(|| error.into()))
}

/// An order that waits to be paid stands in the way.
fn pending(error: &DbError) -> Error {
    let refusal = Error::conflict("ORDER_PENDING", "Another order of the application waits to be paid.").field("applicationId");
    match error.text("orderId") {
        Some(order) => refusal.detail("orderId", order.into()),
        None => refusal,
    }
}

fn refusal(error: &DbError) -> Option<Error> {
    let place = || error.number("n").unwrap_or_default();
    let line = |reason: &'static str, message: &str| Error::conflict(reason, message).field(format!("lines.{}", place()));
    let limited = |reason, message: &str| line(reason, message).detail("limit", error.number("limit").unwrap_or_default().into());
    let back = |reason: &'static str, message: &str| Error::conflict(reason, message).field(format!("returnTicketIds.{}", place()));
    let code = |reason: &'static str, message: &str| Error::conflict(reason, message).field("couponCode");
    Some(match error.constraint()? {
        "order_no_application" => Error::not_found("application").field("applicationId"),
        "order_not_yours" => Error::not_yours(),
        "order_not_accepted" => Error::conflict("NOT_ACCEPTED", "The application is not ACCEPTED.").field("applicationId"),
        "order_not_draft" => Error::conflict("INVALID_TRANSITION", "The application is not a DRAFT.").field("applicationId"),
        "order_fee_paid" => Error::conflict("ALREADY_PAID", "The fee is paid already.").field("applicationId"),
        "order_no_fee" => Error::conflict("NO_FEE", "An application to this program costs nothing.").field("applicationId"),
        "order_program_closed" => Error::conflict("PROGRAM_CLOSED", "The program does not take this now.").field("applicationId"),
        "order_complimentary" => Error::missing_permission(&[PaymentManage]).field("complimentary"),
        "order_currency" => unavailable("currency"),
        "order_pending" | "sales_order_pending" => pending(error),
        "order_no_product" => Error::not_found("product").field(format!("lines.{}.productId", place())),
        "order_no_attendee" => Error::not_found("attendee").field(format!("lines.{}.attendeeId", place())),
        "order_no_price" => Error::bad_input(format!("lines.{}", place()), "must be of a product that has a price in this currency")
            .reason("CURRENCY_UNAVAILABLE"),
        "order_not_on_sale" => line("NOT_ON_SALE", "It is not on sale now."),
        "order_sold_out" => line("SOLD_OUT", "There is not so much left of it."),
        "order_too_large" => {
            Error::bad_input(format!("lines.{}", place()), "must come to 1,999,999,999 at most").reason("AMOUNT_TOO_LARGE")
        }
        "order_limit" => limited("ORDER_LIMIT", "An order may not have so many of it."),
        "person_limit" => limited("PERSON_LIMIT", "An attendee may not hold so many of it."),
        "exclusive_product" | "ticket_exclusive" => line("EXCLUSIVE_PRODUCT", "An attendee holds one exclusive product of a kind alone."),
        "requires_product" => line("REQUIRES_PRODUCT", "The attendee does not hold what it requires."),
        "order_no_ticket" => Error::not_found("ticket").field(format!("returnTicketIds.{}", place())),
        "ticket_not_exchangeable" => back("NOT_EXCHANGEABLE", "This ticket can't be given back for something else."),
        "ticket_used" => back("TICKET_USED", "Somebody was let in with this ticket."),
        "ticket_required" => back("REQUIRES_PRODUCT", "The attendee holds something that requires it."),
        "code_unknown" => code_unknown().field("couponCode"),
        "code_not_yet_valid" => code("CODE_NOT_YET_VALID", "The code can't be used yet."),
        "code_expired" => code("CODE_EXPIRED", "The code can't be used any more."),
        "code_exhausted" => code("CODE_EXHAUSTED", "The code was used as often as it may be."),
        "code_used" => code("CODE_USED", "You have used the code as often as you may."),
        "code_currency" => code("CURRENCY_UNAVAILABLE", "The code takes something off orders in another currency."),
        "order_price" => {
            let number = |name: &str| error.number(name).unwrap_or_default();
            Error::conflict("PRICE_CHANGED", "It costs something else now.")
                .field("expectedTotal")
                .detail("expected", number("expected").into())
                .detail("actual", number("actual").into())
        }
        "order_provider" => Error::bad_input("provider", "must be given: something is to be paid"),
        "order_provider_off" | "payment_provider" => {
            Error::conflict("PROVIDER_NOT_CONFIGURED", "The school does not take money by this provider.").field("provider")
        }
        "payment_return_url" => Error::bad_input("returnUrl", "must begin with one of the school's origins").reason("URL_NOT_ALLOWED"),
        "order_key_reused" => Error::conflict("IDEMPOTENCY_KEY_REUSED", "This key was used for another request.").field("idempotencyKey"),
        "order_not_there" => Error::not_found("order").field("id"),
        "order_transition" => Error::conflict("INVALID_TRANSITION", "The order is not PENDING.").field("id"),
        "order_has_payments" => Error::conflict("HAS_PAYMENTS", "A part of it is paid: the school can cancel it.").field("id"),
        _ => return None,
    })
}
