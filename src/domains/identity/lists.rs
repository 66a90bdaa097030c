//! Lists of people: filters and orders.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, SortKey},
    error::Result,
    resolve::{DateTime, Orders, registry::OrderValue, text},
};

use super::UserStatus;

/// Which people.
#[derive(InputObject, Default, Clone)]
pub struct UserFilter {
    /// Beginnings of words in name and email, whatever their case and accents: "ada lov" finds "Ada Lovelace".
    pub search: Option<String>,
    /// Who hold one of these roles.
    pub role_keys: Option<Vec<String>>,
    /// In one of these states.
    pub statuses: Option<Vec<UserStatus>>,
    /// Who have a second factor; or who have none.
    pub has_second_factor: Option<bool>,
    /// Who hold a role that ends before then; others than you only where you hold ROLE_READ.
    pub role_ends_before: Option<DateTime>,
}

/// What people are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct UserOrders;

impl Orders for UserOrders {
    const OF: &'static str = "User";
    const WHAT: &'static str = "people";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "u.name")),
        ("CREATED_AT", "By when they were added to the school.", SortKey::moment("CREATED_AT", "u.created_at")),
    ];
    const ID: &'static str = "u.id";
    const DEFAULT: (usize, bool) = (0, false);
}

impl UserFilter {
    /// Narrows a list of people.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("u.id", &format!("app.search_app_user({search})"));
        }
        if let Some(keys) = &self.role_keys {
            let keys = keys.iter().enumerate().map(|(index, key)| text::short(&format!("filter.roleKeys.{index}"), key, 40));
            let keys = list.bind(keys.collect::<Result<Vec<_>>>()?);
            list.filter(format!(
                "u.id IN (SELECT ur.user_id FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id \
                 WHERE ur.tenant_id = $1 AND r.key = ANY ({keys}))"
            ));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("u.status = ANY ({statuses})"));
        }
        if let Some(has_one) = self.has_second_factor {
            list.filter(if has_one { "u.second_factor_at IS NOT NULL" } else { "u.second_factor_at IS NULL" });
        }
        if let Some(moment) = self.role_ends_before {
            let moment = list.bind(moment.0);
            // As `User.roleAssignments` shows it.
            list.filter(format!(
                "u.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.tenant_id = $1 AND ur.ends_at < {moment} \
                 AND (ur.user_id = (SELECT app.user_id()) OR (SELECT app.can('ROLE_READ'))))"
            ));
        }
        Ok(())
    }
}
