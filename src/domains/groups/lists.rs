//! Lists of groups: filters and orders.

use async_graphql::{Enum, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    resolve::{OrderDirection, text},
};

use super::Group;

/// Which groups.
#[derive(InputObject, Default, Clone)]
pub struct GroupFilter {
    /// Beginnings of words in name and description: "cla 7" finds "Class 7b".
    pub search: Option<String>,
}

/// What groups are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupOrderField {
    /// By name.
    Name,
    /// By when they were created.
    CreatedAt,
}

/// The order of a list of groups.
#[derive(InputObject, Clone, Copy)]
pub struct GroupOrder {
    /// What to sort by.
    pub field: GroupOrderField,
    /// Which end comes first.
    pub direction: OrderDirection,
}

/// A group's place in a list, by default: by name.
pub fn order(order: Option<GroupOrder>) -> Order {
    let GroupOrder { field, direction } = order.unwrap_or(GroupOrder { field: GroupOrderField::Name, direction: OrderDirection::Asc });
    let key = match field {
        GroupOrderField::Name => SortKey::text("NAME", "g.name"),
        GroupOrderField::CreatedAt => SortKey::moment("CREATED_AT", "g.created_at"),
    };
    Order { key, id: "g.id", descending: direction == OrderDirection::Desc }
}

/// The groups that the viewer sees, as `g`.
pub fn group_list(name: &'static str, order: Order) -> List {
    let mut list = List::new::<Group>(name, "user_group", "g", order);
    list.filter("g.deleted_at IS NULL");
    list
}

impl GroupFilter {
    /// Narrows a list of groups.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.filter(format!("g.id IN (SELECT app.search_user_group({search}))"));
        }
        Ok(())
    }
}
