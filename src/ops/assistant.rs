//! What answers need of the rest: where models are asked, and an engine that acts in somebody's name.

use std::sync::{Arc, Weak};

use async_graphql::Variables;
use futures_util::future::BoxFuture;
use lectern_kernel::{
    auth::{Actor, Claims},
    db::{DbError, Interest, Mode, Tx},
    execute::{self, Engine, to_json},
    jobs::Outside,
    outbound::Addresses,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    config::{Allowed, Settings},
    domains::answers::{Acts, Answers, Deployment, DeploymentOptions, NotActing},
};

/// Where models are asked, as the settings say.
///
/// # Errors
/// When the address is none.
pub fn deployment(settings: &Settings) -> anyhow::Result<Deployment> {
    let options = DeploymentOptions {
        url: settings.assistant_url.clone(),
        key: settings.assistant_key.as_ref().map(|key| key.expose().to_owned()),
        model: Some(settings.assistant_model.clone()),
        context: Some(settings.assistant_context),
        embedding_model: settings.assistant_embedding_model.clone(),
    };
    Deployment::new(options, assistant_addresses(settings))
}

/// Which addresses schools may name for their models.
pub fn assistant_addresses(settings: &Settings) -> Addresses {
    let (mut networks, mut hosts) = (Vec::new(), Vec::new());
    for allowed in &settings.assistant_hosts {
        match allowed {
            Allowed::Network(network) => networks.push(*network),
            Allowed::Host(host) => hosts.push(host.clone()),
        }
    }
    Addresses::allowing(networks).and_hosts(hosts)
}

/// Lets the answers of an engine's process be written, and told of, by that engine.
pub fn let_answer(engine: &Arc<Engine>) {
    if let Some(answers) = engine.services().outside.find::<Answers>() {
        answers.act_by(Arc::new(ByEngine(Arc::downgrade(engine))));
    }
}

/// The engine; it holds the answers itself, and must not be held by them.
struct ByEngine(Weak<Engine>);

impl ByEngine {
    fn engine(&self) -> Result<Arc<Engine>, DbError> {
        self.0.upgrade().ok_or_else(|| DbError::gone("the service is stopping"))
    }
}

fn not_acting(error: execute::NotActing) -> NotActing {
    match error {
        execute::NotActing::SignedOut => NotActing::SignedOut,
        execute::NotActing::Failed(error) => NotActing::Failed(error),
    }
}

impl Acts for ByEngine {
    fn begin<'a>(&'a self, claims: &'a Claims, mode: Mode, correlation_id: &'a str) -> BoxFuture<'a, Result<(Arc<Tx>, Actor), NotActing>> {
        Box::pin(async move { self.engine()?.begin_as(claims, mode, correlation_id).await.map_err(not_acting) })
    }

    fn begin_in<'a>(&'a self, tenant: Uuid, correlation_id: &'a str) -> BoxFuture<'a, Result<Arc<Tx>, DbError>> {
        Box::pin(async move { self.engine()?.begin_in(tenant, correlation_id).await })
    }

    fn ask<'a>(&'a self, query: &'static str, variables: Variables, claims: Claims, correlation_id: &'a str) -> BoxFuture<'a, Value> {
        Box::pin(async move {
            let Ok(engine) = self.engine() else { return Value::Null };
            let answer = engine.ask_as(query, &variables, &claims, correlation_id).await;
            serde_json::from_slice(&to_json(&answer.response)).unwrap_or(Value::Null)
        })
    }

    fn hear(&self, tenant: Uuid, topic: &'static str, key: Uuid) -> BoxFuture<'_, Result<Interest, DbError>> {
        Box::pin(async move { self.engine()?.live().interest(tenant, topic, Some(key)).await })
    }

    fn outside(&self) -> Option<Outside> {
        let engine = self.0.upgrade()?;
        let services = engine.services();
        Some(services.outside.clone().with(services.sealer.clone()))
    }
}
