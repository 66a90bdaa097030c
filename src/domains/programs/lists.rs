//! Lists of programs: filters and orders.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, SortKey},
    error::Result,
    resolve::{Orders, registry::OrderValue, text},
};

use super::program::{ProgramKind, ProgramStatus};

/// Which programs.
#[derive(InputObject, Default, Clone)]
pub struct ProgramFilter {
    /// In one of these states.
    pub statuses: Option<Vec<ProgramStatus>>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<ProgramKind>>,
    /// Beginnings of words in name and description, whatever their case and accents: "sum ca" finds "Summer camp".
    pub search: Option<String>,
}

/// What programs are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct ProgramOrders;

impl Orders for ProgramOrders {
    const OF: &'static str = "Program";
    const WHAT: &'static str = "programs";
    const KEYS: &'static [OrderValue] = &[
        ("NAME", "By name.", SortKey::name("NAME", "pg.name")),
        (
            "STARTS_AT",
            "By when they begin; those that don't say so as the latest.",
            SortKey::moment("STARTS_AT", "coalesce(pg.starts_at, timestamptz '3000-01-01 00:00:00+00')"),
        ),
        ("CREATED_AT", "By when they were made.", SortKey::moment("CREATED_AT", "pg.created_at")),
    ];
    const ID: &'static str = "pg.id";
    const DEFAULT: (usize, bool) = (0, false);
}

impl ProgramFilter {
    /// Narrows a list of programs.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("pg.id", &format!("app.search_program({search})"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("pg.status = ANY ({statuses})"));
        }
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.clone());
            list.filter(format!("pg.kind = ANY ({kinds})"));
        }
        Ok(())
    }
}
