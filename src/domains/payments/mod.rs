//! Payments: what is paid for orders, by whom it is taken, and what goes back. Tables: `payment`, `payment_transition`, `payment_event`, `payment_settings`, `refund`,
//! `refund_ticket`.
//!
//! Permissions: PAYMENT_MANAGE (records what came, gives back, gives credit, says how the school is paid; sees all), ORDER_READ_ALL (sees all), APPLICATION_SUBMIT (pays
//! the own orders). One sees the payments and refunds of one's own orders without any.
//! Invariants, kept by the database: a payment moves by the rows of `payment_transition`; an order waits for one payment at a time; what a provider says has one effect,
//! however often and in whatever order it says it; money that no order waits for is used, given back or turned into credit in the same transaction; nothing more goes
//! back of an order than was paid for it. Nothing outside is asked while a transaction is open (`jobs.rs`). Webhooks: `src/http/payments.rs`.

mod door;
mod fields;
mod inputs;
mod jobs;
mod lists;
mod mutations;
mod notices;
mod page;
mod payment;
mod queries;
mod refund;
mod refusals;
mod said;
mod secret;
mod settings;
mod sql;
mod stripe;
mod taking;

use lectern_kernel::{rates::Budget, resolve::registry::Domain};

pub use self::{
    door::{door, is_signed, sign},
    notices::{ORDER_PAID, PAYMENT_ATTENTION, REFUND_MADE},
    page::{Press, TestPayment},
    payment::{Payment, PaymentProvider},
    refund::Refund,
    refusals::refused,
    said::Said,
    secret::Secret,
    settings::require_ready,
    taking::{STRIPE, Taking, require_provider},
};

/// What is asked for on pages of the test provider from one address.
pub static TEST_PAGES: Budget =
    Budget { name: "test-payments", a_minute: 60, refusal: "You ask for payments too often.", is_of_address: true };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Payment::object, payment::PaymentEvent::object, Refund::object, settings::PaymentSettings::object],
    operations: &[queries::PaymentQueries::OPERATIONS, mutations::PaymentMutations::OPERATIONS],
    extensions: &[&fields::OrderPayments::EXTENSION, &fields::ProgramPayments::EXTENSION],
    jobs: &[jobs::START, jobs::RECONCILE, jobs::REFUND],
    recorded: &[("PaymentSettings", "paymentsettings")],
    references: &[("refund_id", "refund"), ("ticket_id", "ticket")],
    parts: &[("Refund", "ticket_id", "ticket")],
    emits: &[("payment.attention", "A payment needs somebody to look at it. `id`, `orderId`, `provider`, `status`, `attention`.")],
    ..Domain::new("payments")
};
