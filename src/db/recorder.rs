//! Remembers the text of every statement, so that a test can hold each of them against the rules. Not in release builds.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

static STATEMENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

pub(super) fn record(sql: &str) {
    let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if !statements.contains(sql) {
        statements.insert(sql.to_owned());
    }
}

/// The text of every statement that this process has run inside a transaction of the service.
pub fn recorded_statements() -> Vec<String> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}
