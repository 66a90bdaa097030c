//! What asking models has taken: counted over the calls that the viewer sees, the own ones, or with ASSISTANT_MANAGE everybody's.

use std::collections::HashSet;

use async_graphql::Context;
use jiff::tz::TimeZone;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Date, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};
use tokio_postgres::types::ToSql;

use super::{counts::int, range::Range, sql};
use crate::domains::{agents::Agent, identity::User, programs::MoneyTotal, projects::Project};

text_enum! {
    /// By what the use of models is grouped.
    pub enum AssistantUsageKey {
        /// By date, of the school's clock.
        Day = "DAY",
        /// By who asked.
        User = "USER",
        /// By the project in which they did.
        Project = "PROJECT",
        /// By the agent that they asked.
        Agent = "AGENT",
        /// By the model that answered.
        Model = "MODEL",
        /// By what it was asked for.
        Purpose = "PURPOSE",
    }
}

text_enum! {
    /// What a model was asked for.
    pub enum AssistantPurpose {
        /// To answer somebody.
        Answer = "ANSWER",
        /// To draft something.
        Generation = "GENERATION",
        /// To say what a text means, as a vector.
        Embedding = "EMBEDDING",
        /// To look whether a text may be answered.
        Moderation = "MODERATION",
    }
}

/// What calls of models have taken together. What is not grouped by is null.
#[object(resolvers)]
#[derive(Clone, Debug, Default)]
pub struct AssistantUsage {
    /// The date.
    pub date: Option<Date>,
    /// The model.
    pub model: Option<String>,
    /// What it was asked for.
    pub purpose: Option<AssistantPurpose>,
    /// How many calls there were.
    pub calls: i32,
    /// How many of them failed.
    pub failed_calls: i32,
    /// Tokens that were asked with; a whole number.
    pub prompt_tokens: f64,
    /// Tokens that were answered with; a whole number.
    pub completion_tokens: f64,
    /// What that costs by the prices of its time, summed exactly and rounded half up at the end; null where a price is missing, and where currencies mix.
    pub estimated_cost: Option<MoneyTotal>,
    #[hidden]
    user_id: Option<Id<User>>,
    #[hidden]
    project_id: Option<Id<Project>>,
    #[hidden]
    agent_id: Option<Id<Agent>>,
}

#[resolvers]
impl AssistantUsage {
    /// Who asked; null as well when you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        match self.user_id {
            Some(id) => ctx.whole(id).await,
            None => Ok(None),
        }
    }

    /// The project in which they did; null as well for none, and when you may not see it.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Project>>> {
        match self.project_id {
            Some(id) => ctx.whole(id).await,
            None => Ok(None),
        }
    }

    /// The agent that they asked; null as well for none, and when you may not see it.
    async fn agent(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Agent>>> {
        match self.agent_id {
            Some(id) => ctx.whole(id).await,
            None => Ok(None),
        }
    }
}

/// What models have taken in a range, by some keys: by date, then those that took most.
pub async fn usage(ctx: &Context<'_>, range: Range, keys: Option<Vec<AssistantUsageKey>>, most: i64) -> Result<Vec<AssistantUsage>> {
    let name = ctx.actor()?.time_zone.clone();
    let zone = TimeZone::get(&name).map_err(|error| Error::internal(format!("the school's time zone: {error}")))?;
    let span = range.series(ctx.now(), &zone)?;
    let is_total = keys.as_ref().is_none_or(Vec::is_empty);
    let keys: HashSet<&str> = keys.unwrap_or_default().iter().map(|key| key.as_str()).collect();
    let by = |key: AssistantUsageKey| keys.contains(key.as_str());
    let (day, user, project) = (by(AssistantUsageKey::Day), by(AssistantUsageKey::User), by(AssistantUsageKey::Project));
    let (agent, model, purpose) = (by(AssistantUsageKey::Agent), by(AssistantUsageKey::Model), by(AssistantUsageKey::Purpose));
    let params: [&(dyn ToSql + Sync); 10] = [&span.start, &span.end, &name, &day, &user, &project, &agent, &model, &purpose, &most];
    let mut found = Vec::new();
    for row in &ctx.tx().query(sql::ASSISTANT_USAGE, &params).await? {
        let mut reader = ColumnReader::new(row);
        let (date, user_id, project_id, agent_id) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        let (model, purpose) = (reader.next()?, reader.next()?);
        let (calls, failed_calls) = (int(reader.next()?)?, int(reader.next()?)?);
        let (prompt_tokens, completion_tokens) = (reader.next()?, reader.next()?);
        let (cost, currency): (Option<i64>, Option<String>) = (reader.next()?, reader.next()?);
        let estimated_cost = cost.zip(currency).map(|(amount, currency)| MoneyTotal::new(amount, currency));
        found.push(AssistantUsage {
            date,
            model,
            purpose,
            calls,
            failed_calls,
            prompt_tokens,
            completion_tokens,
            estimated_cost,
            user_id,
            project_id,
            agent_id,
        });
    }
    if is_total && found.is_empty() {
        found.push(AssistantUsage::default());
    }
    Ok(found)
}
