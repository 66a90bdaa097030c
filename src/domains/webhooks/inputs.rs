//! What the mutations of webhooks take, and its checks.

use async_graphql::{Context, ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    outbound::NotAllowed,
    resolve::{Ctx, DateTime, text},
};
use lectern_macros::writes;

use super::WebhookEndpoint;

/// An endpoint to be created.
#[writes(WebhookEndpoint)]
pub struct CreateWebhookEndpointInput {
    /// Where events are to be posted: `https`, without user information and fragment, at most 2,000 characters, to a public address.
    #[by_hand]
    pub url: String,
    /// What it is for; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// The types of events that it is to be sent, of `webhookEventTypes`; null for every type, also those to come.
    #[by_hand]
    pub event_types: Option<Vec<String>>,
}

/// A change of an endpoint. What is left out stays as it is; an explicit null clears.
#[writes(WebhookEndpoint)]
pub struct UpdateWebhookEndpointInput {
    /// The endpoint.
    #[by_hand]
    pub id: ID,
    /// Where events are to be posted from now on, as for a new endpoint.
    #[by_hand]
    pub url: MaybeUndefined<String>,
    /// What it is for; at most 10,000 characters; null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// The types of events that it is to be sent from now on; null for every type.
    #[by_hand]
    pub event_types: MaybeUndefined<Vec<String>>,
    /// False makes it PAUSED, and calls off what it has not been delivered yet; true makes it ACTIVE.
    #[by_hand]
    pub is_active: MaybeUndefined<bool>,
}

/// Another secret for an endpoint.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// The endpoint.
    pub id: ID,
    /// For how many hours the present secret signs as well; 0 to 168, 24 unless given.
    pub grace_hours: Option<i32>,
}

/// Which events are to be sent again.
#[derive(InputObject)]
pub struct ReplayWebhookEventsInput {
    /// The endpoint.
    pub endpoint_id: ID,
    /// From when on; at most 7 days ago.
    pub since: DateTime,
}

/// The URL that a person names.
pub fn url(ctx: &Context<'_>, named: &str) -> Result<String> {
    ctx.request().services.addresses.check(named.trim_matches(' ')).map(String::from).map_err(|reason| match reason {
        NotAllowed::Address => Error::bad_input("url", "must lead to a public address").reason("URL_NOT_ALLOWED"),
        NotAllowed::Characters => Error::bad_input("url", "must hold no control characters").reason("URL_NOT_ALLOWED"),
        NotAllowed::Malformed(expected) => Error::bad_input("url", expected),
    })
}

/// The types that a person names, each once.
pub fn event_types(ctx: &Context<'_>, named: Vec<String>) -> Result<Vec<String>> {
    if named.is_empty() {
        return Err(Error::bad_input("eventTypes", "must name at least one type; null is every type"));
    }
    let mut types: Vec<String> = Vec::new();
    for (place, name) in named.into_iter().enumerate() {
        if !ctx.request().registry().emits().any(|(known, _)| *known == name) {
            let field = format!("eventTypes.{place}");
            return Err(Error::bad_input(field, "must be one of `webhookEventTypes`").reason("UNKNOWN_EVENT_TYPE"));
        }
        if !types.contains(&name) {
            types.push(name);
        }
    }
    Ok(types)
}
