//! Lists of conversations and messages: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Orders, registry::OrderValue, text},
};

use crate::domains::{agents::Agent, projects::Project};

/// Messages of a branch, from its beginning on.
pub const BY_DEPTH: Order = Order { key: SortKey::whole("DEPTH", "ms.depth"), id: "ms.id", descending: false };

/// Messages, the oldest first.
pub const OLDEST: Order = Order { key: SortKey::moment("CREATED_AT", "ms.created_at"), id: "ms.id", descending: false };

/// Which of your conversations.
#[derive(InputObject, Default, Clone)]
pub struct ConversationFilter {
    /// Beginnings of words in titles, in what you said and in the answers, whatever their case and accents.
    pub search: Option<String>,
    /// With this agent.
    pub agent_id: Option<ID>,
    /// Of this project.
    pub project_id: Option<ID>,
    /// Those that you have put away, or those that you have not.
    pub is_archived: Option<bool>,
    /// Deleted ones; false unless given.
    pub is_deleted: Option<bool>,
}

/// What conversations are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct ConversationOrders;

impl Orders for ConversationOrders {
    const OF: &'static str = "Conversation";
    const WHAT: &'static str = "conversations";
    const KEYS: &'static [OrderValue] = &[
        ("LAST_MESSAGE_AT", "By when the last message came.", SortKey::moment("LAST_MESSAGE_AT", "cv.last_message_at")),
        ("CREATED_AT", "By when they were begun.", SortKey::moment("CREATED_AT", "cv.created_at")),
        ("TITLE", "By title; those without one first.", SortKey::name("TITLE", "coalesce(cv.title, '')")),
    ];
    const ID: &'static str = "cv.id";
    const DEFAULT: (usize, bool) = (0, true);
}

impl ConversationFilter {
    /// Narrows a list of conversations to the actor's own.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        list.filter("cv.owner_id = (SELECT app.user_id())");
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            // Hashed, and no join: the planner takes a person for somebody with few conversations, and would compare each of many with each that is found.
            list.filter(format!("(cv.id IN (SELECT app.search_conversation({search}))) IS TRUE"));
        }
        if let Some(agent) = Id::<Agent>::parse_opt("filter.agentId", self.agent_id.as_ref())? {
            let agent = list.bind(agent);
            list.filter(format!("cv.agent_id = {agent}"));
        }
        if let Some(project) = Id::<Project>::parse_opt("filter.projectId", self.project_id.as_ref())? {
            let project = list.bind(project);
            list.filter(format!("cv.project_id = {project}"));
        }
        if let Some(is_archived) = self.is_archived {
            list.filter(if is_archived { "cv.is_archived" } else { "NOT cv.is_archived" });
        }
        list.filter(if self.is_deleted == Some(true) { "cv.deleted_at IS NOT NULL" } else { "cv.deleted_at IS NULL" });
        Ok(())
    }
}
