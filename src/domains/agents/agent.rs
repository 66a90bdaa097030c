//! What answers people, and what it was told at a time.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Connection, Ctx, DateTime, Forward, Nested, many},
    text_enum,
};
use lectern_macros::{object, resolvers};
use uuid::Uuid;

use super::sql;
use crate::domains::{identity::User, projects::Project};

text_enum! {
    /// What an agent is made for.
    pub enum AgentKind {
        /// Answers requests for proposals.
        Rfp = "RFP",
        /// Writes issues and stories.
        Jira = "JIRA",
        /// Writes documentation.
        Documentation = "DOCUMENTATION",
        /// Helps with the affairs of people.
        Hr = "HR",
        /// Helps with money.
        Finance = "FINANCE",
        /// Helps learners to find out by themselves.
        Tutor = "TUTOR",
        /// Helps to write courses.
        CourseAuthor = "COURSE_AUTHOR",
        /// Anything else.
        Custom = "CUSTOM",
    }
}

text_enum! {
    /// What an agent may look up for the person who converses with it: always as that person, reading only.
    pub enum AgentTool {
        /// Finds courses.
        SearchCourses = "SEARCH_COURSES",
        /// Reads the outline of a course.
        CourseOutline = "COURSE_OUTLINE",
        /// Reads how far the person is.
        MyProgress = "MY_PROGRESS",
        /// Reads the person's bookings.
        MyBookings = "MY_BOOKINGS",
        /// Finds free time.
        FreeSlots = "FREE_SLOTS",
        /// Searches documents.
        SearchDocuments = "SEARCH_DOCUMENTS",
    }
}

/// What answers people. One of a project is seen by who is in it, one of the school by holders of AGENT_EXECUTE, AGENT_CREATE, AGENT_MANAGE, DOCUMENT_UPLOAD or DOCUMENT_DELETE; an
/// inactive one by those alone who may change it.
#[object(table = "agent", alias = "ag", id = "agent", live = "{}.deleted_at IS NULL", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its id.
    pub id: Id<Agent>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is for; at most 10,000 characters.
    #[wide]
    pub description: Option<String>,
    /// What it is made for.
    pub kind: AgentKind,
    /// The project that it belongs to; null for one of the school.
    #[one]
    pub project_id: Option<Id<Project>>,
    /// Whether it answers; an inactive one answers those alone who may change it.
    pub is_active: bool,
    /// The number of its present version; each change of model, temperature, maxTokens, systemPrompt, tools or knowledge makes the next.
    pub version: i32,
    /// The model that it asks; null for the school's default.
    pub model: Option<String>,
    /// How freely the model words its answers; 0 to 1.
    pub temperature: f64,
    /// How many tokens an answer may have; 100 to 8,000.
    pub max_tokens: i32,
    /// What it may look up, as the person who converses with it.
    pub tools: Vec<AgentTool>,
    /// Openings that are offered to people; at most 6.
    #[wide]
    pub starters: Vec<String>,
    /// Who created it; null when they are gone, or when you may not see them.
    #[one]
    pub created_by_id: Option<Id<User>>,
    /// When it was created.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    #[hidden]
    #[wide]
    pub knowledge_base_ids: Vec<Uuid>,
    #[hidden]
    #[column(
        "(({}.project_id IS NULL AND app.can('AGENT_MANAGE')) OR ((app.can('AGENT_CREATE') OR app.can('AGENT_MANAGE')) \
         AND {}.project_id IS NOT NULL AND {}.project_id IN (SELECT app.managed_projects())))"
    )]
    pub is_changeable: bool,
    #[secret]
    pub system_prompt: String,
}

/// What an agent was told at a time: never changed. Seen by those who may change the agent.
#[object(table = "agent_version", alias = "av", id = "agentversion", node)]
#[derive(Clone, Debug)]
pub struct AgentVersion {
    /// Its id.
    pub id: Id<AgentVersion>,
    /// Its number, from 1 on.
    pub version: i32,
    /// The model; null for the school's default.
    pub model: Option<String>,
    /// How freely the model words its answers; 0 to 1.
    pub temperature: f64,
    /// How many tokens an answer may have.
    pub max_tokens: i32,
    /// What the model is told before everything else.
    #[wide]
    pub system_prompt: Option<String>,
    /// What the agent may look up.
    pub tools: Vec<AgentTool>,
    /// Who made it; null when they are gone, or when you may not see them.
    #[one]
    pub created_by_id: Option<Id<User>>,
    /// When it was made.
    pub created_at: DateTime,
}

const LATEST: Order = Order { key: SortKey::whole("VERSION", "av.version"), id: "av.id", descending: true };

static VERSIONS: Nested = Nested::new("agent.versions", LATEST, "av.agent_id");

#[resolvers]
impl Agent {
    /// What the model is told before everything else; 1 to 20,000 characters. Null to people who may not change the agent.
    async fn system_prompt(id: Id<Agent>, is_changeable: bool, ctx: &Context<'_>) -> Result<Option<String>> {
        if is_changeable { ctx.load(PromptOf(id)).await } else { Ok(None) }
    }

    /// Its versions, the latest first. Null to people who may not change the agent.
    async fn versions(id: Id<Agent>, is_changeable: bool, ctx: &Context<'_>, page: Forward) -> Result<Option<Connection<AgentVersion>>> {
        if is_changeable { many(ctx, &VERSIONS, id.0, page).await.map(Some) } else { Ok(None) }
    }
}

/// What an agent is told now.
#[derive(Clone, PartialEq, Eq, Hash)]
struct PromptOf(Id<Agent>);

impl Loader<PromptOf> for Batch {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[PromptOf]) -> Result<HashMap<PromptOf, String>> {
        let agents: Vec<Id<Agent>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::PROMPTS, &[&agents]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((PromptOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
