//! An event on its way to an endpoint.

use lectern_kernel::{
    db::{Order, SortKey},
    error::{Error, Result},
    ids::{self, Id},
    resolve::{DateTime, Json},
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::endpoint::WebhookEndpoint;

text_enum! {
    /// Where a delivery stands.
    pub enum WebhookDeliveryState {
        /// It is attempted now, or again at `nextAttemptAt`.
        Pending = "PENDING",
        /// The receiver has answered with a status from 200 to 299.
        Delivered = "DELIVERED",
        /// The last attempt has failed.
        Failed = "FAILED",
        /// It was called off, or its endpoint switched off.
        Cancelled = "CANCELLED",
    }
}

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "d.created_at"), id: "d.id", descending: true };

/// An event on its way to an endpoint. It is attempted until the receiver answers with a status from 200 to 299: at once, and after 5
/// seconds, 5 minutes, 30 minutes, 2, 5, 10, 14 and 20 hours, each a fifth more or less. Each attempt sends the same bytes and the same
/// `webhook-id`.
#[object(table = "webhook_delivery", alias = "d", id = "delivery", node(WebhookManage), resolvers)]
#[derive(Clone, Debug)]
pub struct WebhookDelivery {
    /// Its id.
    pub id: Id<WebhookDelivery>,
    /// Where it goes.
    #[one]
    pub endpoint_id: Id<WebhookEndpoint>,
    /// What has happened: `booking.approved`.
    pub event_type: String,
    /// Where it stands.
    pub state: WebhookDeliveryState,
    /// When it is attempted next; a moment in the past where it waits for others to the same endpoint. Null unless PENDING.
    pub next_attempt_at: Option<DateTime>,
    /// When the event was to be sent first.
    pub created_at: DateTime,
    /// When it was delivered; null unless DELIVERED.
    pub delivered_at: Option<DateTime>,
    #[hidden]
    pub event_id: Uuid,
    #[hidden]
    #[wide]
    pub attempts: Value,
    #[hidden]
    #[wide]
    #[column("(SELECT v.body FROM webhook_event v WHERE v.tenant_id = {}.tenant_id AND v.id = {}.event_id)")]
    pub body: Option<String>,
}

/// One attempt to deliver an event.
#[object]
#[derive(Clone, Debug)]
pub struct WebhookAttempt {
    /// When it was made.
    pub at: DateTime,
    /// The status that the receiver answered; null where there was no answer.
    pub status: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// Why there was no answer: URL_NOT_ALLOWED, NO_SUCH_HOST, NOT_CONNECTED, TIMED_OUT, NO_HTTP_ANSWER. Null where there was one.
    pub error: Option<String>,
}

/// As the database keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    at: String,
    status: Option<i32>,
    duration_ms: i32,
    error: Option<String>,
}

#[resolvers]
impl WebhookDelivery {
    /// The id of the event, as in the header `webhook-id`: the same for each endpoint and at each attempt.
    fn event_id(event_id: Uuid) -> String {
        ids::encode("event", event_id)
    }

    /// The body that is sent: `type`, `timestamp`, `tenant` (the school's slug), and `data`, which holds ids, states and times.
    fn payload(body: Option<String>) -> Json {
        Json(body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default())
    }

    /// The attempts so far, the first first; the latest 50.
    async fn attempts(attempts: Value) -> Result<Vec<WebhookAttempt>> {
        let kept: Vec<Kept> = serde_json::from_value(attempts).map_err(|error| Error::internal(format!("attempts: {error}")))?;
        let attempts = kept.into_iter().map(|Kept { at, status, duration_ms, error }| {
            let at = DateTime::read(&at).map_err(|wrong| Error::internal(format!("an attempt's moment {wrong}")))?;
            Ok(WebhookAttempt { at, status, duration_ms, error })
        });
        attempts.collect()
    }
}
