//! Webhooks: other systems of a school are told of its events. Tables: `webhook_endpoint`, `webhook_event`, `webhook_delivery`.
//!
//! Permission: WEBHOOK_MANAGE. Which events there are is declared by the domains in which they happen (`emits` of their `DOMAIN`) and emitted
//! by triggers of the changed tables. Invariants, kept by the database: an event is delivered to an endpoint once, however often it is
//! fanned out; of one endpoint four deliveries are under way at most, and one while its last attempt failed; only an ACTIVE one is sent
//! events. Addresses are checked when they are named and at each attempt (`kernel/src/outbound/`).

mod attempt;
mod delivery;
mod endpoint;
mod inputs;
mod mutations;
mod purge;
mod queries;
mod secret;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{delivery::WebhookDelivery, endpoint::WebhookEndpoint, secret::sealed_secret};

/// The event that `sendTestWebhook` sends.
const TEST: &str = "webhook.test";

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[queries::WebhookEventType::object, WebhookEndpoint::object, WebhookDelivery::object, delivery::WebhookAttempt::object],
    operations: &[queries::WebhookQueries::OPERATIONS, mutations::WebhookMutations::OPERATIONS],
    jobs: &[attempt::DELIVER, purge::WEBHOOKS],
    emits: &[(TEST, "Somebody has asked for a test (`sendTestWebhook`); it goes to that endpoint alone. `id` is the endpoint's.")],
    references: &[("event_id", "event"), ("job_id", "job")],
    ..Domain::new("webhooks")
};
