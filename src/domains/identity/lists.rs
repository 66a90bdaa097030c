//! Lists of people: filters and orders.

use async_graphql::{Enum, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    resolve::{OrderDirection, text},
};

use super::{User, UserStatus};

/// Which people.
#[derive(InputObject, Default, Clone)]
pub struct UserFilter {
    /// Beginnings of words in name and email: "ada lov" finds "Ada Lovelace".
    pub search: Option<String>,
    /// Who hold one of these roles.
    pub role_keys: Option<Vec<String>>,
    /// In one of these states.
    pub statuses: Option<Vec<UserStatus>>,
}

/// What people are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserOrderField {
    /// By name.
    Name,
    /// By when they were added to the school.
    CreatedAt,
}

/// The order of a list of people.
#[derive(InputObject, Clone, Copy)]
pub struct UserOrder {
    /// What to sort by.
    pub field: UserOrderField,
    /// Which end comes first.
    pub direction: OrderDirection,
}

const BY_NAME: SortKey = SortKey::text("NAME", "u.name");
const BY_CREATION: SortKey = SortKey::moment("CREATED_AT", "u.created_at");

/// A person's place in a list, by default: by name.
pub fn order(order: Option<UserOrder>) -> Order {
    let (key, descending) = match order {
        None => (BY_NAME, false),
        Some(UserOrder { field: UserOrderField::Name, direction }) => (BY_NAME, direction == OrderDirection::Desc),
        Some(UserOrder { field: UserOrderField::CreatedAt, direction }) => (BY_CREATION, direction == OrderDirection::Desc),
    };
    Order { key, id: "u.id", descending }
}

/// The people whom the viewer sees, as `u`; tombstones are no people.
pub fn user_list(name: &'static str, order: Order) -> List {
    let mut list = List::new::<User>(name, "app_user", "u", order);
    list.filter("u.deleted_at IS NULL");
    list
}

impl UserFilter {
    /// Narrows a list of people.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.filter(format!("u.id IN (SELECT app.search_app_user({search}))"));
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
        Ok(())
    }
}
