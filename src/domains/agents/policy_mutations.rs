//! Changing what a school says of assistants.

use async_graphql::{Context, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Ctx, as_given, text},
};
use lectern_macros::mutations;
use serde_json::{Map, Value, json};

use super::{
    AssistantPolicy,
    policy::{Model, Policy, shown},
    sql,
};
use crate::domains::{
    answers::Deployment,
    identity::{each_once, role_key},
};

/// Mutations of the policy.
pub struct PolicyMutations;

/// A change of what the school says of assistants. What is left out stays as it is; an explicit null clears where it may.
#[derive(InputObject)]
pub struct UpdateAssistantPolicyInput {
    /// Whether assistants are switched on.
    pub is_enabled: MaybeUndefined<bool>,
    /// The keys of the roles that may use them, at most 100; null for every role that holds AGENT_EXECUTE.
    pub role_keys: MaybeUndefined<Vec<String>>,
    /// The models that may be used, 1 to 20; null for the deployment's alone.
    pub models: MaybeUndefined<Vec<AssistantModelInput>>,
    /// The model of agents that name none, one of `models`; null for the deployment's, or the first of them.
    pub default_model: MaybeUndefined<String>,
    /// How many tokens a person may use a day, 0 at least; null for any number.
    pub daily_token_limit_per_user: MaybeUndefined<i32>,
    /// How many tokens the school may use a month, 0 at least; null for any number.
    pub monthly_token_limit: MaybeUndefined<i32>,
    /// For how many days a conversation is kept after its last message, 1 to 3,650; null for ever.
    pub retention_days: MaybeUndefined<i32>,
    /// Whether the audit log keeps what is said. Everybody can read that it does.
    pub audits_content: MaybeUndefined<bool>,
    /// Whether anything may be drafted: courses, sections, and what a submission may be worth.
    pub generates_courses: MaybeUndefined<bool>,
    /// Whether assistants answer nobody who has a quiz attempt in progress.
    pub silent_during_quizzes: MaybeUndefined<bool>,
    /// The hosts whose images stay in answers, exactly as they are named; at most 100.
    pub allowed_image_hosts: MaybeUndefined<Vec<String>>,
    /// What is neither sent nor answered: at most 200 of 1 to 100 characters, compared without case and on the boundaries of words.
    pub blocked_phrases: MaybeUndefined<Vec<String>>,
    /// Whether the provider is asked first whether a text may be answered.
    pub uses_provider_moderation: MaybeUndefined<bool>,
    /// For how many seconds the provider may be silent; 5 to 600.
    pub response_timeout_seconds: MaybeUndefined<i32>,
}

/// A model that may be used.
#[derive(InputObject, Clone)]
pub struct AssistantModelInput {
    /// What the provider calls it; 1 to 200 characters, each once.
    pub name: String,
    /// How many tokens it takes, what it is asked and what it answers counted; 1,000 to 10,000,000.
    pub context_tokens: i32,
    /// Minor units of the currency per million tokens that it is asked, 0 at least; null for no price.
    pub input_price: Option<f64>,
    /// Minor units of the currency per million tokens that it answers, 0 at least; null for no price.
    pub output_price: Option<f64>,
    /// The currency of the prices, as ISO 4217 writes it: EUR. It goes with a price.
    pub currency: Option<String>,
}

/// What is to be written, by the names of the columns.
#[derive(Default)]
struct Changed(Map<String, Value>);

impl Changed {
    /// What may not be null.
    fn keep<X, U: Into<Value>>(
        &mut self,
        column: &str,
        field: &str,
        given: &MaybeUndefined<X>,
        check: impl Fn(&str, &X) -> Result<U>,
    ) -> Result<()> {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => return Err(Error::not_null(field)),
            MaybeUndefined::Value(given) => drop(self.0.insert(column.to_owned(), check(field, given)?.into())),
        }
        Ok(())
    }

    /// What null clears, and makes `cleared`.
    fn clear<X, U: Into<Value>>(
        &mut self,
        column: &str,
        field: &str,
        given: &MaybeUndefined<X>,
        cleared: Value,
        check: impl Fn(&str, &X) -> Result<U>,
    ) -> Result<()> {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => drop(self.0.insert(column.to_owned(), cleared)),
            MaybeUndefined::Value(given) => drop(self.0.insert(column.to_owned(), check(field, given)?.into())),
        }
        Ok(())
    }
}

/// A number of a range.
fn between(least: i32, most: i32) -> impl Fn(&str, &i32) -> Result<i32> {
    move |field, given| {
        if (least..=most).contains(given) {
            Ok(*given)
        } else {
            Err(Error::bad_input(field, format!("must be between {least} and {most}")))
        }
    }
}

/// The keys of roles; each once.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
fn roles(field: &str, keys: &Vec<String>) -> Result<Value> {
    const MOST: usize = 100;
    if keys.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} keys of roles")));
    }
    for (place, key) in keys.iter().enumerate() {
        role_key(&format!("{field}.{place}"), key)?;
    }
    each_once(field, keys)?;
    Ok(json!(keys))
}

/// Hosts as addresses name them: in lower case, each once.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
fn hosts(field: &str, hosts: &Vec<String>) -> Result<Value> {
    const MOST: usize = 100;
    if hosts.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} hosts")));
    }
    let mut read = Vec::with_capacity(hosts.len());
    for (place, host) in hosts.iter().enumerate() {
        let field = format!("{field}.{place}");
        let host = text::short(&field, host, 253)?.to_ascii_lowercase();
        let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let named = url::Host::parse(&host).ok().filter(|_| is_plain);
        if named.is_none_or(|named| named.to_string() != host) {
            return Err(Error::bad_input(field, "must be a host such as images.example.org"));
        }
        if read.contains(&host) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
        read.push(host);
    }
    Ok(json!(read))
}

/// Phrases of 1 to 100 characters.
#[allow(clippy::ptr_arg, reason = "as the field's type is")]
fn phrases(field: &str, phrases: &Vec<String>) -> Result<Value> {
    const MOST: usize = 200;
    if phrases.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} phrases")));
    }
    let read = phrases.iter().enumerate().map(|(place, phrase)| text::short(&format!("{field}.{place}"), phrase, 100));
    Ok(json!(read.collect::<Result<Vec<_>>>()?))
}

/// A price of a million tokens.
fn price(field: String, price: Option<f64>) -> Result<Option<f64>> {
    match price {
        Some(price) if !(0.0..=1e12).contains(&price) => Err(Error::bad_input(field, "must be between 0 and 1000000000000")),
        price => Ok(price),
    }
}

/// Models, each once.
fn models(field: &str, models: &[AssistantModelInput]) -> Result<Vec<Model>> {
    const MOST: usize = 20;
    if models.is_empty() || models.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold 1 to {MOST} models, or be null for the deployment's alone")));
    }
    let mut read: Vec<Model> = Vec::with_capacity(models.len());
    for (place, model) in models.iter().enumerate() {
        let at = |name: &str| format!("{field}.{place}.{name}");
        let name = text::short(&at("name"), &model.name, 200)?;
        if read.iter().any(|other| other.name == name) {
            return Err(Error::bad_input(at("name"), "stands in the list twice"));
        }
        let context_tokens = between(1000, 10_000_000)(&at("contextTokens"), &model.context_tokens)?;
        let (input_price, output_price) = (price(at("inputPrice"), model.input_price)?, price(at("outputPrice"), model.output_price)?);
        let has_price = input_price.is_some() || output_price.is_some();
        let is_currency = |text: &String| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if model.currency.as_ref().is_some_and(|currency| !is_currency(currency)) || has_price != model.currency.is_some() {
            return Err(Error::bad_input(at("currency"), "must be a currency such as EUR, with a price"));
        }
        read.push(Model { name, context_tokens, input_price, output_price, currency: model.currency.clone() });
    }
    Ok(read)
}

#[mutations("AssistantPolicy")]
impl PolicyMutations {
    /// Changes what the school says of assistants. What is left out stays as it is. BAD_USER_INPUT with MODEL_NOT_ALLOWED for a default that is not among the models. Not for API
    /// keys.
    #[needs(AssistantManage)]
    #[in_person]
    async fn update_assistant_policy(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAssistantPolicyInput,
    ) -> Result<AssistantPolicy> {
        let mut changed = Changed::default();
        changed.keep("is_enabled", "isEnabled", &input.is_enabled, as_given)?;
        changed.clear("role_keys", "roleKeys", &input.role_keys, Value::Null, roles)?;
        changed.clear("models", "models", &input.models, Value::Null, |field, given| Ok(json!(models(field, given)?)))?;
        changed.clear("default_model", "defaultModel", &input.default_model, Value::Null, |field, name| text::short(field, name, 200))?;
        let tokens = between(0, i32::MAX);
        changed.clear("daily_token_limit_per_user", "dailyTokenLimitPerUser", &input.daily_token_limit_per_user, Value::Null, &tokens)?;
        changed.clear("monthly_token_limit", "monthlyTokenLimit", &input.monthly_token_limit, Value::Null, &tokens)?;
        changed.clear("retention_days", "retentionDays", &input.retention_days, Value::Null, between(1, 3650))?;
        changed.keep("audits_content", "auditsContent", &input.audits_content, as_given)?;
        changed.keep("generates_courses", "generatesCourses", &input.generates_courses, as_given)?;
        changed.keep("silent_during_quizzes", "silentDuringQuizzes", &input.silent_during_quizzes, as_given)?;
        changed.clear("allowed_image_hosts", "allowedImageHosts", &input.allowed_image_hosts, json!([]), hosts)?;
        changed.clear("blocked_phrases", "blockedPhrases", &input.blocked_phrases, json!([]), phrases)?;
        changed.keep("uses_provider_moderation", "usesProviderModeration", &input.uses_provider_moderation, as_given)?;
        changed.keep("response_timeout_seconds", "responseTimeoutSeconds", &input.response_timeout_seconds, between(5, 600))?;
        ctx.tx().query(sql::TAKE_POLICY, &[]).await?;
        ctx.tx().query(sql::SET_POLICY, &[&Value::Object(changed.0)]).await?;
        let policy = Policy::read(ctx.tx()).await?;
        let allowed = policy.allowed(&Deployment::of(ctx));
        if policy.default_model.is_some_and(|default| allowed.iter().all(|model| model.name != default)) {
            return Err(Error::bad_input("defaultModel", "must be one of the models").reason("MODEL_NOT_ALLOWED"));
        }
        shown(ctx).await
    }
}
