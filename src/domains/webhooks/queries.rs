//! Reading endpoints, and which events there are.

use async_graphql::{Context, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, list_of, one, page, text},
};
use lectern_macros::{object, queries};

use super::{
    delivery::{WebhookDelivery, WebhookDeliveryState},
    endpoint::WebhookEndpoint,
};

/// A type of events that an endpoint may be sent.
#[object]
#[derive(Clone, Debug)]
pub struct WebhookEventType {
    /// Its name: `booking.approved`.
    pub name: String,
    /// When it happens, and what its `data` holds.
    pub description: String,
}

/// Which deliveries.
#[derive(InputObject, Default, Clone)]
pub struct WebhookDeliveryFilter {
    /// In one of these states.
    pub states: Option<Vec<WebhookDeliveryState>>,
    /// Of events of this type.
    pub event_type: Option<String>,
}

impl WebhookDeliveryFilter {
    /// The same, with a type that may be asked for.
    pub fn check(self) -> Result<Self> {
        let event_type = self.event_type.map(|ty| text::short("filter.eventType", &ty, 100)).transpose()?;
        Ok(WebhookDeliveryFilter { event_type, ..self })
    }

    /// Narrows a list.
    pub fn narrow(&self, list: &mut List) {
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("d.state = ANY ({states})"));
        }
        if let Some(event_type) = &self.event_type {
            let event_type = list.bind(event_type.clone());
            list.filter(format!("d.event_type = {event_type}"));
        }
    }
}

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "w.created_at"), id: "w.id", descending: true };

/// Queries of webhooks.
pub struct WebhookQueries;

#[queries]
impl WebhookQueries {
    /// Every type of events that an endpoint may be sent.
    #[needs(WebhookManage)]
    #[cost(40)]
    async fn webhook_event_types(ctx: &Context<'_>) -> Result<Option<Vec<WebhookEventType>>> {
        let types = ctx.request().registry().emits();
        let types = types.map(|(name, description)| WebhookEventType { name: (*name).to_owned(), description: (*description).to_owned() });
        Ok(Some(types.collect()))
    }

    /// An endpoint; null when there is none.
    #[needs(WebhookManage)]
    async fn webhook_endpoint(
        ctx: &Context<'_>,
        /// The endpoint's id.
        id: Id<WebhookEndpoint>,
    ) -> Result<Option<Loaded<WebhookEndpoint>>> {
        one(ctx, id).await
    }

    /// The school's endpoints, the newest first; at most 20.
    #[needs(WebhookManage)]
    async fn webhook_endpoints(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
    ) -> Result<Option<Connection<WebhookEndpoint>>> {
        page(ctx, list_of::<WebhookEndpoint>("webhookEndpoints", NEWEST), paging).await.map(Some)
    }

    /// A delivery; null when there is none, or none any more.
    #[needs(WebhookManage)]
    async fn webhook_delivery(
        ctx: &Context<'_>,
        /// The delivery's id.
        id: Id<WebhookDelivery>,
    ) -> Result<Option<Loaded<WebhookDelivery>>> {
        one(ctx, id).await
    }
}
