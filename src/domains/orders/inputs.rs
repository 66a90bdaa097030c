//! What the queries and mutations of orders take.

use async_graphql::{ID, InputObject};

use crate::domains::payments::PaymentProvider;

/// So many of a product for an attendee.
#[derive(InputObject, Clone)]
pub struct OrderLineInput {
    /// The product.
    pub product_id: ID,
    /// For whom, of those who come with the application.
    pub attendee_id: ID,
    /// How many, 1 to 100; 1 unless given.
    pub quantity: Option<i32>,
}

/// A cart whose price is asked for.
#[derive(InputObject)]
pub struct PreviewOrderInput {
    /// The application that it is for: ACCEPTED.
    pub application_id: ID,
    /// In which of the program's currencies; the first unless given.
    pub currency: Option<String>,
    /// What is bought: 1 to 50 lines, each product and attendee once; none only where tickets are given back.
    pub lines: Vec<OrderLineInput>,
    /// Tickets of the application that are given back for it, 50 at most: they count for what was paid for them.
    pub return_ticket_ids: Option<Vec<ID>>,
    /// A coupon's code, whatever its case.
    pub coupon_code: Option<String>,
    /// Whether the application's credit is used; true unless given.
    pub use_credit: Option<bool>,
    /// Whether all of it is given for nothing; false unless given. Needs PAYMENT_MANAGE.
    pub complimentary: Option<bool>,
}

/// An order to be placed.
#[derive(InputObject)]
pub struct PlaceOrderInput {
    /// The application that it is for: ACCEPTED.
    pub application_id: ID,
    /// In which of the program's currencies; the first unless given.
    pub currency: Option<String>,
    /// What is bought: 1 to 50 lines, each product and attendee once; none only where tickets are given back.
    pub lines: Vec<OrderLineInput>,
    /// Tickets of the application that are given back for it, 50 at most: they count for what was paid for them, and admit until the order is PAID.
    pub return_ticket_ids: Option<Vec<ID>>,
    /// A coupon's code, whatever its case.
    pub coupon_code: Option<String>,
    /// Whether the application's credit is used; true unless given.
    pub use_credit: Option<bool>,
    /// Whether all of it is given for nothing; false unless given. Needs PAYMENT_MANAGE.
    pub complimentary: Option<bool>,
    /// The total that the buyer was shown, in minor units: nobody is charged anything else.
    pub expected_total: i32,
    /// How it is paid; left out only where the total is 0.
    pub provider: Option<PaymentProvider>,
    /// Where the provider sends the buyer afterwards: an address that begins with one of the school's origins.
    pub return_url: Option<String>,
    /// Who stands on the invoice; 1 to 200 characters. The applicant unless given.
    pub billing_name: Option<String>,
    /// Their address; at most 1,000 characters.
    pub billing_address: Option<String>,
    /// Their tax id; 1 to 50 characters.
    pub billing_tax_id: Option<String>,
    /// Your own name for the request, 8 to 64 letters from A to Z, digits, hyphens and underscores: the same again answers the same order.
    pub idempotency_key: String,
}

/// A fee to be paid.
#[derive(InputObject)]
pub struct PayApplicationFeeInput {
    /// The application: a DRAFT.
    pub application_id: ID,
    /// The fee that the buyer was shown, in minor units.
    pub expected_total: i32,
    /// How it is paid.
    pub provider: PaymentProvider,
    /// Where the provider sends the buyer afterwards: an address that begins with one of the school's origins.
    pub return_url: Option<String>,
    /// Your own name for the request, 8 to 64 letters from A to Z, digits, hyphens and underscores: the same again answers the same order.
    pub idempotency_key: String,
}
