//! Lists of documents and knowledge bases: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Orders, registry::OrderValue, text},
};

use super::{DocumentState, KnowledgeBase};
use crate::domains::projects::Project;

/// Documents, the latest first.
pub const LATEST_DOCUMENTS: Order = Order { key: SortKey::moment("CREATED_AT", "dc.created_at"), id: "dc.id", descending: true };
/// Documents, by title.
pub const DOCUMENTS_BY_TITLE: Order = Order { key: SortKey::name("TITLE", "dc.title"), id: "dc.id", descending: false };
/// Knowledge bases, by name.
pub const BASES_BY_NAME: Order = Order { key: SortKey::name("NAME", "kb.name"), id: "kb.id", descending: false };

/// Which documents.
#[derive(InputObject, Default, Clone)]
pub struct DocumentFilter {
    /// Beginnings of words in the title, whatever their case and accents. What documents say is searched by `documentSearch`.
    pub search: Option<String>,
    /// Of this project.
    pub project_id: Option<ID>,
    /// Those of the school, or those of projects.
    pub is_school_wide: Option<bool>,
    /// That this knowledge base holds.
    pub knowledge_base_id: Option<ID>,
    /// In one of these states.
    pub states: Option<Vec<DocumentState>>,
}

/// Which knowledge bases.
#[derive(InputObject, Default, Clone)]
pub struct KnowledgeBaseFilter {
    /// Beginnings of words in name and description, whatever their case and accents.
    pub search: Option<String>,
    /// Of this project.
    pub project_id: Option<ID>,
    /// Those of the school, or those of projects.
    pub is_school_wide: Option<bool>,
}

/// What documents are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct DocumentOrders;

impl Orders for DocumentOrders {
    const OF: &'static str = "Document";
    const WHAT: &'static str = "documents";
    const KEYS: &'static [OrderValue] = &[
        ("TITLE", "By title.", SortKey::name("TITLE", "dc.title")),
        ("CREATED_AT", "By when they were added.", SortKey::moment("CREATED_AT", "dc.created_at")),
    ];
    const ID: &'static str = "dc.id";
    const DEFAULT: (usize, bool) = (1, true);
}

fn narrow_scope(list: &mut List, alias: &str, project: Option<&ID>, is_school_wide: Option<bool>) -> Result<()> {
    if let Some(project) = Id::<Project>::parse_opt("filter.projectId", project)? {
        let project = list.bind(project);
        list.filter(format!("{alias}.project_id = {project}"));
    }
    if let Some(is_school_wide) = is_school_wide {
        list.filter(format!("{alias}.project_id IS {}", if is_school_wide { "NULL" } else { "NOT NULL" }));
    }
    Ok(())
}

impl DocumentFilter {
    /// Narrows a list of documents.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("dc.id", &format!("app.search_document({search})"));
        }
        narrow_scope(list, "dc", self.project_id.as_ref(), self.is_school_wide)?;
        if let Some(base) = Id::<KnowledgeBase>::parse_opt("filter.knowledgeBaseId", self.knowledge_base_id.as_ref())? {
            let base = list.bind(base);
            list.filter(format!(
                "dc.id IN (SELECT h.document_id FROM knowledge_base_document h WHERE h.tenant_id = $1 AND h.knowledge_base_id = {base})"
            ));
        }
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("dc.state = ANY ({states})"));
        }
        Ok(())
    }
}

impl KnowledgeBaseFilter {
    /// Narrows a list of knowledge bases.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("kb.id", &format!("app.search_knowledge_base({search})"));
        }
        narrow_scope(list, "kb", self.project_id.as_ref(), self.is_school_wide)
    }
}
