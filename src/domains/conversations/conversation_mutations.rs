//! Beginning, changing, sharing and deleting conversations.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;
use serde_json::Value;

use super::{
    Conversation,
    inputs::{self, CreateConversationInput, UpdateConversationInput},
    refusals::{CONVERSATION, refusal},
    sql,
};
use crate::domains::{
    agents::Agent,
    courses::Course,
    projects::{self, Project, ProjectRole},
};

/// Mutations of conversations themselves.
pub struct ConversationMutations;

fn no_conversation() -> Error {
    Error::not_found("conversation").field("id")
}

/// An agent that the actor sees.
async fn agent(ctx: &Context<'_>, id: &ID) -> Result<Agent> {
    let id = Id::<Agent>::parse("agentId", id)?;
    ctx.get(id).await?.ok_or_else(|| Error::not_found("agent").field("agentId"))
}

/// A course that the actor sees.
async fn course(ctx: &Context<'_>, id: &ID) -> Result<Id<Course>> {
    let id = Id::<Course>::parse("courseId", id)?;
    ctx.whole(id).await?.map(|_| id).ok_or_else(|| Error::not_found("course").field("courseId"))
}

/// Why a change reached no conversation: it is somebody else's, or there is none to be changed.
async fn untouched(ctx: &Context<'_>, id: Id<Conversation>) -> Error {
    match (ctx.get(id).await, ctx.actor()) {
        (Ok(Some(found)), Ok(actor)) if !actor.is(found.owner_id.0) => Error::not_yours().field("id"),
        (Ok(_), Ok(_)) => no_conversation(),
        (Err(error), _) | (_, Err(error)) => error,
    }
}

/// A conversation, after something was done to it by a statement about its id.
async fn after(ctx: &Context<'_>, id: Id<Conversation>, statement: &str) -> Result<Loaded<Conversation>> {
    ctx.tx().query(statement, &[&id]).await.map_err(refusal(CONVERSATION))?;
    ctx.row(sql::THIS, &[&id]).await?.ok_or_else(no_conversation)
}

#[mutations("Conversation")]
impl ConversationMutations {
    /// Begins a conversation with an agent that you see. An agent of a project brings that; with one of the school, it may be of a project of yours. In a project it takes a
    /// MEMBER: others FORBIDDEN with NOT_YOURS; CONFLICT with PROJECT_ARCHIVED. Nothing is said yet.
    #[needs(AgentExecute)]
    async fn create_conversation(
        ctx: &Context<'_>,
        /// With whom, and about what.
        input: CreateConversationInput,
    ) -> Result<Loaded<Conversation>> {
        let wished = Id::<Project>::parse_opt("projectId", input.project_id.as_ref())?;
        let title = input.title.as_deref().map(|title| text::name("title", title)).transpose()?;
        let context = input.context.as_ref().map(inputs::context).transpose()?;
        let agent = agent(ctx, &input.agent_id).await?;
        if let Some(project) = wished.or(agent.project_id) {
            projects::require(ctx, if wished.is_some() { "projectId" } else { "agentId" }, project, ProjectRole::Member).await?;
        }
        if wished.is_some() && agent.project_id.is_some_and(|own| wished != Some(own)) {
            return Err(Error::bad_input("projectId", "must be the project of the agent"));
        }
        let project = agent.project_id.or(wished);
        let course = match &input.course_id {
            Some(id) => Some(course(ctx, id).await?),
            None => None,
        };
        let id = Id::<Conversation>::generate();
        let begun = ctx.row(sql::CREATE, &[&id, &agent.id, &project, &course, &title, &context]).await.map_err(refusal(CONVERSATION))?;
        begun.ok_or_else(|| Error::internal("a conversation that was begun is not there"))
    }

    /// Changes a conversation of your own. What is left out stays as it is. Another agent is noted in it; CONFLICT with ANSWER_RUNNING while one answers, with PROJECT_ARCHIVED.
    /// FORBIDDEN with NOT_YOURS for one that was shared with you.
    async fn update_conversation(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateConversationInput,
    ) -> Result<Loaded<Conversation>> {
        let (id, columns) = (Id::<Conversation>::parse("id", &input.id)?, Conversation::COLUMNS);
        let change = Patch::of(id).input(ctx, &input)?;
        let context: Option<Option<Value>> = match &input.context {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(given) => Some(Some(inputs::context(given)?)),
        };
        let found = ctx.get(id).await?.filter(|found| found.deleted_at.is_none()).ok_or_else(no_conversation)?;
        if !ctx.actor()?.is(found.owner_id.0) {
            return Err(Error::not_yours().field("id"));
        }
        let agent = match &input.agent_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::not_null("agentId")),
            MaybeUndefined::Value(id) => Some(agent(ctx, id).await?),
        };
        if agent.as_ref().is_some_and(|agent| agent.project_id.is_some() && agent.project_id != found.project_id) {
            return Err(Error::bad_input("agentId", "must be an agent of the school, or of the conversation's project"));
        }
        let course = match &input.course_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(Some(course(ctx, id).await?)),
        };
        let change = change.set_if(columns.agent_id, agent.map(|agent| Some(agent.id))).set_if(columns.course_id, course);
        let Some(changed) = change.run(ctx).await.map_err(refusal(CONVERSATION))? else { return Err(untouched(ctx, id).await) };
        match context {
            Some(context) => {
                ctx.tx().query(sql::SET_CONTEXT, &[&id, &context]).await.map_err(refusal(CONVERSATION))?;
                ctx.row(sql::THIS, &[&id]).await?.ok_or_else(no_conversation)
            }
            // Where the agent was changed, a note has followed.
            None if input.agent_id.is_value() => ctx.row(sql::THIS, &[&id]).await?.ok_or_else(no_conversation),
            None => Ok(changed),
        }
    }

    /// Shares what stands on the active branch at this moment with the members of the project, who are told the first time: what you said and what was answered. Nothing of
    /// tools, of other branches, and nothing that comes later, until you share again. CONFLICT with NO_PROJECT, with PROJECT_ARCHIVED. Yours alone.
    async fn share_conversation(
        ctx: &Context<'_>,
        /// The conversation's id.
        id: Id<Conversation>,
    ) -> Result<Loaded<Conversation>> {
        after(ctx, id, sql::SHARE).await
    }

    /// Ends the sharing of a conversation, at once. Yours alone.
    async fn unshare_conversation(
        ctx: &Context<'_>,
        /// The conversation's id.
        id: Id<Conversation>,
    ) -> Result<Loaded<Conversation>> {
        after(ctx, id, sql::UNSHARE).await
    }

    /// Deletes a conversation of your own; a running answer is cancelled. It can be restored for 30 days, unless the school keeps conversations for less. Answers its id.
    async fn delete_conversation(
        ctx: &Context<'_>,
        /// The conversation's id.
        id: Id<Conversation>,
    ) -> Result<Id<Conversation>> {
        ctx.tx().query(sql::DELETE, &[&id, &false]).await.map_err(refusal(CONVERSATION))?;
        Ok(id)
    }

    /// Brings a deleted conversation of your own back. One that is not deleted is answered as it is.
    async fn restore_conversation(
        ctx: &Context<'_>,
        /// The conversation's id.
        id: Id<Conversation>,
    ) -> Result<Loaded<Conversation>> {
        ctx.tx().query(sql::DELETE, &[&id, &true]).await.map_err(refusal(CONVERSATION))?;
        ctx.row(sql::THIS, &[&id]).await?.ok_or_else(no_conversation)
    }
}
