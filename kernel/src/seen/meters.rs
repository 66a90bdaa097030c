//! What is counted where it happens, and what is asked at each look.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use metrics::{Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::{
    metric::{Kind, METRICS},
    operations::Operations,
};

/// The series that every request touches, looked up once.
pub struct Meters {
    operations: Operations,
    /// Statements and round trips of queries, mutations, and subscriptions.
    exchanges: [(&'static str, Counter, Counter); 3],
    /// Until a transaction has its connection.
    pub pool_wait: Histogram,
    /// Those that got none.
    pub pool_failures: Counter,
    /// Documents run again.
    pub retries: Counter,
    document_cache: [Counter; 2],
    actor_cache: [Counter; 2],
}

static METERS: OnceLock<Meters> = OnceLock::new();

type Probe = Box<dyn Fn() + Send + Sync>;

/// What is asked at each look.
static PROBES: Mutex<Vec<Probe>> = Mutex::new(Vec::new());

/// Counts from now on, with the recorder that is installed; of so many operations by their names.
pub fn start(operations: usize) {
    METERS.get_or_init(|| {
        for metric in METRICS {
            match metric.kind {
                Kind::Counter => describe_counter!(metric.name, metric.help),
                Kind::Gauge => describe_gauge!(metric.name, metric.help),
                Kind::Seconds => describe_histogram!(metric.name, Unit::Seconds, metric.help),
            }
        }
        let cache = |name: &'static str| ["hit", "miss"].map(|result| counter!(name, "result" => result));
        Meters {
            operations: Operations::new(operations),
            exchanges: ["query", "mutation", "subscription"].map(|kind| {
                (kind, counter!("lectern_statements_total", "kind" => kind), counter!("lectern_round_trips_total", "kind" => kind))
            }),
            pool_wait: histogram!("lectern_pool_wait_seconds"),
            pool_failures: counter!("lectern_pool_failures_total"),
            retries: counter!("lectern_retries_total"),
            document_cache: cache("lectern_document_cache_total"),
            actor_cache: cache("lectern_actor_cache_total"),
        }
    });
}

/// What counts, where anything does.
pub fn meters() -> Option<&'static Meters> {
    METERS.get()
}

/// Counts one of a series that few requests touch: a name of [`METRICS`], and a label with a word of the code.
pub fn counted(name: &'static str, label: &'static str, word: &'static str) {
    if meters().is_some() {
        counter!(name, label => word).increment(1);
    }
}

/// Counts something among those that are there, until it is dropped.
pub struct Present(Gauge);

/// Counts one more that is there: of a name of [`METRICS`] without labels.
pub fn present(name: &'static str) -> Option<Present> {
    meters()?;
    let there = gauge!(name);
    there.increment(1.0);
    Some(Present(there))
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Adds to a series that few requests touch.
pub fn added(name: &'static str, label: &'static str, word: &'static str, amount: u64) {
    if meters().is_some() {
        counter!(name, label => word).increment(amount);
    }
}

/// Has something asked at each look, for as long as the process runs. Nothing is, where nothing counts.
pub fn at_each_look(probe: impl Fn() + Send + Sync + 'static) {
    if meters().is_some() {
        PROBES.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(probe));
    }
}

/// Asks everything that is asked at each look.
pub fn look() {
    PROBES.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|probe| probe());
}

impl Meters {
    /// Counts an answer to a document.
    pub fn answered(&self, kind: &'static str, name: Option<&str>, has_data: bool, since: Instant, code: Option<&str>) {
        self.operations.count(kind, name, has_data, since.elapsed().as_secs_f64(), code);
    }

    /// Counts what a document cost the database.
    pub fn exchanged(&self, kind: &'static str, statements: u32, round_trips: u32) {
        if let Some((_, of_statements, of_round_trips)) = self.exchanges.iter().find(|(of, ..)| *of == kind) {
            of_statements.increment(statements.into());
            of_round_trips.increment(round_trips.into());
        }
    }

    /// Counts how long it took until a transaction had its connection; or that it got none.
    pub fn connected(&self, wait: Duration, is_connected: bool) {
        self.pool_wait.record(wait.as_secs_f64());
        if !is_connected {
            self.pool_failures.increment(1);
        }
    }

    /// Counts the look-up of a document's text.
    pub fn document(&self, is_hit: bool) {
        self.document_cache[usize::from(!is_hit)].increment(1);
    }

    /// Counts the look-up of an actor.
    pub fn actor(&self, is_hit: bool) {
        self.actor_cache[usize::from(!is_hit)].increment(1);
    }
}
