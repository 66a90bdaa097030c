//! A cart, read from an input: what app.quote_order is asked with, whether it is only shown or placed.

use async_graphql::ID;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;

use super::{
    inputs::{OrderLineInput, PlaceOrderInput, PreviewOrderInput},
    ticket::Ticket,
};
use crate::domains::{applications::Application, attendees::Attendee, products, products::Product, programs::money::currency};

/// Lines of a cart, and tickets that are given back, at most.
const MOST: usize = 50;
/// Pieces of a line at most.
const PIECES: i32 = 100;

/// A cart.
pub struct Cart {
    application: Id<Application>,
    currency: Option<String>,
    lines: Value,
    returned: Vec<Id<Ticket>>,
    code: Option<String>,
    uses_credit: bool,
    is_free: bool,
    pieces: usize,
}

/// What both inputs have.
struct Given<'a> {
    application: &'a ID,
    currency: Option<&'a str>,
    lines: &'a [OrderLineInput],
    returned: Option<&'a [ID]>,
    code: Option<&'a str>,
    uses_credit: Option<bool>,
    is_free: Option<bool>,
}

impl Cart {
    /// What is asked about.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn of_preview(input: &PreviewOrderInput) -> Result<Self> {
        Cart::read(&Given {
            application: &input.application_id,
            currency: input.currency.as_deref(),
            lines: &input.lines,
            returned: input.return_ticket_ids.as_deref(),
            code: input.coupon_code.as_deref(),
            uses_credit: input.use_credit,
            is_free: input.complimentary,
        })
    }

    /// What is ordered.
    ///
    /// # Errors
    /// As [`Cart::of_preview`].
    pub fn of_order(input: &PlaceOrderInput) -> Result<Self> {
        Cart::read(&Given {
            application: &input.application_id,
            currency: input.currency.as_deref(),
            lines: &input.lines,
            returned: input.return_ticket_ids.as_deref(),
            code: input.coupon_code.as_deref(),
            uses_credit: input.use_credit,
            is_free: input.complimentary,
        })
    }

    fn read(given: &Given<'_>) -> Result<Self> {
        let application = Id::<Application>::parse("applicationId", given.application)?;
        let currency = given.currency.map(|code| currency("currency", code)).transpose()?;
        let returned = match given.returned {
            Some(ids) if !ids.is_empty() => Id::<Ticket>::parse_list("returnTicketIds", ids, MOST)?,
            _ => Vec::new(),
        };
        if given.lines.len() > MOST || (given.lines.is_empty() && returned.is_empty()) {
            return Err(Error::bad_input("lines", "must hold 1 to 50 lines, or none where tickets are given back"));
        }
        let mut seen = Vec::with_capacity(given.lines.len());
        let (mut lines, mut pieces) = (Vec::with_capacity(given.lines.len()), 0);
        for (n, line) in given.lines.iter().enumerate() {
            let product = Id::<Product>::parse(&format!("lines.{n}.productId"), &line.product_id)?;
            let attendee = Id::<Attendee>::parse(&format!("lines.{n}.attendeeId"), &line.attendee_id)?;
            let quantity = line.quantity.unwrap_or(1);
            if !(1..=PIECES).contains(&quantity) {
                return Err(Error::bad_input(format!("lines.{n}.quantity"), "must be between 1 and 100"));
            }
            if seen.contains(&(product, attendee)) {
                return Err(Error::bad_input(format!("lines.{n}"), "has a product and attendee that another line has"));
            }
            seen.push((product, attendee));
            pieces += usize::try_from(quantity).unwrap_or_default();
            lines.push(json!({ "product": product.0, "attendee": attendee.0, "quantity": quantity }));
        }
        let code = products::tried_code("couponCode", given.code)?;
        Ok(Cart {
            application,
            currency,
            lines: Value::Array(lines),
            returned,
            code,
            uses_credit: given.uses_credit.unwrap_or(true),
            is_free: given.is_free.unwrap_or(false),
            pieces,
        })
    }

    /// How many tickets it makes.
    pub fn pieces(&self) -> usize {
        self.pieces
    }

    /// The first seven parameters of app.quote_order and of app.place_order.
    pub fn params(&self) -> [&(dyn ToSql + Sync); 7] {
        [&self.application, &self.currency, &self.lines, &self.returned, &self.code, &self.uses_credit, &self.is_free]
    }

    /// All of it as a text: alike exactly where the carts are.
    pub fn as_text(&self) -> String {
        let returned: Vec<String> = self.returned.iter().map(ToString::to_string).collect();
        let currency = self.currency.as_deref().unwrap_or_default();
        let code = self.code.as_deref().unwrap_or_default();
        format!("{} {currency} {} {} {code} {} {}", self.application, self.lines, returned.join(","), self.uses_credit, self.is_free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product: Id<Product>, attendee: Id<Attendee>, quantity: i32) -> OrderLineInput {
        OrderLineInput { product_id: ID::from(product.to_string()), attendee_id: ID::from(attendee.to_string()), quantity: Some(quantity) }
    }

    fn read(lines: &[OrderLineInput], code: Option<&str>) -> Result<Cart> {
        let application = ID::from(Id::<Application>::generate().to_string());
        Cart::read(&Given { application: &application, currency: None, lines, returned: None, code, uses_credit: None, is_free: None })
    }

    #[test]
    fn each_product_and_attendee_stands_in_a_cart_once() {
        let (product, one, two) = (Id::generate(), Id::generate(), Id::generate());
        assert_eq!(read(&[line(product, one, 1), line(product, two, 3)], None).unwrap().pieces(), 4);
        assert!(read(&[line(product, one, 1), line(product, one, 1)], None).is_err());
        assert!(
            read(&[], None).is_err() && read(&[line(product, one, 0)], None).is_err() && read(&[line(product, one, 101)], None).is_err()
        );
    }

    #[test]
    fn what_can_be_no_code_is_unknown_and_a_blank_one_is_none() {
        let lines = [line(Id::generate(), Id::generate(), 1)];
        assert_eq!(read(&lines, Some(" früh ")).err().and_then(|error| error.why()), Some("CODE_UNKNOWN"));
        assert_eq!(read(&lines, Some("  ")).unwrap().code, None);
        assert_eq!(read(&lines, Some(" early ")).unwrap().code.as_deref(), Some("EARLY"));
    }
}
