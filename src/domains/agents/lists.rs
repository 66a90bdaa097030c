//! Lists of agents: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, SortKey},
    error::Result,
    ids::Id,
    resolve::{Orders, registry::OrderValue, text},
};

use super::AgentKind;
use crate::domains::projects::Project;

/// Which agents.
#[derive(InputObject, Default, Clone)]
pub struct AgentFilter {
    /// Beginnings of words in name and description, whatever their case and accents.
    pub search: Option<String>,
    /// Made for one of these.
    pub kinds: Option<Vec<AgentKind>>,
    /// Of this project.
    pub project_id: Option<ID>,
    /// Those of the school, or those of projects.
    pub is_school_wide: Option<bool>,
    /// Those that answer, or those that do not.
    pub is_active: Option<bool>,
}

/// What agents are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct AgentOrders;

impl Orders for AgentOrders {
    const OF: &'static str = "Agent";
    const WHAT: &'static str = "agents";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "ag.name")),
        ("CREATED_AT", "By when they were created.", SortKey::moment("CREATED_AT", "ag.created_at")),
    ];
    const ID: &'static str = "ag.id";
    const DEFAULT: (usize, bool) = (0, false);
}

impl AgentFilter {
    /// Narrows a list of agents.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("ag.id", &format!("app.search_agent({search})"));
        }
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.clone());
            list.filter(format!("ag.kind = ANY ({kinds})"));
        }
        if let Some(project) = Id::<Project>::parse_opt("filter.projectId", self.project_id.as_ref())? {
            let project = list.bind(project);
            list.filter(format!("ag.project_id = {project}"));
        }
        if let Some(is_school_wide) = self.is_school_wide {
            list.filter(if is_school_wide { "ag.project_id IS NULL" } else { "ag.project_id IS NOT NULL" });
        }
        if let Some(is_active) = self.is_active {
            list.filter(if is_active { "ag.is_active" } else { "NOT ag.is_active" });
        }
        Ok(())
    }
}
