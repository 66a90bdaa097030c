//! Lists of resources: filters and their order.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    resolve::{DateTime, text},
};

use super::resource::{ResourceKind, ResourceMode};
use crate::domains::bookings::Span;

/// Which resources.
#[derive(InputObject, Default, Clone)]
pub struct ResourceFilter {
    /// Beginnings of words in name, location and tags, whatever their case and accents.
    pub search: Option<String>,
    /// One of these.
    pub kinds: Option<Vec<ResourceKind>>,
    /// Whose `mode` is one of these.
    pub modes: Option<Vec<ResourceMode>>,
    /// That carry this tag, in any case.
    pub tag: Option<String>,
    /// That can be booked from this moment to `freeTo`: open all the while, taken by nobody from their setup to their teardown, not UNBOOKABLE. Goes with
    /// `freeTo`.
    pub free_from: Option<DateTime>,
    /// The end of that; later than `freeFrom`, by 62 days at most.
    pub free_to: Option<DateTime>,
}

/// By name.
pub const BY_NAME: Order = Order { key: SortKey::name("NAME", "re.name"), id: "re.id", descending: false };

/// Days that may be asked for at once.
const FREE_DAYS: i64 = 62;

impl ResourceFilter {
    /// Narrows a list of resources.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("re.id", &format!("app.search_resource({search})"));
        }
        if let Some(tag) = text::search("filter.tag", self.tag.as_deref())? {
            let tag = list.bind(tag.to_lowercase());
            list.among("re.id", &format!("app.tagged_resource({tag})"));
        }
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.clone());
            list.filter(format!("re.kind = ANY ({kinds})"));
        }
        if let Some(modes) = &self.modes {
            let modes = list.bind(modes.clone());
            list.filter(format!("re.mode = ANY ({modes})"));
        }
        match (self.free_from, self.free_to) {
            (None, None) => {}
            (Some(_), None) => return Err(Error::bad_input("filter.freeTo", "goes with `freeFrom`")),
            (None, Some(_)) => return Err(Error::bad_input("filter.freeFrom", "goes with `freeTo`")),
            (Some(from), Some(to)) => {
                let span = Span::new(from.0, to.0).filter(|span| span.has_days_at_most(FREE_DAYS, &jiff::tz::TimeZone::UTC));
                if span.is_none() {
                    return Err(Error::bad_input("filter.freeTo", format!("must be later than `freeFrom`, by {FREE_DAYS} days at most")));
                }
                let (from, to) = (list.bind(from), list.bind(to));
                list.among("re.id", &format!("app.free_resources({from}, {to})"));
            }
        }
        Ok(())
    }
}
