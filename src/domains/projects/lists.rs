//! Lists of projects: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, SortKey},
    error::Result,
    ids::Id,
    resolve::{Orders, registry::OrderValue, text},
};

use super::ProjectRole;
use crate::domains::identity::User;

/// Which projects.
#[derive(InputObject, Default, Clone)]
pub struct ProjectFilter {
    /// Beginnings of words in name and description, whatever their case and accents.
    pub search: Option<String>,
    /// That this person is a member of.
    pub member_id: Option<ID>,
    /// To which you are one of these.
    pub viewer_roles: Option<Vec<ProjectRole>>,
    /// Archived ones, or those that are not.
    pub is_archived: Option<bool>,
    /// Deleted ones, of which you see your own, and all with PROJECT_MANAGE; false unless given.
    pub is_deleted: Option<bool>,
}

/// What projects are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct ProjectOrders;

impl Orders for ProjectOrders {
    const OF: &'static str = "Project";
    const WHAT: &'static str = "projects";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "pj.name")),
        ("CREATED_AT", "By when they were created.", SortKey::moment("CREATED_AT", "pj.created_at")),
    ];
    const ID: &'static str = "pj.id";
    const DEFAULT: (usize, bool) = (0, false);
}

/// That the person or the role in `condition` is of the project.
fn of_member(condition: &str) -> String {
    format!("EXISTS (SELECT FROM project_member pm WHERE pm.tenant_id = pj.tenant_id AND pm.project_id = pj.id AND {condition})")
}

impl ProjectFilter {
    /// Narrows a list of projects.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("pj.id", &format!("app.search_project({search})"));
        }
        if let Some(member) = Id::<User>::parse_opt("filter.memberId", self.member_id.as_ref())? {
            let member = list.bind(member);
            list.filter(of_member(&format!("pm.user_id = {member}")));
        }
        if let Some(roles) = &self.viewer_roles {
            let roles = list.bind(roles.clone());
            list.filter(of_member(&format!("pm.user_id = app.user_id() AND pm.role = ANY ({roles})")));
        }
        if let Some(is_archived) = self.is_archived {
            list.filter(if is_archived { "pj.is_archived" } else { "NOT pj.is_archived" });
        }
        list.filter(if self.is_deleted == Some(true) { "pj.deleted_at IS NOT NULL" } else { "pj.deleted_at IS NULL" });
        Ok(())
    }
}
