//! What a run works with, as the database says it when the run begins.

use std::time::Duration;

use lectern_kernel::db::DbError;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

/// Something that was said before, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub is_answer: bool,
    pub state: String,
    pub text: String,
}

/// What a run works with.
#[derive(Debug, Clone)]
pub struct Terms {
    pub course: Option<Uuid>,
    /// None: the deployment's.
    pub model: Option<String>,
    pub temperature: f64,
    pub max_tokens: i32,
    pub system_prompt: String,
    /// As they are named in the schema.
    pub tools: Vec<String>,
    pub bases: Vec<Uuid>,
    pub documents: Vec<Uuid>,
    pub context: Option<Value>,
    /// The branch that the answer ends, the newest first; the first is what is answered.
    pub before: Vec<Before>,
    /// How many messages the branch has.
    pub length: i32,
    pub may_be_abandoned: bool,
    pub policy: Policy,
}

/// What a school says of assistants, as far as a run asks.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub image_hosts: Vec<String>,
    pub blocked_phrases: Vec<String>,
    pub moderates: bool,
    pub silence: Duration,
    models: Vec<(String, i32)>,
}

impl Policy {
    fn read(policy: &Value) -> Self {
        let texts = |name: &str| {
            let list = policy.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let models = policy.get("models").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let seconds = policy.get("response_timeout_seconds").and_then(Value::as_u64).unwrap_or(60);
        Policy {
            image_hosts: texts("allowed_image_hosts"),
            blocked_phrases: texts("blocked_phrases"),
            moderates: policy.get("uses_provider_moderation").and_then(Value::as_bool).unwrap_or(false),
            silence: Duration::from_secs(seconds),
            models: models
                .iter()
                .filter_map(|model| {
                    Some((model.get("name")?.as_str()?.to_owned(), i32::try_from(model.get("contextTokens")?.as_i64()?).ok()?))
                })
                .collect(),
        }
    }
}

impl Terms {
    /// Reads a row of `app.answer_terms`.
    pub fn read(row: &Row) -> Result<Self, DbError> {
        let branch: Option<Value> = row.try_get("branch")?;
        let said = branch.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Terms {
            course: row.try_get("course_id")?,
            model: row.try_get("model")?,
            temperature: row.try_get("temperature")?,
            max_tokens: row.try_get("max_tokens")?,
            system_prompt: row.try_get("system_prompt")?,
            tools: row.try_get("tools")?,
            bases: row.try_get("knowledge_base_ids")?,
            documents: row.try_get("document_ids")?,
            context: row.try_get("context")?,
            before: said
                .iter()
                .map(|one| Before {
                    is_answer: one.get(0).and_then(Value::as_str) == Some("ASSISTANT"),
                    state: text(one.get(1)),
                    text: text(one.get(2)),
                })
                .collect(),
            length: row.try_get("branch_length")?,
            may_be_abandoned: row.try_get::<_, String>("when_abandoned")? == "CANCEL",
            policy: Policy::read(&row.try_get("policy")?),
        })
    }

    /// What the person has asked.
    pub fn question(&self) -> &str {
        self.before.first().map_or("", |said| said.text.as_str())
    }

    /// How many tokens a model reads and writes together.
    pub fn window(&self, model: &str, usual: i32) -> i32 {
        self.policy.models.iter().find(|(name, _)| name == model).map_or(usual, |(_, tokens)| *tokens)
    }
}
