//! Changing endpoints, and sending again.

use async_graphql::{Context, MaybeUndefined};
use jiff::SignedDuration;
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
    sealing::Sealed,
};
use lectern_macros::mutations;

use super::{
    delivery::WebhookDelivery,
    endpoint::{WebhookEndpoint, WebhookEndpointState},
    inputs::{self, CreateWebhookEndpointInput, ReplayWebhookEventsInput, RotateWebhookSecretInput, UpdateWebhookEndpointInput},
    secret, sql,
};

/// How far back events can be replayed.
const REPLAYED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Mutations of webhooks.
pub struct WebhookMutations;

fn no_endpoint(field: &'static str) -> Error {
    Error::not_found("endpoint").field(field)
}

fn too_many(error: &DbError) -> Error {
    let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
    Error::limit_reached(format!("A school may have {limit} endpoints."), limit, used)
}

/// A new secret, to be shown in the answer about this endpoint, and sealed for the database.
fn new_secret(ctx: &Context<'_>, endpoint: Id<WebhookEndpoint>) -> Result<Sealed> {
    let (request, tenant) = (ctx.request(), ctx.tx().identity().tenant);
    let secret = secret::generate()?;
    let sealed = secret::seal(&request.services.sealer, tenant, &secret);
    request.show(ctx, endpoint.0, secret);
    Ok(sealed)
}

#[mutations("WebhookEndpoint")]
impl WebhookMutations {
    /// Creates an endpoint, ACTIVE; its `secret` is in this answer alone. BAD_USER_INPUT with URL_NOT_ALLOWED for an address that is not
    /// public, with UNKNOWN_EVENT_TYPE for a type that there is not. LIMIT_REACHED where the school has 20.
    #[needs(WebhookManage)]
    async fn create_webhook_endpoint(
        ctx: &Context<'_>,
        /// The endpoint.
        input: CreateWebhookEndpointInput,
    ) -> Result<Loaded<WebhookEndpoint>> {
        let columns = WebhookEndpoint::COLUMNS;
        let url = inputs::url(ctx, &input.url)?;
        let types = input.event_types.clone().map(|types| inputs::event_types(ctx, types)).transpose()?;
        let endpoint = Insert::<WebhookEndpoint>::new().input(ctx, &input)?.set(columns.url, url).set(columns.event_types, types);
        let sealed = new_secret(ctx, endpoint.id())?;
        Ok(endpoint.set(columns.secret, sealed).run(ctx).await.on_constraint("webhook_endpoint_cap", too_many)?)
    }

    /// Changes an endpoint. What is left out stays as it is. PAUSED and DISABLED ones are sent nothing; what happens meanwhile can be
    /// replayed.
    #[needs(WebhookManage)]
    async fn update_webhook_endpoint(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateWebhookEndpointInput,
    ) -> Result<Loaded<WebhookEndpoint>> {
        let (id, columns) = (Id::<WebhookEndpoint>::parse("id", &input.id)?, WebhookEndpoint::COLUMNS);
        let url = match &input.url {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::bad_input("url", "can't be null: leave it out to keep it")),
            MaybeUndefined::Value(url) => Some(inputs::url(ctx, url)?),
        };
        let types = match &input.event_types {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(types) => Some(Some(inputs::event_types(ctx, types.clone())?)),
        };
        let state = match input.is_active {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::bad_input("isActive", "can't be null: leave it out to keep it")),
            MaybeUndefined::Value(true) => Some(WebhookEndpointState::Active),
            MaybeUndefined::Value(false) => Some(WebhookEndpointState::Paused),
        };
        let change = Patch::of(id).input(ctx, &input)?.set_if(columns.url, url).set_if(columns.event_types, types);
        change.set_if(columns.state, state).run(ctx).await?.ok_or_else(|| no_endpoint("id"))
    }

    /// Deletes an endpoint and its deliveries. Answers its id.
    #[needs(WebhookManage)]
    async fn delete_webhook_endpoint(
        ctx: &Context<'_>,
        /// The endpoint's id.
        id: Id<WebhookEndpoint>,
    ) -> Result<Id<WebhookEndpoint>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await?;
        if deleted.is_empty() { Err(no_endpoint("id")) } else { Ok(id) }
    }

    /// Gives an endpoint another secret, which is in this answer alone. For a while both sign; of an earlier rotation nothing is left.
    #[needs(WebhookManage)]
    async fn rotate_webhook_secret(
        ctx: &Context<'_>,
        /// The endpoint, and for how long both sign.
        input: RotateWebhookSecretInput,
    ) -> Result<Loaded<WebhookEndpoint>> {
        let id = Id::<WebhookEndpoint>::parse("id", &input.id)?;
        let hours = input.grace_hours.unwrap_or(24);
        if !(0..=168).contains(&hours) {
            return Err(Error::bad_input("graceHours", "must be between 0 and 168"));
        }
        let sealed = new_secret(ctx, id)?;
        let found = ctx.tx().value::<bool>(sql::ROTATE, &[&id, &sealed, &hours]).await?;
        let endpoint = if found == Some(true) { ctx.whole(id).await? } else { None };
        endpoint.ok_or_else(|| no_endpoint("id"))
    }

    /// Sends an event `webhook.test` to one endpoint, in whatever state it is.
    #[needs(WebhookManage)]
    #[about("WebhookDelivery")]
    async fn send_test_webhook(
        ctx: &Context<'_>,
        /// The endpoint's id.
        endpoint_id: Id<WebhookEndpoint>,
    ) -> Result<Loaded<WebhookDelivery>> {
        let made = ctx.tx().value::<Option<Id<WebhookDelivery>>>(sql::TEST, &[&endpoint_id]).await?.flatten();
        let delivery = match made {
            Some(id) => ctx.whole(id).await?,
            None => None,
        };
        delivery.ok_or_else(|| no_endpoint("endpointId"))
    }

    /// Tries a delivery anew: the same bytes, with all attempts before it again, to its endpoint in whatever state it is. CONFLICT with
    /// DELIVERY_PENDING for one that is PENDING.
    #[needs(WebhookManage)]
    #[about("WebhookDelivery")]
    async fn redeliver_webhook(
        ctx: &Context<'_>,
        /// The delivery's id.
        id: Id<WebhookDelivery>,
    ) -> Result<Loaded<WebhookDelivery>> {
        let found = ctx.tx().value::<bool>(sql::REDELIVER, &[&id]).await.on_constraint("webhook_delivery_pending", |_| {
            Error::conflict("DELIVERY_PENDING", "The delivery is under way already.").field("id")
        })?;
        let delivery = if found == Some(true) { ctx.whole(id).await? } else { None };
        delivery.ok_or_else(|| Error::not_found("delivery").field("id"))
    }

    /// Queues every event since a moment that an endpoint is sent and was not delivered. CONFLICT with ENDPOINT_NOT_ACTIVE for one that is
    /// PAUSED or DISABLED: nothing is queued for those. Switch it on first (`updateWebhookEndpoint` with `isActive: true`, in the same document if
    /// you like); what happened meanwhile is not lost, and is among what is replayed.
    #[needs(WebhookManage)]
    async fn replay_webhook_events(
        ctx: &Context<'_>,
        /// The endpoint, and since when.
        input: ReplayWebhookEventsInput,
    ) -> Result<Loaded<WebhookEndpoint>> {
        let id = Id::<WebhookEndpoint>::parse("endpointId", &input.endpoint_id)?;
        if input.since.0 < ctx.now() - REPLAYED {
            return Err(Error::bad_input("since", "must be at most 7 days ago"));
        }
        let found = ctx.tx().value::<bool>(sql::REPLAY, &[&id, &input.since]).await.on_constraint("webhook_endpoint_active", |_| {
            Error::conflict("ENDPOINT_NOT_ACTIVE", "Nothing is queued for an endpoint that is PAUSED or DISABLED.").field("endpointId")
        })?;
        let endpoint = if found == Some(true) { ctx.whole(id).await? } else { None };
        endpoint.ok_or_else(|| no_endpoint("endpointId"))
    }
}
