//! What a school says of assistants, and what of it everybody reads.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Tx},
    error::{Error, Result},
    permission::Permission::AssistantManage,
    resolve::{Batch, Ctx, DateTime},
};
use lectern_macros::{extends, object, queries};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sql;
use crate::domains::{
    answers::{self, Deployment},
    tenants::TenantSettings,
};

/// A model that a school allows, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// What the provider calls it.
    pub name: String,
    /// How many tokens it takes, what it is asked and what it answers counted.
    pub context_tokens: i32,
    /// Minor units of the currency per million tokens that it is asked.
    pub input_price: Option<f64>,
    /// Minor units of the currency per million tokens that it answers.
    pub output_price: Option<f64>,
    /// The currency of both, as ISO 4217 writes it.
    pub currency: Option<String>,
}

/// What a school says of assistants, for the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Whether they are switched on.
    pub is_enabled: bool,
    /// The roles that may use them; none: every one with AGENT_EXECUTE.
    pub role_keys: Option<Vec<String>>,
    /// The models that may be used; none: the deployment's alone.
    pub models: Option<Vec<Model>>,
    /// The model of agents that name none; none: the deployment's.
    pub default_model: Option<String>,
    /// Tokens of a person a day.
    pub daily_token_limit_per_user: Option<i32>,
    /// Tokens of the school a month.
    pub monthly_token_limit: Option<i32>,
    /// For how many days conversations are kept after their last message.
    pub retention_days: Option<i32>,
    /// Whether the audit log keeps what is said.
    pub audits_content: bool,
    /// Whether anything may be drafted.
    pub generates_courses: bool,
    /// Whether assistants fall silent while a person's quiz is open.
    pub silent_during_quizzes: bool,
    /// Hosts whose images stay in answers.
    pub allowed_image_hosts: Vec<String>,
    /// What is neither sent nor answered.
    pub blocked_phrases: Vec<String>,
    /// Whether the provider is asked first whether a text may be answered.
    pub uses_provider_moderation: bool,
    /// How long the provider may be silent.
    pub response_timeout_seconds: i32,
    /// When it was last changed; none: never.
    pub updated_at: Option<DateTime>,
    /// Whether the actor of the transaction may use assistants.
    pub may_use: bool,
    /// Whether the database compares embeddings.
    pub has_vectors: bool,
}

impl Policy {
    /// Of the transaction's school.
    ///
    /// # Errors
    /// Where the database can't say.
    pub async fn read(tx: &Tx) -> Result<Policy> {
        let rows = tx.query(sql::POLICY, &[]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a school without a policy of assistants"))?;
        let mut reader = ColumnReader::new(row);
        let is_enabled = reader.next()?;
        let role_keys = reader.next()?;
        let models: Option<Value> = reader.next()?;
        let models = models.map(serde_json::from_value).transpose();
        Ok(Policy {
            is_enabled,
            role_keys,
            models: models.map_err(|error| Error::internal(format!("the models of a policy: {error}")))?,
            default_model: reader.next()?,
            daily_token_limit_per_user: reader.next()?,
            monthly_token_limit: reader.next()?,
            retention_days: reader.next()?,
            audits_content: reader.next()?,
            generates_courses: reader.next()?,
            silent_during_quizzes: reader.next()?,
            allowed_image_hosts: reader.next()?,
            blocked_phrases: reader.next()?,
            uses_provider_moderation: reader.next()?,
            response_timeout_seconds: reader.next()?,
            updated_at: reader.next()?,
            may_use: reader.next()?,
            has_vectors: reader.next()?,
        })
    }

    /// The models that may be used, in a deployment with a model of its own.
    pub fn allowed(&self, deployment: &Deployment) -> Vec<Model> {
        let own = || Model {
            name: deployment.model.clone(),
            context_tokens: deployment.context,
            input_price: None,
            output_price: None,
            currency: None,
        };
        self.models.clone().unwrap_or_else(|| vec![own()])
    }
}

/// A model that the school allows.
#[object]
#[derive(Clone, Debug)]
pub struct AssistantModel {
    /// What the provider calls it.
    pub name: String,
    /// How many tokens it takes, what it is asked and what it answers counted.
    pub context_tokens: i32,
    /// Minor units of the currency per million tokens that it is asked; null for no price, and without ASSISTANT_MANAGE.
    pub input_price: Option<f64>,
    /// Minor units of the currency per million tokens that it answers; null for no price, and without ASSISTANT_MANAGE.
    pub output_price: Option<f64>,
    /// The currency of the prices, as ISO 4217 writes it; null for no price, and without ASSISTANT_MANAGE.
    pub currency: Option<String>,
}

/// What the school says of assistants. Everybody in it reads it; some of it takes ASSISTANT_MANAGE, and is null without.
#[object]
#[derive(Clone, Debug)]
pub struct AssistantPolicy {
    /// Whether there is an endpoint that answers. Without one everything works but sending and generating.
    pub is_configured: bool,
    /// Whether assistants are switched on.
    pub is_enabled: bool,
    /// Whether you may use them: there is an endpoint, they are switched on, your active role may, and holds AGENT_EXECUTE.
    pub viewer_may_use: bool,
    /// The keys of the roles that may use them; null for every role that holds AGENT_EXECUTE, and without ASSISTANT_MANAGE.
    pub role_keys: Option<Vec<String>>,
    /// The models that may be used.
    pub models: Vec<AssistantModel>,
    /// The model of agents that name none; null for the deployment's.
    pub default_model: Option<String>,
    /// How many tokens a person may use a day, by the school's clock; null for any number.
    pub daily_token_limit_per_user: Option<i32>,
    /// How many tokens the school may use a month, by its clock; null for any number, and without ASSISTANT_MANAGE.
    pub monthly_token_limit: Option<i32>,
    /// For how many days a conversation is kept after its last message; null for ever.
    pub retention_days: Option<i32>,
    /// Whether the audit log keeps what is said; it keeps that something was, in any case.
    pub audits_content: bool,
    /// Whether anything may be drafted: courses, sections, and what a submission may be worth.
    pub generates_courses: bool,
    /// Whether assistants answer nobody who has a quiz attempt in progress.
    pub silent_during_quizzes: bool,
    /// The hosts whose images stay in answers, exactly; all others are taken out.
    pub allowed_image_hosts: Vec<String>,
    /// What is neither sent nor answered, whatever its case, on the boundaries of words; null without ASSISTANT_MANAGE.
    pub blocked_phrases: Option<Vec<String>>,
    /// Whether the provider is asked first whether a text may be answered; null without ASSISTANT_MANAGE.
    pub uses_provider_moderation: Option<bool>,
    /// For how many seconds the provider may be silent.
    pub response_timeout_seconds: i32,
    /// Whether documents are found by their meaning as well as by their words.
    pub has_embeddings: bool,
    /// When it was last changed; null where it never was.
    pub updated_at: Option<DateTime>,
}

/// What of a policy the actor reads.
pub(super) async fn shown(ctx: &Context<'_>) -> Result<AssistantPolicy> {
    let policy = ctx.load(OwnPolicy).await?.ok_or_else(|| Error::internal("a school without a policy of assistants"))?;
    let is_configured = answers::is_configured(ctx).await?;
    let (manages, deployment) = (ctx.actor()?.can(AssistantManage), Deployment::of(ctx));
    let models = policy.allowed(&deployment).into_iter().map(|model| AssistantModel {
        name: model.name,
        context_tokens: model.context_tokens,
        input_price: model.input_price.filter(|_| manages),
        output_price: model.output_price.filter(|_| manages),
        currency: model.currency.filter(|_| manages),
    });
    Ok(AssistantPolicy {
        is_configured,
        is_enabled: policy.is_enabled,
        viewer_may_use: is_configured && policy.may_use,
        role_keys: policy.role_keys.filter(|_| manages),
        models: models.collect(),
        default_model: policy.default_model,
        daily_token_limit_per_user: policy.daily_token_limit_per_user,
        monthly_token_limit: policy.monthly_token_limit.filter(|_| manages),
        retention_days: policy.retention_days,
        audits_content: policy.audits_content,
        generates_courses: policy.generates_courses,
        silent_during_quizzes: policy.silent_during_quizzes,
        allowed_image_hosts: policy.allowed_image_hosts,
        blocked_phrases: manages.then_some(policy.blocked_phrases),
        uses_provider_moderation: manages.then_some(policy.uses_provider_moderation),
        response_timeout_seconds: policy.response_timeout_seconds,
        has_embeddings: policy.has_vectors && deployment.embedding_model.is_some(),
        updated_at: policy.updated_at,
    })
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct OwnPolicy;

impl Loader<OwnPolicy> for Batch {
    type Value = Policy;
    type Error = Error;

    async fn load(&self, _: &[OwnPolicy]) -> Result<HashMap<OwnPolicy, Policy>> {
        Ok(HashMap::from([(OwnPolicy, Policy::read(&self.tx).await?)]))
    }
}

/// Queries of the policy.
pub struct PolicyQueries;

#[queries]
impl PolicyQueries {
    /// What the school says of assistants: the defaults, where it says nothing.
    async fn assistant_policy(ctx: &Context<'_>) -> Result<Option<AssistantPolicy>> {
        shown(ctx).await.map(Some)
    }
}

/// What is added to the settings of a school.
pub struct SettingsPolicy;

#[extends(TenantSettings)]
impl SettingsPolicy {
    /// What the school says of assistants.
    #[cost(5)]
    async fn assistant_policy(ctx: &Context<'_>) -> Result<AssistantPolicy> {
        shown(ctx).await
    }
}
