//! Lists of groups: filters and orders.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, SortKey},
    error::Result,
    resolve::{Orders, registry::OrderValue, text},
};

/// Which groups.
#[derive(InputObject, Default, Clone)]
pub struct GroupFilter {
    /// Beginnings of words in name and description, whatever their case and accents: "cla 7" finds "Class 7b".
    pub search: Option<String>,
}

/// What groups are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct GroupOrders;

impl Orders for GroupOrders {
    const OF: &'static str = "Group";
    const WHAT: &'static str = "groups";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "g.name")),
        ("CREATED_AT", "By when they were created.", SortKey::moment("CREATED_AT", "g.created_at")),
    ];
    const ID: &'static str = "g.id";
    const DEFAULT: (usize, bool) = (0, false);
}

impl GroupFilter {
    /// Narrows a list of groups.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("g.id", &format!("app.search_user_group({search})"));
        }
        Ok(())
    }
}
