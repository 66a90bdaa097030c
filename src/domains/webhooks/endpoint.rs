//! Where a school's events are sent to.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Nested, many_where},
    sealing::Sealed,
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    delivery::{NEWEST, WebhookDelivery},
    queries::WebhookDeliveryFilter,
};

text_enum! {
    /// Whether an endpoint is sent events.
    pub enum WebhookEndpointState {
        /// It is.
        Active = "ACTIVE",
        /// A person has switched it off.
        Paused = "PAUSED",
        /// The service has switched it off: `disabledReason` says why.
        Disabled = "DISABLED",
    }
}

/// An address to which the school's events are posted, as Standard Webhooks says (https://www.standardwebhooks.com).
#[object(table = "webhook_endpoint", alias = "w", id = "webhook", node(WebhookManage), resolvers)]
#[derive(Clone, Debug)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: Id<WebhookEndpoint>,
    /// Where events are posted to.
    pub url: String,
    /// What it is for; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// The types of events that it is sent; null for every type.
    pub event_types: Option<Vec<String>>,
    /// Whether it is sent events.
    pub state: WebhookEndpointState,
    /// Until when the secret before the present one signs as well; null when there is none.
    #[column("CASE WHEN {}.previous_secret_expires_at > now() THEN {}.previous_secret_expires_at END")]
    pub previous_secret_expires_at: Option<DateTime>,
    /// Why it is DISABLED: GONE, its receiver has answered 410; FAILING, nothing was delivered for 3 days in at least 10 attempts. Null in
    /// any other state.
    pub disabled_reason: Option<String>,
    /// When the first attempt failed since the last that did not; null where the last did not.
    #[column("{}.failing_at")]
    pub failing_since: Option<DateTime>,
    /// When something was delivered last; null before.
    pub last_delivered_at: Option<DateTime>,
    /// When it was created.
    pub created_at: DateTime,
    #[secret]
    pub secret: Sealed,
}

static DELIVERIES: Nested = Nested::new("webhookEndpoint.deliveries", NEWEST, "d.endpoint_id");

#[resolvers]
impl WebhookEndpoint {
    /// The secret that signs what it is sent: `whsec_` and 32 bytes in base64. Only in the answer of the mutation that made it; null ever
    /// after, and in other answers of that document.
    async fn secret(id: Id<WebhookEndpoint>, ctx: &Context<'_>) -> Option<String> {
        ctx.request().shown(ctx, id.0)
    }

    /// What it was and will be sent, the newest first; kept for 30 days.
    async fn deliveries(
        id: Id<WebhookEndpoint>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which deliveries.
        filter: Option<WebhookDeliveryFilter>,
    ) -> Result<Connection<WebhookDelivery>> {
        let narrowing = filter.unwrap_or_default().check()?;
        many_where(ctx, &DELIVERIES, id.0, page, move |list| narrowing.narrow(list)).await
    }
}
