//! Remembers the statements that ran, so that tests can hold each of them against the rules. Not in release builds.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_postgres::{
    Statement,
    types::{IsNull, ToSql, Type, private::BytesMut},
};

static STATEMENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

tokio::task_local! {
    static RUNS: Arc<Mutex<Vec<Run>>>;
}

/// A statement as it was run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its text.
    pub sql: String,
    /// The types of its parameters.
    pub types: Vec<Type>,
    /// Their values as they went over the wire.
    pub values: Vec<Option<Vec<u8>>>,
}

pub(super) fn record(sql: &str) {
    let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if !statements.contains(sql) {
        statements.insert(sql.to_owned());
    }
}

pub(super) fn record_run(sql: &str, statement: &Statement, params: &[&(dyn ToSql + Sync)]) {
    let _ = RUNS.try_with(|runs| {
        let encode = |(ty, param): (&Type, &&(dyn ToSql + Sync))| {
            let mut bytes = BytesMut::new();
            match param.to_sql_checked(ty, &mut bytes) {
                Ok(IsNull::No) => Some(bytes.to_vec()),
                _ => None,
            }
        };
        let values = statement.params().iter().zip(params).map(encode).collect();
        let run = Run { sql: sql.to_owned(), types: statement.params().to_vec(), values };
        runs.lock().unwrap_or_else(PoisonError::into_inner).push(run);
    });
}

/// The text of every statement that this process has run inside a transaction of the service.
pub fn recorded_statements() -> Vec<String> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// Some of what is recorded, done by a task of its own: its statements are recorded as well.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let runs = RUNS.try_with(Arc::clone).unwrap_or_default();
    RUNS.scope(runs, work)
}

/// Does something, and answers which statements ran for it on the way, those of jobs that a worker does meanwhile among them.
pub async fn recording<T>(work: impl Future<Output = T>) -> (T, Vec<Run>) {
    let runs = Arc::new(Mutex::new(Vec::new()));
    let done = RUNS.scope(runs.clone(), work).await;
    let runs = std::mem::take(&mut *runs.lock().unwrap_or_else(PoisonError::into_inner));
    (done, runs)
}
