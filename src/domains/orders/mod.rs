//! Orders: what a cart costs, what is ordered, the tickets that it makes, and credit. Tables: `sales_order`, `order_transition`, `order_line`, `ticket`, `order_return`,
//! `credit_balance`, `order_key`, `ticket_key`. How orders are paid is of `payments`, what admits of `doors`.
//!
//! Permissions: APPLICATION_SUBMIT (for the own application), PAYMENT_MANAGE (for any; complimentary ones), ORDER_READ_ALL (sees all).
//! Invariants, kept by the database: preview and order are computed by one function; an order moves by the rows of `order_transition`; of an application one waits to be paid;
//! what it holds it takes by counters that can't be overdrawn, and gives back exactly once; parts sum to the whole; the same request under a key is one order.

mod cart;
mod codes;
mod fields;
mod inputs;
mod jobs;
mod keys;
mod line;
mod lists;
mod mutations;
mod notices;
mod order;
mod queries;
mod quote;
mod refusing;
mod sql;
mod ticket;

use lectern_kernel::{
    ids::Kind as _,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

pub use self::{
    codes::{code_hash, renew_codes, sealed_ticket_key},
    keys::{digest, request_key, unless_used},
    line::OrderLine,
    notices::{ORDER_EXPIRED, ORDER_PLACED},
    order::{AppliedDiscount, DiscountSource, Order, OrderKind, OrderStatus},
    refusing::refused,
    ticket::{Ticket, TicketStatus},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Order::object,
        OrderLine::object,
        Ticket::object,
        AppliedDiscount::object,
        quote::OrderQuote::object,
        quote::QuoteLine::object,
    ],
    extensions: &[&fields::ApplicationOrders::EXTENSION, &fields::AttendeeTickets::EXTENSION, &fields::DashboardOrders::EXTENSION],
    operations: &[queries::OrderQueries::OPERATIONS, mutations::OrderMutations::OPERATIONS],
    events: &[Event {
        name: "orderChanged",
        description: "An order that you may see has changed, or a payment of it: as it is now.",
        of: Heard::Row(Order::object),
        topic: "order",
        key: HeardKey::Named { argument: "id", description: "The order.", object: Order::object, is_required: true },
        since: None,
        query: "order",
    }],
    jobs: &[jobs::EXPIRE],
    references: &[
        ("order_id", Order::PREFIX),
        ("return_order_id", Order::PREFIX),
        ("order_line_id", OrderLine::PREFIX),
        ("ticket_id", Ticket::PREFIX),
    ],
    parts: &[(Order::TYPE, "ticket_id", "return")],
    emits: &[
        ("order.placed", "An order was placed. `id`, `kind`, `status`, `programId`, `applicationId`, `buyerId`."),
        ("order.paid", "An order is paid, and its tickets are issued. `id`, `kind`, `status`, `programId`, `applicationId`, `buyerId`."),
        ("order.expired", "An order was not paid in time. `id`, `kind`, `status`, `programId`, `applicationId`, `buyerId`."),
        ("order.cancelled", "An order was cancelled before it was paid. `id`, `kind`, `status`, `programId`, `applicationId`, `buyerId`."),
        (
            "order.refunded",
            "All that was paid for an order is given back. `id`, `kind`, `status`, `programId`, `applicationId`, `buyerId`.",
        ),
    ],
    ..Domain::new("orders")
};
