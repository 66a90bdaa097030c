//! The operator's checks are checked themselves: on an untouched database they find nothing and leave nothing behind, and for each
//! hole that is planted they fail at the table, function or field that it is in.

mod audit;
mod drift;
mod explain;
mod pgrls;
mod smoke;

use std::collections::BTreeMap;

use clap::Parser as _;
use lectern::config::{Cli, Settings};
use tokio::sync::RwLock;

use crate::app::TestApp;

/// Roles are of the whole server, and so of every test: who changes one keeps those from looking at it who would take it for a fault.
static ROLES: RwLock<()> = RwLock::const_new(());

pub fn settings() -> Settings {
    Cli::parse_from(["lectern", "--pool-size", "4"]).settings
}

/// How many rows every table holds, of all schools and of none.
async fn row_counts(app: &TestApp) -> BTreeMap<String, i64> {
    let sql =
        "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let mut counts = BTreeMap::new();
    for table in app.text(sql).await.unwrap().split(',') {
        counts.insert(table.to_owned(), app.count(table).await);
    }
    counts
}
