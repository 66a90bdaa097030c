//! Creating, changing and deleting agents.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::AgentManage,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;
use uuid::Uuid;

use super::{
    Agent,
    inputs::{self, CreateAgentInput, MOST_BASES, RevertAgentInput, UpdateAgentInput},
    sql,
    templates::{MAX_TOKENS, TEMPERATURE, template},
};
use crate::domains::{
    answers::Deployment,
    identity::User,
    knowledge::KnowledgeBase,
    projects::{self, Project, ProjectRole},
};

/// Mutations of agents.
pub struct AgentMutations;

fn no_agent() -> Error {
    Error::not_found("agent").field("id")
}

/// What the database refuses of an agent.
fn refusal(error: DbError) -> Error {
    match error.constraint() {
        Some("project_archived") => projects::archived("id"),
        Some("agent_stale") => Error::conflict("STALE", "The agent was changed since: read it anew.").field("expectedVersion"),
        Some("agent_knowledge_scope") => {
            Error::bad_input("knowledgeBaseIds", "must be of the school, or of the agent's own project").reason("SCOPE_MISMATCH")
        }
        Some("agent_knowledge_gone") => Error::not_found("knowledge base").field("knowledgeBaseIds"),
        _ => error.into(),
    }
}

/// Demands that the school lets a model be used.
async fn require_model(ctx: &Context<'_>, model: Option<&str>) -> Result<()> {
    let Some(model) = model else { return Ok(()) };
    let deployment = Deployment::of(ctx);
    let checked = ctx.tx().value::<String>(sql::MODEL_OF, &[&model, &deployment.model]).await;
    checked.on_constraint("model_not_allowed", |_| {
        Error::bad_input("model", "must be one of the models that the school allows").reason("MODEL_NOT_ALLOWED")
    })?;
    Ok(())
}

/// The knowledge bases with these ids, all of which the actor sees.
async fn bases(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bases = Id::<KnowledgeBase>::parse_list("knowledgeBaseIds", ids, MOST_BASES)?;
    let rows = ctx.tx().query(sql::SEEN_BASES, &[&bases]).await?;
    let seen: Vec<Uuid> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(DbError::from)?;
    match bases.iter().position(|base| !seen.contains(&base.0)) {
        Some(place) => Err(Error::not_found("knowledge base").field(format!("knowledgeBaseIds.{place}"))),
        None => Ok(bases.into_iter().map(|base| base.0).collect()),
    }
}

/// Why a change reached no agent: there is none for the actor, or they may not change it.
async fn untouched(ctx: &Context<'_>, id: Id<Agent>) -> Error {
    match ctx.get(id).await {
        Ok(Some(agent)) if agent.project_id.is_none() => Error::missing_permission(&[AgentManage]),
        Ok(Some(_)) => Error::not_yours().field("id"),
        Ok(None) => no_agent(),
        Err(error) => error,
    }
}

/// Makes an agent answer, or not.
async fn switch(ctx: &Context<'_>, id: Id<Agent>, is_active: bool) -> Result<Loaded<Agent>> {
    let changed = Patch::of(id).set(Agent::COLUMNS.is_active, is_active).run(ctx).await.map_err(refusal)?;
    match changed {
        Some(agent) => Ok(agent),
        None => Err(untouched(ctx, id).await),
    }
}

#[mutations("Agent")]
impl AgentMutations {
    /// Creates an agent: of a project that you manage, or with AGENT_MANAGE of the school. What is left out comes from the template of its kind. BAD_USER_INPUT with
    /// MODEL_NOT_ALLOWED for a model that the school does not allow, with SCOPE_MISMATCH for knowledge of another project; FORBIDDEN with NOT_YOURS for a project that you do not
    /// manage; CONFLICT with PROJECT_ARCHIVED.
    #[needs(AgentCreate, AgentManage)]
    async fn create_agent(
        ctx: &Context<'_>,
        /// The agent.
        input: CreateAgentInput,
    ) -> Result<Loaded<Agent>> {
        let project = Id::<Project>::parse_opt("projectId", input.project_id.as_ref())?;
        let (columns, template) = (Agent::COLUMNS, template(input.kind));
        let temperature = input.temperature.map_or(Ok(TEMPERATURE), |given| inputs::temperature("temperature", &given))?;
        let max_tokens = input.max_tokens.map_or(Ok(MAX_TOKENS), |given| inputs::max_tokens("maxTokens", &given))?;
        let prompt = match &input.system_prompt {
            Some(given) => inputs::system_prompt("systemPrompt", given)?,
            None => template.system_prompt.to_owned(),
        };
        let tools = inputs::tools("tools", &input.tools.clone().unwrap_or_else(|| template.tools.to_vec()))?;
        let starters = inputs::starters("starters", &input.starters.clone().unwrap_or_default())?;
        let agent = Insert::<Agent>::new().input(ctx, &input)?;
        match project {
            Some(project) => projects::require(ctx, "projectId", project, ProjectRole::Manager).await?,
            None if ctx.actor()?.can(AgentManage) => {}
            None => return Err(Error::missing_permission(&[AgentManage])),
        }
        require_model(ctx, input.model.as_deref()).await?;
        let known = bases(ctx, input.knowledge_base_ids.as_deref().unwrap_or_default()).await?;
        let agent = agent.set(columns.project_id, project).set(columns.temperature, temperature).set(columns.max_tokens, max_tokens);
        let agent = agent.set(columns.system_prompt, prompt).set(columns.tools, tools).set(columns.starters, starters);
        let agent = agent.set(columns.knowledge_base_ids, known).set(columns.is_active, input.is_active.unwrap_or(true));
        let agent = agent.set(columns.created_by_id, Some(Id::<User>::from_uuid(ctx.actor()?.user)));
        agent.run(ctx).await.map_err(refusal)
    }

    /// Changes an agent that you may change: of a project that you manage, or with AGENT_MANAGE of the school; others FORBIDDEN. A change of model, temperature, maxTokens,
    /// systemPrompt, tools or knowledge makes a new version, a change of nothing none. CONFLICT with STALE where `expectedVersion` is not the present one, with
    /// PROJECT_ARCHIVED; BAD_USER_INPUT with MODEL_NOT_ALLOWED and SCOPE_MISMATCH.
    #[needs(AgentCreate, AgentManage)]
    async fn update_agent(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAgentInput,
    ) -> Result<Loaded<Agent>> {
        let (id, columns) = (Id::<Agent>::parse("id", &input.id)?, Agent::COLUMNS);
        let change = Patch::of(id).input(ctx, &input)?;
        let known = match &input.knowledge_base_ids {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Vec::new()),
            MaybeUndefined::Value(ids) => Some(bases(ctx, ids).await?),
        };
        require_model(ctx, input.model.value().map(String::as_str)).await?;
        // The database holds what was expected against the version that it finds.
        let change = change.set_if(columns.knowledge_base_ids, known).set_if(columns.version, input.expected_version);
        match change.run(ctx).await.map_err(refusal)? {
            Some(agent) => Ok(agent),
            None => Err(untouched(ctx, id).await),
        }
    }

    /// Makes an agent what it was in one of its versions: by a new one, equal to that. Knowledge bases that are gone stay away. As `updateAgent`; NOT_FOUND for a version that
    /// it never had.
    #[needs(AgentCreate, AgentManage)]
    async fn revert_agent(
        ctx: &Context<'_>,
        /// Which, and to what.
        input: RevertAgentInput,
    ) -> Result<Loaded<Agent>> {
        let id = Id::<Agent>::parse("id", &input.id)?;
        if let Some(agent) = ctx.row(sql::REVERT, &[&id, &input.version]).await.map_err(refusal)? {
            return Ok(agent);
        }
        Err(match ctx.get(id).await? {
            Some(agent) if agent.is_changeable => Error::not_found("version of this agent").field("version"),
            _ => untouched(ctx, id).await,
        })
    }

    /// Makes an agent answer. One that does is answered as it is.
    #[needs(AgentCreate, AgentManage)]
    async fn activate_agent(
        ctx: &Context<'_>,
        /// The agent's id.
        id: Id<Agent>,
    ) -> Result<Loaded<Agent>> {
        switch(ctx, id, true).await
    }

    /// Makes an agent answer nobody but those who may change it, who alone see it then. One that does not is answered as it is.
    #[needs(AgentCreate, AgentManage)]
    async fn deactivate_agent(
        ctx: &Context<'_>,
        /// The agent's id.
        id: Id<Agent>,
    ) -> Result<Loaded<Agent>> {
        switch(ctx, id, false).await
    }

    /// Deletes an agent. Conversations with it stay readable; it answers nobody. Answers its id.
    #[needs(AgentCreate, AgentManage)]
    async fn delete_agent(
        ctx: &Context<'_>,
        /// The agent's id.
        id: Id<Agent>,
    ) -> Result<Id<Agent>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.map_err(refusal)?;
        if deleted.is_empty() { Err(untouched(ctx, id).await) } else { Ok(id) }
    }
}
